"""Revisions of records: which distinct contents a record had, in which order, and which one stands.

A revision is a distinct content of a record, numbered by when it was first seen; the latest is the one seen last. So the table depends
on what was seen and when, not on the order in which pages are landed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pyarrow as pa

from store import removal
from store.file.database import Connection
from store.rows import GONE, META, RECORD_SCHEMA, STAMP, TEXT, RecordRow, arrow_schema, fetch, keys, record_row, run, table, without_text
from thresher.model import Record

NEVER = datetime.min.replace(tzinfo=UTC)
"""In the place of a moment that is not known."""
_JUDGED_ON = ("role", "thread_id", "parent_id", "language", "licence", "export_class", "attribution")
"""Columns beside the content at which the rules look, or which travel to the report: a change of these makes a record due again."""


class Place(NamedTuple):
    """Where a revision stands among those of its record."""

    revision: int
    is_latest: bool
    judged_by: str | None
    blanked: bool
    first_seen: datetime
    last_seen: datetime


class _Named(NamedTuple):
    """One revision."""

    record_key: str
    content_hash: str


_PLACE = arrow_schema(Place)
_NAMED = arrow_schema(_Named)
_NEW = {**RECORD_SCHEMA, "content_hash": pa.string(), "meta_hash": pa.string(), **_PLACE, "page_id": pa.string(), "run_id": pa.string()}


@dataclass(slots=True)
class Revision:
    """One content of one record, as stored (``stored``), as seen now (``row``), or both."""

    content: str
    meta: str
    first_seen: datetime
    last_seen: datetime
    edited_at: datetime
    status: str
    page_id: str = ""
    row: RecordRow | None = None
    stored: Mapping[str, Any] | None = None
    blanked: bool = False
    emptied: bool = False
    """The row is one of which the archive keeps no text."""


@dataclass(slots=True)
class Counts:
    """Distinct records of one source in a batch."""

    new: int = 0
    revised: int = 0
    unchanged: int = 0


Sightings = dict[str, dict[str, Revision]]
"""By record key, then by content hash."""


def observe(sightings: Sightings, record: Record, fetched_at: datetime, page_id: str) -> None:
    """Take one sighting of a record into what a batch saw."""
    row, hashes = record_row(record)
    edited = row.edited_at or NEVER
    revisions = sightings.setdefault(row.record_key, {})
    seen = revisions.get(hashes.content)
    if seen is None:
        revisions[hashes.content] = Revision(hashes.content, hashes.meta, fetched_at, fetched_at, edited, row.status, page_id, row)
        return
    if (fetched_at, hashes.meta) > (seen.last_seen, seen.meta):
        seen.row, seen.meta, seen.edited_at, seen.emptied = row, hashes.meta, edited, False
    if (fetched_at, page_id) < (seen.first_seen, seen.page_id):
        seen.page_id = page_id
    seen.first_seen, seen.last_seen = min(seen.first_seen, fetched_at), max(seen.last_seen, fetched_at)


class Emptied(NamedTuple):
    """A revision whose text left the archive: its row without text, and the hashes that it had."""

    row: RecordRow
    content: str
    meta: str


def observe_emptied(sightings: Sightings, emptied: Emptied, fetched_at: datetime, page_id: str) -> None:
    """Take a sighting of a record that has no text any more. Where the same content was seen with its text, that one counts."""
    row, content, meta = emptied
    seen = sightings.setdefault(row.record_key, {}).get(content)
    if seen is None:
        edited = row.edited_at or NEVER
        sightings[row.record_key][content] = Revision(content, meta, fetched_at, fetched_at, edited, row.status, page_id, row, emptied=True)
        return
    seen.first_seen, seen.last_seen = min(seen.first_seen, fetched_at), max(seen.last_seen, fetched_at)


def land(con: Connection, run_id: str, sightings: Sightings) -> dict[str, Counts]:
    """Bring the records table to what the sightings say; returns counts by source. What a source deleted loses its text at once."""
    changes = _Changes(run_id)
    counts: dict[str, Counts] = {}
    stored = _stored(con, sightings)
    for key, seen in sightings.items():
        before = stored.get(key, {})
        count = counts.setdefault(key.partition(":")[0], Counts())
        if not before:
            count.new += 1
        elif seen.keys() <= before.keys():
            count.unchanged += 1
        else:
            count.revised += 1
        changes.take(key, _join(before, seen))
    changes.write(con)
    removal.blank_records(con, changes.emptied)
    return counts


def _stored(con: Connection, sightings: Sightings) -> dict[str, dict[str, Revision]]:
    rows = fetch(
        con,
        # by rowid first: the columns are then read only where a record of the batch stands, which is mostly one place of the table
        f"""WITH places AS MATERIALIZED (SELECT rowid AS place FROM records SEMI JOIN seen USING (record_key))
            SELECT record_key, content_hash, meta_hash, {", ".join(Place._fields)}, edited_at, status, {", ".join(_JUDGED_ON)}
            FROM records r JOIN places ON r.rowid = places.place""",
        seen=keys("record_key", sightings),
    )
    revisions: dict[str, dict[str, Revision]] = {}
    for row in rows:
        revisions.setdefault(row["record_key"], {})[row["content_hash"]] = Revision(
            content=row["content_hash"], meta=row["meta_hash"], first_seen=row["first_seen"], last_seen=row["last_seen"],
            edited_at=row["edited_at"] or NEVER, status=row["status"], stored=row, blanked=row["blanked"],
        )  # fmt: skip
    return revisions


def _join(stored: dict[str, Revision], seen: dict[str, Revision]) -> list[Revision]:
    """All revisions of one record, oldest first."""
    joined = dict(stored)
    for content, now in seen.items():
        old = stored.get(content)
        if old is None:
            joined[content] = now
            continue
        is_newer = (now.last_seen, now.meta) > (old.last_seen, old.meta) and (now.meta != old.meta or old.blanked)
        if is_newer and (old.blanked or not now.emptied):
            old.row, old.meta, old.edited_at, old.emptied = now.row, now.meta, now.edited_at, now.emptied
        old.first_seen, old.last_seen = min(old.first_seen, now.first_seen), max(old.last_seen, now.last_seen)
    return sorted(joined.values(), key=lambda r: (r.first_seen, r.edited_at, r.content))


class _Changes:
    """What has to be written, gathered for a few bulk statements."""

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._inserted: list[tuple[Any, ...]] = []
        self._touched: list[tuple[str, str, datetime]] = []
        self._moved: list[tuple[Any, ...]] = []
        self._rewritten: list[tuple[Any, ...]] = []
        self._overtaken: list[tuple[str, str]] = []
        self.emptied: list[str] = []

    def take(self, key: str, revisions: list[Revision]) -> None:
        """Number the revisions of one record, choose its latest, and note what differs from what is stored."""
        latest = max(revisions, key=lambda r: (r.last_seen, r.status in GONE, r.edited_at, r.content))
        gone_at = max((r.last_seen for r in revisions if r.status in GONE), default=NEVER)
        for number, revision in enumerate(revisions, 1):
            empty = revision.status in GONE or revision.last_seen < gone_at or revision.emptied
            self._place(key, revision, number, revision is latest, empty)
        if latest.status in GONE and not all(r.blanked and r.stored is not None for r in revisions):
            self.emptied.append(key)

    def _place(self, key: str, revision: Revision, number: int, latest: bool, empty: bool) -> None:
        """``empty``: the source took the record away after this revision was last seen."""
        stored = revision.stored
        row = without_text(revision.row) if empty and revision.row is not None else revision.row
        if stored is None:
            assert row is not None
            place = Place(number, latest, None, empty, revision.first_seen, revision.last_seen)
            self._inserted.append((*row, revision.content, revision.meta, *place, revision.page_id, self._run_id))
            return
        judged_by = stored["judged_by"] if stored["is_latest"] or not latest else None
        blanked = stored["blanked"]
        if row is not None:
            if (blanked and not empty) or any(getattr(row, name) != stored[name] for name in _JUDGED_ON):
                judged_by = None
            blanked = empty
            self._rewritten.append((*row, revision.content, revision.meta))
        elif empty and not blanked:
            blanked = True
            self._overtaken.append((key, revision.content))
        place = Place(number, latest, judged_by, blanked, revision.first_seen, revision.last_seen)
        if any(stored[name] != value for name, value in place._asdict().items() if name != "last_seen"):
            self._moved.append((key, revision.content, *place))
        elif revision.last_seen != stored["last_seen"]:
            self._touched.append((key, revision.content, revision.last_seen))

    def write(self, con: Connection) -> None:
        """The bulk statements."""
        if self._rewritten:
            changed = table({**RECORD_SCHEMA, "content_hash": pa.string(), "meta_hash": pa.string()}, self._rewritten)
            _update(con, (*META, *TEXT, "meta_hash"), changed)
        if self._moved:
            moved = table({**_NAMED, **_PLACE}, self._moved)
            _update(con, Place._fields, moved)
            self._renumber_outcomes(con, moved)
        if self._touched:
            _update(con, ("last_seen",), table({**_NAMED, "last_seen": STAMP}, self._touched))
        if self._inserted:
            run(con, "INSERT INTO records BY NAME SELECT * FROM inserted", inserted=table(_NEW, self._inserted))
        if self._overtaken:
            removal.blank_revisions(con, self._overtaken)

    def _renumber_outcomes(self, con: Connection, moved: pa.Table) -> None:
        """A page of an earlier night that lands late shifts the numbers; what was said of the latest revision follows it."""
        for outcome in ("reports", "refusals"):
            run(
                con,
                f"""UPDATE {outcome} SET revision = r.revision FROM records r SEMI JOIN moved USING (record_key)
                    WHERE {outcome}.record_key = r.record_key AND {outcome}.revision <> r.revision
                      AND r.is_latest AND r.judged_by IS NOT NULL""",
                moved=moved,
            )


def _update(con: Connection, columns: Sequence[str], given: pa.Table) -> None:
    """Set columns of the revisions that are named in ``given``."""
    sets = ", ".join(f"{c} = given.{c}" for c in columns)
    where = "records.record_key = given.record_key AND records.content_hash = given.content_hash"
    run(con, f"UPDATE records SET {sets} FROM given WHERE {where}", given=given)
