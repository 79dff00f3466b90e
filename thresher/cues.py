"""Cue phrases: a small language for words that signal something, compiled to regular expressions that cannot run away.

A phrase is a row of tokens, matched as whole words in folded text. ``a|b`` is either word, ``word*`` any ending, ``word?`` may be missing,
``...`` up to 60 characters of the same sentence, ``{n}`` a number such as 3, 2.1 or (4), and ``<model>`` the name of a model or a word that
stands for one (``it``, ``the bot``).
Every repetition is bounded, so matching is linear in the text.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

_PLAIN = (
    tuple((mark, "'") for mark in "\u2018\u2019\u00b4")
    + tuple((mark, "-") for mark in "\u2010\u2011\u2012\u2013\u2014")
    + (("\u00a0", " "), ("\u202f", " "))
)
_TOKEN = re.compile(r"[\w'+#/.,:;%&!-]+\*?(?:\|[\w'+#/.,:;%&!-]+\*?)*\??|\.\.\.|\{n\}|<model>(?:'s)?\??")
_GAP = r"\b[^.!?\n]{0,60}?\b"
_SPACE = r"\s{1,3}"
_NUMBER = r"[(#]?\d{1,4}(?:[.-]\d{1,4}){0,3}[a-z]?\)?"
_FEW_NEEDLES = 16
"""More of them take as long to look for as the pattern takes itself."""
NOTHING = r"(?!)"
"""Matches nowhere: an empty list of phrases."""


def fold(text: str) -> str:
    """Lower case and plain quotes and dashes, *of the same length*, so that an index into one is an index into the other."""
    low = text.lower()
    if len(low) != len(text):
        low = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    if not low.isascii():
        for mark, plain in _PLAIN:
            if mark in low:
                low = low.replace(mark, plain)
    return low


def pattern_of(phrase: str, model: str = "") -> str:
    """The regular expression of one phrase. ``model`` stands in for ``<model>``. ValueError says what a phrase may hold."""
    tokens = phrase.split()
    if not tokens or not any(re.search(r"\w", t) for t in tokens):
        raise ValueError(f"cue {phrase!r} holds no word")
    out = ""
    need_space = False
    for token in tokens:
        if not _TOKEN.fullmatch(token):
            raise ValueError(f"cue {phrase!r}: {token!r} is not a token; allowed: words, a|b, word*, word?, ..., {{n}}, <model>")
        if token == "...":
            out += _GAP
            need_space = False
            continue
        optional = token.endswith("?") and len(token) > 1
        body = token.removesuffix("?") if optional else token
        piece = _piece(body, model)
        if optional:
            out += f"(?:{_SPACE}{piece})?" if need_space else f"(?:{piece}{_SPACE})?"
        else:
            out += (_SPACE if need_space else "") + piece
            need_space = True
    return out


def _piece(body: str, model: str) -> str:
    if body == "{n}":
        return _NUMBER
    if body.startswith("<model>"):
        return f"(?:{model or 'it'}){re.escape(body.removeprefix('<model>'))}"
    return _word(body)


def _word(token: str) -> str:
    parts = [re.escape(fold(p).removesuffix("*")) + (r"\w{0,20}" if p.endswith("*") else "") for p in token.split("|")]
    return parts[0] if len(parts) == 1 else "(?:" + "|".join(parts) + ")"


@dataclass(frozen=True)
class Cue:
    """A list of phrases as one pattern, made when it is first needed: there are hundreds, most runs need a few, and `status` none."""

    phrases: tuple[str, ...]
    """The longest first: of two that begin alike, the longer is found."""
    model: str = ""
    """What stands in for ``<model>``."""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Any of the phrases, as whole words, in folded text."""
        if not self.phrases:
            return re.compile(NOTHING)
        return re.compile(rf"(?<!\w)(?:{_tree([b for p in self.phrases for b in _branches(p, self.model)])})(?!\w)")

    @cached_property
    def needles(self) -> tuple[str, ...]:
        """Plain words of which one stands in every text that the pattern finds something in: looking for a few of them first is several
        times as fast as the pattern."""
        needles = sorted({n for p in self.phrases for n in _needles(p)})
        return tuple(n for n in needles if not any(o != n and o in n for o in needles))

    def search(self, folded: str, start: int = 0, end: int = sys.maxsize) -> re.Match[str] | None:
        """The first match between two places of folded text."""
        return self.pattern.search(folded, start, end) if self._may(folded) else None

    def finditer(self, folded: str) -> Iterator[re.Match[str]]:
        """All matches in folded text."""
        return self.pattern.finditer(folded) if self._may(folded) else iter(())

    def match(self, folded: str, start: int = 0) -> re.Match[str] | None:
        """A match that begins at ``start``."""
        return self.pattern.match(folded, start)

    def ends(self, folded: str, rest: str) -> bool:
        """Whether a match ends folded text, but for the pattern ``rest``."""
        return self._may(folded) and self._ending(rest).search(folded) is not None

    def _ending(self, rest: str) -> re.Pattern[str]:
        if rest not in self._endings:
            self._endings[rest] = re.compile(rf"{self.pattern.pattern}{rest}\Z")
        return self._endings[rest]

    @cached_property
    def _endings(self) -> dict[str, re.Pattern[str]]:
        return {}

    def without(self, folded: str) -> str:
        """The text with a space in the place of every match."""
        return self.pattern.sub(" ", folded) if self._may(folded) else folded

    def _may(self, folded: str) -> bool:
        if len(self.needles) > _FEW_NEEDLES:
            return True
        for needle in self.needles:  # noqa: SIM110 - half the time of any() with a generator, in the innermost loop
            if needle in folded:
                return True
        return False


