"""The DuckDB file: who may write, short connections, migrations.

While one process has the file open for writing, every other open fails, a read-only one too. So nobody keeps a connection: a writer
takes the lease for the length of its command, and opens the file anew for each transaction (about 20 ms).

No module holds DuckDB; functions import it. Prefect leaves daemon threads running at exit, and their contexts hold the last flow, so the
globals of its module and of all that it imports. DuckDB among them would then be told of as some forty leaked objects (`nanobind: leaked`),
none of them a connection. `import duckdb`, an empty flow and a server are enough to see it (Prefect 3.8.8, DuckDB 2.0.0).
"""

from __future__ import annotations

import hashlib
import re
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from store.file import journal
from store.file.checksums import checksums
from store.file.faults import translate
from store.file.lease import Lease
from thresher.disk import sync
from thresher.errors import DatabaseDamaged, DatabaseLocked, SchemaTooNew, StoreError, UsageError
from thresher.failpoint import failpoint

if TYPE_CHECKING:
    import duckdb

FILE = "benchmark.duckdb"
LOCK = "benchmark.lock"
MIGRATIONS = Path(__file__).parents[1] / "migrations"

Connection: TypeAlias = "duckdb.DuckDBPyConnection"

_RETRY_S = 4.0
"""How long an open waits for a reader in another process (check: a second harvest ends in under 5 s)."""
_locks: dict[Path, threading.RLock] = {}
_locks_guard = threading.Lock()


def existing_benchmark(data: Path) -> Path:
    """The folder of a benchmark; UsageError where there is none."""
    if not data.is_dir():
        raise UsageError(f"{data}: no benchmark there; give its folder by --data, or make one: thresher harvest, thresher ingest")
    return data


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


