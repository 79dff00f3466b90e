"""The balance of a run and the checksums of the tables at its end; what must hold in every database."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from store.file import journal
from store.file.checksums import checksum, checksums, is_large
from store.file.database import FILE, Connection, Database
from store.runs import RunState
from thresher.errors import StoreError

_OF_THE_RUN = {
    "cursors": ("run_id",),
    "records": ("run_id", "first_seen", "last_seen", "page_id"),
    "refusals": ("run_id",),
    "readings": ("run_id", "held"),
    "leads": ("run_id",),
    "pictures": ("run_id",),
    "dead_letters": ("run_id", "first_seen", "page_id"),
    "items": ("created_run", "version"),
    "reports": ("run_id",),
    "decisions": ("run_id",),
    "embeddings": (),
    "verdicts": ("verdict_id", "given_at"),
    "tombstones": ("given_at",),
    "completions": ("verdict_id", "given_at"),
    "edits": ("verdict_id", "given_at"),
    "claims": ("run_id",),
    "phrases": (),
    "clusters": (),
    "cluster_history": ("run_id",),
    "trials": (),
    "scorer_checks": (),
    "snapshots": ("number", "path", "created_at"),
    "snapshot_items": (),
}
"""The tables of ``final_hash``, each with the columns that say by which run or when, and not what."""

_DOUBTS = {
    "records judged = live reports + leads + refusals": """
        SELECT abs((SELECT count(*) FROM records WHERE is_latest AND judged_by IS NOT NULL)
                   - (SELECT count(*) FROM (SELECT record_key FROM reports WHERE live UNION ALL SELECT record_key FROM refusals
                                               UNION ALL SELECT record_key FROM leads) o
                      SEMI JOIN (FROM records WHERE is_latest AND judged_by IS NOT NULL) r USING (record_key)))""",
    "one row for each revision": "SELECT count(*) - count(DISTINCT (record_key, content_hash)) FROM records",
    "one latest revision for each record": "SELECT abs(count(DISTINCT record_key) - count(*) FILTER (is_latest)) FROM records",
    "one reading and one lead for each record": """
        SELECT (SELECT count(*) - count(DISTINCT record_key) FROM readings) + (SELECT count(*) - count(DISTINCT record_key) FROM leads)""",
    "one row for each picture, of a record that is there": """
        SELECT (SELECT count(*) - count(DISTINCT (record_key, address)) FROM pictures)
               + (SELECT count(*) FROM pictures ANTI JOIN records USING (record_key))""",
    "one row for each item": "SELECT count(*) - count(DISTINCT item_id) FROM items",
    "one live report for each record": "SELECT count(*) - count(DISTINCT record_key) FROM reports WHERE live",
    "each report has its item": "SELECT count(*) FROM reports ANTI JOIN items USING (item_id)",
    "merged items go to a canonical one": """
        SELECT count(*) FROM items i LEFT JOIN items c ON c.item_id = i.merged_into
        WHERE i.merged_into IS NOT NULL AND (c.item_id IS NULL OR c.merged_into IS NOT NULL)""",
    "each vector has its item": "SELECT count(*) FROM embeddings ANTI JOIN items USING (item_id)",
    "one vector for each item and encoder": "SELECT count(*) - count(DISTINCT (item_id, encoder)) FROM embeddings",
    "each claim has its phrase": "SELECT count(*) FROM claims c ANTI JOIN phrases p ON p.category = c.category AND p.phrase = c.phrase",
    "each phrase has its cluster": "SELECT count(*) FROM phrases ANTI JOIN clusters USING (cluster_id)",
    "each phrase is said": "SELECT count(*) FROM phrases p ANTI JOIN claims c ON c.category = p.category AND c.phrase = p.phrase",
    "one row for each claim, phrase and cluster": """
        SELECT (SELECT count(*) - count(DISTINCT record_key) FROM claims)
               + (SELECT count(*) - count(DISTINCT (category, phrase)) FROM phrases)
               + (SELECT count(*) - count(DISTINCT cluster_id) FROM clusters)""",
    "one row for each page": "SELECT count(*) - count(DISTINCT page_id) FROM pages",
}
"""What must hold in every database, as queries that count what breaks it."""


def close_run(con: Connection, run_id: str, state: RunState = "finished") -> None:
    """End a run: prove its balance, and write rows and checksum of every table.

    StoreError where records = landed + merged + leads + refused does not hold for a source, or the tables contradict one another; then the
    transaction must not be committed, and the run be ended with ``runs.fail_run``.
    """
    import duckdb

    queried = _doubts_of_run(con, run_id) if is_large(con) else doubts(con)
    wrong = _unbalanced(con, run_id) + [f"{what}: {n} do not" for what, n in queried.items()]
    if wrong:
        raise StoreError(f"run {run_id} does not balance: " + "; ".join(wrong))
    con.execute("UPDATE runs SET state = ?, finished_at = ? WHERE run_id = ?", [state, datetime.now(UTC), run_id])
    number = con.execute("SELECT commits + 1 FROM meta").fetchall()[0][0]
    for name, (count, digest) in checksums(con).items():
        con.execute("INSERT INTO ledger VALUES (?, ?, ?, ?, ?, ?)", [run_id, number, duckdb.__version__, name, count, digest])


def _unbalanced(con: Connection, run_id: str) -> list[str]:
    rows = con.execute(
        """SELECT s.source, s.records, s.candidates, s.landed, s.merged, s.leads, s.refused, coalesce(sum(r.refused), 0)
           FROM run_sources s LEFT JOIN run_refusals r ON r.run_id = s.run_id AND r.source = s.source
           WHERE s.run_id = ? GROUP BY ALL ORDER BY s.source""",
        [run_id],
    ).fetchall()
    wrong = []
    for source, records, candidates, landed, merged, leads, refused, reasons in rows:
        if records != landed + merged + leads + refused or candidates != landed + merged or refused != reasons:
            wrong.append(
                f"{source}: {records} records, but {landed} landed + {merged} merged + {leads} leads + {refused} refused "
                f"({reasons} with a reason)"
            )
    return wrong


def doubts(con: Connection) -> dict[str, int]:
    """What contradicts itself, and how often. What another schema lacks the tables for is not asked."""
    import duckdb

    counts = {}
    for what, sql in _DOUBTS.items():
        try:
            counts[what] = int(con.execute(sql).fetchall()[0][0] or 0)
        except (duckdb.CatalogException, duckdb.BinderException):
            continue
    return {what: n for what, n in counts.items() if n}


def _doubts_of_run(con: Connection, run_id: str) -> dict[str, int]:
    """What one run can have broken in a large benchmark; all else is the doctor's."""
    twice = """SELECT count(*) - count(DISTINCT item_id) FROM items SEMI JOIN (FROM items WHERE created_run = ?) USING (item_id)"""
    lost = """SELECT count(*) FROM (FROM decisions WHERE run_id = ?) ANTI JOIN items USING (item_id)"""
    queries = {"one row for each new item": twice, "each decision has its item": lost}
    counts = {what: int(con.execute(sql, [run_id]).fetchall()[0][0]) for what, sql in queries.items()}
    return {what: n for what, n in counts.items() if n}


