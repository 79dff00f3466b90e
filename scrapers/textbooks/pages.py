"""The modules of a repository of books as pages: on GitHub in book order, or in a local clone."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from scrapers.common.page import saved_at
from scrapers.common.repository import MISSING, Folder, Remote, blob_digest
from scrapers.textbooks.contents import BOOKS, Contents, Entry, contents
from scrapers.textbooks.site import MAX_FILE_BYTES, SOURCE, TOO_LARGE, Site
from thresher.errors import PayloadError, UsageError
from thresher.model import Json, Page
from thresher.net.client import Client

_CNXML = re.compile(rb"<(?:[\w.-]+:)?document[\s>]")
_LAYOUT = (BOOKS, "collections/*.collection.xml", "modules/*/index.cnxml")


def fetch(client: Client, site: Site, *, since: Mapping[str, Any] | None) -> Iterator[Page]:
    """The modules that changed since the cursor, in book order, one page each.

    The cursor grows with every page: ``modules`` holds a digest of each module that is stored (of its file and of what its collections say
    of it), so a killed run goes on where it was. What was answered by an outage page is asked for again. ``ref`` is kept once the whole
    repository was read; while the branch is still there, one request is all. A cursor of other settings counts for nothing.
    """
    settings = hashlib.sha256(site.model_dump_json().encode()).hexdigest()[:12]
    old: Mapping[str, Any] = since if since and since.get("settings") == settings else {}
    remote = Remote(client, site.repository, site.branch, api_url=site.api_url, raw_url=site.raw_url)
    versions = remote.versions(("META-INF", "collections"), many="modules", file="index.cnxml")
    if remote.ref and old.get("ref") == remote.ref:
        return
    shelf = contents(versions, remote.read, only=site.books)
    if not shelf.entries and not shelf.broken:
        raise PayloadError(f"{site.repository} holds no books: is it still written in CNXML?", reason="empty_listing")
    yield from _broken(shelf, site, remote.url)
    stored: Mapping[str, str] = old.get("modules") or {}
    listed = [e for e in shelf.entries if e.version]
    yield from (_absent(e, site, remote.url(e.path)) for e in shelf.entries if not e.version)
    whole = all(blob_digest(body) == versions.get(path) for path, body in shelf.broken)
    done = {e.module: e.digest for e in listed if stored.get(e.module) == e.digest}
    pending = [e for e in listed if e.module not in done]
    for i, entry in enumerate(pending, start=1):
        response = remote.get(entry.path)
        if response.status != MISSING and _is_module(response.body, entry):
            done[entry.module] = entry.digest
        cursor: dict[str, Json] = {"settings": settings, "modules": dict(done)}
        if i == len(pending) and len(done) == len(listed) and whole:
            cursor["ref"] = remote.ref
        yield response.page(SOURCE, site.name, context=_context(entry, site, remote.ref), cursor=cursor)


def read(path: Path, site: Site) -> Iterator[Page]:
    """The same pages from a local clone, from a folder of modules, or from one ``.cnxml`` file."""
    if path.is_file():
        yield _loose(path.name, path.parent.name, path.read_bytes(), site, saved_at(path))
        return
    if not path.is_dir():
        raise UsageError(f"there is no file or folder {path}")
    folder = Folder(path)
    shelf = contents(dict.fromkeys(folder.files(*_LAYOUT), "here"), folder.read, only=site.books)
    yield from _broken(shelf, site, lambda p: _file_url(site, p))
    for entry in shelf.entries:
        url = _file_url(site, entry.path)
        body = folder.read(entry.path)
        if body is None:
            yield _absent(entry, site, url)
        else:
            context = _context(replace(entry, version=blob_digest(body)), site, "")
            yield _local(body, url, site, context, folder.written_at(entry.path))
    for file in folder.files("*/index.cnxml", "*.cnxml") if not shelf.entries else ():
        place = Path(path.resolve().name, file)
        yield _loose(place.name, place.parent.name, folder.read(file) or b"", site, folder.written_at(file))


def _is_module(body: bytes, entry: Entry) -> bool:
    """Whether an answer is the file that was asked for, however badly it is written, and no outage page. In large repositories ``version``
    is that of the folder, and tells nothing of the file."""
    return blob_digest(body) == entry.version or _CNXML.search(body) is not None


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


def _local(body: bytes, url: str, site: Site, context: Mapping[str, str], written_at: datetime) -> Page:
    status, body = (TOO_LARGE, b"") if len(body) > MAX_FILE_BYTES else (200, body)
    return Page(SOURCE, site.name, url, status, {}, body, written_at, context)


def _absent(entry: Entry, site: Site, url: str) -> Page:
    """A page for a module that a book lists and nobody has, so that it is counted."""
    return Page(SOURCE, site.name, url, MISSING, {}, b"", datetime.now(UTC), _context(entry, site, ""))


def _broken(shelf: Contents, site: Site, url: Callable[[str], str]) -> Iterator[Page]:
    """Pages for tables of contents that could not be read, so that ``parse`` says why."""
    for path, body in shelf.broken:
        yield Page(SOURCE, site.name, url(path), 200, {}, body, datetime.now(UTC), {"kind": "contents", "path": path})


def _loose(name: str, folder: str, body: bytes, site: Site, written_at: datetime) -> Page:
    """A module that lies about without the layout of a repository."""
    module = folder if name == "index.cnxml" else name.removesuffix(".cnxml")
    path = f"modules/{module}/index.cnxml"
    entry = Entry(module, path, blob_digest(body), {"kind": "module", "module": module, "path": path})
    return _local(body, _file_url(site, path), site, _context(entry, site, ""), written_at)
