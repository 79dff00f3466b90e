"""PreTeXt elements to Markdown-like text with LaTeX mathematics.

One Writer renders one fragment and remembers what it met: pictures, addresses, what the text points to. An element that is neither rendered
nor left out on purpose raises UnknownElement.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from posixpath import basename

from lxml.etree import _Element

from thresher.formats.books.macros import Macro, expand
from thresher.formats.books.marks import letter, roman
from thresher.formats.books.text import (
    SUFFIX,
    UnknownElement,
    code_block,
    display,
    emphasised,
    inline_code,
    listing,
    settled,
    spaced,
    table,
    tidy,
)
from thresher.formats.pretext.include import XML_ID
from thresher.formats.pretext.targets import Targets

_MATH_WORDS = (("\\amp", "&"), ("\\lt", "<"), ("\\gt", ">"))
"""How PreTeXt writes the signs that XML has for itself."""
_MATH_WORD = re.compile(r"\\(?:amp|lt|gt)(?![A-Za-z])")
_FILLIN = re.compile(r"\\fillin(?:math)?(?:\{[^{}]*\})?")
_STOP = re.compile(r"\s*([.,;:!?])(?=\s|$)")
_LETTERS = ("(a)", "i.", "A.", "1.")
"""Marks of lists in an exercise, by how deep they stand."""
_CHARACTERS = {
    "ndash": "\u2013", "mdash": "\u2014", "nbsp": " ", "ellipsis": "\u2026", "lsq": "\u2018", "rsq": "\u2019", "lq": "\u201c",
    "rq": "\u201d", "langle": "\u27e8", "rangle": "\u27e9", "midpoint": "\u00b7", "swungdash": "~", "permille": "\u2030",
    "pilcrow": "\u00b6", "section-mark": "\u00a7", "minus": "\u2212", "times": "\u00d7", "solidus": "/", "obelus": "\u00f7",
    "plusminus": "\u00b1", "degree": "\u00b0", "prime": "\u2032", "dblprime": "\u2033", "copyright": "\u00a9", "registered": "\u00ae",
    "trademark": "\u2122", "servicemark": "\u2120", "phonomark": "\u2117", "copyleft": "(copyleft)", "ie": "i.e.", "eg": "e.g.",
    "etc": "etc.", "vs": "vs.", "am": "a.m.", "pm": "p.m.", "bc": "BC", "ad": "AD", "ca": "ca.", "nb": "NB", "ps": "PS", "et": "et al.",
    "cf": "cf.", "viz": "viz.", "tex": "TeX", "latex": "LaTeX", "xetex": "XeTeX", "xelatex": "XeLaTeX", "luatex": "LuaTeX",
    "pdftex": "pdfTeX", "pretext": "PreTeXt", "webwork": "WeBWorK", "prefigure": "PreFigure", "today": "today", "timeofday": "now",
    "ampersand": "&", "less": "<", "greater": ">", "hash": "#", "dollar": "$", "percent": "%", "circumflex": "^", "underscore": "_",
    "lbrace": "{", "rbrace": "}", "lbracket": "[", "rbracket": "]", "tilde": "~", "backslash": "\\", "asterisk": "*", "backtick": "`",
    "quotedblleft": "\u201c", "sharp": "\u266f", "flat": "\u266d", "natural": "\u266e", "br": "\n", "line-break": "\n",
}  # fmt: skip


class Writer:
    """Renders the parts of one fragment. ``skip`` are elements left out (options that are kept apart)."""

    def __init__(self, targets: Targets, macros: Mapping[str, Macro], skip: Collection[_Element] = ()) -> None:
        self._targets = targets
        self._macros = macros
        self._skip = skip
        self._depth = 0
        self.figures: list[str] = []
        self.links: list[tuple[str, str]] = []
        self.targets: list[str] = []
        self.elsewhere: list[str] = []
        self.rendered: set[str] = set()

    def text(self, el: _Element) -> str:
        """The finished text inside an element."""
        return tidy(self._inside(el))

    def blocks(self, elements: Collection[_Element]) -> str:
        """The finished text of several elements, one block each."""
        return tidy(self._parts(elements))

    def _parts(self, elements: Collection[_Element]) -> str:
        return settled("\n\n".join(self._one(el) for el in elements))

    def _inside(self, el: _Element) -> str:
        """Text and children of an element. A full stop behind a formula on lines of its own is set inside of it, as PreTeXt does."""
        out = [spaced(el.text)] if el.text else []
        for child in el:
            tail = spaced(child.tail) if child.tail else ""
            if child.tag in _DISPLAYED and (match := _STOP.match(tail)):
                out.append(self._math(child, stop=match[1]))
                tail = tail[match.end() :]
            else:
                one = self._one(child)
                if child.tag == "m" and one:
                    if out and out[-1][-1:].isalpha():
                        out.append(" ")
                    tail = f" {tail}" if tail[:1].isalpha() and not SUFFIX.match(tail) else tail
                out.append(one)
            out.append(tail)
        return "".join(out)

    def _one(self, el: _Element) -> str:
        if el in self._skip:
            return ""
        if key := el.get(XML_ID) or el.get("label"):
            self.rendered.add(key)
        handler = _HANDLERS.get(str(el.tag))
        if handler is None:
            raise UnknownElement(f"no rule for <{el.tag}>")
        return handler(self, el)

    def _block(self, el: _Element) -> str:
        return f"\n\n{self._inside(el)}\n\n"

    def _titled(self, el: _Element) -> str:
        return f"\n\n{self._inside(el).strip()}\n"

    def _inline(self, el: _Element) -> str:
        return self._inside(el)

    def _nothing(self, el: _Element) -> str:
        return ""

    def _strong(self, el: _Element) -> str:
        return emphasised(self._inside(el), "**")

    def _emphasis(self, el: _Element) -> str:
        return emphasised(self._inside(el), "*")

    def _quoted(self, el: _Element) -> str:
        return f"\u201c{self._inside(el).strip()}\u201d"

    def _single_quoted(self, el: _Element) -> str:
        return f"\u2018{self._inside(el).strip()}\u2019"

    def _struck(self, el: _Element) -> str:
        return f"~~{self._inside(el).strip()}~~"

    def _angled(self, el: _Element) -> str:
        return f"\u27e8{self._inside(el).strip()}\u27e9"

    def _character(self, el: _Element) -> str:
        return _CHARACTERS[str(el.tag)]

    def _blank(self, el: _Element) -> str:
        return "_" * 6

    def _icon(self, el: _Element) -> str:
        return f"[{el.get('name') or 'icon'}]"

    def _footnote(self, el: _Element) -> str:
        return f" [note: {self._inside(el).strip()}]"

    def _code(self, el: _Element) -> str:
        return inline_code("".join(str(t) for t in el.itertext()))

    def _tag(self, el: _Element) -> str:
        return f"`<{(el.text or '').strip()}>`"

    def _quantity(self, el: _Element) -> str:
        """A number with its units, ``9.8 m/s^2`` as ``9.8 meter/second^{2}`` by the names that the source has."""
        over = [_unit(u) for u in el if u.tag == "unit"]
        under = [_unit(u) for u in el if u.tag == "per"]
        unit = " ".join(over) + ("/" if under else "") + " ".join(under)
        return " ".join(p for p in (self._inside_of(el.find("mag")), unit) if p)

    def _inside_of(self, el: _Element | None) -> str:
        return "" if el is None else self._inside(el).strip()

    def _latex(self, el: _Element) -> str:
        """The formula in one element: its text, blanks and references in it."""
        out = [el.text or ""]
        for child in el:
            if child.tag == "fillin":
                out.append(r"\underline{\qquad}")
            elif child.tag == "xref":
                out.append(rf"\text{{{self._reference(child)}}}")
            elif child.tag == "var":
                out.append(rf"\text{{{child.get('name') or ''}}}")
            else:
                out.append("".join(str(t) for t in child.itertext()))
            out.append(child.tail or "")
        return self.formula("".join(out))

    def formula(self, latex: str) -> str:
        """LaTeX with the book's own commands in full, on one line."""
        latex = expand(_FILLIN.sub(lambda m: r"\underline{\qquad}", latex), self._macros)
        latex = _MATH_WORD.sub(lambda m: dict(_MATH_WORDS)[m[0]], latex)
        return " ".join(latex.split())

    def _inline_math(self, el: _Element) -> str:
        latex = self._latex(el)
        return f"\\({latex}\\)" if latex else ""

    def _math(self, el: _Element, stop: str = "") -> str:
        """A formula on lines of its own. Lines of several are aligned where they say where."""
        label = self._labelled(el)
        if not any(child.tag == "mrow" for child in el):
            return f"\n\n{label}{display(self._latex(el) + stop).strip()}\n\n"
        rows: list[str] = []
        for child in el:
            if child.tag == "mrow":
                row = self._latex(child)
                named = self._labelled(child).rstrip(": ")
                rows.append(rf"{row} \quad \text{{({named})}}" if named else row)
                if key := child.get(XML_ID):
                    self.rendered.add(key)
            elif child.tag == "intertext":
                rows.append(rf"\text{{{self.text(child).replace('&', 'and')}}}")
        environment = "aligned" if any("&" in r for r in rows) else "gathered"
        body = r" \\ ".join(r.removesuffix("\\\\").strip() for r in rows)
        latex = rf"\begin{{{environment}}} {body}{stop} \end{{{environment}}}" if len(rows) > 1 else "".join(rows).replace("&", "") + stop
        return f"\n\n{label}{display(latex).strip()}\n\n"

    def _url(self, el: _Element) -> str:
        inner = self._inside(el).strip()
        href = el.get("href") or ""
        self.links.append((href, inner or href))
        return inner or el.get("visual") or href

    def _xref(self, el: _Element) -> str:
        return self._reference(el)

    def _reference(self, el: _Element) -> str:
        """The words of a reference: its own, or the name of what it points to."""
        inner = self._inside(el).strip() if el.get("text") in {None, "custom"} or len(el) or el.text else ""
        names = []
        for key in (el.get("ref") or f"{el.get('first') or ''} {el.get('last') or ''}").replace(",", " ").split():
            name = self._targets.name(key)
            if self._targets.shown(key) is not None:
                self.targets.append(key)
            else:
                self.elsewhere.append(inner or name)
            names.append(name or "[reference]")
        return inner or " and ".join(names)

    def _labelled(self, el: _Element) -> str:
        label = self._targets.label(el)
        return f"{label}: " if label else ""

    def _list(self, el: _Element) -> str:
        items = [i for i in el if i.tag == "li"]
        marks = [_marker(el, self._depth, n) for n in range(1, len(items) + 1)]
        self._depth += el.tag == "ol"
        rows = []
        for mark, item in zip(marks, items, strict=True):
            title = item.find("title")
            head = f"{self.text(title)}: " if title is not None and el.tag == "dl" else f"{self.text(title)} " if title is not None else ""
            parts = [c for c in item if c.tag not in {"title", "idx"}]
            inner = self._parts(parts) if parts and not (item.text or "").strip() else self._inside(item)
            rows.append((mark, head + inner.lstrip()))
        self._depth -= el.tag == "ol"
        return listing(rows)

    def _preformatted(self, el: _Element) -> str:
        lines = [c.text or "" for c in el if c.tag == "cline"] or ["".join(str(t) for t in el.itertext())]
        return code_block(_dedented("\n".join(lines)))

    def _program(self, el: _Element) -> str:
        code = next((c for name in ("code", "input") for c in el if c.tag == name), None)
        raw = (code.text or "") if code is not None else "".join(str(t) for t in el.itertext() if t)
        return self._labelled(el).strip() + code_block(_dedented(raw), el.get("language") or ("sage" if el.tag == "sage" else ""))

    def _console(self, el: _Element) -> str:
        lines = []
        for c in el:
            raw = _dedented("".join(str(t) for t in c.itertext()))
            lines.append(f"{c.get('prompt') or el.get('prompt') or '$ '}{raw}" if c.tag == "input" else raw)
        return code_block("\n".join(lines))

    def _image(self, el: _Element) -> str:
        label = self._labelled(el)
        words = next((self.text(c) for name in ("shortdescription", "description") for c in el if c.tag == name), "")
        self.figures.append(basename(el.get("source") or "") or el.get(XML_ID) or "drawing")
        return f"\n\n{label}{_pictured('figure', words)}\n\n"

    def _media(self, el: _Element) -> str:
        kind = str(el.tag) if el.tag in {"video", "audio"} else "simulation"
        self.links.append((el.get("source") or el.get("href") or el.get("youtube") or el.get("iframe") or "", ""))
        return f"\n\n[{kind}]\n\n"

    def _figure(self, el: _Element) -> str:
        label = self._labelled(el)
        inner = self._parts([c for c in el if c.tag not in {"caption", "title", "idx"}])
        head = " ".join(self.text(c) for c in el if c.tag in {"caption", "title"})
        below = "image" in {str(d.tag) for d in el.iter()}
        return f"\n\n{label}{inner}\n{head}\n\n" if below else f"\n\n{label}{head}\n{inner}\n\n"

    def _tabular(self, el: _Element) -> str:
        rows = [r for r in el if r.tag == "row"]
        cells = [[c for one in r if one.tag == "cell" for c in [self._cell(one), *[""] * _spanned(one)]] for r in rows]
        headed = bool(rows) and (rows[0].get("header") == "yes" or rows[0].get("bottom") not in {None, "none"})
        return table(cells, head=headed)

    def _cell(self, el: _Element) -> str:
        lines = [self.text(c) for c in el if c.tag == "line"]
        return " ".join(lines) if lines else self.text(el)

    def _line(self, el: _Element) -> str:
        return f"{self._inside(el).strip()}\n"


