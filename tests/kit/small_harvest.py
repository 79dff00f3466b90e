"""A whole harvest in miniature over the store alone: resumable, and always the same. Run as a script it is a server that forks a process
for
each line ``FOLDER NIGHT FAILPOINT`` of its input and answers with the exit status, so that a kill hits a real process and costs no
imports."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas
import pyarrow.compute
from huggingface_hub import DatasetCardData

from store import decisions, dedupe_queue, items, ledger, pages, runs
from store.file.database import Database
from store.snapshot import freeze
from store.snapshot.settings import Export
from thresher.model import Candidate, Decision, Message, Page, Record, Refusal

START = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
ENCODER = "letters-1"
EXPORT = Export(version="1", classes=("full", "derived", "id_only"), canary="canary")
PAGES = 12
KEYS = ("Example", "Otter", "Heron", "Lynx", "Plover")


def record(n: int, night: int = 1) -> Record:
    """Record ``n`` as it stands in a night: some repeat one another, in the second some were edited and some deleted."""
    gone = night == 2 and n % 11 == 3
    text = f"Which river is number {n // 9 if n % 9 == 0 else n} on the long list of invented rivers?"
    if night == 2 and n % 13 == 5:
        text += " Think twice."
    return Record(
        source="forum", site="rivers", native_id=f"p{n}", url=f"https://example.org/p/{n}", role="question", text="" if gone else text,
        title="" if gone else f"River {n}", thread_id=f"t{n // 3}", position=n % 3, created_at=START - timedelta(days=400 - n),
        status="deleted" if gone else "live", marks={"score": n + night}, licence="cc-by-4.0", export_class="full",
        attribution=f"poster {n}",
    )  # fmt: skip


def page(number: int, night: int = 1) -> pages.PageResult:
    """Six records, the last two of the page before among them."""
    wanted = range(max(0, number * 4 - 2), number * 4 + 4)
    records = [record(n, night) for n in wanted]
    body = "\n".join(f"{r.native_id} {r.status} {r.text} {r.marks}" for r in records).encode()
    fetched = START + timedelta(days=night, seconds=number)
    return pages.PageResult(
        Page("forum", "rivers", f"https://example.org/list/{number}", 200, {}, body, fetched, cursor={"night": night, "next": number + 1}),
        records,
    )


def judge(records: list[Record]) -> list[Candidate | Refusal]:
    """Of whole threads: every fifth record is refused, and those without text."""
    return [
        Refusal(r.key, "no_text" if not r.text else "fifth", "") if not r.text or int(r.native_id[1:]) % 5 == 4
        else Candidate(r.key, "question", (Message("user", r.text),), "river", "1", target=f"the {KEYS[sum(r.text.encode()) % 5]}",
        licence=r.licence, export_class=r.export_class)
        for r in records
    ]  # fmt: skip


def vector(item_id: str) -> list[float]:
    """Eight numbers that halves hold exactly."""
    return [b / 256 for b in hashlib.sha256(item_id.encode()).digest()[:8]]


def batches(database: Database, night: int, size: int = 6) -> Iterator[list[pages.PageResult]]:
    """The pages that the cursor has not passed, one before them as overlap."""
    with database.reader() as con:
        held = pages.cursor(con, "forum", "rivers") or {"night": 0, "next": 0}
    first = max(0, held["next"] - 1) if held["night"] == night else 0
    found = [page(n, night) for n in range(first, PAGES)]
    for start in range(0, len(found), size):
        yield found[start : start + size]


def harvest(folder: Path, night: int = 1) -> str:
    """One night, from wherever the last attempt ended; returns the run."""
    database = Database(folder, memory_limit="256MB")
    with database.writer():
        with database.transaction() as con:
            run_id = runs.open_run(con, f"night {night}", rules_version="1", dedupe_version="1", encoder=ENCODER)
        for batch in batches(database, night):
            with database.transaction() as con:
                pages.land_batch(con, run_id, batch)
        while judge_some(database, run_id):
            pass
        dedupe(database, run_id)
        with database.transaction() as con:
            runs.finish_source(con, run_id, "forum", "finished")
            ledger.close_run(con, run_id)
        freeze.freeze(database, f"night-{night}", folder / "snapshots", EXPORT)
    return run_id


def judge_some(database: Database, run_id: str) -> bool:
    """Judge up to twelve threads in one transaction; False when none was due."""
    with database.transaction() as con:
        records = [r for thread in pages.unjudged_threads(con, "forum", 12) for r in thread]
        if records:
            items.land_outcomes(con, run_id, "forum", judge(records), records)
    return bool(records)


def dedupe(database: Database, run_id: str) -> None:
    """Embed what has no vector, then decide item by item, twenty in one transaction."""
    with database.transaction() as con:
        waiting = dedupe_queue.queued(con, ENCODER).unembedded
        decisions.save_vectors(con, ENCODER, waiting, np.array([vector(i) for i in waiting], np.float32).reshape(-1, 8))
    fresh = True
    while fresh:
        with database.transaction() as con:
            queue = dedupe_queue.queued(con, ENCODER)
            fresh = bool(some := queue.newcomers[:20])
            for item_id in some:
                known = sorted(i for ids, _ in decisions.canonical_vectors(con, ENCODER) for i in ids)
                decisions.save_decisions(con, run_id, [decide(item_id, known)])
                dedupe_queue.take(con, [item_id])


def decide(item_id: str, known: list[str]) -> Decision:
    """The same as the first canonical item whose id begins alike."""
    same = next((k for k in known if k[0] == item_id[0] and int(k[1], 16) // 8 == int(item_id[1], 16) // 8), None)
    return Decision(item_id, "same" if same else "new", same, 0.5, 0.5, "digits", "first digits", ENCODER)


def main() -> None:
    """Serve. What the store, and pyarrow at its first array, import late is imported once, here."""
    assert DatasetCardData
    assert pandas
    assert pyarrow.compute
    for line in sys.stdin:
        folder, night, label = line.split()
        pid = os.fork()
        if pid == 0:
            if label != "-":
                os.environ["THRESHER_FAILPOINT"] = label
            code = 1
            try:
                harvest(Path(folder), int(night))
                code = 0
            finally:
                os._exit(code)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
