"""The balance of a run, and a doctor that sees each kind of damage and never writes."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from forks import Forks

from store import ledger, runs
from store.doctor import doctor, verify
from store.file import journal
from store.file.database import FILE, Database
from thresher.errors import DatabaseDamaged, StoreError

WAL = f"{FILE}.wal"


@pytest.fixture(scope="module")
def healthy(forks: Forks, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A night, closed, and then one more commit by a process that was killed before it folded its log in."""
    folder = tmp_path_factory.mktemp("healthy")
    assert forks.harvest(folder) == 0
    pid = os.fork()
    if pid == 0:
        database = Database(folder)
        with database.writer():
            for n in range(3):
                with database.transaction() as con:
                    con.execute("INSERT INTO cursors VALUES (?, 'x', '{}', 'r')", [f"late {n}"])
                    if n == 2:
                        number = con.execute("SELECT commits + 1 FROM meta").fetchall()[0][0]
                        con.execute("UPDATE meta SET commits = commits + 1")
                        entry = journal.commit_entry(con, number)
                        con.execute("COMMIT")
                        journal.append(folder, [entry])
                        os.kill(os.getpid(), signal.SIGKILL)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    assert (folder / WAL).stat().st_size > 0
    return folder


@pytest.fixture
def folder(healthy: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "copy"
    shutil.copytree(healthy, copy)
    return copy


def contents(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*") if p.is_file()}


def change(name: str, edit: Callable[[bytearray], bytes | bytearray]) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        path = folder / name
        path.write_bytes(edit(bytearray(path.read_bytes())))

    return damage


def flip(*places: int) -> Callable[[bytearray], bytearray]:
    def edit(data: bytearray) -> bytearray:
        for place in places:
            data[place] ^= 0xFF
        return data

    return edit


DAMAGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "a byte of the log is flipped": (change(WAL, lambda d: flip(len(d) // 2)(d)), "unreadable"),
    "the log is deleted": (lambda folder: (folder / WAL).unlink(), "lost_commits"),
    "the tail of the log is cut": (change(WAL, lambda d: d[:-40]), "lost_commits"),
    "the header is flipped": (change(FILE, flip(9)), "unreadable"),
    "the second header is flipped": (change(FILE, flip(4096 + 20, 8192 + 20)), "unreadable"),
    "the file is truncated": (change(FILE, lambda d: d[: len(d) // 2]), "unreadable"),
    "the file has no bytes": (change(FILE, lambda d: b""), "empty"),
    "the file is garbage": (change(FILE, lambda d: hashlib.sha256(b"x").digest() * 1000), "unreadable"),
    "the file is missing": (lambda folder: (folder / FILE).unlink(), "missing"),
    "the ledger is missing": (lambda folder: (folder / journal.FILE).unlink(), "ledger"),
}


def test_a_healthy_database_with_a_log_is_called_healthy(folder: Path) -> None:
    before = contents(folder)
    report = doctor(folder)
    assert report.findings == ()
    assert report.commits == report.acknowledged
    assert report.tables["records"] == 48
    assert contents(folder) == before


@pytest.mark.parametrize("name", DAMAGES)
def test_the_doctor_sees_that(name: str, folder: Path) -> None:
    damage, kind = DAMAGES[name]
    damage(folder)
    before = contents(folder)
    report = doctor(folder)
    assert [f.kind for f in report.findings] == [kind], report.findings
    assert contents(folder) == before


@pytest.mark.parametrize("name", [n for n in DAMAGES if n != "the ledger is missing"])
def test_a_harvest_refuses_to_write_when(name: str, folder: Path) -> None:
    DAMAGES[name][0](folder)
    with pytest.raises(DatabaseDamaged), Database(folder).writer():
        pass


def test_a_file_cut_short_after_a_clean_end_is_not_written_to(folder: Path, forks: Forks) -> None:
    assert forks.harvest(folder) == 0
    data = (folder / FILE).read_bytes()
    (folder / FILE).write_bytes(data[: len(data) // 2])
    assert not (folder / WAL).exists()
    with pytest.raises(DatabaseDamaged), Database(folder).writer():
        pass


def test_a_row_changed_behind_the_ledger_is_seen(folder: Path, forks: Forks) -> None:
    assert forks.harvest(folder) == 0
    with Database(folder).transaction() as con:
        ledger.close_run(con, runs.open_run(con, "check"))
    assert doctor(folder).findings == ()
    with Database(folder)._connected(read_only=False) as con:
        con.execute("UPDATE items SET target = 'wrong' WHERE item_id = (SELECT min(item_id) FROM items)")
    assert [f.kind for f in doctor(folder).findings] == ["checksum"]
    with pytest.raises(DatabaseDamaged, match="table items"):
        verify(folder)


def test_rows_lost_from_a_table_too_large_to_be_summed_are_seen(folder: Path, forks: Forks, monkeypatch: pytest.MonkeyPatch) -> None:
    assert forks.harvest(folder) == 0
    monkeypatch.setattr("store.file.checksums.SUMMED", 3)
    with Database(folder).transaction() as con:
        ledger.close_run(con, runs.open_run(con, "check"))
    assert doctor(folder).findings == ()
    with Database(folder)._connected(read_only=False) as con:
        con.execute("DELETE FROM embeddings WHERE item_id = (SELECT min(item_id) FROM items)")
    assert [f.kind for f in doctor(folder).findings] == ["checksum"]


def test_a_run_cannot_land_an_item_twice_in_a_large_benchmark(folder: Path, forks: Forks, monkeypatch: pytest.MonkeyPatch) -> None:
    assert forks.harvest(folder) == 0
    monkeypatch.setattr("store.file.checksums.SUMMED", 3)
    with Database(folder).transaction() as con:
        run_id = runs.open_run(con, "check")
        con.execute("INSERT INTO items SELECT * REPLACE (? AS created_run) FROM items LIMIT 1", [run_id])
        with pytest.raises(StoreError, match="one row for each new item"):
            ledger.close_run(con, run_id)


def test_a_damaged_block_of_data_is_seen(folder: Path, forks: Forks) -> None:
    assert forks.harvest(folder) == 0
    size = (folder / FILE).stat().st_size
    seen = 0
    original = (folder / FILE).read_bytes()
    for block in range(12288, size, 2 * 262144):
        (folder / FILE).write_bytes(flip(block + 5000)(bytearray(original)))
        seen += not doctor(folder).healthy
    assert seen >= 1


def test_quarantine_moves_the_damaged_file_aside_and_keeps_what_persons_said(folder: Path) -> None:
    (folder / "verdicts.jsonl").write_text("{}\n")
    aside = ledger.quarantine(folder)
    assert aside.name == "damaged-01"
    assert {p.name for p in aside.iterdir()} == {FILE, WAL, journal.FILE}
    assert (folder / "verdicts.jsonl").exists()
    with Database(folder).writer():
        pass
    assert ledger.quarantine(folder).name == "damaged-02"


def test_a_line_of_the_ledger_torn_by_a_crash_costs_that_line_only(database: Database) -> None:
    for n in range(3):
        with database.transaction():
            pass
        if n == 1:
            with (database.folder / journal.FILE).open("a") as file:
                file.write('{"commit": 2, "data')
    assert [e["commit"] for e in journal.entries(database.folder)] == [1, 2, 3]
    assert doctor(database.folder).healthy


def test_a_run_that_does_not_balance_cannot_be_closed(database: Database, run_id: str) -> None:
    with database.transaction() as con:
        runs.add_counts(con, run_id, "forum", records=3, candidates=1, landed=1)
    with pytest.raises(StoreError, match="forum: 3 records, but 1 landed"), database.transaction() as con:
        ledger.close_run(con, run_id)
    with database.transaction() as con:
        runs.fail_run(con, run_id, "unbalanced")
        assert con.execute("SELECT state FROM runs").fetchall() == [("failed",)]


def test_tables_that_contradict_one_another_cannot_be_closed(database: Database, run_id: str) -> None:
    with database.transaction() as con:
        con.execute(
            "INSERT INTO items SELECT 'a', 1, 'question', '[]', '', [], [], '', 'none', 'proposed', '', [], '', '', NULL, NULL, '', "
            "'b', 'r'"
        )
    with pytest.raises(StoreError, match="merged items go to a canonical one"), database.transaction() as con:
        ledger.close_run(con, run_id)


def test_the_ledger_outside_has_the_checksums_of_the_run(folder: Path) -> None:
    (closed,) = [e for e in journal.entries(folder) if "tables" in e]
    assert closed["tables"]["records"][0] == 48


def test_a_storage_format_of_the_future_names_the_versions(database: Database) -> None:
    import duckdb

    from store.file.faults import translate
    from thresher.errors import SchemaTooNew

    said = "IO Error: Trying to read a database file with version number 99, but we can only read versions between 64 and 69."
    error = translate(duckdb.IOException(said), database.path)
    assert isinstance(error, SchemaTooNew)
    assert "99" in str(error)
    assert duckdb.__version__ in str(error)
