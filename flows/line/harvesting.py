"""Sources to outcomes: each site fetched or each file read, landed, judged. The failure of one source stops no other."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flows.line import given
from flows.line.brake import settle_site
from flows.line.expectations import UNKNOWN, Tally, violations
from flows.line.judging import judge_source
from flows.line.landing import JUDGED_DEAD, land_pages
from flows.line.picturing import read_pictures
from flows.line.run import Landing, LiveRun, SourceResult
from scrapers import base
from scrapers.settings import Expect, Source
from store import pages, runs
from store.runs import RunState
from thresher.errors import BudgetExhausted, NetworkError, PayloadError, RateLimited, ShareUsed, Stopped, ThresherError, UsageError
from thresher.model import Page
from thresher.net.client import Client

log = logging.getLogger("thresher.harvest")


@dataclass(frozen=True, slots=True)
class _Visit:
    """One site of a source, in one run."""

    site: str
    first: bool
    landing: Landing
    alarm: str = ""
    """Of the brake on deletions."""


def harvest_sources(run: LiveRun, sources: Sequence[Source], *, client: Client | None = None) -> list[SourceResult]:
    """Harvest sources side by side, each in a thread; what went wrong is noted in the run. An interrupted one lands what it fetched."""
    stop = threading.Event()
    door = client or Client.open(run.work.settings.network, archive=run.archive, stop=stop)
    try:
        with ThreadPoolExecutor(max_workers=max(1, len(sources)), thread_name_prefix="source") as pool:
            try:
                futures = [pool.submit(harvest_source, run, source, door) for source in sources]
                results = [future.result() for future in futures]
            except BaseException:
                stop.set()
                raise
    finally:
        door.close()
    run.take_note(results)
    return results


def harvest_source(run: LiveRun, source: Source, client: Client) -> SourceResult:
    """Harvest every site of a source and judge what came. One site's failure does not keep the next from being asked."""
    visits: list[_Visit] = []
    defect: Exception | None = None
    pictured = ""
    try:
        with run.work.database.transaction() as con:
            before = runs.begin_source(con, run.run_id, source.name)
        for visit in _in_turns(run, source, client.bind(source.name, source.pace), before):
            visits.append(visit)
        if not _stopped(visits):  # the next run judges what waits
            judge_source(run, source.name)
            pictured = _with_pictures(run, source.name, visits, client)
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
    result = replace(result, notes=(*result.notes, *filter(None, [pictured])))
    result.save(run)
    return result


def _with_pictures(run: LiveRun, source: str, visits: Sequence[_Visit], client: Client) -> str:
    """Read the pictures of what was harvested; returns what to tell of it. Not where pages wait that were archived and not landed:
    pictures would stand before them in the archive file."""
    if not run.work.settings.pictures.enabled:
        return ""
    if any(not isinstance(visit.landing.error, NetworkError | PayloadError | None) for visit in visits):
        return ""
    return read_pictures(run, source, client).note()


def _in_turns(run: LiveRun, source: Source, client: Client, before: int) -> Iterator[_Visit]:
    """Visit each site for an equal share of what is left of the source's budget, then those that were cut short for what the others left:
    none starves another. Each run begins with another site than the last one did (``before`` is how many there were): it may be killed, or
    have fewer requests than there are sites."""
    sites = run.work.sites(source)
    waiting = [*sites[before % len(sites) :], *sites[: before % len(sites)]]
    while waiting:
        cut = []
        for number, site in enumerate(waiting):
            visit = _visit(run, source, site, client.share(len(waiting) - number))
            if isinstance(visit.landing.error, ShareUsed) and not client.budget_used:
                cut.append(site)
                visit = replace(visit, landing=replace(visit.landing, error=None))
            yield visit
            if _stopped([visit]):
                return
        waiting = cut


def _stopped(visits: Sequence[_Visit]) -> bool:
    return any(isinstance(visit.landing.error, Stopped) for visit in visits)


def _visit(run: LiveRun, source: Source, site: Any, client: Client) -> _Visit:
    """Harvest one site from its cursor on."""
    scraper = base.load(source.name)
    with run.work.database.reader() as con:
        since = pages.cursor(con, source.name, site.name)
    landing = land_pages(run, scraper, scraper.fetch(client, site, since=since), source.expect)
    if landing.error is not None:
        log.warning("%s: %s", source.name, landing.error)
    alarm = ""
    if _came_to_an_end(landing):  # else what vanished waits for a visit that does
        alarm = settle_site(run, source.name, site.name, source.expect, whole=landing.error is None)
    return _Visit(site.name, since is None, landing, alarm)


def _came_to_an_end(landing: Landing) -> bool:
    """Also at a limit of the site or of our own."""
    return landing.error is None or isinstance(landing.error, RateLimited | BudgetExhausted)


