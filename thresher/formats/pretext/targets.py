"""What a cross-reference points to: a readable name, and the table, figure or equation behind it."""

from __future__ import annotations

from lxml.etree import _Element

from thresher.formats.books.document import plain
from thresher.formats.pretext.include import XML_ID

_NAMES = {
    "men": "Equation", "mdn": "Equation", "mrow": "Equation", "me": "Equation", "md": "Equation", "sage": "Listing", "program": "Listing",
    "sidebyside": "Figure", "image": "Figure", "li": "Item", "p": "Paragraph", "biblio": "Reference", "fn": "Footnote",
}  # fmt: skip
"""Where the name of a thing is not that of its element with a capital."""
SHOWN = frozenset({"figure", "table", "listing", "men", "me", "mrow", "md", "mdn", "image", "list", "program"})
"""Targets that can be shown beside a text that points to them."""
_CONTAINERS = ("chapter", "article", "appendix", "preface")


class Targets:
    """Everything in a book that something points to. Names count within the chapter (``Theorem 3``): numbers over a whole book are the
    typesetter's."""

    def __init__(self, root: _Element, numbers: dict[_Element, str]) -> None:
        wanted = {
            key for x in root.iter("xref") for name in ("ref", "first", "last") for key in (x.get(name) or "").replace(",", " ").split()
        }
        self._elements: dict[str, _Element] = {}
        self._names: dict[str, str] = {}
        counts: dict[tuple[_Element | None, str], int] = {}
        chapter: _Element | None = None
        for el in root.iter():
            if not isinstance(el.tag, str):
                continue
            if el.tag in _CONTAINERS:
                chapter = el
            kind = _NAMES.get(el.tag, el.tag.replace("-", " ").capitalize())
            place = (chapter if el.tag not in _CONTAINERS else None, kind)
            counts[place] = counts.get(place, 0) + 1
            for key in {el.get(XML_ID), el.get("label")} & wanted:
                if key and key not in self._elements:
                    self._elements[key] = el
                    self._names[key] = self._name(el, kind, counts[place], numbers)

    def _name(self, el: _Element, kind: str, count: int, numbers: dict[_Element, str]) -> str:
        if el.tag in {"exercise", "task"}:
            return f"{kind} {numbers.get(el, count)}"
        title = plain(el.find("title"))
        if title and el.tag not in SHOWN:
            return f"{kind} \u201c{title}\u201d"
        return f"{kind} {count}"

    def name(self, key: str) -> str:
        """``Theorem 3``, ``Section “Rings”``; empty for what is not in this book."""
        return self._names.get(key, "")

    def label(self, el: _Element) -> str:
        """The name under which other places know an element that can be shown, if any do."""
        if el.tag not in SHOWN:
            return ""
        return next((self._names[k] for k in (el.get(XML_ID), el.get("label")) if k in self._names and k), "")

    def shown(self, key: str) -> _Element | None:
        """The figure, table or equation with this id."""
        el = self._elements.get(key)
        return el if el is not None and el.tag in SHOWN else None
