"""One run from its opening to its balance, without a Prefect server. The Prefect flows call the same functions."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flows.line import clustering, deciding, landing, replay
from flows.line.shards import Spread
from flows.line.workspace import Workspace
from scrapers import base
from store import ledger, queries, runs
from thresher.archive import history
from thresher.archive.writer import ArchiveWriter
from thresher.errors import EncoderError, StoreError, ThresherError, UsageError
from thresher.failpoint import failpoint
from thresher.model import Page
from thresher.net.client import Client
from thresher.settings import Source

log = logging.getLogger("thresher.run")

LEASE_WAIT_S = 600.0
"""How long a run that nobody watches waits for another one that writes to the same benchmark."""


@dataclass
class Run:
    """A run under way. ``partly`` says what went wrong without ending it."""

    work: Workspace
    run_id: str
    archive: ArchiveWriter
    partly: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    decided: deciding.Decided | None = None
    clustered: clustering.Clustered | None = None

    @property
    def state(self) -> runs.RunState:
        """``finished``; ``partial`` where something was left for another run; ``failed`` is for a run that brought nothing home."""
        return "partial" if self.partly or self.failed else "finished"

    def report(self) -> dict[str, Any]:
        """The numbers of this run, source by source."""
        with self.work.database.reader() as con:
            return landing.in_sum(queries.run_report(con, self.run_id))


@contextmanager
def opened(work: Workspace, command: str, *, wait_s: float = 0.0) -> Iterator[Run]:
    """Hold the lease, take up what a killed run left in the archive, and close the run in balance at the end."""
    _refuse_orphaned(work)
    with work.database.writer(wait_s):
        killed = _interrupted(work)
        with work.database.transaction() as con:
            run_id = runs.open_run(
                con, command, rules_version=work.rules.version, dedupe_version=work.settings.dedupe.version,
                encoder=work.settings.dedupe.embedding.model,
            )  # fmt: skip
        replay.acknowledge(work)
        history.note(work.archive, run_id, "opened", command=command)
        run = Run(work, run_id, ArchiveWriter(work.archive, run_id, datetime.now(UTC)))
        try:
            replay.recover(work, run_id, killed)
            failpoint("run.opened")
            yield run
            run.archive.close()
            failpoint("run.closing")
            with work.database.transaction() as con:
                ledger.close_run(con, run_id, run.state)
            failpoint("run.closed")
        except BaseException as error:
            run.archive.close()
            _fail(work, run_id, error)
            raise


def _refuse_orphaned(work: Workspace) -> None:
    """A database is older than its archive. Where it is gone, one begun anew would lack all that the sites no longer show."""
    if not work.database.path.exists() and any(work.archive.glob("*.warc.gz")):
        raise StoreError(f"{work.database.path}: missing, but {work.archive} holds what was harvested; run `thresher rebuild`")


def _fail(work: Workspace, run_id: str, error: BaseException) -> None:
    try:
        with work.database.transaction() as con:
            runs.fail_run(con, run_id, f"{type(error).__name__}: {error}")
    except ThresherError as second:  # a full disk: the next run finds this one running and calls it failed
        log.warning("run %s could not be marked as failed: %s", run_id, second)


def _interrupted(work: Workspace) -> list[str]:
    """Runs that did not reach their end since the last one that did."""
    with work.database.reader() as con:
        rows = con.execute(
            """SELECT run_id FROM runs WHERE state = 'running' OR (state = 'failed' AND started_at >
                   coalesce((SELECT max(started_at) FROM runs WHERE state IN ('finished', 'partial')), TIMESTAMPTZ '-infinity'))
               ORDER BY started_at"""
        ).fetchall()
    return [row[0] for row in rows]


def harvest(
    run: Run, sources: Sequence[Source], *, progress: landing.Progress | None = None, client: Client | None = None
) -> list[landing.SourceResult]:
    """Harvest sources side by side; the failure of one stops no other."""
    opened_client = client or Client.open(run.work.settings.network, archive=run.archive)
    try:
        with ThreadPoolExecutor(max_workers=max(1, len(sources)), thread_name_prefix="source") as pool:
            waiting = [pool.submit(landing.harvest_source, run.work, run.run_id, s, opened_client, run.archive, progress) for s in sources]
            results = [future.result() for future in waiting]
    finally:
        opened_client.close()
    take_note(run, results)
    return results


def take_note(run: Run, results: Sequence[landing.SourceResult]) -> None:
    """What the results of the sources mean for the run."""
    for result in results:
        for error in result.errors:
            (run.failed if result.state == "failed" else run.partly).append(f"{result.source}: {error}")


def ingest(run: Run, source: str, paths: Sequence[Path], site: str = "", keys: dict[str, Any] | None = None,
           progress: landing.Progress | None = None) -> landing.SourceResult:  # fmt: skip
    """Take local files: each path is one site, called as ``site`` says or as the file is called."""
    scraper = base.load(source)
    for path in paths:
        if not path.exists():
            raise UsageError(f"{path}: no such file or folder")
    places = [(path, run.work.local_site(source, site or _named(path), keys or {})) for path in paths]
    empty: list[Path] = []
    fetched = (page for path, place in places for page in _or_noted(scraper.read(path, place), path, empty))
    result = landing.ingest_pages(run.work, run.run_id, scraper, source, fetched, run.archive, progress)
    result.errors += [
        f"{path}: nothing in it that {source} reads; give the file, or the folder of one book, forum or log" for path in empty
    ]
    result.state = "failed" if empty and not result.pages else "partial" if empty and result.state == "finished" else result.state
    take_note(run, [result])
    return result


def _or_noted(pages: Iterator[Page], path: Path, empty: list[Path]) -> Iterator[Page]:
    """The pages; a path that gives none is put into ``empty``."""
    first = next(pages, None)
    if first is None:
        empty.append(path)
        return
    yield first
    yield from pages


def _named(path: Path) -> str:
    """A site's name from a path: the last part without its suffixes, in the letters that every source takes."""
    stem = path.resolve().name.split(".")[0] if path.is_file() else path.resolve().name
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "_-") else "-" for c in stem.lower()).strip("-_")
    return kept[:64] or "local"


def decide(run: Run, progress: deciding.Progress | None = None, spread: Spread = deciding.HERE) -> None:
    """Embed, decide and cluster; without a working encoder the items stay, and the next run fills in."""
    try:
        run.decided = deciding.deduplicate(run.work, run.run_id, progress, spread)
        run.clustered = clustering.cluster(run.work, run.run_id)
    except EncoderError as error:
        log.warning("embedding is left for the next run: %s", error)
        run.partly.append(f"embedding: {error}")
