"""What was changed behind the ledger stays flagged until it is mended: no run writes on top of it, and a rebuild undoes it."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest
from driver import Line

from store.doctor import doctor
from store.file import journal
from store.file.database import FILE, Database

CHANGES = {
    "rows are added": "INSERT INTO records SELECT * REPLACE ('x' || record_key AS record_key) FROM records LIMIT 3",
    "rows are deleted": "DELETE FROM reports WHERE rowid < 4",
    "a row is changed in place": "UPDATE items SET target = 'another' WHERE item_id = (SELECT min(item_id) FROM items)",
    "a table is dropped": "DROP TABLE refusals",
    "a run is forgotten": "DELETE FROM runs WHERE rowid = 0",
}


@pytest.fixture
def data(textbooks: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(textbooks, tmp_path / "data"))


def change(data: Path, sql: str) -> None:
    """As a person does who opens the file with DuckDB."""
    with duckdb.connect(str(data / FILE)) as con:
        con.execute(sql)


@pytest.mark.parametrize("name", CHANGES)
def test_no_run_writes_on_top_when(line: Line, data: Path, name: str) -> None:
    change(data, CHANGES[name])
    assert line.run("doctor", data).rc == 1
    for _ in range(2):
        done = line.run("harvest", data, "arena", "--no-embed")
        assert done.rc == 1
        assert "thresher doctor" in done.err
        assert len(done.err.splitlines()) == 1
        assert not doctor(data).healthy, "what was flagged stays flagged"


@pytest.mark.parametrize("name", ["rows are deleted", "a row is changed in place", "a table is dropped"])
def test_a_rebuild_mends_it_when(line: Line, data: Path, textbooks: Path, name: str) -> None:
    change(data, CHANGES[name])
    line.well("rebuild", data)
    assert line.tables(data) == line.tables(textbooks)
    line.well("harvest", data, "arena", "--no-embed")
    assert doctor(data).healthy


def test_rows_that_no_source_gave_leave_only_when_a_person_says_so(line: Line, data: Path, textbooks: Path) -> None:
    change(data, CHANGES["rows are added"])
    refused = line.run("rebuild", data)
    assert refused.rc == 1
    assert "records: textbooks 3" in refused.err
    assert line.run("rebuild", data, "--accept-loss").rc == 3
    assert line.tables(data) == line.tables(textbooks)


def test_rows_added_after_a_run_that_failed_are_seen_too(line: Line, data: Path) -> None:
    assert line.run("harvest", data, "arena", "--no-embed", failpoint="run.closing").rc == -9
    change(data, CHANGES["rows are added"])
    done = line.run("harvest", data, "arena", "--no-embed")
    assert done.rc == 1
    assert "rows were added behind it" in done.err
    assert not doctor(data).healthy


def test_the_database_of_another_benchmark_is_not_written_to(line: Line, data: Path, tmp_path: Path) -> None:
    line.well("harvest", tmp_path / "other", "arena", "--no-embed")
    shutil.copyfile(tmp_path / "other" / FILE, data / FILE)
    done = line.run("harvest", data, "arena", "--no-embed")
    assert done.rc == 1
    assert "belongs to another file" in done.err
    assert not doctor(data).healthy


def test_a_database_without_its_ledger_is_not_written_to(line: Line, data: Path, textbooks: Path) -> None:
    (data / journal.FILE).unlink()
    done = line.run("harvest", data, "arena", "--no-embed")
    assert done.rc == 1
    assert journal.FILE in done.err
    line.well("rebuild", data)
    line.well("harvest", data, "arena", "--no-embed")
    assert doctor(data).healthy


def test_rows_added_while_a_run_is_under_way_are_not_blessed_by_it(data: Path) -> None:
    database = Database(data)
    with database.writer():
        with database.transaction():
            pass
        change(data, CHANGES["rows are added"])
        with pytest.raises(Exception, match="rows were added behind it"), database.transaction():
            pass
    assert not doctor(data).healthy
