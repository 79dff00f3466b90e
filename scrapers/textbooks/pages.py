"""The books of a repository as pages: on GitHub, or in a local clone. A module of CNXML is a page, and so is a whole book of any other
format, whose answers stand in other files than its exercises."""

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
from scrapers.textbooks.bundles import MEDIA_TYPE, Bundle, gather
from scrapers.textbooks.contents import BOOKS, Contents, Entry, contents
from scrapers.textbooks.kinds import CNXML, looked_for, may_matter, recognise, rights_files
from scrapers.textbooks.site import MAX_FILE_BYTES, SOURCE, TOO_LARGE, Site
from thresher.errors import PayloadError, ResponseTooLarge, SettingsError, UsageError
from thresher.formats.books.exercise import Read
from thresher.model import Json, Page
from thresher.net.client import Client

_CNXML = re.compile(rb"<(?:[\w.-]+:)?document[\s>]")
_LAYOUT = (BOOKS, "collections/*.collection.xml", "modules/*/index.cnxml")
_HIDDEN = re.compile(r"(?:^|/)\.")


def fetch(client: Client, site: Site, *, since: Mapping[str, Any] | None) -> Iterator[Page]:
    """What changed since the cursor: modules of CNXML books, one page each, or the whole of a book of another format.

    ``ref`` is kept once the whole repository was read; while the branch is still there, one request is all. A cursor of other settings
    counts for nothing.
    """
    settings = hashlib.sha256(site.model_dump_json().encode()).hexdigest()[:12]
    old: Mapping[str, Any] = since if since and since.get("settings") == settings else {}
    remote = Remote(client, site.repository, site.branch, api_url=site.api_url, raw_url=site.raw_url)
    versions = remote.versions(("META-INF", "collections"), many="modules", file="index.cnxml")
    if remote.ref and old.get("ref") == remote.ref:
        return
    files = _Files(remote, versions, site.folder)
    kind, mains = recognise(files.paths, files.read)
    if kind == CNXML:
        yield from _fetch_modules(remote, versions, site, old, settings)
    elif kind:
        yield from _fetch_books(kind, mains, files, remote, site, old, settings)
    else:
        raise PayloadError(f"{site.repository} holds no books that can be read: it has no {looked_for()}", reason="empty_listing")


def _fetch_modules(remote: Remote, versions: Mapping[str, str], site: Site, old: Mapping[str, Any], settings: str) -> Iterator[Page]:
    """The modules that changed, in book order.

    The cursor grows with every page: ``modules`` holds a digest of each module that is stored (of its file and of what its collections say
    of it), so a killed run goes on where it was. What was answered by an outage page is asked for again.
    """
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


class _Files:
    """The files of a repository on GitHub, each asked for once, and only where it is the file that the tree lists: an outage page is not
    taken for it."""

    def __init__(self, remote: Remote, versions: Mapping[str, str], folder: str) -> None:
        self._remote = remote
        self._versions = versions
        self.paths = _of_folder(versions, folder)
        self._read: dict[str, bytes | None] = {}
        self.whole = True
        """Whether every file that was asked for came."""

    def read(self, path: str) -> bytes | None:
        """The bytes of one file, None where it is not there, too large, or something else came."""
        if path not in self.paths:
            return None
        if path not in self._read:
            try:
                body = self._remote.read(path)
            except ResponseTooLarge:
                body = b"\0" * (MAX_FILE_BYTES + 1)
            else:
                if body is None or blob_digest(body) != self._versions[path]:
                    body, self.whole = None, False
            self._read[path] = body
        return self._read[path]

    @property
    def digest(self) -> str:
        """Changes when any file changes that a book may be made of."""
        of_books = [p for p in sorted(self.paths) if may_matter(p)]
        return hashlib.sha256("\0".join(f"{p}={self._versions[p]}" for p in of_books).encode()).hexdigest()


def _fetch_books(
    kind: str, mains: list[str], files: _Files, remote: Remote, site: Site, old: Mapping[str, Any], settings: str
) -> Iterator[Page]:
    """Every book of the repository, where any of its files changed. The last page alone carries a cursor, and only where all files came."""
    if old.get("books") == (digest := files.digest):
        return
    chosen = _chosen(mains, site)
    for i, main in enumerate(chosen, start=1):
        bundle = gather(kind, main, files.paths, files.read)
        cursor = {"settings": settings, "books": digest, "ref": remote.ref} if i == len(chosen) and files.whole else None
        yield _book_page(bundle, site, remote.url(main), remote.ref, datetime.now(UTC), cursor)


