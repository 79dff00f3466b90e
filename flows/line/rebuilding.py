"""The whole benchmark made anew from its archive, run by run, in a file beside the old one. No network."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from flows.line import salt
from flows.line.clustering import Before, cluster_claims
from flows.line.deciding import decide_queue
from flows.line.recovery import Noted, acknowledge, archived_pages, judge_all, read_noted, replay
from flows.line.run import Run
from flows.line.workspace import Workspace
from store import cluster_journal, completions, ledger, proof, runs, trials, verdicts
from store.cluster_journal import Passed
from store.file import journal
from store.file.checksums import row_counts
from store.file.database import FILE, Connection
from store.holdings import Holdings, holdings, in_words, lacking
from store.journals import damaged_lines
from store.snapshot import registry
from thresher.archive import history
from thresher.archive.seals import SUFFIX, file_of, run_of
from thresher.errors import DatabaseLocked, StoreError
from thresher.failpoint import failpoint

FEWER = "--accept-loss"
"""The option under which a database gives way to one that holds less."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild did. ``before`` and ``after`` are ``store.ledger.final_hash``; ``before`` is empty where none could be read.

    ``old_file`` is the folder to which the old database went. ``damage`` tells what of archive and journals could not be read, ``lost``
    what the old database held and the new one does not, by table and source.
    """

    runs: int
    pages: int
    before: str
    after: str
    old_file: Path | None
    damage: tuple[str, ...] = ()
    lost: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        """Whether nothing is missing, as far as history, ledger and the old database tell."""
        return not self.damage and not self.lost


def rebuild(work: Workspace, progress: Callable[[int], None] | None = None, *, accept_loss: bool = False, wait_s: float = 0.0) -> Rebuilt:
    """Make the database anew from the archive, in a file beside it, and put it in the old one's place only when it is whole.

    The old file is kept in ``damaged-NN``. Runs follow one another as they did: what was decided together is decided together. Damage in
    the archive is passed over. StoreError where the old database can be read and holds more than the new one would, unless
    ``accept_loss``. ``progress`` hears how many pages are landed so far.
    """
    if not any(work.archive.glob(f"*{SUFFIX}")):
        raise StoreError(f"{work.archive}: no archive there, so nothing can be rebuilt")
    fresh = work.folder / ".rebuilding"
    with work.database.lease(wait_s):
        salt.refuse_another(work.archive, work.salt)
        try:
            old = _look_at_old(work)
            if old.unreadable and not accept_loss:
                raise _would_lose(work, {"pages": old.unreadable}, old.damage)
            if old.final_hash:
                acknowledge(work)
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir()
            anew = Workspace(fresh, work.settings.model_copy(update={"salt": work.salt}), work.rules, work.archive)
            _use_decisions_of_people(work, fresh)
            run_count, page_count = _replay_all(anew, work, progress)
            damage = [*old.damage, *_register_snapshots(anew, work)]
            with anew.database.reader() as con:
                after = ledger.final_hash(con)
                lost = lacking(con, old.holdings)
                damage += _fewer_than_told(con, work) if not old.holdings else ()
            if lost and not accept_loss:
                raise _would_lose(work, lost, damage)
            failpoint("rebuild.made")
            old_file = _put_in_place(work, fresh)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
        proof.settle(work.archive)
    return Rebuilt(run_count, page_count, old.final_hash, after, old_file, tuple(damage), lost)


def _put_in_place(work: Workspace, fresh: Path) -> Path | None:
    old_file = ledger.set_aside(work.folder) if _anything(work.folder) else None
    failpoint("rebuild.aside")
    for path in sorted(fresh.iterdir(), key=lambda p: p.name == FILE):
        if path.is_file() and path.name.startswith(("benchmark", "ledger")) and not path.name.endswith(".lock"):
            path.replace(work.folder / path.name)
    failpoint("rebuild.moved")
    return old_file


def _would_lose(work: Workspace, lost: Mapping[str, Mapping[str, int]], damage: Sequence[str]) -> StoreError:
    why = f" ({'; '.join(damage[:3])})" if damage else ": the parsers have changed since, or rows were added to it"
    return StoreError(
        f"{work.database.path} holds what a rebuild would lose, {in_words(lost)}{why}. Nothing was replaced: put the damaged files back "
        f"from a copy, or run `thresher rebuild {FEWER}` to do without; the old database is kept then, in {work.folder / 'damaged-NN'}"
    )


@dataclass(frozen=True, slots=True)
class _Old:
    """The database to be replaced, as far as it can be read, and the archive beside it: ``unreadable`` are its pages by source that the
    archive does not give back."""

    final_hash: str = ""
    holdings: Holdings = field(default_factory=dict)
    damage: tuple[str, ...] = ()
    unreadable: Mapping[str, int] = field(default_factory=dict)


def _look_at_old(work: Workspace) -> _Old:
    journals = [str(line) for line in damaged_lines(work.folder, work.archive)]
    try:
        with work.database.reader(any_schema=True) as con:
            held = holdings(con)
            proofs = list(proof.prove_archive(con, work.archive, full=True))
            damage = [finding.detail for finding in proof.findings(con, work.archive, proofs)]
            unreadable = proof.by_source(proof.lost_pages(work.archive, proofs))
    except DatabaseLocked:
        raise
    except StoreError:
        proofs = list(proof.prove_archive(None, work.archive, full=True))
        return _Old(damage=(*(finding.detail for finding in proof.findings(None, work.archive, proofs)), *journals))
    return _Old(_final_hash(work), held, (*damage, *journals), unreadable)


def _register_snapshots(anew: Workspace, work: Workspace) -> list[str]:
    with anew.database.transaction() as con:
        return registry.restore(con, work.snapshots)


def _fewer_than_told(con: Connection, work: Workspace) -> list[str]:
    """What the ledger of a database that cannot be read says that it held."""
    entries = journal.entries(work.folder)
    told = entries[-1].get("rows", {}).get("pages", 0) if entries else 0
    pages_now = row_counts(con)["pages"]
    return [f"the old database held {told:,} pages, by its ledger; {pages_now:,} could be read"] if pages_now < told else []


def _anything(folder: Path) -> bool:
    return any((folder / name).exists() for name in (FILE, FILE + ".wal", "ledger.jsonl"))


def _use_decisions_of_people(work: Workspace, fresh: Path) -> None:
    if (work.folder / verdicts.FILE).exists():
        shutil.copyfile(work.folder / verdicts.FILE, fresh / verdicts.FILE)


def _replay_all(anew: Workspace, old: Workspace, progress: Callable[[int], None] | None) -> tuple[int, int]:
    """Every run of ``old`` into ``anew``; returns how many runs and pages."""
    page_count = 0
    past_runs, noted = _past_runs(old.archive), read_noted(old.archive)
    clustered = cluster_journal.passes(old.archive)
    with anew.database.writer():
        with anew.database.transaction() as con:
            verdicts.replay(con, anew.folder)
        for number, past in enumerate(past_runs, 1):
            for batch_pages in _replay_run(anew, old, past, noted, clustered, is_last=number == len(past_runs)):
                page_count += batch_pages
                if progress:
                    progress(page_count)
            failpoint("rebuild.run")
        with anew.database.transaction() as con:
            trials.replay(con, old.archive)
    return len(past_runs), page_count


def _replay_run(
    anew: Workspace, old: Workspace, past: _PastRun, noted: Noted, clustered: Mapping[tuple[str, str], Passed], *, is_last: bool
) -> Iterator[int]:
    """Land, judge, decide and cluster what one run did; yields the pages of each batch once they are landed."""
    with anew.database.transaction() as con:
        run_id = runs.open_run(con, f"rebuild of {past.run_id}", rules_version=anew.judged_by,
                               dedupe_version=anew.settings.dedupe.version, now=past.at)  # fmt: skip
    run = Run(anew, run_id)
    file = file_of(old.archive, past.run_id)
    if file.exists():
        yield from replay(run, archived_pages(old, file, noted), noted.settled.get(past.run_id, ()))
    judge_all(run)
    with anew.database.transaction() as con:
        verdicts.replay_merges(con, anew.folder, past.run_id, run_id)
        completed = completions.replay(con, anew.folder, past.run_id)
    if completed:
        judge_all(run)
    if past.decided:
        decide_queue(run)
    if past.clustered:
        passed = {name: done for (at, name), done in clustered.items() if at == past.run_id}
        cluster_claims(run, before=Before(old.archive, passed))
    with anew.database.transaction() as con:
        if is_last:
            verdicts.replay_edits(con, anew.folder)
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
        if event["event"] == "sealed":
            continue
        if event["event"] in reached:
            reached[event["event"]].add(event["run_id"])
        started.setdefault(event["run_id"], datetime.fromisoformat(event["at"]))
    order = list(started)
    for file in sorted(archive.glob(f"*{SUFFIX}")):
        run_id = run_of(file.name)
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