def table_hashes(con: Connection) -> dict[str, str]:
    """A hash of what each table says, without which run or night said it: tells where two databases differ."""
    hashes = {}
    for name, left_out in _OF_THE_RUN.items():
        columns = f"* EXCLUDE ({', '.join(left_out)})" if left_out else "*"
        count, digest = checksum(con, f"SELECT {columns} FROM {name}")
        hashes[name] = f"{count}:{digest}"
    return hashes


def final_hash(con: Connection) -> str:
    """One hash over all that the database says, comparable between files of one DuckDB version.

    It is equal for two ways to the same end: a run that was killed and repeated and one that was not, a harvest and its rebuild.
    """
    return hashlib.sha256(repr(sorted(table_hashes(con).items())).encode()).hexdigest()


def quarantine(folder: Path) -> Path:
    """Take the lease and ``set_aside``."""
    with Database(folder).lease():
        return set_aside(folder)


def set_aside(folder: Path) -> Path:
    """Move the database, its write-ahead log and its ledger into ``damaged-NN``; what persons decided stays. Returns that folder. The
    caller holds the lease.

    StoreError when there is nothing to move.
    """
    moved = [p for p in (folder / FILE, folder / f"{FILE}.wal", folder / journal.FILE) if p.exists()]
    if not moved:
        raise StoreError(f"{folder}: there is no database to move aside")
    number = 1 + max((int(p.name[8:]) for p in folder.glob("damaged-*") if p.name[8:].isdigit()), default=0)
    aside = folder / f"damaged-{number:02}"
    aside.mkdir()
    for path in moved:
        path.replace(aside / path.name)
    return aside
