"""The benchmark as it stands, as ``thresher status`` tells it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from forks import Forks

from store import overview
from store.file.database import Connection, Database

COLUMNS = ("kind", "tier", "key_status", "status", "source", "export_class")


@pytest.fixture(scope="module")
def night(forks: Forks, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("night")
    assert forks.harvest(folder) == 0
    return folder


def counted(con: Connection, column: str) -> dict[str, int]:
    return dict(con.execute(f"SELECT {column}::VARCHAR, count(*) FROM items_current GROUP BY 1").fetchall())


def test_the_status_adds_up(night: Path) -> None:
    with Database(night).reader() as con:
        status = json.loads(json.dumps(overview.status(con)))
    assert status["items"] == sum(status["by_kind"].values()) == sum(status["by_source"].values())
    assert status["items"] + status["merged"] + status["retired"] == 36
    assert status["records_due"] == status["embedding_pending"] == status["undecided"] == 0


def test_the_status_counts_what_the_view_of_the_benchmark_shows(night: Path) -> None:
    with Database(night).reader() as con:
        status = overview.status(con)
        assert status["items"] == con.execute("SELECT count(*) FROM items_current").fetchall()[0][0]
        for column in COLUMNS:
            assert status[f"by_{column}"] == counted(con, column), column


def test_it_counts_the_same_after_merges_verdicts_and_lost_evidence(night: Path, tmp_path: Path) -> None:
    shutil.copytree(night, tmp_path, dirs_exist_ok=True)
    database = Database(tmp_path)
    with database.transaction() as con:
        first, second, third, fourth = (row[0] for row in con.execute("SELECT item_id FROM items_current ORDER BY 1 LIMIT 4").fetchall())
        con.execute("UPDATE items SET merged_into = ? WHERE item_id = ?", [first, second])
        con.execute("UPDATE reports SET tier = 'reproduced', export_class = 'none' WHERE item_id = ?", [second])
        for verdict in ("active", "verified"):
            con.execute("INSERT INTO verdicts VALUES (?, ?, 1, 'a person', now(), ?, '')", [verdict, third, verdict])
        con.execute("UPDATE reports SET live = false WHERE item_id = ?", [fourth])
    with database.reader() as con:
        status = overview.status(con)
        for column in COLUMNS:
            assert status[f"by_{column}"] == counted(con, column), column
    assert status["by_tier"]["reproduced"] == status["by_key_status"]["verified"] == status["by_status"]["active"] == 1


def test_tiers_stand_in_the_order_of_their_strength(night: Path) -> None:
    with Database(night).reader() as con:
        tiers = list(overview.status(con)["by_tier"])
    assert tiers == [tier for tier in ("untested", "claimed", "witnessed", "reproduced") if tier in tiers]


def test_growth_sites_and_visits_are_told(night: Path) -> None:
    with Database(night).reader() as con:
        assert [g["landed_so_far"] for g in overview.growth(con)] == [36]
        assert [(s["site"], s["pages"], s["records"]) for s in overview.sites(con)] == [("rivers", 12, 48)]
        assert [(v["source"], v["state"]) for v in overview.visits(con)] == [("forum", "finished")]


def test_a_source_that_a_rebuild_brought_back_counts_as_its_run_ended(night: Path, tmp_path: Path) -> None:
    shutil.copytree(night, tmp_path, dirs_exist_ok=True)
    database = Database(tmp_path)
    with database.transaction() as con:
        con.execute("UPDATE run_sources SET state = 'running'")
    with database.reader() as con:
        assert [v["state"] for v in overview.visits(con)] == ["finished"]


def test_what_landed_after_the_last_snapshot_is_counted(night: Path, tmp_path: Path) -> None:
    shutil.copytree(night, tmp_path, dirs_exist_ok=True)
    database = Database(tmp_path)
    with database.reader() as con:
        assert con.execute("FROM snapshots").fetchall()
        assert overview.landed_since_snapshot(con) == 0
    with database.transaction() as con:
        con.execute("DELETE FROM snapshots")
    with database.reader() as con:
        assert overview.landed_since_snapshot(con) == 36
