"""Content MathML to LaTeX: formulas written by what they mean (``apply``, ``ci``, ``cn``), as older Connexions modules have them.

The vocabulary is that of MathML 3, chapter 4 ("pragmatic" content markup). Parentheses are set only where the meaning needs them. An
operator that is not in it is written as a function, so that nothing is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lxml.etree import _Element

from thresher.formats.latex import identifier, number, operator, words

NS = "http://www.w3.org/1998/Math/MathML"
_RELATION, _SUM, _PRODUCT, _POWER, _ATOM = range(5)
"""How tightly a piece holds together."""


def _pairs(table: str) -> dict[str, str]:
    columns = table.split()
    return dict(zip(columns[::2], columns[1::2], strict=True))


_RELATIONS = _pairs(
    r"eq = neq \neq lt < gt > leq \leq geq \geq approx \approx equivalent \equiv implies \Rightarrow in \in notin \notin subset \subseteq "
    r"prsubset \subset notsubset \not\subseteq notprsubset \not\subset tendsto \to factorof \mid"
)
_BETWEEN = _pairs(
    r"union \cup intersect \cap setdiff \setminus cartesianproduct \times and \wedge or \vee xor \oplus compose \circ "
    r"vectorproduct \times scalarproduct \cdot outerproduct \otimes rem \bmod"
)
_FUNCTIONS = frozenset(
    {"sin", "cos", "tan", "sec", "csc", "cot", "sinh", "cosh", "tanh", "coth", "arccos", "arcsin", "arctan", "exp", "ln", "max", "min"}
    | {"gcd", "arg", "det", "dim", "ker", "deg", "log"}
)
_NAMED = {"determinant": "det", "real": "Re", "imaginary": "Im", "ident": "id"}
"""Functions that LaTeX knows by another name; others keep theirs."""
_AROUND = {
    "abs": ("|", "|"),
    "card": ("|", "|"),
    "floor": (r"\lfloor ", r"\rfloor "),
    "ceiling": (r"\lceil ", r"\rceil "),
    "conjugate": (r"\overline{", "}"),
    "mean": (r"\overline{", "}"),
    "sdev": (r"\sigma(", ")"),
    "variance": (r"\sigma^{2}(", ")"),
}
_BEFORE = _pairs(r"not \neg grad \nabla divergence \nabla\cdot curl \nabla\times laplacian \nabla^{2}")
_BIG = _pairs(r"sum \sum product \prod int \int limit \lim forall \forall exists \exists")
_CONSTANTS = _pairs(
    r"pi \pi exponentiale e imaginaryi i infinity \infty emptyset \emptyset reals \mathbb{R} integers \mathbb{Z} naturalnumbers \mathbb{N} "
    r"rationals \mathbb{Q} complexes \mathbb{C} primes \mathbb{P} eulergamma \gamma true \text{true} false \text{false} "
    r"notanumber \text{NaN}"
)
_QUALIFIERS = frozenset({"bvar", "lowlimit", "uplimit", "degree", "logbase", "condition", "domainofapplication", "interval", "momentabout"})
CONTENT = frozenset(f"{{{NS}}}{name}" for name in (
    "apply", "reln", "ci", "cn", "csymbol", "interval", "set", "list", "vector", "matrix", "piecewise", "lambda", "fn", "declare",
    *_CONSTANTS,
))  # fmt: skip
"""Elements that begin a formula of this kind."""


@dataclass(frozen=True, slots=True)
class _Piece:
    latex: str
    holds: int = _ATOM

    def at_least(self, level: int) -> str:
        """In parentheses where it holds together less tightly."""
        return self.latex if self.holds >= level else f"({self.latex})"


def content_to_latex(el: _Element, presented: Callable[[_Element], str]) -> str:
    """The formula under an element of ``CONTENT``; ``presented`` writes presentation MathML that stands inside a name."""
    return _Content(presented).piece(el).latex


def _name(el: _Element) -> str:
    return str(el.tag).rpartition("}")[2]


def _command(latex: str) -> str:
    """A command before its argument keeps the space that ends it."""
    return f"{latex} " if latex[:1] == "\\" and latex[-1:].isalpha() else latex


class _Content:
    def __init__(self, presented: Callable[[_Element], str]) -> None:
        self._presented = presented

    def piece(self, el: _Element) -> _Piece:
        name = _name(el)
        kids = list(el)
        if name in {"apply", "reln"}:
            return self._apply(kids)
        if name in {"ci", "csymbol"}:
            token = self._token(el, identifier).strip()
            return _Piece(token, _POWER if "^" in token else _ATOM)
        if name == "cn":
            return self._number(el)
        if name in _CONSTANTS:
            return _Piece(_CONSTANTS[name])
        if name == "interval":
            fences = {"open": "()", "open-closed": "(]", "closed-open": "[)"}.get(el.get("closure") or "", "[]")
            return _Piece(f"{fences[0]}{self._listed(kids)}{fences[1]}")
        if name in {"set", "list", "vector"}:
            opening, closing = (r"\{", r"\}") if name == "set" else ("(", ")")
            return _Piece(f"{opening}{self._members(kids)}{closing}")
        if name == "matrix":
            rows = [" & ".join(self.piece(cell).latex for cell in row) for row in kids]
            return _Piece(r"\begin{pmatrix}" + r" \\ ".join(rows) + r"\end{pmatrix}")
        if name == "piecewise":
            return _Piece(r"\begin{cases}" + r" \\ ".join(self._case(k) for k in kids) + r"\end{cases}")
        if name == "lambda":
            *variables, body = kids
            return _Piece(rf"{', '.join(self._inside(v) for v in variables)} \mapsto {self.piece(body).latex}", _RELATION)
        if (name in _QUALIFIERS or name in {"fn", "declare", "semantics"}) and kids:
            return self.piece(kids[0])
        return _Piece(self._presented(el).strip())

    def _apply(self, kids: Sequence[_Element]) -> _Piece:
        if not kids:
            return _Piece("")
        head, *rest = kids
        name = _name(head)
        arguments = [k for k in rest if _name(k) not in _QUALIFIERS or (_name(k) == "interval" and name not in _BIG)]
        qualifiers = {_name(k): k for k in rest if k not in arguments}
        pieces = [self.piece(a) for a in arguments]
        if name in _RELATIONS:
            return _Piece(f" {_RELATIONS[name]} ".join(p.at_least(_SUM) for p in pieces), _RELATION)
        if name in _BETWEEN:
            return _Piece(f" {_BETWEEN[name]} ".join(p.at_least(_PRODUCT) for p in pieces), _SUM)
        if handler := _HANDLERS.get(name):
            return handler(self, pieces, qualifiers)
        if name in _BIG:
            return self._big(name, pieces, qualifiers)
        return self._function(head, name, pieces, qualifiers)

    def _plus(self, pieces: Sequence[_Piece], _: dict[str, _Element]) -> _Piece:
        out = ""
        for p in pieces:
            text = p.at_least(_SUM)
            out += text if not out or text.startswith("-") else f"+{text}"
        return _Piece(out, _SUM)

    def _minus(self, pieces: Sequence[_Piece], _: dict[str, _Element]) -> _Piece:
        if len(pieces) == 1:
            return _Piece(f"-{pieces[0].at_least(_PRODUCT)}", _SUM)
        return _Piece("-".join([pieces[0].at_least(_SUM), *(p.at_least(_PRODUCT) for p in pieces[1:])]), _SUM) if pieces else _Piece("-")

    def _times(self, pieces: Sequence[_Piece], _: dict[str, _Element]) -> _Piece:
        out = ""
        for p in pieces:
            text = p.at_least(_PRODUCT)
            out += (r"\cdot " if out and text[:1].isdigit() else " " if out[-1:].isalpha() and "\\" in out else "") + text
        return _Piece(out, _PRODUCT)

    def _divide(self, pieces: Sequence[_Piece], _: dict[str, _Element]) -> _Piece:
        over, under = [*(p.latex for p in pieces), "", ""][:2]
        return _Piece(rf"\frac{{{over}}}{{{under}}}", _PRODUCT)

    def _power(self, pieces: Sequence[_Piece], _: dict[str, _Element]) -> _Piece:
        base, exponent = [*pieces, _Piece(""), _Piece("")][:2]
        return _Piece(f"{base.at_least(_ATOM)}^{{{exponent.latex}}}", _POWER)

    def _root(self, pieces: Sequence[_Piece], qualifiers: dict[str, _Element]) -> _Piece:
        degree = self._inside(qualifiers["degree"]) if "degree" in qualifiers else ""
        index = f"[{degree}]" if degree and degree != "2" else ""
        return _Piece(rf"\sqrt{index}{{{''.join(p.latex for p in pieces)}}}")

    def _factorial(self, pieces: Sequence[_Piece], _: dict[str, _Element]) -> _Piece:
        return _Piece(f"{''.join(p.at_least(_ATOM) for p in pieces)}!", _POWER)

    def _transpose(self, pieces: Sequence[_Piece], _: dict[str, _Element]) -> _Piece:
        return _Piece(f"{''.join(p.at_least(_ATOM) for p in pieces)}^{{T}}", _POWER)

    def _inverse(self, pieces: Sequence[_Piece], _: dict[str, _Element]) -> _Piece:
        return _Piece(f"{''.join(p.at_least(_ATOM) for p in pieces)}^{{-1}}", _POWER)

    def _selector(self, pieces: Sequence[_Piece], _: dict[str, _Element]) -> _Piece:
        base, *places = pieces
        return _Piece(f"{base.at_least(_ATOM)}_{{{','.join(p.latex for p in places)}}}", _POWER)

    def _quotient(self, pieces: Sequence[_Piece], _: dict[str, _Element]) -> _Piece:
        return _Piece(rf"\lfloor {self._divide(pieces, {}).latex}\rfloor ")

    def _derivative(self, pieces: Sequence[_Piece], qualifiers: dict[str, _Element]) -> _Piece:
        return self._by("d", pieces, qualifiers)

    def _partial(self, pieces: Sequence[_Piece], qualifiers: dict[str, _Element]) -> _Piece:
        return self._by(r"\partial ", pieces, qualifiers)

    def _by(self, sign: str, pieces: Sequence[_Piece], qualifiers: dict[str, _Element]) -> _Piece:
        of = "".join(p.at_least(_PRODUCT) for p in pieces)
        if "bvar" not in qualifiers:
            return _Piece(f"{of}'", _POWER)
        variable = qualifiers["bvar"]
        degrees = [self._inside(k) for k in variable if _name(k) == "degree"]
        power = f"^{{{degrees[0]}}}" if degrees else ""
        sign_ = sign.strip() if power else sign
        return _Piece(rf"\frac{{{sign_}{power}{of}}}{{{sign}{self._inside(variable)}{power}}}", _PRODUCT)

    def _logarithm(self, pieces: Sequence[_Piece], qualifiers: dict[str, _Element]) -> _Piece:
        base = f"_{{{self._inside(qualifiers['logbase'])}}}" if "logbase" in qualifiers else ""
        return _Piece(rf"\log{base}({self._comma(pieces)})", _PRODUCT)

    def _big(self, name: str, pieces: Sequence[_Piece], qualifiers: dict[str, _Element]) -> _Piece:
        variable = self._inside(qualifiers["bvar"]) if "bvar" in qualifiers else ""
        low, high = (self._inside(qualifiers[k]) if k in qualifiers else "" for k in ("lowlimit", "uplimit"))
        if "interval" in qualifiers:
            low, high = (self.piece(k).latex for k in list(qualifiers["interval"])[:2])
        where = self._inside(qualifiers["condition"]) if "condition" in qualifiers else ""
        if not where and low:
            where = low if name == "int" or not variable else rf"{variable} \to {low}" if name == "limit" else f"{variable} = {low}"
        scripts = (f"_{{{where}}}" if where else "") + (f"^{{{high}}}" if high else "")
        body = "".join(p.at_least(_PRODUCT) for p in pieces)
        if name in {"forall", "exists"}:
            return _Piece(rf"{_command(_BIG[name])}{where or variable}\colon {body}", _RELATION)
        end = rf"\,d{variable}" if name == "int" and variable else ""
        return _Piece(_command(_BIG[name] + scripts) + body + end, _PRODUCT)

    def _function(self, head: _Element, name: str, pieces: Sequence[_Piece], qualifiers: dict[str, _Element]) -> _Piece:
        if name in _AROUND:
            opening, closing = _AROUND[name]
            return _Piece(f"{opening}{self._comma(pieces)}{closing}")
        if name in _BEFORE:
            return _Piece(_command(_BEFORE[name]) + "".join(p.at_least(_ATOM) for p in pieces), _PRODUCT)
        if name == "moment" and "degree" in qualifiers:
            return _Piece(rf"\langle {self._comma(pieces)}^{{{self._inside(qualifiers['degree'])}}}\rangle ")
        if name in _FUNCTIONS:
            called = rf"\{name}"
        elif name in {"ci", "csymbol", "fn", "apply", "semantics"}:
            called = self.piece(head).at_least(_POWER)
        else:
            called = rf"\operatorname{{{_NAMED.get(name, name)}}}"
        return _Piece(f"{called}({self._comma(pieces)})" if pieces else called, _POWER)

    def _comma(self, pieces: Sequence[_Piece]) -> str:
        return ", ".join(p.latex for p in pieces)

    def _listed(self, kids: Sequence[_Element]) -> str:
        return self._comma([self.piece(k) for k in kids])

    def _members(self, kids: Sequence[_Element]) -> str:
        variables = [self._inside(k) for k in kids if _name(k) == "bvar"]
        where = [self._inside(k) for k in kids if _name(k) == "condition"]
        others = self._listed([k for k in kids if _name(k) not in {"bvar", "condition"}])
        return rf"{others or ', '.join(variables)} \mid {', '.join(where)}" if where else others

    def _case(self, el: _Element) -> str:
        value, *where = [*(self.piece(k).latex for k in el), ""]
        return rf"{value} & \text{{otherwise}}" if _name(el) == "otherwise" else f"{value} & {' '.join(where).strip()}"

    def _inside(self, el: _Element) -> str:
        """The first formula in a qualifier."""
        kid = next((k for k in el if _name(k) != "degree" or _name(el) == "degree"), None)
        if kid is None:
            return number((el.text or "").strip())
        return self.piece(kid).latex

    def _token(self, el: _Element, plain: Callable[[str], str]) -> str:
        if len(el) == 0:
            return plain(el.text or "")
        return words(el.text or "").strip() + "".join(self._presented(k) + words(k.tail or "").strip() for k in el)

    def _number(self, el: _Element) -> _Piece:
        kind = el.get("type") or ""
        parts = [(el.text or "").strip(), *((k.tail or "").strip() for k in el if _name(k) == "sep")]
        if len(parts) == 2:
            first, second = (number(p) for p in parts)
            if kind == "rational":
                return _Piece(rf"\frac{{{first}}}{{{second}}}", _PRODUCT)
            if kind == "e-notation":
                return _Piece(rf"{first}\times 10^{{{second}}}", _PRODUCT)
            if kind == "complex-cartesian":
                return _Piece(f"{first}{second if second.startswith('-') else f'+{second}'}i", _SUM)
            if kind == "complex-polar":
                return _Piece(rf"{first}e^{{{second}i}}", _PRODUCT)
        text = self._token(el, number if kind != "constant" else operator)
        return _Piece(text, _SUM if text.startswith("-") else _ATOM)


_HANDLERS: dict[str, Callable[[_Content, Sequence[_Piece], dict[str, _Element]], _Piece]] = {
    "plus": _Content._plus,
    "minus": _Content._minus,
    "times": _Content._times,
    "divide": _Content._divide,
    "power": _Content._power,
    "root": _Content._root,
    "factorial": _Content._factorial,
    "transpose": _Content._transpose,
    "inverse": _Content._inverse,
    "selector": _Content._selector,
    "quotient": _Content._quotient,
    "diff": _Content._derivative,
    "partialdiff": _Content._partial,
    "log": _Content._logarithm,
}
