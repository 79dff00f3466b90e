"""Denials in two wordings: whether one text denies what the other says."""

from __future__ import annotations

from itertools import islice

from dedupe.guard.features import Profile
from dedupe.guard.words import FILLERS, LIGHT, language_of, negates, stem

REACH = 4
"""Tokens after a denial among which stands what it denies."""

_IDLE = frozenset((("not", "sure"), ("not", "know"), ("no", "idea"), ("not", "understand"), ("not", "only"), ("not", "certain")))


def denials_clash(first: Profile, second: Profile) -> bool:
    """Whether one text denies what the other says. Both deny, or neither, or else, in English, the next word of content after the denial
    stands undenied in the other: ``it does not hurt`` against ``it hurts``. ``Cannot sleep`` is another way to say ``insomnia``."""
    if (first.negations - second.negations - _idle_negations(first) + _idle_negations(second)) % 2 == 0:
        return False
    if not language_of(first.stream) == language_of(second.stream) == "en":
        return True
    here, there = _denied(first), _denied(second)
    return bool((here - there) & {stem(word.text) for word in second.words} or (there - here) & {stem(word.text) for word in first.words})


def _denied(text: Profile) -> set[str]:
    """The stem of the word that each denial is about."""
    stems: set[str] = set()
    for place, token in enumerate(text.stream):
        if negates(token):
            after = text.stream[place + 1 : place + 1 + REACH]
            about = (word for word in after if word.isalpha() and word not in LIGHT and word not in FILLERS and not negates(word))
            stems.update(stem(word) for word in islice(about, 1))
    return stems


def _idle_negations(text: Profile) -> int:
    """Denials that ask and deny nothing: somebody is not sure, does not know, has no idea."""
    return sum(pair in _IDLE for pair in zip(text.stream, text.stream[1:], strict=False))
