"""Sources to outcomes: each site fetched or each file read, landed, judged. The failure of one source stops no other."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from flows.line import given
from flows.line.brake import settle_site
from flows.line.expectations import UNKNOWN, violations
from flows.line.judging import judge_source
from flows.line.landing import JUDGED_DEAD, land_pages
from flows.line.picturing import read_pictures
from flows.line.run import Landing, LiveRun, SourceResult
from flows.line.seeking import seek
from flows.line.visiting import Visit, VisitSite, came_to_an_end, in_turns, result_of, side_by_side, stopped, tally_of
from scrapers import base
from scrapers.settings import Expect, Source
from store import pages, runs
from thresher.errors import NetworkError, PayloadError, ThresherError, UsageError
from thresher.model import Page
from thresher.net.client import Client

log = logging.getLogger("thresher.harvest")


def harvest_sources(run: LiveRun, sources: Sequence[Source], *, client: Client | None = None) -> list[SourceResult]:
    """Harvest sources side by side; what went wrong is noted in the run."""
    seek(run, sources)
    return side_by_side(run, sources, harvest_source, client=client)


def harvest_source(run: LiveRun, source: Source, client: Client) -> SourceResult:
    """Harvest every site of a source and judge what came. One site's failure does not keep the next from being asked."""
    visits, result = ask_source(run, source, client, _visit)
    result = _expected(source, visits, result)
    result.save(run)
    return result


def ask_source(run: LiveRun, source: Source, client: Client, visit_site: VisitSite) -> tuple[list[Visit], SourceResult]:
    """Visit every site of a source, judge what came and read its pictures; whatever goes wrong is in the result, which is to be saved."""
    visits: list[Visit] = []
    defect: Exception | None = None
    pictured = ""
    try:
        with run.work.database.transaction() as con:
            before = runs.begin_source(con, run.run_id, source.name)
        for visit in in_turns(run, source, client.bind(source.name, source.pace), before, visit_site):
            visits.append(visit)
        if not stopped(visits):  # the next run judges what waits
            judge_source(run, source.name)
            pictured = _with_pictures(run, source.name, visits, client)
    except Exception as error:  # one source never stops another
        log.exception("source %s failed", source.name)
        defect = error
    result = result_of(source.name, visits, tally_of(visits))
    if defect is not None:
        errors = (*result.errors, f"{type(defect).__name__}: {defect}")
        result = replace(result, state="failed", errors=errors, may_pass=False)
    return visits, replace(result, notes=(*result.notes, *filter(None, [pictured])))


def _with_pictures(run: LiveRun, source: str, visits: Sequence[Visit], client: Client) -> str:
    """Read the pictures of what was harvested; returns what to tell of it. Not where pages wait that were archived and not landed:
    pictures would stand before them in the archive file."""
    if not run.work.settings.pictures.enabled:
        return ""
    if any(not isinstance(visit.landing.error, NetworkError | PayloadError | None) for visit in visits):
        return ""
    return read_pictures(run, source, client).note()


def _visit(run: LiveRun, source: Source, site: Any, client: Client) -> Visit:
    """Harvest one site from its cursor on."""
    scraper = base.load(source.name)
    with run.work.database.reader() as con:
        since = pages.cursor(con, source.name, site.name)
    landing = land_pages(run, scraper, scraper.fetch(client, site, since=since), source.expect)
    if landing.error is not None:
        log.warning("%s: %s", source.name, landing.error)
    alarm = ""
    if came_to_an_end(landing):  # else what vanished waits for a visit that does
        alarm = settle_site(run, source.name, site.name, source.expect, whole=landing.error is None)
    return Visit(site.name, since is None, landing, alarm)


def _expected(source: Source, visits: Sequence[Visit], result: SourceResult) -> SourceResult:
    """A source that did not bring what it should is partly done: what it brought is kept, and somebody has to look."""
    first = bool(visits) and all(visit.first for visit in visits)
    alarms = tuple(violations(source.expect, tally_of(visits), records=result.records, first=first))
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
    visit = Visit(source, True, landing, "; ".join(filter(None, alarms)))
    result = result_of(source, [visit], landing.tally)
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
