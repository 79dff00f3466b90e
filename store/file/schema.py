"""The tables of a benchmark: the migrations that make them, which of them a file has, and what it lacks of them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from store.file.checksums import table_names
from thresher.errors import SchemaTooNew, SchemaTooOld, StoreError
from thresher.failpoint import failpoint

if TYPE_CHECKING:
    import duckdb

MIGRATIONS = Path(__file__).parents[1] / "migrations"


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered SQL file; never edited once released, so its hash is kept beside it."""

    version: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """Hex digest of the text."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations(folder: Path = MIGRATIONS) -> list[Migration]:
    """Every migration, in order; StoreError where a number is missing or taken twice."""
    steps = []
    for path in sorted(folder.glob("*.sql")):
        match = re.fullmatch(r"(\d{4})_([a-z0-9_]+)", path.stem)
        if match is None:
            raise StoreError(f"{path}: a migration is called NNNN_what_it_does.sql")
        steps.append(Migration(int(match.group(1)), match.group(2), path.read_text(encoding="utf-8")))
    if [m.version for m in steps] != list(range(1, len(steps) + 1)):
        raise StoreError(f"{folder}: migrations must be numbered 0001, 0002, ... without gaps")
    return steps


def pending(con: duckdb.DuckDBPyConnection, steps: list[Migration], path: Path) -> list[Migration]:
    """The migrations that the file lacks; refuses a file of the future, a foreign one and one with an edited past."""
    import duckdb

    try:
        rows = con.execute("SELECT version, name, sha256 FROM schema_migrations ORDER BY version").fetchall()
    except duckdb.CatalogException:  # no such table
        if table_names(con):
            raise StoreError(f"{path}: a DuckDB file, but not a benchmark; give another folder") from None
        return steps
    applied = {version: (name, digest) for version, name, digest in rows}
    if applied and max(applied) > len(steps):
        raise SchemaTooNew(
            f"{path}: has schema {max(applied)} ({applied[max(applied)][0]}), this thresher knows {len(steps)}; use a newer "
            f"thresher. Nothing was written"
        )
    for migration in steps:
        if migration.version in applied and applied[migration.version][1] != migration.sha256:
            raise StoreError(f"migration {migration.version:04} ({migration.name}) was edited after {path} applied it; restore its text")
    return [m for m in steps if m.version not in applied]


def refuse_other(con: duckdb.DuckDBPyConnection, steps: list[Migration], path: Path) -> None:
    """A reader's refusal of every schema but this thresher's own; in one line, with what to do."""
    lacking = pending(con, steps, path)
    if lacking == steps:
        raise StoreError(f"{path}: nothing was harvested yet; a first harvest makes its tables")
    if lacking:
        raise SchemaTooOld(f"{path}: {older(len(steps) - len(lacking), len(steps))}")


def older(version: int, newest: int) -> str:
    """What is said of a schema that is not the newest."""
    return f"has schema {version}, this thresher knows {newest}: run `thresher harvest` or `thresher deduplicate`, it is migrated then"


def apply(con: duckdb.DuckDBPyConnection, migration: Migration) -> None:
    """Run one migration together with its own row, in one transaction."""
    con.execute("BEGIN")
    try:
        con.execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER PRIMARY KEY, name VARCHAR NOT NULL, sha256 VARCHAR NOT "
            "NULL, applied_at TIMESTAMPTZ NOT NULL)"
        )
        con.execute(migration.sql)
        failpoint("store.migrate")
        con.execute(
            "INSERT INTO schema_migrations VALUES (?, ?, ?, ?)", [migration.version, migration.name, migration.sha256, datetime.now(UTC)]
        )
        con.execute("COMMIT")
    except BaseException:
        roll_back(con)
        raise


def roll_back(con: duckdb.DuckDBPyConnection) -> None:
    """End a transaction that failed."""
    import duckdb

    try:
        con.execute("ROLLBACK")
    except duckdb.Error:  # DuckDB already aborted it
        return


def missing(con: duckdb.DuckDBPyConnection, steps: Sequence[Migration]) -> list[str]:
    """Tables, views and columns that these migrations make and the file has not, or has otherwise."""
    import duckdb

    with duckdb.connect(":memory:") as model:
        for migration in steps:
            model.execute(migration.sql)
        expected = _columns(model)
    there = _columns(con)
    gone = [name for name in expected if name not in there]
    changed = [
        f"{name}.{column}"
        for name in expected.keys() & there.keys()
        for column, kind in expected[name].items() if there[name].get(column) != kind
    ]  # fmt: skip
    return sorted(gone) + sorted(changed)


def _columns(con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    columns: dict[str, dict[str, str]] = {}
    rows = con.execute("SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE NOT internal ORDER BY ALL").fetchall()
    for table, column, kind in rows:
        columns.setdefault(table, {})[column] = kind
    return columns
