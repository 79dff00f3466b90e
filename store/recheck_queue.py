"""Whose text the benchmark keeps and whose site has not shown it for a while: what a recheck asks after."""

from __future__ import annotations

from datetime import datetime

from store.file.database import Connection
from store.rows import GONE, fetch

_SHOWN = f"r.is_latest AND r.status NOT IN ({', '.join(repr(status) for status in sorted(GONE))})"

_DUE = f"""
    SELECT r.native_id, r.thread_id
    FROM records r LEFT JOIN (SELECT DISTINCT record_key FROM reports WHERE live) i USING (record_key)
    WHERE r.source = ? AND r.site = ? AND r.last_seen < ? AND {_SHOWN}
    ORDER BY i.record_key IS NULL, r.last_seen, r.native_id"""


def due(con: Connection, source: str, site: str, before: datetime) -> dict[str, str]:
    """The records of a site that it last showed before a moment, as native_id to thread_id: those that an item lives on first, then the
    others, the least recently seen first."""
    return {row["native_id"]: row["thread_id"] for row in fetch(con, _DUE, [source, site, before])}


def overdue(con: Connection, before: datetime) -> dict[tuple[str, str], int]:
    """How many records each (source, site) last showed before a moment."""
    sql = f"SELECT source, site, count(*) AS n FROM records r WHERE r.last_seen < ? AND {_SHOWN} GROUP BY ALL ORDER BY ALL"
    return {(row["source"], row["site"]): row["n"] for row in fetch(con, sql, [before])}
