"""Landing what was fetched (pages, records, dead letters and the cursor, in one transaction), and handing it on to the rules."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import pyarrow as pa

from store import pictures, purging, revisions, vanishing
from store.file.database import Connection
from store.revisions import Emptied
from store.rows import arrow_schema, dumps, fetch, record_of, run, table
from store.runs import add_counts
from store.verdicts import Tombstones, tombstones
from thresher.errors import StoreError
from thresher.failpoint import failpoint
from thresher.model import CLEANED, PICTURE_OF, Dead, Page, Picture, Record
from thresher.text import content_hash


@dataclass(frozen=True, slots=True)
class PageResult:
    """A page as it was archived, and what its parser made of it."""

    page: Page
    records: Sequence[Record] = ()
    dead: Sequence[Dead] = ()
    emptied: Sequence[Emptied] = ()
    """Records of which the archive keeps no more than that they were there."""
    picture: Picture | None = None
    """What the page is, where it is a picture of a post."""
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


def land_batch(con: Connection, run_id: str, batch: Sequence[PageResult], *, brake: bool = False) -> dict[str, Landed]:
    """Land pages of one or more sources and move their cursors; returns what each source brought.

    Must run inside ``Database.transaction()``: rows and cursor are kept together or not at all. Landing the same batch again adds nothing.
    With ``brake``, deletions are held back until ``vanishing`` is told what is to become of them; without, they are carried out at once.
    """
    buried = tombstones(con)
    sightings: revisions.Sightings = {}
    refused: dict[str, dict[str, tuple[Record, datetime]]] = {}
    for result in batch:
        page_id = page_id_of(result.page)
        for record in result.records:
            if buried.cover(record):
                refused.setdefault(record.source, {}).setdefault(record.key, (record, result.page.fetched_at))
            else:
                revisions.observe(sightings, record, result.page.fetched_at, page_id)
        for emptied in result.emptied:
            if not buried.cover_key(emptied.row.record_key):
                revisions.observe_emptied(sightings, emptied, result.page.fetched_at, page_id)
    purging.ask_again(con, [sighting for of_source in refused.values() for sighting in of_source.values()])
    if brake:
        # a picture is no visit of its site: it is asked for when that is over
        visits = [(result.page, result.archive_file) for result in batch if PICTURE_OF not in result.page.context]
        vanishing.begin_visits(con, visits)
        vanishing.withhold(con, sightings)
    counts = revisions.land(con, run_id, sightings)
    purging.ask_told_again(con, _told_of_deletions(batch, buried))
    failpoint("store.land")
    _land_pages(con, run_id, batch)
    pictures.land(con, run_id, [(r.picture, r.page, page_id_of(r.page)) for r in batch if r.picture is not None])
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


def _told_of_deletions(batch: Sequence[PageResult], buried: Tombstones) -> list[tuple[Record, datetime]]:
    """Records that pages say were deleted, with when; of pages that are as they came."""
    return [
        (record, result.page.fetched_at)
        for result in batch
        if CLEANED not in result.page.context
        for record in result.records
        if record.status in purging.TOLD and not buried.cover(record)
    ]


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
        SELECT r.rowid AS id, d.place
        FROM records r JOIN due d ON r.site = d.site AND coalesce(nullif(r.thread_id, ''), r.native_id) = d.thread
        WHERE r.source = ? AND r.is_latest
    )
    SELECT r.* EXCLUDE (content_hash, meta_hash, first_seen, last_seen, page_id, run_id), w.place
    FROM records r JOIN wanted w ON r.rowid = w.id
    ORDER BY w.place, r.position, r.created_at NULLS FIRST, r.native_id"""


def latest(con: Connection, record_key: str) -> Record:
    """The latest revision of a record. StoreError where there is none."""
    sql = """SELECT * EXCLUDE (content_hash, meta_hash, first_seen, last_seen, page_id, run_id) FROM records
             WHERE record_key = ? AND is_latest"""
    rows = list(fetch(con, sql, [record_key]))
    if not rows:
        raise StoreError(f"there is no record {record_key!r}")
    return record_of(rows[0])


