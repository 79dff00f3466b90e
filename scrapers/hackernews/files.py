"""Answers of the search or of the item API that somebody saved, one in a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from scrapers.common.page import each_file, saved_body, saved_files, saved_page
from scrapers.hackernews.site import SOURCE, Site
from thresher.model import Page


def read(path: Path, site: Site) -> Iterator[Page]:
    """A page for each file; the item that was asked for is what its name says (``8863.json``)."""
    files = saved_files(path, (".json",), "answers of hn.algolia.com, or items of hacker-news.firebaseio.com")
    yield from each_file(SOURCE, site.name, files, lambda file: [_page_of(file, site)])


def _page_of(file: Path, site: Site) -> Page:
    name = file.name.partition(".")[0]
    return saved_page(SOURCE, site.name, file, saved_body(file), {"asked": name} if name.isdecimal() else {})
