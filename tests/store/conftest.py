"""What the tests of the store share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from forks import Forks

from store import runs
from store.file.database import FILE, Database


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
def lease(database: Database) -> Iterator[None]:
    """Its lease for the whole test, as a command has it: half the price of each transaction is to take one of its own."""
    with database.writer():
        yield


@pytest.fixture
def run_id(database: Database) -> str:
    """An open run in it."""
    with database.transaction() as con:
        return runs.open_run(con, "test", rules_version="1", dedupe_version="1")
