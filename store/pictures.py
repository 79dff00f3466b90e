"""Pictures in the database: which posts want theirs read, what was read, and what judging them needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from store.file.database import Connection
from store.rows import GONE, arrow_schema, fetch, keys, run, table
from thresher.model import Page, Picture

SAYS_LITTLE = 200
"""Characters of a post that was refused, up to which its picture may be what it says."""
_OPEN = "'improbable', 'link_only', 'too_short', 'no_failure_claimed', 'not_about_a_model', 'language_not_covered'"
"""Refusals of what the text alone says."""
_GONE = ", ".join(f"'{status}'" for status in sorted(GONE))


@dataclass(frozen=True, slots=True)
class Wanted:
    """A post whose pictures should be read: ``addresses`` with their places among all of them, without those that were asked for."""

    record_key: str
    site: str
    native_id: str
    url: str
    addresses: tuple[str, ...]


class PictureRow(NamedTuple):
    """The columns of a picture."""

    record_key: str
    source: str
    position: int
    address: str
    sha256: str
    refused: str
    text: str
    confidence: float
    reader: str
    replaced_id: str
    page_id: str
    fetched_at: datetime
    run_id: str


_SCHEMA = arrow_schema(PictureRow)


def wanted(con: Connection, source: str, per_post: int) -> list[Wanted]:
    """Posts that report a failure and make no item, those that are surest first; then refused ones that say next to nothing besides
    showing a picture. Of each its first ``per_post`` pictures, without those that were asked for already."""
    rows = fetch(
        con,
        f"""SELECT r.record_key, r.site, r.native_id, r.url, CAST(r.marks -> '$.pictures' AS VARCHAR[]) AS addresses,
                  (SELECT list(p.address) FROM pictures p WHERE p.record_key = r.record_key) AS asked
            FROM records r
            LEFT JOIN leads l ON l.record_key = r.record_key
            LEFT JOIN refusals f ON f.record_key = r.record_key
            LEFT JOIN readings g ON g.record_key = r.record_key
            WHERE r.source = ? AND r.is_latest AND r.judged_by IS NOT NULL AND NOT r.blanked AND r.status NOT IN ({_GONE})
              AND json_array_length(r.marks -> '$.pictures') > 0
              AND (l.record_key IS NOT NULL
                   OR (f.reason IN ({_OPEN}) AND r.role IN ('post', 'question') AND length(r.text) <= ?))
            ORDER BY l.record_key IS NULL, coalesce(l.fails, g.fails, 0) DESC, r.record_key""",
        [source, SAYS_LITTLE],
    )
    posts = [
        Wanted(row["record_key"], row["site"], row["native_id"], row["url"],
               tuple(a for a in row["addresses"][:per_post] if a not in (row["asked"] or ())))
        for row in rows
    ]  # fmt: skip
    return [post for post in posts if post.addresses]


def land(con: Connection, run_id: str, pictures: Sequence[tuple[Picture, Page, str]]) -> None:
    """Keep pictures with their pages and page ids, in the place of what was known of the same address, and make their posts due again.
    Those of posts that are not there, or that were taken away, are left out."""
    rows = {
        (picture.record_key, picture.address): PictureRow(
            picture.record_key, page.source, 0, picture.address, picture.sha256, picture.refused, picture.text, picture.confidence,
            picture.reader, picture.replaced_id, page_id, page.fetched_at, run_id,
        )
        for picture, page, page_id in sorted(pictures, key=lambda one: one[1].fetched_at)
    }  # fmt: skip
    if not rows:
        return
    given = table(_SCHEMA, rows.values())
    run(con, "DELETE FROM pictures USING given WHERE pictures.record_key = given.record_key AND pictures.address = given.address",
        given=given)  # fmt: skip
    run(
        con,
        f"""INSERT INTO pictures BY NAME
            SELECT given.* REPLACE (greatest(0, coalesce(list_position(r.shown, given.address), 0) - 1) AS position)
            FROM given JOIN (SELECT *, CAST(marks -> '$.pictures' AS VARCHAR[]) AS shown FROM records) r USING (record_key)
            WHERE r.is_latest AND NOT r.blanked AND r.status NOT IN ({_GONE})""",
        given=given,
    )
    due = keys("record_key", {row.record_key for row in rows.values() if row.text})
    run(con, "UPDATE records SET judged_by = NULL FROM due WHERE is_latest AND records.record_key = due.record_key", due=due)


def of(con: Connection, record_keys: Sequence[str]) -> Mapping[str, Sequence[Picture]]:
    """The pictures of these records in which something was read, in their order."""
    if not con.execute("SELECT 1 FROM pictures WHERE text <> '' LIMIT 1").fetchall():
        return {}
    rows = fetch(
        con,
        """SELECT record_key, address, sha256, refused, text, confidence, reader, replaced_id
           FROM pictures SEMI JOIN given USING (record_key) WHERE text <> '' ORDER BY record_key, position, address""",
        given=keys("record_key", record_keys),
    )
    pictures: dict[str, list[Picture]] = {}
    for row in rows:
        pictures.setdefault(row["record_key"], []).append(Picture(**row))
    return pictures


def forget(con: Connection, record_keys: Sequence[str]) -> None:
    """Nothing is kept of what was read in the pictures of these records, up to the moments that ``purges`` notes for them."""
    run(
        con,
        """DELETE FROM pictures USING (SELECT record_key, max(coalesce(until, TIMESTAMPTZ 'infinity')) AS until
                                       FROM purges SEMI JOIN gone USING (record_key) GROUP BY record_key) p
           WHERE pictures.record_key = p.record_key AND pictures.fetched_at <= p.until""",
        gone=keys("record_key", record_keys),
    )


def counts(con: Connection, run_id: str, source: str) -> dict[str, int]:
    """What became of the pictures of one source in one run: ``read``, or why not."""
    rows = con.execute(
        "SELECT if(refused = '', 'read', refused), count(*) FROM pictures WHERE run_id = ? AND source = ? GROUP BY 1 ORDER BY 2 DESC, 1",
        [run_id, source],
    ).fetchall()
    return {str(reason): int(n) for reason, n in rows}
