"""``thresher split``: two parts of a snapshot that share nothing, or none at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from store.file.database import Database
from store.snapshot import splits
from store.verdicts import Verdict, save_verdicts
from thresher.errors import StoreError
from thresher.partition import Relation


@pytest.fixture
def split(thresher: Callable[..., Any], copy: Path) -> Callable[..., Any]:
    with Database(copy).transaction() as con:  # the book as many threads, of two exercises each
        con.execute(
            "UPDATE records SET thread_id = 'pair ' || (SELECT count(*) // 2 FROM records o WHERE o.record_key < records.record_key)"
        )
    assert thresher("snapshot", "night", "--data", str(copy)).returncode == 0

    def run(*arguments: str) -> Any:
        return thresher("split", "night", "--data", str(copy), *arguments)

    return run


def in_part(folder: Path, part: str) -> dict[str, dict[str, Any]]:
    return {row["item_id"]: row for path in folder.glob(f"*/{part}-*.parquet") for row in pq.read_table(path).to_pylist()}


def threads(data: Path) -> dict[str, str]:
    with Database(data).reader() as con:
        return dict(con.execute("SELECT item_id, thread_id FROM reports JOIN records USING (record_key) WHERE is_latest").fetchall())


def test_the_parts_share_no_thread_hold_what_the_snapshot_holds_and_are_the_same_again(split: Any, copy: Path) -> None:
    done = split("--train", ".7", "--seed", "3")
    assert done.returncode == 0, done.stderr
    folder = copy / "splits" / "night-0.7-3"
    train, test, of = in_part(folder, "train"), in_part(folder, "test"), threads(copy)
    assert {of[item] for item in train}.isdisjoint(of[item] for item in test)
    assert 0.6 <= len(train) / (len(train) + len(test)) <= 0.8
    frozen = {row["item_id"]: row for path in (copy / "snapshots" / "night").glob("*/*.parquet") for row in pq.read_table(path).to_pylist()}
    assert train | test == frozen
    lines = [json.loads(line) for path in folder.glob("*/train-*.jsonl") for line in path.read_text("utf-8").splitlines()]
    assert {row["item_id"]: row for row in lines} == train
    manifest = (folder / "manifest.json").read_bytes()
    assert {check["check"] for check in json.loads(manifest)["checks"]} == {
        "item", "record", "thread", "failure cluster", "near-duplicate", "question"
    }  # fmt: skip
    assert split("--train", ".7", "--seed", "3").returncode == 0
    assert (folder / "manifest.json").read_bytes() == manifest


def test_what_is_marked_goes_where_it_must_and_a_leak_names_the_pair_and_writes_nothing(split: Any, copy: Path) -> None:
    pairs: dict[str, list[str]] = {}
    for item, thread in threads(copy).items():
        pairs.setdefault(thread, []).append(item)
    first, second = next(items for items in pairs.values() if len(items) == 2)
    save_verdicts(Database(copy), [Verdict(first, "eval_only", "ann")])
    assert split("--train", ".9").returncode == 0
    assert {first, second} <= set(in_part(copy / "splits" / "night-0.9-0", "test"))
    save_verdicts(Database(copy), [Verdict(second, "trainable", "ann")])
    done = split("--train", ".5")
    assert done.returncode == 1
    assert f"{second[:12]} is marked trainable and {first[:12]} eval_only: {second[:12]} -thread- {first[:12]}" in done.stderr
    assert not (copy / "splits" / "night-0.5-0").exists()
    save_verdicts(Database(copy), [Verdict(second, "either", "ann")])
    assert split("--train", ".5").returncode == 0


def test_a_rule_marks_what_no_person_did(split: Any, copy: Path) -> None:
    some = next(iter(threads(copy)))
    save_verdicts(Database(copy), [Verdict(some, "verified", "ann")])
    assert "marked eval_only: 1" in split().stdout
    save_verdicts(Database(copy), [Verdict(some, "trainable", "ann")])
    assert "marked trainable: 1, marked eval_only: 0" in split("--seed", "1").stdout


def test_files_that_leak_are_refused_as_they_lie_on_disk(split: Any, copy: Path, tmp_path: Path) -> None:
    tables = dict(splits.rows_by_config(copy / "snapshots" / "night"))
    one, other, *rest = sorted({item for table in tables.values() for item in table["item_id"].to_pylist()})
    splits.write(tmp_path, tables, {one: "train", other: "test", **dict.fromkeys(rest, "test")})
    assert splits.prove(tmp_path, [])[0] == {"check": "item", "looked_at": len(rest) + 2}
    with pytest.raises(StoreError, match=f"{one}, to train on, and {other}, to test on, share a near-duplicate"):
        splits.prove(tmp_path, [Relation.of_pairs("near-duplicate", [(one, other)])])


def test_without_a_snapshot_or_with_items_that_wait_it_says_what_to_do(split: Any, copy: Path, thresher: Any) -> None:
    done = thresher("split", "other", "--data", str(copy))
    assert (done.returncode, "make one by `thresher snapshot NAME`" in done.stderr) == (2, True)
    with Database(copy).transaction() as con:
        con.execute("INSERT INTO dedupe_queue SELECT * FROM (SELECT item_id FROM items LIMIT 1)")
    done = split()
    assert (done.returncode, "run `thresher deduplicate` first" in done.stderr) == (2, True)