def _pictured(kind: str, words: str) -> str:
    return f"[{kind}: {' '.join(words.split())}]" if words else f"[{kind}]"


def _unit(el: _Element) -> str:
    power = el.get("exp")
    return f"{el.get('prefix') or ''}{el.get('base') or ''}" + (f"^{{{power}}}" if power else "")


def _spanned(el: _Element) -> int:
    wide = el.get("colspan") or "1"
    return min(int(wide), 100) - 1 if wide.isdecimal() and int(wide) else 0


def _marker(el: _Element, depth: int, n: int) -> str:
    if el.tag == "dl":
        return ""
    if el.tag == "ul":
        return "- "
    style = el.get("marker") or el.get("label") or _LETTERS[min(depth, len(_LETTERS) - 1)]
    kind = next((c for c in style if c in "1aAiI0"), "")
    if not kind:
        return f"{style} " if style else ""
    start = n - 1 if kind == "0" else n
    number = letter(start) if kind in "aA" else roman(start) if kind in "iI" else str(start)
    number = number.upper() if kind in "AI" else number
    return f"{style.replace(kind, number, 1)} "


def _dedented(code: str) -> str:
    """Code without the indent that all its lines have from the XML around it."""
    lines = code.expandtabs(4).split("\n")
    rest = [line for line in lines[1:] if line.strip()] if lines and lines[0].strip() else [line for line in lines if line.strip()]
    indent = min((len(line) - len(line.lstrip()) for line in rest), default=0)
    first = lines[0] if lines and lines[0].strip() else ""
    body = [line[indent:].rstrip() for line in lines[1:]]
    return "\n".join([first.lstrip() if first else "", *body]).strip("\n")


