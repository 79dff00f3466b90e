"""A purge rewrites some files of the archive, others hold the same bytes: the database still agrees with them about every page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from holders import holders

from flows.line.brake import settle_site
from flows.line.landing import land_pages
from flows.line.opening import open_run
from flows.line.rebuilding import rebuild
from flows.line.recovery import judge_all
from flows.line.workspace import Workspace
from scrapers import base
from scrapers.settings import Expect
from store.doctor import doctor
from thresher.archive.reader import PageRef, read_page
from thresher.model import Page

CONFIG = Path(__file__).resolve().parents[3] / "config"
TITLE = "Why the zorgle flimmers"
TEXT = "It flimmers at midnight."
STAYS = "It does not here."
URL = "https://hollow.example.org/t/1"


def topic(*texts: str | None, number: int = 1, views: int = 1, url: str = URL) -> Page:
    """A topic with these posts, of which None was deleted; the site goes on showing its title."""
    posts = [
        {"id": n, "topic_id": number, "post_number": n, "cooked": f"<p>{text}</p>", "user_deleted": text is None}
        for n, text in enumerate(texts, 1)
    ]
    body = json.dumps({"id": number, "title": TITLE, "views": views, "post_stream": {"posts": posts}}).encode()
    return Page("discourse", "hollow", url, 200, {}, body, datetime.now(UTC))


@pytest.fixture
def work(tmp_path: Path) -> Workspace:
    return Workspace.open(tmp_path / "data", CONFIG, create=True)


def harvest(work: Workspace, *pages: Page, killed: bool = False) -> None:
    """A run that fetches these, and carries out what they say is deleted; one that is killed ends before its purge."""
    with open_run(work, "test") as run:
        land_pages(run, base.load("discourse"), iter(pages))
        settle_site(run, "discourse", "hollow", Expect(max_vanished_share=1.0))
        judge_all(run)
        if killed:
            raise KeyboardInterrupt


def killed(work: Workspace, *pages: Page) -> None:
    with pytest.raises(KeyboardInterrupt):
        harvest(work, *pages, killed=True)


def places(work: Workspace) -> Iterator[tuple[str, str]]:
    """The SHA-256 of each page by the database, and of what stands at its place in the archive."""
    with work.database.reader() as con:
        rows = con.execute("SELECT sha256, bytes, archive_file, archive_offset FROM pages").fetchall()
    for sha256, size, file, offset in rows:
        page = read_page(PageRef(work.archive / file, offset))
        assert len(page.body) == size
        yield sha256, page.sha256


def agrees(work: Workspace) -> bool:
    """Whether database and archive say the same of every page, now and after a rebuild, which refuses to lose any."""
    before = list(places(work))
    made = rebuild(work)
    return doctor(work.folder).healthy and made.before == made.after and all(a == b for a, b in (*before, *places(work)))


def test_a_deletion_that_later_runs_were_told_of_with_equal_bytes_is_in_no_byte_of_any(work: Workspace) -> None:
    harvest(work, topic(TEXT, STAYS))
    killed(work, topic(None, STAYS))
    killed(work, topic(None, STAYS))
    harvest(work, topic(None, STAYS))
    assert holders(work.folder, TITLE, TEXT) == {TITLE: [], TEXT: []}
    assert agrees(work)


def test_the_title_that_a_site_goes_on_showing_of_a_deleted_post_leaves_each_nights_archive(work: Workspace) -> None:
    harvest(work, topic(TEXT, STAYS))
    for _ in range(2):
        harvest(work, topic(None, STAYS))
        assert holders(work.folder, TITLE, TEXT) == {TITLE: [], TEXT: []}
        assert holders(work.folder, STAYS)[STAYS]
    assert agrees(work)


def test_bytes_that_were_purged_and_are_fetched_again_with_nothing_deleted_stay(work: Workspace) -> None:
    harvest(work, topic(TEXT, STAYS))
    harvest(work, topic(None, STAYS))
    harvest(work, topic(TEXT, STAYS))
    assert [name for name in holders(work.folder, TITLE)[TITLE] if name.endswith(".gz")] == [max(f.name for f in work.archive.glob("*.gz"))]
    assert agrees(work)


def test_a_page_whose_address_names_somebody_is_still_known_in_a_file_that_was_rewritten(work: Workspace) -> None:
    harvest(work, topic(TEXT, STAYS), topic(STAYS, number=2, url=f"{URL}?by=ann.marsh@example.org"))
    harvest(work, topic(None, STAYS))
    assert agrees(work)


def test_two_bodies_of_an_address_of_which_a_purge_leaves_the_same_are_two_pages(work: Workspace) -> None:
    harvest(work, topic(TEXT, STAYS))
    killed(work, topic(None, STAYS))
    harvest(work, topic(None, STAYS, views=2))
    harvest(work, topic(None, STAYS))
    with work.database.reader() as con:
        assert con.execute("SELECT count(*), count(DISTINCT sha256) FROM pages").fetchall() == [(3, 2)]
    assert agrees(work)
