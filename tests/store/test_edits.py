"""How persons rewrote items: beside the words of the source, in the journal, and gone with the post that it is made of."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from store import items as landing
from store import pages, queries, runs, verdicts
from store.curating import VerdictLog, items
from store.edits import Edit
from store.file.database import Database
from store.verdicts import Grave, Verdict
from thresher.model import Candidate, Message, Page, Record

pytestmark = pytest.mark.usefixtures("lease")

WORDS = "the words of the editor"


def land(database: Database) -> None:
    record = Record("forum", "x", "n1", "https://example.org/1", "question", "What is 6 times 7?", licence="cc0", export_class="full")
    with database.transaction() as con:
        run_id = runs.open_run(con, "test", rules_version="1")
        page = Page("forum", "x", "https://example.org/", 200, {}, b"1", datetime(2026, 1, 1, tzinfo=UTC))
        pages.land_batch(con, run_id, [pages.PageResult(page, [record])])
        said = Candidate(record.key, "question", (Message("user", record.text),), "r", "1", licence="cc0", export_class="full")
        landing.land_outcomes(con, run_id, "forum", [said], [record])


@pytest.fixture
def edited(database: Database) -> tuple[Database, str]:
    land(database)
    with database.reader() as con:
        item_id = str(con.execute("SELECT item_id FROM items_current WHERE native_id = 'n1'").fetchall()[0][0])
    log = VerdictLog(database.folder)
    log.add(
        [Edit(item_id, "ann", WORDS, 1, (WORDS,), "42", None, ("sums",)), Verdict(item_id, "verified", "ann", "", 2)], {item_id: ["user"]}
    )
    verdicts.take_up(database)
    verdicts.take_up(database)
    return database, item_id


def current(database: Database, item_id: str) -> dict[str, Any]:
    with database.reader() as con:
        return queries.item(con, item_id)


def test_an_edit_is_what_the_benchmark_says_and_the_source_keeps_its_words(edited: tuple[Database, str]) -> None:
    database, item_id = edited
    now = current(database, item_id)
    assert (now["prompt"], now["target"], now["key_status"], now["version"]) == (WORDS, "42", "verified", 2)
    assert now["tags"] == ["sums", "edited_by_a_person"]
    with database.reader() as con:
        (kept,) = con.execute("SELECT messages::VARCHAR, target, version FROM items WHERE item_id = ?", [item_id]).fetchall()
        on_the_page = next(one for one in items(con) if one["item_id"] == item_id)
    assert WORDS not in kept[0]
    assert kept[1:] == ("", 1)
    assert (on_the_page["harvested"]["target"], on_the_page["verdicts"][0]["messages"][0]["content"]) == ("", WORDS)


def test_the_last_edit_counts_and_may_say_what_the_source_says(edited: tuple[Database, str]) -> None:
    database, item_id = edited
    VerdictLog(database.folder).add([Edit(item_id, "bob", "taken back", 2)], {item_id: ["user"]})
    verdicts.take_up(database)
    now = current(database, item_id)
    assert (now["target"], now["tags"], now["version"]) == ("", [], 3)
    assert WORDS not in now["prompt"]


def test_an_edit_goes_with_the_post_that_it_is_made_of(edited: tuple[Database, str]) -> None:
    database, item_id = edited
    late = Edit(item_id, "bob", WORDS, 2, (WORDS,))
    VerdictLog(database.folder).add([late], {item_id: ["user"]})
    with database.writer():
        verdicts.take_down(database, [Grave("record", "forum:x:n1")], "asked", now=datetime(2026, 6, 1, tzinfo=UTC))
        with database.transaction() as con:
            verdicts.purge_edits(con, database.folder)
        verdicts.take_up(database)
    assert WORDS not in (database.folder / verdicts.FILE).read_text()
    with database.reader() as con:
        assert con.execute("SELECT count(*), count(messages), count(target), count(tags) FROM edits").fetchall() == [(2, 0, 0, 0)]
        assert con.execute("SELECT DISTINCT reason FROM verdicts WHERE verdict = 'edited'").fetchall() == [("",)]
        assert verdicts.unwritten(con, database.folder) == 0
    assert verdicts.damaged_lines(database.folder) == []
