"""Landing pages: revisions, repeats, deletions, dead letters, the cursor."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store import ledger, pages, runs
from store.file.database import Database
from store.rows import record_of, record_row
from thresher.model import Battle, Dead, Exercise, Message, Page, Quote, Record, Response

pytestmark = pytest.mark.usefixtures("lease")

NIGHT = datetime(2026, 2, 1, 3, 0, tzinfo=UTC)


@pytest.fixture
def database(database: Database) -> Iterator[Database]:
    """The empty benchmark, with its lease held: half as many opens of the file."""
    with database.writer():
        yield database


def rec(native_id: str = "1", text: str = "How deep is the lake of Example?", **more: Any) -> Record:
    return Record("forum", "lakes", native_id, f"https://example.org/{native_id}", "question", text, **{"thread_id": native_id, **more})


def page(
    *records: Record, hour: float = 0, dead: tuple[Dead, ...] = (), cursor: dict[str, Any] | None = None, url: str = ""
) -> pages.PageResult:
    fetched = NIGHT + timedelta(hours=hour)
    body = repr((records, dead)).encode()
    return pages.PageResult(
        Page("forum", "lakes", url or f"https://example.org/list/{hour}", 200, {}, body, fetched, cursor=cursor), records, dead
    )


def land(database: Database, run_id: str, *results: pages.PageResult) -> pages.Landed:
    with database.transaction() as con:
        return pages.land_batch(con, run_id, results)["forum"]


def rows(database: Database, sql: str) -> list[tuple[Any, ...]]:
    with database.reader() as con:
        return con.execute(sql).fetchall()


def due(database: Database) -> list[Record]:
    with database.reader() as con:
        return [r for thread in pages.unjudged_threads(con, "forum") for r in thread]


def test_the_same_record_on_three_pages_is_one_row(database: Database, run_id: str) -> None:
    landed = land(database, run_id, *(page(rec(), hour=h) for h in range(3)))
    assert (landed.new, landed.unchanged) == (1, 0)
    assert rows(database, "SELECT count(*) FROM records") == [(1,)]


def test_landing_again_counts_as_unchanged(database: Database, run_id: str) -> None:
    land(database, run_id, page(rec()))
    landed = land(database, run_id, page(rec(), hour=24))
    assert (landed.new, landed.revised, landed.unchanged) == (0, 0, 1)


def test_an_edit_is_a_new_revision_and_the_newest_stands(database: Database, run_id: str) -> None:
    land(database, run_id, page(rec()))
    assert land(database, run_id, page(rec(text="How deep is it now?"), hour=24)).revised == 1
    assert rows(database, "SELECT revision, is_latest, text FROM records ORDER BY revision") == [
        (1, False, "How deep is the lake of Example?"),
        (2, True, "How deep is it now?"),
    ]


def test_votes_alone_are_updated_in_place_and_nothing_is_due(database: Database, run_id: str) -> None:
    land(database, run_id, page(rec(marks={"score": 1})))
    with database.transaction() as con:
        con.execute("UPDATE records SET judged_by = '1'")
    land(database, run_id, page(rec(marks={"score": 9}), hour=24))
    assert rows(database, "SELECT revision, marks FROM records") == [(1, '{"score":9}')]
    assert due(database) == []


@pytest.mark.parametrize("marks", [{"accepted": True}, {"accepted_id": "7"}, {"solved": True}, {"closed": "duplicate"}])
def test_marks_that_matter_make_a_revision(database: Database, run_id: str, marks: dict[str, Any]) -> None:
    land(database, run_id, page(rec(marks={"score": 1})))
    assert land(database, run_id, page(rec(marks={"score": 1, **marks}), hour=24)).revised == 1


def test_other_rights_make_a_record_due_again(database: Database, run_id: str) -> None:
    land(database, run_id, page(rec(export_class="full", licence="cc-by-4.0")))
    with database.transaction() as con:
        con.execute("UPDATE records SET judged_by = '1'")
    land(database, run_id, page(rec(export_class="id_only", licence="unknown"), hour=24))
    assert [r.export_class for r in due(database)] == ["id_only"]


@pytest.mark.parametrize("status", ["deleted", "removed", "gone"])
def test_what_the_source_deleted_loses_its_text_in_every_revision(database: Database, run_id: str, status: str) -> None:
    land(database, run_id, page(rec(text="a canary sang", title="canary", quotes=(Quote("canary"),), author_key="k")))
    land(database, run_id, page(rec(text="a canary sang twice"), hour=24))
    land(database, run_id, page(rec(text="a canary still in the payload", status=status), hour=48))
    assert rows(database, "SELECT count(*) FROM records r WHERE r::VARCHAR ILIKE '%canary%'") == [(0,)]
    assert rows(database, "SELECT status, author_key FROM records WHERE is_latest") == [(status, None)]


def test_what_comes_back_after_a_deletion_has_its_text_again(database: Database, run_id: str) -> None:
    land(database, run_id, page(rec()))
    land(database, run_id, page(rec(status="deleted"), hour=24))
    land(database, run_id, page(rec(), hour=48))
    assert [r.text for r in due(database)] == ["How deep is the lake of Example?"]
    assert rows(database, "SELECT status FROM records WHERE is_latest") == [("live",)]


def test_any_order_and_any_batches_give_the_same_tables(tmp_path: Path) -> None:
    versions = [
        page(rec("1"), rec("2"), hour=0), page(rec("1", "Edited once?"), rec("3"), hour=1), page(rec("1", "Edited twice?"), rec("2"),
        hour=2),
        page(rec("2", status="deleted"), rec("3", marks={"score": 4}), hour=3), page(rec("3", "Edited?"), rec("1", "Edited twice?"),
        hour=4),
        page(rec("2", "Back again?"), rec("1", status="removed"), hour=5),
    ]  # fmt: skip
    hashes = set()
    for number, order in enumerate(random.Random(7).sample(list(itertools.permutations(versions)), 4)):
        folder = tmp_path / str(number)
        folder.mkdir()
        database = Database(folder)
        with database.writer():
            with database.transaction() as con:
                run_id = runs.open_run(con, "test")
            for start in range(0, 6, 1 + number % 3):
                land(database, run_id, *order[start : start + 1 + number % 3])
        with database.reader() as con:
            hashes.add(ledger.final_hash(con))
    assert len(hashes) == 1


def test_a_page_of_an_earlier_night_that_lands_late_does_not_win(database: Database, run_id: str) -> None:
    land(database, run_id, page(rec(text="new"), hour=24))
    land(database, run_id, page(rec(text="old"), hour=0))
    assert rows(database, "SELECT revision, text FROM records ORDER BY 1") == [(1, "old"), (2, "new")]
    assert rows(database, "SELECT text FROM records WHERE is_latest") == [("new",)]


def test_the_cursor_is_that_of_the_last_page_that_has_one(database: Database, run_id: str) -> None:
    land(database, run_id, page(rec("1"), cursor={"at": 1}), page(rec("2"), hour=1, cursor={"at": 2}), page(rec("3"), hour=2))
    with database.reader() as con:
        assert pages.cursor(con, "forum", "lakes") == {"at": 2}
        assert pages.cursor(con, "forum", "ponds") is None


def test_rows_and_cursor_are_kept_together_or_not_at_all(database: Database, run_id: str) -> None:
    def fail() -> None:
        with database.transaction() as con:
            pages.land_batch(con, run_id, [page(rec(), cursor={"at": 1})])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert rows(database, "SELECT (SELECT count(*) FROM records), (SELECT count(*) FROM cursors), (SELECT count(*) FROM pages)") == [
        (0, 0, 0)
    ]


def test_a_dead_letter_is_kept_once_and_resolved_when_its_record_lands(database: Database, run_id: str) -> None:
    for hour in (0, 24):
        land(database, run_id, page(hour=hour, dead=(Dead("no_text", "the field text is missing", "9"),)))
    assert rows(database, "SELECT native_id, reason, resolved FROM dead_letters") == [("9", "no_text", False)]
    land(database, run_id, page(rec("9"), hour=48))
    assert rows(database, "SELECT resolved FROM dead_letters") == [(True,)]


def test_a_page_that_could_not_be_read_is_resolved_once_it_can_be_and_open_again_when_it_cannot(database: Database, run_id: str) -> None:
    outage = Dead("bad_json", "not JSON (37 bytes)")
    still_open = []
    for hour, dead in enumerate([(outage,), (), (outage,), (Dead("html_body", "HTML where JSON was asked for"),)]):
        land(database, run_id, page(hour=hour, dead=dead, url="https://example.org/t/7"))
        still_open.append(rows(database, "SELECT reason FROM open_dead_letters"))
    assert still_open == [[("bad_json",)], [], [("bad_json",)], [("html_body",)]]


def test_a_thread_comes_whole_when_one_of_its_records_is_due(database: Database, run_id: str) -> None:
    question, answer = rec("q", thread_id="t", position=0), rec("a", thread_id="t", position=1, parent_id="q")
    land(database, run_id, page(question, rec("other")))
    with database.transaction() as con:
        con.execute("UPDATE records SET judged_by = '1'")
    land(database, run_id, page(answer, hour=1))
    assert due(database) == [question, answer]


def test_threads_come_in_portions(database: Database, run_id: str) -> None:
    land(database, run_id, page(*(rec(str(n)) for n in range(10))))
    with database.reader() as con:
        assert [t[0].native_id for t in pages.unjudged_threads(con, "forum", 3)] == ["0", "1", "2"]


DETAILS = [
    Exercise("Find \\(x\\).", "x = 2", "In these exercises", ("1", "2"), "2", "1.1", "1", "Book", ("fig",), True, ("Example 1:\nA text.",)),
    Battle((Message("user", "hi"),), (Response("m", "ho", 0.5, True), Response("n", "hum")), "both_bad", "human", 1.0, "why", "ref"),
]


@pytest.mark.parametrize("detail", DETAILS)
def test_a_record_comes_out_as_it_went_in(database: Database, run_id: str, detail: Any) -> None:
    record = rec(
        detail=detail, quotes=(Quote("said", "7"), Quote("too")), marks={"tags": ["a"], "score": -1, "links": []}, position=4,
        parent_id="0",
        created_at=NIGHT, edited_at=NIGHT + timedelta(microseconds=1), language="en", licence="cc0", licence_evidence="/tos",
        export_class="full",
        attribution="A", title="T", author_key="k",
    )  # fmt: skip
    land(database, run_id, page(record))
    assert due(database) == [record]


def test_text_that_utf8_cannot_hold_and_numbers_that_json_cannot_do_not_stop_a_batch(database: Database, run_id: str) -> None:
    bad = rec("1", "a\ud800b\x00", marks={"x": float("nan"), "y": "\udfff", "z": {1, 2}})
    assert land(database, run_id, page(bad, rec("2"))).new == 2
    assert rows(database, "SELECT text, marks FROM records ORDER BY native_id") == [
        ("a?b\x00", '{"x":null,"y":"?","z":[1,2]}'),
        (rec().text, "{}"),
    ]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(max_size=40), st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=9) | st.booleans() | st.none(), max_size=3)
)
def test_rows_and_records_are_inverse(text: str, marks: dict[str, Any]) -> None:
    record = rec(text=text, marks=marks)
    row, hashes = record_row(record)
    assert record_of(row._asdict()) == record
    assert record_row(replace(record, marks=dict(reversed(marks.items()))))[1] == hashes
