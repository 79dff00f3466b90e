"""What the tests of the pages share: an empty benchmark, and a browser where there is one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from store.file.database import Database

BROWSER = os.environ.get("THRESHER_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


@pytest.fixture
def database(tmp_path: Path) -> Database:
    """An empty benchmark."""
    database = Database(tmp_path / "data", memory_limit="256MB")
    database.folder.mkdir()
    with database.writer():
        pass
    return database


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A real Chromium."""
    playwright = pytest.importorskip("playwright.sync_api", reason="the browser tests need playwright: pip install playwright")
    if BROWSER is None:
        pytest.skip("the browser tests need Chromium: install it, or name it by THRESHER_CHROMIUM")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield browser
        browser.close()
