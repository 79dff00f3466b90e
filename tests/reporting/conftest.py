"""What the tests of the pages share: an empty benchmark."""

from __future__ import annotations

from pathlib import Path

import pytest

from store.file.database import Database


@pytest.fixture
def database(tmp_path: Path) -> Database:
    """An empty benchmark."""
    database = Database(tmp_path / "data", memory_limit="256MB")
    database.folder.mkdir()
    with database.writer():
        pass
    return database