_DISPLAYED = frozenset({"me", "men", "md", "mdn"})
_RULES: dict[Callable[[Writer, _Element], str], str] = {
    Writer._block: "p statement introduction conclusion blockquote sidebyside sbsgroup stack proof case paragraphs poem stanza assemblage "
    "note remark example definition theorem lemma corollary proposition axiom principle convention insight aside observation warning "
    "historical biographical data objectives list feedback exploration activity solution answer hint address",
    Writer._titled: "title caption attribution author",
    Writer._inline: "pubtitle articletitle foreign taxon acro abbr init email cd genus species stage custom "
    "personname mag label var tabular-note",
    Writer._nothing: "idx notation response latex-image-preamble creator rename shortdescription description instructions usage h see "
    "seealso pf interactive-slate setup static",
    Writer._strong: "term alert insert",
    Writer._emphasis: "em booktitle",
    Writer._quoted: "q",
    Writer._single_quoted: "sq",
    Writer._struck: "delete stale",
    Writer._angled: "angles dblbrackets",
    Writer._character: " ".join(_CHARACTERS),
    Writer._blank: "fillin",
    Writer._icon: "icon kbd",
    Writer._footnote: "fn",
    Writer._code: "c",
    Writer._tag: "tag tage attr",
    Writer._quantity: "quantity",
    Writer._inline_math: "m",
    Writer._math: "me men md mdn",
    Writer._url: "url dataurl",
    Writer._xref: "xref",
    Writer._list: "ol ul dl",
    Writer._preformatted: "pre cline",
    Writer._program: "program sage listing-code",
    Writer._console: "console",
    Writer._image: "image sageplot",
    Writer._media: "video audio interactive",
    Writer._figure: "figure table listing",
    Writer._tabular: "tabular",
    Writer._line: "line",
}
_HANDLERS: dict[str, Callable[[Writer, _Element], str]] = {name: rule for rule, names in _RULES.items() for name in names.split()}
