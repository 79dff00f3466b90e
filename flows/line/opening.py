"""A run from its opening to its balance, without a Prefect server: the lease, what a killed run left behind, the end."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from flows.line import recovery
from flows.line.clock import ObservationClock, utc_now
from flows.line.run import LiveRun, Progress, Silent
from flows.line.workspace import Workspace
from store import ledger, runs
from thresher.archive import history
from thresher.archive.writer import ArchiveWriter
from thresher.errors import StoreError, ThresherError
from thresher.failpoint import failpoint

log = logging.getLogger("thresher.run")

LEASE_WAIT_S = 600.0
"""How long a run that nobody watches waits for another one that writes to the same benchmark."""


@contextmanager
def open_run(
    work: Workspace, command: str, *, wait_s: float = 0.0, progress: Progress | None = None, now: Callable[[], datetime] = utc_now
) -> Iterator[LiveRun]:
    """Hold the lease, take up what a killed run left in the archive, and close the run in balance at the end."""
    _refuse_orphaned(work)
    with work.database.writer(wait_s):
        with work.database.transaction() as con:
            unfinished = runs.unfinished(con)
            clock = ObservationClock(runs.last_observed(con), now)
            run_id = runs.open_run(
                con, command, rules_version=work.judged_by, dedupe_version=work.settings.dedupe.version,
                encoder=work.settings.dedupe.embedding.model, now=clock.tick(),
            )  # fmt: skip
        recovery.acknowledge(work)
        history.note(work.archive, run_id, "opened", command=command)
        archive = ArchiveWriter(work.archive, run_id, clock.tick())
        run = LiveRun(work, run_id, progress or Silent(), archive=archive, clock=clock)
        if warning := clock.warning():
            log.warning("%s", warning)
            run.notices.append(warning)
        try:
            recovery.recover(run, unfinished)
            failpoint("run.opened")
            yield run
            run.archive.close()
            failpoint("run.closing")
            with work.database.transaction() as con:
                ledger.close_run(con, run_id, run.state)
            failpoint("run.closed")
        except BaseException as error:
            run.archive.close()
            _fail(run, error)
            raise


def _refuse_orphaned(work: Workspace) -> None:
    """A database is older than its archive. Where it is gone, one begun anew would lack all that the sites no longer show."""
    if not work.database.path.exists() and any(work.archive.glob("*.warc.gz")):
        raise StoreError(f"{work.database.path}: missing, but {work.archive} holds what was harvested; run `thresher rebuild`")


def _fail(run: LiveRun, error: BaseException) -> None:
    try:
        with run.work.database.transaction() as con:
            runs.fail_run(con, run.run_id, f"{type(error).__name__}: {error}")
    except ThresherError as second:  # a full disk: the next run finds this one running and calls it failed
        log.warning("run %s could not be marked as failed: %s", run.run_id, second)
