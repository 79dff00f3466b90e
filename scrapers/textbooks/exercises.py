"""A module or a whole book -> Records: one for each exercise. Pure. An exercise that cannot be read is a Dead and costs no other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from scrapers.common.repository import MISSING
from scrapers.textbooks.bundles import unpack
from scrapers.textbooks.contents import BOOKS
from scrapers.textbooks.kinds import BY_NAME, rights_files
from scrapers.textbooks.records import Setting, record, steps
from scrapers.textbooks.site import MAX_FILE_BYTES, TOO_LARGE
from thresher.errors import PayloadError
from thresher.formats.books.document import parse_xml, plain
from thresher.formats.books.exercise import About, BookExercise, Files
from thresher.formats.books.licence import Licence, licence_in, licence_of_readme, strictest
from thresher.formats.cnxml.collection import CONTAINER, read_book, read_licence
from thresher.formats.cnxml.document import MDML, cnx
from thresher.formats.cnxml.exercise import exercises
from thresher.model import Dead, Page, Record
from thresher.rules.language import language_of
from thresher.text import clean

_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
"""What a module says of itself, where no book does; where it does not either, its text tells."""
_LANGUAGE_SAMPLE = 20
"""Exercises by which the language of a book is told that does not say it."""


_NO_WORDS = re.compile(r"```.*?```|\\\(.*?\\\)|\\\[.*?\\\]|`[^`\n]*`", re.DOTALL)


def parse(page: Page) -> Iterator[Record | Dead]:
    """A record for each exercise of a module or a book; one that cannot be read is Dead and costs no other."""
    context = page.context
    if page.status == MISSING:
        raise PayloadError(f"{context.get('path', page.url)} is listed in the book but not in the repository", reason="missing_module")
    if page.status == TOO_LARGE:
        raise PayloadError(f"{context.get('path', page.url)} is larger than {MAX_FILE_BYTES} bytes", reason="too_large")
    if context.get("kind") == "book":
        yield from _book(page)
    elif context.get("kind") == "contents":
        if context.get("path") == BOOKS:
            parse_xml(page.body, root=CONTAINER)
        else:
            read_book(page.body)
    else:
        yield from _module(page)


def _module(page: Page) -> Iterator[Record | Dead]:
    """The exercises of one CNXML module."""
    context = page.context
    root = parse_xml(page.body, root=cnx("document"))
    module = context.get("module") or plain(root.find(f".//{{{MDML}}}content-id")) or page.sha256[:12]
    licence, evidence = _module_licence(context, read_licence(root.find(f"{cnx('metadata')}/{{{MDML}}}license")))
    title = plain(root.find(cnx("title")))
    heading = f"{context.get('number', '')} {title}".strip()
    place = " > ".join(filter(None, [context.get("chapter", ""), heading]))
    language = context.get("language") or root.get(_LANGUAGE) or language_of(plain(root.find(cnx("content"))))
    credit = f"{clean(context.get('book', '')) or clean(heading)}, {context.get('publisher', '')}"
    setting = Setting(module, heading, language, licence, evidence, credit, "Converted from CNXML to text and LaTeX.")
    for exercise in exercises(root, module, book=context.get("book", ""), heading=place):
        if isinstance(exercise, Dead):
            yield exercise
        else:
            anchor = exercise.native_id.partition("/")[2]
            made = record(exercise, page, setting, f"{context.get('web_url') or page.url}#{anchor}")
            yield made
            yield from steps(made, page)


def _module_licence(context: Mapping[str, str], own: Licence) -> tuple[Licence, str]:
    """The licence that holds for a module and the evidence for it: its collections' or its own, whichever lets less out."""
    of_book = Licence(context.get("licence_url", ""), context.get("licence_words", ""))
    stated = [x for x in (of_book, own) if x.url]
    licence = strictest(stated)
    if not licence.url:
        return Licence(), ""
    file = context.get("licence_file", "") if licence == of_book else context.get("path", "")
    return licence, f"{file}: md:license {licence.url} {licence.words}".strip()


def _book(page: Page) -> Iterator[Record | Dead]:
    """The exercises of a book of many files."""
    context = page.context
    main, kind = context.get("path", ""), BY_NAME.get(context.get("format", ""))
    if kind is None:
        raise PayloadError(f"{main} is of no format that is read: {context.get('format')!r}", reason="unknown_format")
    for line in filter(None, context.get("left_out", "").split("\n")):
        reason, _, path = line.partition(" ")
        yield Dead(reason, f"{path} is asked for by the book that begins in {main}", path)
    files = unpack(page.body)
    book = kind.read_book(main, files)
    licence, evidence = _book_licence(book.about, files, main)
    parts = list(book.exercises)
    language = book.about.language or _language([p.text for p in parts if isinstance(p, BookExercise)])
    title = book.about.title or context.get("repository", "")
    who = context.get("publisher") or book.about.authors
    read_at = context.get("read_at") or book.about.web_url
    credit = ", ".join(filter(None, [clean(title), clean(who), read_at]))
    for part in parts:
        if isinstance(part, Dead):
            yield part
            continue
        own = part.licence if part.licence is not None and part.licence.spdx != "unknown" else None
        said = f"{part.path}: {own.url} {own.words}".strip() if own else evidence
        converted = f"Converted from {kind.name} to text and LaTeX."
        setting = Setting(part.path, part.heading or title, language, own or licence, said, credit, converted)
        made = record(part, page, setting, _address(part, context, book.about))
        yield made
        yield from steps(made, page)


def _language(texts: list[str]) -> str:
    """The language of a book that does not say it, by the words of some exercises without their formulas and programs."""
    step = max(1, len(texts) // _LANGUAGE_SAMPLE)
    return language_of("\n".join(_NO_WORDS.sub(" ", text) for text in texts[::step]))


def _address(part: BookExercise, context: Mapping[str, str], about: About) -> str:
    """Where an exercise is read: in the published pages where they have the names of the files, else in its file in the repository."""
    at = context.get("read_at") or about.web_url
    if at and part.anchor and context.get("format") in _PUBLISHED:
        below = context.get("folder", "")
        path = part.path.removeprefix(f"{below}/") if below else part.path
        name, _, suffix = path.rpartition(".")
        return f"{at.rstrip('/')}/{quote(name)}{_PUBLISHED[context['format']] or f'.{suffix}'}#{part.anchor}"
    line = f"#L{part.line}" if part.line else f"#{part.anchor}" if part.anchor else ""
    return f"{context.get('files_url', '')}/{quote(part.path)}{line}"


_PUBLISHED = {"HTML": "", "MyST": ".html"}
"""Formats whose pages are published under the names of their files, and with which suffix; empty keeps the file's."""


def _book_licence(about: About, files: Files, main: str) -> tuple[Licence, str]:
    """What the book states, else a LICENSE beside it, else the part of its README that speaks of the licence."""
    if about.licence.spdx != "unknown":
        return about.licence, f"{about.licence_file or main}: {about.licence.url} {about.licence.words}".strip()
    for path in rights_files(files, main):
        text = files[path].decode("utf-8", "replace")
        licence = licence_of_readme(text) if "readme" in path.lower() else licence_in(text)
        if licence.spdx != "unknown":
            return licence, f"{path}: {licence.url} {licence.words}".strip()
    return Licence(), ""
