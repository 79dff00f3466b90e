"""The tokens of a formula in LaTeX or plain text: numbers, names, commands and marks. Words are refused."""

from __future__ import annotations

import re
from typing import Final

MOST_CHARS: Final = 400
FUNCTIONS: Final = frozenset(
    {"sin", "cos", "tan", "sec", "csc", "cot", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "ln", "log", "exp", "sqrt", "abs"}
)
GREEK: Final = frozenset(
    "alpha beta gamma delta epsilon varepsilon theta lambda mu nu rho sigma tau phi varphi omega kappa eta zeta xi chi psi".split()  # noqa: SIM905
)
RENAMED: Final = {"sen": "sin", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "tg": "tan", "infty": "inf"}
_UNICODE: Final = {
    "\u2212": "-", "\u2013": "-", "\u221e": "\\infty ", "\u03c0": "\\pi ", "\u00b7": "*", "\u00d7": "*", "\u22c5": "*", "\u00f7": "/",
    "\u222a": "\\cup ", "\u00b1": "\\pm ", "\u00b2": "^2 ", "\u00b3": "^3 ", "\u03b8": "\\theta ", "**": "^",
}  # fmt: skip
_TOKEN = re.compile(
    r"(?P<number>\d+(?:\.\d+)?|\.\d+)|(?P<command>\\[A-Za-z]+|\\[|{}])|(?P<word>[A-Za-z]+)|(?P<mark>[-+*/^_(){}\[\]|,=<>!;'\u2264\u2265])|(?P<space>\s+)"
)
_NOTHING = re.compile(r"\\(?:left|right|bigl?|bigr?|Bigl?|Bigr?|displaystyle|limits)(?![A-Za-z])|\\[,;:! ]|\\quad(?![A-Za-z])|\\[()]|\$")
_DERIVATIVE = re.compile(r"frac\s*\{?\s*d\s*\}?\s*\{?\s*d|\bd[a-z]?\s*/\s*d[a-z]\b|\\partial")
_VOWEL = re.compile("[aeiou]", re.IGNORECASE)
_WORDS: Final = frozenset(
    ["an", "as", "at", "be", "by", "do", "he", "if", "in", "is", "it", "me", "my", "no", "of", "on", "or", "so", "to", "up", "us", "we"]
)
_TEXT = re.compile(r"\\(?:text|mathrm|operatorname)\s*\{\s*([A-Za-z]+)\s*\}")


class UnreadableFormula(ValueError):
    """It is no formula that this parser knows; nothing is said of whether it is right."""


def tokens_of(text: str) -> list[str]:
    """The tokens; a function or a Greek letter as its command, other letters one by one. UnreadableFormula for what is no formula."""
    if len(text) > MOST_CHARS:
        raise UnreadableFormula("too long")
    if _DERIVATIVE.search(text):
        raise UnreadableFormula("a derivative")
    for char, plain in _UNICODE.items():
        text = text.replace(char, plain)
    text = re.sub(r"(?<=\d)(?:\{,\}|,)(?=\d{3}(?!\d))(?!\d{3}[,\d])", "", text) if _thousands(text) else text
    text = _TEXT.sub(r"\\\1 ", text)
    return _tokens(_NOTHING.sub(" ", text))


def _thousands(text: str) -> bool:
    """Whether the commas of a text separate thousands: it is one number, and nothing beside it."""
    return re.fullmatch(r"\s*(?:[A-Za-z]\s*=)?\s*-?\s*\d{1,3}(?:(?:\{,\}|,)\d{3})+(?:\.\d+)?\s*", text) is not None


def _tokens(text: str) -> list[str]:
    tokens: list[str] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise UnreadableFormula(f"unexpected {text[at]!r}")
        at = match.end()
        if match["word"]:
            tokens += _letters(match["word"], after=tokens[-1] if tokens else "")
        elif not match["space"]:
            tokens.append(match[0])
    return tokens


def _letters(word: str, after: str) -> list[str]:
    """A run of letters: a function, a constant, or a product of one-letter names; a word is refused."""
    plain = RENAMED.get(word, word)
    if plain in FUNCTIONS or plain in ("pi", "inf") or plain in GREEK:
        return ["\\" + plain]
    if after == "_":
        return [word]
    for name in sorted(FUNCTIONS, key=len, reverse=True):
        if len(word) > len(name) and word.endswith(name) and len(word) - len(name) <= 1:
            return [*word[: -len(name)], "\\" + name]
    if len(word) > 4 or word.lower() in _WORDS or (len(word) > 2 and _VOWEL.search(word)):
        raise UnreadableFormula(f"the word {word}")
    return list(word)
