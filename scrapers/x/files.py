"""Answers of X's API v2 that somebody saved, one in a file, or one in a line as twarc writes them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from scrapers.common.page import each_file, saved_body, saved_files, saved_page
from scrapers.x.site import SOURCE, Site
from thresher.model import Page


def read(path: Path, site: Site) -> Iterator[Page]:
    """A page for each answer."""
    files = saved_files(path, (".json", ".jsonl"), "answers of X's API v2")
    yield from each_file(SOURCE, site.name, files, lambda file: _pages_of(file, site))


def _pages_of(file: Path, site: Site) -> Iterator[Page]:
    body = saved_body(file)
    for part in [line for line in body.splitlines() if line.strip()] if file.suffix == ".jsonl" else [body]:
        yield saved_page(SOURCE, site.name, file, part, {})
