"""Answers of either store that somebody saved, one in a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from scrapers.app_reviews.site import SOURCE, Site
from scrapers.common.page import each_file, saved_body, saved_files, saved_page
from thresher.model import Page


def read(path: Path, site: Site) -> Iterator[Page]:
    """A page for each file."""
    files = saved_files(path, (".json",), "a feed of Apple's customer reviews, or reviews of Google Play's API")
    yield from each_file(SOURCE, site.name, files, lambda file: [saved_page(SOURCE, site.name, file, saved_body(file), {})])
