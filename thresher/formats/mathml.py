"""MathML to LaTeX, for mathematics that people and models read: presentation markup here, what is written by its meaning in
``thresher.formats.content_mathml``.

``to_latex`` gives the formula without delimiters. Its braces, ``\\left``/``\\right`` and environments always balance. Parentheses stay
plain (no ``\\left(``), so that the same formula written in two ways comes out the same more often. An element that is no MathML raises
UnknownMathML: what is not understood is never dropped silently.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from lxml.etree import _Element

from thresher.formats.content_mathml import CONTENT, content_to_latex
from thresher.formats.latex import BIG, OVER, UNDER, finish, identifier, number, operator, words
from thresher.formats.matrices import FENCES, MATRICES, arrange

NS = "http://www.w3.org/1998/Math/MathML"
MATH = f"{{{NS}}}math"
_MO, _MN, _MI, _MTEXT, _MTABLE, _MROW, _MSPACE, _PRESCRIPTS = (
    f"{{{NS}}}{n}" for n in ("mo", "mn", "mi", "mtext", "mtable", "mrow", "mspace", "mprescripts")
)
_SCRIPTED = frozenset(f"{{{NS}}}{n}" for n in ("munder", "mover", "msub", "msup"))
_WRAPPERS = frozenset(f"{{{NS}}}{n}" for n in ("mrow", "mstyle", "mpadded"))
_OPEN = frozenset("([{|‖")
_ENCLOSE = {"updiagonalstrike": r"\cancel", "downdiagonalstrike": r"\bcancel", "horizontalstrike": r"\cancel"}
_ENCLOSE |= {"box": r"\boxed", "roundedbox": r"\boxed", "circle": r"\boxed", "radical": r"\sqrt"}
_ENCLOSE |= {"top": r"\overline", "bottom": r"\underline", "actuarial": r"\overline", "longdiv": r")\overline"}
_ENDS = re.compile(r"^(?:\\ |\s)+|(?:(?<!\\)\\ |\s)+$")
"""Space at the ends of a cell, visible space too."""
_WIDTH = re.compile(r"\s*([0-9]+\.?[0-9]*|\.[0-9]+)\s*([a-z]*)")
_PRESENTATION = frozenset({"mathml-presentation", "application/mathml-presentation+xml"})
_NO_LINE = re.compile(r"0\w*")
_DEGREE = re.compile(r"\^\{([^{}]*)\}")
_COMMAND_END = re.compile(r"\\[A-Za-z]+$")
_ATOM = re.compile(
    r"\\[A-Za-z]+ ?|[A-Za-z0-9.,]+|[)\]|!]|\\\}|\([^()]*\)|\[[^\[\]]*\]|\\begin\{(\w+)\}.*\\end\{\1\}"
    r"|\\(?:mathrm|mathbf|mathbb|text|overline|vec|hat|sqrt|underbrace)\{[^{}]*[}\x02]",
    re.DOTALL,
)
"""What can carry a script without braces of its own."""


class UnknownMathML(ValueError):
    """An element that is no MathML, or a fraction or root with too many children."""


def to_latex(math: _Element) -> str:
    """The formula of a ``math`` element (or of any element inside one) as LaTeX, without delimiters; empty when nothing is visible."""
    return finish(_convert(math))


def _convert(el: _Element) -> str:
    handler = _HANDLERS.get(el.tag)
    if handler is not None:
        return handler(el)
    if el.tag in CONTENT:
        return _closed(content_to_latex(el, _convert))
    raise UnknownMathML(f"no rule for <{el.tag}>")


def _row(el: _Element) -> str:
    """Children side by side, stray text between them kept; a fence around a table becomes the table's own."""
    kids = list(el)
    out = [words(el.text)] if el.text and not el.text.isspace() else []
    i = 0
    while i < len(kids):
        fenced = _fenced_table(kids, i) if kids[i].tag == _MO else None
        latex, step = fenced or (_convert(kids[i]), 1)
        out.append(latex)
        i += step
        tail = kids[i - 1].tail
        if tail and not tail.isspace():
            out.append(words(tail))
    return "".join(out)