def _result(source: str, visits: Sequence[_Visit], tally: Tally) -> SourceResult:
    """The sum of the visits. A limit of the site or of our own leaves a source ``partial``, any other error ``failed``."""
    ended = [(visit.site, visit.landing.error) for visit in visits if visit.landing.error is not None]
    alarms = [f"{visit.site}: {visit.alarm}" for visit in visits if visit.alarm]
    failed = not all(_came_to_an_end(visit.landing) for visit in visits)
    state: RunState = "failed" if failed else "partial" if ended or alarms else "finished"
    return SourceResult(
        source,
        state,
        (*(_told(site, error) for site, error in ended), *alarms),
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
    """Take local files: each path is one site, called as ``site`` says or as the source makes it of the file's name (UsageError where it
    cannot), with further ``keys`` of a site.

    Files have no cursor: reading them again adds nothing.
    """
    for path in paths:
        if not path.exists():
            raise UsageError(f"{path}: no such file or folder")
    scraper = base.load(source)
    keys = keys or {}
    names = [site or scraper.Site.name_for_files(_site_name(path), keys) for path in paths]
    places = [(path, run.work.local_site(source, name, keys)) for path, name in zip(paths, names, strict=True)]
    refused: dict[Path, str] = {}
    landing = land_pages(run, scraper, _pages_of(scraper, places, refused))
    if landing.error is not None:
        raise landing.error
    alarms = [] if landing.error else [_settle(run, source, name) for name in sorted({str(place.name) for _, place in places})]
    judge_source(run, source)
    pictured = _pictures_of_files(run, source)
    expect = run.work.settings.sources[source].expect if source in run.work.settings.sources else Expect()
    visit = _Visit(source, True, landing, "; ".join(filter(None, alarms)))
    result = _result(source, [visit], landing.tally)
    result = _with_unread(result, landing, paths, refused, expect.max_dead_share)
    result = replace(result, notes=(*result.notes, *filter(None, [pictured])))
    result.save(run)
    run.take_note([result])
    return result


def _pictures_of_files(run: LiveRun, source: str) -> str:
    """Read the pictures that posts of local files show; returns what to tell of it. Files alone need no network, nor a contact."""
    if not run.work.settings.pictures.enabled:
        return ""
    if not run.work.settings.network.contact:
        return "no picture was asked for: network.contact is empty"
    with Client.open(run.work.settings.network, archive=run.archive) as client:
        return read_pictures(run, source, client).note()


def _settle(run: LiveRun, source: str, site: str) -> str:
    configured = run.work.settings.sources.get(source)
    return settle_site(run, source, site, configured.expect if configured else Expect())


def _pages_of(scraper: base.Scraper, places: Iterable[tuple[Path, Any]], refused: dict[Path, str]) -> Iterator[Page]:
    """The pages of every path; a path that gives none is put into ``refused``, with what the scraper said. It costs itself alone."""
    for path, site in places:
        empty = True
        try:
            for page in scraper.read(path, site):
                empty = False
                yield page
        except (ThresherError, OSError) as error:
            refused[path] = str(error)
        else:
            if empty:
                refused[path] = ""


def _with_unread(result: SourceResult, landing: Landing, paths: Sequence[Path], refused: Mapping[Path, str], share: float) -> SourceResult:
    """What could not be read is told. The whole failed where nothing was read. A path that gave nothing and rows whose layout nobody knows
    leave it ``partial``; files of a folder that were read and mean nothing do not: to give them again would help nobody."""
    tally = landing.tally
    errors = [given.advice(path, result.source, said) for path, said in refused.items()]
    reasons = [reason for reason, _ in tally.dead.most_common() if reason in UNKNOWN or not landing.records]
    unread = [f"{tally.dead[reason]:,} not read, {reason}: {tally.first_dead[reason]}" for reason in reasons]
    if not landing.records:
        errors += [given.advice(path, result.source, "; ".join(unread)) for path in paths if path not in refused]
        return replace(result, state="failed", errors=(*result.errors, *errors))
    errors += unread
    if barren := tally.barren:
        reasons_told = ", ".join(f"{reason} {count:,}" for reason, count in barren.most_common())
        errors.append(
            f"{barren.total():,} of {landing.pages:,} files or pages could not be read ({reasons_told}), the first: {tally.example}; "
            "what could be is kept, see the view open_dead_letters"
        )
    elif not unread and landing.dead >= JUDGED_DEAD and landing.dead > share * (landing.dead + landing.records):
        parts = landing.dead + landing.records
        errors.append(
            f"{landing.dead:,} of {parts:,} parts could not be read, [expect] allows {share:.0%}; what could be is kept, see the view "
            "open_dead_letters"
        )
    return replace(result, state="partial" if refused or unread else result.state, errors=(*result.errors, *errors))


def _site_name(path: Path) -> str:
    """A site's name from a path: the last part without its suffixes, in the letters that every source takes."""
    stem = path.resolve().name.split(".")[0] if path.is_file() else path.resolve().name
    name = "".join(c if c.isascii() and (c.isalnum() or c in "_-") else "-" for c in stem.lower()).strip("-_")
    return name[:64] or "local"
