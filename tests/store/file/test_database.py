"""The file: who may write, what a failing open says, migrations."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from store.file.database import FILE, LOCK, Database
from store.file.lease import read_holder
from store.file.schema import MIGRATIONS, migrations
from thresher.errors import DatabaseDamaged, DatabaseLocked, SchemaTooNew, StoreError

ROOT = Path(__file__).parents[3]


@contextmanager
def holding(code: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that runs ``code`` with ``folder``, says that it is ready, and stays."""
    source = f"import sys, pathlib\nfolder = pathlib.Path({str(folder)!r})\n{code}\n    print('ready', flush=True)\n    sys.stdin.read()"
    child = subprocess.Popen([sys.executable, "-c", source], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdin is not None
    try:
        assert child.stdout.readline() == "ready\n"
        yield child
    finally:
        child.stdin.close()
        child.wait(10)
        child.stdout.close()


WRITER = "from store.file.database import Database\nwith Database(folder).writer():"
READER = f"import duckdb\nwith duckdb.connect(str(folder / {FILE!r}), read_only=True):"


def test_a_second_writer_is_told_at_once_who_holds_the_lease_and_since_when(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with holding(WRITER, database.folder) as child:
        with monkeypatch.context() as patch:
            patch.setattr("store.file.lease.time.sleep", lambda seconds: pytest.fail("it waits"))
            with pytest.raises(DatabaseLocked, match=rf"locked by PID {child.pid} since 20\d\d-") as caught, database.writer():
                pass
        assert caught.value.pid == child.pid
        assert caught.value.since is not None


def test_a_second_writer_waits_if_asked(database: Database) -> None:
    taken = threading.Event()
    other = Database(database.folder)
    with database.writer():
        thread = threading.Thread(target=lambda: [taken.set() for _ in [0] if other.writer(wait_s=10).__enter__()])
        thread.start()
        assert not taken.wait(0.15)
    thread.join(10)
    assert taken.is_set()


def test_the_lease_of_a_killed_process_is_free_at_once(database: Database) -> None:
    with holding(WRITER, database.folder) as child:
        child.send_signal(signal.SIGKILL)
        child.wait(10)
        with database.writer():
            assert read_holder(database.folder / LOCK).pid == os.getpid()
    assert read_holder(database.folder / LOCK).pid is None


def test_a_reader_in_another_process_is_waited_for_and_then_named(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store.file.database._RETRY_S", 0.3)
    with (
        holding(READER, database.folder) as child,
        pytest.raises(DatabaseLocked, match=f"PID {child.pid}") as caught,
        database.transaction(),
    ):
        pass
    assert caught.value.pid == child.pid


def test_threads_of_one_process_take_turns(database: Database, run_id: str) -> None:
    def add(n: int) -> None:
        for i in range(5):
            with database.transaction() as con:
                con.execute("INSERT INTO run_refusals VALUES (?, 's', ?, 1)", [run_id, f"{n}-{i}"])

    with database.writer():
        threads = [threading.Thread(target=add, args=(n,)) for n in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    with database.reader() as con:
        assert con.execute("SELECT count(*) FROM run_refusals").fetchall() == [(15,)]


def test_a_transaction_that_raises_leaves_nothing(database: Database) -> None:
    def fail() -> None:
        with database.transaction() as con:
            con.execute("INSERT INTO cursors VALUES ('s', 't', '{}', 'r')")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.reader() as con:
        assert con.execute("FROM cursors").fetchall() == []


def test_a_connection_can_neither_read_other_files_nor_change_its_settings(database: Database) -> None:
    with database.reader() as con:
        with pytest.raises(duckdb.Error, match="disabled"):
            con.execute("SELECT * FROM read_text('/etc/hostname')")
        with pytest.raises(duckdb.Error, match="locked"):
            con.execute("SET enable_external_access = true")


def test_a_second_connection_in_one_thread_is_refused_in_words(database: Database) -> None:
    with database.reader(), pytest.raises(StoreError, match="open in this thread already"), database.reader():
        pass


def test_reading_where_nothing_was_harvested_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no database yet"), Database(tmp_path).reader():
        pass
    with pytest.raises(StoreError, match="no such folder"), Database(tmp_path / "absent").writer():
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to become another user")
def test_a_read_only_folder_can_be_read_and_refuses_a_writer_in_words() -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        with Database(folder).writer():
            pass
        folder.chmod(0o555)
        for path in folder.iterdir():
            path.chmod(0o444)
        os.seteuid(65534)
        try:
            with Database(folder).reader() as con:
                assert con.execute("SELECT count(*) FROM items").fetchall() == [(0,)]
            with pytest.raises(StoreError, match="cannot write"), Database(folder).writer():
                pass
        finally:
            os.seteuid(0)
    finally:
        shutil.rmtree(folder)


def test_a_foreign_duckdb_file_is_left_alone(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / FILE)) as con:
        con.execute("CREATE TABLE mine AS SELECT 1 AS x")
    with pytest.raises(StoreError, match="not a benchmark"), Database(tmp_path).writer():
        pass
    with duckdb.connect(str(tmp_path / FILE)) as con:
        assert con.execute("SHOW TABLES").fetchall() == [("mine",)]


def test_an_emptied_file_is_not_taken_for_a_new_one(database: Database, run_id: str) -> None:
    database.path.write_bytes(b"")
    with pytest.raises(DatabaseDamaged, match="empty"), database.writer():
        pass
    database.path.unlink()
    with pytest.raises(DatabaseDamaged, match="missing"), database.writer():
        pass


def test_an_older_copy_put_in_place_is_not_written_to(database: Database, run_id: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copy(database.path, copy)
    with database.transaction() as con:
        con.execute("INSERT INTO cursors VALUES ('s', 't', '{}', 'r')")
    copy.replace(database.path)
    with pytest.raises(DatabaseDamaged, match="holds 1 commits, but 2 were acknowledged"), database.writer():
        pass


def test_a_full_disk_is_named_and_what_was_committed_stays(database: Database, run_id: str) -> None:
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            size = database.path.stat().st_size + 200_000
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
            with database.transaction() as con:
                con.execute(
                    "INSERT INTO cursors SELECT 's' || i, sha256(i::VARCHAR) || sha256((-i)::VARCHAR), '{}', 'r' FROM range(50000) t(i)"
                )
        except StoreError as error:
            code = 0 if "disk is full" in str(error) else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    with database.transaction() as con:
        assert con.execute("SELECT count(*) FROM cursors").fetchall() == [(0,)]
        assert con.execute("SELECT count(*) FROM runs").fetchall() == [(1,)]


# -- migrations ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def steps(tmp_path: Path) -> Path:
    """The real migrations, and a folder to add more to."""
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder)
    return folder


def add(steps: Path, sql: str) -> str:
    number = len(list(steps.iterdir())) + 1
    (steps / f"{number:04}_added.sql").write_text(sql)
    return f"{number:04}"


def test_an_older_database_is_backed_up_and_migrated(database: Database, run_id: str, steps: Path) -> None:
    number = add(steps, "ALTER TABLE runs ADD COLUMN note VARCHAR DEFAULT 'none';")
    newer = Database(database.folder, migrations_folder=steps)
    with newer.transaction() as con:
        assert con.execute("SELECT run_id, note FROM runs").fetchall() == [(run_id, "none")]
    with duckdb.connect(str(database.folder / f"{FILE}.before-{number}"), read_only=True) as con:
        assert con.execute("SELECT run_id FROM runs").fetchall() == [(run_id,)]
        assert con.execute("SELECT max(version) FROM schema_migrations").fetchall() == [(int(number) - 1,)]


def test_a_migration_that_fails_leaves_the_old_schema(database: Database, run_id: str, steps: Path) -> None:
    add(steps, "CREATE TABLE half (x INTEGER); SELECT error('no');")
    with pytest.raises(StoreError, match="no"), Database(database.folder, migrations_folder=steps).writer():
        pass
    with database.reader() as con:
        assert con.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'half'").fetchall() == [(0,)]


@pytest.mark.parametrize("label", ["store.migrate:1", "store.migrate:2", "store.migrated:1"])
def test_killed_while_migrating_an_empty_folder_the_next_open_finishes_it(tmp_path: Path, label: str) -> None:
    pid = os.fork()
    if pid == 0:
        os.environ["THRESHER_FAILPOINT"] = label
        with Database(tmp_path).writer():
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    with Database(tmp_path).transaction() as con:
        assert con.execute("SELECT version FROM schema_migrations ORDER BY 1").fetchall() == [(m.version,) for m in migrations()]


def test_a_database_of_the_future_is_refused_and_not_written(database: Database, steps: Path) -> None:
    add(steps, "CREATE TABLE later (x INTEGER);")
    with Database(database.folder, migrations_folder=steps).writer():
        pass
    before = database.path.read_bytes()
    with pytest.raises(SchemaTooNew, match=r"has schema \d+ \(added\), this thresher knows"), database.writer():
        pass
    assert database.path.read_bytes() == before


def test_an_edited_migration_is_noticed(database: Database, steps: Path) -> None:
    with (steps / "0001_tables.sql").open("a") as file:
        file.write("-- and more\n")
    with pytest.raises(StoreError, match=r"0001 .* was edited"), Database(database.folder, migrations_folder=steps).writer():
        pass


def test_a_gap_in_the_numbers_is_noticed(tmp_path: Path, steps: Path) -> None:
    (steps / "0099_far.sql").write_text("SELECT 1;")
    with pytest.raises(StoreError, match="without gaps"), Database(tmp_path, migrations_folder=steps).writer():
        pass


def test_every_commit_is_acknowledged_beside_the_database(database: Database) -> None:
    for _ in range(3):
        with database.transaction():
            pass
    lines = [json.loads(line) for line in (database.folder / "ledger.jsonl").read_text().splitlines()]
    assert [line["commit"] for line in lines] == [1, 2, 3]


def test_compacting_keeps_every_row_view_and_comment(database: Database, run_id: str) -> None:
    def inside() -> list[object]:
        with database.reader() as con:
            return [
                con.execute(sql).fetchall()
                for sql in (
                    "SELECT run_id FROM runs",
                    "SELECT view_name, comment FROM duckdb_views() WHERE NOT internal ORDER BY 1",
                    "SELECT table_name, column_name, data_type, comment FROM duckdb_columns() ORDER BY 1, 2",
                    "SELECT table_name, constraint_text FROM duckdb_constraints() ORDER BY 1, 2",
                )
            ]

    before = inside()
    database.compact()
    assert inside() == before
