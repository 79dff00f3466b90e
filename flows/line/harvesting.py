"""Sources to outcomes: each site fetched or each file read, landed, judged. The failure of one source stops no other."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flows.line.expectations import Tally, violations
from flows.line.judging import judge_source
from flows.line.landing import land_pages
from flows.line.run import Landing, LiveRun, SourceResult
from scrapers import base
from scrapers.settings import Source
from store import pages
from store.runs import RunState
from thresher.errors import BudgetExhausted, NetworkError, PayloadError, RateLimited, ThresherError, UsageError
from thresher.model import Page
from thresher.net.client import Client

log = logging.getLogger("thresher.harvest")


@dataclass(frozen=True, slots=True)
class _Visit:
    """One site of a source, in one run."""

    site: str
    first: bool
    landing: Landing


def harvest_sources(run: LiveRun, sources: Sequence[Source], *, client: Client | None = None) -> list[SourceResult]:
    """Harvest sources side by side, each in a thread; what went wrong is noted in the run."""
    door = client or Client.open(run.work.settings.network, archive=run.archive)
    try:
        with ThreadPoolExecutor(max_workers=max(1, len(sources)), thread_name_prefix="source") as pool:
            futures = [pool.submit(harvest_source, run, source, door) for source in sources]
            results = [future.result() for future in futures]
    finally:
        door.close()
    run.take_note(results)
    return results


def harvest_source(run: LiveRun, source: Source, client: Client) -> SourceResult:
    """Harvest every site of a source and judge what came. One site's failure does not keep the next from being asked."""
    visits: list[_Visit] = []
    defect: Exception | None = None
    try:
        bound = client.bind(source.name, source.pace)
        for site in run.work.sites(source):
            visits.append(_visit(run, source, site, bound))
        judge_source(run, source.name)
    except Exception as error:  # one source never stops another
        log.exception("source %s failed", source.name)
        defect = error
    tally = _tally(visits)
    result = _result(source.name, visits, tally)
    if defect is None:
        result = _expected(source, visits, tally, result)
    else:
        errors = (*result.errors, f"{type(defect).__name__}: {defect}")
        result = replace(result, state="failed", errors=errors, may_pass=False)
    result.save(run)
    return result


def _visit(run: LiveRun, source: Source, site: Any, client: Client) -> _Visit:
    """Harvest one site from its cursor on."""
    scraper = base.load(source.name)
    with run.work.database.reader() as con:
        since = pages.cursor(con, source.name, site.name)
    landing = land_pages(run, scraper, scraper.fetch(client, site, since=since), source.expect)
    if landing.error is not None:
        log.warning("%s: %s", source.name, landing.error)
    return _Visit(site.name, since is None, landing)


def _result(source: str, visits: Sequence[_Visit], tally: Tally) -> SourceResult:
    """The sum of the visits. A limit of the site or of our own leaves a source ``partial``, any other error ``failed``."""
    ended = [(visit.site, visit.landing.error) for visit in visits if visit.landing.error is not None]
    failed = any(not isinstance(error, RateLimited | BudgetExhausted) for _, error in ended)
    state: RunState = "failed" if failed else "partial" if ended else "finished"
    return SourceResult(
        source,
        state,
        tuple(_told(site, error) for site, error in ended),
        tuple(tally.notes()),
        pages=sum(visit.landing.pages for visit in visits),
        records=sum(visit.landing.records for visit in visits),
        may_pass=all(error.retryable for _, error in ended),
    )


def _told(where: str, error: ThresherError) -> str:
    reason = error.reason if isinstance(error, NetworkError) else type(error).__name__
    return f"{where}: {reason}: {error}"


def _tally(visits: Sequence[_Visit]) -> Tally:
    tally = Tally()
    for visit in visits:
        tally.merge(visit.landing.tally)
    return tally


def _expected(source: Source, visits: Sequence[_Visit], tally: Tally, result: SourceResult) -> SourceResult:
    """A source that did not bring what it should is partly done: what it brought is kept, and somebody has to look."""
    first = bool(visits) and all(visit.first for visit in visits)
    alarms = tuple(violations(source.expect, tally, records=result.records, first=first))
    if result.state != "finished" or not alarms:
        return result
    return replace(result, state="partial", errors=(*result.errors, *alarms))


def ingest_files(run: LiveRun, source: str, paths: Sequence[Path], *, site: str = "", keys: dict[str, Any] | None = None) -> SourceResult:
    """Take local files: each path is one site, called as ``site`` says or as the file is called, with further ``keys`` of a site.

    Files have no cursor: reading them again adds nothing.
    """
    for path in paths:
        if not path.exists():
            raise UsageError(f"{path}: no such file or folder")
    scraper = base.load(source)
    places = [(path, run.work.local_site(source, site or _site_name(path), keys or {})) for path in paths]
    empty: list[Path] = []
    landing = land_pages(run, scraper, _pages_of(scraper, places, empty))
    if landing.error is not None and not isinstance(landing.error, PayloadError):
        raise landing.error
    judge_source(run, source)
    result = _with_unread(_result(source, [_Visit(source, True, landing)], landing.tally), landing.tally)
    result = _with_empty(result, empty)
    result.save(run)
    run.take_note([result])
    return result


def _pages_of(scraper: base.Scraper, places: Iterable[tuple[Path, Any]], empty: list[Path]) -> Iterator[Page]:
    """The pages of every path; a path that gives none is put into ``empty``."""
    for path, site in places:
        pages_of_path = iter(scraper.read(path, site))
        first = next(pages_of_path, None)
        if first is None:
            empty.append(path)
            continue
        yield first
        yield from pages_of_path


UNREAD_WHOLE = frozenset({"unknown_layout"})
"""Dead letters that stand for a file that nobody could read, and not for a row that is out of order."""


def _with_unread(result: SourceResult, tally: Tally) -> SourceResult:
    """Files of which nothing was understood end the whole as failed, or, where others were, as partly done; with how many rows and why."""
    reasons = [reason for reason, _ in tally.dead.most_common() if not result.records or reason in UNREAD_WHOLE]
    if not reasons:
        return result
    errors = tuple(f"{tally.dead[reason]:,} not read, {reason}: {tally.first_dead[reason]}" for reason in reasons)
    state: RunState = "partial" if result.records and result.state == "finished" else result.state if result.records else "failed"
    return replace(result, state=state, errors=result.errors + errors)


def _with_empty(result: SourceResult, empty: Sequence[Path]) -> SourceResult:
    """Files that gave nothing are told; where no file gave anything, the whole failed."""
    if not empty:
        return result
    errors = tuple(
        f"{path}: nothing in it that {result.source} reads; give the file, or the folder of one book, forum or log" for path in empty
    )
    state: RunState = "failed" if not result.pages else "partial" if result.state == "finished" else result.state
    return replace(result, state=state, errors=result.errors + errors)


def _site_name(path: Path) -> str:
    """A site's name from a path: the last part without its suffixes, in the letters that every source takes."""
    stem = path.resolve().name.split(".")[0] if path.is_file() else path.resolve().name
    name = "".join(c if c.isascii() and (c.isalnum() or c in "_-") else "-" for c in stem.lower()).strip("-_")
    return name[:64] or "local"
