"""Whether a database holds what its ledger says: what the doctor tells, and what no writer may write on top of.

Counts are compared at every opening, 30 ms for a million records; checksums of small tables too, where the last commit closed a
run. What that leaves to the doctor: a row changed in place in a large table, and any change after a commit that was never acknowledged
because its process was killed that instant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from store.file import journal
from store.file.checksums import checksum, checksums, row_counts
from thresher.errors import DatabaseDamaged

if TYPE_CHECKING:
    import duckdb

_SMALL = 20_000
"""Rows up to which a table is summed at every opening; a million rows take about 1.5 s."""


Differences: TypeAlias = "Callable[[duckdb.DuckDBPyConnection, dict[str, Any]], Iterator[Finding]]"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. ``kind`` is ``missing``, ``empty``, ``unreadable``, ``lost_commits``, ``checksum``, ``ledger``, ``schema``,
    ``balance``, ``journal`` or ``archive``."""

    kind: str
    detail: str


def refuse_disagreement(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """DatabaseDamaged with the first disagreement: writing on top would bless it with new counts and checksums."""
    finding = next(disagreements(con, path.parent, _small_tables), None)
    if finding:
        raise DatabaseDamaged(f"{path}: {finding.detail}; nothing was written. Run `thresher doctor`, then `thresher rebuild`")


def disagreements(con: duckdb.DuckDBPyConnection, folder: Path, differences: Differences) -> Iterator[Finding]:
    """What the database holds otherwise than its ledger says. ``differences`` compares the tables with the ledger's entry of their own
    commit."""
    database_id, commits = con.execute("SELECT database_id, commits FROM meta").fetchall()[0]
    entries = journal.entries(folder, database_id)
    if not entries:
        if commits > 1:
            told = "tells only of another database" if journal.entries(folder) else "is missing or tells nothing"
            yield Finding(
                "ledger", f"{folder / journal.FILE} {told}, and {commits} commits are here: it was lost, or belongs to another file"
            )
        return
    acknowledged = max(e["commit"] for e in entries)
    if commits < acknowledged:
        lost = f"{acknowledged - commits} are lost: its write-ahead log was lost or cut, or an older copy was put in its place"
        yield Finding("lost_commits", f"holds {commits} commits, but {acknowledged} were acknowledged: {lost}")
    elif commits > acknowledged + 1:  # one more is a process that was killed before it could acknowledge it
        yield Finding("ledger", f"{folder / journal.FILE} knows {acknowledged} commits, but {commits} are here: lines of it were lost")
    schema = con.execute("SELECT max(version) FROM schema_migrations").fetchall()[0][0]
    if entries[-1]["commit"] == commits and journal.schema_of(entries[-1]) == schema:
        yield from differences(con, entries[-1])


def wrong_counts(con: duckdb.DuckDBPyConnection, expected: dict[str, int]) -> Iterator[Finding]:
    """Tables that were dropped, or have more rows or fewer than at the last commit."""
    counts = row_counts(con)
    for name, rows in expected.items():
        if name not in counts:
            yield Finding("checksum", f"table {name} is missing; it had {rows:,} rows")
        elif counts[name] != rows:
            change = "added" if counts[name] > rows else "removed"
            yield Finding("checksum", f"table {name} has {counts[name]:,} rows, the ledger says {rows:,}: rows were {change} behind it")


def _expected(entry: dict[str, Any]) -> dict[str, int]:
    return entry.get("rows") or {name: rows for name, (rows, _) in entry.get("tables", {}).items()}


def _small_tables(con: duckdb.DuckDBPyConnection, entry: dict[str, Any]) -> Iterator[Finding]:
    wrong = list(wrong_counts(con, _expected(entry)))
    yield from wrong
    if not wrong and _same_engine(entry):
        for name, (rows, digest) in entry.get("tables", {}).items():
            if digest and rows <= _SMALL and checksum(con, f'SELECT * FROM "{name}"') != (rows, digest):
                yield _changed(name)


def whole_tables(con: duckdb.DuckDBPyConnection, entry: dict[str, Any]) -> Iterator[Finding]:
    """As at an opening, but every table is read whole."""
    wrong = list(wrong_counts(con, _expected(entry)))
    yield from wrong
    if _same_engine(entry):
        sums = checksums(con)
        for name, (rows, digest) in entry.get("tables", {}).items():
            if name in sums and sums[name][0] == rows and sums[name] != (rows, digest):
                yield _changed(name)


def _changed(name: str) -> Finding:
    return Finding("checksum", f"table {name} has the rows that the ledger says, but some were changed behind it")


def _same_engine(entry: dict[str, Any]) -> bool:
    """Checksums can be compared within one version of DuckDB alone."""
    import duckdb

    return bool(entry.get("engine") == duckdb.__version__)
