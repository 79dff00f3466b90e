"""Feedback on one's own product, from files: ratings, comparisons and comments with their user's consent, as ``docs/product.md`` says.

The rows are read as the layout ``feedback`` of arena logs; what this source adds is consent, which goes before everything else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import Field

from scrapers.arena import cases, files
from scrapers.arena.layouts import LAYOUTS
from scrapers.base import Place
from scrapers.common.json_rows import head_of
from scrapers.common.page import each_file, printable, rights, saved_files, saved_page
from scrapers.common.rows import rows_of
from thresher.errors import UsageError
from thresher.model import EXPORT_CLASSES, Battle, Dead, ExportClass, Page, Record, Unread
from thresher.net.client import Client

SOURCE = "feedback"
SUFFIXES = (".jsonl", ".ndjson", ".json", ".parquet", ".gz")
_LAYOUT = LAYOUTS["feedback"]


class Site(Place):
    """One product, or one log of it."""

    licence: str = "own-feedback-with-consent"
    """Under which the owner lets public events go: an open licence by its SPDX name, or only their ids leave."""
    licence_evidence: str = ""
    export_class: ExportClass = Field("full")
    """The most that leaves of an event whose user agreed; of others nothing does, whatever stands here."""

    @classmethod
    def name_for_files(cls, file_name: str, keys: Mapping[str, Any]) -> str:
        """One product, however its files are called: an event that comes again in another file is the same event."""
        return SOURCE

    @property
    def context(self) -> dict[str, str]:
        """What a parser cannot read off a row."""
        return {
            "layout": _LAYOUT.name,
            "licence": self.licence,
            "licence_evidence": self.licence_evidence,
            "export_class": self.export_class,
        }


def fetch(client: Client, site: Site, *, since: Mapping[str, Any] | None) -> Iterator[Page]:
    """There is nothing to ask: UsageError."""
    raise UsageError(f"feedback comes from files: thresher ingest feedback FILE --site {site.name}")


def read(path: Path, site: Site) -> Iterator[Page]:
    """The events of a file, or of all files of a folder, in pages of JSON lines. Of an event without consent not even the id is on a page;
    nor is one that any row of these files takes back. UsageError where a file lacks a column of the contract."""
    paths = saved_files(path, SUFFIXES, "feedback as JSON lines or Parquet")
    for file in paths:
        if head := head_of(rows_of(file)):
            _check(file, head[-1])
    withdrawn = {str(row["event_id"]) for file in paths for row in rows_of(file) if row.get("consent") == "none" and row.get("event_id")}
    yield from each_file(SOURCE, site.name, paths, lambda file: _pages_of(file, site, withdrawn))


def _check(file: Path, row: Mapping[str, Any]) -> None:
    lacks = sorted(_LAYOUT.columns - row.keys())
    if lacks and len(row) > 1:  # of one that could not be read there is only the reason
        raise UsageError(f"{file} is no feedback of contract version 1: it lacks {', '.join(lacks)}; docs/product.md says what a row holds")


def _pages_of(file: Path, site: Site, withdrawn: set[str]) -> Iterator[Page]:
    def page(body: bytes, first: int, _: int) -> Page:
        told = site.context | {"file": printable(file.name), "first_row": str(first)}
        return saved_page(SOURCE, site.name, file, body, told, url=file.absolute().as_uri())

    rows = ({**row, "consent": "none"} if str(row.get("event_id")) in withdrawn else row for row in rows_of(file))
    yield from files.pages(rows, _LAYOUT, page)  # which strips each row before it is on a page


def parse(page: Page) -> Iterator[Record | Dead | Unread]:
    """One record for each event; of one that comes twice the later row counts."""
    parts = list(cases.parse(page))
    last = {part.native_id: number for number, part in enumerate(parts) if isinstance(part, Record)}
    most = rights(page)
    for number, part in enumerate(parts):
        if not isinstance(part, Record):
            yield part
        elif last[part.native_id] != number:
            yield Dead("repeated", "a later row of this event counts", part.native_id)
        else:
            least = min(part.export_class, most["export_class"], key=EXPORT_CLASSES.index)
            owned = replace(part, licence=most["licence"], licence_evidence=most["licence_evidence"], export_class=least)
            yield replace(owned, text=_with_comment(owned))


def _with_comment(record: Record) -> str:
    """The event as one reads it, the user's words last: they are the claim, and a claim is quoted."""
    comment = record.detail.rationale if isinstance(record.detail, Battle) else ""
    return f"{record.text}\n\nComment: {comment}" if comment else record.text
