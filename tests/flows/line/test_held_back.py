"""A site that serves junk: what it sent is kept and counted, and its cursor stays, in the benchmark and in its rebuild."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.line import landing, replay
from flows.line import run as line
from flows.line.workspace import Workspace
from scrapers import base
from store import pages
from thresher.errors import PayloadError
from thresher.model import Page

CONFIG = Path(__file__).resolve().parents[3] / "config"


def junk() -> Iterator[Page]:
    for n in range(12):
        url = f"https://forum.example.org/t/{n}.json"
        yield Page("discourse", "forum", url, 200, {}, b"<html>maintenance %d" % n, datetime.now(UTC), cursor={"last_id": n})


def test_a_site_of_junk_moves_no_cursor_and_neither_does_a_rebuild(tmp_path: Path) -> None:
    work = Workspace.open(tmp_path, CONFIG)
    with line.opened(work, "test") as run:
        result = landing.SourceResult("discourse")
        with pytest.raises(PayloadError, match="could not be parsed"):
            landing.land(work, run.run_id, base.load("discourse"), junk(), run.archive, result, 0.2)
        landing.finish(work, run.run_id, result)
    for rebuilt in (False, True):
        if rebuilt:
            assert replay.rebuild(work).pages >= landing.JUDGED_DEAD
        with work.database.reader() as con:
            assert pages.cursor(con, "discourse", "forum") is None
            assert con.execute("SELECT count(*) >= ? FROM dead_letters", [landing.JUDGED_DEAD]).fetchall() == [(True,)]
