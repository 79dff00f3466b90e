"""The registry of snapshots, read back from the folders: what was frozen, of what, and in which order."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from forks import Forks
from small_harvest import EXPORT

from store.file.database import Database
from store.snapshot import registry
from store.snapshot.freeze import freeze

Rows = list[tuple[object, ...]]


@pytest.fixture(scope="module")
def made(forks: Forks, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two nights with a snapshot of each, called so that their names sort the other way round."""
    folder = tmp_path_factory.mktemp("made")
    assert forks.harvest(folder, 1) == 0
    freeze(Database(folder), "z-first", folder / "snapshots", EXPORT)
    shutil.rmtree(folder / "snapshots" / "night-1")
    assert forks.harvest(folder, 2) == 0
    with Database(folder).transaction() as con:
        con.execute("DELETE FROM snapshots WHERE name = 'night-1'")
        con.execute("DELETE FROM snapshot_items WHERE name = 'night-1'")
    return folder


def rows(folder: Path) -> tuple[Rows, Rows]:
    with Database(folder).reader() as con:
        return (
            con.execute("SELECT name, items, sha256, path, export_version FROM snapshots ORDER BY number").fetchall(),
            con.execute("FROM snapshot_items ORDER BY ALL").fetchall(),
        )


def restored(folder: Path) -> list[str]:
    with Database(folder).transaction() as con:
        con.execute("DELETE FROM snapshots")
        con.execute("DELETE FROM snapshot_items")
        return registry.restore(con, folder / "snapshots")


def copy(made: Path, tmp_path: Path) -> Path:
    folder = Path(shutil.copytree(made, tmp_path / "copy"))
    with Database(folder).transaction() as con:
        con.execute("UPDATE snapshots SET path = replace(path, ?, ?)", [str(made), str(folder)])
    return folder


def test_the_registry_of_the_folders_is_that_of_the_database_also_where_all_times_are_one(made: Path, tmp_path: Path) -> None:
    folder = copy(made, tmp_path)
    before = rows(folder)
    assert [row[0] for row in before[0]] == ["z-first", "night-2"]
    for manifest in folder.glob("snapshots/*/manifest.json"):
        os.utime(manifest, (1e9, 1e9))
    assert restored(folder) == []
    assert rows(folder) == before


def test_a_snapshot_made_again_after_a_rebuild_is_the_same(made: Path, tmp_path: Path) -> None:
    folder = copy(made, tmp_path)
    restored(folder)
    again = freeze(Database(folder), "night-2", folder / "snapshots", EXPORT)
    assert json.loads((Path(again.path) / "difference.json").read_bytes())["since"] == "z-first"


def test_a_damaged_snapshot_is_named_and_the_others_are_registered(made: Path, tmp_path: Path) -> None:
    folder = copy(made, tmp_path)
    parquet = next(folder.glob("snapshots/z-first/*/*.parquet"))
    parquet.write_bytes(parquet.read_bytes()[:-100])
    (folder / "snapshots" / "odd").mkdir()
    (folder / "snapshots" / "odd" / "manifest.json").write_text("[]")
    said = restored(folder)
    assert len(said) == 2
    assert any("z-first" in text and parquet.name in text for text in said)
    assert [row[0] for row in rows(folder)[0]] == ["night-2"]
