"""Nearest neighbours among canonical items: immutable segments beside the database, searched list by list.

Each vector lies in one cell (``cells``); a query is compared with all that lies in the cells nearest to it, about 40,000 vectors
however many there are, and with everything while there are few. Scores are exact, and what is found depends only on the vectors held
and the cells: not on how the rows are spread over files, on block sizes or on threads. Each list is visited once for all queries that
want it, as one matrix product; benchmarks/index.py compares that with faiss.

Files alone are nothing: the database says which belong to the index (``State``), in the transaction of the decisions that they stem from.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from dedupe.vectors import cells, segments
from dedupe.vectors.cells import Cells
from dedupe.vectors.exact import Bytes, Floats, lengths, near_pairs, rounded, squares
from dedupe.vectors.segments import Ids, Segment, SegmentInfo
from thresher.disk import may_be_written

log = logging.getLogger("thresher.index")

MAX_SMALL = 8
"""Segments that may lie beside the large one before they are merged."""
DEAD_SHARE = 0.1
"""Of all rows; with more of them dead everything is merged."""
ROWS_AT_ONCE = 4096
QUERIES_AT_ONCE = 1024
HITS_AT_ONCE = 2_000_000
"""Neighbours held before the best of each query are picked: 50 MB."""


@dataclass(frozen=True, slots=True)
class State:
    """What the database keeps of an index. ``dead`` are ids in a segment that are not canonical any more."""

    cells: Cells
    segments: tuple[SegmentInfo, ...] = ()
    dead: frozenset[str] = frozenset()

    @property
    def rows(self) -> int:
        """Living ones."""
        return sum(segment.rows for segment in self.segments) - len(self.dead)


class Shortlist(NamedTuple):
    """The neighbours of many queries, as columns: by query, best first, ties by id. ``vectors`` are (n, dim) on the grid."""

    query: npt.NDArray[np.intp]
    ids: Ids
    score: npt.NDArray[np.float64]
    vectors: Bytes


@dataclass(frozen=True, slots=True)
class _Unit:
    """Some rows of a segment, and the queries that are compared with them."""

    segment: int
    first: int
    last: int
    queries: npt.NDArray[np.intp]


class Index:
    """One encoder's canonical items. ``state`` is what to keep in the database after a change; until then old and new files are there."""

    def __init__(self, folder: Path, state: State, threads: int = 2) -> None:
        """Opens and checks every file. SegmentDamaged where one is not as registered: then ``build`` it again."""
        with may_be_written(folder):
            folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.state = state
        self._threads = threads
        self._segments = [segments.read(folder, info) for info in state.segments]

    @classmethod
    def build(cls, folder: Path, state: State, rows: Iterable[tuple[Sequence[str], Floats]], threads: int = 2) -> Index:
        """Anew from the vectors of all canonical items, in batches; of ``state`` only the cells are kept."""
        index = cls(folder, State(state.cells), threads)
        for ids, vectors in rows:
            index._append(_ids(ids), rounded(vectors))
        index._settle(whole=len(index._segments) > 1)
        return index

    def __len__(self) -> int:
        return self.state.rows

    @property
    def dim(self) -> int:
        """Of its vectors."""
        return int(self.state.cells.centroids.shape[1])

    def add(self, ids: Sequence[str], vectors: Floats) -> None:
        """Takes in rows that it does not hold. An id that was forgotten comes back with the vector that it had."""
        # Its row is still in a segment: to count it as living again is enough.
        returned = self.state.dead & set(ids)
        self.state = replace(self.state, dead=self.state.dead - returned)
        new = [row for row, item_id in enumerate(ids) if item_id not in returned]
        if new:
            self._append(_ids([ids[row] for row in new]), rounded(vectors[new]))
        self._settle()

    def forget(self, ids: Iterable[str]) -> None:
        """Drops rows that it holds."""
        self.state = replace(self.state, dead=self.state.dead | set(ids))
        self._settle()

    def held(self, ids: Sequence[str]) -> set[str]:
        """Those of the ids that it holds. Reads the ids of all rows."""
        if not ids or not self._segments:
            return set()
        wanted = _ids(ids)
        present = {i.decode() for segment in self._segments for i in segment.ids[segments.among(segment.ids, wanted)]}
        return present - self.state.dead

    def search(self, queries: Bytes, floor: float, count: int) -> Shortlist:
        """For each query the ``count`` best of those that it is compared with and that reach ``floor``."""
        wanted, sizes = queries.astype(np.float32), lengths(squares(queries))
        floors = np.full(len(queries), floor, np.float64)
        best = _Best(self._segments, _ids(sorted(self.state.dead)), count)

        def compare(unit: _Unit) -> tuple[_Unit, npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.float64]]:
            segment, rows = self._segments[unit.segment], slice(unit.first, unit.last)
            chosen = unit.queries
            pairs = near_pairs(wanted[chosen], sizes[chosen], segment.vectors[rows], lengths(segment.squares[rows]), floors[chosen])
            return unit, chosen[pairs.query], pairs.neighbour + unit.first, pairs.score

        with threadpool_limits(limits=1, user_api="blas"), ThreadPoolExecutor(self._threads) as pool:
            for wave in _waves(self._units(queries)):
                for unit, query, row, score in pool.map(compare, wave):
                    best.add(unit.segment, query, row, score)
                best.pick(floors)
        return best.shortlist(floors)

    def tidy(self) -> None:
        """Deletes files that ``state`` does not name; for after it is kept."""
        registered = {segment.name + segments.SUFFIX for segment in self.state.segments}
        for path in self.folder.iterdir():
            if path.is_file() and path.name not in registered:
                path.unlink(missing_ok=True)

    def _units(self, queries: Bytes) -> Iterator[_Unit]:
        """The work: every cell that a query visits, in every segment, in pieces that fit a processor's cache."""
        visited = self.state.cells.nearest(queries, self.state.cells.probes(len(self)))
        # From "cells of a query" to "queries of a cell": a cell's rows are then read once for all queries that visit it.
        order = np.argsort(visited.ravel(), kind="stable")
        by_cell = order // max(visited.shape[1], 1)
        ends = np.cumsum(np.bincount(visited.ravel(), minlength=len(self.state.cells)))
        for cell in range(len(self.state.cells)):
            asking = by_cell[ends[cell - 1] if cell else 0 : ends[cell]]
            for place, segment in enumerate(self._segments):
                last = int(segment.starts[cell + 1])
                for first in range(int(segment.starts[cell]), last, ROWS_AT_ONCE):
                    for start in range(0, len(asking), QUERIES_AT_ONCE):
                        yield _Unit(place, first, min(first + ROWS_AT_ONCE, last), asking[start : start + QUERIES_AT_ONCE])

    def _append(self, ids: Ids, vectors: Bytes) -> None:
        if len(ids):
            self._hold([*self._segments, segments.write(self.folder, ids, vectors, self.state.cells)])

    def _hold(self, opened: list[Segment]) -> None:
        self._segments = opened
        self.state = replace(self.state, segments=tuple(segment.info for segment in opened))

    def _settle(self, whole: bool = False) -> None:
        """New cells where the index has outgrown its own; else few files, and few dead rows."""
        wanted = cells.cells_wanted(len(self))
        if wanted > len(self.state.cells):
            self._recell(wanted)
            return
        rows = sum(segment.info.rows for segment in self._segments)
        if whole or len(self.state.dead) > DEAD_SHARE * rows:
            merged = segments.merge(self.folder, self._segments, self._dead()) if rows else None
            self._hold([merged] if merged else [])
            self.state = replace(self.state, dead=frozenset())
        elif len(self._segments) > MAX_SMALL:
            self._merge_small()

    def _merge_small(self) -> None:
        """Merges the small ones, and with them each larger one that is not twice as large as what is merged: a row is rewritten about as
        often as the benchmark doubles."""
        by_size = sorted(self._segments, key=lambda segment: (segment.info.rows, segment.info.name))
        picked, rows = by_size[:2], by_size[0].info.rows + by_size[1].info.rows
        for segment in by_size[2:]:
            if segment.info.rows > 2 * rows:
                break
            picked.append(segment)
            rows += segment.info.rows
        merged = segments.merge(self.folder, picked, _ids([]))
        self._hold([*(segment for segment in by_size[::-1] if segment not in picked), merged])

    def _recell(self, count: int) -> None:
        log.info("the index has %s rows: training %s cells", f"{len(self):,}", f"{count:,}")
        self.state = replace(self.state, cells=cells.train(self._sample(cells.SAMPLE * count), count))
        dead, opened = self._dead(), self._segments
        self._hold([])
        for segment in opened:
            for ids, vectors in segments.rows_in_order(segment, cells.FIRST):
                alive = ~segments.among(ids, dead)
                self._append(ids[alive], vectors[alive])
        self.state = replace(self.state, dead=frozenset())
        self._settle(whole=True)

    def _sample(self, count: int) -> Bytes:
        """The vectors of the ``count`` smallest ids, in their order: ids are hashes, so these are a random sample."""
        ids = np.concatenate([segment.ids for segment in self._segments])
        alive = np.flatnonzero(~segments.among(ids, self._dead()))
        rows = alive[np.argsort(ids[alive], kind="stable")[:count]]
        ends = np.cumsum([len(segment.ids) for segment in self._segments])
        sample = np.empty((len(rows), self.state.cells.centroids.shape[1]), np.int8)
        for place, segment in enumerate(self._segments):
            here = (rows < ends[place]) & (rows >= ends[place] - len(segment.ids))
            sample[here] = segment.vectors[rows[here] - (ends[place] - len(segment.ids))]
        return sample

    def _dead(self) -> Ids:
        return _ids(sorted(self.state.dead))


