"""A book's own LaTeX commands, put in full: what a reader of one exercise cannot know.

Reads ``\\newcommand`` and its kin, ``\\def`` with plain parameters and ``\\DeclareMathOperator``; what is cleverer stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_DEFINITION = re.compile(
    r"\\(?:(?:re)?newcommand|providecommand|DeclareRobustCommand)\s*\*?\s*(?:\{\s*(?P<braced>\\(?:[A-Za-z@]+|.))\s*\}|(?P<bare>\\(?:[A-Za-z@]+|.)))"
    r"\s*(?:\[(?P<count>\d)\])?\s*(?:\[(?P<default>[^\[\]]*)\])?\s*(?=\{)"
    r"|\\DeclareMathOperator\s*(?P<star>\*?)\s*\{?\s*(?P<operator>\\[A-Za-z]+)\s*\}?\s*(?=\{)"
    r"|\\(?:long\s*|global\s*)*\\?def\s*(?P<def>\\(?:[A-Za-z@]+|.))(?P<parameters>(?:#\d)*)\s*(?=\{)"
)
_COMMAND = re.compile(r"\\([A-Za-z@]+|.)", re.DOTALL)
_PARAMETER = re.compile(r"#(\d)")
_ENDS_IN_COMMAND = re.compile(r"\\[A-Za-z]+$")
_ROUNDS = 12
"""Commands that stand for commands, this deep."""
_LONGEST = 200_000
"""Characters of a text in full; what grows beyond it explodes on purpose."""
_PROTECTED = frozenset(
    {"begin", "end", "item", "section", "chapter", "subsection", "input", "include", "documentclass", "left", "right", "\\"}
)
"""Commands on whose names the structure of a text hangs; a book that changes how they look changes nothing here."""


@dataclass(frozen=True, slots=True)
class Macro:
    """How many arguments a command takes, what the first is where it is left out, and what stands for it (``#1``)."""

    count: int
    default: str | None
    body: str


def macros_in(text: str) -> dict[str, Macro]:
    """The commands that a preamble defines, by their names without backslash; of several definitions the last."""
    macros: dict[str, Macro] = {}
    for match in _DEFINITION.finditer(text):
        body = argument(text, match.end())
        if body is None:
            continue
        name = next(n for n in (match["braced"], match["bare"], match["operator"], match["def"]) if n)[1:]
        if name in _PROTECTED or "@" in name or "@" in body[0]:
            continue
        if match["operator"]:
            macros[name] = Macro(0, None, rf"\operatorname{match['star']}{{{body[0]}}}")
        else:
            count = len(match["parameters"]) // 2 if match["def"] else int(match["count"] or 0)
            macros[name] = Macro(count, match["default"], body[0])
    return macros


def expand(text: str, macros: Mapping[str, Macro]) -> str:
    """The text with the book's own commands in full, as far as they end."""
    if not macros or "\\" not in text:
        return text
    for _ in range(_ROUNDS):
        longer = _once(text, macros)
        if longer == text or len(longer) > _LONGEST:
            break
        text = longer
    return text


def _once(text: str, macros: Mapping[str, Macro]) -> str:
    out: list[str] = []
    at = 0
    for match in _COMMAND.finditer(text):
        macro = macros.get(match[1])
        if macro is None or match.start() < at:
            continue
        taken = _arguments(text, match.end(), macro)
        if taken is None:
            continue
        arguments, end = taken
        body = _PARAMETER.sub(lambda m, a=arguments: a[int(m[1]) - 1] if 0 < int(m[1]) <= len(a) else "", macro.body)  # type: ignore[misc]
        # A command at the end of what stands for another would run into the letter behind it.
        gap = " " if _ENDS_IN_COMMAND.search(body) and text[end : end + 1].isalpha() else ""
        out += [text[at : match.start()], body, gap]
        at = end
    return "".join(out) + text[at:]


def _arguments(text: str, at: int, macro: Macro) -> tuple[list[str], int] | None:
    """What a command is called with, and where that ends; None where it is not called so."""
    arguments: list[str] = []
    if macro.default is not None:
        inside = re.compile(r"\s*\[([^\[\]]*)\]").match(text, at)
        arguments.append(inside[1] if inside else macro.default)
        at = inside.end() if inside else at
    while len(arguments) < macro.count:
        taken = argument(text, at) or _token(text, at)
        if taken is None:
            return None
        arguments.append(taken[0])
        at = taken[1]
    return arguments, at


def argument(text: str, at: int) -> tuple[str, int] | None:
    """What stands between the braces that open at a place (or after white space), and where they end; None where none open."""
    while at < len(text) and text[at].isspace():
        at += 1
    if text[at : at + 1] != "{":
        return None
    depth, i = 0, at
    while i < len(text):
        c = text[i]
        if c == "\\":
            i += 2
            continue
        depth += (c == "{") - (c == "}")
        i += 1
        if not depth:
            return text[at + 1 : i - 1], i
    return None


def _token(text: str, at: int) -> tuple[str, int] | None:
    """One letter or command, which LaTeX takes for an argument too."""
    match = re.compile(r"\s*(\\(?:[A-Za-z]+|.)|[^\s{}\\])").match(text, at)
    return (match[1], match.end()) if match else None
