"""Textbooks in CNXML (OpenStax): every exercise with its instruction, options and solution.

A site is one repository with one or several books. Which modules belong to a book, and under which licence, is read off its
collection file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field

from scrapers.textbooks.contents import BOOKS, Contents, Entry, contents
from scrapers.textbooks.files import MISSING, Folder, Remote, blob_digest
from thresher.errors import PayloadError, UsageError
from thresher.formats.cnxml.collection import CONTAINER, Licence, read_book, read_licence, strictest
from thresher.formats.cnxml.document import MDML, cnx, parse_xml, plain
from thresher.formats.cnxml.exercise import Found, exercises
from thresher.model import Dead, Exercise, Json, Page, Record
from thresher.net.client import Client
from thresher.text import clean

SOURCE = "textbooks"
MAX_FILE_BYTES = 20 * 2**20
_TOO_LARGE = 413


class Site(BaseModel):
    """One repository of books."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")
    repository: str = Field(pattern=r"^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$")
    branch: str = "main"
    books: tuple[str, ...] = ()
    """Slugs of the books wanted; empty takes all books of the repository."""
    publisher: str = "OpenStax"
    genai_restricted: bool = False
    """The publisher asks that the books are not fed to generative models; records carry the mark for a person to decide."""
    api_url: str = "https://api.github.com"
    raw_url: str = "https://raw.githubusercontent.com"


def fetch(client: Client, site: Site, *, since: Mapping[str, Any] | None) -> Iterator[Page]:
    """The modules that changed since the cursor, in book order, one page each.

    The cursor grows with every page: ``modules`` holds a digest of each module that is stored (of its file and of what its collections say
    of it), so a killed run goes on where it was. ``ref`` is kept once the whole repository was read; while the branch is still there, one
    request is all. A cursor of other settings counts for nothing.
    """
    settings = hashlib.sha256(site.model_dump_json().encode()).hexdigest()[:12]
    old: Mapping[str, Any] = since if since and since.get("settings") == settings else {}
    remote = Remote(client, site.repository, site.branch, api_url=site.api_url, raw_url=site.raw_url)
    versions = remote.versions()
    if remote.ref and old.get("ref") == remote.ref:
        return
    found = contents(versions, remote.read, only=site.books)
    yield from _broken(found, site, remote.url)
    known: Mapping[str, str] = old.get("modules") or {}
    listed = [e for e in found.entries if e.version]
    yield from (_absent(e, site, remote.url(e.path)) for e in found.entries if not e.version)
    done = {e.module: e.digest for e in listed if known.get(e.module) == e.digest}
    pending = [e for e in listed if e.module not in done]
    for i, entry in enumerate(pending, start=1):
        response = remote.get(entry.path)
        if response.status != MISSING:
            done[entry.module] = entry.digest
        cursor: dict[str, Json] = {"settings": settings, "modules": dict(done)}
        if i == len(pending) and len(done) == len(listed):
            cursor["ref"] = remote.ref
        yield response.page(SOURCE, site.name, context=_context(entry, site, remote.ref), cursor=cursor)


def read(path: Path, site: Site) -> Iterator[Page]:
    """The same pages from a local clone, from a folder of modules, or from one ``.cnxml`` file."""
    if path.is_file():
        yield from _loose([path], site)
        return
    if not path.is_dir():
        raise UsageError(f"there is no file or folder {path}")
    folder = Folder(path)
    found = contents(dict.fromkeys(folder.files(), "here"), folder.read, only=site.books)
    yield from _broken(found, site, lambda p: _file_url(site, p))
    for entry in found.entries:
        url = _file_url(site, entry.path)
        body = folder.read(entry.path)
        if body is None:
            yield _absent(entry, site, url)
        else:
            yield _local(body, url, site, _context(replace(entry, version=blob_digest(body)), site, ""))
    if not found.entries:
        yield from _loose(folder.loose(), site)


def parse(page: Page) -> Iterator[Record | Dead]:
    """A record for each exercise of a module; one that cannot be read is Dead and costs no other."""
    context = page.context
    if page.status == MISSING:
        raise PayloadError(f"{context.get('path', page.url)} is listed in the book but not in the repository", reason="missing_module")
    if page.status == _TOO_LARGE:
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
    for found in exercises(root, module, book=context.get("book", ""), heading=place):
        yield found if isinstance(found, Dead) else _record(found, page, module, clean(heading), licence)


def _record(found: Found, page: Page, module: str, heading: str, licence: tuple[Licence, str]) -> Record:
    context, (terms, evidence) = page.context, licence
    detail = _clean(found.detail)
    url = f"{context.get('web_url') or page.url}#{found.native_id.partition('/')[2]}"
    book = detail.book or heading
    marks: dict[str, Json] = {"container": found.container, "images": len(detail.figures)}
    marks |= {k: v for k, v in (("links", list(found.links)), ("refers_to", list(found.refers_to)), ("answers", list(found.answers))) if v}
    if context.get("genai_restricted"):
        marks["genai_restricted"] = True
    return Record(
        source=page.source,
        site=page.site,
        native_id=found.native_id,
        url=url,
        role="exercise",
        text=clean(found.text),
        title=heading,
        thread_id=module,
        position=found.position,
        language=context.get("language", ""),
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


def _context(entry: Entry, site: Site, ref: str) -> dict[str, str]:
    extra = {
        "repository": site.repository,
        "ref": ref,
        "blob": entry.version,
        "publisher": site.publisher,
        "web_url": _file_url(site, entry.path),
        "genai_restricted": "yes" if site.genai_restricted else "",
    }
    return {k: v for k, v in {**entry.context, **extra}.items() if v}


def _file_url(site: Site, path: str) -> str:
    return f"https://github.com/{site.repository}/blob/{site.branch}/{quote(path)}"


def _local(body: bytes, url: str, site: Site, context: Mapping[str, str]) -> Page:
    status, body = (_TOO_LARGE, b"") if len(body) > MAX_FILE_BYTES else (200, body)
    return Page(SOURCE, site.name, url, status, {}, body, datetime.now(UTC), context)


def _absent(entry: Entry, site: Site, url: str) -> Page:
    """A page for a module that a book lists and nobody has, so that it is counted."""
    return Page(SOURCE, site.name, url, MISSING, {}, b"", datetime.now(UTC), _context(entry, site, ""))


def _broken(found: Contents, site: Site, url: Callable[[str], str]) -> Iterator[Page]:
    """Pages for tables of contents that could not be read, so that ``parse`` says why."""
    for path, body in found.broken:
        yield Page(SOURCE, site.name, url(path), 200, {}, body, datetime.now(UTC), {"kind": "contents", "path": path})


def _loose(files: list[Path], site: Site) -> Iterator[Page]:
    for file in files:
        module = file.parent.name if file.name == "index.cnxml" else file.stem
        body = file.read_bytes()
        path = f"modules/{module}/index.cnxml"
        entry = Entry(module, path, blob_digest(body), {"kind": "module", "module": module, "path": path})
        yield _local(body, _file_url(site, entry.path), site, _context(entry, site, ""))
