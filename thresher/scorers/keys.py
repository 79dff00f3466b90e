"""What of a key code can compare: a quantity, a formula, words, or lettered parts of which each is one of these."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from thresher.scorers.base import Task
from thresher.scorers.formula import Tree, UnreadableFormula, parse
from thresher.scorers.quantities import Quantity, quantity
from thresher.scorers.ways import writes_comma

Comma = Literal["thousands", "decimal"]
Single = Quantity | Tree

_LABEL = re.compile(
    r"(?:^|(?<=[\s;,]))[*_]{0,2}(?:\(([a-h])\)|([a-h])\)|(?<![\w.])([a-h])\.(?=\s)|([\u24d0-\u24d7]))[*_]{0,2}[:.]?\s*", re.MULTILINE
)
_SEGMENT = re.compile(r"\\\((.+?)\\\)|\\\[(.+?)\\\]|\$\$(.+?)\$\$|\$(.+?)\$", re.DOTALL)
_JOINING = re.compile(r"[\s,;.]|\b(?:and|or|y|o|et|ou|und|oder)\b", re.IGNORECASE)
_MATHEMATICAL = re.compile(r"[\\^_=<>{}()\[\]|]|\d\s*[-+*/]|[-+*/]\s*\d")


@dataclass(frozen=True, slots=True)
class Parts:
    """Answers by letter."""

    answers: Mapping[str, Single]


def comma_of(language: str) -> Comma:
    """What a comma in a number means."""
    return "decimal" if writes_comma(language) else "thousands"


def key_of(task: Task) -> Single | Parts | None:
    """The key of a task that code can compare; None for words, prose, and where a part of it is prose."""
    target = (task.answer if task.way == "maths" else task.target).strip()
    if not target or len(target) > 2000:
        return None
    comma = comma_of(task.language)
    parts = labelled(target)
    if parts is None:
        return single(target, comma, formula=task.way == "maths")
    answers = {letter: single(text, comma) for letter, text in parts.items()}
    read = {letter: answer for letter, answer in answers.items() if answer is not None}
    return Parts(read) if len(read) == len(answers) > 1 else None


def labelled(text: str, *, ending: bool = False) -> dict[str, str] | None:
    """The texts behind (a), (b) and so on, where these are all of a text and come in order; None for others, or where a letter comes
    twice. ``ending``: where they end a text, the last time that they begin with (a)."""
    marks = list(_LABEL.finditer(text))
    if ending:
        marks = marks[max((n for n, mark in enumerate(marks) if _letter(mark) == "a"), default=0) :]
    letters = [_letter(mark) for mark in marks]
    if not marks or (text[: marks[0].start()].strip() and not ending) or letters != [chr(ord("a") + n) for n in range(len(letters))]:
        return None
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    return {letter: text[mark.end() : end].strip().strip(";,").strip() for letter, mark, end in zip(letters, marks, ends, strict=True)}


def _letter(mark: re.Match[str]) -> str:
    letter = next(group for group in mark.groups() if group)
    return letter if letter.isascii() else chr(ord(letter) - 0x24D0 + ord("a"))


def single(text: str, comma: Comma, *, formula: bool = False) -> Single | None:
    """A quantity, or a formula where the text is nothing else. ``formula``: it is known to be one, also without the marks of LaTeX."""
    text = text.strip("*`_ ")
    if not formula and (measured := quantity(text, comma=comma)) is not None:
        return measured
    joined = _formulas(text)
    if joined is None and (formula or _MATHEMATICAL.search(text)) and not _SEGMENT.search(text):
        joined = text
    if joined is None or (comma == "decimal" and re.search(r"\d(?:\{,\}|,)\d", joined)):
        return None
    try:
        return parse(joined.strip().rstrip(".").strip())
    except UnreadableFormula:
        return None


def _formulas(text: str) -> str | None:
    """The formulas of a text that holds no words beside them, joined as a list."""
    segments = [next(group for group in match.groups() if group) for match in _SEGMENT.finditer(text)]
    outside = _JOINING.sub("", _SEGMENT.sub("", text))
    return ", ".join(segments) if segments and not outside.strip("*_` ") else None


def formulas_in(text: str) -> list[Tree]:
    """Every formula of a question that can be read."""
    read = []
    for match in list(_SEGMENT.finditer(text))[:40]:
        try:
            read.append(parse(next(group for group in match.groups() if group).strip().rstrip(".,;")))
        except UnreadableFormula:
            continue
    return read
