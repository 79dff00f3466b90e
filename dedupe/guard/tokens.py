"""A text taken apart into its tokens, in order, and among them words, symbols, units and dates."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from dedupe.guard.plain import FLAG, Plain
from dedupe.guard.words import CONTRACTIONS, DAYS, ENDINGS, MONTHS, NUMBER_WORDS, UNITS, negates

_MARKS = "\u0300-\u036f\u0591-\u05c7\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962\u0963\u0981-\u0983\u09bc-\u09cd\u0e31\u0e34-\u0e4e"
_SYLLABLES = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_LEADING = r"(?P<url>https?://[^\s<>()\[\]\"]+|[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+|(?<![\w/])(?:~|\.{1,2}|[A-Za-z]:)?[/\\](?<!\\)[A-Za-z]{2}[\w./\\-]*|(?<!\w)[A-Za-z]:\\[\w.\\-]+)"
_TRAILING = (
    r"|(?P<number>0x[0-9A-Fa-f]+|\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|\d+(?:\.\d+)*|\.\d+)"
    r"|(?P<latex>\\[A-Za-z]+)"
    r"|(?P<identifier>[A-Za-z]+(?:_[A-Za-z0-9]+)+|[A-Za-z]{2,}\d[A-Za-z0-9]*|[A-Za-z_]\w*(?=\(\))|[A-Za-z]{2,3}(?:\.[a-z]{2,})+)"
    r"|(?P<ellipsis>\.\.\.+)"
    r"|(?P<line>\n)"
)
_TOKEN_ASCII = re.compile(
    r"(?P<word>[A-Za-z]+(?:'[A-Za-z]+)*(?![\w@]|\(\)|://|:\\|[.+-]\w{1,64}@|(?<![A-Za-z]{4})\.[a-z]{2}))|"
    + _LEADING
    + _TRAILING
    + r"|(?P<letters>[A-Za-z]+)|(?P<mark>\S)"
)
_LETTER = rf"(?:(?![{_SYLLABLES}])[^\W\d_]|[{_MARKS}])"
_TOKEN = re.compile(
    rf"(?P<flag>{FLAG})|"
    rf"(?P<word>(?![{_MARKS}]){_LETTER}+(?:'{_LETTER}+)*(?![A-Za-z0-9_@]|\(\)|://|:\\|[.+-]\w{1, 64}@))|(?P<syllable>[{_SYLLABLES}])|"
    + _LEADING
    + _TRAILING
    + rf"|(?P<letters>{_LETTER}+)|(?P<mark>\S)"
)
_CAMEL = re.compile(r"[a-z]+[A-Z][A-Za-z]*\Z")
_PROSE = frozenset(".,;:?!\"'\u3002\u3001\uff0c\u061f\u060c\u061b\u0964\u00bf\u00a1")


class Word(NamedTuple):
    """A word folded to lower case, and whether it looks like a name where it stands."""

    text: str
    name: bool


class _Common(NamedTuple):
    """A word that is nothing but a word: folded, small and as a name, whether it denies, whether it begins with a capital."""

    text: str
    small: Word
    name: Word
    denies: bool
    capital: bool


@lru_cache(maxsize=65536)
def _common(token: str) -> _Common | None:
    """What most words are; None for those that are looked at one by one."""
    folded = token.lower() if token.isascii() else token.casefold()
    special = folded in NUMBER_WORDS or folded in DAYS or folded in MONTHS or folded in CONTRACTIONS or folded in UNITS
    if special or len(folded) < 2 or "'" in folded or "\u0307" in folded or _CAMEL.match(token):
        return None
    return _Common(folded, Word(folded, False), Word(folded, True), negates(folded), token[0].isupper())


class Tokens:
    """The tokens of one text while it is read."""

    __slots__ = ("dates", "negations", "spelled", "symbols", "tokens", "units", "words")

    def __init__(self) -> None:
        self.words: list[Word] = []
        self.symbols: list[str] = []
        self.tokens: list[tuple[str, str, str]] = []
        """Folded, as written, kind."""
        self.spelled: list[tuple[int, str]] = []
        self.units: list[str] = []
        self.dates: list[str] = []
        self.negations = 0

    def read(self, bare: Plain) -> None:
        """Take the prose apart."""
        text = bare.prose
        words, tokens = self.words, self.tokens
        fresh, before, last_end = True, "", -1
        for match in (_TOKEN_ASCII if text.isascii() else _TOKEN).finditer(text):
            kind, token = match.lastgroup, match.group()
            if kind == "word":
                # The short way, for what most words are; the rest goes through ``_take``.
                common = _common(token)
                if common is not None:
                    if common.capital and not fresh:
                        words.append(common.name)
                        tokens.append((common.text, token, "N"))
                    else:
                        words.append(common.small)
                        tokens.append((common.text, token, "w"))
                    self.negations += common.denies
                    fresh, before, last_end = False, "word", -1
                    continue
            if kind == "line" or kind == "ellipsis":
                fresh = True
                continue
            if kind == "mark" and self._is_punctuation(token, before, text, match.start(), last_end):
                fresh = fresh or token in ".?!:\u3002\u0964"
                continue
            before = self._take(kind or "", token, fresh, before, last_end == match.start())
            # After the bracket of a list's letter, "a)", a sentence begins.
            fresh = token == ")" and len(tokens) > 1 and len(tokens[-2][0]) == 1
            last_end = match.end()

    def _is_punctuation(self, token: str, before: str, text: str, start: int, last_end: int) -> bool:
        if token in _PROSE or (token == "-" and _joins_words(text, start)):
            return not _counts(token, before, text, start, last_end)
        return token == "\\"

    def _take(self, kind: str, token: str, fresh: bool, before: str, touches: bool) -> str:
        """Takes one token, and says what it was."""
        if kind == "word" or kind == "letters":
            if before == "number" and token.lower() in UNITS:
                self._unit(token)
                return "unit"
            if _CAMEL.match(token):
                self._symbol(token, token, "s")
                return "identifier"
            if len(token) > 1 or token in "aAIi" or not token.isascii():
                self._word(token, fresh)
                return "word"
            kind = "letter"
        elif kind == "syllable":
            self._word(token, fresh=True)
            return "word"
        elif kind == "number":
            # "3.1.4" is read as 3.1 and .4: the dot belongs to what is before it.
            if token[0] == "." and touches and before == "number":
                token = token[1:]
            self._symbol(_number(token), token, "n")
            return "number"
        elif kind == "url":
            token = token.rstrip(".,;:!?'")
        self._symbol(token, token, "s")
        return kind

    def _symbol(self, symbol: str, surface: str, kind: str) -> None:
        self.symbols.append(symbol)
        self.tokens.append((symbol.casefold(), surface, kind))

    def _unit(self, token: str) -> None:
        unit = UNITS[token.casefold()]
        self.units.append(f"{self.symbols[-1]} {unit}")
        self.words.append(Word(unit, False))
        self.tokens.append((unit, token, "u"))

    def _word(self, token: str, fresh: bool) -> None:
        named = token[0].isupper() and not fresh
        for part in _parts(token):
            if part in NUMBER_WORDS:
                self.spelled.append((len(self.symbols), part))
                self.symbols.append(NUMBER_WORDS[part])
                self.tokens.append((NUMBER_WORDS[part], token, "d"))
            elif part in DAYS or (part in MONTHS and (len(part) > 3 or token[0].isupper())):
                self.dates.append(MONTHS.get(part, part))
                self.words.append(Word(MONTHS.get(part, part), False))
                self.tokens.append((MONTHS.get(part, part), token, "w"))
            else:
                name = named and len(part) > 1 and part != "i"
                if part != "'s":
                    self.words.append(Word(part, name))
                    self.negations += negates(part)
                self.tokens.append((part, token, "N" if name or (named and part == "a") else "w"))


def _counts(token: str, before: str, text: str, place: int, last_end: int) -> bool:
    """Whether a mark of prose means something where it stands: ``5!``, ``f'``, the quotes of ``print('a')``."""
    after = text[place + 1 : place + 2]
    if token == "!":
        factorial = last_end == place and before in ("number", "letter", "mark") and text[place - 1] not in "?\"'"
        return factorial or (after.isalnum() and not text[max(place - 1, 0) : place].isalnum())
    if token == ":":
        near = text[max(place - 1, 0) : place]
        return near == "[" or after == "]" or (near.isdigit() and after.isdigit()) or (near == ":" and after.isdigit())
    if token == "'" or token == '"':
        if text[place - 1 : place] in ("(", "[", "=") or text[place + 1 : place + 2] in (")", "]"):
            return place > 0 and text[place - 1] != " "
        return token == "'" and last_end == place and before in ("letter", "mark") and text[max(place - 2, 0) : place - 1] not in ("'", '"')
    return False


