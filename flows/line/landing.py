"""The line as plain functions: pages to records, records to outcomes. No Prefect, no logic of a source.

Each step leaves its progress in the database, so that any of them can be killed and begun again.
"""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from flows.line import expectations
from flows.line.workspace import Workspace
from scrapers import base
from scrapers.base import Scraper
from store import items, pages, runs
from store.pages import PageResult
from thresher import text
from thresher.archive import history
from thresher.archive.writer import ArchiveWriter
from thresher.errors import BudgetExhausted, NetworkError, PayloadError, RateLimited, ThresherError
from thresher.failpoint import failpoint
from thresher.model import Battle, Dead, Page, Record
from thresher.net.client import Client
from thresher.rules import judge
from thresher.settings import Source

log = logging.getLogger("thresher.landing")

BATCH_RECORDS = 4000
BATCH_BYTES = 32 * 2**20
BATCH_S = 10.0
"""A batch of pages is committed when any of these is reached: what a kill can cost is one batch, and that is in the archive."""
THREADS_AT_ONCE = 2000
JUDGED_DEAD = 10
"""With fewer dead letters than this, their share says nothing."""

Progress = Callable[[str, int, int], None]
"""(source, pages, records) so far."""


@dataclass
class SourceResult:
    """How one source of a run ended: ``finished``, ``partial`` (a limit of the site or our own, all kept) or ``failed``."""

    source: str
    state: runs.RunState = "finished"
    errors: list[str] = field(default_factory=list)
    pages: int = 0
    records: int = 0
    dead: int = 0
    tally: expectations.Tally = field(default_factory=expectations.Tally)
    may_pass: bool = True
    """Whether another try can help: nothing but sites that were down or slow stood in the way."""

    def stopped(self, error: ThresherError, where: str) -> None:
        """Note what ended one site."""
        clean = isinstance(error, RateLimited | BudgetExhausted)
        self.may_pass = self.may_pass and error.retryable
        reason = error.reason if isinstance(error, NetworkError) else type(error).__name__
        self.errors.append(f"{where}: {reason}: {error}")
        self.state = "partial" if clean and self.state != "failed" else "failed"


def harvest_source(
    work: Workspace, run_id: str, source: Source, client: Client, archive: ArchiveWriter, progress: Progress | None = None
) -> SourceResult:
    """Harvest every site of a source and judge what came. One site's failure does not keep the next from being asked."""
    result = SourceResult(source.name)
    try:
        bound = client.bind(source.name, source.pace)
        first = [_harvest_site(work, run_id, source, site, bound, archive, result, progress) for site in work.sites(source)]
        _expect(source, result, first=all(first))
        judge_source(work, run_id, source.name)
    except Exception as error:  # one source never stops another
        log.exception("source %s failed", source.name)
        result.state, result.may_pass = "failed", False
        result.errors.append(f"{type(error).__name__}: {error}")
    finish(work, run_id, result)
    return result


def _harvest_site(
    work: Workspace, run_id: str, source: Source, site: Any, client: Client, archive: ArchiveWriter, result: SourceResult,
    progress: Progress | None,
) -> bool:  # fmt: skip
    """Harvest one site; says whether it was the first visit. What ends it is noted in ``result``."""
    scraper = base.load(source.name)
    with work.database.reader() as con:
        since = pages.cursor(con, source.name, site.name)
    try:
        land(work, run_id, scraper, scraper.fetch(client, site, since=since), archive, result, source.expect.max_dead_share, progress)
    except ThresherError as error:
        log.warning("%s: %s", source.name, error)
        result.stopped(error, site.name)
    return since is None


def _expect(source: Source, result: SourceResult, *, first: bool) -> None:
    """A source that did not bring what it should is partly done: what it brought is kept, and somebody has to look."""
    alarms = list(expectations.violations(source.expect, result.tally, records=result.records, first=first))
    if alarms and result.state == "finished":
        result.state = "partial"
        result.errors += alarms


def ingest_pages(
    work: Workspace, run_id: str, scraper: Scraper, source: str, fetched: Iterable[Page], archive: ArchiveWriter,
    progress: Progress | None = None,
) -> SourceResult:  # fmt: skip
    """The same for pages of local files. Files have no cursor: reading them again adds nothing."""
    result = SourceResult(source)
    try:
        land(work, run_id, scraper, fetched, archive, result, 1.0, progress)
    except PayloadError as error:
        result.stopped(error, source)
    judge_source(work, run_id, source)
    finish(work, run_id, result)
    return result


def finish(work: Workspace, run_id: str, result: SourceResult) -> None:
    """Write down how a source ended."""
    with work.database.transaction() as con:
        runs.finish_source(con, run_id, result.source, result.state, "; ".join([*result.errors, *result.tally.notes()]))


def land(
    work: Workspace, run_id: str, scraper: Scraper, fetched: Iterable[Page], archive: ArchiveWriter, result: SourceResult,
    max_dead_share: float, progress: Progress | None = None,
) -> None:  # fmt: skip
    """Archive, parse and land pages in batches. What was fetched before an error is landed before the error goes on."""
    batch = _Batch()
    try:
        for page in fetched:
            failpoint("landing.fetched")
            ref = archive.write_page(page)
            parsed = parse(scraper, page, work.salt)
            result.pages += 1
            result.records += len(parsed.records)
            result.dead += len(parsed.dead)
            result.tally.add(parsed)
            failpoint("landing.parsed")
            batch.add(replace(parsed, archive_file=ref.file.name, archive_offset=ref.offset))
            if progress:
                progress(result.source, result.pages, result.records)
            _refuse_mostly_dead(result, max_dead_share)
            if batch.full:
                _land_batch(work, run_id, archive, batch)
    except ThresherError as error:
        if isinstance(error, PayloadError) and error.reason == "mostly_dead":
            _hold_back(work, run_id, batch)
        _land_batch(work, run_id, archive, batch)
        raise
    _land_batch(work, run_id, archive, batch)


