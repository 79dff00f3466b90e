"""Whether one word is a misspelling of another, and not another word."""

from __future__ import annotations

import re
from functools import lru_cache

from rapidfuzz.distance import OSA

from dedupe.guard.words import CLOSED, HALVES, KEPT_APART, NUMBER_WORDS, frequent, is_word, lexicon, opposites

RARER = 100
"""Times rarer than a word another must be for a keystroke inside it to be a slip."""

_TELLING = ("ate", "ite", "ide", "ane", "ene", "yne", "ose", "ase", "ol", "al", "one", "ic", "ous", "ium", "in", "ine", "an", "yl", "il")
_PLACE = re.compile(r"[a-z]th")
"""As in the nth."""
_KEYS = {
    key: frozenset(neighbours)
    for key, _, neighbours in (
        pair.partition(":")
        for row in (
            "q:wa w:qeas e:wrsd r:etdf t:ryfg y:tugh u:yihj i:uojk o:ipkl p:ol",
            "a:qwsz s:awedxz d:serfcx f:drtgvc g:ftyhbv h:gyujnb j:huikmn k:jiolm l:kop",
            "z:asx x:zsdc c:xdfv v:cfgb b:vghn n:bhjm m:njk",
        )
        for pair in row.split()
    )
}


@lru_cache(maxsize=65536)
def slip(a: str, b: str, language: str = "en", *, names: bool = False) -> bool:
    """Whether one word is a misspelling of the other: one keystroke away (two in long words), and not itself another word.

    Where both are words, only one of a closed class can be misspelled as one of an open class; where neither is, they must be long and
    differ by what a keyboard does. ``names`` are told apart by less.
    """
    if a > b:
        a, b = b, a
    shorter = min(len(a), len(b))
    distance = OSA.distance(a, b, score_cutoff=2)
    if distance > (2 if shorter >= 7 else 1) or (a in KEPT_APART and b in KEPT_APART) or (_PLACE.fullmatch(a) and _PLACE.fullmatch(b)):
        return False
    if shorter < 2:
        return False
    # Now the two are near enough; whether it is a slip depends on which of them are words.
    here, there = is_word(a, language), is_word(b, language)
    common = frequent(a) or frequent(b)
    if not common and ((_opposed(a, b) and is_word(min(a, b, key=len), language)) or _ends_tell(a, b)):
        return False
    if here and there:
        return distance == 1 and (_closed_slip(a, b) or _closed_slip(b, a) or (not names and _far_fetched(a, b)))
    if not (a.isascii() or language in ("de", "fr", "es", "pt", "it", "ru")):
        return False
    if here or there:
        word, wrong = (a, b) if here else (b, a)
        # Of two letters anything is near anything ("pa", "pH").
        if shorter == 2 and not common:
            return False
        # Names are one letter apart by nature (Jon, Joan): only what a keyboard does, or a long one, and not one that goes on.
        if names and not common:
            return (
                distance == 1
                and (_by_keyboard(word, wrong) or shorter >= 6)
                and (wrong == word + word[-1] or not wrong.startswith(word))
                and not word.startswith(wrong)
            )
        return distance == 1 or word[0] == wrong[0]
    return distance == 1 and shorter >= 6 and a[0] == b[0] and _by_keyboard(a, b)


def _opposed(a: str, b: str) -> bool:
    return a in opposites(b) or b in opposites(a)


def _closed_slip(word: str, other: str) -> bool:
    """Whether ``word`` belongs to a closed class and ``other`` neither to that class nor to what counts."""
    if (word not in CLOSED and word not in NUMBER_WORDS) or other in NUMBER_WORDS or other in KEPT_APART or other in HALVES:
        return False
    return CLOSED.get(word, -1) != CLOSED.get(other, -2) and other != word + "s"


def _far_fetched(a: str, b: str) -> bool:
    """Whether a letter lost, added or moved makes a frequent word one that is ``RARER`` (curious, curios), and no inflection of it."""
    if len(a) == len(b) and sorted(a) != sorted(b):
        return False
    counts = lexicon("en")
    rare, common = sorted((a, b), key=lambda word: counts.get(word, 0))
    if counts.get(common, 0) < RARER * max(counts.get(rare, 0), 1) or not counts.get(rare, 0):
        return False
    longer, shorter = (a, b) if len(a) > len(b) else (b, a)
    return len(shorter) > 2 and not longer.startswith(shorter) and longer[1:] != shorter and rare not in KEPT_APART and not _opposed(a, b)


def _by_keyboard(a: str, b: str) -> bool:
    """Whether the difference is a transposition, a doubled or lost letter inside, or a neighbouring key."""
    if len(a) == len(b):
        places = [place for place in range(len(a)) if a[place] != b[place]]
        if len(places) == 2:
            return places[1] == places[0] + 1 and a[places[0]] == b[places[1]] and a[places[1]] == b[places[0]]
        return len(places) == 1 and (b[places[0]] in _KEYS.get(a[places[0]], ()) or a[places[0]] in _KEYS.get(b[places[0]], ()))
    return True


def _ends_tell(a: str, b: str) -> bool:
    """Whether the words have endings that name substances and the like, and not the same."""
    first, second = (next((ending for ending in _TELLING if word.endswith(ending)), "") for word in (a, b))
    return len(a) == len(b) and sorted(a) != sorted(b) and bool(first) and bool(second) and first != second
