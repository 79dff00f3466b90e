"""Talks of one's own out of files, as pages: what the sources share that read them (``chat_export``, ``usage``)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any, Final

from pydantic import Field

from scrapers.arena import cases, files
from scrapers.arena.layouts import LAYOUTS, detected
from scrapers.base import Place
from scrapers.common.json_rows import UNREADABLE, Rows, head_of
from scrapers.common.page import printable, rights, saved_page
from thresher.errors import UsageError
from thresher.model import Dead, ExportClass, Page, Record, Unread

SUFFIXES = (".jsonl", ".ndjson", ".json", ".parquet", ".gz")
Strip = Callable[[dict[str, Any]], dict[str, Any]]
"""What must go of a row before it is even kept as a page."""
_FEEDBACK: Final = "feedback"


class OwnTalks(Place):
    """One person's talks, or one product's log of them."""

    turns_column: str = ""
    """Which column holds the turns, where it has none of the usual names."""
    licence: str = "own-chats"
    licence_evidence: str = ""
    export_class: ExportClass = Field("none")
    """Nothing leaves before the owner says what may."""

    @property
    def context(self) -> dict[str, str]:
        """What a parser cannot read off a row."""
        return {"licence": self.licence, "licence_evidence": self.licence_evidence, "export_class": self.export_class}

    @property
    def columns(self) -> dict[str, str]:
        """The settings that name a column, with the name under which it is read."""
        return {"turns_column": "messages"}

    def named(self, row: dict[str, Any]) -> dict[str, Any]:
        """The row with its columns under the names by which they are read."""
        return row | {name: row[column] for key, name in self.columns.items() if (column := getattr(self, key)) in row and column}

    def refuse_without(self, row: Mapping[str, Any], file: str) -> None:
        """UsageError where the row lacks a column that the settings name: its talks would be somebody else's, or none."""
        for key in self.columns:
            if (column := getattr(self, key)) and column not in row and UNREADABLE not in row:
                raise UsageError(f"{file} has no column {column!r} for {key}; it has: {', '.join(sorted(map(str, row))[:20])}")


def talk_pages(source: str, site: OwnTalks, file: Path, name: str, rows: Rows, layouts: tuple[str, ...], strip: Strip) -> Iterator[Page]:
    """The talks among the rows, in pages of JSON lines. Of a row that is no talk in one of the ``layouts`` only the names of its columns
    are kept: it may be anything of its owner's. UsageError where the column that was named is not there."""
    head = head_of(rows)
    if not head:
        return
    site.refuse_without(head[-1], name)
    named = (site.named(row) for row in chain(head, rows))
    head = head_of(named)
    layout = detected(head[-1])
    if layout is not None and layout.name == _FEEDBACK:
        raise UsageError(f"{name} is feedback, with its users' consent: thresher ingest feedback {file}")
    read_as = LAYOUTS["chats"] if layout is None or layout.name not in layouts else layout

    def page(body: bytes, first: int, _: int) -> Page:
        context = site.context | {"file": printable(name), "layout": read_as.name, "first_row": str(first)}
        return saved_page(source, site.name, file, body, context, url=file.absolute().as_uri())

    talks = (row if _is_talk(row, layouts) else {UNREADABLE: _no_talk(row)} for row in chain(head, named))
    yield from files.pages(talks, replace(read_as, strip=strip), page)


def _is_talk(row: Mapping[str, Any], layouts: tuple[str, ...]) -> bool:
    return UNREADABLE in row or any(LAYOUTS[name].fits(row) for name in layouts)


def _no_talk(row: Mapping[str, Any]) -> str:
    return f"no talk: it has no list of turns under messages, conversations, ...; its columns: {', '.join(sorted(map(str, row))[:20])}"


def parse(page: Page) -> Iterator[Record | Dead | Unread]:
    """One record for each talk, with what its owner lets out."""
    for part in cases.parse(page):
        yield replace(part, **rights(page)) if isinstance(part, Record) else part
