"""A source made by ``thresher new-source`` is whole at once."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import scrapers
from flows.cli.sources import planned
from thresher.errors import UsageError

ROOT = Path(scrapers.__file__).resolve().parents[1]
PACKAGES = ("config", "dedupe", "flows", "sample", "scrapers", "store", "thresher")
NAME = "birdwatch"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of this checkout with a source more."""
    root = tmp_path_factory.mktemp("checkout")
    for name in PACKAGES:
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "tests/conftest.py", "tests/scrapers/conftest.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, root / name)
    assert run(root, "-m", "flows.cli", "new-source", NAME) == 0
    return root


def run(root: Path, *arguments: str) -> int:
    environment = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run([sys.executable, *arguments], cwd=root, env=environment, capture_output=True, text=True, timeout=300, check=False)
    print(done.stdout[-3000:], done.stderr[-3000:])
    return done.returncode


def test_its_own_tests_pass(checkout: Path) -> None:
    assert run(checkout, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"tests/scrapers/test_{NAME}.py") == 0


def test_it_is_formatted_and_clean(checkout: Path) -> None:
    files = [f"scrapers/{NAME}.py", f"tests/scrapers/test_{NAME}.py"]
    assert run(checkout, "-m", "ruff", "format", "--check", *files) == 0
    assert run(checkout, "-m", "ruff", "check", *files) == 0


def test_its_file_is_ingested_at_once_and_gives_an_item(checkout: Path) -> None:
    data = checkout / "data"
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    command = [
        sys.executable,
        "-m",
        "flows.cli",
        "ingest",
        NAME,
        f"tests/fixtures/{NAME}/page.json",
        "--data",
        str(data),
        "--no-embed",
        "--json",
    ]
    done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    numbers = json.loads(done.stdout)["sources"][NAME]
    assert (numbers["records"], numbers["landed"], numbers["dead"]) == (2, 1, 0)


def test_nothing_is_overwritten(checkout: Path) -> None:
    with pytest.raises(UsageError, match="already"):
        planned(NAME, checkout)
    with pytest.raises(UsageError, match="already"):
        planned("discourse", ROOT)


@pytest.mark.parametrize("name", ["Birds", "2birds", "class", "common", "base", "a", "birds-of-prey", "../birds", "", "x" * 40])
def test_names_that_no_module_can_have_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match="cannot be a source"):
        planned(name, ROOT)


def test_outside_a_checkout_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Clone the repository"):
        planned("birds", tmp_path)
