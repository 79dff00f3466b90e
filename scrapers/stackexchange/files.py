"""Data dumps and saved answers of the API."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from scrapers.common.page import each_file, saved_body, saved_files, saved_page
from scrapers.stackexchange import api, dump, rows
from scrapers.stackexchange.site import SOURCE, Site
from thresher.errors import UsageError
from thresher.model import Dead, Page, Record, Unread

_POST_ROOTS = frozenset({"posts", "row"})
_EXPECTED = "the Posts.xml of an unpacked data dump, or answers of the API as JSON"


def read(path: Path, site: Site) -> Iterator[Page]:
    """The ``Posts.xml`` of an unpacked data dump, saved API answers (JSON), or a folder with such files.

    What a file is, is seen from what it holds; the other files of a dump are left out. UsageError where there is nothing to read.
    """
    others: set[str] = set()
    empty = True
    files = saved_files(path, (".xml", ".json"), _EXPECTED)
    for page in each_file(SOURCE, site.name, files, lambda file: _pages_of(file, site, others)):
        empty = False
        yield page
    if empty:
        raise UsageError(f"{path} holds {', '.join(f'a dump of {root}' for root in sorted(others)) or 'nothing'}; expected {_EXPECTED}")


def _pages_of(file: Path, site: Site, others: set[str]) -> Iterator[Page]:
    """The pages of one file; none of a dump of something else, which is put into ``others``."""
    root = rows.root(file)
    if root in _POST_ROOTS:
        yield from _dump_pages(file, site)
    elif root:
        others.add(root)
    else:
        yield saved_page(SOURCE, site.name, file, saved_body(file), site.context)


def parse(page: Page) -> Iterator[Record | Dead | Unread]:
    """Posts of an API answer or of a piece of a dump."""
    return dump.parse(page) if page.context.get("format") == "dump" else api.parse(page)


def _dump_pages(file: Path, site: Site) -> Iterator[Page]:
    for number, body in enumerate(rows.chunks(file), 1):
        page = saved_page(SOURCE, site.name, file, body, site.context | {"format": "dump"})
        yield replace(page, url=f"{page.url}#{number}")
