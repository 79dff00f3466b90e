"""Which files of a repository are a PreTeXt book, and what it says of itself."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from lxml.etree import _Element

from thresher.errors import PayloadError
from thresher.formats.books.document import parse_xml, plain
from thresher.formats.books.exercise import About, Book, BookExercise, Files, Read
from thresher.formats.books.licence import Licence, licence_in
from thresher.formats.books.macros import Macro, macros_in
from thresher.formats.pretext.exercise import exercises
from thresher.formats.pretext.include import Assembled, assemble, inside
from thresher.model import Dead

PROJECT = "project.ptx"
_ROOT = re.compile(rb"<(?:pretext|mathbook)[\s/>]")
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_HEAD = 4096
_DEEPEST = 3
"""Folders in which the file that a book begins in is looked for."""
_MOST = 80
"""Files that are looked into for it, where no project file names it."""
_NO_SOURCE = re.compile(r"(?:^|/)(?:output|publication|generated|assets|xsl|css|node_modules|\.[^/]*)/")


def mains(paths: Collection[str], read: Read) -> list[str]:
    """The files in which books begin: those that ``project.ptx`` names, else those whose root says that they are one."""
    named = [
        p for project in sorted(paths) if project.rpartition("/")[2] == PROJECT for p in _sources(project, read(project)) if p in paths
    ]
    if named:
        return list(dict.fromkeys(named))
    files = [p for p in sorted(paths, key=lambda p: (p.count("/"), p)) if p.endswith((".xml", ".ptx")) and p.count("/") <= _DEEPEST]
    likely = [p for p in files if not _NO_SOURCE.search(p) and p.rpartition("/")[2] != PROJECT][:_MOST]
    return [p for p in likely if (body := read(p)) is not None and _ROOT.search(body[:_HEAD])]


def _sources(project: str, body: bytes | None) -> list[str]:
    """What a project file names as sources of its targets, in either version of its layout."""
    try:
        root = parse_xml(body or b"", root="project")
    except PayloadError:
        return []
    folder = root.get("source") or "source"
    out = []
    for target in root.iter("target"):
        stated = plain(target.find("source")) or (f"{folder}/{target.get('source') or 'main.ptx'}" if root.get("ptx-version") else "")
        out.append(inside(project, stated or "source/main.ptx"))
    return out


def files(main: str, paths: Collection[str], read: Read) -> list[str]:
    """The files that a book is made of, the one that it begins in first."""
    try:
        return list(dict.fromkeys(assemble(main, lambda p: read(p) if p in paths else None).files))
    except PayloadError:
        return [main]


def read_book(main: str, files: Files) -> Book:
    """The book that begins in ``main``. PayloadError where that file is no XML."""
    document = assemble(main, files.get)
    root = document.root
    if root.tag not in {"pretext", "mathbook"}:
        raise PayloadError(f"the root of {main} is {root.tag!r}, expected 'pretext'", reason="wrong_root")
    macros = macros_in("\n".join(plain_lines(m) for m in root.iter("macros")))
    about = _about(root)
    return Book(about, _parts(document, macros, about.title))


def _parts(document: Assembled, macros: dict[str, Macro], title: str) -> Iterator[BookExercise | Dead]:
    yield from document.dead
    yield from exercises(document.root, macros, title)


def plain_lines(el: _Element) -> str:
    """All text of an element as it stands."""
    return "".join(str(t) for t in el.itertext())


def _about(root: _Element) -> About:
    book = next((b for name in ("book", "article", "letter", "memo", "slideshow") for b in root.iter(name)), root)
    title, subtitle = plain(book.find("title")), plain(book.find("subtitle"))
    people = [plain(p) for a in book.iter("titlepage") for p in a.findall("author/personname") + a.findall(".//bibinfo/author/personname")]
    people = people or [plain(p) for p in book.findall(".//bibinfo/author/personname")]
    site = next((el for el in book.iter("website")), None)
    return About(
        title=f"{title}: {subtitle}" if title and subtitle else title,
        language=root.get(_LANGUAGE) or book.get(_LANGUAGE) or "",
        authors=", ".join(dict.fromkeys(p for p in people if p)),
        web_url=_address(site),
        licence=_licence(book),
        licence_file="colophon",
    )


def _address(site: _Element | None) -> str:
    if site is None:
        return ""
    url = site if site.tag == "url" else site.find("url")
    address = plain(site.find("address")) or (url.get("href") if url is not None else "") or ""
    return address if address.startswith(("http://", "https://")) else f"https://{address}" if address else ""


def _licence(book: _Element) -> Licence:
    """What the copyright notice states, its words before its addresses: a short licence may name several texts."""
    for place in (p for name in ("copyright", "colophon") for p in book.iter(name)):
        links = " ".join(u.get("href") or "" for u in place.iter("url"))
        if (stated := licence_in(f"{links} {plain(place)}")).spdx != "unknown":
            return stated
    return Licence()
