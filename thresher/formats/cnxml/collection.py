"""A book's table of contents and its licence: ``META-INF/books.xml`` and ``collections/*.collection.xml``.

The licence is read off the collection, never from memory: the same publisher uses several.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from lxml.etree import _Element

from thresher.formats.books.document import parse_xml, plain
from thresher.formats.books.licence import Licence
from thresher.formats.cnxml.document import COLLXML, MDML

CONTAINER = "{https://openstax.org/namespaces/book-container}container"
_COLLECTION, _CONTENT, _SUB, _MODULE = (f"{{{COLLXML}}}{n}" for n in ("collection", "content", "subcollection", "module"))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a module stands in a book. ``number`` is ``chapter.section``: chapters are counted over the book, the first of several modules
    of a chapter is its unnumbered introduction, front and back matter have none."""

    module: str
    order: int
    number: str = ""
    chapter: str = ""
    """Number and title, ``3 Functions``."""


@dataclass(frozen=True, slots=True)
class Book:
    """One collection file."""

    title: str
    slug: str
    language: str
    licence: Licence
    places: tuple[Place, ...]


def books(body: bytes) -> list[str]:
    """The collection files that ``META-INF/books.xml`` lists, as paths from the root; paths that would leave it are left out. An address
    may be written with its letters (``álgebra``) or with their codes (``%C3%A1lgebra``)."""
    paths = (posixpath.normpath(posixpath.join("META-INF", unquote(b.get("href") or ""))) for b in parse_xml(body, root=CONTAINER))
    return [p for p in dict.fromkeys(paths) if p.endswith(".collection.xml") and not p.startswith(("..", "/"))]


def read_book(body: bytes) -> Book:
    """Title, licence and table of contents of a collection file; PayloadError where it is none."""
    root = parse_xml(body, root=_COLLECTION)
    licence = root.find(f".//{{{MDML}}}license")
    places: list[Place] = []
    content = root.find(_CONTENT)
    if content is not None:
        _walk(content, (), places, iter(range(1, 10_000)), 0)
    return Book(
        title=plain(root.find(f".//{{{MDML}}}title")),
        slug=plain(root.find(f".//{{{MDML}}}slug")),
        language=plain(root.find(f".//{{{MDML}}}language")),
        licence=read_licence(licence),
        places=tuple(places),
    )


def read_licence(el: _Element | None) -> Licence:
    """The licence in an ``md:license`` element."""
    return Licence() if el is None else Licence((el.get("url") or "").strip(), plain(el))


def _walk(content: _Element, path: tuple[str, ...], places: list[Place], chapters: Iterable[int], depth: int) -> None:
    """Units hold chapters, chapters hold modules: a subcollection with modules of its own counts as a chapter."""
    if depth > 20:
        return
    counter = iter(chapters)
    modules = [m for m in content if m.tag == _MODULE]
    chapter = next(counter) if path and modules else 0
    index = 0 if len(modules) > 1 else 1
    for el in content:
        if el.tag == _MODULE:
            number = f"{chapter}.{index}" if chapter and index else ""
            title = f"{chapter} {path[-1]}" if chapter else "".join(path[-1:])
            places.append(Place(el.get("document") or "", len(places) + 1, number, title))
            index += 1
        elif el.tag == _SUB and (inner := el.find(_CONTENT)) is not None:
            _walk(inner, (*path, plain(el.find(f"{{{MDML}}}title"))), places, counter, depth + 1)