def _chosen(mains: list[str], site: Site) -> list[str]:
    chosen = [m for m in mains if not site.books or m in site.books]
    if not chosen:
        raise SettingsError(f"none of the books {', '.join(site.books)} is in this repository; set 'books' to some of: {', '.join(mains)}")
    return chosen


def read(path: Path, site: Site) -> Iterator[Page]:
    """The same pages from a local clone, from a part of one, or from one file of a book."""
    if path.is_file():
        yield from _read_file(path, site)
        return
    if not path.is_dir():
        raise UsageError(f"there is no file or folder {path}")
    folder = Folder(path)
    paths = _of_folder(dict.fromkeys(p for p in folder.files("**/*") if not _HIDDEN.search(p)), site.folder)
    kind, mains = recognise(paths, folder.read)
    if kind == CNXML:
        yield from _read_modules(folder, site)
    elif kind:
        for main in _chosen(mains, site):
            bundle = gather(kind, main, paths, folder.read)
            yield _book_page(bundle, site, _file_url(site, main), "", folder.written_at(main), None)
    elif loose := [*folder.files("*/index.cnxml", "*.cnxml")]:
        for file in loose:
            place = Path(path.resolve().name, file)
            yield _loose(place.name, place.parent.name, folder.read(file) or b"", site, folder.written_at(file))
    else:
        raise UsageError(f"{path} holds no books that can be read: it has no {looked_for()}")


def _read_modules(folder: Folder, site: Site) -> Iterator[Page]:
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


def _read_file(path: Path, site: Site) -> Iterator[Page]:
    """One module, or the book that begins in one file, with what it includes from the folder around it."""
    if path.suffix == ".cnxml":
        yield _loose(path.name, path.parent.name, path.read_bytes(), site, saved_at(path))
        return
    folder = Folder(path.parent)
    kind, mains = recognise({path.name}, folder.read)
    if not mains:
        raise UsageError(f"{path} is no book that can be read: it is no {looked_for()}")
    around: Read = folder.read
    paths = {p for p in folder.files("**/*") if not _HIDDEN.search(p)}
    bundle = gather(kind, path.name, paths if kind in {"PreTeXt", "LaTeX"} else {path.name}, around)
    yield _book_page(bundle, site, _file_url(site, path.name), "", saved_at(path), None)


def _of_folder(paths: Mapping[str, Any], folder: str) -> frozenset[str]:
    """The paths in one folder, with the files at the root and beside it that state a licence."""
    below = f"{folder.strip('/')}/" if folder.strip("/") else ""
    return frozenset([*(p for p in paths if p.startswith(below)), *(rights_files(paths, f"{below}x") if below else ())])


def _book_page(bundle: Bundle, site: Site, url: str, ref: str, written_at: datetime, cursor: Mapping[str, Json] | None) -> Page:
    extra = {
        "repository": site.repository,
        "ref": ref,
        "folder": site.folder.strip("/"),
        "publisher": site.publisher,
        "files_url": _file_url(site, "").rstrip("/"),
        "read_at": site.web_url,
        "genai_restricted": "yes" if site.genai_restricted else "",
        "steps": str(site.steps or ""),
    }
    context = {k: v for k, v in {**bundle.context, **extra}.items() if v}
    return Page(SOURCE, site.name, url, 200, {"content-type": MEDIA_TYPE}, bundle.body, written_at, context, cursor)


def _is_module(body: bytes, entry: Entry) -> bool:
    """Whether an answer is the file that was asked for, however badly it is written, and no outage page. In large repositories ``version``
    is that of the folder, and tells nothing of the file."""
    return blob_digest(body) == entry.version or _CNXML.search(body) is not None


def _context(entry: Entry, site: Site, ref: str) -> dict[str, str]:
    extra = {
        "repository": site.repository,
        "ref": ref,
        "blob": entry.version,
        "publisher": site.publisher or "OpenStax",
        "web_url": _file_url(site, entry.path),
        "genai_restricted": "yes" if site.genai_restricted else "",
        "steps": str(site.steps or ""),
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
