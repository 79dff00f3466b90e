"""The archive read again: what a killed run archived and did not commit is landed by the next one. No network."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from flows.line import brake
from flows.line.brake import Settlement
from flows.line.judging import judge_source
from flows.line.landing import BATCH_RECORDS, parse_page
from flows.line.run import Run
from flows.line.workspace import Workspace
from scrapers import base
from store import decisions, failures, pages
from store.pages import PageResult
from thresher.archive import history
from thresher.archive.reader import Damage, PageRef, foreign_page, read_pages
from thresher.archive.seals import file_of, run_of
from thresher.archive.warc import repair
from thresher.errors import ArchiveError
from thresher.model import Page

log = logging.getLogger("thresher.recovery")

AT_ONCE = 200
"""Pages in one transaction."""


@dataclass(frozen=True, slots=True)
class Noted:
    """What the history says of the pages of all runs: by run the deletions that were decided, and by run, source and site the event with
    which a cursor was held back."""

    settled: Mapping[str, Sequence[Settlement]] = field(default_factory=dict)
    held_back: Mapping[tuple[str, str, str], Mapping[str, Any]] = field(default_factory=dict)


def read_noted(archive: Path) -> Noted:
    """Read once for all files: the history grows with every run."""
    held_back = {(e["run_id"], e["source"], e["site"]): e for e in history.events(archive) if e["event"] == "held_back"}
    return Noted(brake.settlements(archive), held_back)


def recover(run: Run, unfinished: Sequence[str]) -> int:
    """Land the pages that unfinished runs archived and did not commit; returns how many. The archive is ahead of the database by one batch
    at most."""
    landed = 0
    files = {run_id: file for run_id in unfinished if (file := file_of(run.work.archive, run_id)).exists()}
    noted = read_noted(run.work.archive) if files else Noted()
    for run_id, file in files.items():
        _cut_torn_tail(file)
        with run.work.database.reader() as con:
            landed_up_to = pages.last_offsets(con, file.name)
        missing = (
            result for result in archived_pages(run.work, file, noted)
            if result.archive_offset > landed_up_to.get((result.page.source, result.page.site), -1)
        )  # fmt: skip
        landed += sum(replay(run, missing, noted.settled.get(run_id, ())))
    if landed:
        log.info("%d pages of an interrupted run were taken from the archive", landed)
    judge_all(run)
    return landed


def _cut_torn_tail(file: Path) -> None:
    try:
        if cut := repair(file):
            log.info("%s: %d bytes of a torn record cut off", file.name, cut)
    except ArchiveError as error:  # whole records follow: nothing is cut, and the run that opens says that the file is damaged
        log.warning("%s", error)


def replay(run: Run, results: Iterator[PageResult], decided: Sequence[Settlement]) -> Iterator[int]:
    """Land archived pages, and what their run decided of deletions between them; yields the pages of each batch once they are landed."""
    for step in brake.in_order(results, decided):
        if isinstance(step, Settlement):
            with run.work.database.transaction() as con:
                brake.apply(con, run.run_id, step)
            continue
        for batch in batches(step):
            with run.work.database.transaction() as con:
                pages.land_batch(con, run.run_id, batch, brake=True)
            yield len(batch)


def acknowledge(work: Workspace) -> None:
    """Write down decisions and clusters whose process died between its commit and its line in the history. Those that a rebuild made again
    are there already, under the run that made them first."""
    noted = {(event["event"], event["run_id"]) for event in history.events(work.archive)}
    with work.database.reader() as con:
        committed = {"decided": decisions.passes(con), "clustered": failures.passes(con)}
    for event, run_ids in committed.items():
        for run_id in run_ids:
            if ("opened", run_id) in noted and (event, run_id) not in noted:
                history.note(work.archive, run_id, event)


def _pass_over(damage: Damage) -> None:
    log.warning("%s", damage)


def judge_all(run: Run) -> None:
    """Judge what is due, of every source."""
    with run.work.database.reader() as con:
        sources = pages.unjudged_sources(con)
    for source in sources:
        judge_source(run, source)


def archived_pages(work: Workspace, file: Path, noted: Noted) -> Iterator[PageResult]:
    """The pages of an archive file, parsed anew, without the cursors that were held back. Damage is passed over, and logged."""
    for run_id, ref, page in read_pages(file, _pass_over):
        if run_id != run_of(file.name):
            _pass_over(foreign_page(ref, run_id))
            continue
        event = noted.held_back.get((run_id, page.source, page.site))
        yield _parse(work, ref, page if event is None or _before(ref, page, event) else replace(page, cursor=None))


def _before(ref: PageRef, page: Page, event: Mapping[str, Any]) -> bool:
    """Whether a page came before its site's cursor was held back; older releases noted the place in the file and not the moment."""
    if "from" in event:
        return page.fetched_at < datetime.fromisoformat(event["from"])
    return ref.offset < int(event["offset"])


def _parse(work: Workspace, ref: PageRef, page: Page) -> PageResult:
    parsed = parse_page(base.load(page.source), page, work)
    return replace(parsed, archive_file=ref.file.name, archive_offset=ref.offset)


def batches(results: Iterator[PageResult]) -> Iterator[list[PageResult]]:
    """Pages in portions that one transaction takes."""
    batch: list[PageResult] = []
    size = 0
    for result in results:
        batch.append(result)
        size += len(result.records)
        if len(batch) >= AT_ONCE or size >= BATCH_RECORDS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
