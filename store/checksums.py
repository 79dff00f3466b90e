"""Checksums of tables. Taking them reads every block, so DuckDB verifies each one."""

from __future__ import annotations

import duckdb

_NOT_SUMMED = ("meta", "ledger")
"""Tables that change with the transaction that writes the checksums."""


def checksums(con: duckdb.DuckDBPyConnection) -> dict[str, tuple[int, str]]:
    """Of every table: how many rows, and a checksum that does not depend on their order. Comparable within one DuckDB version."""
    names = [r[0] for r in con.execute("SELECT table_name FROM duckdb_tables() WHERE NOT temporary ORDER BY table_name").fetchall()]
    return {name: checksum(con, f'SELECT * FROM "{name}"') for name in names if name not in _NOT_SUMMED}


def checksum(con: duckdb.DuckDBPyConnection, query: str) -> tuple[int, str]:
    """The same for the rows of a query."""
    sql = f"SELECT count(*), coalesce(bit_xor(hash(t)), 0), coalesce(sum(hash(t)::HUGEINT), 0) FROM ({query}) t"
    count, xor, total = con.execute(sql).fetchall()[0]
    return int(count), f"{int(xor):016x}{int(total) % 2**64:016x}"
