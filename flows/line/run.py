"""A run under way: what every step of the line takes, and how its sources ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from flows.line.clock import ObservationClock
from flows.line.expectations import Tally
from flows.line.workspace import Workspace
from scrapers.common.queries import Query
from store import queries, runs
from thresher.archive.writer import ArchiveWriter
from thresher.errors import ThresherError
from thresher.redaction import redact

if TYPE_CHECKING:  # a run that embeds nothing does without the dedupe
    from flows.line.clustering import Clustered
    from flows.line.deciding import Decided


@dataclass
class Purged:
    """What a purge did to the archive (``flows.line.purging``)."""

    records: int = 0
    files: int = 0
    pages: int = 0
    answers: int = 0
    damaged: list[str] = field(default_factory=list)


class Progress(Protocol):
    """Who is told how far a run is; nothing depends on it. May be called from several threads."""

    def fetched(self, source: str, pages: int, records: int) -> None:
        """So many more pages and records of a source were read."""
        ...

    def embedded(self, done: int, total: int) -> None:
        """So many of the texts that wait have their vectors."""
        ...


class Silent:
    """Nobody is told."""

    def fetched(self, source: str, pages: int, records: int) -> None:
        """Nothing."""

    def embedded(self, done: int, total: int) -> None:
        """Nothing."""


@dataclass
class Run:
    """One run in a benchmark whose lease is ours."""

    work: Workspace
    run_id: str
    progress: Progress = field(default_factory=Silent)


@dataclass
class LiveRun(Run):
    """A run that may fetch: it has an archive to write to, and notes what went wrong without ending it.

    ``partly`` is what was left for another run, ``failed`` what brought nothing home, ``notices`` what a person should hear besides.
    """

    archive: ArchiveWriter = field(kw_only=True)
    clock: ObservationClock = field(kw_only=True)
    began: datetime = field(kw_only=True)
    """Before all that it observes."""
    sought: tuple[Query, ...] = ()
    """Phrases for places that search, besides the fixed queries (``flows.line.seeking``)."""
    accept_deletions: bool = False
    """A person looked: whatever sites no longer show is deleted."""
    purged: Purged = field(default_factory=Purged)
    """What left the archive at the end."""
    notices: list[str] = field(default_factory=list)
    partly: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    @property
    def state(self) -> runs.RunState:
        """``finished``, or ``partial`` where something went wrong. A run is ``failed`` only where an error ends it."""
        return "partial" if self.partly or self.failed else "finished"

    def take_note(self, results: Sequence[SourceResult]) -> None:
        """What the ends of sources mean for the run."""
        for result in results:
            errors = [f"{result.source}: {redact(error)[0]}" for error in result.errors]
            (self.failed if result.state == "failed" else self.partly).extend(errors)
            self.notices += (f"{result.source}: {redact(note)[0]}" for note in result.notes)

    def report(self) -> dict[str, Any]:
        """The numbers of this run, source by source: records = landed + merged + leads + dead + the sum of refused. Its
        notices, and what was searched for besides the fixed queries, with the reason."""
        with self.work.database.reader() as con:
            report = queries.run_report(con, self.run_id)
        for numbers in report["sources"].values():
            if numbers.get("tombstoned"):
                numbers["refused"]["taken_down"] = numbers["tombstoned"]
            numbers["records"] += numbers["dead"] + numbers.pop("tombstoned", 0)
        asker = self.work.asker
        readers = {"language_model": asker.tally.row()} if asker is not None else {}
        return {**report, "readers": readers, "sought": [query.model_dump() for query in self.sought], "notices": list(self.notices)}


@dataclass(frozen=True, slots=True)
class Landing:
    """What the pages of one site brought, and the error that ended them before their end, if one did."""

    pages: int = 0
    records: int = 0
    dead: int = 0
    tally: Tally = field(default_factory=Tally)
    error: ThresherError | None = None


@dataclass(frozen=True, slots=True)
class SourceResult:
    """How one source of a run ended: ``finished``, ``partial`` (a limit of the site or our own, all kept) or ``failed``."""

    source: str
    state: runs.RunState = "finished"
    errors: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """What the user should know and nobody did wrong."""
    pages: int = 0
    records: int = 0
    may_pass: bool = True
    """Whether another try can help: nothing but sites that were down or slow stood in the way."""

    def save(self, run: Run) -> None:
        """Write down how the source ended."""
        with run.work.database.transaction() as con:
            runs.finish_source(con, run.run_id, self.source, self.state, "; ".join(self.errors))


@dataclass(frozen=True, slots=True)
class Deduplicated:
    """What the dedupe and the clustering did; None where an encoder was lacking, and the next run makes up for it."""

    decided: Decided | None = None
    clustered: Clustered | None = None
