"""The DuckDB file: who may write, short connections, migrations.

While one process has the file open for writing, every other open fails, a read-only one too. So nobody keeps a connection: a writer
takes the lease for the length of its command, and opens the file anew for each transaction (about 20 ms).

No module holds DuckDB; functions import it. Prefect leaves daemon threads running at exit, and their contexts hold the last flow, so the
globals of its module and of all that it imports. DuckDB among them would then be told of as some forty leaked objects (`nanobind: leaked`),
none of them a connection. `import duckdb`, an empty flow and a server are enough to see it (Prefect 3.8.8, DuckDB 2.0.0).
"""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from store.file import journal, schema
from store.file.agreement import refuse_disagreement, wrong_counts
from store.file.checksums import read_blocks, row_counts
from store.file.faults import translate
from store.file.lease import Lease
from store.file.schema import MIGRATIONS, migrations
from thresher.disk import sync
from thresher.errors import DatabaseDamaged, DatabaseLocked, StoreError, UsageError
from thresher.failpoint import failpoint

if TYPE_CHECKING:
    import duckdb

FILE = "benchmark.duckdb"
LOCK = "benchmark.lock"

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
        self._left: _Left | None = None
        self._owed: list[dict[str, Any]] = []

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
            self._acknowledge()
            with self._connected(read_only=False) as con:
                con.execute("BEGIN")
                try:
                    self._refuse_changed(con)
                    yield con
                    entry = journal.commit_entry(con, _count_commit(con), self._left.rows if self._left else ())
                    failpoint("store.before_commit")
                    con.execute("COMMIT")
                except BaseException:
                    schema.roll_back(con)
                    raise
                failpoint("store.after_commit")
            self._left = _Left(_stamp(self.path), entry["rows"])
            self._owed = [{**entry, "size": self.path.stat().st_size}]
            self._acknowledge()

    def _acknowledge(self) -> None:
        """Note the last commit outside the database. Where a full disk forbids it, nothing more is committed before it is done."""
        if self._owed:
            journal.append(self.folder, self._owed)
            self._owed = []

    def _refuse_changed(self, con: Connection) -> None:
        """Between two commits of ours nobody else writes: the lease is ours, but only thresher asks for it."""
        if self._left and self._left.stamp != _stamp(self.path):
            for finding in wrong_counts(con, self._left.rows):
                raise DatabaseDamaged(f"{self.path}: {finding.detail} while this run had the lease; run `thresher doctor`")

    @contextmanager
    def reader(self, *, any_schema: bool = False, memory_limit: str | None = None) -> Iterator[Connection]:
        """A read-only connection without any access to other files. Works on a read-only disk, and without the lease.

        SchemaTooOld or SchemaTooNew where the file has another schema than this thresher's, unless ``any_schema`` is asked for.
        ``memory_limit`` is for who needs memory beside DuckDB's.
        """
        with self._lock, self._connected(read_only=True, memory_limit=memory_limit) as con:
            if not any_schema:
                schema.refuse_other(con, migrations(self._migrations_folder), self.path)
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
            self._left = self._left and _Left(_stamp(self.path), self._left.rows)

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
    def _connected(self, *, read_only: bool, memory_limit: str | None = None) -> Iterator[Connection]:
        import duckdb

        if getattr(self._open_here, "yes", False):
            raise StoreError("a connection is open in this thread already: pass it on instead of opening another")
        con = self._connect(read_only, {"memory_limit": memory_limit} if memory_limit else {})
        self._open_here.yes = True
        try:
            yield con
        except duckdb.Error as error:
            raise translate(error, self.path) from error
        finally:
            self._open_here.yes = False
            _close(con)

    def _connect(self, read_only: bool, limits: dict[str, str]) -> Connection:
        import duckdb

        self._refuse_vanished(read_only)
        deadline = time.monotonic() + _RETRY_S
        while True:
            try:
                con = duckdb.connect(
                    str(self.path), read_only=read_only, config={**_SAFE, **self._limits, **limits, "enable_external_access": "false"}
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
        steps = migrations(self._migrations_folder)
        pending, old = steps, False
        self._left, self._owed = None, []
        if not self.path.is_file():
            self._refuse_vanished(read_only=False)
            _create(self.path)
        else:
            with self._connected(read_only=True) as con:
                pending = schema.pending(con, steps, self.path)
                old = len(pending) < len(steps)
                _refuse_damaged(con, self.path)
                if old:
                    refuse_disagreement(con, self.path)
                    self._left = _Left(_stamp(self.path), row_counts(con))
        if pending:
            self._migrate(pending, old)

    def _migrate(self, pending: list[schema.Migration], old: bool) -> None:
        if old:
            with self._connected(read_only=False):
                pass  # folds a write-ahead log into the file, which is copied next
            _back_up(self.path, before=pending[0].version)
        with self._connected(read_only=False) as con:
            for migration in pending:
                schema.apply(con, migration)
                failpoint("store.migrated")
        self._left = None


class _Left(NamedTuple):
    """How the last commit left the file: what would show that another process has written to it since, and the rows of every table."""

    stamp: tuple[tuple[int, int, int] | None, ...]
    rows: dict[str, int]


def _stamp(path: Path) -> tuple[tuple[int, int, int] | None, ...]:
    """Inode, size and time of the file and of its write-ahead log."""
    stats = [p.stat() if p.exists() else None for p in (path, path.with_name(path.name + ".wal"))]
    return tuple(s and (s.st_ino, s.st_size, s.st_mtime_ns) for s in stats)


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


def _count_commit(con: Connection) -> int:
    rows = con.execute("UPDATE meta SET commits = commits + 1 RETURNING commits").fetchall()
    return int(rows[0][0])


def _refuse_damaged(con: Connection, path: Path) -> None:
    """Read every block once before anything is written on top, where a process died or the file is smaller than after the last commit.

    DuckDB opens a file that lost its end, as long as nothing asks for the blocks that are missing.
    """
    died = path.with_name(FILE + ".wal").exists()
    if died or path.stat().st_size < journal.last_size(path.parent):
        read_blocks(con)


def _back_up(path: Path, before: int) -> Path:
    """A copy of the closed file beside it."""
    copy = path.with_name(f"{path.name}.before-{before:04}")
    partial = copy.with_name(copy.name + ".partial")
    shutil.copyfile(path, partial)
    sync(partial)
    partial.replace(copy)
    sync(path.parent)
    return copy
