"""What a text holds that the guard compares: its tokens in order, and among them words, symbols, code.

Cosmetic differences end here: case, white space, the format that ``dedupe.guard.plain`` takes off, ``1,000`` against ``1000``,
``two`` against ``2``, ``don't`` against ``do not``, ``5 kilograms`` against ``5 kg``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dedupe.guard.edges import About, about_words
from dedupe.guard.plain import plain
from dedupe.guard.tokens import Tokens, Word
from dedupe.guard.words import QUANTIFIERS

MAX_CHARACTERS = 60_000
"""What is compared of a text; two longer ones are the same only if the rest is equal too."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One text, taken apart. ``symbols`` are numbers, operators, letters of formulas, identifiers and LaTeX commands, in order."""

    words: tuple[Word, ...]
    symbols: tuple[str, ...]
    code: tuple[str, ...]
    """Tokens of the blocks of code, with their lines."""
    stream: tuple[str, ...]
    """All tokens of the prose as they stand, folded to lower case."""
    surface: tuple[str, ...]
    """The same tokens as they are written."""
    kinds: str
    """One letter for each token: w word, N word with a capital inside a sentence, n number, d number written as a word, u unit, s any
    other symbol."""
    spelled: tuple[tuple[int, str], ...]
    """Numbers written as words: place in ``symbols``, and the word."""
    numbers: tuple[str, ...]
    """The numbers among the symbols, sorted."""
    units: tuple[str, ...]
    dates: tuple[str, ...]
    negations: int
    quantifiers: frozenset[str]
    ends: bool
    """Whether it closes like a finished sentence."""
    cut: bool
    """Whether it closes with an ellipsis."""
    layout: tuple[int, ...]
    """How deep the lines of code stand; empty where none is indented."""
    tags: tuple[str, ...]
    quoted: bool
    """Whether it closes with words in quotation marks, behind a colon or in a list of words, line by line: they are
    asked about, and no farewell."""
    about: About
    """Whether it speaks of wording, so that a greeting or thanks at its ends may be what it asks about."""
    rest: str
    """What lies beyond ``MAX_CHARACTERS``."""

    @property
    def empty(self) -> bool:
        """Nothing in it that could be compared."""
        return not (self.words or self.symbols or self.code)


_CODE_TOKEN = re.compile(r"\w+|[^\w\s]")
_CLOSING = re.compile(r"[.?!:)\]\"'}`$\u3002\uff1f\uff01\u061f\u0964]\s*$")
_CUT = re.compile(r"(?:\.\.\.+|\u2026)\s*$")
_QUOTED = re.compile(
    r"(?:(?<!\w)[\"'\u2018\u201c\u201e\u00ab]|:\s)\s*[^.?!:\n\"'\u2019\u201d\u00bb]{1,60}[\"'\u2019\u201d\u00bb]?[.?!]?\s*\Z"
    r"|\n[^\W\d_]+(?: [^\W\d_]+)?\n[^\n]{1,40}\Z"
)
_CODE_LINE = re.compile(
    r"[ \t]*(?:(?:if|for|while|def|class|else|elif|try|except|with|return)\b.*[:;{]?|.*[;{}]|[\w.]+\(.*\)|[\w.\[\]]+ *[-+*/]?= *\S.*)\s*\Z"
)
_BLOCK_OPENER = re.compile(r"^[ \t]*(?:if|for|while|def|class|else|elif|try|except|with)\b[^\n]*:[ \t]*$", re.MULTILINE)


def profile(text: str) -> Profile:
    """Takes a text apart. Never fails, whatever the text."""
    rest, text = text[MAX_CHARACTERS:], text[:MAX_CHARACTERS]
    bare = plain(text)
    taken = Tokens()
    taken.read(bare)
    stream, surface, kinds = zip(*taken.tokens, strict=True) if taken.tokens else ((), (), ())
    return Profile(
        words=tuple(taken.words),
        symbols=tuple(taken.symbols),
        code=tuple(token for block in bare.blocks for token in _CODE_TOKEN.findall(block)),
        stream=stream,
        surface=surface,
        kinds="".join(kinds),
        spelled=tuple(taken.spelled),
        numbers=tuple(sorted(symbol for symbol in taken.symbols if symbol[0].isdigit())),
        units=tuple(taken.units),
        dates=tuple(taken.dates),
        negations=taken.negations,
        quantifiers=QUANTIFIERS.intersection(stream),
        ends=_CLOSING.search(text[-40:]) is not None,
        cut=_CUT.search(text[-40:]) is not None,
        layout=_layout(text),
        tags=bare.tags,
        quoted=_QUOTED.search(text[-90:]) is not None,
        about=about_words(text),
        rest=rest,
    )


def _layout(text: str) -> tuple[int, ...]:
    """The depths of the lines of code, as far as lines are indented; the width of a step does not matter."""
    if "\n" not in text or not _BLOCK_OPENER.search(text):
        return ()
    widths = [
        len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip()) for line in text.split("\n") if line.strip() and _CODE_LINE.match(line)
    ]
    if len(set(widths)) < 2:
        return ()
    depths: list[int] = []
    open_widths: list[int] = []
    # A line is as deep as there are lines before it that stand less far in and are still open.
    for width in widths:
        while open_widths and open_widths[-1] >= width:
            open_widths.pop()
        depths.append(len(open_widths))
        open_widths.append(width)
    return tuple(depths)
