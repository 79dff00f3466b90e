"""The archive read again: what a killed run left behind, and the whole benchmark made anew. No network."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from flows.line import clustering, deciding, landing
from flows.line.workspace import Workspace
from scrapers import base
from store import clusters, ledger, pages, runs, verdicts
from store.file.database import FILE
from store.pages import PageResult
from thresher.archive import history
from thresher.archive.writer import PageRef, read_pages, repair
from thresher.errors import DatabaseLocked, StoreError
from thresher.failpoint import failpoint
from thresher.model import Page

log = logging.getLogger("thresher.replay")

AT_ONCE = 200
"""Pages in one transaction."""


def recover(work: Workspace, run_id: str, killed: Sequence[str]) -> int:
    """Land the pages that killed runs archived and did not commit; returns how many. The archive is ahead of the database by one batch at
    most."""
    landed = 0
    for dead_run in killed:
        file = work.archive / f"{dead_run}.warc.gz"
        if not file.exists():
            continue
        if cut := repair(file):
            log.info("%s: %d bytes of a torn record cut off", file.name, cut)
        known = _known(work, file.name)
        missing = (part for part in _parsed(work, file) if (part.archive_file, part.archive_offset) > ("", known.get(part.page.source, -1)))
        for batch in _batches(missing):
            with work.database.transaction() as con:
                pages.land_batch(con, run_id, batch)
            landed += len(batch)
    if landed:
        log.info("%d pages of an interrupted run were taken from the archive", landed)
    for source in _unjudged(work):
        landing.judge_source(work, run_id, source)
    return landed


def _known(work: Workspace, file: str) -> dict[str, int]:
    """The last place of each source in an archive file that is in the database: a source's pages land in the order of the file."""
    with work.database.reader() as con:
        rows = con.execute("SELECT source, max(archive_offset) FROM pages WHERE archive_file = ? GROUP BY source", [file]).fetchall()
    return {source: offset for source, offset in rows}


def _unjudged(work: Workspace) -> list[str]:
    with work.database.reader() as con:
        return [
            r[0] for r in con.execute("SELECT DISTINCT source FROM records WHERE is_latest AND judged_by IS NULL ORDER BY 1").fetchall()
        ]


def acknowledge(work: Workspace) -> None:
    """Write down decisions and clusters whose process died between its commit and its line in the history. Those that a rebuild made again
    are there already, under the run that made them first."""
    told = {(event["event"], event["run_id"]) for event in history.events(work.archive)}
    with work.database.reader() as con:
        decided = [r[0] for r in con.execute("SELECT run_id FROM decisions GROUP BY run_id ORDER BY run_id").fetchall()]
        made = {"decided": decided, "clustered": clusters.passes(con)}
    for event, run_ids in made.items():
        for run_id in run_ids:
            if ("opened", run_id) in told and (event, run_id) not in told:
                history.note(work.archive, run_id, event)


def _parsed(work: Workspace, place: Path) -> Iterator[PageResult]:
    held = {(e["run_id"], e["source"], e["site"]): int(e["offset"]) for e in history.events(place.parent) if e["event"] == "held_back"}
    for run_id, ref, page in read_pages(place):
        kept_back = ref.offset >= held.get((run_id, page.source, page.site), ref.offset + 1)
        yield _parse(work, ref, replace(page, cursor=None) if kept_back else page)


def _parse(work: Workspace, ref: PageRef, page: Page) -> PageResult:
    parsed = landing.parse(base.load(page.source), page, work.salt)
    return replace(parsed, archive_file=ref.file.name, archive_offset=ref.offset)


