"""Which words two texts do not share, in any order, and whether that makes one a rewording of the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from rapidfuzz.distance import Levenshtein

from dedupe.guard.slips import slip
from dedupe.guard.tokens import Word
from dedupe.guard.words import FILLERS, LIGHT, stem

NEAR_SHARE = 0.25
"""Up to this share of unshared content words, two texts are one text with something changed, and not a rewording."""


@dataclass(slots=True)
class Unshared:
    """Words that only one text has, after inflections and typing slips were matched."""

    first: list[Word]
    second: list[Word]
    slips: int
    shared: int
    """Content words that both have."""


def is_rewording(first: Sequence[Word], second: Sequence[Word], unshared: Unshared) -> bool:
    """Whether so much is said otherwise, on both sides and in more than a few places, that these are two ways to put something."""
    heavy_first, heavy_second = ([w for w in side if w.text not in LIGHT] for side in (unshared.first, unshared.second))
    if not heavy_first or not heavy_second or len(unshared.first) == len(unshared.second) == 1:
        return False
    return len(heavy_first) + len(heavy_second) > NEAR_SHARE * 2 * unshared.shared and not _in_place(first, second)


def _in_place(first: Sequence[Word], second: Sequence[Word]) -> bool:
    """Whether one text is the other with few short passages exchanged: a template filled differently, and not another way to say it."""
    left, right = ([stem(word.text) for word in _content(side)] for side in (first, second))
    blocks = [code for code in Levenshtein.opcodes(left, right) if code.tag != "equal"]
    if all(code.tag == "replace" for code in blocks):
        return True
    return len(blocks) <= 2 and all(max(b.src_end - b.src_start, b.dest_end - b.dest_start) <= 3 for b in blocks)


def _content(words: Sequence[Word]) -> list[Word]:
    return [word for word in words if word.text not in FILLERS]


def unshared_words(first: Sequence[Word], second: Sequence[Word]) -> Unshared:
    left, right = _content(first), _content(second)
    in_both = Counter(stem(w.text) for w in left) & Counter(stem(w.text) for w in right)
    shared = sum(count for key, count in in_both.items() if key not in LIGHT)
    only_left, only_right = _without(left, in_both), _without(right, in_both)
    slips = 0
    if len(only_left) <= 40 and len(only_right) <= 40:
        slips = _match_slips(only_left, only_right)
    slips += _match_joins(only_left, only_right) + _match_joins(only_right, only_left)
    slips += _drop_fillers(only_left, second) + _drop_fillers(only_right, first)
    return Unshared(only_left, only_right, slips, shared + slips)


def _without(words: Sequence[Word], taken: Counter[str]) -> list[Word]:
    left = Counter(taken)
    unmatched = []
    for word in words:
        key = stem(word.text)
        if left[key] > 0:
            left[key] -= 1
        else:
            unmatched.append(word)
    return unmatched


def _match_slips(left: list[Word], right: list[Word]) -> int:
    """Takes pairs that differ by a typing slip out of both lists; says how many."""
    count = 0
    for word in list(left):
        match = next((other for other in right if slip(word.text, other.text)), None)
        if match is not None:
            left.remove(word)
            right.remove(match)
            count += 1
    return count


def _match_joins(left: list[Word], right: list[Word]) -> int:
    """The same for ``key board`` against ``keyboard``."""
    count = 0
    joined = {before.text + after.text for before, after in pairwise(right)}
    for word in [word for word in left if word.text in joined]:
        for place in range(len(right) - 1):
            if right[place].text + right[place + 1].text == word.text:
                left.remove(word)
                del right[place : place + 2]
                count += 1
                break
    return count


def _drop_fillers(words: list[Word], other: Sequence[Word]) -> int:
    """Takes out misspelled fillers, which the other text may spell right."""
    fillers = {word.text for word in other} & FILLERS
    slips = [word for word in words if any(slip(word.text, filler) for filler in fillers)]
    for word in slips:
        words.remove(word)
    return len(slips)