def _fenced_table(kids: list[_Element], i: int) -> tuple[str, int] | None:
    """A fence at ``i``, a table and the closing fence, if that is what comes, with how many children they are."""
    opening = (kids[i].text or "").strip()
    if opening not in _OPEN or i + 1 >= len(kids) or (table := _lone_table(kids[i + 1])) is None:
        return None
    j = i + 2
    while j < len(kids) and _is_blank(kids[j]):
        j += 1
    closing = (kids[j].text or "").strip() if j < len(kids) and kids[j].tag == _MO else ""
    if (opening, closing) in MATRICES:
        return _table(table, opening, closing), j + 1 - i
    return (_table(table, opening, ""), 2) if opening == "{" else None


def _is_blank(el: _Element) -> bool:
    return el.tag == _MSPACE or (el.tag == _MO and not (el.text or "").strip())


def _lone_table(el: _Element) -> _Element | None:
    """The table that is all an element holds, through wrappers and empty operators."""
    while el.tag in _WRAPPERS:
        kids = [k for k in el if not _is_blank(k)]
        if len(kids) != 1:
            return None
        el = kids[0]
    if el.tag != _MTABLE:
        return None
    if len(el) == 1 and len(el[0]) == 1 and len(el[0][0]) == 1 and (inner := _lone_table(el[0][0][0])) is not None:
        return inner
    return el


def _mn(el: _Element) -> str:
    return number(el.text or "")


def _mo(el: _Element) -> str:
    return operator(el.text or "")


def _glyph(el: _Element) -> str:
    return words(el.get("alt") or "")


def _mi(el: _Element) -> str:
    text = identifier(el.text or "")
    variant = el.get("mathvariant")
    if variant and text and text not in {"\\ ", "'"}:
        if variant.startswith("bold"):
            return rf"\mathbf{{{text.strip()}}}" if "\\text" not in text else text
        if variant == "normal" and len(text) == 1 and text.isalpha():
            return rf"\mathrm{{{text}}}"
    return text


def _mtext(el: _Element) -> str:
    text = words(el.text or "")
    return text + "".join(_convert(k) + words(k.tail or "") for k in el)


def _space(el: _Element) -> str:
    if el.get("linebreak") == "newline":
        return r"\quad "
    match = _WIDTH.match(el.get("width") or "")
    width = float(match.group(1)) / (12 if match.group(2) in {"pt", "px"} else 1) if match else 0.0
    return "" if width < 0.15 else r"\ " if width < 0.8 else r"\quad "


def _parts(el: _Element, n: int) -> list[_Element]:
    kids = list(el)
    if len(kids) > n:
        raise UnknownMathML(f"<{el.tag}> with {len(kids)} children, at most {n} allowed")
    return kids


def _inner(text: str) -> str:
    """White space that ends a group goes, unless it belongs to a visible ``\\ ``."""
    return text if text.endswith("\\ ") else text.strip(" ")


def _no_lead(text: str) -> str:
    return "\\text{" + text[7:] if text.startswith("\\text{ ") else text


def _atom(kids: list[_Element]) -> str:
    """The base of a script, in braces unless it is one thing already."""
    text = _no_lead(_inner(_convert(kids[0]))) if kids else ""
    if not text:
        return "{}"
    if text.isascii() and text.isalnum():
        return text
    return text if _ATOM.fullmatch(text) else f"{{{text}}}"


def _fraction(el: _Element) -> str:
    kids = _parts(el, 2)
    over, under = _inner(_row_of(kids, 0)), _inner(_row_of(kids, 1))
    if (thickness := el.get("linethickness")) and _NO_LINE.fullmatch(thickness.strip()):
        return rf"\genfrac{{}}{{}}{{0pt}}{{}}{{{over}}}{{{under}}}"
    return rf"\frac{{{over}}}{{{under}}}"


