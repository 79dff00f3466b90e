"""What the users of a product asked, from its logs: WildChat, LMSYS-Chat-1M, or one's own (turns, user, model, time, language).

A talk becomes a case where its user was let down (``thresher.rules.letdown``); all talks together are what ``thresher usage facets`` tells
of. Logs hold many people's words, so nothing leaves before the settings say so, and of what tells who and where a user was only a pseudonym
is kept, which the steps replace by a keyed hash.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from scrapers.arena.chats import COLUMNS
from scrapers.arena.layouts import LAYOUTS
from scrapers.arena.own import SUFFIXES, OwnTalks, parse, talk_pages
from scrapers.arena.talks import without_persons
from scrapers.common.json_rows import UNREADABLE
from scrapers.common.page import each_file, saved_files
from scrapers.common.rows import rows_of
from thresher.errors import UsageError
from thresher.model import Page
from thresher.net.client import Client

__all__ = ["SOURCE", "Site", "fetch", "parse", "read"]

SOURCE = "usage"
READ: Final = ("wildchat", "lmsys_chat_1m", "sharegpt", "chats")
_ADDRESS: Final = "hashed_ip"
"""WildChat's only word for a user."""
_KEPT: Final = COLUMNS | {UNREADABLE} | frozenset[str]().union(*(LAYOUTS[name].columns for name in READ)) | {"toxic", "openai_moderation"}
_COLUMNS: Final = {
    "user_column": "user_key",
    "model_column": "model",
    "time_column": "timestamp",
    "language_column": "language",
    "id_column": "id",
}


class Site(OwnTalks):
    """One product's log. The columns need be named only where they have none of the usual names."""

    licence: str = "own-usage"
    user_column: str = ""
    model_column: str = ""
    time_column: str = ""
    language_column: str = ""
    id_column: str = ""

    @property
    def columns(self) -> dict[str, str]:
        """The settings that name a column, with the name under which it is read."""
        return super().columns | _COLUMNS


def fetch(client: Client, site: Site, *, since: Mapping[str, Any] | None) -> Iterator[Page]:
    """There is nothing to ask: UsageError."""
    raise UsageError(f"logs come from files: thresher ingest usage FILE --site {site.name}")


def read(path: Path, site: Site) -> Iterator[Page]:
    """The talks of a log, or of all logs of a folder, in pages of JSON lines. UsageError where a file lacks the column of turns that was
    named."""
    paths = saved_files(path, SUFFIXES, "talks as JSON lines or Parquet")
    yield from each_file(
        SOURCE, site.name, paths, lambda file: talk_pages(SOURCE, site, file, file.name, rows_of(file), READ, pseudonymous)
    )


def pseudonymous(row: dict[str, Any]) -> dict[str, Any]:
    """What is read of a row: without what tells who and where its user was, at any depth, but for the pseudonym of the log itself. Other
    columns of a log may hold anything of its users, and are not kept."""
    turns = row.get("conversation")
    first = turns[0] if isinstance(turns, list) and turns and isinstance(turns[0], dict) else {}
    address = row.get(_ADDRESS) or first.get(_ADDRESS)
    kept = {name: value for name, value in row.items() if name in _KEPT}
    return {**without_persons(kept), **({"user_key": address} if address and "user_key" not in row else {})}
