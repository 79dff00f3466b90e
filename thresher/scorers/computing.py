"""Questions whose answer is a computation: one closed formula, and beside it nothing but the wish to have its value.

A question that says anything more (a unit, a condition, a form in which to answer) is left to others: what is computed here has to be what
was asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from math import prod
from typing import Final

from thresher.scorers.base import Task
from thresher.scorers.formula import Tree, parse
from thresher.scorers.tokens import UnreadableFormula

_ASKS: Final = re.compile(
    r"\A\s*(?:please\s+)?(?:what(?:'s|\s+is|\s+does)|how\s+much\s+is|calculate|compute|evaluate|work\s+out|find(?:\s+the\s+value\s+of)?|"
    r"was\s+ist|berechne|cu\u00e1nto\s+es|calcula|calcule|combien\s+font|calculez)\s*:?\s+"
    r"(?P<formula>.{1,200}?)(?:\s+equals?)?\s*(?:=\s*)?[.?!]*\s*\Z",
    re.IGNORECASE | re.DOTALL,
)
_MARKS: Final = re.compile(r"\A(?:\\\((.+)\\\)|\\\[(.+)\\\]|\$\$(.+)\$\$|\$(.+)\$|`(.+)`)\Z", re.DOTALL)
_ARITHMETIC: Final = re.compile(r"[\d\s+*/^().\-\u2212\u00d7\u00f7]+")
"""What a formula without the marks of one may hold: no comma, which means two things, and no letter."""
_SIGNS: Final = str.maketrans({"\u2212": "-", "\u00d7": "*", "\u00f7": "/"})
_UNSURE: Final = re.compile(r"(?<![\d.])0\d|\d\s+\d|\d\s*\(|\)\s*[\d(]|\d-\d+-\d|/\s*[\d.]+\s*/")
"""Readings of which there are two: digits in groups, a factor without its sign, a date, two slashes."""
_MOST_EXPONENT: Final = 64
_MOST_DIGITS: Final = 60


def computed(task: Task) -> tuple[str, ...]:
    """The value that the question asks for, as it may be written: a whole number, or a fraction and its decimals where they end. Empty
    where the question is no computation."""
    if len(task.messages) != 1 or task.choices:
        return ()
    asked = _ASKS.match(task.messages[0].content)
    value = _value(asked["formula"].strip()) if asked else None
    if value is None or max(len(str(value.numerator)), len(str(value.denominator))) > _MOST_DIGITS:
        return ()
    decimals = f"{Decimal(value.numerator) / Decimal(value.denominator):f}"
    return tuple(dict.fromkeys([str(value), *([decimals] if Fraction(decimals) == value else [])]))


def _value(formula: str) -> Fraction | None:
    marked = _MARKS.match(formula)
    text = next((group for group in marked.groups() if group), "") if marked else formula
    if (not marked and not _ARITHMETIC.fullmatch(text)) or _UNSURE.search(text):
        return None
    try:
        tree = parse(text.translate(_SIGNS).replace("**", "^"))
        return _exact(tree) if _calculates(tree) else None
    except (UnreadableFormula, ArithmeticError):
        return None


def _calculates(tree: Tree) -> bool:
    """Whether there is anything to compute."""
    return tree.op not in ("number", "neg") or any(_calculates(part) for part in tree.parts)


def _exact(tree: Tree) -> Fraction | None:
    """The four operations and whole powers, by exact fractions; None for anything else."""
    if tree.op == "number":
        return tree.number
    parts = [_exact(part) for part in tree.parts]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts) or tree.op not in _OPERATIONS:
        return None
    return _OPERATIONS[tree.op](known)


def _power(parts: list[Fraction]) -> Fraction | None:
    base, exponent = parts
    if exponent.denominator != 1 or abs(exponent) > _MOST_EXPONENT or len(str(base)) > _MOST_DIGITS or not base:
        return None
    return base ** int(exponent)


_OPERATIONS: Final[Mapping[str, Callable[[list[Fraction]], Fraction | None]]] = {
    "+": lambda parts: sum(parts, Fraction(0)),
    "*": lambda parts: prod(parts, start=Fraction(1)),
    "/": lambda parts: parts[0] / parts[1],
    "neg": lambda parts: -parts[0],
    "^": _power,
}
