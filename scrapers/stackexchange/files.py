"""Data dumps and saved answers of the API."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from scrapers.common.page import saved_files, saved_page
from scrapers.stackexchange import api, dump, rows
from scrapers.stackexchange.site import SOURCE, Site
from thresher.errors import UsageError
from thresher.model import Dead, Page, Record, Unread

MAX_JSON_FILE = 50 * 2**20
_POST_ROOTS = frozenset({"posts", "row"})
_EXPECTED = "the Posts.xml of an unpacked data dump, or answers of the API as JSON"


def read(path: Path, site: Site) -> Iterator[Page]:
    """The ``Posts.xml`` of an unpacked data dump, saved API answers (JSON), or a folder with such files.

    What a file is, is seen from what it holds; the other files of a dump are left out. UsageError where there is nothing to read.
    """
    roots = {file: rows.root(file) for file in saved_files(path, (".xml", ".json"), _EXPECTED)}
    readable = [file for file, root in roots.items() if root in {"", *_POST_ROOTS}]
    if not readable:
        raise UsageError(f"{path} holds {', '.join(sorted({f'a dump of {root}' for root in roots.values()}))}; expected {_EXPECTED}")
    for file in readable:
        yield from _dump_pages(file, site) if roots[file] else _json_page(file, site)


def parse(page: Page) -> Iterator[Record | Dead | Unread]:
    """Posts of an API answer or of a piece of a dump."""
    return dump.parse(page) if page.context.get("format") == "dump" else api.parse(page)


def _dump_pages(file: Path, site: Site) -> Iterator[Page]:
    for number, body in enumerate(rows.chunks(file), 1):
        page = saved_page(SOURCE, site.name, file, body, site.context | {"format": "dump"})
        yield replace(page, url=f"{page.url}#{number}")


def _json_page(file: Path, site: Site) -> Iterator[Page]:
    if file.stat().st_size > MAX_JSON_FILE:
        raise UsageError(f"{file}: {file.stat().st_size} bytes and no XML; an answer of the API is smaller than {MAX_JSON_FILE}")
    yield saved_page(SOURCE, site.name, file, file.read_bytes(), site.context)
