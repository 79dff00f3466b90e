"""Embedding what is new and deciding what it duplicates."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from dedupe.decide import decide
from dedupe.guard.check import Comparable
from dedupe.vectors.cells import Cells
from dedupe.vectors.exact import rounded
from dedupe.vectors.index import Index, State
from dedupe.vectors.segments import SegmentDamaged, SegmentInfo
from flows.line import shards
from flows.line.run import Run
from flows.line.shards import Here, Spread, SpreadIndex
from flows.line.workspace import Workspace
from store import decisions, dedupe_queue
from store.decisions import StoredItem
from store.dedupe_queue import IndexRows, Queued
from thresher.archive import history
from thresher.failpoint import failpoint
from thresher.model import Decision

log = logging.getLogger("thresher.deciding")

EMBED_AT_ONCE = 8192
"""Texts between two commits of vectors: what a kill can cost."""
DECIDE_AT_ONCE = 16_384
"""Newcomers that are compared all with all; those before them are found through the index. Part of the outcome."""

BUILD_FROM = 100_000
"""Items to bring into the index from which on it is built anew: another encoder."""
HERE = Here()


@dataclass(slots=True)
class Decided:
    """What one pass did: texts embedded, and items by verdict."""

    embedded: int = 0
    same: int = 0
    related: int = 0
    new: int = 0


def decide_queue(run: Run, spread: Spread = HERE) -> Decided:
    """Embed and decide everything that is not decided yet, in one transaction: what is decided together is decided together again by a
    rebuild. EncoderError where no encoder works; the queue stays for the next pass."""
    work = run.work
    queue = _queue(work)
    if not queue.ids:
        return Decided()
    _embed(run, queue.unembedded, spread)
    index = _rearranged(work, queue)
    outcome = _Outcome(Decided(len(queue.unembedded)))
    for group in _groups(queue.newcomers):
        _decide_group(work, index, group, outcome, spread)
    failpoint("deciding.decided")
    with work.database.transaction() as con:
        decisions.save_decisions(con, run.run_id, outcome.decisions)
        dedupe_queue.save_index(con, work.encoder.id, _rows(index.state))
        dedupe_queue.take(con, queue.ids)
    failpoint("deciding.saved")
    if outcome.decisions:
        history.note(work.archive, run.run_id, "decided")
    index.tidy()
    failpoint("deciding.indexed")
    return outcome.counts


def _embed(run: Run, item_ids: Sequence[str], spread: Spread) -> None:
    """A vector for each of these items. A killed pass goes on where it was."""
    work = run.work
    for start in range(0, len(item_ids), EMBED_AT_ONCE):
        portion = item_ids[start : start + EMBED_AT_ONCE]
        with work.database.reader() as con:
            items = decisions.items_by_id(con, portion)

        def told(count: int, before: int = start) -> None:
            run.progress.embedded(before + count, len(item_ids))

        texts = [items[item_id].prompt for item_id in portion]
        if spread.shards == 1:
            vectors = work.encoder.encode(texts, told)
        else:
            vectors = shards.embed(spread, work.encoder, work.settings.dedupe.embedding, work.models, texts)
            told(len(portion))
        failpoint("deciding.embedded")
        with work.database.transaction() as con:
            decisions.save_vectors(con, work.encoder.id, portion, vectors)


def _queue(work: Workspace) -> Queued:
    """What waits. An encoder that is used for the first time finds every item waiting; an empty benchmark loads no model."""
    with work.database.reader() as con:
        if not dedupe_queue.any_items(con):
            return Queued([], [], [], [])
        has_index = dedupe_queue.index_rows(con, work.encoder.id) is not None
    if not has_index:
        with work.database.transaction() as con:
            dedupe_queue.put_unembedded(con, work.encoder.id)
    with work.database.reader() as con:
        return dedupe_queue.queued(con, work.encoder.id)


@dataclass(slots=True)
class _Outcome:
    """The decisions of a pass so far."""

    counts: Decided
    decisions: list[Decision] = field(default_factory=list)


def _groups(newcomers: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(newcomers), DECIDE_AT_ONCE):
        yield newcomers[start : start + DECIDE_AT_ONCE]


def _decide_group(work: Workspace, index: Index, group: Sequence[str], outcome: _Outcome, spread: Spread) -> None:
    with work.database.reader() as con:
        items = decisions.items_by_id(con, group)
        ids, stored_vectors = decisions.vectors_of(con, work.encoder.id, group)
        parted = decisions.parted(con)
    row = {item_id: at for at, item_id in enumerate(ids)}
    vectors = stored_vectors[[row[item_id] for item_id in group]]
    newcomers = [comparable(items[item_id]) for item_id in group]
    neighbours = SpreadIndex(spread, index)
    decided = list(decide(newcomers, rounded(vectors), neighbours, _lookup(work), work.judge, work.encoder.id, parted=parted))
    canonical = [at for at, decision in enumerate(decided) if decision.verdict != "same"]
    index.add([group[at] for at in canonical], vectors[canonical])
    outcome.decisions += decided
    for decision in decided:
        setattr(outcome.counts, decision.verdict, getattr(outcome.counts, decision.verdict) + 1)


def _rearranged(work: Workspace, queue: Queued) -> Index:
    """The index with what became canonical without a decision of today, and without what is not canonical any more."""
    if len(queue.canonical) > BUILD_FROM:
        with work.database.transaction() as con:
            dedupe_queue.take(con, queue.canonical)
        queue = replace(queue, canonical=[])
    index, queued_in_index = _opened(work, queue)
    index.forget(queued_in_index.intersection([*queue.gone, *queue.newcomers]))
    index.purge(queued_in_index.intersection(queue.dropped))
    wanted = [item_id for item_id in queue.canonical if item_id not in queued_in_index]
    with work.database.reader() as con:
        ids, vectors = decisions.vectors_of(con, work.encoder.id, wanted)
    index.add(ids, vectors)
    return index


def _opened(work: Workspace, queue: Queued) -> tuple[Index, set[str]]:
    """The index as the database knows it, and which queued items it holds; made anew from the vectors where a file is damaged or rows are
    missing."""
    with work.database.reader() as con:
        rows = dedupe_queue.index_rows(con, work.encoder.id)
        expected = dedupe_queue.canonical_count(con)
    state = _state(rows) if rows else State(Cells.one(work.encoder.dim))
    try:
        index = Index(work.index, state)
        queued_in_index = index.held(queue.ids)
        if len(index) - len(queued_in_index) == expected:
            return index, queued_in_index
        trouble = f"it holds {len(index) - len(queued_in_index):,} settled items, and there are {expected:,}"
    except SegmentDamaged as error:
        trouble = str(error)
    log.warning("the index is built again from the database: %s", trouble)
    with work.database.reader() as con:
        return Index.build(work.index, state, decisions.canonical_vectors(con, work.encoder.id)), set()


def _state(rows: IndexRows) -> State:
    centroids = np.frombuffer(rows.centroids, np.int8).reshape(rows.cells, rows.dimension)
    return State(Cells(centroids), tuple(SegmentInfo(name, count) for name, count in rows.segments), frozenset(rows.dead))


def _rows(state: State) -> IndexRows:
    cells = state.cells.centroids
    segments = tuple((segment.name, segment.rows) for segment in state.segments)
    return IndexRows(len(cells), cells.shape[1], cells.tobytes(), segments, tuple(sorted(state.dead)))


def comparable(item: StoredItem) -> Comparable:
    """What the dedupe compares of an item."""
    return Comparable(item.item_id, item.prompt, item.choices, item.target, item.kind, earlier=item.earlier)


def _lookup(work: Workspace) -> Callable[[Sequence[str]], Mapping[str, Comparable]]:
    def lookup(ids: Sequence[str]) -> Mapping[str, Comparable]:
        if not ids:
            return {}
        with work.database.reader() as con:
            return {i: comparable(item) for i, item in decisions.items_by_id(con, ids).items()}

    return lookup
