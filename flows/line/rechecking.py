"""What became of records that no visit has shown for a while: their sites are asked by id, in the same line as a harvest.

What is due is read off the database, by when each record was last seen, so that a run that is killed anywhere, and then begun again, asks
after the rest. Edits land as revisions, deletions through the brake. A recheck moves no cursor.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from flows.line.brake import settle_site
from flows.line.harvesting import ask_source
from flows.line.landing import land_pages
from flows.line.run import LiveRun, SourceResult
from flows.line.visiting import Visit, came_to_an_end, side_by_side, told
from scrapers import base
from scrapers.base import Rechecker
from scrapers.common.page import portions
from scrapers.settings import Source
from store import recheck_queue
from thresher.errors import BudgetExhausted, RateLimited, ThresherError, UsageError
from thresher.model import Page
from thresher.net.client import Client

log = logging.getLogger("thresher.recheck")

AT_ONCE = 100
"""Records in one call of a source: as many as an API takes in one request."""
PATIENCE = 3
"""After so many calls in a row that failed, a site is down."""


def askable(sources: Sequence[Source], *, named: bool) -> list[Source]:
    """Those that can be asked for single records; UsageError for others where somebody named them."""
    able = [source for source in sources if base.rechecker(source.name) is not None]
    if len(able) < len(sources) and (named or not able):
        names = ", ".join(source.name for source in sources if source not in able)
        raise UsageError(
            f"{names or 'no source is on'}: nothing that can be asked for single records; `thresher takedown` removes what was withdrawn"
        )
    return able


def recheck_sources(run: LiveRun, sources: Sequence[Source], *, client: Client | None = None) -> list[SourceResult]:
    """Ask sources side by side; what went wrong, and what was not asked after, is noted in the run."""
    results = side_by_side(run, sources, recheck_source, client=client)
    run.notices += left_over(run, sources)
    return results


def recheck_source(run: LiveRun, source: Source, client: Client) -> SourceResult:
    """Ask every site of a source, and judge what changed."""
    _, result = ask_source(run, source, client, _visit)
    result.save(run)
    return result


def left_over(run: LiveRun, sources: Sequence[Source]) -> Iterator[str]:
    """How many records of these sources nobody has looked at for too long, and why."""
    with run.work.database.reader() as con:
        waiting = recheck_queue.overdue(con, _before(run))
    for source in sources:
        sites = {place.get("name") for place in source.sites}
        counts = {site: count for (name, site), count in waiting.items() if name == source.name}
        later = sum(count for site, count in counts.items() if site in sites)
        never = sum(count for site, count in counts.items() if site not in sites)
        unseen = f"records were not seen for {run.work.settings.recheck.after_days:g} days"
        if later:
            yield f"{source.name}: {later:,} {unseen}, or could not be asked after; the next recheck begins with the least recently seen"
        if never:
            yield f"{source.name}: {never:,} {unseen} and are not asked after: their site is none of [[sites]]"


def _before(run: LiveRun) -> datetime:
    return run.began - timedelta(days=run.work.settings.recheck.after_days)


def _visit(run: LiveRun, source: Source, site: Any, client: Client) -> Visit:
    """Ask one site after its records that are due."""
    with run.work.database.reader() as con:
        threads = recheck_queue.due(con, source.name, site.name, _before(run))
    return ask_site(run, source, site, client, threads)[0]


def ask_site(run: LiveRun, source: Source, site: Any, client: Client, threads: Mapping[str, str]) -> tuple[Visit, list[str]]:
    """Ask one site after records (native_id to thread_id) and land what it answers; and what it could not be asked after, and why."""
    scraper, rechecker = base.load(source.name), base.rechecker(source.name)
    assert rechecker is not None
    refused: list[str] = []
    landing = land_pages(run, scraper, _answers(rechecker, client, site, threads, refused), source.expect)
    if landing.error is not None:
        log.warning("%s: %s", source.name, landing.error)
    alarm = ""
    if came_to_an_end(landing):
        complete = landing.error is None and not refused
        alarm = settle_site(run, source.name, site.name, source.expect, whole=complete, command="recheck")
    return Visit(site.name, False, landing, "; ".join(filter(None, [alarm, *refused]))), refused


def _answers(rechecker: Rechecker, client: Client, site: Any, threads: Mapping[str, str], refused: list[str]) -> Iterator[Page]:
    """The answers of a site. Where one cannot be had its portion is asked for thread by thread, and the thread that has none is put into
    ``refused``: what stands first in every night must not keep all others from being asked after."""
    failures = 0
    waiting = deque(_portions(threads, AT_ONCE))
    while waiting:
        portion = waiting.popleft()
        try:
            for page in rechecker.recheck(client, site, portion):
                yield replace(page, cursor=None)
            failures = 0
        except (RateLimited, BudgetExhausted):
            raise
        except ThresherError as error:
            failures += 1
            if failures >= PATIENCE:
                raise
            single = list(_portions(portion, 1))
            if len(single) > 1:
                waiting.extendleft(reversed(single))
            else:
                refused.append(told(f"{len(portion)} records asked after in vain", error))


def _portions(threads: Mapping[str, str], at_once: int) -> Iterator[dict[str, str]]:
    """Records in the order in which they are due, each with all of its thread that is due too, however many."""
    by_thread: dict[str, list[str]] = {}
    for native_id, thread in threads.items():
        by_thread.setdefault(thread or native_id, []).append(native_id)
    for portion in portions(by_thread.values(), at_once, size=len, max_size=at_once):
        yield {native_id: threads[native_id] for native_ids in portion for native_id in native_ids}
