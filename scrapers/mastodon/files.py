"""Answers of a Mastodon that somebody saved, one in a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from scrapers.common.page import each_file, saved_body, saved_files, saved_page
from scrapers.mastodon.site import SOURCE, Site
from thresher.model import Page


def read(path: Path, site: Site) -> Iterator[Page]:
    """A page for each file: a timeline, a search, a context, or one post."""
    files = saved_files(path, (".json",), "answers of a Mastodon instance's API")
    yield from each_file(SOURCE, site.name, files, lambda file: [saved_page(SOURCE, site.name, file, saved_body(file), {})])
