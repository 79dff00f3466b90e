"""The brake on deletions, for every source: how much of a site may vanish in one visit before a person has to look.

A forum that answers 404 to every topic, or an API that gives empty lists, looks like one whose users deleted all. What a site no longer
shows is held back until its visit has ended (``store.vanishing``) and decided here. Each decision stands in the archive's history before it
is carried out, so that a killed run is completed, and a benchmark rebuilt, by the same ones.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path

from flows.line.run import LiveRun
from scrapers.settings import Expect
from store import vanishing
from store.file.database import Connection
from store.pages import PageResult
from store.vanishing import Vanishing
from thresher.archive import history
from thresher.failpoint import failpoint

SETTLED = "settled"
"""The event in the archive's history."""
FEW = 10
"""So many may vanish whatever their share is: small sites delete, too."""
NOTHING_LEFT = 3
"""From so many records on, a site of which nothing at all would be left is not believed."""
MANY, MOSTLY = 50, 0.5
"""More than so many, and more than this share of what the visit looked at: a visit sees only a small part of a large site that is down."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """What was decided of a site's deletions up to a moment of observation."""

    source: str
    site: str
    up_to: datetime
    carried_out: bool
    whole: bool


def holds(vanished: Vanishing, max_share: float) -> bool:
    """Whether so much vanished that nothing is to be deleted."""
    count, live = vanished.vanished, vanished.live
    too_many = count > max(FEW, max_share * live)
    nothing_left = count >= max(NOTHING_LEFT, live)
    mostly = count > max(MANY, MOSTLY * (vanished.shown + count))
    return max_share < 1 and (too_many or nothing_left or mostly)


def settle_site(run: LiveRun, source: str, site: str, expect: Expect, *, whole: bool = True, command: str = "harvest") -> str:
    """Carry out the deletions of a site's visit, or none of them; then the alarm, which says what to do. ``whole`` is false for a visit
    that a limit cut short: what vanished in it counts for the next one too. ``command`` is what asks again."""
    up_to = run.clock.tick()
    with run.work.database.reader() as con:
        seen = vanishing.measure(con, source, site, up_to)
    if not seen.vanished:
        return ""
    held = bool(seen.pending) and not run.accept_deletions and holds(seen, expect.max_vanished_share)
    settlement = Settlement(source, site, up_to, not held, whole)
    with run.work.database.transaction() as con:
        _note(run, settlement)
        failpoint("brake.noted")
        apply(con, run.run_id, settlement)
    failpoint("brake.settled")
    if not held:
        return ""
    return (
        f"{seen.vanished} of {seen.live} records are not shown any more, which is more than [expect] max_vanished_share = "
        f"{expect.max_vanished_share} lets go in one visit: nothing was deleted, and the next visit asks again. Look at the site; if they "
        f"are really gone, run `thresher {command} {source} --accept-deletions`"
    )


def _note(run: LiveRun, settlement: Settlement) -> None:
    history.note(
        run.work.archive, run.run_id, SETTLED, source=settlement.source, site=settlement.site, up_to=settlement.up_to.isoformat(),
        carried_out=settlement.carried_out, whole=settlement.whole,
    )  # fmt: skip


def apply(con: Connection, run_id: str, settlement: Settlement) -> None:
    """Do what was decided, unless it is done."""
    source, site, up_to = settlement.source, settlement.site, settlement.up_to
    if vanishing.is_settled(con, source, site, up_to):
        return
    if settlement.carried_out:
        vanishing.carry_out(con, run_id, source, site, up_to=up_to, whole=settlement.whole)
    else:
        vanishing.let_go(con, source, site, up_to=up_to)


def settlements(archive: Path) -> dict[str, list[Settlement]]:
    """What each run decided, in order; a run that decided nothing is not in it."""
    by_run: dict[str, list[Settlement]] = {}
    for e in history.events(archive):
        if e["event"] == SETTLED:
            settled = Settlement(e["source"], e["site"], datetime.fromisoformat(e["up_to"]), bool(e["carried_out"]), bool(e["whole"]))
            by_run.setdefault(e["run_id"], []).append(settled)
    return {run_id: sorted(decided, key=lambda settlement: settlement.up_to) for run_id, decided in by_run.items()}


def in_order(results: Iterable[PageResult], decided: Sequence[Settlement]) -> Iterator[Iterator[PageResult] | Settlement]:
    """The pages of an archive file, in portions between which its run decided on deletions, and those decisions."""
    moments = [settlement.up_to for settlement in decided]
    done = 0
    for passed, portion in groupby(results, key=lambda result: bisect_left(moments, result.page.fetched_at)):
        while done < passed:
            yield decided[done]
            done += 1
        yield portion
    yield from decided[done:]
