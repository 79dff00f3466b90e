"""A run from its opening to its balance, without a Prefect server: the lease, what a killed run left behind, the end."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from flows.line import purging, recovery, salt
from flows.line.clock import ObservationClock, utc_now
from flows.line.run import LiveRun, Progress, Silent
from flows.line.workspace import Workspace
from store import ledger, runs, trials, verdicts
from store.journals import damaged_lines
from store.proof import seal_proven
from thresher.archive import history
from thresher.archive.seals import note_seal, shrunken
from thresher.archive.writer import ArchiveWriter
from thresher.errors import Interrupted, StoreError, ThresherError
from thresher.failpoint import failpoint

log = logging.getLogger("thresher.run")

LEASE_WAIT_S = 600.0
"""How long a run that nobody watches waits for another one that writes to the same benchmark."""


@contextmanager
def open_run(
    work: Workspace,
    command: str,
    *,
    wait_s: float = 0.0,
    progress: Progress | None = None,
    now: Callable[[], datetime] = utc_now,
    accept_deletions: bool = False,
) -> Iterator[LiveRun]:
    """Hold the lease, take up what a killed run left in the archive, and close the run in balance at the end."""
    _refuse_orphaned(work)
    with work.database.writer(wait_s):
        salt.refuse_another(work.archive, work.salt)
        with work.database.transaction() as con:
            unfinished = runs.unfinished(con)
            clock = ObservationClock(runs.last_observed(con), now)
            began = clock.tick()
            run_id = runs.open_run(
                con, command, rules_version=work.judged_by, dedupe_version=work.settings.dedupe.version,
                encoder=work.settings.dedupe.embedding.model, now=began,
            )  # fmt: skip
        recovery.acknowledge(work)
        archive = ArchiveWriter(work.archive, run_id, clock.tick())
        history.note(work.archive, run_id, "opened", command=command, salt=salt.fingerprint(work.salt))
        run = LiveRun(work, run_id, progress or Silent(), archive=archive, clock=clock, began=began, accept_deletions=accept_deletions)
        if warning := clock.warning():
            log.warning("%s", warning)
            run.notices.append(warning)
        try:
            purging.relocate_all(work)
            verdicts.take_up(work.database)
            trials.take_up(work.database, work.archive)
            recovery.recover(run, unfinished)
            run.notices += _damage(run)
            failpoint("run.opened")
            yield run
            _seal(run)
            run.purged = purging.purge(run)
            run.partly += run.purged.damaged
            failpoint("run.closing")
            with work.database.transaction() as con:
                ledger.close_run(con, run_id, run.state)
            failpoint("run.closed")
        except BaseException as error:
            _fail(run, error)
            raise


def _seal(run: LiveRun) -> None:
    """Close the file of the run, and note what it is."""
    run.archive.close()
    note_seal(run.work.archive, run.run_id, run.archive.seal)


def _damage(run: LiveRun) -> Iterator[str]:
    """What a person should hear of the archive and the journals; none of it stands in the way of a harvest. Files that were never sealed
    are proven and sealed; the others are looked at, not read."""
    work = run.work
    with work.database.reader() as con:
        damaged = [work.archive / name for name in seal_proven(con, work.archive, but=run.run_id)]
    for file in (*damaged, *shrunken(work.archive)):
        yield f"{file} is missing or damaged; run `thresher doctor`, which says what it costs"
    yield from map(str, damaged_lines(work.folder, work.archive))


def _refuse_orphaned(work: Workspace) -> None:
    """A database is older than its archive. Where it is gone, one begun anew would lack all that the sites no longer show."""
    if not work.database.path.exists() and any(work.archive.glob("*.warc.gz")):
        raise StoreError(f"{work.database.path}: missing, but {work.archive} holds what was harvested; run `thresher rebuild`")


def _fail(run: LiveRun, error: BaseException) -> None:
    reason = f"interrupted by {error}" if isinstance(error, Interrupted) else f"{type(error).__name__}: {error}"
    try:
        _seal(run)
    except ThresherError as second:  # the next run proves the file and seals it
        log.warning("the archive of run %s could not be sealed: %s", run.run_id, second)
    try:
        with run.work.database.transaction() as con:
            runs.fail_run(con, run.run_id, reason)
    except ThresherError as second:  # a full disk: the next run finds this one running and calls it failed
        log.warning("run %s could not be marked as failed: %s", run.run_id, second)
