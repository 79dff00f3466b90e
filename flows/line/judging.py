"""Records to outcomes: rules and readers applied to every thread that has something new, or that older ones judged."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

from flows.line.landing import BATCH_RECORDS
from flows.line.run import Run
from store import completions, items, pages, pictures
from thresher.failpoint import failpoint
from thresher.model import Candidate, Lead, Picture, Reading, Record, Refusal
from thresher.pictures.transcript import placed, settled, with_pictures
from thresher.readers import Chain, judge_threads
from thresher.readers.completion import completed
from thresher.rules import Rules

Outcome = Candidate | Lead | Refusal

THREADS_AT_ONCE = 2000


def judge_source(run: Run, source: str) -> None:
    """Judge what is due, a batch of threads in a transaction: killed anywhere, the next run goes on with what is still due."""
    work = run.work
    with work.database.transaction() as con:
        pages.unjudge(con, source, work.judged_by)
        pages.unjudge_held(con, source, run.run_id)
        given = completions.completions(con)
    while True:
        with work.database.reader() as con:
            threads = list(pages.unjudged_threads(con, source, THREADS_AT_ONCE))
        if not threads:
            return
        for portion in _portions(threads):
            records = [record for thread in portion for record in thread]
            with work.database.reader() as con:
                shown = pictures.of(con, [record.key for record in records])
            outcomes, readings = judge_with_pictures(portion, shown, work.rules, work.chain, work.settings.pictures.witness)
            outcomes = [
                completed(record, outcome, readings.get(record.key), given[record.key], work.rules) if record.key in given else outcome
                for record, outcome in zip(records, outcomes, strict=True)
            ]
            failpoint("judging.judged")
            with work.database.transaction() as con:
                items.land_outcomes(con, run.run_id, source, outcomes, records, readings)


def judge_with_pictures(
    threads: Sequence[Sequence[Record]], shown: Mapping[str, Sequence[Picture]], rules: Rules, chain: Chain | None, witness: float
) -> tuple[list[Outcome], dict[str, Reading]]:
    """As ``judge_threads``, each record read together with what its pictures say. An answer that OCR read with less confidence than
    ``witness`` is no evidence."""
    if not shown:
        return judge_threads(threads, rules, chain)
    whole = [[with_pictures(record, shown.get(record.key, ())) for record in thread] for thread in threads]
    outcomes, readings = judge_threads(whole, rules, chain)
    records = {record.key: record for thread in threads for record in thread}
    return (
        [settled(o, records[o.record_key], shown.get(o.record_key, ()), witness) for o in outcomes],
        {key: placed(reading, records[key], shown.get(key, ())) for key, reading in readings.items()},
    )


def _portions(threads: Sequence[list[Record]]) -> Iterator[list[list[Record]]]:
    """Threads in portions of about BATCH_RECORDS records."""
    sizes = itertools.accumulate(len(thread) for thread in threads)
    for _, portion in itertools.groupby(zip(sizes, threads, strict=True), key=lambda pair: pair[0] // BATCH_RECORDS):
        yield [thread for _, thread in portion]
