"""A person's word on a case stays with the item, also where it was merged into another, and a damaged line costs no other."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from store import cases, journals
from store.file.database import Database
from thresher.rulebook.evidence import Word

AT = datetime(2027, 1, 2, tzinfo=UTC)


def test_what_is_said_of_a_merged_item_is_said_of_the_one_it_went_into(database: Database) -> None:
    with database.transaction() as con:
        con.execute(
            """INSERT INTO items BY NAME SELECT 'b' AS item_id, 1 AS version, 'complaint' AS kind, '[]' AS messages, '' AS target,
                      [] AS aliases, [] AS choices, '' AS rubric, 'none' AS key_status, 'proposed' AS lifecycle, 'en' AS language,
                      [] AS tags, 'r' AS rule, '1' AS rule_version, 'h' AS payload_hash, 'a' AS merged_into, 'run' AS created_run"""
        )
    for item_id, holds in (("b", True), ("c", False)):
        cases.tie(database.folder, Word(item_id, "facts.dates.1", holds), "ann", "seen", AT)
    with database.reader() as con:
        assert cases.said(con, database.folder) == [Word("a", "facts.dates.1", True), Word("c", "facts.dates.1", False)]


def test_a_damaged_line_is_told_by_the_journals_and_costs_no_other(database: Database, tmp_path: Path) -> None:
    cases.tie(database.folder, Word("a", "facts.dates.1", True), "ann", "seen", AT)
    with (database.folder / cases.FILE).open("a") as file:
        file.write('{"item_id": "b", "rule_id": 3}\n')
    cases.tie(database.folder, Word("c", "facts.dates.1", True), "ann", "seen", AT)
    (bad,) = journals.damaged_lines(database.folder, tmp_path / "archive")
    assert (bad.path.name, bad.number) == (cases.FILE, 2)
    with database.reader() as con:
        assert [word.item_id for word in cases.said(con, database.folder)] == ["a", "c"]
