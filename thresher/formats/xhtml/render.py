"""HTML of books to Markdown-like text with LaTeX mathematics.

HTML is open: an element that is not known here gives its content. Mathematics that the page leaves to MathJax (``\\(..\\)``) stays.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from posixpath import basename

from lxml.etree import _Element

from thresher.formats.books.marks import letter, roman
from thresher.formats.books.text import SUFFIX, code_block, display, emphasised, inline_code, listing, settled, spaced, table, tidy
from thresher.formats.mathml import MATH, NS, to_latex
from thresher.formats.xhtml.page import HEADINGS, classes, names

_DROPPED_CLASSES = frozenset({"anchor", "headerlink", "footnote_backlink", "jump", "mathjax_preview", "sr-only", "visually-hidden"})
_FOOTNOTE = frozenset({"footnote_link", "footnote-ref", "footnote_ref", "noteref"})
_LANGUAGE = re.compile(r"^(?:lang(?:uage)?|highlight|brush|sourcecode)-([\w+#.-]+)$")
_CODE_CLASSES = frozenset({"lisp", "scheme", "python", "java", "c", "cpp", "r", "javascript", "haskell", "ocaml", "sql", "bash", "sage"})
_TEX_SCRIPT = re.compile(r"math/tex(?P<display>;\s*mode=display)?")
_PLACE = re.compile(
    r"(?:(?:figure|table|exercise|problem|section|chapter|example|equation|theorem|listing|appendix|footnote|part)\b.{0,40}"
    r"|(?:\d+\.)+\d+|\d+\.\d*)",
    re.IGNORECASE,
)
"""How a link inside of a book names a place that stands elsewhere."""


class Writer:
    """Renders parts of one page, and remembers what it met. ``skip`` are elements left out (answers that are kept apart); ``notes`` are the
    elements of the page by their names, for its footnotes."""

    def __init__(self, notes: Mapping[str, _Element], skip: Collection[_Element] = ()) -> None:
        self._notes = notes
        self._skip = skip
        self.figures: list[str] = []
        self.links: list[tuple[str, str]] = []
        self.elsewhere: list[str] = []
        self._inside_names: frozenset[str] = frozenset()

    def blocks(self, elements: Collection[_Element]) -> str:
        """The finished text of several elements, one block each."""
        self._inside_names = frozenset(n for el in elements for d in el.iter() for n in names(d))
        return tidy("\n\n".join(self._one(el) for el in elements))

    def text(self, el: _Element) -> str:
        """The finished text inside an element."""
        return tidy(self._inside(el))

    def _inside(self, el: _Element) -> str:
        out = [spaced(el.text)] if el.text else []
        for child in el:
            tail = spaced(child.tail) if child.tail else ""
            one = self._one(child)
            if child.tag == MATH and one.startswith("\\("):
                if out and out[-1][-1:].isalpha():
                    out.append(" ")
                tail = f" {tail}" if tail[:1].isalpha() and not SUFFIX.match(tail) else tail
            if one.rstrip(" ").endswith("\\]\n") and tail.lstrip()[:1] in {".", ",", ";", ":"} and tail.strip():
                one, tail = f"{one.rstrip()[:-2]}{tail.lstrip()[0]}\\]\n", tail.lstrip()[1:]
            out += [one, tail]
        return "".join(out)

    def _one(self, el: _Element) -> str:
        if el in self._skip or classes(el) & _DROPPED_CLASSES:
            return ""
        if el.tag == MATH:
            return _formula(el)
        handler = _HANDLERS.get(str(el.tag))
        return handler(self, el) if handler else self._inside(el)

    def _block(self, el: _Element) -> str:
        return f"\n\n{self._inside(el)}\n\n"

    def _nothing(self, el: _Element) -> str:
        return ""

    def _heading(self, el: _Element) -> str:
        return f"\n\n{emphasised(self._inside(el).strip(), '**')}\n\n"

    def _strong(self, el: _Element) -> str:
        return emphasised(self._inside(el), "**")

    def _emphasis(self, el: _Element) -> str:
        return emphasised(self._inside(el), "*")

    def _quotation(self, el: _Element) -> str:
        return f"\u201c{self._inside(el).strip()}\u201d"

    def _sup(self, el: _Element) -> str:
        return self._script("^", el)

    def _sub(self, el: _Element) -> str:
        return self._script("_", el)

    def _script(self, mark: str, el: _Element) -> str:
        inner = self._inside(el).strip().replace("*", "")
        return "" if not inner else inner if inner.lower() in {"st", "nd", "rd", "th"} else f"{mark}{{{inner}}}"

    def _break(self, el: _Element) -> str:
        return "\n"

    def _code(self, el: _Element) -> str:
        return inline_code("".join(str(t) for t in el.itertext()))

    def _preformatted(self, el: _Element) -> str:
        return code_block(*program(el))

    def _script_element(self, el: _Element) -> str:
        """Nothing, or the formula that MathJax reads."""
        match = _TEX_SCRIPT.match(el.get("type") or "")
        latex = " ".join((el.text or "").split())
        if not match or not latex:
            return ""
        return display(latex) if match["display"] else f"\\({latex}\\)"

    def _link(self, el: _Element) -> str:
        href = el.get("href") or ""
        inner = self._inside(el)
        if classes(el) & _FOOTNOTE:
            return self._footnote(href)
        if href.startswith(("http://", "https://")):
            self.links.append((href, inner.strip() or href))
            return inner
        target = href.rpartition("#")[2] if "#" in href else ""
        if href and target not in self._inside_names and _PLACE.fullmatch(inner.strip()):
            self.elsewhere.append(inner.strip())
        return inner

    def _footnote(self, href: str) -> str:
        note = self._notes.get(href.rpartition("#")[2])
        if note is None or note in self._skip:
            return ""
        holder = note if note.tag != "a" else note.getparent()
        if holder is None:
            return ""
        before, self._skip = self._skip, [*self._skip, holder]
        pointed = len(self.elsewhere)
        text = settled(self._inside(holder))
        self._skip = before
        # A note is no part of what is asked: what it points to is not needed.
        del self.elsewhere[pointed:]
        text = text if "```" in text else " ".join(text.split())
        return f" [note: {text}]" if text else ""

    def _image(self, el: _Element) -> str:
        source = el.get("src") or el.get("data") or ""
        alt = " ".join((el.get("alt") or el.get("aria-label") or "").split())
        self.figures.append(basename(source) or "drawing")
        return f"[figure: {alt}]" if alt else "[figure]"

    def _embedded(self, el: _Element) -> str:
        if el.tag == "object" and (el.get("type") or "").startswith("image"):
            return self._image(el)
        self.links.append((el.get("src") or el.get("data") or "", ""))
        return {"video": "[video]", "audio": "[audio]"}.get(str(el.tag), "[simulation]")

    def _figure(self, el: _Element) -> str:
        head = [c for c in el if c.tag == "figcaption"]
        parts = [self._one(c) for c in el if c.tag != "figcaption"]
        return "\n\n" + settled("\n".join([*parts, *(self.text(c) for c in head)])).replace("\n\n", "\n") + "\n\n"

    def _list(self, el: _Element) -> str:
        items = [i for i in el if i.tag == "li"]
        start = el.get("start") or "1"
        first = int(start) if start.isdecimal() and len(start) < 4 else 1
        return listing([(_marker(el, first + n), self._inside(item).strip()) for n, item in enumerate(items)])

    def _definitions(self, el: _Element) -> str:
        return "\n\n" + "\n".join(settled(self._inside(c)) for c in el if c.tag in {"dt", "dd"} and c not in self._skip) + "\n\n"

    def _table(self, el: _Element) -> str:
        rows = [r for r in el.iter("tr") if next(r.iterancestors("table"), None) is el]
        cells = [[c for one in r if one.tag in {"td", "th"} for c in [self.text(one), *[""] * _spanned(one)]] for r in rows]
        head = [self.text(c) for c in el if c.tag == "caption"]
        headed = bool(rows) and any(c.tag == "th" for c in rows[0])
        return "\n\n" + "\n".join(head) + table([r for r in cells if any(r)], head=headed)


def _formula(el: _Element) -> str:
    """MathML as LaTeX; what the page kept of its source, where it did."""
    source = next((a for a in el.iter(f"{{{NS}}}annotation") if (a.get("encoding") or "").endswith("tex")), None)
    latex = " ".join((source.text or "").split()) if source is not None else to_latex(el)
    if not latex:
        return ""
    return display(latex) if el.get("display") == "block" else f"\\({latex}\\)"


def program(el: _Element) -> tuple[str, str]:
    """The text of a ``pre`` and the language that it or what stands around it names."""
    parent = el.getparent()
    own = [*classes(el), *(c for d in el for c in classes(d)), *(classes(parent) if parent is not None else ())]
    language = next((m[1] for c in own if (m := _LANGUAGE.match(c))), "") or next((c for c in own if c in _CODE_CLASSES), "")
    return _literal(el), language


def _literal(el: _Element) -> str:
    """Text as it stands in code; superscripts and subscripts keep a mark."""
    out = [el.text or ""]
    for child in el:
        inner = to_latex(child) if child.tag == MATH else _literal(child)
        mark = {"sup": "^", "sub": "_"}.get(str(child.tag), "")
        out += [f"{mark}{inner}" if inner else "", "\n" if child.tag == "br" else "", child.tail or ""]
    return "".join(out)


def _spanned(el: _Element) -> int:
    wide = el.get("colspan") or "1"
    return min(int(wide), 100) - 1 if wide.isdecimal() and int(wide) else 0


def _marker(el: _Element, n: int) -> str:
    if el.tag == "ul":
        return "" if classes(el) & {"no-bullet", "list-unstyled"} else "- "
    style = el.get("type") or next((m[1] for m in [re.search(r"list-style(?:-type)?:\s*([\w-]+)", el.get("style") or "")] if m), "1")
    if style in {"a", "lower-alpha", "lower-latin"}:
        return f"({letter(n)}) "
    if style in {"A", "upper-alpha", "upper-latin"}:
        return f"({letter(n).upper()}) "
    if style in {"i", "lower-roman"}:
        return f"({roman(n)}) "
    return f"({roman(n).upper()}) " if style in {"I", "upper-roman"} else f"{n}. "


_RULES: dict[Callable[[Writer, _Element], str], str] = {
    Writer._block: "p div section article aside blockquote center main header footer address details fieldset form li dd dt",
    Writer._nothing: "style noscript template head nav button select textarea input hr title meta link",
    Writer._script_element: "script",
    Writer._heading: " ".join((*HEADINGS, "summary")),
    Writer._strong: "strong b",
    Writer._emphasis: "em i var cite dfn",
    Writer._quotation: "q",
    Writer._sup: "sup",
    Writer._sub: "sub",
    Writer._break: "br",
    Writer._code: "code tt kbd samp",
    Writer._preformatted: "pre",
    Writer._link: "a",
    Writer._image: "img svg canvas",
    Writer._embedded: "object embed iframe video audio",
    Writer._figure: "figure",
    Writer._list: "ol ul",
    Writer._definitions: "dl",
    Writer._table: "table",
}
_HANDLERS: dict[str, Callable[[Writer, _Element], str]] = {name: rule for rule, tags in _RULES.items() for name in tags.split()}
