"""A dataset of the Hub, so many rows a visit, in the order of its files: each page may carry a cursor."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from scrapers.arena.files import pages, unreadable
from scrapers.arena.layouts import detected, named, unknown
from scrapers.arena.site import SOURCE, Site
from scrapers.common.hub import Hub, chosen, licence_of
from scrapers.common.json_rows import Rows
from thresher.errors import PayloadError, SettingsError
from thresher.model import Page
from thresher.net.client import Client


def fetch(client: Client, site: Site, *, since: Mapping[str, Any] | None) -> Iterator[Page]:
    """The dataset's next rows, at most ``max_rows``. A new revision is read from its first row: rows that are known already change
    nothing. The cursor is the commit and how many of its rows are done."""
    if not site.dataset:
        raise SettingsError(
            f"site {site.name!r} of {SOURCE} names no dataset; set dataset = 'org/name', or give its files to `thresher ingest`"
        )
    hub = Hub(client, site, os.environ)
    sha, card = hub.commit()
    done = int((since or {}).get("rows", 0)) if (since or {}).get("revision") == sha else 0
    if (since or {}).get("revision") == sha and (since or {}).get("complete"):
        return
    files = chosen(hub.tree(sha), card, site)
    rows = _Limited(hub.rows(files, done), site.max_rows)
    context = {"dataset": site.dataset, "revision": sha, "layout": site.layout, "licence": licence_of(card)}

    def page(body: bytes, number: int, count: int) -> Page:
        cursor = {"revision": sha, "rows": done + count, "complete": rows.exhausted}
        url = f"{hub.endpoint}/datasets/{site.dataset}/tree/{sha}"
        return Page(
            SOURCE, site.name, url, 200, {}, body, datetime.now(UTC), context=context | {"first_row": str(done + number)}, cursor=cursor
        )

    try:
        first = next(rows, None)
    except PayloadError as error:
        yield page(unreadable(error).encode(), 1, 0)
        raise
    if first is None:
        return
    layout = named(site.layout) if site.layout else detected(first)
    if layout is None:
        raise PayloadError(f"{site.dataset}: {unknown(first)}", reason="unknown_layout")
    context["layout"] = layout.name
    rows.together = layout.together
    yield from pages(chain([first], rows), layout, page)


class _Limited:
    """Rows up to a number, and a little further where rows belong together. ``exhausted`` says that there are no more after them."""

    def __init__(self, rows: Rows, limit: int) -> None:
        self._rows, self._left = rows, limit
        self._last: object = None
        self.together = ""
        self.exhausted = False

    def __iter__(self) -> _Limited:
        return self

    def __next__(self) -> dict[str, Any]:
        try:
            row = next(self._rows)
        except StopIteration:
            self.exhausted = True
            raise
        group = row.get(self.together) if self.together else None
        if self._left <= 0 and (group is None or group != self._last):
            raise StopIteration
        self._left, self._last = self._left - 1, group
        return row
