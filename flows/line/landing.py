"""Pages to records in the database: archived, parsed, made private, landed in batches. No logic of a source.

Progress is in the database after each batch, so that a landing can be killed anywhere and begun again.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from flows.line import survivors
from flows.line.expectations import Tally
from flows.line.run import Landing, LiveRun
from flows.line.workspace import Workspace
from scrapers.base import Scraper
from scrapers.settings import Expect
from store import pages
from store.pages import PageResult
from thresher.archive import history
from thresher.errors import PayloadError, ThresherError
from thresher.failpoint import failpoint
from thresher.model import UNREADABLE_FILE, Dead, Page, Record
from thresher.pictures.page import is_picture, picture_of
from thresher.redaction import redact
from thresher.redaction.records import private, private_dead

log = logging.getLogger("thresher.landing")

BATCH_RECORDS = 4000
BATCH_BYTES = 32 * 2**20
BATCH_S = 10.0
"""A batch of pages is committed when any of these is reached: what a kill can cost is one batch, and that is in the archive."""
ANYTHING = Expect(max_dead_share=1.0)
"""Local files are read to their end; what was dead of them is told then."""
JUDGED_DEAD = 10
"""With fewer dead letters than this, their share says nothing."""


def land_pages(run: LiveRun, scraper: Scraper, fetched: Iterable[Page], expect: Expect = ANYTHING) -> Landing:
    """Archive, parse and land the pages of one site. What came before an error is landed; the error is in the result.

    More dead letters than ``max_dead_share`` of all parts end the site with PayloadError ``mostly_dead``, and its cursor stays.
    """
    batch = _Batch(run, expect)
    try:
        for page in fetched:
            failpoint("landing.fetched")
            batch.add(scraper, page)
            _refuse_mostly_dead(batch.landing, expect.max_dead_share)
            if batch.full:
                batch.land()
        batch.land()
    except ThresherError as error:
        return replace(batch.landing, error=_after(batch, error))
    return batch.landing


def _after(batch: _Batch, error: ThresherError) -> ThresherError:
    """Land what was fetched before the error; the error that then counts (a full disk comes before a site that was down)."""
    try:
        if isinstance(error, PayloadError) and error.reason == "mostly_dead":
            batch.hold_back()
        batch.land()
    except ThresherError as second:
        return second
    return error


def _refuse_mostly_dead(landing: Landing, share: float) -> None:
    parts = landing.dead + landing.records
    if landing.dead >= JUDGED_DEAD and landing.dead > share * parts:
        raise PayloadError(
            f"{landing.dead} of {parts} parts could not be parsed: the site has changed, or is down. What parsed is kept, the cursor "
            f"stays where it was; see the view open_dead_letters",
            reason="mostly_dead",
        )


class _Batch:
    """Pages on their way into one transaction, and what all batches of the site brought."""

    def __init__(self, run: LiveRun, expect: Expect) -> None:
        self._run = run
        self.landing = Landing(tally=Tally(tuple(expect.fill)))
        self._clear()

    def _clear(self) -> None:
        self._results: list[PageResult] = []
        self._records = self._bytes = 0
        self._begun = time.monotonic()

    def add(self, scraper: Scraper, page: Page) -> None:
        """Archive and parse one page. Its moment is that of this observation, not a file's own time: what is read later wins."""
        page = replace(page, fetched_at=self._run.clock.tick())
        ref = self._run.archive.write_page(page)
        parsed = parse_page(scraper, page, self._run.work)
        failpoint("landing.parsed")
        self._results.append(replace(parsed, archive_file=ref.file.name, archive_offset=ref.offset))
        self._records += len(parsed.records)
        self._bytes += len(page.body)
        was = self.landing
        was.tally.add(parsed)
        self.landing = replace(was, pages=was.pages + 1, records=was.records + len(parsed.records), dead=was.dead + len(parsed.dead))
        self._run.progress.fetched(page.source, 1, len(parsed.records))

    def hold_back(self) -> None:
        """Keep the cursor where it was, also in a rebuild: the archived pages carry the cursor that they would have moved it to."""
        first = self._results[0]
        place = {"source": first.page.source, "site": first.page.site, "from": first.page.fetched_at.isoformat()}
        history.note(self._run.work.archive, self._run.run_id, "held_back", **place)
        self._results = [replace(r, page=replace(r.page, cursor=None)) for r in self._results]

    @property
    def full(self) -> bool:
        return self._records >= BATCH_RECORDS or self._bytes >= BATCH_BYTES or time.monotonic() - self._begun > BATCH_S

    def land(self) -> None:
        """Commit what is there: rows and cursor together. The archive is on the disk before."""
        if not self._results:
            return
        self._run.archive.flush()
        failpoint("landing.flushed")
        with self._run.work.database.transaction() as con:
            pages.land_batch(con, self._run.run_id, self._results, brake=True)
        failpoint("landing.landed")
        self._clear()


def parse_page(scraper: Scraper, page: Page, work: Workspace) -> PageResult:
    """What a page holds, without personal data and keys: all that is landed comes through here.

    A body that breaks the contract is one dead letter; whatever a parser trips over costs its page alone.
    """
    if survivors.is_cleaned(page):
        return survivors.read(page)
    salt = work.salt
    if is_picture(page):
        return _without_keys(page, picture=picture_of(page, work.rules.names, work.settings.pictures.confidence, salt))
    records: list[Record] = []
    dead: list[Dead] = []
    unread: dict[str, int] = {}
    if reason := page.context.get(UNREADABLE_FILE):
        return PageResult(page, dead=[Dead(UNREADABLE_FILE, reason)])
    try:
        for part in scraper.parse(page):
            if isinstance(part, Record):
                records.append(private(part, salt))
            elif isinstance(part, Dead):
                dead.append(part)
            else:
                unread.update({redact(name)[0]: count for name, count in part.fields.items()})
    except PayloadError as error:
        dead.append(Dead(error.reason, str(error)))
    except Exception as error:  # a defect of the parser; the page is archived, and is parsed again by `thresher rebuild`
        log.error("parser of %s failed on %s\n%s", page.source, redact(page.url)[0], redact(traceback.format_exc())[0])
        dead.append(Dead("parser_error", f"{type(error).__name__}: {error}"))
    return _without_keys(page, records=records, dead=[private_dead(letter, salt) for letter in dead], unread=unread)


def _without_keys(page: Page, **parsed: Any) -> PageResult:
    return PageResult(addressed(page), **parsed)


def addressed(page: Page) -> Page:
    """The page under the address that the database knows it by, which names nobody; the archive has the one that it came with."""
    url = redact(page.url)[0]
    return page if url == page.url else replace(page, url=url)
