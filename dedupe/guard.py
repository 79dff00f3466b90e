"""Whether two texts that look alike ask the same: every difference names itself.

No cosine can tell ``12 * 7`` from ``13 * 7``; this can. ``check`` first compares what must be equal in any wording (numbers, symbols,
code, dates, negations, names, options, targets), then judges the words: where nearly all are shared, each one that is not counts; where
many differ it is a rewording, which only opposites, names and quantifiers can still forbid, and for which the caller asks a high cosine.
Pure: no model, no clock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from dedupe.features import Profile, Word, profile
from dedupe.wording import Unshared, is_rewording, same_order, slip, unshared_words
from dedupe.words import FILLERS, LIGHT, NUMBER_WORDS, QUANTIFIERS, known, opposites
from thresher.text import normalise

APART_KINDS = frozenset(("reply", "alternate", "step", "transcript"))
"""Kinds that ask something of their own about a text; the other kinds may share one prompt."""

LONG_CUT = 15
"""Tokens that a text must have left to be taken for the cut-off beginning of another."""
CUT_SHARE = 0.5
"""Of the longer text, that must be left."""
SHORT_TARGET = 60
"""Characters up to which a target is an answer, and not an explanation in somebody's own words."""


@dataclass(frozen=True, slots=True)
class Comparable:
    """What the dedupe sees of an item."""

    item_id: str
    prompt: str
    choices: tuple[str, ...] = ()
    target: str = ""
    kind: str = ""
    language: str = ""


_OPERATORS = frozenset("=<>^*\u2264\u2265\u2260\u221a\u2211\u222b\u03c0\u2192")

Match = Literal["form", "reworded", "apart"]


@dataclass(frozen=True, slots=True)
class Finding:
    """``form``: equal but for spelling, format or a cut-off end. ``reworded``: nothing forbids that they are the same. ``apart``:
    ``reason`` does."""

    match: Match
    reason: str


@lru_cache(maxsize=16384)
def profile_of(text: str) -> Profile:
    """``features.profile``, remembered: an item is compared with many."""
    return profile(text)


def check(a: Comparable, b: Comparable) -> Finding:
    """Symmetric: ``check(a, b) == check(b, a)``."""
    first, second = profile_of(a.prompt), profile_of(b.prompt)
    if first.empty or second.empty:
        return Finding("apart", "empty text")
    reason = _frame(a, b)
    if reason:
        return Finding("apart", reason)
    if _folded(a.prompt) == _folded(b.prompt):
        return Finding("form", "equal but for case and white space") if first.code == second.code else Finding("apart", "code")
    found = compare_profiles(first, second)
    if found.match == "reworded" and a.kind == b.kind == "exercise":
        return Finding("apart", "another exercise")
    return found


@lru_cache(maxsize=16384)
def _folded(text: str) -> str:
    return normalise(text)


def compare_profiles(first: Profile, second: Profile) -> Finding:
    """The prompts alone."""
    if _size(first) < _size(second):
        first, second = second, first
    if _is_cut_from(second, first):
        return Finding("form", "cut off")
    first, second = _without_misspelled_number(first, second), _without_misspelled_number(second, first)
    unshared = unshared_words(first.words, second.words)
    if first.code != second.code or first.rest != second.rest:
        return Finding("apart", "code" if first.code != second.code else "end of a long text")
    if is_rewording(first.words, second.words, unshared):
        reason = next(_conflicts_in_rewording(first, second, unshared), "")
        return Finding("apart", reason) if reason else Finding("reworded", "reworded")
    reason = next(_conflicts_in_detail(first, second, unshared), "")
    return Finding("apart", reason) if reason else Finding("form", "spelling" if unshared.slips else "format")


def _conflicts_in_detail(first: Profile, second: Profile, unshared: Unshared) -> Iterator[str]:
    """What differs between two texts that share nearly all; anything counts."""
    if _numbers(first) != _numbers(second):
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
    if len(unshared.first) == len(unshared.second) == 1:
        yield "one word substituted"
    if bool(unshared.first) != bool(unshared.second):
        yield "words added"
    if unshared.first:
        yield "words substituted"
    if not same_order(first.words, second.words, unshared.slips):
        yield "order of words"


