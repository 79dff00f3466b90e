"""A module of a book -> Records: one for each exercise. Pure. An element that nobody here knows makes its exercise a Dead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from scrapers.common.repository import MISSING
from scrapers.textbooks.contents import BOOKS
from scrapers.textbooks.site import MAX_FILE_BYTES, TOO_LARGE
from thresher.errors import PayloadError
from thresher.formats.books.document import parse_xml, plain
from thresher.formats.books.exercise import BookExercise
from thresher.formats.books.licence import Licence, strictest
from thresher.formats.cnxml.collection import CONTAINER, read_book, read_licence
from thresher.formats.cnxml.document import MDML, cnx
from thresher.formats.cnxml.exercise import exercises
from thresher.model import Dead, Exercise, Json, Page, Record
from thresher.rules.language import language_of
from thresher.text import clean

_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
"""What a module says of itself, where no book does; where it does not either, its text tells."""


def parse(page: Page) -> Iterator[Record | Dead]:
    """A record for each exercise of a module; one that cannot be read is Dead and costs no other."""
    context = page.context
    if page.status == MISSING:
        raise PayloadError(f"{context.get('path', page.url)} is listed in the book but not in the repository", reason="missing_module")
    if page.status == TOO_LARGE:
        raise PayloadError(f"{context.get('path', page.url)} is larger than {MAX_FILE_BYTES} bytes", reason="too_large")
    if context.get("kind") == "contents":
        if context.get("path") == BOOKS:
            parse_xml(page.body, root=CONTAINER)
        else:
            read_book(page.body)
        return
    root = parse_xml(page.body, root=cnx("document"))
    module = context.get("module") or plain(root.find(f".//{{{MDML}}}content-id")) or page.sha256[:12]
    licence = _licence(context, read_licence(root.find(f"{cnx('metadata')}/{{{MDML}}}license")))
    title = plain(root.find(cnx("title")))
    heading = f"{context.get('number', '')} {title}".strip()
    place = " > ".join(filter(None, [context.get("chapter", ""), heading]))
    language = context.get("language") or root.get(_LANGUAGE) or language_of(plain(root.find(cnx("content"))))
    for exercise in exercises(root, module, book=context.get("book", ""), heading=place):
        yield exercise if isinstance(exercise, Dead) else _record(exercise, page, module, clean(heading), licence, language)


def _record(exercise: BookExercise, page: Page, module: str, heading: str, licence: tuple[Licence, str], language: str) -> Record:
    context, (terms, evidence) = page.context, licence
    detail = _clean(exercise.detail)
    url = f"{context.get('web_url') or page.url}#{exercise.native_id.partition('/')[2]}"
    book = detail.book or heading
    marks: dict[str, Json] = {"container": exercise.container, "images": len(detail.figures)}
    marks |= {
        k: v
        for k, v in (("links", list(exercise.links)), ("refers_to", list(exercise.refers_to)), ("answers", list(exercise.answers)))
        if v
    }
    if context.get("genai_restricted"):
        marks["genai_restricted"] = True
    return Record(
        source=page.source,
        site=page.site,
        native_id=exercise.native_id,
        url=url,
        role="exercise",
        text=clean(exercise.text),
        title=heading,
        thread_id=module,
        position=exercise.position,
        language=language,
        detail=detail,
        marks=marks,
        licence=terms.spdx,
        licence_evidence=evidence,
        export_class=terms.export_class,
        attribution=f"{book}, {context.get('publisher', '')}, {url}. {terms.spdx} ({terms.url}). Converted from CNXML to text and LaTeX.",
    )


def _clean(detail: Exercise) -> Exercise:
    return replace(
        detail,
        problem=clean(detail.problem),
        solution=clean(detail.solution),
        stem=clean(detail.stem),
        choices=tuple(clean(c) for c in detail.choices),
        answer=clean(detail.answer),
        section=clean(detail.section),
        book=clean(detail.book),
    )


def _licence(context: Mapping[str, str], own: Licence) -> tuple[Licence, str]:
    """The licence that holds for a module and the evidence for it: its collections' or its own, whichever lets less out."""
    of_book = Licence(context.get("licence_url", ""), context.get("licence_words", ""))
    stated = [x for x in (of_book, own) if x.url]
    licence = strictest(stated)
    if not licence.url:
        return licence, ""
    file = context.get("licence_file", "") if licence == of_book else context.get("path", "")
    return licence, f"{file}: md:license {licence.url} {licence.words}".strip()
