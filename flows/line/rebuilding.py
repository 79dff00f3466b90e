"""The whole benchmark made anew from its archive, run by run, in a file beside the old one. No network."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from flows.line.clustering import cluster_claims
from flows.line.deciding import decide_queue
from flows.line.recovery import acknowledge, archived_pages, batches, judge_all
from flows.line.run import Run
from flows.line.workspace import Workspace
from store import ledger, pages, runs, verdicts
from store.file.database import FILE
from thresher.archive import history
from thresher.errors import DatabaseLocked, StoreError
from thresher.failpoint import failpoint


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild did. ``before`` and ``after`` are ``store.ledger.final_hash``; ``before`` is empty where none could be read.
    ``old_file`` is the folder to which the old database went."""

    runs: int
    pages: int
    before: str
    after: str
    old_file: Path | None


def rebuild(work: Workspace, progress: Callable[[int], None] | None = None) -> Rebuilt:
    """Make the database anew from the archive, in a file beside it, and put it in the old one's place only when it is whole.

    The old file is kept in ``damaged-NN``. Runs follow one another as they did: what was decided together is decided together.
    ``progress`` hears how many pages are landed so far.
    """
    if not any(work.archive.glob("*.warc.gz")):
        raise StoreError(f"{work.archive}: no archive there, so nothing can be rebuilt")
    with work.database.lease():
        before = _final_hash(work)
        if before:
            acknowledge(work)
        fresh = work.folder / ".rebuilding"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        anew = Workspace(fresh, work.settings.model_copy(update={"salt": work.salt}), work.rules)
        _use_decisions_of_people(work, fresh)
        run_count, page_count = _replay_all(anew, work, progress)
        with anew.database.reader() as con:
            after = ledger.final_hash(con)
        failpoint("rebuild.made")
        old_file = ledger.set_aside(work.folder) if _anything(work.folder) else None
        failpoint("rebuild.aside")
        for path in sorted(fresh.iterdir(), key=lambda p: p.name == FILE):
            if path.is_file() and path.name.startswith(("benchmark", "ledger")) and not path.name.endswith(".lock"):
                path.replace(work.folder / path.name)
        failpoint("rebuild.moved")
        shutil.rmtree(fresh, ignore_errors=True)
    return Rebuilt(run_count, page_count, before, after, old_file)


def _anything(folder: Path) -> bool:
    return any((folder / name).exists() for name in (FILE, FILE + ".wal", "ledger.jsonl"))


def _use_decisions_of_people(work: Workspace, fresh: Path) -> None:
    if (work.folder / verdicts.FILE).exists():
        shutil.copyfile(work.folder / verdicts.FILE, fresh / verdicts.FILE)


def _replay_all(anew: Workspace, old: Workspace, progress: Callable[[int], None] | None) -> tuple[int, int]:
    """Every run of ``old`` into ``anew``; returns how many runs and pages."""
    page_count = 0
    past_runs = _past_runs(old.archive)
    with anew.database.writer():
        with anew.database.transaction() as con:
            verdicts.replay(con, anew.folder)
        for past in past_runs:
            for batch_pages in _replay_run(anew, old, past):
                page_count += batch_pages
                if progress:
                    progress(page_count)
            failpoint("rebuild.run")
    return len(past_runs), page_count


def _replay_run(anew: Workspace, old: Workspace, past: _PastRun) -> Iterator[int]:
    """Land, judge, decide and cluster what one run did; yields the pages of each batch once they are landed."""
    with anew.database.transaction() as con:
        run_id = runs.open_run(con, f"rebuild of {past.run_id}", rules_version=anew.judged_by,
                               dedupe_version=anew.settings.dedupe.version, now=past.at)  # fmt: skip
    run = Run(anew, run_id)
    file = old.archive / f"{past.run_id}.warc.gz"
    if file.exists():
        for batch in batches(archived_pages(old, file)):
            with anew.database.transaction() as con:
                pages.land_batch(con, run_id, batch)
            yield len(batch)
    judge_all(run)
    with anew.database.transaction() as con:
        verdicts.replay_unmerged(con, anew.folder, past.run_id)
    if past.decided:
        decide_queue(run)
    if past.clustered:
        cluster_claims(run, phrases_from=old.archive)
    with anew.database.transaction() as con:
        ledger.close_run(con, run_id)


@dataclass(frozen=True, slots=True)
class _PastRun:
    run_id: str
    at: datetime
    decided: bool
    clustered: bool


def _past_runs(archive: Path) -> list[_PastRun]:
    """Every run with whether it came to decide and to cluster, in the order in which they were noted, which no clock can turn round.

    A run that left an archive file and no note (older releases wrote none) is put before the first one that began later.
    """
    started: dict[str, datetime] = {}
    reached: dict[str, set[str]] = {"decided": set(), "clustered": set()}
    for event in history.events(archive):
        if event["event"] in reached:
            reached[event["event"]].add(event["run_id"])
        started.setdefault(event["run_id"], datetime.fromisoformat(event["at"]))
    order = list(started)
    for file in sorted(archive.glob("*.warc.gz")):
        run_id = file.name.removesuffix(".warc.gz")
        if run_id not in started:
            started[run_id] = datetime.strptime(run_id[:15] + "+0000", "%Y%m%dT%H%M%S%z")
            later = next((place for place, other in enumerate(order) if started[other] > started[run_id]), len(order))
            order.insert(later, run_id)
    return [_PastRun(run_id, started[run_id], run_id in reached["decided"], run_id in reached["clustered"]) for run_id in order]


def _final_hash(work: Workspace) -> str:
    try:
        with work.database.reader() as con:
            return ledger.final_hash(con)
    except DatabaseLocked:
        raise
    except StoreError:
        return ""