def _row_of(kids: list[_Element], i: int) -> str:
    return _convert(kids[i]) if i < len(kids) else ""


def _sqrt(el: _Element) -> str:
    return rf"\sqrt{{{_inner(_row(el))}}}"


def _root(el: _Element) -> str:
    kids = _parts(el, 2)
    index = _inner(_row_of(kids, 1))
    radicand = _inner(_row_of(kids, 0))
    if not index:
        return rf"\sqrt{{{radicand}}}"
    return rf"\sqrt[{{{index}}}]{{{radicand}}}" if "]" in index else rf"\sqrt[{index}]{{{radicand}}}"


def _closed(text: str) -> str:
    """A command at the end gets back the space that ends it."""
    return f"{text} " if "\\" in text and _COMMAND_END.search(text) else text


def _script(mark: str, text: str) -> str:
    text = _no_lead(_inner(text))
    if not text or text == "{}":
        return ""
    if mark == "^" and text.strip("'") == "":
        return text
    degree = _DEGREE.fullmatch(text)
    return f"{mark}{{{degree.group(1) if degree else text}}}"


def _sup(el: _Element) -> str:
    return _scripts(el, "^")


def _sub(el: _Element) -> str:
    return _scripts(el, "_")


def _subsup(el: _Element) -> str:
    return _scripts(el, "_^")


def _scripts(el: _Element, marks: str) -> str:
    """A base with its scripts. Children beyond them (a full stop, a unit's end) stand behind, as browsers show them."""
    kids = list(el)
    scripted = _atom(kids) + "".join(_script(mark, _row_of(kids, i)) for i, mark in enumerate(marks, start=1))
    return _closed(scripted) + "".join(_convert(k) for k in kids[len(marks) + 1 :])


def _raw(el: _Element) -> str:
    """What stands over or under something, as its characters; a dotted circle only carries an accent."""
    return "".join(str(t) for t in el.itertext()).replace("\u25cc", "").strip() if el.tag in {_MO, _MI, _MTEXT, _MN, _MROW} else ""


def _over(el: _Element) -> str:
    kids = list(el)
    return _decorate(kids[0], None, kids[1]) if len(kids) == 2 else _row(el)


def _under(el: _Element) -> str:
    kids = list(el)
    return _decorate(kids[0], kids[1], None) if len(kids) == 2 else _row(el)


def _underover(el: _Element) -> str:
    kids = list(el)
    return _decorate(kids[0], kids[1], kids[2]) if len(kids) == 3 else _row(el)


def _decorate(base_el: _Element, under: _Element | None, over: _Element | None) -> str:
    """Limits of a big operator, accents and braces, or something set above and below."""
    base = _inner(_convert(base_el))
    if base.strip() in BIG or base.startswith((r"\underbrace", r"\overbrace")):
        low, high = (_convert(e) if e is not None else "" for e in (under, over))
        return _closed(base + _script("_", low) + _script("^", high))
    if under is not None and (brace := _labelled_brace(under, UNDER)) is not None:
        return f"{UNDER[_raw(brace[0])]}{{{base}}}_{{{_inner(_convert(brace[1]))}}}"
    if over is not None and (brace := _labelled_brace(over, OVER)) is not None:
        return f"{OVER[_raw(brace[0])]}{{{base}}}^{{{_inner(_convert(brace[1]))}}}"
    if over is not None:
        base = _set(base, _raw(over), _convert(over), OVER, r"\overset")
    if under is not None:
        base = _set(base, _raw(under), _convert(under), UNDER, r"\underset")
    return _closed(base)


def _labelled_brace(el: _Element, marks: dict[str, str]) -> _Element | None:
    """A brace that carries its label itself instead of being under or over it."""
    return el if el.tag in _SCRIPTED and len(el) == 2 and marks.get(_raw(el[0]), "").endswith("brace") else None


