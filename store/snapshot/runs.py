"""Word runs of texts as 64-bit hashes: eight words in a row, by their letters alone.

All texts of a batch are hashed at once, as one array of code points: a loop over words would take ten times as long.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from thresher.text import normalise

WORDS = 8
Hashes = NDArray[np.uint64]
Owners = NDArray[np.int64]

_ONE_BY_ONE = ((0x3040, 0x30FF), (0x3400, 0x9FFF), (0xAC00, 0xD7AF), (0x0E00, 0x0E7F))
"""Scripts that write no space between words; they count by character."""
_APART, _LETTER, _ALONE = 0, 1, 2
_BETWEEN_LETTERS, _BETWEEN_WORDS = np.uint64(0x9FB21C651E98DF25), 0x9E3779B97F4A7C15
"""Odd, and otherwise of no meaning."""
_POWERS = np.array([pow(_BETWEEN_WORDS, k, 2**64) for k in range(WORDS)], dtype=np.uint64)


def runs_of(texts: Sequence[str]) -> tuple[Hashes, Owners]:
    """The hash of every run in these texts, and for each the index of the text that it is in."""
    compared = [text.lower() if text.isascii() else normalise(text) for text in texts]
    codes = np.frombuffer("\n".join(compared).encode("utf-32-le", "surrogatepass"), np.uint32)
    kinds = _kinds()[codes]
    inside = np.flatnonzero(kinds)
    if len(inside) < WORDS:
        return np.empty(0, np.uint64), np.empty(0, np.int64)
    before = np.concatenate((np.zeros(1, kinds.dtype), kinds[inside[1:] - 1]))
    begins = np.flatnonzero((kinds[inside] == _ALONE) | (before != _LETTER))
    words = _words(codes[inside], begins)
    ends = np.cumsum([len(text) + 1 for text in compared])
    owner = np.searchsorted(ends, inside[begins], side="right")
    count = len(words) - WORDS + 1
    if count < 1:
        return np.empty(0, np.uint64), np.empty(0, np.int64)
    hashes = np.zeros(count, dtype=np.uint64)
    for k in range(WORDS):
        hashes += words[k : k + count] * _POWERS[k]
    whole = owner[:count] == owner[WORDS - 1 :]
    return hashes[whole], owner[:count][whole]


def _words(letters: NDArray[np.uint32], begins: NDArray[np.int64]) -> Hashes:
    """A hash of each word: its code points as the coefficients of a polynomial modulo 2**64, and its bits stirred."""
    lengths = np.diff(begins, append=len(letters))
    powers = np.full(int(lengths.max()), _BETWEEN_LETTERS)
    powers[0] = 1
    place = np.arange(len(letters)) - np.repeat(begins, lengths)
    words: Hashes = np.add.reduceat((letters.astype(np.uint64) + np.uint64(1)) * np.multiply.accumulate(powers)[place], begins)
    words ^= words >> np.uint64(32)
    words *= _BETWEEN_LETTERS
    words ^= words >> np.uint64(29)
    return words


@cache
def _kinds() -> NDArray[np.uint8]:
    """Of each code point whether it is a letter of a word, a word alone, or neither."""
    kinds = np.fromiter((chr(code).isalnum() for code in range(sys.maxunicode + 1)), np.uint8, sys.maxunicode + 1)
    for first, last in _ONE_BY_ONE:
        kinds[first : last + 1] = _ALONE
    return kinds


class Sieve:
    """A set of hashes in a bit for each: it may say of one that it is in it though it is not, and never the other way.

    Where it holds ``expected`` hashes or fewer it is wrong about one in eight at most; of more than 2**28 about more, in 256 MB.
    """

    def __init__(self, expected: int) -> None:
        log2 = min(31, max(16, (8 * expected).bit_length()))
        self._shift = np.uint64(64 - log2)
        self._bits = np.zeros(2 ** (log2 - 3), np.uint8)

    def add(self, hashes: Hashes) -> None:
        """Put them in."""
        places = self._places(hashes)
        np.bitwise_or.at(self._bits, places >> np.uint64(3), self._bit(places))

    def may_hold(self, hashes: Hashes) -> NDArray[np.bool_]:
        """Which of them are in it, or are said to be."""
        places = self._places(hashes)
        return np.asarray(self._bits[places >> np.uint64(3)] & self._bit(places), np.bool_)

    def _places(self, hashes: Hashes) -> Hashes:
        return (hashes * np.uint64(_BETWEEN_WORDS)) >> self._shift

    @staticmethod
    def _bit(places: Hashes) -> NDArray[np.uint8]:
        return np.left_shift(np.uint8(1), (places & np.uint64(7)).astype(np.uint8))


class Exact:
    """A set of hashes that is never wrong; most that are not in it are told so by a sieve."""

    def __init__(self, parts: Sequence[Hashes]) -> None:
        self._ordered = np.unique(np.concatenate([np.empty(0, np.uint64), *parts]))
        self._sieve = Sieve(len(self._ordered))
        self._sieve.add(self._ordered)

    def __len__(self) -> int:
        return len(self._ordered)

    def holds(self, hashes: Hashes) -> NDArray[np.bool_]:
        """Which of them are in it."""
        hit = self._sieve.may_hold(hashes)
        if len(self) and hit.any():
            left = hashes[hit]
            place = np.minimum(np.searchsorted(self._ordered, left), len(self) - 1)
            hit[hit] = self._ordered[place] == left
        return hit
