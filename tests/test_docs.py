"""The README names every command, every source and every exit code; the project's text names nothing private."""

from __future__ import annotations

from pathlib import Path

import scrapers
from flows.cli.app import app

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_command_is_in_the_readme() -> None:
    names = [c.name or (c.callback.__name__ if c.callback else "") for c in app.registered_commands]
    assert len(names) >= 10
    assert [n for n in names if f"`{n}`" not in README and f"`{n}," not in README] == []


def test_every_source_is_in_the_readme_and_has_a_configuration() -> None:
    assert [n for n in scrapers.names() if f"`{n}`" not in README] == []
    assert [n for n in scrapers.names() if not (ROOT / "config" / "sources" / f"{n}.toml").is_file()] == []


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) < 150


def test_every_source_has_a_test_of_its_own() -> None:
    assert [n for n in scrapers.names() if not (ROOT / "tests" / "scrapers" / f"test_{n}.py").is_file()] == []
