"""What a run archived and did not commit is landed by the next one, site by site."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.line.landing import land_pages
from flows.line.opening import open_run
from flows.line.workspace import Workspace
from scrapers import base
from thresher.model import Page

CONFIG = Path(__file__).resolve().parents[3] / "config"


def page(site: str) -> Page:
    post = {"id": 1, "topic_id": 1, "post_number": 1, "cooked": f"<p>Seen on {site}</p>"}
    return Page("discourse", site, f"https://{site}.example.org/t/1", 200, {}, json.dumps(post).encode(), datetime.now(UTC))


def sites(work: Workspace) -> list[str]:
    with work.database.reader() as con:
        return [row[0] for row in con.execute("SELECT site FROM records ORDER BY site").fetchall()]


def run_that_breaks(work: Workspace) -> None:
    """The first site is archived, but its batch is not committed; that of the second is."""
    with open_run(work, "test") as run:
        run.archive.write_page(page("first"))
        land_pages(run, base.load("discourse"), iter([page("second")]))
        raise OSError("as a power cut")


def test_a_site_whose_batch_was_lost_is_recovered_although_the_next_site_was_landed(tmp_path: Path) -> None:
    work = Workspace.open(tmp_path / "data", CONFIG, create=True)
    with pytest.raises(OSError, match="as a power cut"):
        run_that_breaks(work)
    assert sites(work) == ["second"]
    with open_run(work, "test"):
        assert sites(work) == ["first", "second"]
