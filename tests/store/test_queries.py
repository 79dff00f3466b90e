"""What people ask of the store."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from forks import Forks

from store import queries
from store.file.database import Database
from thresher.errors import UsageError


@pytest.fixture(scope="module")
def night(forks: Forks, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("night")
    assert forks.harvest(folder) == 0
    return folder


def test_the_report_of_a_run_balances_and_is_json(night: Path) -> None:
    with Database(night).reader() as con:
        last = queries.last_run(con)
        assert last is not None
        report = json.loads(json.dumps(queries.run_report(con, last["run_id"])))
        with pytest.raises(UsageError, match="no run"):
            queries.run_report(con, "never")
    forum = report["sources"]["forum"]
    assert forum["records"] == forum["landed"] + forum["merged"] + sum(forum["refused"].values()) == 48
    assert forum["refused"] == {"fifth": 9}


def test_an_item_is_found_by_the_beginning_of_its_id_with_all_its_evidence(night: Path) -> None:
    with Database(night).reader() as con:
        wanted, reports = con.execute("SELECT item_id, report_count FROM most_reported LIMIT 1").fetchall()[0]
        found = json.loads(json.dumps(queries.item(con, wanted[:12])))
        assert found["item_id"] == wanted
        assert len(found["reports"]) == reports
        assert found["messages"][0]["role"] == "user"
        assert found["decisions"][0]["encoder"] == "letters-1"
        with pytest.raises(UsageError, match="no item"):
            queries.item(con, "zzz")
        with pytest.raises(UsageError, match="more than one"):
            queries.item(con, "")


def test_every_view_answers_and_says_what_it_is(night: Path) -> None:
    with Database(night).reader() as con:
        views = con.execute("SELECT view_name, comment FROM duckdb_views() WHERE NOT internal").fetchall()
        assert len(views) >= 10
        for name, comment in views:
            assert comment, name
            con.execute(f'SELECT * FROM "{name}"').fetchall()
        tables = con.execute(
            "SELECT table_name FROM duckdb_tables() WHERE comment IS NULL AND table_name <> 'schema_migrations'"
        ).fetchall()
        assert tables == []
