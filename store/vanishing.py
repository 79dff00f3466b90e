"""Deletions, held back until the visit of their site has ended: one that is down or has locked us out looks like one that deleted all.

``withhold`` takes them out of what a batch saw; ``measure`` says how many there are beside how much the site has; then ``carry_out``
lands them, or ``let_go`` forgets them and puts the site's cursor back, so that the next visit asks again. What is held back does not
depend on how pages are cut into batches: a rebuild holds back the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pyarrow as pa

from store import revisions
from store.file.database import Connection
from store.revisions import Revision, Sightings
from store.rows import GONE, RECORD_SCHEMA, STAMP, RecordRow, fetch, keys, record_of, run, table
from store.runs import add_counts
from thresher.model import Page

THREAD_GONE = "thread_gone"
"""The mark of a record with which its whole thread vanished."""
_HELD = {
    **RECORD_SCHEMA, "content_hash": pa.string(), "meta_hash": pa.string(), "first_seen": STAMP, "last_seen": STAMP, "page_id": pa.string(),
}  # fmt: skip
_LIVE = f"is_latest AND status NOT IN ({', '.join(repr(status) for status in sorted(GONE))})"
_OF_THE_SITE = "source = ? AND site = ? AND last_seen <= ?"


@dataclass(frozen=True, slots=True)
class Vanishing:
    """What a site no longer shows: ``vanished`` records (those of earlier visits that were cut short among them) of ``live``, and how many
    others the visit was ``shown``. ``pending`` are those to decide on."""

    pending: int
    vanished: int
    live: int
    shown: int


def begin_visits(con: Connection, pages: Sequence[tuple[Page, str]]) -> None:
    """Remember where each site stood before the first page of a visit, told by (page, archive file). Before the cursors move."""
    first: dict[tuple[str, str], tuple[Page, str]] = {}
    for page, file in pages:
        first.setdefault((page.source, page.site), (page, file))
    for (source, site), (page, file) in first.items():
        rows = con.execute("SELECT archive_file, whole FROM visits WHERE source = ? AND site = ?", [source, site]).fetchall()
        if rows and rows[0][0] == file:
            continue
        since = "(SELECT value FROM cursors c WHERE c.source = ? AND c.site = ?)"
        if not rows:
            begun = [source, site, file, page.fetched_at, source, site]
            con.execute(f"INSERT INTO visits SELECT ?, ?, ?, ?, {since}, 0, false, NULL", begun)
            continue
        con.execute(
            f"""UPDATE visits SET archive_file = ?,
                    begun = if(undecided, begun, ?), since = if(undecided, since, {since}),
                    vanished = if(whole, 0, vanished), whole = false
                FROM (SELECT count(*) > 0 AS undecided FROM vanished v WHERE v.source = ? AND v.site = ?)
                WHERE visits.source = ? AND visits.site = ?""",
            [file, page.fetched_at, source, site, source, site, source, site],
        )


def withhold(con: Connection, sightings: Sightings) -> None:
    """Take out of ``sightings`` what would delete a record that the site showed before, and put back in what it shows again since."""
    _with_their_threads(con, sightings)
    gone = [key for key, seen in sightings.items() if any(r.status in GONE for r in seen.values())]
    stored = _held(con, sightings)
    shown_at = _shown_at(con, gone)
    held: list[Revision] = []
    for key, seen in sightings.items():
        moments = [shown_at[key]] if key in shown_at else []
        live = max([*moments, *(r.last_seen for r in seen.values() if r.status not in GONE)], default=None)
        earlier = stored.pop(key, {})
        for content in [content for content, r in seen.items() if r.status in GONE and live is not None and r.last_seen >= live]:
            now = seen.pop(content)
            before = earlier.pop(content, None)
            held.append(replace(now, first_seen=before.first_seen, page_id=before.page_id) if before else now)
        for content, before in earlier.items():
            if live is not None and before.last_seen >= live:
                held.append(before)
            else:
                seen.setdefault(content, before)
    for key in [key for key, seen in sightings.items() if not seen]:
        del sightings[key]
    _hold(con, held)


def _with_their_threads(con: Connection, sightings: Sightings) -> None:
    """Where a thread as a whole is not shown any more, neither is any record of it."""
    heads = [
        revision for seen in sightings.values() for revision in seen.values()
        if revision.row is not None and revision.status in GONE and f'"{THREAD_GONE}":true' in revision.row.marks
    ]  # fmt: skip
    if not heads:
        return
    threads = {(r.row.source, r.row.site, r.row.thread_id): r for r in heads if r.row is not None}
    given = table({"source": pa.string(), "site": pa.string(), "thread_id": pa.string()}, threads)
    stored = fetch(con, f"SELECT r.* FROM records r SEMI JOIN given USING (source, site, thread_id) WHERE {_LIVE}", given=given)
    rows: list[Mapping[str, Any]] = [*stored]
    rows += [r.row._asdict() for seen in sightings.values() for r in seen.values() if r.row is not None and r.status not in GONE]
    for row in rows:
        head = threads.get((row["source"], row["site"], row["thread_id"]))
        if head is not None and row["record_key"] not in {r.row.record_key for r in heads if r.row is not None}:
            member = replace(record_of(row), status="gone", marks={THREAD_GONE: True}, edited_at=None)
            revisions.observe(sightings, member, head.last_seen, head.page_id)


def _shown_at(con: Connection, record_keys: Sequence[str]) -> dict[str, datetime]:
    """When records that stand as shown were last seen."""
    if not record_keys:
        return {}
    rows = fetch(con, f"SELECT record_key, last_seen FROM records SEMI JOIN gone USING (record_key) WHERE {_LIVE}",
                 gone=keys("record_key", record_keys))  # fmt: skip
    return {row["record_key"]: row["last_seen"] for row in rows}


def _held(con: Connection, record_keys: Iterable[str]) -> dict[str, dict[str, Revision]]:
    """Take what is held back of these records out of the table."""
    if not con.execute("SELECT 1 FROM vanished LIMIT 1").fetchall():
        return {}
    given = keys("record_key", record_keys)
    held: dict[str, dict[str, Revision]] = {}
    for row in fetch(con, "SELECT v.* FROM vanished v SEMI JOIN given USING (record_key)", given=given):
        held.setdefault(row["record_key"], {})[row["content_hash"]] = _revision(row)
    run(con, "DELETE FROM vanished USING given WHERE vanished.record_key = given.record_key", given=given)
    return held


def _revision(row: Mapping[str, Any]) -> Revision:
    kept = RecordRow._make([row[name] for name in RecordRow._fields])
    edited = row["edited_at"] or revisions.NEVER
    return Revision(row["content_hash"], row["meta_hash"], row["first_seen"], row["last_seen"], edited, row["status"], row["page_id"], kept)


def _hold(con: Connection, held: Sequence[Revision]) -> None:
    if held:
        rows = [(*r.row, r.content, r.meta, r.first_seen, r.last_seen, r.page_id) for r in held if r.row is not None]
        run(con, "INSERT INTO vanished BY NAME SELECT * FROM held", held=table(_HELD, rows))


def measure(con: Connection, source: str, site: str, up_to: datetime) -> Vanishing:
    """What the visits of a site that are not decided yet no longer showed."""
    rows = con.execute("SELECT vanished, whole, begun FROM visits WHERE source = ? AND site = ?", [source, site]).fetchall()
    before, begun = (0 if rows[0][1] else int(rows[0][0]), rows[0][2]) if rows else (0, up_to)
    pending = _count(con, f"SELECT count(DISTINCT record_key) FROM vanished WHERE {_OF_THE_SITE}", source, site, up_to)
    if not pending + before:
        return Vanishing(0, 0, 0, 0)
    live = _count(con, f"SELECT count(*) FROM records WHERE source = ? AND site = ? AND {_LIVE}", source, site)
    shown = f"SELECT count(*) FROM records WHERE source = ? AND site = ? AND last_seen >= ? AND {_LIVE}"
    held = "AND record_key NOT IN (SELECT record_key FROM vanished)"
    return Vanishing(pending, pending + before, live + before, _count(con, f"{shown} {held}", source, site, begun))


def _count(con: Connection, sql: str, *parameters: object) -> int:
    return int(con.execute(sql, list(parameters)).fetchall()[0][0])


def is_settled(con: Connection, source: str, site: str, up_to: datetime) -> bool:
    """Whether this was decided before: a decision that is read from the archive's history is carried out once."""
    return bool(_count(con, "SELECT count(*) FROM visits WHERE source = ? AND site = ? AND settled_at >= ?", source, site, up_to))


