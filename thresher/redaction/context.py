"""What stands around a number: a word that says what it is (``cues.toml``), or a calculation that it belongs to."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files

from thresher.redaction.span import LONGEST_TAG, TAG, Span


class Lazy:
    """A pattern that is compiled when it is first needed: all of them take a fifth of a second, and most commands need none."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern

    @cached_property
    def search(self) -> Callable[..., re.Match[str] | None]:
        """As of ``re.Pattern``."""
        return re.compile(self._pattern).search

    @cached_property
    def match(self) -> Callable[..., re.Match[str] | None]:
        """As of ``re.Pattern``."""
        return re.compile(self._pattern).match

    @cached_property
    def fullmatch(self) -> Callable[..., re.Match[str] | None]:
        """As of ``re.Pattern``."""
        return re.compile(self._pattern).fullmatch

    @cached_property
    def finditer(self) -> Callable[..., Iterator[re.Match[str]]]:
        """As of ``re.Pattern``."""
        return re.compile(self._pattern).finditer


CUES: Mapping[str, Mapping[str, Sequence[str]]] = tomllib.loads(files("thresher.redaction").joinpath("cues.toml").read_text("utf-8"))

_READ = 64
"""Characters around a number that are looked at."""
_LETTER_NEAR = Lazy(r"[^\W\d_][^\n]{0,26}$")
"""Among the figures of a table no word needs to be looked for."""
_LIST_GAP = 24
_GAP = rf"\.?[^\n.!?\d]{{0,{_LIST_GAP}}}"
"""What may stand between a word and its number: no figure, no end of a sentence."""
_TOUCHING = r"\.?[\s:=#\"'*_(\[<>~^+|-]*"


def any_of(words: Sequence[str]) -> str:
    """One pattern of many; the whole must be a word."""
    return rf"(?<![^\W\d_])(?:{'|'.join(words)})(?![^\W\d_])"


def words_before(text: str, start: int, count: int) -> str:
    """Up to ``count`` characters before ``start``. A tag is blanked: ``[PHONE]`` and ``[ID]`` are no words that say what a number is, or a
    text that was redacted would be read otherwise than before."""
    window = text[max(0, start - count - LONGEST_TAG) : start]
    if "]" in window:
        window = TAG.sub(lambda tag: "_" * len(tag.group()), window)
    return window[-count:]


class Cue:
    """The words of one section of ``cues.toml``."""

    def __init__(self, name: str) -> None:
        section = CUES[name]
        before = [any_of(section[kind]) + gap for kind, gap in (("words", _GAP), ("exact", _TOUCHING)) if kind in section]
        self._before = Lazy(rf"(?i)(?:{'|'.join(before)})$")
        behind = "|".join(section.get("behind", ()))
        self._behind = Lazy(rf"(?i)(?:\s?[(\[]\s?|[\s,]{{1,2}}(?:is|ist|es|est) (?:\w+ )?)(?:{behind})\b") if behind else None

    def beside(self, text: str, start: int, end: int) -> bool:
        """Whether one stands beside ``text[start:end]``."""
        return self.before(text, start) or (self._behind is not None and self._behind.match(text, end) is not None)

    def before(self, text: str, start: int) -> bool:
        """Whether one stands right before ``text[start:]``."""
        window = words_before(text, start, _READ)
        return _LETTER_NEAR.search(window) is not None and self._before.search(window) is not None


class Listed:
    """Numbers of one kind, one after another: what a word says of the first holds for those that follow it as near as a word may stand."""

    _BETWEEN = Lazy(_GAP)

    def __init__(self) -> None:
        self._ends: set[int] = set()

    def add(self, start: int, end: int, tag: str) -> Span:
        """The place of one, which is to be replaced."""
        self._ends.add(end)
        return Span(start, end, tag)

    def follows(self, text: str, start: int) -> bool:
        """Whether one stands before ``start``."""
        nearest = max(0, start - _LIST_GAP)
        return any(end in self._ends and self._BETWEEN.fullmatch(text, end, start) for end in range(nearest, start))


_OPERATOR_BEFORE = Lazy(
    r"(?i)(?:[*/^=<>%\u00d7\u00f7\u00b7\u00b1\u221a\u2211|&~\u2212\u2013]|\\[a-z]+|(?:^|[\s(])[-+]|[\d)\]}][ ]?[-+])\s*\(*\s*$"
)
_OPERATOR_AFTER = Lazy(r"\s*\)*\s*(?:[*/^=<>%\u00d7\u00f7\u00b7\u00b1|&~]|[-+\u2212\u2013]\s*[\d(]|\\(?:times|cdot|div|pm|mod)|!(?!\w))")
_ASKED_BEFORE = Lazy(rf"(?i){any_of(CUES['calculation']['before'])}[\s:(,]*(?:the |of |a |is |\w+ ){{0,2}}[\s:($]*$")
_ASKED_AFTER = Lazy(rf"(?i)[\s)?]*(?:is |a |the |as )*(?:{'|'.join(CUES['calculation']['after'])})")


def calculates(text: str, start: int, end: int) -> bool:
    """Whether the number at ``text[start:end]`` belongs to a calculation, or to a question about numbers."""
    before = text[max(0, start - _READ) : start]
    return bool(
        _OPERATOR_BEFORE.search(before) or _OPERATOR_AFTER.match(text, end) or _ASKED_BEFORE.search(before) or _ASKED_AFTER.match(text, end)
    )


def holds(*words: str) -> Callable[[str], bool]:
    """A look for any of the words."""

    def held(text: str) -> bool:
        for word in words:  # noqa: SIM110 - half the time of any() with a generator
            if word in text:
                return True
        return False

    return held


@dataclass(frozen=True, slots=True)
class Number:
    """Six figures or more near one another. ``start`` is where its word begins (``DE`` of an IBAN), ``digits`` its first figure."""

    start: int
    digits: int


_RUN = Lazy(r"\d(?:[A-Z \t\u00a0\u2009\u202f()./\u2010\u2011\u2013-]{0,3}\d){5,}+")
_BETWEEN_FIGURES = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ \t()./-"
"""What ``_RUN`` lets stand between two figures, as far as it is ASCII."""
_AS_FIGURES = bytes(ord("0" if chr(byte) in "0123456789" else " ") for byte in range(256))
_SIX_FIGURES = b"0" * 6
"""Looked for in a text with ``0`` for every figure and nothing between them: a quarter of the time of the pattern, and mostly not there."""
_LONGEST_PREFIX = 10
_PART_OF_A_NAME = frozenset("_/=#%&-.")
"""Before a number these say that it is a piece of an address or of a name: ``/questions/1234567``, ``fs-id2662649``."""


def numbers_in(text: str) -> list[Number]:
    """Where a telephone number, a card or an account may begin; mostly nowhere."""
    if text.isascii() and _SIX_FIGURES not in text.encode().translate(_AS_FIGURES, _BETWEEN_FIGURES):
        return []
    found = []
    for run in _RUN.finditer(text):
        start = digits = run.start()
        while start and digits - start < _LONGEST_PREFIX and text[start - 1].isalnum():
            start -= 1
        before = text[start - 1 : start]
        if not (before in _PART_OF_A_NAME or before.isalnum()) or text[max(0, start - 6) : start].lower() in ("wa.me/", "phone="):
            found.append(Number(start, digits))
    return found
