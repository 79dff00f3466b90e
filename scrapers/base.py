"""What a source module offers. A module with these names *is* a Scraper: nothing to inherit, no list to edit."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol, cast

from pydantic import BaseModel, ConfigDict, Field

import scrapers
from thresher.errors import UsageError
from thresher.model import Dead, Page, Record, Unread
from thresher.net.client import Client


class Place(BaseModel):
    """One target of a source, an entry of ``[[sites]]``: each source's ``Site`` adds its own keys. An address among their values is
    enough for Prefect to guard that host by the limit of its name."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str = Field(min_length=1)

    @classmethod
    def name_for_files(cls, file_name: str, keys: Mapping[str, Any]) -> str:
        """What the place is called that local files are said to come from, where nobody says it. UsageError from a source whose files must
        be said to be of one place: a name that is made up would stand in addresses and attributions."""
        return file_name

    @classmethod
    def for_files(cls, name: str) -> dict[str, Any]:
        """Values for required keys, for a place that no configuration names and that local files are said to come from."""
        return {}


class Scraper(Protocol):
    """A source: all the I/O in ``fetch`` and ``read``, all the meaning in ``parse``."""

    Site: type[Place]
    """One target of the source, as under ``[[sites]]`` in ``config/sources/<name>.toml``."""

    def fetch(self, client: Client, site: Any, *, since: Mapping[str, Any] | None) -> Iterator[Page]:
        """Ask the site for what is new since the cursor ``since`` (None on the first visit), with an overlap.

        Yields pages in an order in which each ``Page.cursor`` holds for it and all before it. Raises NetworkError to stop this site.
        """
        ...

    def read(self, path: Path, site: Any) -> Iterator[Page]:
        """The same pages from a local file or folder: a dump, a clone, a log. Streams: a page is at most a few MiB."""
        ...

    def parse(self, page: Page) -> Iterator[Record | Dead | Unread]:
        """Pure. One unusable part gives a Dead and costs nothing else; an unusable body raises PayloadError. Fields that the source does
        not know are told by an Unread (``scrapers.common.fields``)."""
        ...


class Rechecker(Protocol):
    """What a source offers besides where its site can be asked for single records cheaply. Optional."""

    def recheck(self, client: Client, site: Any, threads: Mapping[str, str]) -> Iterator[Page]:
        """Ask the site what records of it are now. ``threads`` maps the native_id of each to its thread_id, as they are stored; at most
        about a hundred in one call, those of a thread together, though a long thread comes whole.

        Yields pages that ``parse`` makes the same records of as those of ``fetch``, and without a cursor. What was asked for and is not
        there any more is a record ``gone``: the ids stand in the page's ``context``. What the site cannot be asked for is passed over,
        and an answer that says nothing of a record (403, an outage page) leaves it as it is.
        """
        ...


def rechecker(name: str) -> Rechecker | None:
    """The source called ``name`` where it can be asked for single records."""
    source = load(name)
    return cast(Rechecker, source) if hasattr(source, "recheck") else None


def load(name: str) -> Scraper:
    """The source module called ``name``; UsageError names what exists."""
    if name not in scrapers.names():
        raise UsageError(f"there is no source {name!r}; there are: {', '.join(scrapers.names())}")
    return cast(Scraper, importlib.import_module(f"scrapers.{name}"))
