"""The posts of the sample world as labelled posts, for ``train_reader.py --also``.

    python benchmarks/sample_labelled.py OUT.jsonl

Harvests both nights of the world that this project wrote for itself and writes each post with what ``sample/world/truth.toml`` says of it.
Where it reports a failure, prompt and answer are what the rules find, which were written against this world and are right there.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from sample import World, truth
from store import pages
from store.file.database import Database
from thresher.model import Candidate
from thresher.rules import Rules, judge


def main() -> None:
    rules = Rules.load(Path("config/rules.toml"))
    labels = {post.key: post for post in truth().posts}
    with tempfile.TemporaryDirectory() as folder, World() as world:
        data, config = Path(folder) / "data", world.write_config(Path(folder) / "config")
        for night in (1, 2):
            world.night = night
            command = [sys.executable, "-m", "flows.cli", "harvest", "--no-embed", "--data", str(data), "--config", str(config)]
            subprocess.run(command, env={**os.environ, **world.environment()}, check=False, stdout=subprocess.DEVNULL)
        rows = []
        with Database(data).transaction() as con:
            for source in ("reddit", "discourse", "stackexchange"):
                con.execute("UPDATE records SET judged_by = NULL WHERE source = ?", [source])
                for thread in pages.unjudged_threads(con, source):
                    outcomes = list(judge(thread, rules))
                    rows += [
                        _row(r, o, labels[r.key]) for r, o in zip(thread, outcomes, strict=True) if r.key in labels and (r.text or r.title)
                    ]
    Path(sys.argv[1]).write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    print(f"{sys.argv[1]}: {len(rows)} of {len(labels)} posts, {sum(row['label']['failure'] for row in rows)} failures")


def _row(record: Any, outcome: Any, known: Any) -> dict[str, Any]:
    claim = outcome.claim if isinstance(outcome, Candidate) and known.failure else None
    spans = {name: getattr(claim, name).text if claim and getattr(claim, name) else None for name in ("prompt", "response")}
    label = {
        "failure": known.failure,
        "vague": False,
        "borderline": False,
        "usable": claim is not None,
        "model": known.model,
        "report": "",
        **spans,
    }
    return {
        "id": record.key, "kind": "sample", "thread": f"{record.source}:{record.site}:{record.thread_id}", "role": record.role,
        "lang": record.language, "title": record.title, "text": record.text, "draw": "sample", "made": "sample", "label": label,
    }  # fmt: skip


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main()
