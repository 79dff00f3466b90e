"""A harvest that is killed anywhere and repeated ends as one that never was."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from forks import Forks

from store import ledger
from store.doctor import doctor
from store.file.database import Database
from store.snapshot import registry

ALWAYS = ["store.before_commit:4", "store.after_commit:2", "store.outcomes:1", "store.decisions:3"]
MORE = [
    "store.before_commit:1", "store.before_commit:7", "store.land:1", "store.land:2", "store.vectors", "store.decisions:1",
    "ledger.write:3",
    "ledger.write:6", "snapshot.parquet", "snapshot.manifest", "snapshot.rename", "snapshot.published",
]  # fmt: skip
LABELS = [*ALWAYS, *(MORE if os.environ.get("THRESHER_KILLS") == "all" else [])]
"""About two seconds each; set THRESHER_KILLS=all for every place."""


def say(folder: Path) -> dict[str, str]:
    with Database(folder).reader() as con:
        return {**ledger.table_hashes(con), "all": ledger.final_hash(con)}


@pytest.fixture(scope="session")
def nights(forks: Forks, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """After the first night, and after the second, never interrupted."""
    first = tmp_path_factory.mktemp("first")
    assert forks.harvest(first, 1) == 0
    second = tmp_path_factory.mktemp("second") / "copy"
    shutil.copytree(first, second)
    assert forks.harvest(second, 2) == 0
    return [first, second]


@pytest.mark.parametrize("label", LABELS)
def test_killed_at(label: str, forks: Forks, nights: list[Path], tmp_path: Path) -> None:
    second = tmp_path / "copy"
    shutil.copytree(nights[0], second)
    assert forks.harvest(second, 2, label) == -9, "the failpoint was not reached"
    assert forks.harvest(second, 2) == 0
    assert say(second) == say(nights[1])
    assert doctor(second).findings == ()
    for name in ("night-1", "night-2"):
        assert registry.verify(second / "snapshots" / name) == []
        assert (second / "snapshots" / name / "manifest.json").read_bytes() == (
            nights[1] / "snapshots" / name / "manifest.json"
        ).read_bytes()
    assert sorted(p.name for p in (second / "snapshots").iterdir()) == ["night-1", "night-2"]


def test_killed_again_and_again_it_still_arrives(forks: Forks, nights: list[Path], tmp_path: Path) -> None:
    for label in (
        "store.land:2",
        "store.before_commit:2",
        "store.outcomes:1",
        "store.vectors",
        "ledger.write:4",
        "snapshot.manifest",
        "snapshot.rename",
    ):
        assert forks.harvest(tmp_path, 1, label) == -9
    assert forks.harvest(tmp_path, 1) == 0
    assert say(tmp_path) == say(nights[0])
    with Database(tmp_path).reader() as con:
        states = con.execute("SELECT state, count(*) FROM runs GROUP BY 1 ORDER BY 1").fetchall()
    assert states == [("failed", 5), ("finished", 3)]


def test_a_second_run_on_an_unchanged_source_adds_nothing(forks: Forks, nights: list[Path], tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(nights[0], copy)
    assert forks.harvest(copy, 1) == 0
    assert say(copy) == say(nights[0])
    with Database(copy).reader() as con:
        added = con.execute(
            "SELECT added, revised, records, landed, merged, refused FROM run_sources JOIN runs USING (run_id) ORDER BY started_at "
            "DESC LIMIT 1"
        )
        assert added.fetchall() == [(0, 0, 0, 0, 0, 0)]


def test_the_second_night_deletes_and_revises(nights: list[Path]) -> None:
    with Database(nights[1]).reader() as con:
        kept = con.execute("SELECT count(*) FROM records WHERE native_id = 'p3' AND (text <> '' OR title <> '' OR url <> '')").fetchall()
        assert kept == [(0,)]
        assert con.execute("SELECT count(*) FROM records WHERE native_id = 'p5'").fetchall() == [(2,)]
        shown = {row[0] for row in con.execute("SELECT native_id FROM items_current").fetchall()}
    assert "p3" not in shown