def _branches(phrase: str, model: str) -> list[tuple[str, str]]:
    """A phrase as the letters with which it may begin and the regular expression behind them, in the order in which they are tried."""
    first, _, rest = phrase.partition(" ")
    if first == "..." or first.startswith(("{n}", "<model>")):
        return [("", pattern_of(phrase, model))]
    optional = first.endswith("?") and len(first) > 1
    branches = []
    for word in first.removesuffix("?").split("|") if optional else first.split("|"):
        letters = fold(word.removesuffix("*"))
        branches.append((letters, pattern_of(f"{word} {rest}", model).removeprefix(re.escape(letters))))
    return branches + _branches(rest, model) if optional else branches


def _tree(branches: Sequence[tuple[str, str]]) -> str:
    """One pattern of many, in which those that begin with the same letter stand together: at each place only they are tried. Of two that
    may match at one place, the first of the list comes first."""
    groups: list[tuple[str, list[tuple[str, str]]]] = []
    at: dict[str, int] = {}
    for letters, rest in branches:
        letter = letters[:1]
        if not letter:
            # may begin with any letter: what comes behind it must not be tried before it
            at.clear()
            groups.append(("", [("", rest)]))
        elif letter in at:
            groups[at[letter]][1].append((letters[1:], rest))
        else:
            at[letter] = len(groups)
            groups.append((letter, [(letters[1:], rest)]))
    return "|".join(_group(letter, group) for letter, group in groups)


def _group(letter: str, group: Sequence[tuple[str, str]]) -> str:
    if len(group) == 1:
        ((letters, rest),) = group
        return re.escape(letter + letters) + rest
    return f"{re.escape(letter)}(?:{_tree(group)})"


def any_of(phrases: Iterable[str], model: str = "") -> Cue:
    """One cue that finds any of the phrases, as whole words, in folded text; ``model`` stands in for ``<model>``."""
    return Cue(tuple(sorted(set(phrases), key=lambda p: (-len(p), p))), model)


def _needles(phrase: str) -> list[str]:
    """The alternatives of that required token of a phrase whose shortest alternative is longest."""
    tokens = [
        t.split("|") for t in phrase.split() if t != "..." and not t.startswith(("<model>", "{n}")) and not (t.endswith("?") and len(t) > 1)
    ]
    words = [[fold(w).removesuffix("*") for w in alternatives] for alternatives in tokens]
    return max(words, key=lambda ws: min(len(w) for w in ws), default=[""])
