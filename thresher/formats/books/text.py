"""The last touches on a text, code, formulas, lists: what the writers of all formats share.

A Writer of a format gives blocks between blank lines, with ``KEPT`` for each space that must stay; ``tidy`` finishes the whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

SPACE = re.compile(r"[ \t\r\n]+")
SUFFIX = re.compile(r"(?:th|st|nd|rd|s|es)\b")
"""What may follow a formula without a space: the n-th, all the x-s."""
KEPT = "\x01"
"""A space inside code, until the text is finished."""
_BLANK, _LINE, _FENCE = "\n\n", "\n", "```"
_TIDY: tuple[tuple[str, re.Pattern[str], str], ...] = (
    ("  ", re.compile(r"(?<=\S)  +"), " "),
    ("\n\n\n", re.compile(r"\n{3,}"), "\n\n"),
    (r"\) ", re.compile(r"(?<=\\\)) (?=[.,;:?!](?:\s|$))"), ""),
)
"""What stands in every text that the pattern changes, the pattern, and what takes its place."""
_CIRCLED = re.compile(r"(?<=[\u24d0-\u24e9])(?=[^\s\u24d0-\u24e9.,)])")
"""Behind a circled letter that touches its option."""
_LIGATURES = {"\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi", "\ufb04": "ffl"}
"""Left over from typesetting."""
_LIGATURE = re.compile("[\ufb00-\ufb04]")


class UnknownElement(ValueError):
    """An element that no rule renders or leaves out."""


def tidy(text: str) -> str:
    """A text finished: one blank line between blocks, one space between words; code keeps its own spaces."""
    return settled(text).replace(KEPT, " ")


def settled(text: str) -> str:
    """A part of a text that will be finished with the whole: its kept spaces are still marked."""
    if "\n" in text:
        text = "\n".join(_tidy_line(line) for line in text.split("\n"))
    for needle, pattern, replacement in _TIDY:
        if needle in text:
            text = pattern.sub(replacement, text)
    if not text.isascii():
        text = _LIGATURE.sub(lambda m: _LIGATURES[m[0]], _CIRCLED.sub(" ", text))
    return text.strip()


def _tidy_line(line: str) -> str:
    """Nothing at its end, and no single space at its beginning: more than one is an indent."""
    line = line.rstrip(" \t")
    return line[1:] if line[:1] == " " and line[1:2] != " " else line


def spaced(text: str) -> str:
    """Space between words made single, line breaks too."""
    if "\n" in text or "  " in text or "\t" in text or "\r" in text:
        return SPACE.sub(" ", text)
    return text


def code_block(code: str, language: str = "") -> str:
    """Code between fences, a block of its own; its fence is longer than any in it."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", code)), default=0))
    return f"\n\n{fence}{language}\n" + code.strip("\n").expandtabs(4).replace(" ", KEPT) + f"\n{fence}\n\n"


def inline_code(code: str) -> str:
    """Code within a line."""
    flat = SPACE.sub(" ", code).strip()
    ticks = "`" * (1 + max((len(run) for run in re.findall(r"`+", flat)), default=0))
    return f"{ticks}{flat}{ticks}" if flat else ""


def display(latex: str) -> str:
    """A formula on lines of its own."""
    latex = latex.strip()
    return f"\n\\[{latex}\\]\n" if latex else ""


def emphasised(inner: str, mark: str) -> str:
    """Words between marks, white space outside them; as they are where marks would not read as emphasis."""
    core = inner.strip()
    only_math = core.startswith("\\(") and core.endswith("\\)")
    if only_math or "\n" in core or "*" in core or not any(c.isalnum() for c in core):
        return inner
    return inner.replace(core, f"{mark}{core}{mark}")


def listing(items: Iterable[tuple[str, str]]) -> str:
    """A list as a block: each item behind its mark, its further lines under it."""
    return "\n\n" + "\n".join(f"{mark}{_tight(settled(text))}".replace(_LINE, _LINE + KEPT * 3) for mark, text in items) + "\n\n"


def _tight(text: str) -> str:
    """The blocks of an item without blank lines between them, outside of code."""
    if _FENCE not in text:
        return text.replace(_BLANK, _LINE)
    parts = text.split(_FENCE)
    return _FENCE.join(p if n % 2 else p.replace(_BLANK, _LINE) for n, p in enumerate(parts))


def table(rows: list[list[str]], *, head: bool) -> str:
    """Rows between pipes as a block, with a rule under the first where it is a head."""
    width = max((len(r) for r in rows), default=0)
    lines = [
        "| " + " | ".join(" ".join(c.replace("|", "\\|" if "\\(" not in c else "|").split()) for c in [*r, *[""] * (width - len(r))]) + " |"
        for r in rows
    ]
    if head and lines:
        lines.insert(1, "|" + " --- |" * width)
    return "\n\n" + "\n".join(lines) + "\n\n" if width else ""
