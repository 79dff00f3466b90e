"""Checksums of tables. Taking them reads every block, so DuckDB verifies each one."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


_NOT_SUMMED = ("meta", "ledger")
"""Tables that change with the transaction that writes the checksums."""


SUMMED = 2_000_000
"""Rows up to which a table is summed at the end of every run. Larger ones are counted then, as reading them whole would cost more than the
night, and read whole by the doctor: DuckDB verifies each block that it reads."""


def checksums(con: duckdb.DuckDBPyConnection, read_all: bool = False) -> dict[str, tuple[int, str]]:
    """Of every table: how many rows, and a checksum that does not depend on their order; empty where there are more rows than ``SUMMED``.
    Comparable within one DuckDB version."""
    return {name: _sum(con, name, read_all) for name in table_names(con) if name not in _NOT_SUMMED}


def row_counts(con: duckdb.DuckDBPyConnection, names: Collection[str] = ()) -> dict[str, int]:
    """The rows of every table; a few milliseconds, however many there are. ``names`` of all tables, where they are known: to list them
    takes a new connection twice as long as to count them."""
    summed = [name for name in names or table_names(con) if name not in _NOT_SUMMED]
    counts = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM \"{name}\"" for name in summed)
    return dict(con.execute(counts).fetchall()) if counts else {}


def table_names(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Every table, in order."""
    return [r[0] for r in con.execute("SELECT table_name FROM duckdb_tables() WHERE NOT temporary ORDER BY table_name").fetchall()]


def _sum(con: duckdb.DuckDBPyConnection, name: str, read_all: bool) -> tuple[int, str]:
    count = int(con.execute(f'SELECT count(*) FROM "{name}"').fetchall()[0][0])
    if count <= SUMMED:
        return checksum(con, f'SELECT * FROM "{name}"')
    if read_all:
        checksum(con, f'SELECT * FROM "{name}"')
    return count, ""


def read_blocks(con: duckdb.DuckDBPyConnection) -> None:
    """Read every table whole: DuckDB verifies each block that it reads, and raises for one that is damaged."""
    checksums(con, read_all=True)


def is_large(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether there are more items than are proven whole every night."""
    return int(con.execute("SELECT count(*) FROM items").fetchall()[0][0]) > SUMMED


def checksum(con: duckdb.DuckDBPyConnection, query: str) -> tuple[int, str]:
    """The same for the rows of a query."""
    sql = f"SELECT count(*), coalesce(bit_xor(hash(t)), 0), coalesce(sum(hash(t)::HUGEINT), 0) FROM ({query}) t"
    count, xor, total = con.execute(sql).fetchall()[0]
    return int(count), f"{int(xor):016x}{int(total) % 2**64:016x}"
