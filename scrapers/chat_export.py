"""One's own talks with a model, from files: ChatGPT's export (also as the zip that it comes in), ShareGPT, OpenAI's messages, any JSON
lines that hold turns.

They are read as arena logs of these layouts are. A talk is private: nothing of it leaves before its owner says so in the settings.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any, Final

from pydantic import Field

from scrapers.arena import cases, files
from scrapers.arena.layouts import LAYOUTS, detected
from scrapers.arena.talks import without_persons
from scrapers.base import Place
from scrapers.common.json_rows import UNREADABLE, Rows, head_of
from scrapers.common.page import each_file, printable, rights, saved_files, saved_page
from scrapers.common.rows import MAX_RATIO, RATIO_FROM, rows_of, stream_rows
from thresher.errors import PayloadError, UsageError
from thresher.model import Dead, ExportClass, Page, Record, Unread
from thresher.net.client import Client

SOURCE = "chat_export"
SUFFIXES = (".jsonl", ".ndjson", ".json", ".parquet", ".gz", ".zip")
CONVERSATIONS: Final = "conversations*.json"
"""Of an account's export the only files that hold talks; beside them lie its address and its settings."""
READ: Final = ("chatgpt_export", "sharegpt", "chats")
_TURNS: Final = "messages"
_FEEDBACK: Final = "feedback"


class Site(Place):
    """One person's talks, or one product's log of them."""

    turns_column: str = ""
    """Which column holds the turns, where it has none of the usual names."""
    licence: str = "own-chats"
    licence_evidence: str = ""
    export_class: ExportClass = Field("none")
    """Nothing leaves before the owner says what may."""

    @classmethod
    def name_for_files(cls, file_name: str, keys: Mapping[str, Any]) -> str:
        """One account, however its exports are called: a talk that is in the next export too is the same talk."""
        return SOURCE

    @property
    def context(self) -> dict[str, str]:
        """What a parser cannot read off a row."""
        return {"licence": self.licence, "licence_evidence": self.licence_evidence, "export_class": self.export_class}


def fetch(client: Client, site: Site, *, since: Mapping[str, Any] | None) -> Iterator[Page]:
    """There is nothing to ask: UsageError."""
    raise UsageError(f"talks come from files: thresher ingest chat_export FILE --site {site.name}")


def read(path: Path, site: Site) -> Iterator[Page]:
    """The talks of a file, or of all files of a folder, in pages of JSON lines. Of a folder that is an account's export only the talks are
    read. UsageError where a file lacks the column that was named."""
    paths = saved_files(path, SUFFIXES, "conversations.json, the zip that it comes in, or talks as JSON lines or Parquet")
    exported = [file for file in paths if file.match(CONVERSATIONS)]
    yield from each_file(SOURCE, site.name, exported or paths, lambda file: _pages_of(file, site))


def _pages_of(file: Path, site: Site) -> Iterator[Page]:
    for name, rows in _members(file):
        named = (_with_turns(row, site.turns_column) for row in rows)
        head = head_of(named)
        if not head:
            continue
        if site.turns_column and UNREADABLE not in head[-1] and _TURNS not in head[-1]:
            raise UsageError(f"{name} has no column {site.turns_column!r} for turns_column; it has: {', '.join(sorted(head[-1])[:20])}")
        layout = detected(head[-1])
        if layout is not None and layout.name == _FEEDBACK:
            raise UsageError(f"{name} is feedback, with its users' consent: thresher ingest feedback {file}")
        known = LAYOUTS["chats"] if layout is None or layout.name not in READ else layout

        def page(body: bytes, first: int, _: int, told: str = name, layout_name: str = known.name) -> Page:
            context = site.context | {"file": printable(told), "layout": layout_name, "first_row": str(first)}
            return saved_page(SOURCE, site.name, file, body, context, url=file.absolute().as_uri())

        # a row that is no talk is not kept: it may be anything of its owner's
        talks = (row if _is_talk(row) else {UNREADABLE: _no_talk(row)} for row in chain(head, named))
        yield from files.pages(talks, replace(known, strip=without_persons), page)


def _members(file: Path) -> Iterator[tuple[str, Rows]]:
    """The files of talks that a file is or holds, by name."""
    if file.suffix.lower() != ".zip":
        yield file.name, rows_of(file)
        return
    try:
        with zipfile.ZipFile(file) as packed:
            inside = [one for one in packed.infolist() if Path(one.filename).match(CONVERSATIONS)]
            if not inside:
                raise PayloadError(f"{file.name} holds no {CONVERSATIONS}: it is no export of ChatGPT", reason="no_talks")
            for one in inside:
                if one.file_size > max(RATIO_FROM, MAX_RATIO * one.compress_size):
                    raise PayloadError(f"{one.filename} in {file.name} would become {one.file_size:,} bytes", reason="too_large")
                with packed.open(one) as member:
                    yield f"{file.name}/{one.filename}", stream_rows(io.BufferedReader(member), "array", packed=False)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise PayloadError(f"{file.name} is no zip that can be read: {error}", reason="bad_zip") from error


def _with_turns(row: dict[str, Any], column: str) -> dict[str, Any]:
    return {**row, _TURNS: row[column]} if column and column in row else row


def _is_talk(row: Mapping[str, Any]) -> bool:
    return UNREADABLE in row or any(LAYOUTS[name].fits(row) for name in READ)


def _no_talk(row: Mapping[str, Any]) -> str:
    return f"no talk: it has no list of turns under messages, conversations, ...; its columns: {', '.join(sorted(map(str, row))[:20])}"


def parse(page: Page) -> Iterator[Record | Dead | Unread]:
    """One record for each talk, with what its owner lets out."""
    for part in cases.parse(page):
        yield replace(part, **rights(page)) if isinstance(part, Record) else part