class Database:
    """The benchmark in ``folder``. Cheap to make; nothing is opened before it is used."""

    def __init__(self, folder: Path, *, memory_limit: str = "2GB", threads: int = 2, migrations_folder: Path = MIGRATIONS) -> None:
        self.folder = folder
        self.path = folder / FILE
        self._limits = {"memory_limit": memory_limit, "threads": str(threads)}
        self._migrations_folder = migrations_folder
        self._lease: Lease | None = None
        with _locks_guard:
            self._lock = _locks.setdefault(self.path.resolve(), threading.RLock())
        self._open_here = threading.local()

    @contextmanager
    def writer(self, wait_s: float = 0.0) -> Iterator[Lease]:
        """Hold the lease: this process alone may write until the block ends. Migrates the file. DatabaseLocked names the holder.

        Inside another ``writer()`` block of the same object it is that block's lease.
        """
        if self._lease is not None:
            yield self._lease
            return
        with self.lease(wait_s) as lease:
            with self._lock:
                self._prepare()
            yield lease

    @contextmanager
    def lease(self, wait_s: float = 0.0) -> Iterator[Lease]:
        """The lease alone, for work on the file itself: nothing is opened or migrated."""
        if not self.folder.is_dir():
            raise StoreError(f"{self.folder}: no such folder; make it, or give another one")
        lease = Lease(self.folder / LOCK, " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])[:500])
        lease.acquire(wait_s)
        self._lease = lease
        try:
            yield lease
        finally:
            self._lease = None
            lease.release()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection with a transaction open: committed at the end of the block, rolled back if the block raises.

        Under ``writer()`` it uses that lease; otherwise it takes one for itself. Threads of this process queue up. Each commit is
        numbered, and the number is noted outside the database too: that is how a silent loss is seen later.
        """
        if self._lease is None:
            with self.writer(), self.transaction() as con:
                yield con
            return
        with self._lock:
            with self._connected(read_only=False) as con:
                con.execute("BEGIN")
                try:
                    yield con
                    entry = journal.commit_entry(con, _count_commit(con))
                    failpoint("store.before_commit")
                    con.execute("COMMIT")
                except BaseException:
                    _roll_back(con)
                    raise
                failpoint("store.after_commit")
            journal.append(self.folder, [{**entry, "size": self.path.stat().st_size}])

    @contextmanager
    def reader(self) -> Iterator[Connection]:
        """A read-only connection without any access to other files. Works on a read-only disk, and without the lease."""
        with self._lock, self._connected(read_only=True) as con:
            yield con

    def compact(self) -> None:
        """Rewrite the file without what was deleted from it. Needed after a takedown: DuckDB leaves freed blocks in place."""
        if self._lease is None:
            with self.writer():
                self.compact()
            return
        fresh = self.path.with_suffix(".compacting")
        fresh.unlink(missing_ok=True)
        with self._lock:
            self._copy_into(fresh)
            fresh.replace(self.path)
            sync(self.folder)

    def _copy_into(self, fresh: Path) -> None:
        import duckdb

        try:
            con = duckdb.connect(str(self.path), config={**_SAFE, **self._limits})
            try:
                con.execute("CHECKPOINT")
                name = con.execute("SELECT current_database()").fetchall()[0][0]
                con.execute(f"ATTACH '{str(fresh).replace(chr(39), chr(39) * 2)}' AS fresh")
                con.execute(f'COPY FROM DATABASE "{name}" TO fresh')
                con.execute("DETACH fresh")
            finally:
                con.close()
        except duckdb.Error as error:
            fresh.unlink(missing_ok=True)
            raise translate(error, self.path) from error

    @contextmanager
    def _connected(self, *, read_only: bool) -> Iterator[Connection]:
        import duckdb

        if getattr(self._open_here, "yes", False):
            raise StoreError("a connection is open in this thread already: pass it on instead of opening another")
        con = self._connect(read_only)
        self._open_here.yes = True
        try:
            yield con
        except duckdb.Error as error:
            raise translate(error, self.path) from error
        finally:
            self._open_here.yes = False
            _close(con)

    def _connect(self, read_only: bool) -> Connection:
        import duckdb

        self._refuse_vanished(read_only)
        deadline = time.monotonic() + _RETRY_S
        while True:
            try:
                con = duckdb.connect(
                    str(self.path), read_only=read_only, config={**_SAFE, **self._limits, "enable_external_access": "false"}
                )
                con.execute("SET TimeZone = 'UTC'")
                con.execute("SET lock_configuration = true")
                return con
            except (duckdb.Error, OSError) as error:
                said = translate(error, self.path)
                if not isinstance(said, DatabaseLocked) or time.monotonic() >= deadline:
                    raise said from error
                time.sleep(0.1)

    def _refuse_vanished(self, read_only: bool) -> None:
        size = self.path.stat().st_size if self.path.is_file() else None
        if size is None and self.path.with_name(FILE + ".wal").exists():
            raise DatabaseDamaged(f"{self.path}: missing, but its write-ahead log is there; run `thresher doctor`")
        if not size and journal.last_commit(self.folder) is not None:
            raise DatabaseDamaged(
                f"{self.path}: {'empty' if size == 0 else 'missing'}, but its ledger names commits; run `thresher doctor`"
            )
        if size is None and read_only:
            raise StoreError(f"{self.path}: there is no database yet; a first harvest makes it")

    def _prepare(self) -> None:
        known = migrations(self._migrations_folder)
        pending, old = known, False
        if not self.path.is_file():
            self._refuse_vanished(read_only=False)
            _create(self.path)
        else:
            with self._connected(read_only=True) as con:
                pending = _pending(con, known, self.path)
                old = len(pending) < len(known)
                if old:
                    _refuse_reverted(con, self.folder)
                _refuse_damaged(con, self.path)
        if pending and old:
            with self._connected(read_only=False):
                pass  # folds a write-ahead log into the file, which is copied next
            _back_up(self.path, before=pending[0].version)
        for migration in pending:
            with self._connected(read_only=False) as con:
                _apply(con, migration)
            failpoint("store.migrated")


_SAFE = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}


def _create(path: Path) -> None:
    """An empty file, whole or not there at all: one that a full disk tore would be taken for a damaged benchmark ever after."""
    import duckdb

    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    try:
        duckdb.connect(str(fresh), config={**_SAFE}).close()
    except (duckdb.Error, OSError) as error:
        fresh.unlink(missing_ok=True)
        raise translate(error, path) from error
    fresh.replace(path)
    sync(path.parent)


def _close(con: Connection) -> None:
    import duckdb

    try:
        con.close()
    except duckdb.Error:  # a full disk at the closing checkpoint: what was committed stays in the log
        return


def _roll_back(con: Connection) -> None:
    import duckdb

    try:
        con.execute("ROLLBACK")
    except duckdb.Error:  # DuckDB already aborted it
        return


def _count_commit(con: Connection) -> int:
    rows = con.execute("UPDATE meta SET commits = commits + 1 RETURNING commits").fetchall()
    return int(rows[0][0])


def _has_table(con: Connection, name: str) -> bool:
    return bool(con.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = ?", [name]).fetchall())


def _applied(con: Connection) -> dict[int, tuple[str, str]]:
    return {v: (n, s) for v, n, s in con.execute("SELECT version, name, sha256 FROM schema_migrations ORDER BY version").fetchall()}


def _pending(con: Connection, known: list[Migration], path: Path) -> list[Migration]:
    """The migrations that the file lacks; refuses a file of the future, a foreign one and one with an edited past."""
    if not _has_table(con, "schema_migrations"):
        if con.execute("SELECT 1 FROM duckdb_tables() LIMIT 1").fetchall():
            raise StoreError(f"{path}: a DuckDB file, but not a benchmark; give another folder")
        return known
    applied = _applied(con)
    if applied and max(applied) > len(known):
        raise SchemaTooNew(
            f"{path}: has schema {max(applied)} ({applied[max(applied)][0]}), this thresher knows {len(known)}; use a newer "
            f"thresher. Nothing was written"
        )
    for migration in known:
        if migration.version in applied and applied[migration.version][1] != migration.sha256:
            raise StoreError(f"migration {migration.version:04} ({migration.name}) was edited after {path} applied it; restore its text")
    return [m for m in known if m.version not in applied]


def _apply(con: Connection, migration: Migration) -> None:
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
        _roll_back(con)
        raise


def _refuse_damaged(con: Connection, path: Path) -> None:
    """Read every block once before anything is written on top, where a process died or the file is smaller than after the last commit.

    DuckDB opens a file that lost its end, as long as nothing asks for the blocks that are missing.
    """
    died = path.with_name(FILE + ".wal").exists()
    if died or path.stat().st_size < journal.last_size(path.parent):
        checksums(con, read_all=True)


def _refuse_reverted(con: Connection, folder: Path) -> None:
    """A database that lost acknowledged commits must not be written on top of."""
    acknowledged = journal.last_commit(folder, database_id=con.execute("SELECT database_id FROM meta").fetchall()[0][0])
    commits = int(con.execute("SELECT commits FROM meta").fetchall()[0][0])
    if acknowledged is not None and commits < acknowledged:
        raise DatabaseDamaged(
            f"{folder / FILE}: holds {commits} commits, but {acknowledged} were acknowledged: its write-ahead log was lost or cut, "
            "or an older copy was put in its place; run `thresher doctor`, then `thresher rebuild`"
        )


def _back_up(path: Path, before: int) -> Path:
    """A copy of the closed file beside it."""
    copy = path.with_name(f"{path.name}.before-{before:04}")
    partial = copy.with_name(copy.name + ".partial")
    shutil.copyfile(path, partial)
    sync(partial)
    partial.replace(copy)
    sync(path.parent)
    return copy
