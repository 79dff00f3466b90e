"""Answers of GitHub's API that somebody saved, one in a file: what ``gh api repos/OWNER/NAME/issues`` prints."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from scrapers.common.page import each_file, saved_body, saved_files, saved_page
from scrapers.github_issues.site import SOURCE, Site
from thresher.model import Page


def read(path: Path, site: Site) -> Iterator[Page]:
    """A page for each file: a listing of issues or comments, a search, or one of them."""
    files = saved_files(path, (".json",), "issues or comments as GitHub's API gives them")
    yield from each_file(SOURCE, site.name, files, lambda file: [saved_page(SOURCE, site.name, file, saved_body(file), {})])
