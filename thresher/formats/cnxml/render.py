"""CNXML elements to Markdown-like text with LaTeX mathematics.

One Writer renders one fragment (a stem, a problem, a solution) and remembers what it met: pictures, addresses, what the text points to. An
element that is neither rendered nor left out on purpose raises UnknownElement.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from posixpath import basename

from lxml.etree import _Element

from thresher.formats.books.text import KEPT, SPACE, SUFFIX, UnknownElement, listing, spaced, tidy
from thresher.formats.cnxml.document import cnx
from thresher.formats.cnxml.lists import markers
from thresher.formats.cnxml.references import References
from thresher.formats.cnxml.tables import grid
from thresher.formats.mathml import MATH, to_latex

_ALTERNATIVES = ("image", "iframe", "video", "audio", "flash", "java-applet", "labview", "object", "download", "text")
"""What a ``media`` element may hold, the one that is described best first."""


class Writer:
    """Renders the parts of one fragment. ``skip`` are elements left out (options that are kept apart)."""

    def __init__(self, references: References, skip: Collection[_Element] = ()) -> None:
        self._references = references
        self._skip = skip
        self.figures: list[str] = []
        """File names of the pictures shown."""
        self.links: list[tuple[str, str]] = []
        """Addresses outside the book, with the words that carry them."""
        self.targets: list[str] = []
        """Ids of figures, tables and equations of this module that the text points to."""
        self.elsewhere: list[str] = []
        """Names of what the text points to and does not show: exercises, examples, sections, other modules."""
        self.pieces: list[tuple[str, str]] = []
        """Of these, the exercises, examples and notes of this module: words of the text and the id behind them."""
        self.unresolved = False
        """Whether the text points by words to what is no part of this module, or to a section of it."""
        self.rendered: set[str] = set()
        """Ids of the labelled elements in this text."""

    def text(self, el: _Element) -> str:
        """The finished text inside an element."""
        return tidy(self._inside(el))

    def blocks(self, elements: Collection[_Element]) -> str:
        """The finished text of several elements, one block each."""
        return tidy("\n\n".join(self._one(el) for el in elements))

    def _inside(self, el: _Element) -> str:
        """Text and children of an element. Mathematics that touches a word in the source gets the space that it has in print."""
        out = [spaced(el.text)] if el.text else []
        for child in el:
            if child.tag == MATH:
                latex = _math(child)
                if out and out[-1][-1:].isalpha() and latex:
                    out.append(" ")
                out.append(latex)
                if child.tail:
                    if latex and child.tail[0].isalpha() and not SUFFIX.match(child.tail):
                        out.append(" ")
                    out.append(spaced(child.tail))
                continue
            out.append(self._one(child))
            if child.tail:
                out.append(spaced(child.tail))
        return "".join(out)

    def _one(self, el: _Element) -> str:
        if el in self._skip:
            return ""
        handler = _HANDLERS.get(el.tag)
        if handler is None:
            raise UnknownElement(f"no rule for <{el.tag}>")
        return handler(self, el)

    def _block(self, el: _Element) -> str:
        return f"\n\n{self._inside(el)}\n\n"

    def _titled(self, el: _Element) -> str:
        """A title on a line of its own."""
        return f"\n\n{self._inside(el).strip()}\n"

    def _inline(self, el: _Element) -> str:
        return self._inside(el)

    def _nothing(self, el: _Element) -> str:
        return ""

    def _emphasis(self, el: _Element) -> str:
        inner = self._inside(el)
        core = inner.strip()
        mark = {"bold": "**", "italics": "*", "italic": "*", "bold-italic": "***"}.get(el.get("effect") or "bold", "")
        only_math = core.startswith("\\(") and core.endswith("\\)")
        if not mark or only_math or "\n" in core or "*" in core or not any(c.isalnum() for c in core) or _beside_asterisks(el):
            return inner
        return inner.replace(core, f"{mark}{core}{mark}")

    def _sub(self, el: _Element) -> str:
        return self._script("_", el)

    def _sup(self, el: _Element) -> str:
        return self._script("^", el)

    def _script(self, mark: str, el: _Element) -> str:
        inner = self._inside(el).strip().replace("*", "")
        return f"{mark}{{{inner}}}" if inner else ""

    def _newline(self, el: _Element) -> str:
        return "\n"

    def _blank(self, el: _Element) -> str:
        count = el.get("count") or "1"
        wide = min(int(count), 60) if count.isdecimal() and len(count) < 4 else 1
        return ("_" if el.get("effect") == "underline" else " ") * wide

    def _footnote(self, el: _Element) -> str:
        return f" [note: {self._inside(el).strip()}]"

    def _code(self, el: _Element) -> str:
        raw = self._literal(el)
        parent = el.getparent()
        inline = parent is not None and parent.tag in _INLINE_PARENTS and el.tag != _PREFORMAT and "\n" not in raw.strip()
        if (el.get("display") or ("inline" if inline else "block")) == "block":
            return "\n\n```\n" + raw.strip("\n").expandtabs(4).replace(" ", KEPT) + "\n```\n\n"
        return f"`{SPACE.sub(' ', raw).strip()}`"

    def _literal(self, el: _Element) -> str:
        """Text as it stands in code; superscripts and subscripts keep a mark."""
        out = [el.text or ""]
        for child in el:
            if child.tag == MATH:
                out.append(_SHORT_SCRIPT.sub(r"\1\2", to_latex(child)))
            elif mark := _SCRIPTS.get(child.tag):
                inner = self._literal(child).strip()
                out.append(f"{mark}{inner}" if len(inner) == 1 else f"{mark}{{{inner}}}" if inner else "")
            else:
                out.append("\n" if child.tag == _NEWLINE else self._literal(child))
            out.append(child.tail or "")
        return "".join(out)

    def _link(self, el: _Element) -> str:
        inner = self._inside(el)
        key = el.get("target-id") or ""
        if url := el.get("url"):
            self.links.append((url, inner.strip() or url))
            return inner or url
        if el.get("document") or not key:
            self.elsewhere.append(inner.strip() or "another section")
            self.unresolved |= bool(inner.strip())
            return inner or "[reference]"
        name = self._references.name(key)
        if self._references.shown(key) is not None:
            self.targets.append(key)
            return inner if inner.strip() and not inner.strip().isdigit() else name
        self.elsewhere.append(inner.strip() or name)
        if self._references.piece(key) is not None:
            self.pieces.append((inner.strip() or name, key))
        else:
            self.unresolved |= bool(inner.strip() or name)
        return inner or name or "[reference]"

    def _list(self, el: _Element) -> str:
        items = [i for i in el if i.tag == cnx("item")]
        head = "".join(self._one(c) for c in el if c.tag == cnx("title"))
        rows = []
        for marker, item in zip(markers(el, items), items, strict=True):
            inner = self._inside(item)
            label = item.find(cnx("label"))
            rows.append((marker if label is None else f"{self.text(label)} ", inner))
        return head + listing(rows)

    def _figure(self, el: _Element) -> str:
        label = self._labelled(el)
        inner = tidy("\n".join(self._one(c) for c in el if c.tag not in _LABELS)).replace("\n\n", "\n")
        return f"\n\n{label}{inner}\n\n"

    def _labelled(self, el: _Element) -> str:
        if el.get("id"):
            self.rendered.add(el.get("id") or "")
        label = self._references.label(el)
        return f"{label}: " if label else ""

    def _media(self, el: _Element) -> str:
        if el.get("id"):
            self.rendered.add(el.get("id") or "")
        shown = next((c for name in _ALTERNATIVES for c in el if c.tag == cnx(name)), None)
        alt = spaced(el.get("alt") or (shown.get("alt") if shown is not None else "") or "").strip()
        kind = "figure"
        if shown is not None:
            source = shown.get("src") or ""
            if shown.tag == cnx("image"):
                self.figures.append(basename(source))
            elif shown.tag != cnx("text"):
                kind = "video" if shown.tag in {cnx("video"), cnx("flash")} else "audio" if shown.tag == cnx("audio") else "simulation"
                self.links.append((source, ""))
        return f"[{kind}: {alt}]" if alt else f"[{kind}]"

    def _embedded(self, el: _Element) -> str:
        self.links.append((el.get("src") or "", ""))
        return "[simulation]"

    def _equation(self, el: _Element) -> str:
        label = self._labelled(el)
        parts = [spaced(el.text or "")]
        for child in el:
            if child.tag not in _LABELS:
                parts += [_math(child, display=True) if child.tag == MATH else self._one(child), spaced(child.tail or "")]
        return f"\n\n{label}{' '.join(p.strip() for p in parts).strip()}\n\n"

    def _table(self, el: _Element) -> str:
        label = self._labelled(el)
        head = [tidy(self._inside(c)) for c in el if c.tag in {cnx("title"), cnx("caption")}]
        lines = [line for group in el if group.tag == cnx("tgroup") for line in grid(group, self.text)]
        return "\n\n" + "\n".join(filter(None, [label.strip(), *head, *lines])) + "\n\n"


def _beside_asterisks(el: _Element) -> bool:
    """Whether the marks of an emphasis would run into asterisks that the author wrote, or into the marks of its neighbour."""
    parent = el.getparent()
    if parent is None:
        return False
    before, after = el.getprevious(), el.getnext()
    touches = (before is not None and before.tag == el.tag and not before.tail) or (
        after is not None and after.tag == el.tag and not el.tail
    )
    return touches or "*" in (parent.text or "") or any("*" in (c.tail or "") for c in parent)


def _math(el: _Element, *, display: bool = False) -> str:
    latex = to_latex(el)
    if not latex:
        return ""
    if display or el.get("display") == "block":
        return f"\n\\[{latex}\\]\n"
    return f"\\({latex}\\)"


_LABELS = frozenset({cnx("label")})
_NEWLINE = cnx("newline")
_SCRIPTS: dict[object, str] = {cnx("sup"): "^", cnx("sub"): "_"}
_SHORT_SCRIPT = re.compile(r"([\^_])\{(\w)\}")
_PREFORMAT = cnx("preformat")
_INLINE_PARENTS = frozenset(
    cnx(t) for t in ("para", "item", "entry", "emphasis", "term", "title", "caption", "link", "span", "footnote", "label")
)
_RULES: dict[Callable[[Writer, _Element], str], str] = {
    Writer._block: "para section note example quote div definition meaning rule statement proof caption",
    Writer._titled: "title",
    Writer._inline: "term span foreign cite cite-title",
    Writer._nothing: "label commentary exercise seealso longdesc param",
    Writer._emphasis: "emphasis",
    Writer._sub: "sub",
    Writer._sup: "sup",
    Writer._newline: "newline",
    Writer._blank: "space",
    Writer._footnote: "footnote",
    Writer._code: "code preformat",
    Writer._link: "link",
    Writer._list: "list",
    Writer._figure: "figure subfigure",
    Writer._media: "media",
    Writer._embedded: "iframe",
    Writer._equation: "equation",
    Writer._table: "table",
}
_HANDLERS: dict[object, Callable[[Writer, _Element], str]] = {cnx(name): rule for rule, names in _RULES.items() for name in names.split()}
_HANDLERS[MATH] = lambda writer, el: _math(el)
