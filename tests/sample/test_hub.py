"""The sample Hub: enough of it for the ``datasets`` library."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq  # type: ignore[import-untyped,unused-ignore]
import requests

from sample import World
from sample.sites.hub import NEW_LAYOUT, OLD_LAYOUT, REVISIONS, files

Get = Callable[..., requests.Response]


PARQUET = f"/datasets/{NEW_LAYOUT}/resolve/{REVISIONS[NEW_LAYOUT]}/data/train-00000-of-00001.parquet"


def test_a_part_of_a_file_can_be_asked_for(get: Get) -> None:
    whole = get("hub", PARQUET).content
    part = get("hub", PARQUET, {"Range": "bytes=-8"})
    assert (part.status_code, part.content) == (206, whole[-8:])
    assert part.headers["Content-Range"] == f"bytes {len(whole) - 8}-{len(whole) - 1}/{len(whole)}"


def test_an_unknown_revision_is_named_as_the_error(get: Get) -> None:
    answer = get("hub", f"/api/datasets/{NEW_LAYOUT}/revision/0000")
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (404, "RevisionNotFound")


def test_battles_have_all_four_votes_and_text_in_parts() -> None:
    rows = pq.read_table(io.BytesIO(files(NEW_LAYOUT)["data/train-00000-of-00001.parquet"])).to_pylist()
    votes = Counter(r["winner"] for r in rows)
    assert set(votes) == {"model_a", "model_b", "tie", "both_bad"}
    assert all(r["conversation_a"][0]["content"][0]["text"] for r in rows)


def test_older_conversations_have_their_own_word_for_both_bad() -> None:
    rows = [json.loads(line) for line in files(OLD_LAYOUT)["conversations.jsonl"].splitlines()]
    assert {r["winner"] for r in rows} == {"model_a", "model_b", "tie", "tie (bothbad)"}
    assert len(rows) + 58 == 80


def test_load_dataset_streams_the_battles(world: World, tmp_path: Path) -> None:
    script = (
        "import datasets; rows = list(datasets.load_dataset("
        f"{NEW_LAYOUT!r}, revision={REVISIONS[NEW_LAYOUT]!r}, split='train', streaming=True)); print(len(rows), rows[0]['winner'])"
    )
    environment = {**os.environ, "HF_ENDPOINT": world.urls["hub"], "HF_HOME": str(tmp_path), "HF_HUB_DISABLE_TELEMETRY": "1"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.split() == ["58", "both_bad"], done.stderr
