"""Rows that left a snapshot as ids: their sources are asked for the records, which land in the line of a recheck.

What was landed is not asked for again, so that a run that is killed anywhere, and then begun again, asks for the rest. No cursor moves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flows.line import settings as configuration
from flows.line.harvesting import ask_source
from flows.line.rechecking import ask_site
from flows.line.run import LiveRun, SourceResult
from flows.line.visiting import Visit, side_by_side, told
from scrapers import base, names
from scrapers.settings import Source
from store.snapshot import hydration
from store.snapshot.hydration import Reference
from thresher.net.client import Client

Threads = Mapping[str, str]
"""native_id to thread_id."""


class Hydration:
    """What of a snapshot is to be asked for, and of which sites nobody can ask, and why."""

    def __init__(self, run: LiveRun, wanted: Sequence[Reference]) -> None:
        self.refused: dict[tuple[str, str], str] = {}
        self.asked: dict[tuple[str, str], Threads] = {}
        with run.work.database.reader() as con:
            waiting = hydration.wanting(con, list(wanted))
        for place, threads in waiting.items():
            if reason := _why_not(run, *place):
                self.refused[place] = reason
            else:
                self.asked[place] = {**_heads(threads), **threads}

    def sources(self, run: LiveRun) -> list[Source]:
        """Those that are to be asked."""
        return [run.work.settings.source(name) for name in sorted({source for source, _ in self.asked})]

    def ask(self, run: LiveRun, *, client: Client | None = None) -> list[SourceResult]:
        """Ask them, side by side; what a site refuses is noted of it."""
        return side_by_side(run, self.sources(run), self._ask_source, client=client)

    def _ask_source(self, run: LiveRun, source: Source, client: Client) -> SourceResult:
        named = source.model_copy(update={"sites": [p for p in source.sites if (source.name, p.get("name")) in self.asked]})
        _, result = ask_source(run, named, client, self._visit)
        result.save(run)
        return result

    def _visit(self, run: LiveRun, source: Source, site: Any, client: Client) -> Visit:
        place = (source.name, site.name)
        visit, refused = ask_site(run, source, site, client, self.asked[place])
        if visit.landing.error is not None:
            self.refused[place] = told("the site could not be asked", visit.landing.error)
        elif refused:
            self.refused[place] = refused[0]
        return visit


def _why_not(run: LiveRun, name: str, site: str) -> str:
    """What keeps a site from being asked for single records; empty where nothing does."""
    if name not in names():
        return f"there is no source {name} here: a later thresher froze it"
    if base.rechecker(name) is None:
        return f"{name} has no single records to ask for: harvest {site}, or give its files to `thresher ingest {name}`, and hydrate again"
    source = run.work.settings.sources.get(name)
    if source is None or site not in {place.get("name") for place in source.sites}:
        return f"name {site} under [[sites]] in config/sources/{name}.toml"
    off = configuration.why_off(source)
    return f"{name} is off: {off}" if off else ""


def _heads(threads: Threads) -> Threads:
    """The first record of each thread: what a comment says often needs it to be understood."""
    return {thread: thread for thread in threads.values() if thread}
