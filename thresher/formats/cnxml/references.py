"""What an internal link points to: a readable name, and the figure, table or equation behind it."""

from __future__ import annotations

from collections.abc import Mapping

from lxml.etree import _Element

from thresher.formats.books.document import plain
from thresher.formats.cnxml.document import cnx
from thresher.formats.cnxml.numbers import exercise_name

NAMES = {cnx(tag): tag.title() for tag in ("figure", "table", "equation", "example", "note", "list")} | {cnx("media"): "Figure"}
SHOWN = frozenset(cnx(tag) for tag in ("figure", "media", "table", "equation"))
"""Targets without which a text that points to them cannot be understood; they can be shown beside it."""
_PIECES = frozenset(cnx(tag) for tag in ("exercise", "example", "note"))
"""Targets that are texts of their own."""
_TITLE, _SECTION, _EXERCISE, _LINK, _FIGURE, _MEDIA = (cnx(t) for t in ("title", "section", "exercise", "link", "figure", "media"))


class References:
    """The targets of one module. Names count within the module (``Figure 3``): numbers over a whole book are the typesetter's."""

    def __init__(self, root: _Element, exercises: Mapping[_Element, str]) -> None:
        self._exercises = exercises
        self._elements: dict[str, _Element] = {}
        self._names: dict[str, str] = {}
        self._root = root
        self.linked: frozenset[str] = frozenset(t for link in root.iter(_LINK) if (t := link.get("target-id")) and not link.get("document"))
        if self.linked:
            self._collect()

    def _collect(self) -> None:
        counts: dict[str, int] = {}
        for el in self._root.iter(_SECTION, _EXERCISE, *NAMES):
            name = NAMES.get(el.tag)
            if name:
                parent = el.getparent()
                if el.tag == _MEDIA and parent is not None and parent.tag == _FIGURE:
                    name = None
                else:
                    counts[name] = counts.get(name, 0) + 1
            if (key := el.get("id")) in self.linked and key is not None:
                self._elements[key] = el
                self._names[key] = self._name(el, f"{name} {counts[name]}" if name else "")

    def _name(self, el: _Element, counted: str) -> str:
        if el.tag == _EXERCISE:
            return exercise_name(self._exercises.get(el, ""))
        title = plain(el.find(_TITLE))
        if el.tag == _SECTION:
            return f"\u201c{title}\u201d" if title else ""
        return counted or "Figure"

    def name(self, key: str) -> str:
        """``Figure 3``, ``Exercise 12``, a section's title; empty for what is not in this module."""
        return self._names.get(key, "")

    def label(self, el: _Element) -> str:
        """The name under which other places know this element, if any do."""
        return self._names.get(el.get("id") or "", "")

    def shown(self, key: str) -> _Element | None:
        """The figure, table or equation with this id."""
        el = self._elements.get(key)
        return el if el is not None and el.tag in SHOWN else None

    def piece(self, key: str) -> _Element | None:
        """The exercise, worked example or note with this id."""
        el = self._elements.get(key)
        return el if el is not None and el.tag in _PIECES else None
