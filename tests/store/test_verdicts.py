"""What persons decided stays: on items, and against records."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from store import items, ledger, pages, queries, runs, verdicts
from store.file.database import Database
from store.snapshot import freeze
from store.snapshot.settings import Export
from store.verdicts import Grave, Verdict
from thresher.errors import UsageError
from thresher.model import Candidate, Message, Page, Record

CANARY = "the purple canary of Example sings only on leap days"


@pytest.fixture
def filled(database: Database) -> Database:
    land(database)
    return database


def land(database: Database) -> pages.Landed:
    records = [
        Record(
            "forum",
            "x",
            f"n{n}",
            f"https://Example.org/t/{n}",
            "question",
            f"{CANARY} {n}",
            title=CANARY,
            author_key=f"a{n % 2}",
            licence="cc0",
            export_class="full",
        )
        for n in range(4)
    ]
    with database.transaction() as con:
        run_id = runs.open_run(con, "test", rules_version="1")
        page = Page("forum", "x", "https://example.org/", 200, {}, b"1", datetime(2026, 1, 1, tzinfo=UTC))
        landed = pages.land_batch(con, run_id, [pages.PageResult(page, records)])["forum"]
        due = [r for t in pages.unjudged_threads(con, "forum") for r in t]
        said = [Candidate(r.key, "question", (Message("user", r.text),), "r", "1", licence="cc0", export_class="full") for r in due]
        items.land_outcomes(con, run_id, "forum", said, due)
    return landed


def shown(database: Database) -> dict[str, tuple[Any, ...]]:
    with database.reader() as con:
        return {r[0]: r[1:] for r in con.execute("SELECT native_id, item_id, status, key_status FROM items_current ORDER BY 1").fetchall()}


def test_the_last_verdict_counts_and_none_is_overwritten(filled: Database) -> None:
    item_id = shown(filled)["n0"][0]
    for day, word in ((1, "active"), (2, "rejected"), (3, "verified")):
        verdicts.save_verdicts(filled, [Verdict(item_id, word, "me", "because")], now=datetime(2026, 5, day, tzinfo=UTC))
    assert shown(filled)["n0"][1:] == ("rejected", "verified")
    with filled.reader() as con:
        assert [v["verdict"] for v in queries.item(con, item_id)["verdicts"]] == ["active", "rejected", "verified"]


def test_a_verdict_on_nothing_or_in_unknown_words_is_refused(filled: Database) -> None:
    with pytest.raises(UsageError, match="no item"):
        verdicts.save_verdicts(filled, [Verdict("f" * 32, "active", "me")])
    with pytest.raises(UsageError, match="there are: proposed, active"):
        verdicts.save_verdicts(filled, [Verdict(shown(filled)["n0"][0], "great", "me")])
    assert not (filled.folder / verdicts.FILE).exists()


@pytest.mark.parametrize(
    ("kind", "value", "left"),
    [
        ("record", "forum:x:n1", ["n0", "n2", "n3"]),
        ("author", "a0", ["n1", "n3"]),
        ("url", "https://example.org/t/2?utm_source=x", ["n0", "n1", "n3"]),
    ],
)
def test_a_takedown_is_for_ever(filled: Database, kind: Any, value: str, left: list[str]) -> None:
    emptied = verdicts.take_down(filled, [Grave(kind, value)], "asked to")
    assert len(emptied) == 4 - len(left)
    assert list(shown(filled)) == left
    for _ in range(2):
        assert land(filled).tombstoned == 4 - len(left)
    assert list(shown(filled)) == left
    with filled.transaction() as con:
        ledger.close_run(con, con.execute("SELECT max(run_id) FROM runs").fetchall()[0][0])


def test_after_a_takedown_no_byte_of_the_text_is_left_in_the_folder(filled: Database) -> None:
    freeze.freeze(filled, "after", filled.folder / "snapshots", Export(version="1"))
    verdicts.take_down(filled, [Grave("author", author) for author in ("a0", "a1")], "asked to")
    filled.compact()
    held = [p for p in filled.folder.rglob("*") if p.is_file() and "snapshots" not in p.parts]
    assert [p.name for p in held if CANARY.encode() in p.read_bytes()] == []


def test_verdicts_and_tombstones_survive_the_loss_of_the_database(filled: Database, tmp_path: Path) -> None:
    item_id = shown(filled)["n0"][0]
    verdicts.save_verdicts(filled, [Verdict(item_id, "active", "me")])
    verdicts.take_down(filled, [Grave("record", "forum:x:n3")], "asked to")
    ledger.quarantine(filled.folder)
    rebuilt = Database(filled.folder)
    with rebuilt.transaction() as con:
        assert verdicts.replay(con, rebuilt.folder) == 2
    assert land(rebuilt).tombstoned == 1
    assert shown(rebuilt)["n0"] == (item_id, "active", "none")
    with rebuilt.transaction() as con:
        verdicts.replay(con, rebuilt.folder)
        assert con.execute("SELECT (SELECT count(*) FROM verdicts), (SELECT count(*) FROM tombstones)").fetchall() == [(1, 1)]
