"""What a text holds that the guard compares: its words, its symbols in order, its code.

Cosmetic differences end here: case, white space, Markdown marks, list bullets, LaTeX delimiters and spacing, ``x^2`` against ``x^{2}``
against ``x²``, ``1,000`` against ``1000``, ``two`` against ``2``, ``don't`` against ``do not``, ``5 kilograms`` against ``5 kg``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from dedupe.words import CONTRACTIONS, DAYS, ENDINGS, MONTHS, NUMBER_WORDS, QUANTIFIERS, UNITS, negates

MAX_CHARACTERS = 60_000
"""What is compared of a text; two longer ones are the same only if the rest is equal too."""


class Word(NamedTuple):
    """A word folded to lower case, and whether it looks like a name where it stands."""

    text: str
    name: bool


@dataclass(frozen=True, slots=True)
class Profile:
    """One text, taken apart. ``symbols`` are numbers, operators, letters of formulas, identifiers and LaTeX commands, in order."""

    words: tuple[Word, ...]
    symbols: tuple[str, ...]
    code: tuple[str, ...]
    stream: tuple[str, ...]
    """All tokens as they stand, folded to lower case, without parentheses: a cut leaves half of a pair."""
    spelled: tuple[tuple[int, str], ...]
    """Numbers written as words: place in ``symbols``, and the word."""
    units: tuple[str, ...]
    dates: tuple[str, ...]
    negations: int
    quantifiers: frozenset[str]
    ends: bool
    """Whether it closes like a finished sentence."""
    cut: bool
    """Whether it closes with an ellipsis."""
    rest: str
    """What lies beyond ``MAX_CHARACTERS``."""

    @property
    def empty(self) -> bool:
        """Nothing in it that could be compared."""
        return not (self.words or self.symbols or self.code)


_FENCE = re.compile(r"^(```+|~~~+)[^\n]*\n(.*?)(?:^\1[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_LINE_MARK = re.compile(r"^[ \t]*(?:>[ \t]?|#{1,6}[ \t]+|[-*+\u2022][ \t]+)+", re.MULTILINE)
_EMPHASIS = re.compile(r"(?<![\w*])(\*{1,3}|_{1,3})(?=[^\s*_])([^*_\n]+?)(?<=[^\s*_])\1(?![\w*])")
_COSMETIC = re.compile(r"\\(?:left|right|displaystyle|textstyle|limits|quad|qquad|big|Big|bigl|bigr)(?![A-Za-z])|\\[,;:! ()\[\]]")
_DOLLARS = re.compile(r"\$\$(.+?)\$\$|\$([^$\n]*[\\^_={}+/<>][^$\n]*|[^$\s]{1,40})\$", re.DOTALL)
_WRAPPED = re.compile(r"\\(?:text|mathrm|mathbf|textbf|textit|operatorname|mathit)\s*\{([^{}]*)\}")
_WORDS_IN_PARENTHESES = re.compile(r"\((?=[A-Za-z]{2,}[\s,.;:'\w-]*\))([A-Za-z][A-Za-z\s,.;:'-]*)\)")
_SAME = (
    (re.compile(r"\\(?:cdot|times|ast)(?![A-Za-z])|[\u00d7\u00b7\u22c5\u2217]"), "*"),
    (re.compile(r"\\div(?![A-Za-z])|\u00f7"), "/"),
    (re.compile(r"\\(?:leq?|leqslant)(?![A-Za-z])|<=|\u2264"), "\u2264"),
    (re.compile(r"\\(?:geq?|geqslant)(?![A-Za-z])|>=|\u2265"), "\u2265"),
    (re.compile(r"\\neq?(?![A-Za-z])|!=|\u2260"), "\u2260"),
    (re.compile(r"\\pi(?![A-Za-z])"), "\u03c0"),
    (re.compile(r"\\circ(?![A-Za-z])|\u00ba"), "\u00b0"),
    (re.compile(r"\\%"), "%"),
    (re.compile(r"\*\*(?=\s*[\d({])"), "^"),
    (re.compile(r"[\u2010-\u2015\u2212]"), "-"),
    (re.compile(r"[\u2018\u2019\u02bc`]"), "'"),
    (re.compile(r"[\u201c\u201d\u00ab\u00bb]"), '"'),
    (re.compile(r"\u2026"), "..."),
)
_TOKEN = re.compile(
    r"(?P<url>https?://[^\s<>()\[\]]+)"
    r"|(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)*|\.\d+)"
    r"|(?P<latex>\\[A-Za-z]+)"
    r"|(?P<identifier>[A-Za-z]+(?:_[A-Za-z0-9]+)+|[A-Za-z]{2,}\d[A-Za-z0-9]*|[a-z]+[A-Z][A-Za-z]*(?=[^\w]|$)|[A-Za-z_]\w*(?=\(\)))"
    r"|(?P<word>[^\W\d_]+(?:'[^\W\d_]+)*'?)"
    r"|(?P<ellipsis>\.\.\.+)"
    r"|(?P<mark>\S)"
)
_PROSE = frozenset(".,;:?!\"'{}")
_CLOSING = re.compile(r"[.?!:)\]\"'}`\u3002\uff1f\uff01]\s*$")
_CUT = re.compile(r"(?:\.\.\.+|\u2026)\s*$")


def profile(text: str) -> Profile:
    """Takes a text apart. Never fails, whatever the text."""
    rest, text = text[MAX_CHARACTERS:], text[:MAX_CHARACTERS]
    code: list[str] = []

    def take(match: re.Match[str]) -> str:
        code.extend(re.findall(r"\w+|[^\w\s]", match.group(2)))
        return "\n"

    prose = _plain(_FENCE.sub(take, text))
    words: list[Word] = []
    symbols: list[str] = []
    units: list[str] = []
    dates: list[str] = []
    stream: list[str] = []
    spelled: list[tuple[int, str]] = []
    before = ""
    for kind, token, fresh in _tokens(prose):
        if token not in "()\\":
            stream.append(token.casefold())
        if before == "number" and kind in ("word", "letter") and token.casefold() in UNITS:
            unit = UNITS[token.casefold()]
            units.append(f"{symbols[-1]} {unit}")
            words.append(Word(unit, False))
        elif kind == "word":
            _take_word(token, fresh, words, symbols, spelled, dates)
        else:
            symbols.append(_number(token) if kind == "number" else token)
        before = kind
    folded = [word.text for word in words]
    stripped = _CUT.search(text)
    return Profile(
        words=tuple(words),
        symbols=tuple(symbols),
        code=tuple(code),
        stream=tuple(stream),
        spelled=tuple(spelled),
        units=tuple(units),
        dates=tuple(dates),
        negations=sum(map(negates, folded)),
        quantifiers=frozenset(folded) & QUANTIFIERS,
        ends=bool(_CLOSING.search(text)),
        cut=stripped is not None,
        rest=rest,
    )


def _plain(text: str) -> str:
    if not text.isascii():
        text = "".join(_script(c) for c in text)
    text = _LINE_MARK.sub("", text)
    text = _EMPHASIS.sub(r"\2", text)
    for _ in range(2):
        text = _WRAPPED.sub(r" \1 ", text)
    text = _DOLLARS.sub(lambda match: f" {match.group(1) or match.group(2)} ", text)
    text = _COSMETIC.sub(" ", text)
    for pattern, instead in _SAME:
        text = pattern.sub(instead, text)
    if text.isupper():
        text = text.lower()
    return _WORDS_IN_PARENTHESES.sub(r" \1 ", text)


def _script(character: str) -> str:
    if character.isascii():
        return character
    if unicodedata.category(character) == "Cf":
        return ""
    kind = unicodedata.decomposition(character).split(" ")[0]
    mark = {"<super>": "^", "<sub>": "_"}.get(kind, "")
    return mark + unicodedata.normalize("NFKC", character)


def _tokens(text: str) -> Iterator[tuple[str, str, bool]]:
    """Kind, token, and whether a sentence begins here. Punctuation of prose is left out."""
    fresh = True
    last_end, last_kind = -1, ""
    for match in _TOKEN.finditer(text):
        kind, token = str(match.lastgroup), match.group()
        if kind == "word" and len(token) == 1 and not _is_prose_letter(token):
            kind = "letter"
        if kind == "mark" and (token in _PROSE or (token == "-" and _joins_words(text, match.start()))):
            fresh = fresh or token in ".?!:"
            continue
        if kind == "ellipsis":
            fresh = True
            continue
        if kind == "number" and token.startswith(".") and last_end == match.start() and last_kind == "number":
            token = token[1:]
        yield kind, token, fresh or "\n" in text[max(last_end, 0) : match.start()]
        fresh, last_end, last_kind = False, match.end(), kind


def _is_prose_letter(token: str) -> bool:
    return token in ("a", "A", "I", "i") or not token.isascii()


def _joins_words(text: str, place: int) -> bool:
    """A hyphen inside a compound, or a dash between words, and not a minus."""
    before, after = text[:place].rstrip()[-2:], text[place + 1 : place + 40].lstrip()[:2]
    if not after or not before:
        return True
    return len(before) == 2 and before.isalpha() and len(after) == 2 and after.isalpha()


def _number(token: str) -> str:
    token = token.replace(",", "")
    if token.count(".") == 1:
        token = token.rstrip("0").rstrip(".") or "0"
        token = "0" + token if token.startswith(".") else token
    return token.lstrip("0") or "0" if token.isdigit() and len(token) < 3 else token


def _take_word(token: str, fresh: bool, words: list[Word], symbols: list[str], spelled: list[tuple[int, str]], dates: list[str]) -> None:
    folded = token.casefold()
    named = token[0].isupper() and not fresh
    for part in _expand(folded):
        if part in NUMBER_WORDS:
            spelled.append((len(symbols), part))
            symbols.append(NUMBER_WORDS[part])
        elif part in DAYS or (part in MONTHS and (len(part) > 3 or token[0].isupper())):
            dates.append(MONTHS.get(part, part))
            words.append(Word(MONTHS.get(part, part), False))
        else:
            words.append(Word(part, named and len(part) > 1 and part != "i"))


def _expand(folded: str) -> list[str]:
    if "'" not in folded:
        return CONTRACTIONS[folded].split() if folded in CONTRACTIONS else [folded]
    if folded in CONTRACTIONS:
        return CONTRACTIONS[folded].split()
    for ending, instead in ENDINGS:
        if folded.endswith(ending) and len(folded) > len(ending):
            return (folded[: -len(ending)] + instead).split()
    return [folded.strip("'")] if folded.strip("'") else []
