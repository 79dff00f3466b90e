"""A guard against listings that loop or never end."""

from __future__ import annotations

import json
from typing import Any

from thresher.errors import PaginationError

_EMPTIES = 2


class PageGuard:
    """Follows one listing. Call ``check`` for each page *before* trusting its cursor."""

    def __init__(self, max_pages: int) -> None:
        self._max_pages = max_pages
        self._pages = 0
        self._empties = 0
        self._cursors: set[str] = set()
        self._bodies: set[str] = set()

    def check(self, *, cursor: Any = None, body_sha256: str = "", empty: bool = False) -> None:
        """``cursor`` is what leads to the next page (any JSON value, None on the last one), ``empty`` says that the page held no item.

        Raises PaginationError: ``pagination_loop`` for a cursor or a page seen before and for the second empty page in a row that still has
        a cursor; ``page_cap`` when another page would be more than ``max_pages``.
        """
        self._pages += 1
        if cursor is None:
            return
        self._check_empty(empty)
        if body_sha256 and not empty:
            self._check_new(body_sha256, self._bodies, "the same page came twice")
        self._check_new(json.dumps(cursor, sort_keys=True, default=str), self._cursors, "the same cursor came twice")
        if self._pages >= self._max_pages:
            raise PaginationError(
                f"{self._pages} pages and no end in sight: raise pace.max_pages if the listing is honest", reason="page_cap"
            )

    def _check_empty(self, empty: bool) -> None:
        self._empties = self._empties + 1 if empty else 0
        if self._empties >= _EMPTIES:
            raise PaginationError(f"{self._empties} empty pages in a row, each with a next cursor", reason="pagination_loop")

    def _check_new(self, value: str, seen: set[str], words: str) -> None:
        if value in seen:
            raise PaginationError(f"{words} (page {self._pages}): the listing loops", reason="pagination_loop")
        seen.add(value)
