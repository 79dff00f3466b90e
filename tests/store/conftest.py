"""What the tests of the store share."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from store import runs
from store.file.database import FILE, Database

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def small() -> ModuleType:
    """The module ``small_harvest``."""
    spec = importlib.util.spec_from_file_location("small_harvest", HERE / "small_harvest.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Forks:
    """Runs small harvests in processes of their own."""

    def __init__(self) -> None:
        env = {**os.environ, "PYTHONPATH": str(HERE.parents[1])}
        self._server = subprocess.Popen(
            [sys.executable, str(HERE / "small_harvest.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, text=True
        )

    def harvest(self, folder: Path, night: int = 1, failpoint: str = "-") -> int:
        """The exit status: 0, or -9 for a kill."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(f"{folder} {night} {failpoint}\n")
        self._server.stdin.flush()
        return int(self._server.stdout.readline())

    def close(self) -> None:
        """End the server."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.close()
        self._server.wait(10)
        self._server.stdout.close()


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    """A server of processes to kill."""
    forks = Forks()
    yield forks
    forks.close()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty benchmark's file, made once."""
    folder = tmp_path_factory.mktemp("template")
    with Database(folder).writer():
        pass
    return folder / FILE


@pytest.fixture
def database(tmp_path: Path, template: Path) -> Database:
    """An empty benchmark."""
    shutil.copyfile(template, tmp_path / FILE)
    return Database(tmp_path, memory_limit="256MB")


@pytest.fixture
def run_id(database: Database) -> str:
    """An open run in it."""
    with database.transaction() as con:
        return runs.open_run(con, "test", rules_version="1", dedupe_version="1")
