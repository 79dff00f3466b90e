"""Posts of a file read without a benchmark: what would become of each, and why. Shares its reading with the source ``posts``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from flows.line.judging import judge_with_pictures
from flows.line.viewing import Viewer
from scrapers import posts
from thresher.model import Candidate, Dead, Lead, Reading, Record, Refusal
from thresher.pictures.transcript import FROM_PICTURE
from thresher.readers import Chain, judge_threads
from thresher.redaction.records import private
from thresher.rules import LEADS, Rules
from thresher.rules.quotations import unquoted

Outcome = Candidate | Lead | Refusal


@dataclass(frozen=True, slots=True)
class Read:
    """One row of the file; ``record`` and ``outcome`` are None where it could not be read, and ``unread`` says why."""

    native_id: str
    record: Record | None = None
    outcome: Outcome | None = None
    reading: Reading | None = None
    unread: str = ""
    pictures: tuple[str, ...] = ()
    """Files, addresses or ``data:`` that the row names."""

    @property
    def verdict(self) -> str:
        """``item``, ``lead`` or ``refused``."""
        if isinstance(self.outcome, Candidate):
            return "item"
        without_readers = isinstance(self.outcome, Refusal) and self.reading is None and self.outcome.reason in LEADS
        return "lead" if isinstance(self.outcome, Lead) or without_readers else "refused"

    def row(self) -> dict[str, object]:
        """What ``thresher read`` prints of it, JSON-ready."""
        made = self.outcome if isinstance(self.outcome, Candidate) else None
        claim = made.claim if made else None
        lead = self.outcome if isinstance(self.outcome, Lead) else None
        return {
            "id": self.native_id,
            "outcome": self.verdict,
            "reason": made.rule if made else self.outcome.reason if isinstance(self.outcome, Lead | Refusal) else self.unread,
            "fails": self.reading.fails if self.reading else None,
            "prompt": unquoted(claim.prompt.text)
            if claim and claim.prompt
            else made.messages[-1].content
            if made
            else unquoted(lead.prompt.text)
            if lead and lead.prompt
            else None,
            "response": made.failing[0].text if made and made.failing else None,
            "model": claim.model.text if claim and claim.model else lead.model or None if lead else None,
            "tier": made.tier if made else None,
            "kind": (self.reading.kind or None) if self.reading else None,
            "missing": (self.reading.missing or None) if self.reading else None,
            "reader": f"{self.reading.reader}-{self.reading.version}" if self.reading else "rules",
            **({FROM_PICTURE: True} if claim and claim.pictures else {}),
        }


def read_posts(path: Path, rules: Rules, chain: Chain | None, viewer: Viewer | None = None, only: str = "") -> Iterator[Read]:
    """One Read for each row, in the order of the file; the records of a thread are judged together, wherever in the file they stand. With a
    ``viewer`` the pictures that rows name are read with them; with ``only`` just that post's thread is read, and that post given.

    UsageError where the file cannot be read, or has no column that looks like a text.
    """
    rows = [_read(row) for page in posts.read(path, posts.Site(name="posts")) for row in posts.rows(page)]
    threads: dict[tuple[str, str], list[int]] = {}
    for place, row in enumerate(rows):
        if row.record is not None:
            threads.setdefault((row.record.site, row.record.thread_id or f"alone {place}"), []).append(place)
    if only:
        threads = {name: places for name, places in threads.items() if any(rows[place].native_id == only for place in places)}
    together = [[record for place in places if (record := rows[place].record) is not None] for places in threads.values()]
    outcomes, readings = _judged(together, rules, chain, viewer, {r.record.key: r.pictures for r in rows if r.record and r.pictures})
    by_place = dict(zip((place for places in threads.values() for place in places), outcomes, strict=True))
    for place, row in enumerate(rows):
        if only and row.native_id != only:
            continue
        reading = readings.get(row.record.key) if row.record else None
        yield replace(row, outcome=by_place.get(place), reading=reading)


def _judged(
    threads: list[list[Record]], rules: Rules, chain: Chain | None, viewer: Viewer | None, named: Mapping[str, Sequence[str]]
) -> tuple[list[Outcome], dict[str, Reading]]:
    if viewer is None or not named:
        return judge_threads(threads, rules, chain)
    shown = {key: viewer.look(key, addresses) for key, addresses in named.items()}
    return judge_with_pictures(threads, shown, rules, chain, viewer.witness)


def _read(row: posts.Row) -> Read:
    if isinstance(row.part, Dead):
        return Read(row.part.native_id, unread=row.part.reason)
    return Read(row.part.native_id, private(row.part, ""), pictures=row.pictures)
