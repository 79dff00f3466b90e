"""Taking text away: what a source deleted, what was taken down, and items that are left without evidence."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from store import edits, failures, leads, purging, trials
from store.file.database import Connection
from store.rows import BLANK, GONE, keys, run, table

_BLANKED = ", ".join(f"{column} = NULL" if value is None else f"{column} = '{value}'" for column, value in BLANK.items())
_GONE = ", ".join(f"'{status}'" for status in sorted(GONE))
_WITHOUT_TEXT = f"{_BLANKED}, blanked = true, marks = CASE WHEN status IN ({_GONE}) THEN marks ELSE '{{}}' END"
"""As ``rows.without_text``."""


def blank_revisions(con: Connection, revisions: Sequence[tuple[str, str]]) -> None:
    """Empty single revisions, by record key and content hash: those that the source took away, of records that it gave back since."""
    purging.ask(con, [record_key for record_key, _ in revisions])
    given = table({"record_key": pa.string(), "content_hash": pa.string()}, revisions)
    where = "records.record_key = given.record_key AND records.content_hash = given.content_hash"
    run(con, f"UPDATE records SET {_WITHOUT_TEXT} FROM given WHERE {where}", given=given)


def blank_records(con: Connection, record_keys: Sequence[str]) -> None:
    """Empty every revision of these records, and drop their reports and the items that nobody else reports.

    The row, its id, status and hash stay, so that the same text is not taken for new and a later harvest knows the record.
    """
    if not record_keys:
        return
    purging.ask(con, record_keys)
    gone = keys("record_key", record_keys)
    run(con, f"UPDATE records SET {_WITHOUT_TEXT} FROM gone WHERE records.record_key = gone.record_key", gone=gone)
    run(con, "UPDATE refusals SET detail = '' FROM gone WHERE refusals.record_key = gone.record_key", gone=gone)
    run(
        con,
        """UPDATE dead_letters SET detail = '', url = ''
           FROM gone WHERE source || ':' || site || ':' || native_id = gone.record_key AND native_id <> ''""",
        gone=gone,
    )
    con.execute("CREATE OR REPLACE TEMP TABLE touched AS SELECT NULL::VARCHAR AS item_id LIMIT 0")
    run(con, "INSERT INTO touched SELECT DISTINCT item_id FROM reports SEMI JOIN gone USING (record_key)", gone=gone)
    run(con, "DELETE FROM reports USING gone WHERE reports.record_key = gone.record_key", gone=gone)
    _retire(con)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE dropped AS SELECT item_id FROM items WHERE lifecycle = 'retired' AND item_id IN (FROM touched)"
    )
    _drop_items(con)
    _settle(con)
    edits.forget(con)
    failures.leave(con, record_keys)
    leads.forget(con, record_keys)


def take_out(con: Connection, record_keys: Sequence[str]) -> None:
    """A takedown: as ``blank_records``, and the records and all that was said of them leave altogether."""
    purging.ask_for_takedown(con, record_keys)
    blank_records(con, record_keys)
    gone = keys("record_key", record_keys)
    # what answered them is judged again without them: their words may be in its items
    run(
        con,
        """UPDATE records SET judged_by = NULL
           FROM (SELECT DISTINCT source, site, thread_id FROM records SEMI JOIN gone USING (record_key) WHERE thread_id <> '') t
           WHERE records.is_latest AND records.source = t.source AND records.site = t.site AND records.thread_id = t.thread_id""",
        gone=gone,
    )
    for name in ("records", "refusals", "vanished"):
        run(con, f"DELETE FROM {name} USING gone WHERE {name}.record_key = gone.record_key", gone=gone)
    run(con, "DELETE FROM dead_letters USING gone WHERE source || ':' || site || ':' || native_id = gone.record_key", gone=gone)


def forget_retired(con: Connection) -> None:
    """Drop retired items that were reported in a thread of which a record is on its way out of the database: its words may be theirs."""
    con.execute(
        """CREATE OR REPLACE TEMP TABLE dropped AS
           SELECT DISTINCT i.item_id FROM items i JOIN reports p ON p.item_id = i.item_id
           JOIN records r ON r.record_key = p.record_key
           JOIN purges g ON g.source = r.source AND g.site = r.site AND g.thread_id = r.thread_id AND r.thread_id <> ''
           WHERE i.lifecycle = 'retired' AND (g.since = g.until) IS NOT TRUE"""
    )
    con.execute("CREATE OR REPLACE TEMP TABLE touched AS FROM dropped")
    _drop_items(con)
    edits.forget(con)


def settle_items(con: Connection, item_ids: Sequence[str]) -> None:
    """Bring items whose reports changed in order: retire those without live evidence, find new leads and new canonical items."""
    if not item_ids:
        return
    con.execute("CREATE OR REPLACE TEMP TABLE touched AS SELECT NULL::VARCHAR AS item_id LIMIT 0")
    run(con, "INSERT INTO touched SELECT DISTINCT item_id FROM ids", ids=pa.table({"item_id": pa.array(item_ids, pa.string())}))
    _settle(con)


def _settle(con: Connection) -> None:
    """For the items in ``touched``."""
    _retire(con)
    _find_leads(con)
    _promote(con)
    con.execute("INSERT INTO dedupe_queue FROM touched")


def _retire(con: Connection) -> None:
    con.execute(
        """UPDATE items SET lifecycle = 'retired', lead_record = NULL, lead_order = NULL
           WHERE item_id IN (FROM touched) AND NOT EXISTS (FROM reports r WHERE r.item_id = items.item_id AND r.live)"""
    )


def _find_leads(con: Connection) -> None:
    """Where the record that gave an item its wording left, the next one is judged again and gives its own."""
    con.execute(
        """CREATE OR REPLACE TEMP TABLE leaderless AS
           SELECT r.item_id, arg_min(r.record_key, r.lead_order) AS record_key
           FROM reports r JOIN items i ON i.item_id = r.item_id
           WHERE r.live AND i.item_id IN (FROM touched)
             AND NOT EXISTS (FROM reports l WHERE l.item_id = i.item_id AND l.live AND l.record_key = i.lead_record)
           GROUP BY r.item_id"""
    )
    con.execute("UPDATE items SET lead_record = NULL, lead_order = NULL WHERE item_id IN (SELECT item_id FROM leaderless)")
    con.execute("UPDATE records SET judged_by = NULL WHERE is_latest AND record_key IN (SELECT record_key FROM leaderless)")
    con.execute("DROP TABLE leaderless")


def _promote(con: Connection) -> None:
    """Where a canonical item is retired and items merged into it are not, the first of those by id becomes canonical."""
    con.execute(
        """CREATE OR REPLACE TEMP TABLE heirs AS
           SELECT child.merged_into AS retired, min(child.item_id) AS heir
           FROM items child JOIN items root ON root.item_id = child.merged_into
           WHERE root.lifecycle = 'retired' AND root.item_id IN (FROM touched) AND child.lifecycle <> 'retired'
           GROUP BY child.merged_into"""
    )
    con.execute("INSERT INTO dedupe_queue SELECT DISTINCT heir FROM heirs")
    con.execute(
        """UPDATE items SET merged_into = CASE WHEN item_id = heirs.heir THEN NULL ELSE heirs.heir END
           FROM heirs WHERE items.merged_into = heirs.retired"""
    )
    con.execute("DROP TABLE heirs")


def _drop_items(con: Connection) -> None:
    """Take the items in ``dropped`` out altogether, as if they had never been: what was merged into one of them, or decided by looking
    at it, is decided again."""
    con.execute(
        """CREATE OR REPLACE TEMP TABLE undecided AS
           SELECT item_id FROM items WHERE merged_into IN (FROM dropped)
           UNION SELECT item_id FROM decisions WHERE other_id IN (FROM dropped)"""
    )
    con.execute("DELETE FROM undecided WHERE item_id IN (FROM dropped)")
    con.execute("UPDATE items SET merged_into = NULL WHERE item_id IN (FROM undecided)")
    con.execute("DELETE FROM decisions WHERE item_id IN (FROM undecided) AND NOT undone")
    con.execute("DELETE FROM decisions WHERE item_id IN (FROM dropped) OR other_id IN (FROM dropped)")
    for name in ("items", "reports", "embeddings"):
        con.execute(f"DELETE FROM {name} WHERE item_id IN (FROM dropped)")
    trials.forget_dropped(con)
    con.execute("INSERT INTO dedupe_queue FROM undecided")
    con.execute("INSERT INTO dedupe_queue FROM dropped")  # the index still has them
    con.execute("DROP TABLE undecided")
