"""What differs between two texts, by name: whether it is only form, another wording, or another thing that is asked. Items know more
(``check``)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal

from dedupe.guard.alignment import same_text
from dedupe.guard.denials import denials_clash
from dedupe.guard.features import Profile
from dedupe.guard.tokens import Word
from dedupe.guard.wording import Unshared, is_rewording, unshared_words
from dedupe.guard.words import CAPITALS, CLOSED, FILLERS, LIGHT, QUANTIFIERS, opposites

FEW_CAPITALS = 2
"""So many words in another case are not the case of a whole text."""
CASELESS_UNITS = frozenset(("kg", "km", "cm", "ml", "hz", "lb", "oz", "ft", "in"))
"""Units whose capitals carry no meaning."""
_OPERATORS = frozenset("=<>^*\u2264\u2265\u2260\u221a\u2211\u222b\u03c0\u2192")

Match = Literal["form", "reworded", "apart"]


@dataclass(frozen=True, slots=True)
class Finding:
    """``form``: equal but for spelling, format or a cut-off end. ``reworded``: nothing forbids that they are the same. ``apart``:
    ``reason`` does."""

    match: Match
    reason: str


def compare_profiles(first: Profile, second: Profile) -> Finding:
    """The prompts alone."""
    # One order for each pair, so that no step below can depend on which text came first.
    if _size(first) < _size(second):
        first, second = second, first
    if first.rest != second.rest:
        return Finding("apart", "end of a long text")
    if first.code != second.code or _clash(first.layout, second.layout) or _clash(first.tags, second.tags):
        return Finding("apart", "code")
    if differ(first.numbers, second.numbers) == "conflict":
        return Finding("apart", "numbers")
    form = same_text(first, second)
    # "a model" and "the model" may be two things: not merged by form alone, but left to the scorer.
    if form == "articles":
        return Finding("reworded", "reworded")
    if form:
        return Finding("apart", "capitals") if _capitals_clash(first, second) else Finding("form", form)
    unshared = unshared_words(first.words, second.words)
    if is_rewording(first.words, second.words, unshared):
        reason = next(_conflicts_in_rewording(first, second, unshared), "")
        return Finding("apart", reason) if reason else Finding("reworded", "reworded")
    return Finding("apart", next(_conflicts_in_detail(first, second, unshared)))


def differ(first: Sequence[str], second: Sequence[str]) -> str:
    """``conflict`` where each has one that the other has not, ``added`` where one of them has more, else nothing."""
    if first == second:
        return ""
    kinds, others = set(first), set(second)
    if kinds - others and others - kinds:
        return "conflict"
    # The same ones, but some more often: 2 + 2 = 4 against 2 + 4 = 4.
    here, there = Counter(first), Counter(second)
    if here == there:
        return ""
    return "conflict" if here - there and there - here else "added"


def _clash(first: Sequence[object], second: Sequence[object]) -> bool:
    """Whether both have some, and not the same."""
    return bool(first) and bool(second) and first != second


def _capitals_clash(first: Profile, second: Profile) -> bool:
    """Whether a capital that means something (``US``, ``mW``, the set ``A``) is in one text only, and not the case of a whole text."""
    if first.surface == second.surface or first.stream != second.stream:
        return False
    tokens = zip(first.surface, second.surface, first.kinds, second.kinds, strict=True)
    other_case = [token for token in tokens if token[0] != token[1] and token[0].casefold() == token[1].casefold()]
    telling = sum(_capital_tells(*token) for token in other_case)
    # Many words in another case are a title or a shout; no single one of them was meant.
    if not telling or len(other_case) > FEW_CAPITALS:
        return False
    # Who writes all in one case chose none of the capitals: then they tell only where nothing else is in another case.
    one_case = any("".join(text.surface).islower() or "".join(text.surface).isupper() for text in (first, second))
    return not one_case or telling == len(other_case)


def _capital_tells(here: str, there: str, kind: str, other: str) -> bool:
    """Whether one token in two cases is two things. ``kind`` and ``other`` are its kinds in the two texts (``Profile.kinds``)."""
    # Co and CO, Pa and PA: of two letters, one text writes the first alone in a capital. Small words (Is, is) open sentences.
    like_an_element = len(here) == 2 and here.istitle() != there.istitle() and here.casefold() not in CLOSED
    if like_an_element or "s" in (kind, other):
        # Letters and identifiers: x and X differ. A long one that is a word in the other text is only emphasis.
        return len(here) < 4 or kind == other
    if kind == other == "u":
        # mW and MW differ by a factor of a billion; KG and kg are written as one likes.
        return len(here) < 3 and here.casefold() not in CASELESS_UNITS
    # US and us, May and may: words that a capital makes another word, where it can have been meant.
    meant_as_name = kind != other or any(len(text) > 1 and text.isupper() for text in (here, there))
    return meant_as_name and here.casefold() in CAPITALS | {"a"}


def _conflicts_in_detail(first: Profile, second: Profile, unshared: Unshared) -> Iterator[str]:
    """What differs between two texts that share nearly all; anything counts."""
    if first.numbers != second.numbers or _digits(first) != _digits(second):
        yield "numbers"
    if first.units != second.units:
        yield "units"
    if first.dates != second.dates:
        yield "dates"
    if first.symbols != second.symbols:
        yield "symbols"
    if first.negations != second.negations:
        yield "negation"
    if _opposites(unshared):
        yield "opposites"
    if _names(unshared.first, second.words) or _names(unshared.second, first.words):
        yield "names"
    if {word.text for word in (*unshared.first, *unshared.second)} & QUANTIFIERS:
        yield "quantifiers"
    # From here on the reason only names what differs for the reader: whatever it is, it parts two texts that share nearly all.
    if len(unshared.first) == len(unshared.second) == 1:
        yield "one word substituted"
    if bool(unshared.first) != bool(unshared.second):
        yield "words added"
    if unshared.first:
        yield "words substituted"
    yield "order of words" if sorted(first.stream) == sorted(second.stream) else "a small word or an ending"


def _conflicts_in_rewording(first: Profile, second: Profile, unshared: Unshared) -> Iterator[str]:
    """What even another wording may not change: each text says something of this that the other does not. Which of them forbid, and
    which are left to the scorer, was measured on labelled paraphrases."""
    if _units_clash(first.units, second.units):
        yield "units"
    if differ(first.dates, second.dates) == "conflict":
        yield "dates"
    if _has_formula(first, second) and differ(first.symbols, second.symbols) == "conflict":
        yield "symbols"
    if denials_clash(first, second):
        yield "negation"
    if _opposites(unshared):
        yield "opposites"
    # Both must name somebody else: a rewording may well leave a name out.
    if _names(unshared.first, second.words) and _names(unshared.second, first.words):
        yield "names"
    if _same_start(first, second):
        yield "another question about the same"


def _has_formula(first: Profile, second: Profile) -> bool:
    return any(_is_formula(symbol) for symbol in (*first.symbols, *second.symbols))


def _same_start(first: Profile, second: Profile) -> bool:
    """Whether both begin with the same words for half of the shorter one: one scenario, and then two questions."""
    shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first.stream, second.stream, strict=False)))
    return shared >= 5 and 2 * shared >= min(len(first.stream), len(second.stream))


def _is_formula(symbol: str) -> bool:
    return symbol in _OPERATORS or symbol[0] == "\\" or symbol[0].isalpha() or "_" in symbol


def _digits(text: Profile) -> list[str]:
    """The numbers, without those that are spelled out: they come and go in a rewording (``the first``, ``three of them``)."""
    spelled = {place for place, _ in text.spelled}
    return [symbol for place, symbol in enumerate(text.symbols) if symbol[0].isdigit() and place not in spelled]


def _units_clash(first: Sequence[str], second: Sequence[str]) -> bool:
    """Whether a number has one unit here and another there."""
    there = dict(unit.split(" ", 1) for unit in second)
    return any(there.get(number, unit) != unit for number, unit in (pair.split(" ", 1) for pair in first))


def _size(text: Profile) -> tuple[int, int, tuple[Word, ...], tuple[str, ...], tuple[str, ...]]:
    """A total order of texts, the fuller ones last."""
    return len(text.words) + len(text.symbols) + len(text.code), len(text.words), text.words, text.symbols, text.code


def _opposites(unshared: Unshared) -> bool:
    # Asked both ways, since a denial by prefix is known from the plain word alone: possible knows impossible.
    first, second = ({word.text for word in side} for side in (unshared.first, unshared.second))
    return any(opposites(word) & second for word in first) or any(opposites(word) & first for word in second)


def _names(unshared: Sequence[Word], other: Sequence[Word]) -> bool:
    """Whether a name is among the unshared words that the other text has not even as a plain word."""
    if not any(word.name for word in unshared):
        return False
    others = {word.text for word in other}
    return any(word.name and word.text not in others and word.text not in LIGHT and word.text not in FILLERS for word in unshared)
