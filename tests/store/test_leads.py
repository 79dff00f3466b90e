"""Leads and readings in the database: they come, change, and leave with their record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from store import curating, items, ledger, open_leads, pages
from store.file.database import Database
from thresher.errors import UsageError
from thresher.model import Candidate, Lead, Marked, Message, Page, Reading, Record, Refusal, Span

pytestmark = pytest.mark.usefixtures("lease")

NIGHT = datetime(2026, 2, 1, 3, 0, tzinfo=UTC)
TEXT = "It told my mother that the ferry sails at noon, and there is no ferry."


@pytest.fixture
def database(database: Database) -> Iterator[Database]:
    with database.writer():
        yield database


def rec(native_id: str, text: str = TEXT, **more: Any) -> Record:
    return Record("forum", "quay", native_id, f"https://example.org/{native_id}", "post", text, **more)


def land(database: Database, run_id: str, *records: Record, hour: int = 0) -> None:
    page = Page("forum", "quay", f"https://example.org/{hour}", 200, {}, repr(records).encode(), NIGHT + timedelta(hours=hour))
    with database.transaction() as con:
        pages.land_batch(con, run_id, [pages.PageResult(page, records)])


def lead_of(record: Record, fails: float = 0.8) -> Lead:
    return Lead(record.key, "no_prompt_found", fails, Span(record.key, 48, 69, record.text[48:69]), None, "Claude")


def reading_of(record: Record, fails: float = 0.8) -> Reading:
    span = Span(record.key, 48, 69, record.text[48:69])
    return Reading(record.key, fails, "test", "1", claim=Marked(span, 0.5), kind="refusal", missing="prompt")


def judge(database: Database, run_id: str, outcomes: Sequence[Any], records: Sequence[Record]) -> items.OutcomeCounts:
    with database.transaction() as con:
        readings = {r.key: reading_of(r) for r in records}
        return items.land_outcomes(con, run_id, "forum", outcomes, records, readings)


def stored(database: Database, sql: str) -> list[tuple[Any, ...]]:
    with database.reader() as con:
        return con.execute(sql).fetchall()


def test_a_lead_is_a_row_and_counts_in_the_balance(database: Database, run_id: str) -> None:
    one, other = rec("1"), rec("2", "Nothing of interest here.")
    land(database, run_id, one, other)
    counts = judge(database, run_id, [lead_of(one), Refusal(other.key, "improbable")], [one, other])
    assert (counts.records, counts.landed, counts.leads, dict(counts.refused)) == (2, 0, 1, {"improbable": 1})
    with database.transaction() as con:
        ledger.close_run(con, run_id)
    with database.reader() as con:
        (row,) = open_leads.leads(con)
    assert (row["record_key"], row["model"], row["claim"], row["reason"]) == (one.key, "Claude", TEXT[48:69], "no_prompt_found")
    assert (row["kind"], row["missing"]) == ("refusal", "prompt")
    assert stored(database, "SELECT count(*) FROM items") == [(0,)]


def test_judged_again_the_same_lead_counts_nothing(database: Database, run_id: str) -> None:
    one = rec("1")
    land(database, run_id, one)
    judge(database, run_id, [lead_of(one)], [one])
    assert judge(database, run_id, [lead_of(one)], [one]).records == 0
    assert judge(database, run_id, [lead_of(one, 0.9)], [one]).leads == 1
    assert stored(database, "SELECT fails FROM leads") == [(0.9,)]


def test_a_lead_that_becomes_an_item_is_no_lead_any_more_and_back(database: Database, run_id: str) -> None:
    one = rec("1")
    land(database, run_id, one)
    judge(database, run_id, [lead_of(one)], [one])
    item = Candidate(one.key, "complaint", (Message("user", "When does the ferry sail?"),), "complaint/read", "1")
    judge(database, run_id, [item], [one])
    assert stored(database, "SELECT count(*) FROM leads") == [(0,)]
    judge(database, run_id, [lead_of(one)], [one])
    assert stored(database, "SELECT lifecycle FROM items") == [("retired",)]
    with database.transaction() as con:
        ledger.close_run(con, run_id)


def test_what_a_source_deletes_leaves_no_lead_and_no_reading(database: Database, run_id: str) -> None:
    one = rec("1")
    land(database, run_id, one)
    judge(database, run_id, [lead_of(one)], [one])
    gone = replace(one, text="", status="deleted")
    land(database, run_id, gone, hour=1)
    judge(database, run_id, [Refusal(one.key, "deleted")], [gone])
    assert stored(database, "SELECT (SELECT count(*) FROM leads), (SELECT count(*) FROM readings)") == [(0, 0)]
    with database.transaction() as con:
        ledger.close_run(con, run_id)


def test_a_reading_takes_the_place_of_the_one_before(database: Database, run_id: str) -> None:
    one = rec("1")
    land(database, run_id, one)
    judge(database, run_id, [lead_of(one)], [one])
    with database.transaction() as con:
        items.land_outcomes(con, run_id, "forum", [lead_of(one)], [one], {one.key: replace(reading_of(one), fails=0.7, version="2")})
    assert stored(database, "SELECT fails, reader_version, claim ->> '$.span.text' FROM readings") == [(0.7, "2", TEXT[48:69])]


def test_a_lead_is_named_by_a_part_of_its_key_that_no_other_has(database: Database, run_id: str) -> None:
    records = [rec("17"), rec("18")]
    land(database, run_id, *records)
    judge(database, run_id, [lead_of(r) for r in records], records)
    with database.reader() as con:
        assert open_leads.lead(con, "quay:18")["record_key"] == records[1].key
        with pytest.raises(UsageError, match="more than one lead has 'quay'"):
            open_leads.lead(con, "quay")
        with pytest.raises(UsageError, match="no lead has 'pier'"):
            open_leads.lead(con, "pier")


def test_the_page_is_told_how_sure_the_reader_is_of_the_surest_report(database: Database, run_id: str) -> None:
    one, other, unread = rec("1"), rec("2", TEXT + " Really."), rec("3", "What is the tide at noon?")
    land(database, run_id, one, other, unread)
    asked = (Message("user", "When does the ferry sail?"),)
    outcomes = [Candidate(r.key, "complaint", asked, "complaint/read", "1") for r in (one, other)]
    outcomes.append(Candidate(unread.key, "complaint", (Message("user", unread.text),), "complaint/read", "1"))
    marked = Marked(Span(one.key, 0, 6, TEXT[:6]), 0.9)
    with database.transaction() as con:
        readings = {one.key: replace(reading_of(one, 0.6), prompt=marked), other.key: reading_of(other, 0.8)}
        items.land_outcomes(con, run_id, "forum", outcomes, [one, other, unread], readings)
    with database.reader() as con:
        told = {item["report_count"]: item["reading"] for item in curating.items(con)}
    assert told == {2: {"fails": 0.8, "prompt": 0.9, "response": None}, 1: None}
