"""What a person decides by the command."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from driver import Run


def item(thresher: Run, folder: Path, *which: str) -> dict[str, object]:
    shown: dict[str, object] = json.loads(thresher("show", *which, "--json", "--data", str(folder)).stdout)
    return shown


def frozen(thresher: Run, folder: Path, name: str) -> list[str]:
    """The items of a new snapshot."""
    path = Path(json.loads(thresher("snapshot", name, "--json", "--data", str(folder)).stdout)["path"])
    return [item_id for file in path.glob("*/*.parquet") for item_id in pq.read_table(file, columns=["item_id"])["item_id"].to_pylist()]


def test_a_rejected_item_leaves_snapshots_and_stays_rejected_in_a_rebuild(thresher: Run, copy: Path) -> None:
    before = frozen(thresher, copy, "before")
    given = thresher("verdict", "rejected", before[0][:12], "--reason", "two answers are right", "--author", "me", "--data", str(copy))
    assert given.returncode == 0, given.stderr
    assert sorted([before[0], *frozen(thresher, copy, "after")]) == sorted(before)
    assert json.loads(thresher("rebuild", "--json", "--data", str(copy)).stdout)["identical"]
    rebuilt = item(thresher, copy, before[0])
    assert rebuilt["status"] == "rejected"
    (verdict,) = rebuilt["verdicts"]  # type: ignore[misc]
    assert (verdict["author"], verdict["reason"]) == ("me", "two answers are right")
    assert "healthy" in thresher("doctor", "--data", str(copy)).stdout


@pytest.mark.parametrize(("arguments", "words"), [(("great", "0"), "there are: proposed"), (("active", "zzz"), "no item begins")])
def test_a_word_or_an_item_that_is_not_there_changes_nothing(thresher: Run, data: Path, arguments: tuple[str, str], words: str) -> None:
    word, prefix = arguments
    which = str(item(thresher, data, "-n", "1")["item_id"]) if prefix == "0" else prefix
    refused = thresher("verdict", word, which, "--data", str(data))
    assert refused.returncode == 2
    assert words in refused.stderr
    assert not (data / "verdicts.jsonl").exists()
