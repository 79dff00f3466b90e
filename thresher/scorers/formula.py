"""Formulas in LaTeX or plain text, read into a tree by a parser of our own: what it does not know it refuses, and nothing is ever run.

A text of a model may be anything. So there is no ``eval``, no name that means code, and a limit on characters, tokens and nesting; what
a tree may cost to evaluate is limited where it is evaluated (``thresher.scorers.algebra``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

MOST_CHARS: Final = 400
MOST_NESTING: Final = 24
CONSTANTS: Final = frozenset({"pi", "e", "i", "inf"})
FUNCTIONS: Final = frozenset(
    {"sin", "cos", "tan", "sec", "csc", "cot", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "ln", "log", "exp", "sqrt", "abs"}
)
_CALLED: Final = frozenset("fghFGH")
"""Letters that before a bracket are functions, not factors."""
_GREEK: Final = [
    "alpha",
    "beta",
    "gamma",
    "delta",
    "epsilon",
    "varepsilon",
    "theta",
    "lambda",
    "mu",
    "nu",
    "rho",
    "sigma",
    "tau",
    "phi",
    "varphi",
    "omega",
    "kappa",
    "eta",
    "zeta",
    "xi",
    "chi",
    "psi",
]
_RENAMED: Final = {"sen": "sin", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "tg": "tan", "infty": "inf"}
_RELATIONS: Final = {"=": "=", "<": "<", ">": ">", "\\le": "<=", "\\leq": "<=", "\\ge": ">=", "\\geq": ">=", "\u2264": "<=", "\u2265": ">="}
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


@dataclass(frozen=True, slots=True)
class Tree:
    """``op`` is ``number`` (with ``number``), ``symbol`` (with ``name``), ``+``, ``*``, ``/``, ``^``, ``neg``, ``!``, ``root``, ``logb``, a
    name of FUNCTIONS, ``call`` (an unknown function, with ``name``), a relation, ``list``, ``union``, or a pair of brackets such as
    ``[)``."""

    op: str
    parts: tuple[Tree, ...] = ()
    name: str = ""
    number: Fraction = Fraction(0)
    decimals: int = 0
    """Of a number: digits behind the point."""


def parse(text: str) -> Tree:
    """The tree of a formula. UnreadableFormula for anything else."""
    if len(text) > MOST_CHARS:
        raise UnreadableFormula("too long")
    if _DERIVATIVE.search(text):
        raise UnreadableFormula("a derivative")
    for char, plain in _UNICODE.items():
        text = text.replace(char, plain)
    text = re.sub(r"(?<=\d)(?:\{,\}|,)(?=\d{3}(?!\d))(?!\d{3}[,\d])", "", text) if _thousands(text) else text
    text = _TEXT.sub(r"\\\1 ", text)
    tokens = _tokens(_NOTHING.sub(" ", text))
    parser = _Parser(tokens)
    tree = parser.whole()
    if parser.at < len(tokens):
        raise UnreadableFormula(f"unexpected {tokens[parser.at]}")
    return tree


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
    plain = _RENAMED.get(word, word)
    if plain in FUNCTIONS or plain in ("pi", "inf") or plain in _GREEK:
        return ["\\" + plain]
    if after == "_":
        return [word]
    for name in sorted(FUNCTIONS, key=len, reverse=True):
        if len(word) > len(name) and word.endswith(name) and len(word) - len(name) <= 1:
            return [*word[: -len(name)], "\\" + name]
    if len(word) > 4 or word.lower() in _WORDS or (len(word) > 2 and _VOWEL.search(word)):
        raise UnreadableFormula(f"the word {word}")
    return list(word)


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0
        self.bars = 0

    def peek(self, ahead: int = 0) -> str:
        place = self.at + ahead
        return self.tokens[place] if place < len(self.tokens) else ""

    def take(self, token: str = "") -> str:
        found = self.peek()
        if not found or (token and found != token):
            raise UnreadableFormula(f"expected {token or 'more'}, got {found or 'the end'}")
        self.at += 1
        return found

    def whole(self) -> Tree:
        parts = [self.relation()]
        while self.peek() in (",", ";"):
            self.take()
            parts.append(self.relation())
        return parts[0] if len(parts) == 1 else Tree("list", tuple(parts))

    def relation(self) -> Tree:
        left = self.union()
        relation = _RELATIONS.get(self.peek())
        if relation is None:
            return left
        self.take()
        tree = Tree(relation, (left, self.union()))
        if self.peek() in _RELATIONS:
            raise UnreadableFormula("a chain of relations")
        return tree

    def union(self) -> Tree:
        parts = [self.sum()]
        while self.peek() == "\\cup":
            self.take()
            parts.append(self.sum())
        return parts[0] if len(parts) == 1 else Tree("union", tuple(parts))

    def sum(self) -> Tree:
        self.depth += 1
        if self.depth > MOST_NESTING:
            raise UnreadableFormula("nested too deep")
        parts = [self.signed()]
        while self.peek() in ("+", "-", "\\pm"):
            sign = self.take()
            term = self.product()
            parts.append(Tree("neg", (term,)) if sign == "-" else Tree("pm", (term,)) if sign == "\\pm" else term)
        self.depth -= 1
        return parts[0] if len(parts) == 1 else Tree("+", tuple(parts))

    def signed(self) -> Tree:
        if self.peek() in ("+", "-", "\\pm"):
            sign = self.take()
            inner = self.product()
            return inner if sign == "+" else Tree("neg" if sign == "-" else "pm", (inner,))
        return self.product()

    def product(self) -> Tree:
        tree = self.power()
        while True:
            token = self.peek()
            if token in ("*", "\\cdot", "\\times"):
                self.take()
                tree = Tree("*", (tree, self.signed_power()))
            elif token in ("/", "\\div"):
                self.take()
                tree = Tree("/", (tree, self.signed_power()))
            elif self._begins_factor(token):
                if token[0].isdigit() and tree.op == "number":
                    raise UnreadableFormula("two numbers in a row")
                tree = Tree("*", (tree, self.power()))
            else:
                return tree

    def signed_power(self) -> Tree:
        if self.peek() in ("-", "+"):
            return Tree("neg", (self.power(),)) if self.take() == "-" else self.power()
        return self.power()

    def _begins_factor(self, token: str) -> bool:
        if token == "|":
            return self.bars == 0
        return bool(token) and (
            token[0].isalnum() or token in ("(", "[", "{", "\\{") or (token[0] == "\\" and token[1:].isalpha() and self._known(token))
        )

    def _known(self, token: str) -> bool:
        name = _RENAMED.get(token[1:], token[1:])
        return name in FUNCTIONS or name in CONSTANTS or name in _GREEK or name in ("frac", "dfrac", "tfrac")

    def power(self) -> Tree:
        self.depth += 1
        if self.depth > MOST_NESTING:
            raise UnreadableFormula("nested too deep")
        base = self.atom()
        while self.peek() in ("!", "^"):
            base = Tree("!", (base,)) if self.take() == "!" else Tree("^", (base, self.exponent()))
        self.depth -= 1
        return base

    def exponent(self) -> Tree:
        if self.peek() == "{":
            return self.group()
        if self.peek() == "(":
            return self.atom()
        if self.peek() in ("-", "+"):
            return Tree("neg", (self.exponent(),)) if self.take() == "-" else self.exponent()
        return self.power() if not self.peek()[:1].isdigit() else self.digits_as_tex()

    def digits_as_tex(self) -> Tree:
        """In LaTeX ``x^23`` is x squared times three, in plain text it is not: refused, as nobody can tell."""
        tree = self.atom()
        return Tree("^", (tree, self.exponent())) if self.peek() == "^" and self.take() else tree

    def group(self) -> Tree:
        self.take("{")
        tree = self.sum()
        self.take("}")
        return tree

    def atom(self) -> Tree:
        token = self.take()
        if token[0].isdigit() or token[0] == ".":
            return Tree("number", number=Fraction(token), decimals=len(token.partition(".")[2]))
        if token == "{":
            tree = self.sum()
            self.take("}")
            return tree
        if token in ("(", "[", "\\{"):
            return self.brackets(token)
        if token == "|":
            self.bars += 1
            tree = self.sum()
            self.bars -= 1
            self.take("|")
            return Tree("abs", (tree,))
        if token[0] == "\\":
            return self.command(token)
        if token[0].isalpha():
            return self.symbol(token)
        raise UnreadableFormula(f"unexpected {token}")

    def brackets(self, opened: str) -> Tree:
        outer, self.bars = self.bars, 0
        parts = [self.sum()]
        while self.peek() == ",":
            self.take()
            parts.append(self.sum())
        self.bars = outer
        closed = self.take()
        if closed not in (")", "]", "\\}") or (opened == "\\{") != (closed == "\\}"):
            raise UnreadableFormula("brackets do not close")
        if len(parts) == 1:
            if (opened, closed) not in (("(", ")"), ("[", "]")):
                raise UnreadableFormula("brackets do not close")
            return parts[0]
        return Tree(opened[-1] + closed[-1], tuple(parts))

    def command(self, token: str) -> Tree:
        name = _RENAMED.get(token[1:], token[1:])
        if name in ("frac", "dfrac", "tfrac"):
            return Tree("/", (self.argument(), self.argument()))
        if name == "sqrt":
            return self.root()
        if name in ("ln", "log") and self.peek() == "_":
            self.take()
            base = self.argument()
            return self.applied("logb", base)
        if name in FUNCTIONS:
            if self.peek() == "^":
                self.take()
                exponent = self.exponent()
                if exponent.op == "neg" or exponent.op != "number":
                    raise UnreadableFormula("a power of a function that may be its inverse")
                return Tree("^", (self.applied(name), exponent))
            return self.applied(name)
        if name in ("pi", "inf"):
            return Tree("symbol", name=name)
        if name in _GREEK:
            return self.symbol(name)
        raise UnreadableFormula(f"unexpected {token}")

    def argument(self) -> Tree:
        """``{...}``, or one digit or letter as in ``\\frac12``."""
        if self.peek() == "{":
            return self.group()
        token = self.take()
        if token.isdigit() and len(token) == 1:
            return Tree("number", number=Fraction(token))
        if token.isdigit() and len(token) == 2:  # \frac12
            self.at -= 1
            self.tokens[self.at : self.at + 1] = list(token)
            return self.argument()
        if len(token) == 1 and token.isalpha():
            return Tree("symbol", name=token)
        raise UnreadableFormula(f"unexpected {token}")

    def root(self) -> Tree:
        if self.peek() == "[":
            self.take()
            index = self.sum()
            self.take("]")
            return Tree("root", (self.argument(), index))
        return Tree("sqrt", (self.argument() if self.peek() == "{" or self.peek()[:1].isalnum() else self.atom(),))

    def applied(self, name: str, *before: Tree) -> Tree:
        """A function to its bracket; without one, to the product that follows (``\\sin 2x``), unless that could be read in two ways."""
        if self.peek() in ("(", "[", "{"):
            inner = self.group() if self.peek() == "{" else self.atom()
            if inner.op in ("()", "[]", "[)", "(]"):
                raise UnreadableFormula("a function of several")
            return Tree(name, (*before, inner))
        if self.peek() == "|":
            return Tree(name, (*before, self.atom()))
        parts = [self.power()]
        while self.peek()[:1].isalnum():
            parts.append(self.power())
        tree = parts[0]
        for part in parts[1:]:
            tree = Tree("*", (tree, part))
        if self.peek() in ("(", "[", "|") or self.peek() == "\\frac":
            raise UnreadableFormula("where the argument of a function ends is not clear")
        return Tree(name, (*before, tree))

    def symbol(self, name: str) -> Tree:
        if self.peek() == "_":
            self.take()
            if self.peek() == "{":
                self.take()
                inner = ""
                while self.peek() != "}":
                    inner += self.take()
                self.take()
            else:
                inner = self.take()
            return Tree("symbol", name=f"{name}_{inner}")
        if self.peek() == "'":
            raise UnreadableFormula("a derivative")
        if name in _CALLED and self.peek() == "(":
            return Tree("call", (self.atom(),), name)
        if name in _CALLED and self.tokens[self.at : self.at + 6] in (["^", "{", "-", "1", "}", "("], ["^", "(", "-", "1", ")", "("]):
            self.at += 5
            return Tree("call", (self.atom(),), f"{name}^-1")
        return Tree("symbol", name=name)
