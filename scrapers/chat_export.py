"""One's own talks with a model, from files: ChatGPT's export (also as the zip that it comes in), ShareGPT, OpenAI's messages, any JSON
lines that hold turns.

They are read as arena logs of these layouts are. A talk is private: nothing of it leaves before its owner says so in the settings.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from scrapers.arena.own import SUFFIXES, OwnTalks, parse, talk_pages
from scrapers.arena.talks import without_persons
from scrapers.common.json_rows import Rows
from scrapers.common.page import each_file, saved_files
from scrapers.common.rows import MAX_RATIO, RATIO_FROM, rows_of, stream_rows
from thresher.errors import PayloadError, UsageError
from thresher.model import Page
from thresher.net.client import Client

__all__ = ["SOURCE", "Site", "fetch", "parse", "read"]

SOURCE = "chat_export"
CONVERSATIONS: Final = "conversations*.json"
"""Of an account's export the only files that hold talks; beside them lie its address and its settings."""
READ: Final = ("chatgpt_export", "sharegpt", "chats")


class Site(OwnTalks):
    """One person's talks, or one product's log of them."""

    @classmethod
    def name_for_files(cls, file_name: str, keys: Mapping[str, Any]) -> str:
        """One account, however its exports are called: a talk that is in the next export too is the same talk."""
        return SOURCE


def fetch(client: Client, site: Site, *, since: Mapping[str, Any] | None) -> Iterator[Page]:
    """There is nothing to ask: UsageError."""
    raise UsageError(f"talks come from files: thresher ingest chat_export FILE --site {site.name}")


def read(path: Path, site: Site) -> Iterator[Page]:
    """The talks of a file, or of all files of a folder, in pages of JSON lines. Of a folder that is an account's export only the talks are
    read. UsageError where a file lacks the column that was named."""
    paths = saved_files(path, (*SUFFIXES, ".zip"), "conversations.json, the zip that it comes in, or talks as JSON lines or Parquet")
    exported = [file for file in paths if file.match(CONVERSATIONS)]
    yield from each_file(SOURCE, site.name, exported or paths, lambda file: _pages_of(file, site))


def _pages_of(file: Path, site: Site) -> Iterator[Page]:
    for name, rows in _members(file):
        yield from talk_pages(SOURCE, site, file, name, rows, READ, without_persons)


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
