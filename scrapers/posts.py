"""Anybody's posts from a file: a scrape of one's own, a support queue, the export of a forum, as JSON lines, CSV or Parquet.

A row is a post or a comment. Which column holds what is seen from its name, or said: ``thresher ingest posts FILE --set text_column=body``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import Field

from scrapers.base import Place
from scrapers.common.json_rows import MAX_ROW_BYTES, UNREADABLE, head_of
from scrapers.common.page import MAX_PICTURES, from_epoch, from_iso, rights, saved_files, saved_page
from scrapers.common.rows import plain, rows_of
from thresher.errors import UsageError
from thresher.formats.markdown import picture_addresses
from thresher.model import Dead, ExportClass, Page, Record, Role
from thresher.net.client import Client
from thresher.text import clean, content_hash

SOURCE = "posts"
ROWS_A_PAGE = 256
BYTES_A_PAGE = 2**20
SUFFIXES = (".jsonl", ".ndjson", ".json", ".csv", ".parquet", ".gz")
MAX_ID = 200

NAMES: dict[str, tuple[str, ...]] = {
    "id": ("id", "post_id", "comment_id", "review_id", "reviewId", "key", "uuid"),
    "text": ("text", "body", "content", "selftext", "message", "comment", "review", "description", "post"),
    "title": ("title", "subject", "headline", "thread_title", "summary"),
    "thread": ("thread", "thread_id", "conversation_id", "topic_id", "ticket_id", "link_id"),
    "parent": ("parent", "parent_id", "in_reply_to", "reply_to"),
    "role": ("role", "type"),
    "site": ("site", "forum", "subreddit", "channel", "kind"),
    "lang": ("lang", "language"),
    "url": ("url", "permalink", "link"),
    "author": ("author", "author_id", "user_id", "user", "username"),
    "pictures": ("pictures", "images", "image_urls", "attachments", "image", "picture", "image_url", "media"),
    "created": ("created", "created_at", "created_utc", "date", "timestamp", "time"),
}
"""By what names a column is known where nobody says which it is; the first that a row has."""
_COMMENTS = frozenset({"comment", "reply", "answer"})


class Site(Place):
    """One file, or files that belong together."""

    id_column: str = ""
    """Without ids a row is known by what it says, so that an edited post is another post."""
    text_column: str = ""
    title_column: str = ""
    thread_column: str = ""
    parent_column: str = ""
    role_column: str = ""
    site_column: str = ""
    lang_column: str = ""
    url_column: str = ""
    author_column: str = ""
    created_column: str = ""
    pictures_column: str = ""
    licence: str = "unknown"
    licence_evidence: str = ""
    export_class: ExportClass = Field("id_only")

    @property
    def columns(self) -> dict[str, str]:
        """The columns that somebody named."""
        given = {name: str(getattr(self, f"{name}_column")) for name in NAMES}
        return {name: column for name, column in given.items() if column}

    @property
    def context(self) -> dict[str, str]:
        """What a parser cannot read off a row."""
        return {
            "columns": json.dumps(self.columns),
            "licence": self.licence,
            "licence_evidence": self.licence_evidence,
            "export_class": self.export_class,
        }


def fetch(client: Client, site: Site, *, since: Mapping[str, Any] | None) -> Iterator[Page]:
    """There is nothing to ask: UsageError."""
    raise UsageError(f"posts come from files: thresher ingest posts FILE --site {site.name}")


def read(path: Path, site: Site) -> Iterator[Page]:
    """The rows of a file, or of all files of a folder, in pages of JSON lines. UsageError where a file lacks a column that was named, or
    has none that looks like a text."""
    for file in saved_files(path, SUFFIXES, "posts as JSON lines, CSV or Parquet"):
        rows = rows_of(file)
        head = head_of(rows)
        if head and UNREADABLE not in head[-1]:
            _check(file, head[-1], site)
        for number, body in enumerate(_bodies(chain(head, rows)), 1):
            url = f"{file.absolute().as_uri()}#{number}"
            yield saved_page(SOURCE, site.name, file, body, site.context, url=url)


def _check(file: Path, row: Mapping[str, Any], site: Site) -> None:
    there = ", ".join(sorted(row)[:20])
    for name, column in site.columns.items():
        if column not in row:
            raise UsageError(f"{file} has no column {column!r} for {name}_column; it has: {there}")
    if _column("text", row, site.columns) is None and _column("title", row, site.columns) is None:
        raise UsageError(f"{file} has no column that holds the text; name it by --set text_column=NAME; it has: {there}")


def _bodies(rows: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    lines: list[bytes] = []
    size = 0
    for row in rows:
        line = json.dumps(row, default=plain).encode()
        if len(line) > MAX_ROW_BYTES:
            line = json.dumps({UNREADABLE: f"a row of {len(line)} bytes"}).encode()
        if lines and (len(lines) >= ROWS_A_PAGE or size + len(line) > BYTES_A_PAGE):
            yield b"\n".join(lines)
            lines, size = [], 0
        lines.append(line)
        size += len(line)
    if lines:
        yield b"\n".join(lines)


def parse(page: Page) -> Iterator[Record | Dead]:
    """One record, or one dead letter, for each row, in their order."""
    for row in rows(page):
        yield row.part


class Row(NamedTuple):
    """What a row gives, and the pictures that it names: addresses, files, ``data:``."""

    part: Record | Dead
    pictures: tuple[str, ...]


def rows(page: Page) -> Iterator[Row]:
    """Each row of a page, in order."""
    columns = json.loads(page.context.get("columns", "{}"))
    for line in page.body.split(b"\n"):
        row = json.loads(line)
        yield Row(record_of(row, page, columns), tuple(pictures_of(row, columns)))


def record_of(row: Mapping[str, Any], page: Page, columns: Mapping[str, str]) -> Record | Dead:
    """The post of one row; Dead where it cannot be read or says nothing."""
    native_id = _word(row, "id", columns)[:MAX_ID]
    if UNREADABLE in row:
        return Dead("unreadable", str(row[UNREADABLE]), native_id)
    text, title = clean(_word(row, "text", columns)), clean(_word(row, "title", columns))
    if not text and not title:
        return Dead("no_text", "neither text nor title", native_id)
    thread, parent = _word(row, "thread", columns), _word(row, "parent", columns)
    comment = bool(parent) or _word(row, "role", columns).lower() in _COMMENTS
    role: Role = "comment" if comment else "post"
    return Record(
        source=SOURCE,
        site=_word(row, "site", columns) or page.site,
        native_id=native_id or content_hash(thread, title, text),
        url=_word(row, "url", columns) or page.url,
        role=role,
        text=text,
        title=title,
        thread_id=thread,
        parent_id=parent or None,
        author_key=_word(row, "author", columns) or None,
        created_at=from_iso(value := _value(row, "created", columns)) or from_epoch(value),
        language=_word(row, "lang", columns)[:8],
        marks={"pictures": pictures} if (pictures := [p for p in pictures_of(row, columns) if "://" in p]) else {},
        **rights(page),
    )


def pictures_of(row: Mapping[str, Any], columns: Mapping[str, str]) -> list[str]:
    """The pictures that a row names: addresses, or what else its column says (``thresher read`` takes files and ``data:`` too); and the
    addresses of pictures in its text."""
    value = _value(row, "pictures", columns)
    stated = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    named = [one.strip() for one in stated if isinstance(one, str) and one.strip()]
    return list(dict.fromkeys([*named, *picture_addresses(_word(row, "text", columns))]))[:MAX_PICTURES]


def _column(name: str, row: Mapping[str, Any], columns: Mapping[str, str]) -> str | None:
    if name in columns:
        return columns[name]
    return next((column for column in NAMES[name] if column in row), None)


def _value(row: Mapping[str, Any], name: str, columns: Mapping[str, str]) -> object:
    column = _column(name, row, columns)
    return None if column is None else row.get(column)


def _word(row: Mapping[str, Any], name: str, columns: Mapping[str, str]) -> str:
    """What a column says as text; numbers are ids, anything nested is nothing."""
    value = _value(row, name, columns)
    return str(value).strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
