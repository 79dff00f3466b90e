"""By what an item is scored: the one gate for trials, snapshots, and the harnesses of others."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Literal, get_args

from thresher.pairwise import winner
from thresher.rules.exercise_keys import LETTERS
from thresher.rules.exercises import options
from thresher.text import normalise

Way = Literal["choice", "keyed", "maths", "preference", "judged", "unkeyed"]
"""How an item is scored. ``choice``: the letter of an option. ``keyed``: a number or a few words, letter for letter. ``maths``: a formula,
by a scorer that knows algebra. ``preference``: the letter of the better response. ``judged``: a key in prose or a rubric, by a model.
``unkeyed``: by nothing that is in the item."""

WAYS: Final[tuple[Way, ...]] = get_args(Way)
PREFERENCE: Final = "preference"
COMPARED: Final[tuple[Way, ...]] = ("choice", "keyed", "maths", PREFERENCE)
"""Ways in which the answer ends in a form that a program compares."""

_FORMULA = re.compile(r"\\\((.+)\\\)\.?", re.DOTALL)
_NUMBER = re.compile(r"[-\u2212+]?(?:\d+|[1-9]\d{0,2}(?:,\d{3})+)(?:\.\d+)?\s*(?:\\?%)?")
_POINT_LANGUAGES: Final = frozenset({"en", "zh", "ja", "ko", "th", "he", "hi", ""})
"""Languages that write 3.5 and 1,000; the others write 3,5 and 1.000."""
_DECIMAL_COMMA = re.compile(r"(?<=\d)(?:\{,\}|,)(?=\d)")
_WORDS = re.compile(r"[^\W\d_]+(?:[ '\u2019-][^\W\d_]+){0,2}")
_LONGEST_FORMULA = 80
_BRACKETED = re.compile(r"[(\[{][^()\[\]{}]*[)\]}]")
_NO_ALGEBRA = re.compile(
    r"\\(?:[ ;!)$]|(?:text|mathrm|begin|approx|ldots|dots|quad|circ|mu|Omega|to|in|pm|mp|times)(?![A-Za-z]))"
    r"|[:;%]|(?<![\\A-Za-z])[A-Za-z]{3,}"
)
"""Units, words, lists, rounding, either-or."""


def way_and_answer(
    kind: str, target: str, choices: Sequence[str], rubric: str, *, language: str = "", voted: bool = True
) -> tuple[Way, str]:
    """The way of an item by its columns, and its key as it is to be compared: never empty but in ``unkeyed``. In ``judged`` it is all
    that a judge goes by. ``voted``: whether the target of a preference is a key."""
    target = target.strip()
    if kind == PREFERENCE:
        letter = winner(choices, target) if voted and len(choices) == 2 else ""
        return (PREFERENCE, letter) if letter else ("unkeyed", "")
    if target and (letter := letter_of(target, choices)):
        return "choice", letter
    way, answer = comparable(target, language)
    if way:
        return way, answer
    criteria = "\n\n".join(filter(None, (target, rubric.strip())))
    return ("judged", criteria) if criteria else ("unkeyed", "")


def comparable(target: str, language: str = "") -> tuple[Literal["keyed", "maths"] | None, str]:
    """Whether a program can compare an answer with a key, and the key as it is to be compared.

    ``keyed`` is a number (its separators of thousands are left out) with or without a percent sign, or up to three words without a digit
    or a mark; ``maths`` one short formula that is all of the key and holds no words, units, or list. Anything else needs a reader: a
    worked solution, a key in parts, a measure, of which units and rounding can be written in many ways. A number of a language with decimal
    commas is given with a point; one that could be thousands there (``1.234``) is left to a reader.
    """
    formula = _FORMULA.fullmatch(target)
    text = (formula[1] if formula else target).strip().removesuffix(".").strip()
    if writes_comma(language):
        if re.fullmatch(r"[-\u2212+]?[1-9]\d{0,2}\.\d{3}", text):
            return None, ""
        text = _DECIMAL_COMMA.sub(".", text) if text.count(",") == 1 and "." not in text else text
    if _NUMBER.fullmatch(text):
        return "keyed", re.sub(r"[,\s\\]", "", text).replace("\u2212", "-").removeprefix("+")
    if formula:
        return ("maths", text) if _is_algebra(text) else (None, "")
    return ("keyed", text) if _WORDS.fullmatch(text) else (None, "")


def writes_comma(language: str) -> bool:
    """Whether numbers of a language have a decimal comma."""
    return language.partition("-")[0].lower() not in _POINT_LANGUAGES


def _is_algebra(formula: str) -> bool:
    outside = formula
    while (shorter := _BRACKETED.sub("", outside)) != outside:
        outside = shorter
    return len(formula) <= _LONGEST_FORMULA and not _NO_ALGEBRA.search(formula) and "," not in outside and formula.count("=") <= 1


def letter_of(target: str, choices: Sequence[str]) -> str:
    """The letter of the option that the target names, as ``B) two``, ``B`` or ``two``; empty where it names none, or two."""
    named = normalise(target)
    lettered = list(zip(LETTERS, choices, strict=False))
    matching = [letter for letter, choice in lettered if named in {normalise(f"{letter}) {choice}"), normalise(choice), normalise(letter)}]
    return matching[0] if len(matching) == 1 and len(choices) == len(lettered) else ""


def without_options(text: str, choices: Sequence[str]) -> str:
    """A question without the options that end it."""
    return text.removesuffix(options(tuple(choices))).rstrip() or text
