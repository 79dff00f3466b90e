"""What a database holds that nobody can harvest again, by key: what a rebuilt one is compared with before it takes the place of the old."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from store.file.checksums import table_names
from store.file.database import Connection
from store.rows import GONE, fetch

_KEYS = {
    "pages": "SELECT page_id AS key, source FROM pages WHERE archive_file <> ''",
    "records": f"""SELECT record_key AS key, source FROM records
                   WHERE is_latest AND NOT blanked AND status NOT IN ({", ".join(f"'{status}'" for status in sorted(GONE))})""",
    "verdicts": "SELECT verdict_id AS key, 'people' AS source FROM verdicts",
    "completions": "SELECT record_key AS key, 'people' AS source FROM completions",
    "trials": "SELECT trial_id AS key, model AS source FROM trials",
    "tombstones": "SELECT kind || ' ' || hash AS key, 'people' AS source FROM tombstones",
    "snapshots": "SELECT name AS key, 'frozen' AS source FROM snapshots",
}
"""Pages by their address and their body as it came, so that neither parsers nor rules have a part in it, nor a purge, after which one
archive file may have other bytes of a page than the next; records as far as they have text."""

Holdings = Mapping[str, pa.Table]
"""By table: ``key`` and ``source``."""


def holdings(con: Connection) -> Holdings:
    """All that this database holds."""
    return {name: con.sql(sql).to_arrow_table() for name, sql in _KEYS.items() if name in table_names(con)}


def lacking(con: Connection, before: Holdings) -> dict[str, dict[str, int]]:
    """What another database held and this one does not: how many of each table and source."""
    missing = {}
    for name, held in before.items():
        sql = f"SELECT source, count(*) AS n FROM held ANTI JOIN ({_KEYS[name]}) USING (key) GROUP BY 1 ORDER BY 1"
        missing[name] = {row["source"]: row["n"] for row in fetch(con, sql, held=held)}
    return {name: counts for name, counts in missing.items() if counts}


def in_words(missing: Mapping[str, Mapping[str, int]]) -> str:
    """``pages: textbooks 12, arena 3; records: textbooks 71``."""
    return "; ".join(f"{name}: " + ", ".join(f"{source} {n:,}" for source, n in counts.items()) for name, counts in missing.items())
