"""The cells of the index: which part of the sphere a vector lies in.

An inverted file as in Sivic and Zisserman (2003): a query looks only into the cells nearest to it. Cells are k-means centroids of the
vectors held when they were trained, in whole numbers, so that training and assignment come out the same on every machine; the database
keeps them, because what is compared with what depends on them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dedupe.vectors.exact import GRID, Bytes, lengths, squares

FIRST = 65_536
"""Vectors from which on there are cells at all; below, a query is compared with everything."""
FIRST_CELLS = 1024
"""Four times the square root of ``FIRST``; each time the benchmark has grown fourfold there are twice as many."""
SAMPLE = 40
"""Training vectors a cell; faiss asks for 39 at least."""
ROUNDS = 6
SCAN = 40_000
"""Vectors that a query is compared with, about, however many there are."""
BLOCK = 4096

Cellnumbers = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Cells:
    """``centroids``: (k, dim) on the grid of ``dedupe.vectors.exact``. One centroid means one cell that holds everything."""

    centroids: Bytes

    @classmethod
    def one(cls, dim: int) -> Cells:
        """A single cell: exact search."""
        return cls(np.zeros((1, dim), np.int8))

    def __len__(self) -> int:
        return len(self.centroids)

    def of(self, vectors: Bytes) -> Cellnumbers:
        """The cell of each vector."""
        if len(self) == 1:
            return np.zeros(len(vectors), np.int32)
        return self.nearest(vectors, 1)[:, 0]

    def nearest(self, vectors: Bytes, count: int) -> Cellnumbers:
        """(n, count): the cells nearest to each vector, in no order."""
        count = min(count, len(self))
        if count == len(self):
            return np.broadcast_to(np.arange(len(self), dtype=np.int32), (len(vectors), count))
        numbers = np.empty((len(vectors), count), np.int32)
        turned = self.centroids.astype(np.float32).T
        sizes = lengths(squares(self.centroids)).astype(np.float32)
        for start in range(0, len(vectors), BLOCK):
            scores = (vectors[start : start + BLOCK].astype(np.float32) @ turned) / sizes
            if count == 1:
                numbers[start : start + BLOCK, 0] = scores.argmax(1)
            else:
                numbers[start : start + BLOCK] = np.argpartition(scores, -count, axis=1)[:, -count:]
        return numbers

    def probes(self, rows: int) -> int:
        """How many cells a query visits in an index of so many rows."""
        return min(len(self), -(-SCAN * len(self) // max(rows, 1)))


def cells_wanted(rows: int) -> int:
    """How many cells an index of so many rows should have."""
    count, reached = 1, FIRST
    while rows >= reached:
        count = FIRST_CELLS if count == 1 else 2 * count
        reached *= 4
    return count


def train(vectors: Bytes, count: int) -> Cells:
    """Spherical k-means; the first ``count`` vectors are the first centroids, so give them in an order that means nothing."""
    if count == 1:
        return Cells.one(vectors.shape[1])
    cells = Cells(np.ascontiguousarray(vectors[:count]))
    # Whole sums, so that the order of the vectors does not matter; an empty cell keeps its centroid.
    for _ in range(ROUNDS):
        assigned = cells.of(vectors)
        order = np.argsort(assigned, kind="stable")
        members = np.bincount(assigned, minlength=count)
        filled = np.flatnonzero(members)
        starts = (np.cumsum(members) - members)[filled]
        sums = np.add.reduceat(vectors[order].astype(np.int32), starts, axis=0).astype(np.float64)
        moved = cells.centroids.copy()
        sizes = np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)
        moved[filled] = np.clip(np.rint(sums / sizes * GRID), -127, 127).astype(np.int8)
        cells = Cells(moved)
    return cells
