"""What the documents show of the command is what it prints, and they name every command, source and setting."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.models import CommandInfo

import scrapers
from flows.cli.app import app
from flows.cli.clusters import app as clusters
from flows.line.settings import flat, load

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SETTINGS = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
COMMANDS = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
WITH_THE_MODEL = "docs/dedupe.md"


def current(*documents: str, demo: str = "") -> None:
    """What ``make docs`` would write stands there already."""
    command = [sys.executable, "-m", "cogapp", "--check", "-D", f"demo={demo}", *documents]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, f"run `make docs` and read the difference\n{done.stdout}{done.stderr}"


def test_tables_and_help_in_the_documents_are_those_of_the_command() -> None:
    documents = [str(path.relative_to(ROOT)) for path in sorted((ROOT / "docs").glob("*.md"))]
    current("README.md", *(name for name in documents if name != WITH_THE_MODEL))


def test_the_demo_and_the_comparison_in_the_documents_are_what_the_commands_print() -> None:
    current("README.md", WITH_THE_MODEL, demo="yes")


def _name(command: CommandInfo) -> str:
    return str(command.name or getattr(command.callback, "__name__", ""))


def test_every_command_and_option_is_documented() -> None:
    names = [_name(c) for c in app.registered_commands]
    names += [f"clusters {_name(c)}" for c in clusters.registered_commands]
    assert len(names) >= 10
    assert [n for n in names if f"| `{n}" not in COMMANDS or f"## {n}" not in COMMANDS] == []


@pytest.mark.parametrize("document", ["README.md", "docs/settings.md"])
def test_no_cell_of_a_table_is_left_without_an_explanation(document: str) -> None:
    tables = re.findall(r"^\| `[^|]*\|.*$", (ROOT / document).read_text(encoding="utf-8"), re.MULTILINE)
    assert tables
    assert [row for row in tables if not row.rstrip(" |").rpartition("|")[2].strip(" `") or row.endswith("|  |")] == []


def test_every_setting_is_documented() -> None:
    keys = {key for key, _, _ in flat(load(ROOT / "config", {}), {})}
    short = {
        re.sub(
            r"^(network|schedule|recheck|evaluate|workers|pictures|rulebook|split|seek|report|usage|dedupe|clusters|export|models|readers|sources\.\w+)\.",
            "",
            key,
        )
        for key in keys
    } - {"salt"}
    assert [key for key in sorted(short) if f"| `{key}` |" not in SETTINGS] == []
    assert "THRESHER_SALT" in SETTINGS


def test_every_source_is_in_the_readme_and_has_a_configuration() -> None:
    assert [n for n in scrapers.names() if f"| `{n}` |" not in README] == []
    assert [n for n in scrapers.names() if not (ROOT / "config" / "sources" / f"{n}.toml").is_file()] == []


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) < 150


def test_every_source_has_a_test_of_its_own() -> None:
    assert [n for n in scrapers.names() if not (ROOT / "tests" / "scrapers" / f"test_{n}.py").is_file()] == []


def test_every_check_of_reliability_names_a_test_that_is_there() -> None:
    rows = re.findall(r"^\| \d+ \|.*$", (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert [row for row in rows if "`" not in row and "not built" not in row] == []
    named = re.findall(r"`([\w/]+\.py)::(test_\w+)`", "\n".join(rows))
    assert len(rows) == 62
    assert [f"{file}::{test}" for file, test in named if f"def {test}(" not in (ROOT / "tests" / file).read_text(encoding="utf-8")] == []
