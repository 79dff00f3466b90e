"""What every test may use: the recorded real data and a browser, where they are there, and a quiet environment."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent
WORKERS = 4
"""Processes that share the tests at most: more would make what they share (a world, a server, a first harvest) too often."""

KEPT = {"THRESHER_REALDATA", "THRESHER_KILLS", "THRESHER_SOAK", "THRESHER_CHROMIUM"}
"""What a person may set for the tests; everything else comes from the tests alone."""
BROWSER = os.environ.get("THRESHER_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")

for name in [n for n in os.environ if n.startswith("THRESHER_") and n not in KEPT]:
    del os.environ[name]
os.environ["PREFECT_HOME"] = tempfile.mkdtemp(prefix="prefect-")
atexit.register(shutil.rmtree, os.environ["PREFECT_HOME"], ignore_errors=True)
os.environ.update(DO_NOT_TRACK="1", PREFECT_SERVER_ANALYTICS_ENABLED="false", TOKENIZERS_PARALLELISM="false")
if sys.dont_write_bytecode:  # else each of some hundred processes would compile all that it imports, two seconds of the command's three
    sys.dont_write_bytecode = False
    sys.pycache_prefix = os.environ["PYTHONPYCACHEPREFIX"] = str(ROOT / ".pytest_cache" / "bytecode")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# The same examples in each run, or a change would be refused for what it did not touch. To look for new ones: --hypothesis-profile=default
settings.register_profile("repeatable", derandomize=True)
settings.load_profile("repeatable")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """What ``-n auto`` means: the processors that this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)
    return min(WORKERS, len(allowed(0)) if allowed else os.cpu_count() or 1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The whole line first: its files take longest, and what is short should be left for the end, when processes wait for one another."""
    items.sort(key=lambda item: "flows" not in item.path.parts)


@pytest.fixture(scope="session")
def realdata() -> Path:
    """Recorded payloads of the real sources, which are not part of the project: beside the checkout, or where THRESHER_REALDATA says."""
    folder = Path(os.environ.get("THRESHER_REALDATA", ROOT.parent / "shared" / "realdata"))
    if not (folder / "MANIFEST.md").is_file():
        pytest.skip(f"the recorded real data is not at {folder}; set THRESHER_REALDATA to its folder")
    return folder


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
