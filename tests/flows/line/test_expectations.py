"""What a source brought beside what it should, and fields that it does not know."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest

from flows.line.expectations import FILLED, Tally, violations
from flows.line.harvesting import ingest_files
from flows.line.opening import open_run
from flows.line.workspace import Workspace
from scrapers.settings import Expect, FillName, Share
from store.pages import PageResult
from thresher.model import Page, Record

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PAGE = Page("forum", "bugs", "u", 200, {}, b"", NOW)


def tally(count: int, *, authors: int = 0, deleted: int = 0) -> Tally:
    shown = [Record("forum", "bugs", str(n), "u", "post", "text", author_key="a" if n < authors else None) for n in range(count)]
    gone = [Record("forum", "bugs", f"d{n}", "u", "post", "", status="deleted") for n in range(deleted)]
    made = Tally(tuple(FILLED))
    made.add(PageResult(PAGE, [*shown, *gone]))
    return made


def test_every_share_that_can_be_set_can_be_counted() -> None:
    assert set(FILLED) == set(get_args(FillName))


@pytest.mark.parametrize(("records", "words"), [(9, "at least 10"), (21, "at most 20"), (10, ""), (20, "")])
def test_first_harvest_has_a_least_and_a_most_number_of_records(records: int, words: str) -> None:
    expect = Expect(min_records=10, max_records=20)
    alarms = list(violations(expect, Tally(), records=records, first=True))
    assert [words in alarm for alarm in alarms] == ([True] if words else [])
    assert list(violations(expect, Tally(), records=records, first=False)) == []


def test_a_field_that_the_site_renamed_is_seen_by_its_share() -> None:
    expect = Expect(fill={"author": Share(min=0.9)})
    (alarm,) = violations(expect, tally(200, authors=100), records=200, first=False)
    assert "50.0% of 200 records have author, [expect.fill] says at least 90%" in alarm
    assert list(violations(expect, tally(200, authors=190), records=200, first=False)) == []


def test_a_share_can_be_too_large() -> None:
    (alarm,) = violations(Expect(fill={"text": Share(max=0.5)}), tally(200), records=200, first=False)
    assert "at most 50%" in alarm


def test_deleted_records_and_small_harvests_say_nothing_about_shares() -> None:
    expect = Expect(fill={"author": Share(min=0.9)})
    assert list(violations(expect, tally(100, authors=95, deleted=500), records=600, first=False)) == []
    assert list(violations(expect, tally(99), records=99, first=False)) == []


def test_unknown_fields_are_told_once_with_how_often_they_came() -> None:
    made = Tally()
    for _ in range(3):
        made.add(PageResult(PAGE, unread={"post.mood": 2, "topic.heat": 1}))
    (note,) = made.notes()
    assert note.startswith("2 fields not seen before: post.mood (6), topic.heat (3)")
    assert Tally().notes() == []


def test_the_report_of_a_run_names_fields_that_nobody_knew_and_the_run_is_well(tmp_path: Path) -> None:
    post = {"id": 7, "topic_id": 1, "post_number": 1, "cooked": "<p>It invents citations.</p>", "mood": "sad"}
    (tmp_path / "post.json").write_text(json.dumps(post), encoding="utf-8")
    work = Workspace.open(tmp_path / "data", create=True)
    with open_run(work, "ingest") as run:
        ingest_files(run, "discourse", [tmp_path / "post.json"])
    report = run.report()
    assert run.state == report["sources"]["discourse"]["state"] == "finished"
    (notice,) = report["notices"]
    assert notice.startswith("discourse: 1 field not seen before: post.mood (1)")
