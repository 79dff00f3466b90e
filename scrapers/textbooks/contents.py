"""What the tables of contents of a repository of books say of each module."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from thresher.errors import PayloadError, SettingsError
from thresher.formats.books.licence import Licence, strictest
from thresher.formats.cnxml.collection import Book, Place, books, read_book

BOOKS = "META-INF/books.xml"
_COLLECTION = re.compile(r"collections/[^\W_][^/\\\x00-\x1f\x7f]{0,200}\.collection\.xml")
"""A title in any alphabet."""
_MODULE = re.compile(r"modules/([A-Za-z0-9][A-Za-z0-9._-]*)/index\.cnxml")


@dataclass(frozen=True, slots=True)
class Entry:
    """A module with what its page carries as context; ``version`` is the file's digest, empty where the file is missing."""

    module: str
    path: str
    version: str
    context: Mapping[str, str]

    @property
    def digest(self) -> str:
        """Changes when the module's file or anything said of it (its licence, its place) changes."""
        parts = "\0".join([self.version, *(f"{k}={v}" for k, v in sorted(self.context.items()))])
        return hashlib.sha256(parts.encode()).hexdigest()[:12]


@dataclass
class Contents:
    """All modules of the books in one repository, in book order, and the files that could not be read (path, body)."""

    entries: list[Entry] = field(default_factory=list)
    broken: list[tuple[str, bytes]] = field(default_factory=list)


def is_cnxml(paths: Collection[str]) -> bool:
    """Whether these are the files of a repository of CNXML books."""
    return any(_COLLECTION.fullmatch(p) or _MODULE.fullmatch(p) for p in paths)


def contents(versions: Mapping[str, str], read: Callable[[str], bytes | None], *, only: tuple[str, ...] = ()) -> Contents:
    """The modules that the collections among ``versions`` (path to digest) list; ``only`` are the slugs of the books wanted, empty takes
    all.

    Without any readable collection, all modules there are, with an unknown licence. SettingsError where none of the wanted books is there.
    """
    shelf = Contents()
    readable: list[tuple[str, Book]] = []
    for path in _collections(versions, read, shelf):
        body = read(path)
        try:
            if body is not None:
                readable.append((path, read_book(body)))
        except PayloadError:
            shelf.broken.append((path, body or b""))
    chosen = [(p, b) for p, b in readable if not only or b.slug in only]
    if readable and not chosen:
        there = ", ".join(sorted(b.slug for _, b in readable))
        raise SettingsError(f"none of the books {', '.join(only)} is in this repository; set 'books' to some of: {there}")
    if readable:
        for module, places in _by_module(chosen).items():
            shelf.entries.append(_entry(module, versions, places))
    else:
        shelf.entries.extend(_entry(m.group(1), versions, []) for p in sorted(versions) if (m := _MODULE.fullmatch(p)))
    return shelf


def _collections(versions: Mapping[str, str], read: Callable[[str], bytes | None], shelf: Contents) -> list[str]:
    there = [p for p in sorted(versions) if _COLLECTION.fullmatch(p)]
    body = read(BOOKS) if BOOKS in versions else None
    if body is None:
        return there
    # One letter may be one character in the list and two in the file's name.
    names = {unicodedata.normalize("NFC", p): p for p in there}
    try:
        return [names[n] for p in books(body) if (n := unicodedata.normalize("NFC", p)) in names] or there
    except PayloadError:
        shelf.broken.append((BOOKS, body))
        return there


def _by_module(shelf: list[tuple[str, Book]]) -> dict[str, list[tuple[str, Book, Place]]]:
    """Every module once, where it first comes, with all books that hold it."""
    out: dict[str, list[tuple[str, Book, Place]]] = {}
    for path, book in shelf:
        for place in book.places:
            if _MODULE.fullmatch(f"modules/{place.module}/index.cnxml"):
                out.setdefault(place.module, []).append((path, book, place))
    return out


def _entry(module: str, versions: Mapping[str, str], places: list[tuple[str, Book, Place]]) -> Entry:
    path = f"modules/{module}/index.cnxml"
    context = {"kind": "module", "module": module, "path": path}
    if places:
        _, book, place = places[0]
        licence = strictest(b.licence for _, b, _ in places)
        source = next(p for p, b, _ in places if b.licence == licence)
        context |= {
            "book": "; ".join(dict.fromkeys(b.title for _, b, _ in places if b.title)),
            "slug": book.slug,
            "language": book.language,
            "chapter": place.chapter,
            "number": place.number,
            "order": str(place.order),
            **licence_context(licence, source),
        }
    return Entry(module, path, versions.get(path, ""), context)


def licence_context(licence: Licence, file: str) -> dict[str, str]:
    """What a page carries of a licence."""
    return {"licence_url": licence.url, "licence_words": licence.words, "licence_file": file}
