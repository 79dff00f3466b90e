"""The command as a process, and a small benchmark that it made."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
BOOK = ROOT / "sample" / "world" / "book"


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "flows.cli", *arguments]
    variables = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="session")
def thresher() -> Callable[..., subprocess.CompletedProcess[str]]:
    """The command with these arguments, and with more variables in its environment where they are given by name."""
    return run


@pytest.fixture(scope="session")
def harvested(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A benchmark made of the sample book, of which one module is broken, and what the command said of it."""
    folder = tmp_path_factory.mktemp("cli") / "data"
    done = run("ingest", "textbooks", str(BOOK), "--data", str(folder), "--json")
    assert done.returncode == 3, done.stderr
    assert "1 of 9 files or pages could not be read (bad_xml 1)" in done.stderr
    return folder, json.loads(done.stdout)


@pytest.fixture(scope="session")
def data(harvested: tuple[Path, dict[str, Any]]) -> Path:
    """The folder of that benchmark; to be looked at only."""
    return harvested[0]


@pytest.fixture
def copy(data: Path, tmp_path: Path) -> Path:
    """The same for a test that changes it."""
    shutil.copytree(data, tmp_path / "data")
    return tmp_path / "data"
