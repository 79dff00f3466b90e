"""Pictures in the database: which posts want theirs, what is kept, and that they leave with their post."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from store import items, ledger, pages, pictures, purging, removal
from store.file.database import Database
from thresher.model import PICTURE_OF, Candidate, Lead, Message, Page, Picture, Record, Refusal

pytestmark = pytest.mark.usefixtures("lease")

NIGHT = datetime(2026, 2, 1, 3, 0, tzinfo=UTC)
SHOTS = [f"https://pictures.example.org/{n}.png" for n in range(4)]


@pytest.fixture
def database(database: Database) -> Iterator[Database]:
    with database.writer():
        yield database


def rec(native_id: str, text: str = "Look what it said to me.", shots: Sequence[str] = SHOTS[:1], **more: Any) -> Record:
    return Record("forum", "quay", native_id, f"https://example.org/{native_id}", "post", text, marks={"pictures": list(shots)}, **more)


def land(database: Database, run_id: str, *records: Record, hour: int = 0) -> None:
    page = Page("forum", "quay", f"https://example.org/{hour}", 200, {}, repr(records).encode(), NIGHT + timedelta(hours=hour))
    with database.transaction() as con:
        pages.land_batch(con, run_id, [pages.PageResult(page, records)])


def show(database: Database, run_id: str, record: Record, address: str, *, said: str = "Me:\n> a\n\nAI:\n> b", hour: int = 1) -> None:
    page = Page("forum", "quay", address, 200, {}, address.encode(), NIGHT + timedelta(hours=hour), {PICTURE_OF: record.native_id})
    picture = Picture(record.key, address, page.sha256, "" if said else "no_conversation", said, 0.9, "test")
    with database.transaction() as con:
        pages.land_batch(con, run_id, [pages.PageResult(page, picture=picture)])


def judge(database: Database, run_id: str, *outcomes: Any, records: Sequence[Record]) -> None:
    with database.transaction() as con:
        items.land_outcomes(con, run_id, "forum", outcomes, records)


def wanted(database: Database, per_post: int = 3) -> list[tuple[str, tuple[str, ...]]]:
    with database.reader() as con:
        return [(post.native_id, post.addresses) for post in pictures.wanted(con, "forum", per_post)]


def kept(database: Database) -> list[tuple[Any, ...]]:
    with database.reader() as con:
        return con.execute("SELECT record_key, address, position FROM pictures ORDER BY ALL").fetchall()


def test_posts_that_report_a_failure_or_say_little_want_their_pictures_the_surest_first(database: Database, run_id: str) -> None:
    made, unsure, sure, short, long, plain = (
        rec("1"), rec("2"), rec("3"), rec("4"), rec("5", "x " * 200), rec("6", shots=()),
    )  # fmt: skip
    land(database, run_id, made, unsure, sure, short, long, plain)
    judge(
        database, run_id,
        Candidate(made.key, "complaint", (Message("user", "When does it sail?"),), "r", "1"),
        Lead(unsure.key, "no_prompt_found", 0.5), Lead(sure.key, "prompt_in_picture", 0.9),
        Refusal(short.key, "improbable"), Refusal(long.key, "improbable"), Lead(plain.key, "no_prompt_found", 0.9),
        records=[made, unsure, sure, short, long, plain],
    )  # fmt: skip
    assert [native_id for native_id, _ in wanted(database)] == ["3", "2", "4"]


def test_a_picture_is_asked_for_once_and_no_more_than_so_many_of_a_post(database: Database, run_id: str) -> None:
    one = rec("1", shots=SHOTS)
    land(database, run_id, one)
    judge(database, run_id, Lead(one.key, "no_prompt_found", 0.9), records=[one])
    assert wanted(database) == [("1", tuple(SHOTS[:3]))]
    show(database, run_id, one, SHOTS[1], said="")
    assert wanted(database) == [("1", (SHOTS[0], SHOTS[2]))]
    assert kept(database) == [(one.key, SHOTS[1], 1)]


def test_a_post_is_due_again_when_its_picture_says_something(database: Database, run_id: str) -> None:
    one, other = rec("1"), rec("2")
    land(database, run_id, one, other)
    judge(database, run_id, *(Lead(r.key, "no_prompt_found", 0.9) for r in (one, other)), records=[one, other])
    show(database, run_id, one, SHOTS[0])
    show(database, run_id, other, SHOTS[0], said="")
    with database.reader() as con:
        (due,) = pages.unjudged_threads(con, "forum")
        assert [record.native_id for record in due] == ["1"]
        assert [p.address for p in pictures.of(con, [one.key, other.key])[one.key]] == [SHOTS[0]]
    judge(database, run_id, Lead(one.key, "no_prompt_found", 0.9), records=[one])
    with database.transaction() as con:
        ledger.close_run(con, run_id)


def test_pictures_leave_with_their_post(database: Database, run_id: str) -> None:
    one, other = rec("1"), rec("2")
    land(database, run_id, one, other)
    show(database, run_id, one, SHOTS[0])
    show(database, run_id, other, SHOTS[0])
    land(database, run_id, replace(one, status="deleted", text=""), hour=2)
    assert [key for key, *_ in kept(database)] == [other.key]
    with database.transaction() as con:
        removal.take_out(con, [other.key])
        assert {purge.record_key for purge in purging.asked(con)} == {one.key, other.key}
    assert kept(database) == []


def test_a_picture_of_a_post_that_is_gone_is_not_kept(database: Database, run_id: str) -> None:
    one = rec("1", status="deleted")
    land(database, run_id, one)
    show(database, run_id, one, SHOTS[0])
    show(database, run_id, rec("never seen"), SHOTS[0])
    assert kept(database) == []


def test_a_post_that_is_judged_again_with_its_picture_counts_once(database: Database, run_id: str) -> None:
    one, other = rec("1"), rec("2")
    land(database, run_id, one, other)
    judge(database, run_id, Lead(one.key, "no_prompt_found", 0.9), Refusal(other.key, "improbable"), records=[one, other])
    show(database, run_id, one, SHOTS[0])
    show(database, run_id, other, SHOTS[0])
    items_of = [Candidate(r.key, "complaint", (Message("user", f"When does ferry {r.native_id} sail?"),), "r", "1") for r in (one, other)]
    judge(database, run_id, *items_of, records=[one, other])
    with database.transaction() as con:
        counted = con.execute("SELECT records, landed, leads, refused FROM run_sources").fetchall()
        assert (counted, con.execute("FROM run_refusals").fetchall()) == ([(2, 2, 0, 0)], [])
        ledger.close_run(con, run_id)
