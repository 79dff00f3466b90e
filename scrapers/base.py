"""What a source module offers. A module with these names *is* a Scraper: nothing to inherit, no list to edit."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol, cast

from pydantic import BaseModel

import scrapers
from thresher.errors import UsageError
from thresher.model import Dead, Page, Record
from thresher.net.client import Client

NOT_SOURCES = frozenset({"base", "common", "settings"})


class Scraper(Protocol):
    """A source: all the I/O in ``fetch`` and ``read``, all the meaning in ``parse``."""

    Site: type[BaseModel]
    """One target of the source, as under ``[[sites]]`` in ``config/sources/<name>.toml``: frozen, ``extra="forbid"``, with a ``name``."""

    def fetch(self, client: Client, site: Any, *, since: Mapping[str, Any] | None) -> Iterator[Page]:
        """Ask the site for what is new since the cursor ``since`` (None on the first visit), with an overlap.

        Yields pages in an order in which each ``Page.cursor`` holds for it and all before it. Raises NetworkError to stop this site.
        """
        ...

    def read(self, path: Path, site: Any) -> Iterator[Page]:
        """The same pages from a local file or folder: a dump, a clone, a log. Streams: a page is at most a few MiB."""
        ...

    def parse(self, page: Page) -> Iterator[Record | Dead]:
        """Pure. One unusable part gives a Dead and costs nothing else; an unusable body raises PayloadError."""
        ...


def names() -> list[str]:
    """Every source that this installation has, sorted."""
    return sorted(m.name for m in pkgutil.iter_modules(scrapers.__path__) if m.name not in NOT_SOURCES and not m.name.startswith("_"))


def load(name: str) -> Scraper:
    """The source module called ``name``; UsageError names what exists."""
    if name not in names():
        raise UsageError(f"there is no source {name!r}; there are: {', '.join(names())}")
    return cast(Scraper, importlib.import_module(f"scrapers.{name}"))
