"""What a row of a snapshot asks, how its answer is scored, and so which rows share a configuration.

Runners score all rows of a configuration alike, and an empty target makes scorers such as ``match`` and ``includes`` call every answer
right: each way of scoring has configurations of its own, and rows that nothing can be scored by are in none of them. A preference leaves
as what a judge is asked.
"""

from __future__ import annotations

import re
from typing import Any, Final, Literal, get_args

from store.snapshot.licences import Family
from thresher.pairwise import judge_prompt, winner
from thresher.rules.exercise_keys import LETTERS
from thresher.rules.exercises import options
from thresher.text import content_hash, normalise

Way = Literal["choice", "keyed", "maths", "preference", "judged", "unkeyed"]
"""How a row is scored. ``choice``: the letter of an option. ``keyed``: a number or a few words, letter for letter. ``maths``: a formula,
by a scorer that knows algebra. ``preference``: the letter of the better response. ``judged``: a key in prose or a rubric, by a model.
``unkeyed``: by nothing that is in the row."""

_WAYS: Final[tuple[Way, ...]] = get_args(Way)
_FAMILIES: Final[tuple[Family, ...]] = get_args(Family)

PREFERENCE: Final = "preference"

_FORMULA = re.compile(r"\\\((.+)\\\)\.?", re.DOTALL)
_NUMBER = re.compile(r"[-\u2212+]?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+)?\s*(?:\\?%)?")
_WORDS = re.compile(r"[^\W\d_]+(?:[ '\u2019-][^\W\d_]+){0,2}")
_LONGEST_FORMULA = 80
_BRACKETED = re.compile(r"[(\[{][^()\[\]{}]*[)\]}]")
_NO_ALGEBRA = re.compile(
    r"\\(?:[ ;!)$]|(?:text|mathrm|begin|approx|ldots|dots|quad|circ|mu|Omega|to|in|pm|mp|times)(?![A-Za-z]))"
    r"|[:;%]|(?<![\\A-Za-z])[A-Za-z]{3,}"
)
"""Units, words, lists, rounding, either-or."""


def config_of(family: Family | None, way: Way) -> str | None:
    """The configuration of a row by its licence and by how it is scored."""
    if family is None:
        return None
    return way if family == "default" else f"{family}-{way}"


def way_of(config: str) -> Way | None:
    """How the rows of a configuration are scored; None for one without texts."""
    return next((way for way in _WAYS if config in {config_of(family, way) for family in _FAMILIES}), None)


CONFIGS: Final[tuple[str, ...]] = tuple(config for family in _FAMILIES for way in _WAYS if (config := config_of(family, way)))
"""Of rows with text, the freest licence first."""


def asked(item: dict[str, Any]) -> dict[str, Any]:
    """The columns of what a model is asked, and the key; of a preference the letter of the better response, where the vote is a key."""
    if item["kind"] != PREFERENCE or len(item["choices"]) != 2:
        return {"messages": item["messages"], "input": item["prompt"], "target": item["target"]}
    prompt = judge_prompt(item["messages"], item["choices"])
    letter = winner(item["choices"], item["target"]) if item["key_status"] != "none" else ""
    return {"messages": [{"role": "user", "content": prompt}], "input": prompt, "target": letter}


def scored(row: dict[str, Any]) -> tuple[Way, dict[str, str]]:
    """How a row is scored, with the columns ``question`` and ``answer`` that scorers read.

    ``answer`` is never empty but in ``unkeyed``; ``question`` is the input without its options, in ``choice`` alone.
    """
    target = row["target"].strip()
    if row["kind"] == PREFERENCE:
        return (PREFERENCE, _columns(answer=target)) if target else ("unkeyed", _columns())
    if target and (letter := _letter(target, row["choices"])):
        return "choice", _columns(_without_options(row["input"], row["choices"]), letter)
    way, answer = comparable(target)
    if way:
        return way, _columns(answer=answer)
    criteria = "\n\n".join(filter(None, (target, row["rubric"].strip())))
    return ("judged", _columns(answer=criteria)) if criteria else ("unkeyed", _columns())


def _columns(question: str = "", answer: str = "") -> dict[str, str]:
    return {"question": question, "answer": answer}


def comparable(target: str) -> tuple[Literal["keyed", "maths"] | None, str]:
    """Whether a program can compare an answer with a key, and the key as it is to be compared.

    ``keyed`` is a number (its separators of thousands are left out) with or without a percent sign, or up to three words without a digit
    or a mark; ``maths`` one short formula that is all of the key and holds no words, units, or list. Anything else needs a reader: a
    worked solution, a key in parts, a measure, of which units and rounding can be written in many ways.
    """
    formula = _FORMULA.fullmatch(target)
    text = (formula[1] if formula else target).strip().removesuffix(".").strip()
    if _NUMBER.fullmatch(text):
        return "keyed", re.sub(r"[,\s\\]", "", text).replace("\u2212", "-").removeprefix("+")
    if formula:
        return ("maths", text) if _is_algebra(text) else (None, "")
    return ("keyed", text) if _WORDS.fullmatch(text) else (None, "")


def _is_algebra(formula: str) -> bool:
    outside = formula
    while (shorter := _BRACKETED.sub("", outside)) != outside:
        outside = shorter
    return len(formula) <= _LONGEST_FORMULA and not _NO_ALGEBRA.search(formula) and "," not in outside and formula.count("=") <= 1


def _letter(target: str, choices: list[str]) -> str:
    """The letter of the option that the target names, as ``B) two``, ``B`` or ``two``; empty where it names none, or two."""
    named = normalise(target)
    lettered = list(zip(LETTERS, choices, strict=False))
    matching = [letter for letter, choice in lettered if named in {normalise(f"{letter}) {choice}"), normalise(choice), normalise(letter)}]
    return matching[0] if len(matching) == 1 and len(choices) == len(lettered) else ""


def _without_options(text: str, choices: list[str]) -> str:
    return text.removesuffix(options(tuple(choices))).rstrip() or text


def votes(item: dict[str, Any]) -> dict[str, Any]:
    """Of a preference, the hashes of both responses in the order shown and the letter of the better one: what leaves where they may not."""
    if item["kind"] != PREFERENCE:
        return {"response_hashes": [], "better": ""}
    return {"response_hashes": [content_hash(text) for text in item["choices"]], "better": winner(item["choices"], item["target"])}
