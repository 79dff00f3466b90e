"""Databases as earlier releases left them: whoever reads names them, whoever writes migrates them, and every row is there afterwards.

``tests/kit/store_release.py`` stores one for each release.
"""

from __future__ import annotations

import lzma
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest
from driver import Line

from store.doctor import doctor
from store.file import schema
from store.file.database import FILE, Database
from thresher.errors import SchemaTooOld

RELEASES = Path(__file__).parents[1] / "fixtures" / "releases"
READERS = (("status",), ("show",), ("clusters", "list"), ("clusters", "show", "abc"))
NEWEST = len(schema.migrations())

Rows = dict[str, list[tuple[Any, ...]]]


@pytest.fixture(params=sorted(p.name for p in RELEASES.iterdir()))
def stored(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The benchmark of one release, without its archive."""
    folder = Path(shutil.copytree(RELEASES / request.param, tmp_path / "data"))
    with lzma.open(folder / f"{FILE}.xz") as packed, (folder / FILE).open("wb") as raw:
        shutil.copyfileobj(packed, raw)
    return folder


@pytest.fixture(params=range(1, NEWEST))
def older(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, int]:
    """A benchmark with the first migrations only, as a release in between or a kill while migrating leaves it."""
    steps, data = tmp_path / "migrations", tmp_path / "data"
    steps.mkdir()
    data.mkdir()
    for path in sorted(schema.MIGRATIONS.glob("*.sql"))[: request.param]:
        shutil.copy(path, steps)
    with Database(data, migrations_folder=steps).transaction() as con:
        con.execute("INSERT INTO cursors VALUES ('forum', 'site', '{}', 'run')")
    return data, request.param


def rows(folder: Path, columns: dict[str, str]) -> Rows:
    """The rows of each table, in these columns."""
    with duckdb.connect(str(folder / FILE), read_only=True) as con:
        return {table: con.execute(f'SELECT {names} FROM "{table}" ORDER BY ALL').fetchall() for table, names in columns.items()}


def columns(folder: Path) -> dict[str, str]:
    """The columns of every table of a file, but for those that say which transactions it has seen."""
    with duckdb.connect(str(folder / FILE), read_only=True) as con:
        listed = con.execute(
            "SELECT table_name, string_agg(column_name, ', ' ORDER BY column_index) FROM duckdb_columns() WHERE NOT internal AND "
            "table_name IN (SELECT table_name FROM duckdb_tables()) AND table_name NOT IN ('meta', 'schema_migrations') GROUP BY 1"
        ).fetchall()
    return dict(listed)


def test_a_writer_migrates_it_and_every_row_is_there(stored: Path) -> None:
    kept = columns(stored)
    before = rows(stored, kept)
    assert len(before["items"]) > 40
    assert before["claims"]
    assert before["verdicts"]
    assert before["snapshot_items"]
    with Database(stored).transaction():
        pass
    assert rows(stored, kept) == before
    with Database(stored).reader() as con:
        assert schema.missing(con, schema.migrations()) == []
    assert {finding.kind for finding in doctor(stored).findings} == {"archive"}, "its archive is not stored with it"


def test_the_doctor_proves_it_as_it_is(stored: Path) -> None:
    assert {finding.kind for finding in doctor(stored).findings} == {"archive"}
    with duckdb.connect(str(stored / FILE)) as con:
        con.execute("DROP TABLE refusals")
    assert "schema" in {finding.kind for finding in doctor(stored).findings}


def test_every_reader_names_it_until_it_is_migrated(line: Line, stored: Path) -> None:
    with Database(stored).reader(any_schema=True) as con:
        version = con.execute("SELECT max(version) FROM schema_migrations").fetchall()[0][0]
    for reader in READERS[:3]:
        done = line.command.run(*reader, "--data", stored)
        assert done.rc == (0 if version == NEWEST else 1), done.err
        assert version == NEWEST or f"has schema {version}, this thresher knows {NEWEST}" in done.err


@pytest.mark.parametrize("reader", READERS, ids=" ".join)
def test_a_reader_of_an_older_schema_says_in_one_line_what_to_run(line: Line, older: tuple[Path, int], reader: tuple[str, ...]) -> None:
    data, version = older
    done = line.command.run(*reader, "--data", data)
    assert done.rc == 1
    assert f"has schema {version}, this thresher knows {NEWEST}: run `thresher harvest`" in done.err
    assert len(done.err.splitlines()) == 1


def test_the_doctor_checks_what_an_older_schema_has_and_says_that_it_is_older(line: Line, older: tuple[Path, int]) -> None:
    data, version = older
    done = line.command.run("doctor", "--data", data)
    assert done.rc == 0, done.out
    assert f"has schema {version}, this thresher knows {NEWEST}" in done.out
    with duckdb.connect(str(data / FILE)) as con:
        con.execute("DROP TABLE refusals")
    assert "refusals" in line.command.run("doctor", "--data", data).out


def test_a_writer_migrates_an_older_schema(older: tuple[Path, int]) -> None:
    data, _ = older
    with pytest.raises(SchemaTooOld), Database(data).reader():
        pass
    with Database(data).transaction() as con:
        assert con.execute("FROM cursors").fetchall() == [("forum", "site", "{}", "run")]
    assert doctor(data).findings == ()


def test_a_rebuild_takes_the_place_of_an_older_schema(line: Line, textbooks: Path, older: tuple[Path, int]) -> None:
    data, _ = older
    shutil.copytree(textbooks / "archive", data / "archive")
    line.well("rebuild", data)
    assert line.tables(data) == line.tables(textbooks)
