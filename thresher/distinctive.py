"""Words by which texts about one thing are told from others: what to search for, to meet more of it."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

_WORD = re.compile(r"[^\W\d_]{4,24}")
_COMMON = 0.03
"""The share of all texts from which on a word tells nothing, unless a thing has as many texts itself."""


class Text(NamedTuple):
    """What one author wrote of one thing."""

    about: str
    author: str
    words: frozenset[str]

    @classmethod
    def of(cls, about: str, author: str, text: str) -> Text:
        """From the text itself; words of four letters or more, in lower case."""
        return cls(about, author, frozenset(_WORD.findall(text.lower())))


def words_of(texts: Sequence[Text], about: Collection[str], leave_out: Collection[str] = ()) -> Mapping[str, tuple[str, ...]]:
    """Of each thing the word that best tells it from the rest, and the one that best goes with it there; nothing where no word does.

    A word weighs the number of authors who use it of the thing, times the logarithm of how rare it is among all texts (tf-idf). It must
    be used by two authors of the thing, so that a query never repeats what one person wrote, and of all texts stand in a few alone.
    """
    spread = Counter(word for text in texts for word in text.words)
    most = max(2.0, _COMMON * len(texts))
    by_thing: dict[str, list[Text]] = {}
    for text in texts:
        by_thing.setdefault(text.about, []).append(text)
    found = {}
    for thing in about:
        own = by_thing.get(thing, [])
        first = _best(own, spread, most, len(texts), leave_out)
        if first:
            second = _best([text for text in own if first in text.words], spread, most, len(texts), {*leave_out, first})
            found[thing] = (first, second) if second else (first,)
    return found


def _best(own: Sequence[Text], spread: Mapping[str, int], most: float, of: int, leave_out: Collection[str]) -> str:
    authors: dict[str, set[str]] = {}
    for text in own:
        for word in text.words:
            authors.setdefault(word, set()).add(text.author)
    weights = {
        word: len(by) * math.log(of / spread[word])
        for word, by in authors.items()
        if len(by) >= 2 and spread[word] <= max(most, len(own)) and word not in leave_out
    }
    return max(weights, key=lambda word: (weights[word], word), default="")