def unjudged_sources(con: Connection) -> list[str]:
    """Sources with records that wait to be judged, sorted."""
    return [
        row[0] for row in con.execute("SELECT DISTINCT source FROM records WHERE is_latest AND judged_by IS NULL ORDER BY 1").fetchall()
    ]


def last_offsets(con: Connection, archive_file: str) -> dict[tuple[str, str], int]:
    """The last place of each (source, site) in an archive file that is in the database: a site's pages land in the order of the file.

    Not by source: where one site's batch could not be committed (a full disk), the next site's still may have been.
    """
    rows = con.execute("SELECT source, site, max(archive_offset) FROM pages WHERE archive_file = ? GROUP BY ALL", [archive_file]).fetchall()
    return {(source, site): offset for source, site, offset in rows}


def unjudge_held(con: Connection, source: str, run_id: str) -> int:
    """Make every record due again for which a reader that was to be asked gave nothing in an earlier run; returns how many."""
    return len(
        con.execute(
            """UPDATE records SET judged_by = NULL WHERE source = ? AND is_latest AND judged_by IS NOT NULL AND record_key IN (
                   SELECT record_key FROM readings WHERE held IN ('silent', 'over_budget', 'unavailable') AND run_id <> ?) RETURNING 1""",
            [source, run_id],
        ).fetchall()
    )


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


def page_id_of(page: Page) -> str:
    """One row for each distinct body of an address, however often it is fetched."""
    return content_hash(page.source, page.site, page.url, page.first_sha256)


class PageRow(NamedTuple):
    """The columns of a page."""

    page_id: str
    source: str
    site: str
    url: str
    status: int
    sha256: str
    bytes: int
    records: int
    dead: int
    first_fetched: datetime
    last_fetched: datetime
    archive_file: str
    archive_offset: int
    run_id: str


_OF_A_COPY = ("status", "sha256", "bytes", "records", "dead", "last_fetched", "archive_file", "archive_offset")
"""The columns of a page that are those of one of its copies in the archive."""


def _land_pages(con: Connection, run_id: str, batch: Sequence[PageResult]) -> None:
    rows: dict[str, PageRow] = {}
    for result in sorted(batch, key=lambda r: r.page.fetched_at):
        page = result.page
        page_id = page_id_of(page)
        first_fetched = rows[page_id].first_fetched if page_id in rows else page.fetched_at
        rows[page_id] = PageRow(
            page_id, page.source, page.site, page.url, page.status, page.sha256, len(page.body), len(result.records), len(result.dead),
            first_fetched, page.fetched_at, result.archive_file, result.archive_offset, run_id,
        )  # fmt: skip
    seen = table(arrow_schema(PageRow), rows.values())
    # the row is that of the copy fetched last: a purge may have rewritten an earlier one, and the same bytes can have come again since
    run(
        con,
        f"""UPDATE pages SET {", ".join(f"{name} = seen.{name}" for name in _OF_A_COPY)}
           FROM seen WHERE pages.page_id = seen.page_id AND seen.last_fetched >= pages.last_fetched""",
        seen=seen,
    )
    run(
        con,
        """UPDATE pages SET first_fetched = least(pages.first_fetched, seen.first_fetched)
           FROM seen WHERE pages.page_id = seen.page_id AND seen.first_fetched < pages.first_fetched""",
        seen=seen,
    )
    run(con, "INSERT INTO pages BY NAME SELECT * FROM seen ANTI JOIN pages USING (page_id)", seen=seen)


class DeadRow(NamedTuple):
    """The columns of a dead letter."""

    source: str
    site: str
    native_id: str
    reason: str
    detail: str
    url: str
    page_id: str
    first_seen: datetime
    run_id: str


