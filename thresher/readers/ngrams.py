"""Texts as hashed n-grams of characters and words: sparse vectors that any language has and from which no text can be read back.

A batch is one long array of code points; hashes of all windows are computed at once, so that a text costs a fraction of a millisecond.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from thresher.cues import fold

Longs = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

BITS = 17
BUCKETS = 1 << BITS
CHARACTERS = (2, 3, 4, 5)
"""Lengths of character n-grams. Two characters are a word in Chinese, five an ending and a beginning elsewhere."""
WORDS = (1, 2, 3)
MAX_CHARS = 6000
"""Of a longer text, what counts for the n-grams is its first two thirds of this and its last third."""
_BASE = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xD6E8FEB86659FD93)
_WORD = re.compile(r"[^\W_]+|[!?\"'`:>*#]+")
_URL = re.compile(r"https?://\S{1,2000}|www\.\S{1,500}")
_DIGITS = re.compile(r"\d")


@dataclass(frozen=True)
class Sparse:
    """Rows of a sparse matrix: row ``i`` has ``values[starts[i]:starts[i + 1]]`` in the columns ``buckets`` of the same places. Each row
    has length 1, or 0 where the text is empty."""

    starts: Ints
    buckets: Ints
    values: Floats

    def dot(self, weights: Floats) -> npt.NDArray[np.float64]:
        """(rows,) products with a vector over the buckets. Each row is summed on its own, so that a batch changes no bit."""
        products = self.values.astype(np.float64) * weights[self.buckets].astype(np.float64)
        return np.array([products[a:b].sum() for a, b in zip(self.starts[:-1], self.starts[1:], strict=True)])


def prepared(text: str) -> str:
    """The text as its n-grams are taken: folded, white space as one blank, addresses and digits as one sign each."""
    if len(text) > MAX_CHARS:
        text = f"{text[: MAX_CHARS * 2 // 3]} {text[-MAX_CHARS // 3 :]}"
    return " ".join(_DIGITS.sub("0", _URL.sub("\u2197", fold(text))).split())


def ngrams(texts: Sequence[str], idf: Floats | None = None) -> Sparse:
    """One row for each text. ``idf`` weighs the buckets before the rows are brought to length 1."""
    folded = [f" {prepared(t)} " for t in texts]
    codes = np.frombuffer("".join(folded).encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    lengths = np.array([len(t) for t in folded], np.int64)
    document = np.repeat(np.arange(len(texts), dtype=np.int64), lengths)
    parts = [_characters(codes, document, n) for n in CHARACTERS] + _words(folded, codes, lengths)
    rows = np.concatenate([rows for rows, _ in parts]) if parts else np.empty(0, np.int64)
    hashes = np.concatenate([hashes for _, hashes in parts]) if parts else np.empty(0, np.uint64)
    keys, counts = np.unique(rows << BITS | (hashes >> np.uint64(64 - BITS)).astype(np.int64), return_counts=True)
    buckets = keys & (BUCKETS - 1)
    starts = np.searchsorted(keys, np.arange(len(texts) + 1, dtype=np.int64) << BITS)
    values = (1.0 + np.log(counts)).astype(np.float32)
    if idf is not None:
        values *= idf[buckets]
    return Sparse(starts, buckets, _unit(values, starts))


def _characters(codes: Longs, document: Ints, n: int) -> tuple[Ints, Longs]:
    """Every window of ``n`` characters inside one text."""
    if len(codes) < n:
        return np.empty(0, np.int64), np.empty(0, np.uint64)
    total = np.zeros(len(codes) - n + 1, np.uint64)
    for k in range(n):
        total = total * _BASE + codes[k : len(codes) - n + 1 + k]
    inside = document[: len(total)] == document[n - 1 :]
    return document[: len(total)][inside], _mixed(total[inside], n)


def _words(folded: Sequence[str], codes: Longs, lengths: Ints) -> list[tuple[Ints, Longs]]:
    """Rows of one to three words, by the hash of each word."""
    begins, ends, rows, offset = [], [], [], 0
    for i, text in enumerate(folded):
        spans = [m.span() for m in _WORD.finditer(text)]
        begins += [offset + a for a, _ in spans]
        ends += [offset + b for _, b in spans]
        rows += [i] * len(spans)
        offset += int(lengths[i])
    begin, end, row = np.array(begins, np.int64), np.array(ends, np.int64), np.array(rows, np.int64)
    if not len(begin):
        return []
    prefix = _prefix(codes)
    powers = _powers(int((end - begin).max()))
    word = prefix[end] - prefix[begin] * powers[end - begin]
    parts = []
    for n in WORDS:
        if len(word) < n:
            continue
        total = np.zeros(len(word) - n + 1, np.uint64)
        for k in range(n):
            total = total * _MIX + (word[k : len(word) - n + 1 + k] ^ (word[k : len(word) - n + 1 + k] >> np.uint64(29)))
        inside = row[: len(total)] == row[n - 1 :]
        parts.append((row[: len(total)][inside], _mixed(total[inside], 100 + n)))
    return parts


def _prefix(codes: Longs) -> Longs:
    """``prefix[i]`` is the polynomial hash of the first ``i`` codes, modulo 2^64: with the inverse of the base it is a running sum."""
    inverse = np.uint64(pow(int(_BASE), -1, 1 << 64))
    n = len(codes)
    down = np.cumprod(np.concatenate(([np.uint64(1)], np.full(n, inverse, np.uint64))), dtype=np.uint64)
    up = np.cumprod(np.concatenate(([np.uint64(1)], np.full(n, _BASE, np.uint64))), dtype=np.uint64)
    sums = np.concatenate(([np.uint64(0)], np.cumsum(codes * down[1:], dtype=np.uint64)))
    prefix: Longs = sums * up
    return prefix


def _powers(most: int) -> Longs:
    powers: Longs = np.cumprod(np.concatenate(([np.uint64(1)], np.full(most, _BASE, np.uint64))), dtype=np.uint64)
    return powers


def _mixed(total: Longs, salt: int) -> Longs:
    """Well spread in the upper bits, and other for each length."""
    total = (total ^ np.uint64(salt * 0x51_7C_C1_B7)) * _MIX
    total ^= total >> np.uint64(32)
    mixed: Longs = total * _BASE
    return mixed


def _unit(values: Floats, starts: Ints) -> Floats:
    squares = np.concatenate(([0.0], np.cumsum(values.astype(np.float64) ** 2)))
    lengths = np.sqrt(np.maximum(squares[starts[1:]] - squares[starts[:-1]], 1e-12))
    unit: Floats = (values / np.repeat(lengths, np.diff(starts))).astype(np.float32)
    return unit