class _Best:
    """Collects neighbours and keeps the best of each query."""

    def __init__(self, opened: Sequence[Segment], dead: Ids, count: int) -> None:
        self._opened, self._dead, self._count = opened, dead, count
        self._query, self._segment, self._row = np.zeros(0, np.intp), np.zeros(0, np.intp), np.zeros(0, np.intp)
        self._score, self._ids = np.zeros(0), np.zeros(0, "S1")
        self._new: list[tuple[int, npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.float64]]] = []
        self._waiting = 0

    def add(self, segment: int, query: npt.NDArray[np.intp], row: npt.NDArray[np.intp], score: npt.NDArray[np.float64]) -> None:
        if len(query):
            self._new.append((segment, query, row, score))
            self._waiting += len(query)

    def pick(self, floors: npt.NDArray[np.float64], at_least: int = HITS_AT_ONCE) -> None:
        """Once many are waiting, drops all but the best of each query, and raises the floors of those that have enough."""
        if self._waiting < at_least or not self._new:
            return
        ids = np.concatenate([self._ids, *(self._opened[s].ids[row] for s, _, row, _ in self._new)])
        query = np.concatenate([self._query, *(q for _, q, _, _ in self._new)])
        segment = np.concatenate([self._segment, *(np.full(len(q), s, np.intp) for s, q, _, _ in self._new)])
        row = np.concatenate([self._row, *(r for _, _, r, _ in self._new)])
        score = np.concatenate([self._score, *(s for _, _, _, s in self._new)])
        order = np.lexsort((ids, -score, query))
        order = order[~segments.among(ids[order], self._dead)]
        rank = np.arange(len(order)) - np.searchsorted(query[order], query[order])
        # Who has enough neighbours wants only nearer ones from now on; an equal one may still come first by its id.
        full = order[rank == self._count - 1]
        floors[query[full]] = score[full]
        best = order[rank < self._count]
        self._ids, self._query, self._segment, self._row, self._score = ids[best], query[best], segment[best], row[best], score[best]
        self._new, self._waiting = [], 0

    def shortlist(self, floors: npt.NDArray[np.float64]) -> Shortlist:
        self.pick(floors, 0)
        dim = self._opened[0].vectors.shape[1] if self._opened else 1
        vectors = np.empty((len(self._query), dim), np.int8)
        for place, segment in enumerate(self._opened):
            here = self._segment == place
            vectors[here] = segment.vectors[self._row[here]]
        return Shortlist(self._query, self._ids, self._score, vectors)


def _waves(units: Iterator[_Unit], size: int = 256) -> Iterator[list[_Unit]]:
    wave = []
    for unit in units:
        wave.append(unit)
        if len(wave) == size:
            yield wave
            wave = []
    yield wave


def _ids(ids: Sequence[str]) -> Ids:
    return np.array([item_id.encode("ascii") for item_id in ids], np.bytes_) if len(ids) else np.zeros(0, "S1")