def _refuse_mostly_dead(result: SourceResult, share: float) -> None:
    if result.dead >= JUDGED_DEAD and result.dead > share * (result.dead + result.records):
        raise PayloadError(
            f"{result.dead} of {result.dead + result.records} parts could not be parsed: the site has changed, or is down. What parsed "
            f"is kept, the cursor stays where it was; see the view open_dead_letters",
            reason="mostly_dead",
        )


def _hold_back(work: Workspace, run_id: str, batch: _Batch) -> None:
    """Keep the cursor where it was, also in a rebuild: the archived pages carry the cursor that they would have moved it to."""
    first = batch.results[0]
    history.note(work.archive, run_id, "held_back", source=first.page.source, site=first.page.site, offset=first.archive_offset)
    batch.forget_cursors()


def _land_batch(work: Workspace, run_id: str, archive: ArchiveWriter, batch: _Batch) -> None:
    if not batch.results:
        return
    archive.flush()
    failpoint("landing.flushed")
    with work.database.transaction() as con:
        pages.land_batch(con, run_id, batch.results)
    failpoint("landing.landed")
    batch.clear()


class _Batch:
    """Pages on their way into one transaction."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.results: list[PageResult] = []
        self._records = self._bytes = 0
        self._begun = time.monotonic()

    def add(self, result: PageResult) -> None:
        self.results.append(result)
        self._records += len(result.records)
        self._bytes += len(result.page.body)

    def forget_cursors(self) -> None:
        self.results = [replace(r, page=replace(r.page, cursor=None)) for r in self.results]

    @property
    def full(self) -> bool:
        return self._records >= BATCH_RECORDS or self._bytes >= BATCH_BYTES or time.monotonic() - self._begun > BATCH_S


def parse(scraper: Scraper, page: Page, salt: str) -> PageResult:
    """What a page holds. A body that breaks the contract is one dead letter; whatever a parser trips over costs its page alone."""
    records: list[Record] = []
    dead: list[Dead] = []
    unread: dict[str, int] = {}
    try:
        for part in scraper.parse(page):
            if isinstance(part, Record):
                records.append(private(part, salt))
            elif isinstance(part, Dead):
                dead.append(part)
            else:
                unread.update(part.fields)
    except PayloadError as error:
        dead.append(Dead(error.reason, str(error)))
    except Exception as error:  # a defect of the parser; the page is archived, and is parsed again by `thresher rebuild`
        log.exception("parser of %s failed on %s", page.source, page.url)
        dead.append(Dead("parser_error", f"{type(error).__name__}: {error}"))
    return PageResult(page, records, dead, unread)


def private(record: Record, salt: str) -> Record:
    """The record as it may be kept: the author as a keyed hash, personal data in what people wrote replaced by tags."""
    if record.role == "exercise":
        return record
    key = text.author_key(record.source, record.author_key, salt)
    body, found = text.redact(record.text)
    detail = _private_battle(record.detail) if isinstance(record.detail, Battle) else record.detail
    quotes = tuple(replace(q, text=text.redact(q.text)[0]) for q in record.quotes)
    marks = {**record.marks, "redacted": found} if found else record.marks
    return replace(record, author_key=key, text=body, title=text.redact(record.title)[0], quotes=quotes, detail=detail, marks=marks)


def _private_battle(battle: Battle) -> Battle:
    return replace(
        battle,
        messages=tuple(replace(m, content=text.redact(m.content)[0]) for m in battle.messages),
        responses=tuple(replace(r, text=text.redact(r.text)[0]) for r in battle.responses),
    )


def judge_source(work: Workspace, run_id: str, source: str) -> None:
    """Apply the rules to every thread that has something new, or that older rules judged."""
    with work.database.transaction() as con:
        pages.unjudge(con, source, work.rules.version)
    while True:
        with work.database.reader() as con:
            threads = list(pages.unjudged_threads(con, source, THREADS_AT_ONCE))
        if not threads:
            return
        for part in _chunks(threads):
            outcomes = [outcome for thread in part for outcome in judge(thread, work.rules)]
            records = [record for thread in part for record in thread]
            failpoint("landing.judged")
            with work.database.transaction() as con:
                items.land_outcomes(con, run_id, source, outcomes, records)


def _chunks(threads: Sequence[list[Record]]) -> Iterator[list[list[Record]]]:
    """Threads in portions of about BATCH_RECORDS records."""
    sizes = itertools.accumulate(len(thread) for thread in threads)
    for _, part in itertools.groupby(zip(sizes, threads, strict=True), key=lambda pair: pair[0] // BATCH_RECORDS):
        yield [thread for _, thread in part]


def in_sum(report: dict[str, Any]) -> dict[str, Any]:
    """A run's report with everything that came in on one side: records = landed + merged + dead + the sum of refused."""
    for numbers in report["sources"].values():
        if numbers.get("tombstoned"):
            numbers["refused"]["tombstoned"] = numbers["tombstoned"]
        numbers["records"] += numbers["dead"] + numbers.pop("tombstoned", 0)
    return report
