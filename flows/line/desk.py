"""What a reviewer does on the page that needs the database, each a run of its own. While another command writes it waits a little."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from curation.opinions import TAKEN_BACK
from flows.line import completing
from flows.line.opening import open_run
from flows.line.run import LiveRun
from flows.line.workspace import Workspace
from store import completions, curating, verdicts
from thresher.archive.reader import PageRef, read_page
from thresher.errors import UsageError
from thresher.model import Completion

_WAIT_S = 5.0
"""How long a reviewer waits for another command; a harvest takes longer, and the page says so."""

Refresh = Callable[[Sequence[str], list[dict[str, Any]], list[dict[str, Any]]], None]
"""Hears ids of items, those of them that there are now, and all open leads."""


class AtTheDesk:
    """``curation.acts.Line`` over a workspace."""

    def __init__(self, work: Workspace, refresh: Refresh) -> None:
        self._work = work
        self._refresh = refresh

    def complete(self, record_key: str, prompt: str, context: str, reviewer: str, reason: str) -> str:
        """As ``thresher leads complete``; its duplicates are looked for by the next run."""
        with self._run() as run:
            given = Completion(record_key, prompt, context, "", reviewer, reason, datetime.now(UTC))
            item = completing.complete(run, given, embed=False)
        self._show(item)
        return item

    def reopen(self, record_key: str, reviewer: str) -> None:
        """As ``thresher leads complete --undo``."""
        with self._work.database.reader() as con:
            item = completions.item_of(con, record_key)
        with self._run() as run:
            completing.reopen(run, record_key, reviewer, TAKEN_BACK, embed=False)
        self._show(item)

    def merge(self, item_id: str, other_id: str, reviewer: str, reason: str) -> None:
        """One into the other."""
        with self._run() as run:
            verdicts.merge(self._work.database, run.run_id, item_id, other_id, reviewer, reason)
        self._show(item_id, other_id)

    def split(self, item_id: str, reviewer: str, reason: str) -> str:
        """As ``thresher unmerge``."""
        with self._run() as run:
            canonical = verdicts.unmerge(self._work.database, run.run_id, item_id, reviewer, reason)
        self._show(item_id, canonical)
        return canonical

    def evidence(self, item_id: str) -> list[dict[str, Any]]:
        """The posts behind an item."""
        with self._work.database.reader() as con:
            return curating.evidence(con, item_id)

    def picture(self, record_key: str, position: int) -> bytes:
        """A picture of a post out of the archive, decoded as the reader of pictures does and written anew as PNG: no byte of the file that
        somebody sent reaches the browser."""
        with self._work.database.reader() as con:
            place = curating.picture_page(con, record_key, position)
        if place is None:
            raise UsageError("this picture is not in the archive")
        page = read_page(PageRef(self._work.archive / place[0], place[1]))
        try:
            from PIL import Image

            from thresher.pictures.decode import decode
        except ImportError as error:
            raise UsageError(f"pictures need the extra `pictures` ({error})") from error
        pixels = decode(page.body, page.headers.get("content-type", ""), self._work.settings.pictures.max_pixels)
        written = io.BytesIO()
        Image.fromarray(pixels).save(written, "PNG")
        return written.getvalue()

    @contextmanager
    def _run(self) -> Iterator[LiveRun]:
        with open_run(self._work, "curate", wait_s=_WAIT_S) as run:
            yield run

    def _show(self, *item_ids: str) -> None:
        with self._work.database.reader() as con:
            self._refresh(item_ids, curating.items(con, item_ids), curating.leads(con))
