"""Vectors, and merges that can be undone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from store import decisions, dedupe_queue
from store.file.database import Connection, Database
from thresher.errors import EncoderError, StoreError
from thresher.model import Decision

pytestmark = pytest.mark.usefixtures("lease")

E = "encoder-1"


@pytest.fixture
def database(database: Database) -> Iterator[Database]:
    """The empty benchmark, with its lease held: half as many opens of the file."""
    with database.writer():
        yield database


def add_items(con: Connection, *ids: str) -> None:
    for i in ids:
        con.execute(
            """INSERT INTO items SELECT ?, 1, 'question', '[{"content":"x","role":"user"}]', '', [], [], '', 'none', 'proposed', '', [],
            'r', '1',
               NULL, NULL, '', NULL, 'run'""",
            [i],
        )
    dedupe_queue.put(con, ids)


def said(item_id: str, verdict: Any, other: str | None = None) -> Decision:
    return Decision(item_id, verdict, other, 0.9, 0.8, "cosine", "why", E)


def merged(con: Connection) -> dict[str, str | None]:
    return dict(con.execute("SELECT item_id, merged_into FROM items ORDER BY 1").fetchall())


def test_vectors_come_back_as_the_same_halves(database: Database) -> None:
    given = np.random.default_rng(0).normal(size=(5000, 24)).astype(np.float16).astype(np.float32)
    ids = [f"{n:08}" for n in range(5000)]
    with database.transaction() as con:
        add_items(con, ids[0])
        con.execute("INSERT INTO items SELECT i.* REPLACE (lpad(t.n::VARCHAR, 8, '0') AS item_id) FROM items i, range(1, 5000) t(n)")
        order = np.random.default_rng(1).permutation(5000)
        decisions.save_vectors(con, E, [ids[i] for i in order], given[order])
        found, vectors = decisions.vectors_of(con, E, ids)
        assert found == ids
        np.testing.assert_array_equal(vectors, given)
        assert vectors.dtype == np.float32


def test_what_is_not_finite_or_of_another_width_is_refused(database: Database) -> None:
    with database.transaction() as con:
        add_items(con, "a", "b")
        decisions.save_vectors(con, E, ["a"], np.ones((1, 4), np.float32))
        with pytest.raises(EncoderError, match="not finite"):
            decisions.save_vectors(con, E, ["b"], np.array([[1, 2, np.nan, 4]], np.float32))
        with pytest.raises(EncoderError, match="5 dimensions, 4 are stored"):
            decisions.save_vectors(con, E, ["b"], np.ones((1, 5), np.float32))
        with pytest.raises(EncoderError, match="for 2 items"):
            decisions.save_vectors(con, E, ["a", "b"], np.ones((1, 4), np.float32))
        assert dedupe_queue.queued(con, E).unembedded == ["b"]
        assert dedupe_queue.queued(con, "other").unembedded == ["a", "b"]


def test_only_decided_canonical_items_are_compared_with(database: Database, run_id: str) -> None:
    with database.transaction() as con:
        add_items(con, "a", "b", "c")
        decisions.save_vectors(con, E, ["a", "b", "c"], np.eye(3, dtype=np.float32))
        assert list(decisions.canonical_vectors(con, E)) == []
        decisions.save_decisions(con, run_id, [said("a", "new"), said("b", "same", "a")])
        queue = dedupe_queue.queued(con, E)
        assert (queue.newcomers, queue.canonical, queue.gone) == (["c"], ["a"], ["b"])
        dedupe_queue.take(con, queue.ids)
        assert [ids for ids, _ in decisions.canonical_vectors(con, E)] == [["a"]]
        assert dedupe_queue.canonical_count(con) == 2


def test_a_merge_goes_to_the_canonical_item_behind(database: Database, run_id: str) -> None:
    with database.transaction() as con:
        add_items(con, "a", "b", "c", "d")
        decisions.save_decisions(con, run_id, [said("b", "same", "a"), said("c", "same", "b"), said("d", "related", "c")])
        assert merged(con) == {"a": None, "b": "a", "c": "a", "d": None}


def test_what_was_merged_into_a_newcomer_follows_it(database: Database, run_id: str) -> None:
    with database.transaction() as con:
        add_items(con, "a", "b", "c")
        decisions.save_decisions(con, run_id, [said("c", "same", "b")])
        decisions.save_decisions(con, run_id, [said("b", "same", "a")])
        assert merged(con) == {"a": None, "b": "a", "c": "a"}


@pytest.mark.parametrize(
    ("chain", "why"),
    [
        ([said("a", "same", "nowhere")], "does not exist"), ([said("nowhere", "new")], "does not exist"), ([said("a", "same", "a")],
        "into itself"),
        ([said("a", "same", "b"), said("b", "same", "a")], "into itself"), ([said("a", "same")], "same as nothing"), ([said("a",
        "same", "r")], "retired"),
    ],
)  # fmt: skip
def test_a_merge_into_nothing_is_refused_whole(database: Database, run_id: str, chain: list[Decision], why: str) -> None:
    with database.transaction() as con:
        add_items(con, "a", "b", "r")
        con.execute("UPDATE items SET lifecycle = 'retired' WHERE item_id = 'r'")
    with pytest.raises(StoreError, match=why), database.transaction() as con:
        decisions.save_decisions(con, run_id, chain)
    with database.reader() as con:
        assert set(merged(con).values()) == {None}
        assert con.execute("FROM decisions").fetchall() == []


def test_an_undone_merge_comes_apart_and_stays_apart(database: Database, run_id: str) -> None:
    with database.transaction() as con:
        add_items(con, "a", "b", "c", "d")
        decisions.save_vectors(con, E, ["a", "b", "c", "d"], np.eye(4, dtype=np.float32))
        decisions.save_decisions(con, run_id, [said("a", "new"), said("d", "same", "c"), said("c", "same", "b"), said("b", "same", "a")])
        assert merged(con) == {"a": None, "b": "a", "c": "a", "d": "a"}
        decisions.undo_merge(con, "c")
        assert merged(con) == {"a": None, "b": "a", "c": None, "d": "c"}
        dedupe_queue.take(con, ["a", "b", "d"])
        queue = dedupe_queue.queued(con, E)
        assert (queue.newcomers, queue.canonical) == ([], ["c"])
        with pytest.raises(StoreError, match="not merged"):
            decisions.undo_merge(con, "c")


def test_deciding_again_replaces_the_decision_but_not_one_that_a_person_undid(database: Database, run_id: str) -> None:
    with database.transaction() as con:
        add_items(con, "a", "b")
        decisions.save_decisions(con, run_id, [said("b", "same", "a")])
        decisions.undo_merge(con, "b")
        decisions.save_decisions(con, run_id, [said("b", "related", "a")])
        decisions.save_decisions(con, run_id, [said("b", "new")])
        assert con.execute("SELECT verdict, undone FROM decisions ORDER BY 1").fetchall() == [("new", False), ("same", True)]
