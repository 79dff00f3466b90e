"""Records to outcomes: rules and readers applied to every thread that has something new, or that older ones judged."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from flows.line.landing import BATCH_RECORDS
from flows.line.run import Run
from store import completions, items, pages
from thresher.failpoint import failpoint
from thresher.model import Record
from thresher.readers import judge_threads
from thresher.readers.completion import completed

THREADS_AT_ONCE = 2000


def judge_source(run: Run, source: str) -> None:
    """Judge what is due, a batch of threads in a transaction: killed anywhere, the next run goes on with what is still due."""
    work = run.work
    with work.database.transaction() as con:
        pages.unjudge(con, source, work.judged_by)
    while True:
        with work.database.reader() as con:
            threads = list(pages.unjudged_threads(con, source, THREADS_AT_ONCE))
            given = completions.completions(con)
        if not threads:
            return
        for portion in _portions(threads):
            outcomes, readings = judge_threads(portion, work.rules, work.chain)
            records = [record for thread in portion for record in thread]
            outcomes = [
                completed(record, outcome, readings.get(record.key), given[record.key], work.rules) if record.key in given else outcome
                for record, outcome in zip(records, outcomes, strict=True)
            ]
            failpoint("judging.judged")
            with work.database.transaction() as con:
                items.land_outcomes(con, run.run_id, source, outcomes, records, readings)


def _portions(threads: Sequence[list[Record]]) -> Iterator[list[list[Record]]]:
    """Threads in portions of about BATCH_RECORDS records."""
    sizes = itertools.accumulate(len(thread) for thread in threads)
    for _, portion in itertools.groupby(zip(sizes, threads, strict=True), key=lambda pair: pair[0] // BATCH_RECORDS):
        yield [thread for _, thread in portion]