def carry_out(con: Connection, run_id: str, source: str, site: str, *, up_to: datetime, whole: bool) -> None:
    """Delete what the site no longer shows. ``whole``: its visit came to its end; otherwise the next one counts these records too."""
    held: Sightings = {}
    for row in fetch(con, f"SELECT * FROM vanished WHERE {_OF_THE_SITE}", [source, site, up_to]):
        held.setdefault(row["record_key"], {})[row["content_hash"]] = _revision(row)
    con.execute(f"DELETE FROM vanished WHERE {_OF_THE_SITE}", [source, site, up_to])
    for name, counts in revisions.land(con, run_id, held).items():
        add_counts(con, run_id, name, revised=counts.revised)
    con.execute(
        "UPDATE visits SET vanished = vanished + ?, whole = ?, settled_at = ? WHERE source = ? AND site = ?",
        [len(held), whole, up_to, source, site],
    )


def let_go(con: Connection, source: str, site: str, *, up_to: datetime) -> None:
    """Delete nothing, and put the site's cursor back to where it was before: the next visit asks for all of this again."""
    con.execute(f"DELETE FROM vanished WHERE {_OF_THE_SITE}", [source, site, up_to])
    con.execute("DELETE FROM cursors WHERE source = ? AND site = ? AND EXISTS (FROM visits v WHERE v.source = cursors.source "
                "AND v.site = cursors.site AND v.since IS NULL)", [source, site])  # fmt: skip
    con.execute("UPDATE cursors SET value = v.since FROM visits v WHERE v.source = cursors.source AND v.site = cursors.site "
                "AND v.since IS NOT NULL AND v.source = ? AND v.site = ?", [source, site])  # fmt: skip
    con.execute("UPDATE visits SET settled_at = ? WHERE source = ? AND site = ?", [up_to, source, site])
