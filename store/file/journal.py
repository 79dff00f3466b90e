"""``ledger.jsonl``: what the database is known to hold, written beside it, one JSON object a line, only ever appended to.

A write-ahead log that is deleted or cut loses rows without a word. So each commit is numbered, and once it is durable its number is
appended here; a database that holds fewer commits than this file names has lost some.

    {"commit": 17, "database": "<id>", "size": <bytes of the file>, "schema": 4, "rows": {"items": 71, ...}}       after every commit
    {"commit": 18, ..., "run": "<run>", "engine": "2.0.0", "tables": {"items": [rows, checksum], ...}}    at the end of a run

The first release wrote neither ``schema``, which was 4, nor ``rows``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from store.file.checksums import row_counts
from thresher.disk import BadLine, append_lines, bad_lines, read_lines
from thresher.failpoint import failpoint

if TYPE_CHECKING:
    import duckdb

FILE = "ledger.jsonl"


def append(folder: Path, entries: Iterable[dict[str, Any]]) -> None:
    """Acknowledge commits."""
    failpoint("ledger.write")
    append_lines(folder / FILE, entries)


def entries(folder: Path, database_id: str | None = None) -> list[dict[str, Any]]:
    """The lines about one database; without an id, about the last one."""
    commits = list(read_lines(folder / FILE, _check))
    if commits and database_id is None:
        database_id = commits[-1]["database"]
    return [e for e in commits if e["database"] == database_id]


def damaged_lines(folder: Path) -> list[BadLine]:
    """The lines that cannot be used."""
    return bad_lines(folder / FILE, _check)


def _check(entry: dict[str, Any]) -> None:
    if type(entry["commit"]) is not int or type(entry["database"]) is not str or type(entry.get("size", 0)) is not int:
        raise TypeError("commit and size are numbers, database is the id of one")
    dict(entry.get("rows", {}))
    for _name, (rows, _digest) in dict(entry.get("tables", {})).items():
        int(rows)


def schema_of(entry: dict[str, Any]) -> int:
    """The schema that the database had at a commit."""
    return int(entry.get("schema", 4))


def last_commit(folder: Path, database_id: str | None = None) -> int | None:
    """The highest acknowledged commit, or None where nothing is known."""
    return max((e["commit"] for e in entries(folder, database_id)), default=None)


def last_size(folder: Path) -> int:
    """The size of the database file after the last acknowledged commit; 0 where nothing is known."""
    commits = entries(folder)
    return int(commits[-1].get("size", 0)) if commits else 0


def commit_entry(con: duckdb.DuckDBPyConnection, number: int, tables: Collection[str] = ()) -> dict[str, Any]:
    """What will be appended once the open transaction is committed: its number and the rows of every table (of ``tables``, where they are
    known), and the checksums if it closed a run."""
    entry: dict[str, Any] = {
        "commit": number,
        "database": con.execute("SELECT database_id FROM meta").fetchall()[0][0],
        "schema": con.execute("SELECT max(version) FROM schema_migrations").fetchall()[0][0],
        "rows": row_counts(con, tables),
    }
    rows = con.execute(
        "SELECT run_id, engine, table_name, rows, checksum FROM ledger WHERE commit_number = ? ORDER BY table_name", [number]
    ).fetchall()
    if rows:
        entry["run"], entry["engine"] = rows[0][0], rows[0][1]
        entry["tables"] = {name: [count, checksum] for _, _, name, count, checksum in rows}
    return entry
