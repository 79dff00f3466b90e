"""Embedding what is new and deciding what it duplicates."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from dedupe.decide import decide
from dedupe.guard import Comparable
from dedupe.index import Index
from flows import history
from flows.workspace import Workspace
from store import decisions
from store.decisions import StoredItem
from thresher.failpoint import failpoint

log = logging.getLogger("thresher.deciding")

EMBED_AT_ONCE = 4096
"""Texts between two commits of vectors: what a kill can cost."""

Progress = Callable[[int, int], None]
"""(texts embedded, texts to embed)."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What one pass did."""

    embedded: int
    merged: int
    related: int
    new: int


def embed(work: Workspace, progress: Progress | None = None) -> int:
    """A vector for each item that has none of this encoder; returns how many. A killed pass goes on where it was."""
    with work.database.reader() as con:
        pending = decisions.pending_embedding(con, work.encoder.id)
    for start in range(0, len(pending), EMBED_AT_ONCE):
        part = pending[start : start + EMBED_AT_ONCE]

        def told(count: int, before: int = start) -> None:
            if progress:
                progress(before + count, len(pending))

        vectors = work.encoder.encode([item.prompt for item in part], told)
        failpoint("deciding.embedded")
        with work.database.transaction() as con:
            decisions.save_vectors(con, work.encoder.id, [item.item_id for item in part], vectors)
    return len(pending)


def _has_items(work: Workspace) -> bool:
    """Whether there is an item at all: an empty benchmark loads no model."""
    with work.database.reader() as con:
        return bool(con.execute("SELECT 1 FROM items LIMIT 1").fetchall())


def deduplicate(work: Workspace, run_id: str, progress: Progress | None = None) -> Decided:
    """Embed and decide everything that is not decided yet, in one transaction: what is decided together is decided together again by a
    rebuild."""
    if not _has_items(work):
        return Decided(0, 0, 0, 0)
    embedded = embed(work, progress)
    with work.database.reader() as con:
        newcomers = decisions.undecided(con, work.encoder.id)
        ids, vectors = decisions.vectors_of(con, work.encoder.id, [item.item_id for item in newcomers])
    if not newcomers:
        return Decided(embedded, 0, 0, 0)
    index = _synced(work)
    by_id = {item.item_id: item for item in newcomers}
    made = list(decide([_comparable(by_id[i]) for i in ids], vectors, index, _lookup(work), work.settings.dedupe, work.encoder.id))
    failpoint("deciding.decided")
    with work.database.transaction() as con:
        decisions.save_decisions(con, run_id, made)
    failpoint("deciding.saved")
    history.note(work.archive, run_id, "decided")
    row = {item_id: at for at, item_id in enumerate(ids)}
    canonical = [d.item_id for d in made if d.verdict != "same"]
    index.add(canonical, vectors[[row[item_id] for item_id in canonical]])
    failpoint("deciding.indexed")
    count = {verdict: sum(d.verdict == verdict for d in made) for verdict in ("same", "related", "new")}
    return Decided(embedded, count["same"], count["related"], count["new"])


def _synced(work: Workspace) -> Index:
    with work.database.reader() as con:
        ids, vectors = decisions.canonical_vectors(con, work.encoder.id)
    row = {item_id: at for at, item_id in enumerate(ids)}
    index = Index.open(work.index, work.encoder.id, work.encoder.dim)
    for trouble in index.trouble:
        log.warning("the index is mended from the database: %s", trouble)
    index.sync(ids, lambda wanted: vectors[[row[item_id] for item_id in wanted]])
    return index


def _comparable(item: StoredItem) -> Comparable:
    return Comparable(item.item_id, item.prompt, item.choices, item.target, item.kind)


def _lookup(work: Workspace) -> Callable[[Sequence[str]], Mapping[str, Comparable]]:
    def lookup(ids: Sequence[str]) -> Mapping[str, Comparable]:
        if not ids:
            return {}
        with work.database.reader() as con:
            return {i: _comparable(item) for i, item in decisions.items_by_id(con, ids).items()}

    return lookup
