"""HTML as a small tree of tags and texts, all that ``thresher.formats.html`` needs to know of it.

A post is a fragment that a site has cleaned: lxml's events alone make its tree, several times as fast as BeautifulSoup. A whole page, of
whose making nobody knows, and whatever lxml refuses are read by BeautifulSoup, which tries again in other ways. Both give the same tree of
the same HTML, white space included.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from typing import cast

from bs4 import BeautifulSoup
from bs4 import Tag as SoupTag
from bs4.element import PageElement, PreformattedString
from lxml import etree

BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "center", "dd", "details", "div", "dl", "dt", "fieldset", "figcaption", "figure",
    "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "li", "main", "nav", "ol", "p", "pre", "section",
    "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
})  # fmt: skip
"""Tags that begin a line of their own."""
_WHOLE_PAGE = re.compile(r"<(?:!doctype|html|head|body|frameset)\b", re.IGNORECASE)
_SPACE_COUNTS = frozenset({"pre", "textarea"})
_TEXT_APART = frozenset({"rt", "rp", "script", "style", "template"})
"""What stands inside is no part of the text around it."""
_ASCII_SPACES = " \n\t\f\r"
_NO_CLASSES: frozenset[str] = frozenset()


class Tag:
    """One tag: what stands in it, in order, is tags and strings. There is no way up: a tree without circles is freed at once."""

    __slots__ = ("_apart", "attributes", "children", "holds_blocks", "name")

    def __init__(self, name: str, attributes: Mapping[str, str], apart: str = "") -> None:
        self.name = name
        self.attributes = attributes
        self.children: list[Tag | str] = []
        self.holds_blocks = False
        """Whether a block stands anywhere in it."""
        self._apart = name if name in _TEXT_APART else apart

    def get(self, name: str) -> str | None:
        """The value of an attribute; empty where it stands without one, None where it does not stand."""
        return self.attributes.get(name)

    @property
    def classes(self) -> frozenset[str]:
        """The names in ``class``."""
        value = self.attributes.get("class")
        return frozenset(value.split()) if value else _NO_CLASSES

    def descendants(self) -> Iterator[Tag]:
        """All tags inside, in the order of the page."""
        waiting = [c for c in reversed(self.children) if isinstance(c, Tag)]
        while waiting:
            tag = waiting.pop()
            yield tag
            waiting += [c for c in reversed(tag.children) if isinstance(c, Tag)]

    def first(self, *names: str) -> Tag | None:
        """The first tag inside that is called one of these."""
        return next((t for t in self.descendants() if t.name in names), None)

    def text(self, between: str = "") -> str:
        """All strings inside, without comments, and without scripts and their like unless this is one."""
        own = self.name if self.name in _TEXT_APART else ""
        strings: list[str] = []
        waiting: list[tuple[Tag | str, str]] = [(self, self._apart)]
        while waiting:
            part, apart = waiting.pop()
            if isinstance(part, Tag):
                waiting += [(c, part._apart) for c in reversed(part.children)]
            elif apart == own:
                strings.append(part)
        return between.join(strings)


def read(html: str) -> Tag:
    """The tree under a tag without a name. ``html`` holds no NUL and no lone surrogate."""
    if _WHOLE_PAGE.search(html):
        return _from_soup(html)
    reader = _reader()
    try:
        return reader.read(html)
    except (etree.LxmlError, LookupError, ValueError):
        _OF_THREAD.reader = None
        return _from_soup(html)


class _Tree:
    """Builds the tree from what a parser meets (lxml's target interface)."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._open = [Tag("", {})]
        self._strings: list[str] = []
        self._spaced = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._end_string()
        parent = self._open[-1]
        tag = Tag(name, attributes, parent._apart)
        parent.children.append(tag)
        self._open.append(tag)
        self._spaced += name in _SPACE_COUNTS

    def end(self, name: str) -> None:
        self._end_string()
        if self._open[-1].name != name and all(tag.name != name for tag in self._open):
            return
        while True:
            tag = self._open.pop()
            self._spaced -= tag.name in _SPACE_COUNTS
            if tag.holds_blocks or tag.name in BLOCKS:
                self._open[-1].holds_blocks = True
            if tag.name == name:
                return

    def data(self, text: str) -> None:
        self._strings.append(text)

    def comment(self, _text: str) -> None:
        """A comment is left out, but parts the strings before and after it."""
        self._end_string()

    def _end_string(self) -> None:
        if not self._strings:
            return
        text = "".join(self._strings)
        self._strings.clear()
        if not self._spaced and not text.strip(_ASCII_SPACES):
            text = "\n" if "\n" in text else " "
        self._open[-1].children.append(text)

    def close(self) -> Tag:
        self._end_string()
        root = self._open[0]
        while len(self._open) > 1:
            self.end(self._open[-1].name)
        self._begin()
        return root


class _Reader:
    """A parser with its tree; making one takes longer than reading a short post."""

    def __init__(self) -> None:
        self._parser = etree.HTMLParser(target=_Tree(), recover=True)  # type: ignore[arg-type]  # it is called with str, never bytes

    def read(self, html: str) -> Tag:
        self._parser.feed(html)
        return cast(Tag, self._parser.close())


_OF_THREAD = threading.local()


def _reader() -> _Reader:
    """The reader of this thread: lxml's parsers serve one document at a time."""
    reader: _Reader | None = getattr(_OF_THREAD, "reader", None)
    if reader is None:
        reader = _OF_THREAD.reader = _Reader()
    return reader


def _from_soup(html: str) -> Tag:
    """The same tree by way of BeautifulSoup. Without recursion: a page may be nested deeper than Python's stack."""
    tree = _Tree()
    waiting: list[tuple[PageElement, bool]] = [(part, False) for part in reversed(BeautifulSoup(html, "lxml").contents)]
    while waiting:
        part, ends = waiting.pop()
        if isinstance(part, SoupTag):
            if ends:
                tree.end(part.name)
                continue
            tree.start(part.name, {k: v if isinstance(v, str) else " ".join(v) for k, v in part.attrs.items()})
            waiting.append((part, True))
            waiting += [(inner, False) for inner in reversed(part.contents)]
            continue
        if not isinstance(part, PreformattedString):
            tree.data(str(part))
        tree.comment("")
    return tree.close()