def _conflicts_in_rewording(first: Profile, second: Profile, unshared: Unshared) -> Iterator[str]:
    """What even another wording may not change. Prose marks such as a slash may differ; in a text with a formula nothing of it may."""
    formula = any(_is_formula(symbol) for symbol in (*first.symbols, *second.symbols))
    quantified = [{word.text for word in side} & QUANTIFIERS for side in (unshared.first, unshared.second)]
    if Counter(_digits(first)) != Counter(_digits(second)):
        yield "numbers"
    if _units_clash(first.units, second.units):
        yield "units"
    if set(first.dates) != set(second.dates):
        yield "dates"
    if formula and first.symbols != second.symbols:
        yield "symbols"
    if first.negations % 2 != second.negations % 2:
        yield "negation"
    if _opposites(unshared):
        yield "opposites"
    if _names(unshared.first, second.words) or _names(unshared.second, first.words):
        yield "names"
    if all(quantified):
        yield "quantifiers"
    if _same_start(first, second):
        yield "another question about the same"


def _same_start(first: Profile, second: Profile) -> bool:
    """Whether both begin with the same words for half of the shorter one: one scenario, and then two questions."""
    shared = 0
    for here, there in zip(first.stream, second.stream, strict=False):
        if here != there:
            break
        shared += 1
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


def _frame(a: Comparable, b: Comparable) -> str:
    """What differs around the prompt."""
    if a.language and b.language and a.language != b.language:
        return "language"
    if a.kind != b.kind and (a.kind in APART_KINDS or b.kind in APART_KINDS):
        return "kind"
    if _options(a.choices) != _options(b.choices):
        return "options"
    return "target" if _targets_clash(a.target, b.target) else ""


def _targets_clash(a: str, b: str) -> bool:
    """Short targets are answers and must be equal; in long ones, which may be explained in other words, most of the numbers must be."""
    if not a or not b or _answer(a) == _answer(b):
        return False
    if max(len(a), len(b)) <= SHORT_TARGET:
        return True
    here, there = Counter(_numbers(profile_of(a))), Counter(_numbers(profile_of(b)))
    return bool(here and there) and 2 * (here & there).total() < max(here.total(), there.total())


def _options(choices: Sequence[str]) -> Counter[str]:
    return Counter(_answer(choice) for choice in choices)


def _answer(text: str) -> str:
    return normalise(text).strip(" .;")


def _size(text: Profile) -> tuple[int, int, tuple[Word, ...], tuple[str, ...], tuple[str, ...]]:
    return len(text.words) + len(text.symbols) + len(text.code), len(text.words), text.words, text.symbols, text.code


def _numbers(text: Profile) -> list[str]:
    return [symbol for symbol in text.symbols if symbol[0].isdigit()]


def _is_cut_from(short: Profile, long: Profile) -> bool:
    """Whether one is the beginning of the other, broken off: at an ellipsis, inside a word, or unfinished where the whole is finished."""
    kept, whole = short.stream, long.stream
    if short.code or long.code or long.rest or len(kept) < LONG_CUT or not CUT_SHARE * len(whole) <= len(kept) < len(whole):
        return False
    last, there = kept[-1], whole[len(kept) - 1]
    if kept[:-1] != whole[: len(kept) - 1] or not there.startswith(last):
        return False
    if short.cut or (last != there and last.isalpha() and len(last) > 1 and not known(last)):
        return True
    return long.ends and not short.ends and len(whole) - len(kept) > 1


def _without_misspelled_number(profile: Profile, other: Profile) -> Profile:
    """Where one text says ``five`` and the other ``fie``: the number taken for a word again, so that the words can be compared."""
    if len(profile.symbols) != len(other.symbols) + 1:
        return profile
    for place, word in profile.spelled:
        if profile.symbols[:place] + profile.symbols[place + 1 :] == other.symbols and any(slip(word, seen.text) for seen in other.words):
            return replace(profile, symbols=other.symbols, words=_inserted(profile, word))
    return profile


def _inserted(profile: Profile, word: str) -> tuple[Word, ...]:
    """The words with ``word`` where it stands in the text."""
    before = profile.stream[: profile.stream.index(word)]
    place = min(len(profile.words), sum(1 for token in before if token.isalpha() and len(token) > 1 and token not in NUMBER_WORDS))
    return (*profile.words[:place], Word(word, False), *profile.words[place:])


def _opposites(unshared: Unshared) -> bool:
    first, second = ({word.text for word in side} for side in (unshared.first, unshared.second))
    return any(opposites(word) & second for word in first) or any(opposites(word) & first for word in second)


def _names(unshared: Sequence[Word], other: Sequence[Word]) -> bool:
    if not any(word.name for word in unshared):
        return False
    others = {word.text for word in other}
    return any(word.name and word.text not in others and word.text not in LIGHT and word.text not in FILLERS for word in unshared)
