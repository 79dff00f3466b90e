"""Landing what was fetched (pages, records, dead letters and the cursor, in one transaction), and handing it on to the rules."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from store import revisions
from store.file.database import Connection
from store.rows import STAMP, dumps, fetch, record_of, run, table
from store.runs import add_counts
from store.verdicts import tombstones
from thresher.failpoint import failpoint
from thresher.model import Dead, Page, Record
from thresher.text import content_hash


@dataclass(frozen=True, slots=True)
class PageResult:
    """A page as it was archived, and what its parser made of it."""

    page: Page
    records: Sequence[Record] = ()
    dead: Sequence[Dead] = ()
    unread: Mapping[str, int] = field(default_factory=dict)
    """Fields that the source does not know, for the report; they are not stored."""
    archive_file: str = ""
    archive_offset: int = 0


@dataclass(frozen=True, slots=True)
class Landed:
    """What a batch brought of one source. Distinct records: ``new`` were not known, ``revised`` had other content, ``unchanged`` had not,
    ``tombstoned`` were refused for ever."""

    pages: int = 0
    new: int = 0
    revised: int = 0
    unchanged: int = 0
    tombstoned: int = 0
    dead: int = 0


def land_batch(con: Connection, run_id: str, batch: Sequence[PageResult]) -> dict[str, Landed]:
    """Land pages of one or more sources and move their cursors; returns what each source brought.

    Must run inside ``Database.transaction()``: rows and cursor are kept together or not at all. Landing the same batch again adds nothing.
    """
    buried = tombstones(con)
    sightings: revisions.Sightings = {}
    refused: dict[str, set[str]] = {}
    for result in batch:
        page_id = _page_id(result.page)
        for record in result.records:
            if buried.cover(record):
                refused.setdefault(record.source, set()).add(record.key)
            else:
                revisions.observe(sightings, record, result.page.fetched_at, page_id)
    counts = revisions.land(con, run_id, sightings)
    failpoint("store.land")
    _land_pages(con, run_id, batch)
    dead = _land_dead(con, run_id, batch)
    _move_cursors(con, run_id, batch)
    landed = {}
    for source in sorted({r.page.source for r in batch}):
        seen = counts.get(source, revisions.Counts())
        pages = sum(r.page.source == source for r in batch)
        landed[source] = Landed(pages, seen.new, seen.revised, seen.unchanged, len(refused.get(source, ())), dead.get(source, 0))
        add_counts(con, run_id, source, pages=pages, added=seen.new, revised=seen.revised, unchanged=seen.unchanged,
                   tombstoned=landed[source].tombstoned, dead=landed[source].dead)  # fmt: skip
    return landed


def unjudged_threads(con: Connection, source: str, limit: int | None = None) -> Iterator[list[Record]]:
    """Whole threads (the latest revision of each record) in which a record was not judged yet, at most ``limit`` threads.

    Give every record of them to ``items.land_outcomes`` with its outcome, then ask again until nothing comes. Memory holds one such batch.
    """
    thread: list[Record] = []
    current = None
    for row in fetch(con, _DUE.format(limit="ALL" if limit is None else int(limit)), [source, source]):
        if thread and row["place"] != current:
            yield thread
            thread = []
        current = row["place"]
        thread.append(record_of(row))
    if thread:
        yield thread


_DUE = """
    WITH due AS (
        SELECT site, coalesce(nullif(thread_id, ''), native_id) AS thread, min(rowid) AS place FROM records
        WHERE source = ? AND is_latest AND judged_by IS NULL GROUP BY 1, 2 ORDER BY place LIMIT {limit}
    ), wanted AS (
        SELECT r.rowid AS id, d.place FROM records r JOIN due d ON r.site = d.site AND coalesce(nullif(r.thread_id, ''), r.native_id) =
        d.thread
        WHERE r.source = ? AND r.is_latest
    )
    SELECT r.* EXCLUDE (content_hash, meta_hash, first_seen, last_seen, page_id, run_id), w.place
    FROM records r JOIN wanted w ON r.rowid = w.id
    ORDER BY w.place, r.position, r.created_at NULLS FIRST, r.native_id"""


def unjudge(con: Connection, source: str, rules_version: str) -> int:
    """Make every record due again that other rules than ``rules_version`` judged; returns how many."""
    return len(
        con.execute(
            "UPDATE records SET judged_by = NULL WHERE source = ? AND is_latest AND judged_by <> ? RETURNING 1", [source, rules_version]
        ).fetchall()
    )


def cursor(con: Connection, source: str, site: str) -> dict[str, Any] | None:
    """How far the site was harvested; None before the first harvest."""
    rows = con.execute("SELECT value FROM cursors WHERE source = ? AND site = ?", [source, site]).fetchall()
    return dict(json.loads(rows[0][0])) if rows else None


def _page_id(page: Page) -> str:
    """One row for each distinct body of an address, however often it is fetched."""
    return content_hash(page.source, page.site, page.url, page.sha256)


_PAGES = {
    **dict.fromkeys(("page_id", "source", "site", "url"), pa.string()),
    "status": pa.int16(), "sha256": pa.string(), "bytes": pa.int64(), "records": pa.int32(), "dead": pa.int32(),
    "first_fetched": STAMP, "last_fetched": STAMP, "archive_file": pa.string(), "archive_offset": pa.int64(), "run_id": pa.string(),
}  # fmt: skip


def _land_pages(con: Connection, run_id: str, batch: Sequence[PageResult]) -> None:
    rows: dict[str, tuple[Any, ...]] = {}
    for r in sorted(batch, key=lambda r: r.page.fetched_at):
        page = r.page
        page_id = _page_id(page)
        first = rows[page_id][9] if page_id in rows else page.fetched_at
        rows[page_id] = (page_id, page.source, page.site, page.url, page.status, page.sha256, len(page.body), len(r.records), len(r.dead),
                         first, page.fetched_at, r.archive_file, r.archive_offset, run_id)  # fmt: skip
    seen = table(_PAGES, rows.values())
    run(
        con,
        """UPDATE pages SET archive_file = CASE WHEN seen.last_fetched >= pages.last_fetched THEN seen.archive_file ELSE
               pages.archive_file END,
                            archive_offset = CASE WHEN seen.last_fetched >= pages.last_fetched THEN seen.archive_offset ELSE
                            pages.archive_offset END,
                            first_fetched = least(pages.first_fetched, seen.first_fetched),
                            last_fetched = greatest(pages.last_fetched, seen.last_fetched), records = seen.records, dead = seen.dead
           FROM seen WHERE pages.page_id = seen.page_id""",
        seen=seen,
    )
    run(con, "INSERT INTO pages BY NAME SELECT * FROM seen ANTI JOIN pages USING (page_id)", seen=seen)


_DEAD = {
    **dict.fromkeys(("source", "site", "native_id", "reason", "detail", "url", "page_id"), pa.string()),
    "first_seen": STAMP,
    "run_id": pa.string(),
}


def _land_dead(con: Connection, run_id: str, batch: Sequence[PageResult]) -> dict[str, int]:
    """Keep each dead letter once; one whose record has landed since is resolved."""
    rows: dict[tuple[str, ...], tuple[Any, ...]] = {}
    for r in sorted(batch, key=lambda r: r.page.fetched_at):
        page = r.page
        for dead in r.dead:
            key = (
                page.source,
                page.site,
                dead.native_id,
                dead.reason,
                "" if dead.native_id else dead.detail,
                "" if dead.native_id else page.url,
            )
            rows.setdefault(
                key,
                (
                    page.source,
                    page.site,
                    dead.native_id,
                    dead.reason,
                    dead.detail[:2000],
                    page.url,
                    _page_id(page),
                    page.fetched_at,
                    run_id,
                ),
            )
    if rows:
        run(
            con,
            """INSERT INTO dead_letters BY NAME SELECT * FROM found WHERE NOT EXISTS (
                   FROM dead_letters d WHERE d.source = found.source AND d.site = found.site AND d.native_id = found.native_id
                   AND d.reason = found.reason AND (found.native_id <> '' OR (d.detail = found.detail AND d.url = found.url)))""",
            found=table(_DEAD, rows.values()),
        )
    run(
        con,
        """UPDATE dead_letters SET resolved = EXISTS (
               FROM records r WHERE r.source = dead_letters.source AND r.site = dead_letters.site AND r.native_id = dead_letters.native_id)
           WHERE native_id <> ''""",
    )
    counts: dict[str, int] = {}
    for source, *_ in rows:
        counts[source] = counts.get(source, 0) + 1
    return counts


def _move_cursors(con: Connection, run_id: str, batch: Sequence[PageResult]) -> None:
    """The cursor of a site becomes that of its last page that has one."""
    last = {(r.page.source, r.page.site): r.page.cursor for r in batch if r.page.cursor is not None}
    for (source, site), value in last.items():
        con.execute("INSERT OR REPLACE INTO cursors VALUES (?, ?, ?, ?)", [source, site, dumps(value), run_id])
