"""Vectors of items, and what the dedupe decided: kept as data, so that a merge can be undone and a threshold changed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from store import dedupe_queue
from store.file.database import Connection
from store.rows import fetch, keys, run, table
from thresher.errors import EncoderError, StoreError
from thresher.failpoint import failpoint
from thresher.model import Decision, Message, conversation

BY_A_PERSON = "person"
"""The method of a merge that a person made."""


@dataclass(frozen=True, slots=True)
class StoredItem:
    """What the dedupe looks at."""

    item_id: str
    kind: str
    messages: tuple[Message, ...]
    target: str
    choices: tuple[str, ...]
    merged_into: str | None

    @property
    def prompt(self) -> str:
        """As ``Candidate.prompt``."""
        return conversation(self.messages)

    @property
    def earlier(self) -> str:
        """The turns before the last, which is what is asked."""
        return conversation(self.messages[:-1])


_STORED = "SELECT i.item_id, i.kind, i.messages, i.target, i.choices, i.merged_into FROM items i"


def items_by_id(con: Connection, item_ids: Sequence[str]) -> dict[str, StoredItem]:
    """Those of the items that exist."""
    found = _stored(con, f"{_STORED} SEMI JOIN given g ON g.item_id = i.item_id", [], given=keys("item_id", item_ids))
    return {i.item_id: i for i in found}


def _stored(con: Connection, sql: str, parameters: list[Any], **tables: pa.Table) -> list[StoredItem]:
    return [
        StoredItem(
            r["item_id"],
            r["kind"],
            tuple(Message(**m) for m in json.loads(r["messages"])),
            r["target"],
            tuple(r["choices"]),
            r["merged_into"],
        )
        for r in fetch(con, sql, parameters, **tables)
    ]


def save_vectors(con: Connection, encoder: str, item_ids: Sequence[str], vectors: NDArray[np.float32]) -> None:
    """Keep one vector for each item, as float16, in place of what this encoder gave it before. EncoderError for NaN, infinity or a
    foreign width."""
    if vectors.ndim != 2 or len(vectors) != len(item_ids):
        raise EncoderError(f"{encoder} gave an array of shape {vectors.shape} for {len(item_ids)} items")
    half = np.ascontiguousarray(vectors, dtype="<f2")
    if not np.isfinite(half).all():
        raise EncoderError(f"{encoder} gave a vector that is not finite; nothing was kept")
    width = con.execute("SELECT dimension FROM embeddings WHERE encoder = ? LIMIT 1", [encoder]).fetchall()
    if width and width[0][0] != half.shape[1]:
        raise EncoderError(
            f"{encoder} gave {half.shape[1]} dimensions, {width[0][0]} are stored under its name; the model changed without its version"
        )
    if not item_ids:
        return
    blobs = pa.Array.from_buffers(pa.binary(half.shape[1] * 2), len(half), [None, pa.py_buffer(half.tobytes())])
    given = pa.table({"item_id": pa.array(item_ids, pa.string()), "vector": blobs})
    run(con, "DELETE FROM embeddings USING given WHERE embeddings.item_id = given.item_id AND encoder = ?", [encoder], given=given)
    run(
        con,
        "INSERT INTO embeddings SELECT g.item_id, ?, ?, g.vector FROM given g SEMI JOIN items USING (item_id)",
        [encoder, half.shape[1]],
        given=given,
    )
    failpoint("store.vectors")


def canonical_vectors(con: Connection, encoder: str, at_once: int = 100_000) -> Iterator[tuple[list[str], NDArray[np.float32]]]:
    """The decided canonical items in batches, ids and vectors as rows: to build the index anew."""
    con.execute("CREATE OR REPLACE TEMP TABLE canonical AS SELECT item_id FROM items SEMI JOIN decisions USING (item_id) "
                "WHERE merged_into IS NULL AND lifecycle <> 'retired' AND item_id NOT IN (FROM dedupe_queue)")  # fmt: skip
    reader = con.sql(
        "SELECT e.item_id, e.vector, e.dimension FROM embeddings e SEMI JOIN canonical USING (item_id) WHERE e.encoder = ?",
        params=[encoder],
    ).to_arrow_reader(at_once)
    for batch in reader:
        yield _rows(pa.Table.from_batches([batch]))


def vectors_of(con: Connection, encoder: str, item_ids: Sequence[str]) -> tuple[list[str], NDArray[np.float32]]:
    """The same for given items, sorted by id; those without a vector are left out."""
    sql = """WITH wanted AS MATERIALIZED (SELECT e.rowid AS place FROM embeddings e SEMI JOIN given USING (item_id) WHERE e.encoder = ?)
             SELECT e.item_id, e.vector, e.dimension FROM embeddings e JOIN wanted ON e.rowid = wanted.place ORDER BY e.item_id"""
    return _vectors(con, sql, [encoder], given=keys("item_id", item_ids))


def _vectors(con: Connection, sql: str, parameters: list[Any], **tables: pa.Table) -> tuple[list[str], NDArray[np.float32]]:
    for name, data in tables.items():
        con.register(name, data)
    try:
        found: pa.Table = con.sql(sql, params=parameters).to_arrow_table()
    finally:
        for name in tables:
            con.unregister(name)
    return _rows(found)


def _rows(found: pa.Table) -> tuple[list[str], NDArray[np.float32]]:
    if not found.num_rows:
        return [], np.empty((0, 0), np.float32)
    width = found.column("dimension")[0].as_py()
    parts = [_halves(chunk, width) for chunk in found.column("vector").chunks if len(chunk)]
    return found.column("item_id").to_pylist(), np.concatenate(parts).astype(np.float32)


def _halves(chunk: pa.Array, width: int) -> NDArray[np.float16]:
    """The vectors of one Arrow chunk of BLOBs without a copy of each: they lie one after another in its buffer."""
    start, data = chunk.buffers()[1:]
    offsets = np.frombuffer(start, np.int32 if pa.types.is_binary(chunk.type) else np.int64)[chunk.offset : chunk.offset + len(chunk) + 1]
    size = 2 * width
    if not (np.diff(offsets) == size).all():
        raise EncoderError(
            f"a stored vector has not the {width} dimensions of its encoder; delete the vectors of this encoder to have them made again"
        )
    return np.frombuffer(data, "<f2")[offsets[0] // 2 : offsets[-1] // 2].reshape(len(chunk), width)


_DECISION: dict[str, pa.DataType] = {
    **dict.fromkeys(("item_id", "verdict", "other_id"), pa.string()), "score": pa.float64(), "threshold": pa.float64(),
    **dict.fromkeys(("method", "reason", "encoder", "dedupe_version", "run_id"), pa.string()),
}  # fmt: skip


def save_decisions(con: Connection, run_id: str, decisions: Sequence[Decision]) -> None:
    """Keep what was decided, in the order given, in place of earlier decisions on the same items; ``same`` merges the item.

    A merge goes to the canonical item behind ``other_id``. StoreError, and nothing is kept, where an item does not exist, is retired, or
    would be merged into itself.
    """
    if not decisions:
        return
    version = con.execute("SELECT dedupe_version FROM runs WHERE run_id = ?", [run_id]).fetchall()
    if not version:
        raise StoreError(f"run {run_id} was never opened")
    into = _merges(con, decisions)
    given = table(
        _DECISION,
        [
            (d.item_id, d.verdict, d.other_id, float(d.score), float(d.threshold), d.method, d.reason, d.encoder, version[0][0], run_id)
            for d in decisions
        ],
    )
    run(con, "DELETE FROM decisions USING given WHERE decisions.item_id = given.item_id AND NOT decisions.undone", given=given)
    run(con, "INSERT INTO decisions BY NAME SELECT * FROM given", given=given)
    if into:
        merged = table({"item_id": pa.string(), "root": pa.string()}, into.items())
        run(con, "UPDATE items SET merged_into = merged.root FROM merged WHERE items.merged_into = merged.item_id", merged=merged)
        run(con, "UPDATE items SET merged_into = merged.root FROM merged WHERE items.item_id = merged.item_id", merged=merged)
    failpoint("store.decisions")


def _merges(con: Connection, decisions: Sequence[Decision]) -> dict[str, str]:
    """Each merged item and the canonical item that it goes to; every target is canonical once all are applied."""
    named = {d.item_id for d in decisions} | {d.other_id for d in decisions if d.other_id is not None}
    rows = fetch(
        con,
        """SELECT i.item_id, i.merged_into, i.lifecycle, r.lifecycle AS root_lifecycle FROM items i SEMI JOIN given USING (item_id)
           LEFT JOIN items r ON r.item_id = i.merged_into""",
        given=keys("item_id", named),
    )
    root = {r["item_id"]: r["merged_into"] for r in rows}
    retired = {r["item_id"] for r in rows if r["lifecycle"] == "retired"} | {
        r["merged_into"] for r in rows if r["root_lifecycle"] == "retired"
    }
    into: dict[str, str] = {}
    for d in decisions:
        for item_id in (d.item_id, d.other_id):
            if item_id is not None and item_id not in root:
                raise StoreError(f"the dedupe decided on item {item_id}, which does not exist")
        if d.verdict != "same":
            continue
        if d.other_id is None:
            raise StoreError(f"the dedupe says that item {d.item_id} is the same as nothing")
        target = _canonical(d.other_id, {**root, **into})
        if target == d.item_id:
            raise StoreError(f"item {d.item_id} cannot be merged into itself (through {d.other_id})")
        if target in retired:
            raise StoreError(f"item {d.item_id} cannot be merged into {target}, which is retired")
        into[d.item_id] = target
    return {item: _canonical(target, into) for item, target in into.items()}


def _canonical(item_id: str, into: dict[str, str | None] | dict[str, str]) -> str:
    for _ in range(len(into) + 1):
        after = into.get(item_id)
        if after is None:
            return item_id
        item_id = after
    raise StoreError(f"item {item_id} is merged in a circle")


def passes(con: Connection) -> list[str]:
    """The runs in which the dedupe decided, oldest first."""
    sql = "SELECT run_id FROM decisions WHERE method <> ? GROUP BY run_id ORDER BY run_id"
    return [row[0] for row in con.execute(sql, [BY_A_PERSON]).fetchall()]


def parted(con: Connection) -> dict[str, set[str]]:
    """Of each item of which a person undid a merge, and of the item that it had been merged into, the others that it is not."""
    pairs = con.execute("SELECT item_id, other_id FROM decisions WHERE undone ORDER BY ALL").fetchall()
    found: dict[str, set[str]] = {}
    for item_id, other_id in pairs:
        found.setdefault(item_id, set()).add(other_id)
        found.setdefault(other_id, set()).add(item_id)
    return found


def undo_merge(con: Connection, item_id: str) -> None:
    """Make a merged item canonical again. What was merged through it comes back to it, and the decision stays, marked as undone, so that
    the dedupe does not make it again."""
    rows = con.execute("SELECT merged_into FROM items WHERE item_id = ?", [item_id]).fetchall()
    if not rows:
        raise StoreError(f"there is no item {item_id!r}")
    root = rows[0][0]
    if root is None:
        raise StoreError(f"item {item_id} is not merged into another")
    con.execute("UPDATE items SET merged_into = NULL WHERE item_id = ?", [item_id])
    con.execute("UPDATE decisions SET undone = true WHERE item_id = ? AND verdict = 'same'", [item_id])
    dedupe_queue.put(con, [item_id])
    con.execute(
        """UPDATE items SET merged_into = ? WHERE merged_into = ? AND item_id IN (
               WITH RECURSIVE through AS (
                   SELECT item_id FROM decisions WHERE other_id = ? AND verdict = 'same' AND NOT undone
                   UNION
                   SELECT d.item_id FROM decisions d JOIN through t ON d.other_id = t.item_id
                   WHERE d.verdict = 'same' AND NOT d.undone
               ) FROM through)""",
        [item_id, root, item_id],
    )
