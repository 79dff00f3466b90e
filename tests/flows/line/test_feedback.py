"""Feedback through the whole line: what nobody agreed to is nowhere, what is private never leaves, and a user is erased by their key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from holders import holders

from flows.line.harvesting import ingest_files
from flows.line.opening import open_run
from flows.line.takedown import graves, take_down
from flows.line.workspace import Workspace
from store.snapshot.freeze import freeze

CONFIG = Path(__file__).resolve().parents[3] / "config"
EVENTS = Path(__file__).resolve().parents[2] / "fixtures" / "feedback" / "events.jsonl"
OPEN = {"licence": "CC-BY-4.0"}


@pytest.fixture
def work(tmp_path: Path) -> Workspace:
    work = Workspace.open(tmp_path / "data", CONFIG, create=True)
    ingest(work, EVENTS)
    return work


def ingest(work: Workspace, file: Path) -> None:
    with open_run(work, "test") as run:
        ingest_files(run, "feedback", [file], keys=OPEN)


def exported(work: Workspace, name: str) -> list[dict[str, Any]]:
    folder = Path(freeze(work.database, name, work.snapshots, work.settings.export).path)
    return [row for file in sorted(folder.rglob("*.parquet")) for row in pq.read_table(file).to_pylist()]


def ids(rows: list[dict[str, Any]]) -> list[int]:
    return sorted(int(row["native_id"].rpartition("-")[2]) for row in rows)


def test_public_events_leave_without_personal_data_and_private_ones_do_not(work: Workspace) -> None:
    rows = exported(work, "one")
    assert ids(rows) == [1, 4, 5, 7, 8, 14]
    told = json.dumps(rows)
    assert not [word for word in ("wren@example.org", "901820") if word in told]
    assert "heron, owl, cormorant" not in told
    kinds = {row["native_id"][-2:]: row["kind"] for row in rows}
    assert [kinds["04"], kinds["14"], kinds["05"]] == ["preference", "preference", "complaint"]  # 14: two drafts of one model
    with work.database.reader() as con:
        stored = json.dumps(con.execute("SELECT text, detail::VARCHAR, marks::VARCHAR, author_key FROM records").fetchall())
        tiers = dict(con.execute("SELECT native_id[-2:], tier::VARCHAR FROM reports").fetchall())
    assert not [word for word in ("wren@example.org", "+49 30 901820", "u-7f3a", "u-9d00") if word in stored]
    witnessed = {"01", "02", "05", "08"}
    assert tiers == {**dict.fromkeys(witnessed, "witnessed"), "07": "claimed", "04": "untested", "14": "untested"}


def test_the_export_looks_at_the_consent_whatever_class_an_item_has(work: Workspace) -> None:
    with work.database.transaction() as con:
        for table in ("records", "reports"):
            con.execute(f"UPDATE {table} SET export_class = 'full'")
    rows = exported(work, "one")
    assert 2 not in ids(rows)
    assert json.loads((work.snapshots / "one" / "manifest.json").read_text())["withheld"]["no_consent"] == 1


def test_a_consent_that_is_narrowed_later_takes_the_event_out_of_the_next_snapshot(work: Workspace, tmp_path: Path) -> None:
    row = json.loads(EVENTS.read_text("utf-8").splitlines()[0])
    later = tmp_path / "december.jsonl"
    later.write_text(json.dumps({**row, "consent": "eval_private"}))
    ingest(work, later)
    assert ids(exported(work, "two")) == [4, 5, 7, 8, 14]


def test_a_user_is_erased_by_key_and_an_event_by_its_id(work: Workspace) -> None:
    for wanted in (
        graves(work, [], author="u-21bc", source="feedback", authors_of=[]),
        graves(work, ["feedback:feedback:0b9d5c1e-0000-4000-8000-000000000008"], author="", source="", authors_of=[]),
    ):
        with open_run(work, "test") as run:
            take_down(run, wanted, "asked for")
    assert holders(work.folder, "limerick", "Vistula", "feathers") == {"limerick": [], "Vistula": [], "feathers": []}
    ingest(work, EVENTS)
    assert ids(exported(work, "three")) == [1, 7, 14]