def _land_dead(con: Connection, run_id: str, batch: Sequence[PageResult]) -> dict[str, int]:
    """Keep each dead letter once; one whose record has landed since, or whose page could be read since, is resolved."""
    latest: dict[tuple[str, str, str], PageResult] = {}
    rows: dict[tuple[str, ...], DeadRow] = {}
    for result in sorted(batch, key=lambda r: r.page.fetched_at):
        page = result.page
        latest[page.source, page.site, page.url] = result
        for dead in result.dead:
            # a part with an id is the same wherever it is met; one without is known by what was said of it
            place = () if dead.native_id else (_detail(dead), page.url)
            row = DeadRow(page.source, page.site, dead.native_id, dead.reason, _detail(dead), page.url, page_id_of(page),
                          page.fetched_at, run_id)  # fmt: skip
            rows.setdefault((page.source, page.site, dead.native_id, dead.reason, *place), row)
    if rows:
        run(
            con,
            """INSERT INTO dead_letters BY NAME SELECT * FROM given WHERE NOT EXISTS (
                   FROM dead_letters d WHERE d.source = given.source AND d.site = given.site AND d.native_id = given.native_id
                   AND d.reason = given.reason AND (given.native_id <> '' OR (d.detail = given.detail AND d.url = given.url)))""",
            given=table(arrow_schema(DeadRow), rows.values()),
        )
    _resolve_dead(con, latest)
    counts: dict[str, int] = {}
    for source, *_ in rows:
        counts[source] = counts.get(source, 0) + 1
    return counts


class _Said(NamedTuple):
    """A page that was asked for, or one dead letter without an id that it gave."""

    source: str
    site: str
    url: str
    reason: str = ""
    detail: str = ""


def _resolve_dead(con: Connection, latest: Mapping[tuple[str, str, str], PageResult]) -> None:
    """Dead letters whose record is there by now, and those without an id that their page no longer gave when it was last asked for. Nothing
    is looked up where there are none."""
    if con.execute("SELECT 1 FROM dead_letters WHERE native_id <> '' AND NOT resolved LIMIT 1").fetchall():
        con.execute(
            """UPDATE dead_letters SET resolved = true FROM records r
               WHERE NOT dead_letters.resolved AND dead_letters.native_id <> ''
                 AND r.source = dead_letters.source AND r.site = dead_letters.site AND r.native_id = dead_letters.native_id"""
        )
    if con.execute("SELECT 1 FROM dead_letters WHERE native_id = '' LIMIT 1").fetchall():
        said = [_Said(*at, d.reason, _detail(d)) for at, result in latest.items() for d in result.dead if not d.native_id]
        run(
            con,
            """UPDATE dead_letters SET resolved = NOT EXISTS (
                   FROM said WHERE said.source = dead_letters.source AND said.site = dead_letters.site AND said.url = dead_letters.url
                       AND said.reason = dead_letters.reason AND said.detail = dead_letters.detail)
               FROM asked WHERE native_id = '' AND asked.source = dead_letters.source AND asked.site = dead_letters.site
                   AND asked.url = dead_letters.url""",
            said=table(arrow_schema(_Said), said), asked=table(arrow_schema(_Said), [_Said(*at) for at in latest]),
        )  # fmt: skip


def _detail(dead: Dead) -> str:
    return dead.detail[:2000]


def relocate(con: Connection, archive_file: str, places: Sequence[tuple[str, int, str, int]]) -> None:
    """Say anew where pages are in an archive file that was rewritten: (page id, offset, sha256, bytes), in the order of the file."""
    schema = {"page_id": pa.string(), "archive_offset": pa.int64(), "sha256": pa.string(), "bytes": pa.int64()}
    given = table(schema, {place[0]: place for place in places}.values())
    run(
        con,
        """UPDATE pages SET archive_offset = given.archive_offset, sha256 = given.sha256, bytes = given.bytes
           FROM given WHERE pages.page_id = given.page_id AND pages.archive_file = ?""",
        [archive_file],
        given=given,
    )


def _move_cursors(con: Connection, run_id: str, batch: Sequence[PageResult]) -> None:
    """The cursor of a site becomes that of its last page that has one."""
    last = {(r.page.source, r.page.site): r.page.cursor for r in batch if r.page.cursor is not None}
    for (source, site), value in last.items():
        con.execute("INSERT OR REPLACE INTO cursors VALUES (?, ?, ?, ?)", [source, site, dumps(value), run_id])
