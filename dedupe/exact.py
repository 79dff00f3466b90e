"""Inner products of vectors on a grid of whole numbers: a score is the same on any machine, in any block size, order, number of threads."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Shorts = npt.NDArray[np.int16]

GRID = 4000
"""Steps per unit. A product of two rounded unit vectors, and every partial sum of it, stays below 2**24, where float32 counts exactly.
Rounding moves a cosine by about 1e-4."""
BLOCK = 16384


def rounded(vectors: npt.NDArray[Any]) -> Shorts:
    """Vectors on the grid; what is on it already stays as it is."""
    grid: Shorts = np.rint(np.asarray(vectors, np.float32) * np.float32(GRID)).astype(np.int16)
    return grid


def lengths(vectors: Shorts) -> npt.NDArray[np.float64]:
    """The lengths of rounded vectors, in grid steps."""
    squares = np.einsum("ij,ij->i", vectors, vectors, dtype=np.int64)
    sizes: npt.NDArray[np.float64] = np.maximum(np.sqrt(squares.astype(np.float64)), 1.0)
    return sizes


class Pairs(NamedTuple):
    """Neighbours as three columns: row of the query, row of the known vector, cosine rounded to four decimals."""

    query: npt.NDArray[np.intp]
    known: npt.NDArray[np.intp]
    score: npt.NDArray[np.float64]


def pairs_above(queries: Shorts, known: Shorts, floor: float) -> Pairs:
    """Every pair whose rounded cosine is at least ``floor``, by exact comparison with all. In order of query, then of known."""
    wanted = queries.astype(np.float32)
    sizes, found = lengths(queries), []
    for start in range(0, len(known), BLOCK):
        block = known[start : start + BLOCK]
        products = wanted @ block.astype(np.float32).T
        block_sizes = lengths(block)
        least = (floor - 1e-4) * sizes.min(initial=np.inf) * block_sizes.min()
        rows, columns = np.nonzero(products >= (least if floor > 0 else -np.inf))
        score = np.round(products[rows, columns].astype(np.float64) / (sizes[rows] * block_sizes[columns]), 4)
        keep = score >= floor
        found.append(Pairs(rows[keep], columns[keep] + start, np.minimum(score[keep], 1.0)))
    if not found:
        nothing = np.zeros(0, np.intp)
        return Pairs(nothing, nothing, np.zeros(0))
    query, column, score = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.lexsort((column, query))
    return Pairs(query[order], column[order], score[order])