def _set(base: str, raw: str, text: str, marks: dict[str, str], command: str) -> str:
    accent = marks.get(raw[:1]) if raw and (raw in marks or len(set(raw)) == 1) else None
    if accent:
        return f"{accent}{{{base}}}"
    brace, _, label = raw.partition(" ")
    if label and marks.get(brace, "").endswith("brace"):
        return f"{marks[brace]}{{{base}}}_{{{words(label)}}}" if command == r"\underset" else f"{marks[brace]}{{{base}}}^{{{words(label)}}}"
    text = _inner(text)
    return f"{command}{{{text}}}{{{base}}}" if text else base


def _multiscripts(el: _Element) -> str:
    kids = list(el)
    cut = next((i for i, k in enumerate(kids) if k.tag == _PRESCRIPTS), len(kids))
    before, after = kids[cut + 1 :], kids[1:cut]

    def pairs(items: list[_Element]) -> str:
        latex = [_convert(i) for i in items] + [""] * (len(items) % 2)
        return "{}".join(_script("_", low) + _script("^", high) for low, high in zip(latex[::2], latex[1::2], strict=True))

    left = pairs(before)
    return _closed((f"{{}}{left}" if left else "") + _atom(kids[:1]) + pairs(after))


def _fenced(el: _Element) -> str:
    opening, closing = el.get("open", "(").strip(), el.get("close", ")").strip()
    kids = list(el)
    if len(kids) == 1 and (table := _lone_table(kids[0])) is not None and (opening or closing):
        return _table(table, opening, closing)
    marks = "".join(el.get("separators", ",").split())
    out = [FENCES.get(opening, operator(opening) if opening else "")]
    for i, kid in enumerate(kids):
        out.append(_convert(kid))
        if marks and i + 1 < len(kids):
            out.append(operator(marks[min(i, len(marks) - 1)]))
    return "".join(out) + FENCES.get(closing, operator(closing) if closing else "")


def _enclose(el: _Element) -> str:
    text = _inner(_row(el))
    for notation in (el.get("notation") or "longdiv").split():
        if notation in _ENCLOSE and text:
            text = f"{_ENCLOSE[notation]}{{{text}}}"
            break
    return _closed(text)


def _bare_table(el: _Element) -> str:
    return _table(el, "", "")


def _table(el: _Element, opening: str, closing: str) -> str:
    rows = [[_ENDS.sub("", _row(cell)) for cell in row] for row in el]
    return _closed(arrange(rows, opening, closing, (el.get("columnlines") or "").split()))


def _nothing(el: _Element) -> str:
    return ""


def _first(el: _Element) -> str:
    """Of alternatives (``semantics``, ``maction``), the one that is shown: one that says how it is set, where the first says only what it
    means."""
    set_out = next((k for k in el if len(k) and (k.get("encoding") or "").lower() in _PRESENTATION), None)
    if set_out is not None and len(el) and el[0].tag in CONTENT:
        return _row(set_out)
    return _convert(el[0]) if len(el) else ""


_NAMED: dict[Callable[[_Element], str], str] = {
    _row: "math mrow mstyle mpadded merror mtd",
    _mi: "mi",
    _mn: "mn",
    _mo: "mo",
    _mtext: "mtext ms",
    _glyph: "mglyph",
    _space: "mspace",
    _fraction: "mfrac",
    _sqrt: "msqrt",
    _root: "mroot",
    _sup: "msup",
    _sub: "msub",
    _subsup: "msubsup",
    _over: "mover",
    _under: "munder",
    _underover: "munderover",
    _multiscripts: "mmultiscripts",
    _bare_table: "mtable",
    _fenced: "mfenced",
    _enclose: "menclose",
    _first: "semantics maction",
    _nothing: "mphantom mprescripts none maligngroup malignmark",
}
_HANDLERS: dict[object, Callable[[_Element], str]] = {f"{{{NS}}}{n}": handler for handler, names in _NAMED.items() for n in names.split()}
