"""A site that serves junk: what it sent is kept and counted, and its cursor stays, in the benchmark and in its rebuild."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from flows.line import landing, rebuilding
from flows.line.opening import open_run
from flows.line.workspace import Workspace
from scrapers import base
from scrapers.settings import Expect
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
    with open_run(work, "test") as run:
        landed = landing.land_pages(run, base.load("discourse"), junk(), Expect(max_dead_share=0.2))
    assert isinstance(landed.error, PayloadError)
    assert landed.error.reason == "mostly_dead"
    for rebuilt in (False, True):
        if rebuilt:
            assert rebuilding.rebuild(work).pages >= landing.JUDGED_DEAD
        with work.database.reader() as con:
            assert pages.cursor(con, "discourse", "forum") is None
            assert con.execute("SELECT count(*) >= ? FROM dead_letters", [landing.JUDGED_DEAD]).fetchall() == [(True,)]
