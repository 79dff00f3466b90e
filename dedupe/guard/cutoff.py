"""Whether one text is the beginning of another, broken off before its end.

A beginning alone proves nothing (``Explain tides`` begins ``Explain tides to a child``): it must show that it was cut.
"""

from __future__ import annotations

import re

from dedupe.guard.words import UNFINISHED, frequent, is_word

CUT_SHARE = 0.5
"""Of the longer text, that must be left."""
FEW, SOME, MANY = 3, 6, 25
"""Words that must be left where the cut is plain to see (an ellipsis, half a word), and where it only shows in a
missing full stop, and where not even that shows."""

_DOTS = re.compile(r"\s*(?:\[\s*(?:\.\.\.|\u2026)\s*\]|\(\s*(?:\.\.\.|\u2026)\s*\)|\.{3,}|\u2026)\s*\Z")
_MORE_DOTS = re.compile(r"\s*(?:\.\.\.|\u2026)")
_CLOSED = re.compile(r"[.?!:;)\]\"'}`$\u201d\u2019\u3002\uff1f\uff01\u061f\u0964]\Z")
_LAST = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*\Z")
_NEXT = re.compile(r"[^\W\d_]*")
_WORD = re.compile(r"[^\W\d_]{2,}")
_SPACED = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\s*\n\s*")
_DANGLING = re.compile(r"(?:\s\([A-Za-z0-9]{1,3}\)|\s[A-Z][.)]|\s[a-h1-9]\)|\s[=+]|[\u24d0-\u24e9])\Z")
_LETTER_PER_WORD = 3
"""In scripts without spaces, so many characters count as a word."""


def is_cut_from(short: str, long: str) -> bool:
    """Whether ``short`` is ``long``, cut off; white space and case do not matter, nor do other marks for the ellipsis."""
    cut, whole = _even(short), _even(long)
    bare = _DOTS.sub("", cut)
    dots = len(bare) < len(cut)
    if dots and _DOTS.search(whole):
        return False
    if not len(bare) < len(whole) or len(bare) < CUT_SHARE * len(whole) or whole[: len(bare)].casefold() != bare.casefold():
        return False
    words = _words(bare)
    rest = whole[len(bare) :]
    # Cut inside a word, but never inside a number: 12 is not 120 cut off.
    inside = bare[-1:].isalnum() and rest[:1].isalnum()
    if inside and (bare[-1].isdigit() or rest[0].isdigit()):
        return False
    if dots and _MORE_DOTS.match(rest):
        return False
    if dots:
        return words >= FEW or len(bare) >= 20
    return words >= FEW and _shows(bare, rest, words, inside=inside, ends=_CLOSED.search(whole) is not None)


def _shows(bare: str, rest: str, words: int, *, inside: bool, ends: bool) -> bool:
    """Whether the end of ``bare`` shows that ``rest`` is missing."""
    if _open(bare) > _open(bare + rest):
        return True
    match = _LAST.search(bare)
    last = match.group() if match else ""
    follow = len(_WORD.findall(rest))
    if inside:
        return _half_word(last, rest, words, ends=ends)
    if _DANGLING.search(bare):
        return words >= SOME and follow > 0
    if _CLOSED.search(bare):
        return False
    if last.lower() in UNFINISHED and rest[:1] == " ":
        return follow > 0
    # Nothing at the cut itself shows it: from here on the rest must look like the end of the same sentence, and enough must be left.
    if words < SOME or rest[:1] != " ":
        return False
    if "\n" in rest and _WORD.search(rest[: rest.index("\n")]):
        return True
    begins = rest.lstrip(" ,;")[:1]
    natural = begins.islower() or not begins.isalpha() or not begins.isascii()
    more = len(rest.split()) > 1 or words > SOME + 1
    return natural and bool(last) and follow > 0 and ((ends and more) or (words >= MANY and follow > 2))


def _half_word(last: str, rest: str, words: int, *, ends: bool) -> bool:
    """Whether the last letters are half a word, and not a shorter word where the other text has a longer one."""
    lost = _NEXT.match(rest)
    left = len(lost.group()) if lost else 0
    if not last or rest.lower() in ("s", "es"):
        return False
    # More follows than the other half of a word: this is no pair of a shorter and a longer word at the end.
    if len(rest) > left + 1 and words >= SOME:
        return True
    if len(last) == 1:
        return last.islower() and last not in "ai" and left > 2
    if len(last) == 2 and left > 1 and not frequent(last.lower()):
        return True
    return not is_word(last.lower()) or (ends and left > 2 and words >= SOME)


def _open(text: str) -> int:
    """How many things are begun in a text and not ended: parentheses, formulas, blocks of code."""
    return (
        max(text.count("(") - text.count(")"), 0)
        + max(text.count("\\[") - text.count("\\]"), 0)
        + max(text.count("{") - text.count("}"), 0)
        + text.count("```") % 2
        + text.count("$$") % 2
    )


def _even(text: str) -> str:
    return _LINES.sub("\n", _SPACED.sub(" ", text)).strip()


def _words(text: str) -> int:
    spaced = text.count(" ") + text.count("\n") + 1
    return spaced if text.isascii() else max(spaced, len(text) // _LETTER_PER_WORD)
