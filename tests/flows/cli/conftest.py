"""The command as a person types it, and a small benchmark that it made."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, NamedTuple

import pytest
from driver import Command, CommandForks, Run

ROOT = Path(__file__).resolve().parents[3]
BOOK = ROOT / "sample" / "world" / "book"


class Harvested(NamedTuple):
    """A benchmark, and what the command said when it made it."""

    folder: Path
    report: dict[str, Any]


@pytest.fixture(scope="session")
def thresher(forks: CommandForks, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A process that begins in the checkout, with nothing set."""
    command = Command(forks, tmp_path_factory.mktemp("thresher"), {})

    def run(*arguments: str, **environment: str) -> CompletedProcess[str]:
        done = command.run(*arguments, env=environment, cwd=ROOT)
        return CompletedProcess(arguments, done.rc, done.out, done.err)

    return run


@pytest.fixture(scope="session")
def harvested(thresher: Run, tmp_path_factory: pytest.TempPathFactory) -> Harvested:
    """A benchmark made of the sample book, of which one module is broken."""
    folder = tmp_path_factory.mktemp("cli") / "data"
    done = thresher("ingest", "textbooks", str(BOOK), "--data", str(folder), "--json")
    assert done.returncode == 3, done.stderr
    assert "1 of 9 files or pages could not be read (bad_xml 1)" in done.stderr
    return Harvested(folder, json.loads(done.stdout))


@pytest.fixture(scope="session")
def data(harvested: Harvested) -> Path:
    """The folder of that benchmark; to be looked at only."""
    return harvested.folder


@pytest.fixture
def copy(data: Path, tmp_path: Path) -> Path:
    """The same for a test that changes it."""
    shutil.copytree(data, tmp_path / "data")
    return tmp_path / "data"