def _batches(results: Iterator[PageResult]) -> Iterator[list[PageResult]]:
    batch: list[PageResult] = []
    size = 0
    for result in results:
        batch.append(result)
        size += len(result.records)
        if len(batch) >= AT_ONCE or size >= landing.BATCH_RECORDS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild did. ``before`` and ``after`` are ``store.ledger.final_hash``; ``before`` is empty where none could be read."""

    runs: int
    pages: int
    before: str
    after: str
    kept: Path | None


def rebuild(work: Workspace, progress: Callable[[int], None] | None = None) -> Rebuilt:
    """Make the database anew from the archive, in a file beside it, and put it in the old one's place only when it is whole.

    The old file is kept in ``damaged-NN``. Runs follow one another as they did: what was decided together is decided together.
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
        counted = _replay_all(anew, work, progress)
        with anew.database.reader() as con:
            after = ledger.final_hash(con)
        failpoint("rebuild.made")
        kept = ledger.set_aside(work.folder) if _anything(work.folder) else None
        failpoint("rebuild.aside")
        for path in sorted(fresh.iterdir(), key=lambda p: p.name == FILE):
            if path.is_file() and path.name.startswith(("benchmark", "ledger")) and not path.name.endswith(".lock"):
                path.replace(work.folder / path.name)
        failpoint("rebuild.moved")
        shutil.rmtree(fresh, ignore_errors=True)
    return Rebuilt(counted[0], counted[1], before, after, kept)


def _anything(folder: Path) -> bool:
    return any((folder / name).exists() for name in (FILE, FILE + ".wal", "ledger.jsonl"))


def _use_decisions_of_people(work: Workspace, fresh: Path) -> None:
    if (work.folder / verdicts.FILE).exists():
        shutil.copyfile(work.folder / verdicts.FILE, fresh / verdicts.FILE)


def _replay_all(anew: Workspace, old: Workspace, progress: Callable[[int], None] | None) -> tuple[int, int]:
    done = pages_done = 0
    with anew.database.writer():
        with anew.database.transaction() as con:
            verdicts.replay(con, anew.folder)
        for event in _ordered(old.archive):
            with anew.database.transaction() as con:
                run_id = runs.open_run(con, f"rebuild of {event.run_id}", rules_version=anew.rules.version,
                                       dedupe_version=anew.settings.dedupe.version, now=event.at)  # fmt: skip
            file = old.archive / f"{event.run_id}.warc.gz"
            if file.exists():
                for batch in _batches(_parsed(old, file)):
                    with anew.database.transaction() as con:
                        pages.land_batch(con, run_id, batch)
                    pages_done += len(batch)
                    if progress:
                        progress(pages_done)
            for source in _unjudged(anew):
                landing.judge_source(anew, run_id, source)
            with anew.database.transaction() as con:
                verdicts.replay_unmerged(con, anew.folder, event.run_id)
            if event.decided:
                deciding.deduplicate(anew, run_id)
            if event.clustered:
                clustering.cluster(anew, run_id, kept=old.archive)
            with anew.database.transaction() as con:
                ledger.close_run(con, run_id)
            done += 1
            failpoint("rebuild.run")
    return done, pages_done


@dataclass(frozen=True, slots=True)
class _Event:
    run_id: str
    at: datetime
    decided: bool
    clustered: bool


def _ordered(archive: Path) -> list[_Event]:
    """Every run in the order of opening, with whether it came to decide and to cluster."""
    started: dict[str, str] = {}
    reached: dict[str, set[str]] = {"decided": set(), "clustered": set()}
    for event in history.events(archive):
        if event["event"] in reached:
            reached[event["event"]].add(event["run_id"])
        started.setdefault(event["run_id"], event["at"])
    for file in sorted(archive.glob("*.warc.gz")):
        run_id = file.name.removesuffix(".warc.gz")
        started.setdefault(run_id, datetime.strptime(run_id[:15] + "+0000", "%Y%m%dT%H%M%S%z").isoformat())
    return [
        _Event(run_id, datetime.fromisoformat(at), run_id in reached["decided"], run_id in reached["clustered"])
        for run_id, at in sorted(started.items(), key=lambda s: s[1])
    ]


def _final_hash(work: Workspace) -> str:
    try:
        with work.database.reader() as con:
            return ledger.final_hash(con)
    except DatabaseLocked:
        raise
    except StoreError:
        return ""
