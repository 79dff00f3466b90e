"""Programs of a book that its exercises lean on: an exercise that calls a procedure by name needs the listing that defines it.

Definitions are recognised in Lisps and in Python. A name means its last definition before the exercise.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_DEFINITION = re.compile(
    r"^\s*\(\s*(?:define|define-syntax|defun|defn|defmacro)\s+\(?\s*([^\s()]+)|^(?:async\s+)?def\s+(\w+)\s*\(|^class\s+(\w+)", re.MULTILINE
)
_NAME = re.compile(r"[^\s()\[\]{},;:'\"`]+")
_INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_FENCED = re.compile(r"```[^\n]*\n(.*?)```", re.DOTALL)
_SHORTEST = 4
"""Letters of a name that means one thing in a whole book."""
_OF_THE_LANGUAGE = re.compile(
    r"cons|list|length|append|reverse|list-(?:ref|tail)|c[ad]{2,3}r|map|for-each|apply|even\?|odd\?|zero\?|gcd|lcm|remainder|quotient|modulo"
    r"|number\?|symbol\?|pair\?|null\?|equal\?|memq|member|ass(?:oc|q)|error|display|newline|filter|reduce|sqrt|expt|random|print|range"
    r"|sorted|enumerate|open|input|main|__\w+__"
)
"""What books define to explain it and every system has."""
_MOST_LISTINGS = 6
_MOST_LINES = 80
"""What is shown beside an exercise; one that needs more does not stand alone."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A program in the running text, and what it defines."""

    code: str
    language: str
    names: frozenset[str]


def listing_of(code: str, language: str) -> Listing | None:
    """A listing, None where it defines nothing."""
    names = frozenset(
        name for groups in _DEFINITION.findall(code) for name in groups if len(name) >= _SHORTEST and not _OF_THE_LANGUAGE.fullmatch(name)
    )
    return Listing(code, language, names) if names else None


def needed(problem: str, before: Iterable[Listing]) -> tuple[list[Listing], list[str]]:
    """The listings that an exercise needs to be understood, in the book's order, and none with the names that it leans on where they are
    too many. ``before`` are those in front of it."""
    order = list(before)
    last = {name: listing for listing in order for name in listing.names}
    code = "\n".join(_FENCED.findall(problem))
    prose = _FENCED.sub(" ", problem)
    own = {name for groups in _DEFINITION.findall(code) for name in groups}
    words = [*(n for span in _INLINE.findall(prose) for n in _NAME.findall(span)), *_NAME.findall(code)]
    direct = [name for name in dict.fromkeys(words) if name in last and name not in own]
    shown: list[Listing] = []
    waiting = list(direct)
    while waiting:
        listing = last[waiting.pop(0)]
        if listing not in shown:
            shown.append(listing)
            waiting += [n for n in dict.fromkeys(_NAME.findall(listing.code)) if n in last and n not in listing.names and n not in own]
        if len(shown) > _MOST_LISTINGS or sum(s.code.count("\n") + 1 for s in shown) > _MOST_LINES:
            return [], direct
    return sorted(shown, key=order.index), []
