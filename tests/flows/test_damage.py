"""A damaged database, a disk that is full, a folder that may not be written: said in one line, and made good."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from store import journal
from store.database import FILE

WAL = FILE + ".wal"


@pytest.fixture(scope="module")
def healthy(served: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One source, landed by an undisturbed harvest."""
    data: Path = tmp_path_factory.mktemp("healthy") / "data"
    served.world.night = 1
    served.well("harvest", data, "textbooks", "--no-embed")
    return data


@pytest.fixture(scope="module")
def logged(served: Any, healthy: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with commits that are only in the write-ahead log: a second harvest died after one was acknowledged."""
    data: Path = tmp_path_factory.mktemp("logged") / "data"
    shutil.copytree(healthy, data)
    served.world.night = 1
    assert served.run("harvest", data, "arena", "--no-embed", failpoint="store.before_commit:5").rc == -9
    while not (data / WAL).exists():
        pytest.fail("no write-ahead log was left")
    return data


def keep_log(data: Path) -> None:
    """Make a commit that stays in the log, and acknowledge it."""


def flip(path: Path, at: float) -> None:
    """Change the bytes around a place, given as a share of the file."""
    raw = bytearray(path.read_bytes())
    start = int(len(raw) * at)
    raw[start : start + 64] = bytes(b ^ 0xFF for b in raw[start : start + 64])
    path.write_bytes(raw)
