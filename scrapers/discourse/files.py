"""Posts and topics that somebody saved as JSON files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from scrapers.common.page import each_file, portions, saved_at, saved_body, saved_files, saved_page
from scrapers.discourse import posts
from scrapers.discourse.site import SOURCE, Site
from thresher.model import Page
from thresher.payload import as_utf8

MAX_FILE_PAGE = 2 * 2**20
MAX_FILES = 10_000


def read(path: Path, site: Site) -> Iterator[Page]:
    """A folder of post files (``/posts/{id}.json``), one page per topic; or files that hold a topic or a list, a page each.

    Files are recognised by what they hold. UsageError where there is none.
    """
    topics: dict[int, list[Path]] = {}
    files = saved_files(path, (".json",), "Discourse posts or topics as JSON")
    yield from each_file(SOURCE, site.name, files, lambda file: _page_of(file, site, topics))
    for topic, members in sorted(topics.items()):
        for portion in portions(members, MAX_FILES, size=lambda file: file.stat().st_size, max_size=MAX_FILE_PAGE):
            yield _joined(portion, site, topic)


def _page_of(file: Path, site: Site, topics: dict[int, list[Path]]) -> Iterator[Page]:
    """The page of one file; none of a single post, which is put into ``topics``."""
    topic = posts.topic_of(body := saved_body(file))
    if topic is None:
        yield saved_page(SOURCE, site.name, file, body, site.context)
    else:
        topics.setdefault(topic, []).append(file)


def _joined(files: list[Path], site: Site, topic: int) -> Page:
    """The posts of one topic as one list."""
    bodies = [as_utf8(file.read_bytes()) for file in files]
    body = b"[" + b",\n".join(bodies) + b"]"
    page = saved_page(SOURCE, site.name, files[0], body, site.context, url=f"{site.base_url}/t/{topic}")
    return replace(page, fetched_at=saved_at(*files))
