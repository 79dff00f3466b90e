"""Visits to the sites of sources: who is asked when, for how much of the budget, and what all of them together came to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from flows.line.expectations import Tally
from flows.line.run import Landing, LiveRun, SourceResult
from flows.line.seeking import mixed
from scrapers.settings import Source
from store.runs import RunState
from thresher.errors import BudgetExhausted, NetworkError, RateLimited, ShareUsed, Stopped, ThresherError
from thresher.net.client import Client


@dataclass(frozen=True, slots=True)
class Visit:
    """One site of a source, in one run."""

    site: str
    first: bool
    landing: Landing
    alarm: str = ""
    """Of the brake on deletions, or of what else somebody has to look at."""


VisitSite = Callable[[LiveRun, Source, Any, Client], Visit]
"""Asks one site of a source, on the account of a client."""


def side_by_side(
    run: LiveRun, sources: Sequence[Source], ask: Callable[[LiveRun, Source, Client], SourceResult], *, client: Client | None = None
) -> list[SourceResult]:
    """Ask sources, each in a thread; what went wrong is noted in the run. An interrupted one lands what it fetched."""
    stop = threading.Event()
    door = client or Client.open(run.work.settings.network, archive=run.archive, stop=stop)
    try:
        with ThreadPoolExecutor(max_workers=max(1, len(sources)), thread_name_prefix="source") as pool:
            try:
                futures = [pool.submit(ask, run, source, door) for source in sources]
                results = [future.result() for future in futures]
            except BaseException:
                stop.set()
                raise
    finally:
        door.close()
    run.take_note(results)
    return results


def in_turns(run: LiveRun, source: Source, client: Client, before: int, visit_site: VisitSite) -> Iterator[Visit]:
    """Visit each site for an equal share of what is left of the source's budget, then those that were cut short for what the others left:
    none starves another. Each run begins with another site than the last one did (``before`` is how many there were): it may be killed, or
    have fewer requests than there are sites. Where somebody has to look first, a site is not visited twice."""
    sites = [mixed(site, run.work, run.sought, before) for site in run.work.sites(source)]
    waiting = [*sites[before % len(sites) :], *sites[: before % len(sites)]]
    while waiting:
        cut = []
        for number, site in enumerate(waiting):
            visit = visit_site(run, source, site, client.share(len(waiting) - number))
            if isinstance(visit.landing.error, ShareUsed) and not client.budget_used and not visit.alarm:
                cut.append(site)
                visit = replace(visit, landing=replace(visit.landing, error=None))
            yield visit
            if stopped([visit]):
                return
        waiting = cut


def stopped(visits: Sequence[Visit]) -> bool:
    """Whether the run was told to end."""
    return any(isinstance(visit.landing.error, Stopped) for visit in visits)


def came_to_an_end(landing: Landing) -> bool:
    """Also at a limit of the site or of our own."""
    return landing.error is None or isinstance(landing.error, RateLimited | BudgetExhausted)


def result_of(source: str, visits: Sequence[Visit], tally: Tally) -> SourceResult:
    """The sum of the visits. A limit of the site or of our own leaves a source ``partial``, any other error ``failed``."""
    ended = [(visit.site, visit.landing.error) for visit in visits if visit.landing.error is not None]
    alarms = [f"{visit.site}: {visit.alarm}" for visit in visits if visit.alarm]
    failed = not all(came_to_an_end(visit.landing) for visit in visits)
    state: RunState = "failed" if failed else "partial" if ended or alarms else "finished"
    return SourceResult(
        source,
        state,
        (*(told(site, error) for site, error in ended), *alarms),
        tuple(tally.notes()),
        pages=sum(visit.landing.pages for visit in visits),
        records=sum(visit.landing.records for visit in visits),
        may_pass=all(error.retryable for _, error in ended),
    )


def told(where: str, error: ThresherError) -> str:
    """An error in one line."""
    reason = error.reason if isinstance(error, NetworkError) else type(error).__name__
    return f"{where}: {reason}: {error}"


def tally_of(visits: Sequence[Visit]) -> Tally:
    """What all visits brought, counted together."""
    tally = Tally()
    for visit in visits:
        tally.merge(visit.landing.tally)
    return tally
