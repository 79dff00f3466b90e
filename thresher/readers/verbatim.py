"""Where words that somebody quotes stand in a text: letter for letter, or else without regard to white space, quotation and Markdown marks.
What is given back are places in the text itself; None for words that are not there.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

GAP = re.compile(r"\s*\[\s*(?:\.\.\.|\u2026)\s*\]\s*")
"""How a quotation says that its middle was left out."""
_LEAST_OF_PART = 8
"""Letters and digits of a part beside a gap: less is found by accident."""
_MARKS = frozenset(
    "\"'`*_~>#\\\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb\u2039\u203a\u300c\u300d\u300e\u300f\u00b4\u2033\u2032"
)
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|nbsp|apos|#39|#34);")
_ENTITIES = {"&lt;": "<", "&gt;": "", "&amp;": "&", "&quot;": "", "&nbsp;": "", "&apos;": "", "&#39;": "", "&#34;": ""}
_ESCAPED = re.compile(r"\\[nrt]")
_EDGES = "\"'`\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb\u300c\u300d\u300e\u300f"
_PAIRS = dict(zip("\"'`\u2018\u201c\u201e\u00ab\u300c\u300e", "\"'`\u2019\u201d\u201c\u00bb\u300d\u300f", strict=True))


class Folded(NamedTuple):
    """A text without what may differ, and where in the text each of its characters stood."""

    text: str
    places: list[int]


def folded(text: str) -> Folded:
    """Letters, digits and signs, in compatibility form; white space, quotation and Markdown marks are left out."""
    kept: list[str] = []
    places: list[int] = []
    at = 0
    while at < len(text):
        char = text[at]
        if char == "&" and (match := _ENTITY.match(text, at)):
            kept += _ENTITIES[match.group()]
            places += [at] * len(_ENTITIES[match.group()])
            at = match.end()
            continue
        if char == "\\" and (match := _ESCAPED.match(text, at)):
            at = match.end()
            continue
        if not (char.isspace() or char in _MARKS or unicodedata.category(char) == "Cf"):
            for plain in unicodedata.normalize("NFKC", char):
                if not plain.isspace():
                    kept.append(plain)
                    places.append(at)
        at += 1
    return Folded("".join(kept), places)


def find(text: str, words: str, after: int = 0) -> tuple[int, int] | None:
    """The first place of these words from ``after`` on; with a gap in them, from their beginning to their end."""
    words = words.strip()
    if not folded(words).text:
        return None
    exact = text.find(words, after)
    while exact >= 0:
        if _whole_words(text, exact, exact + len(words)):
            return _without_marks(text, exact, exact + len(words))
        exact = text.find(words, exact + 1)
    parts = [part for part in GAP.split(words) if part.strip()]
    if len(parts) > 1:
        return _around_gaps(text, parts, after)
    return _find_folded(text, words, after)


def _around_gaps(text: str, parts: list[str], after: int) -> tuple[int, int] | None:
    start = None
    for part in parts:
        if len(folded(part).text) < _LEAST_OF_PART:
            return None
        place = find(text, part, after)
        if place is None:
            return None
        start = place[0] if start is None else start
        after = place[1]
    return None if start is None else (start, after)


def _find_folded(text: str, words: str, after: int) -> tuple[int, int] | None:
    wanted = folded(words).text
    if not wanted:
        return None
    there = folded(text)
    begin = next((i for i, place in enumerate(there.places) if place >= after), len(there.places))
    at = there.text.find(wanted, begin)
    while at >= 0:
        start, end = there.places[at], there.places[at + len(wanted) - 1] + 1
        if _whole_words(text, start, end):
            return start, end
        at = there.text.find(wanted, at + 1)
    return None


def _whole_words(text: str, start: int, end: int) -> bool:
    """Whether nothing is cut out of a longer word or number of a script with spaces: *12* is not in *312*."""
    before, behind = text[start - 1 : start], text[end : end + 1]
    return not (_joins(before, text[start]) or _joins(text[end - 1], behind))


def _joins(one: str, other: str) -> bool:
    return bool(one) and bool(other) and one.isascii() and other.isascii() and one.isalnum() and other.isalnum()


def _without_marks(text: str, start: int, end: int) -> tuple[int, int]:
    """Without one pair of quotation marks around all of it."""
    if end - start > 2 and text[start] in _PAIRS and text[end - 1] in _EDGES and _PAIRS[text[start]] == text[end - 1]:
        inner = text[start + 1 : end - 1]
        if text[start] not in inner and text[end - 1] not in inner:
            return start + 1, end - 1
    return start, end