def _joins_words(text: str, place: int) -> bool:
    """A hyphen inside a compound, or a dash between words, and not a minus or the mark of an option."""
    before, after = text[max(place - 40, 0) : place].rstrip()[-2:], text[place + 1 : place + 40].lstrip()[:2]
    if not after or not before:
        return not after[:1].isdigit()
    if len(before) < 2 or not before.isalpha() or len(after) < 2 or not after.isalpha():
        return False
    return not (text[place - 1].isspace() and not text[place + 1].isspace())


@lru_cache(maxsize=8192)
def _number(token: str) -> str:
    if token.startswith("0x"):
        return token.lower()
    token = token.replace(",", "")
    token = "0" + token if token.startswith(".") else token
    return token.lstrip("0") or token if token.isdigit() and len(token) < 3 else token


@lru_cache(maxsize=65536)
def _parts(token: str) -> tuple[str, ...]:
    """A word folded, its contraction spelled out."""
    folded = token.casefold().replace("\u0307", "")
    if folded in CONTRACTIONS:
        return tuple(CONTRACTIONS[folded].split())
    if "'" not in folded:
        return (folded,)
    if folded.endswith("'s") and len(folded) > 2:
        return (folded[:-2], "'s")
    for ending, instead in ENDINGS:
        if folded.endswith(ending) and len(folded) > len(ending):
            return tuple((folded[: -len(ending)] + instead).split())
    return (folded.strip("'"),) if folded.strip("'") else ()
