"""A whole harvest in which some sources break, never answer, or bring too little: the others finish, and each is named."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from driver import SALT, Line

import scrapers.arena
from flows.cli import app
from store.file.database import Database


@pytest.fixture
def config(line: Line, tmp_path: Path) -> Path:
    """A configuration of the shared world that a test may change."""
    return line.world.write_config(tmp_path / "config")


def changed(path: Path, *changes: tuple[str, str]) -> None:
    """Replace texts in a settings file, each of which must be in it."""
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def silent() -> Iterator[str]:
    """``host:port`` of a server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def broken(*_: Any, **__: Any) -> Iterator[Any]:
    raise ZeroDivisionError("nobody foresaw this")


def test_a_source_with_a_defect_and_one_that_never_answers_cost_the_others_nothing(
    line: Line, config: Path, silent: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    changed(
        config / "thresher.toml", ("[network]", "[network]\ndeadline_s = 3"), ("allow_addresses = [", f'allow_addresses = ["{silent}", ')
    )
    sites = f'[[sites]]\nname = "one"\nbase_url = "http://{silent}"\n[[sites]]\nname = "two"\nbase_url = "http://{silent}"\n'
    changed(config / "sources" / "discourse.toml", ("min_interval_s = 0", "min_interval_s = 0\nmax_minutes = 0.01"))
    path = config / "sources" / "discourse.toml"
    path.write_text(path.read_text(encoding="utf-8").partition("[[sites]]")[0] + sites, encoding="utf-8")
    monkeypatch.setenv("THRESHER_SALT", SALT)
    monkeypatch.setattr(scrapers.arena, "fetch", broken)
    with pytest.raises(typer.Exit) as ended:
        app.harvest(["arena", "discourse", "textbooks"], tmp_path / "data", config, no_embed=True)
    assert ended.value.exit_code == 3
    said = capsys.readouterr()
    assert re.search(r"^arena +0 .* failed", said.out, re.M)
    assert re.search(r"^discourse +0 .* (partial|failed)", said.out, re.M)
    assert re.search(r"^textbooks +9 .* finished", said.out, re.M)
    told = said.err.splitlines()
    assert [text for text in told if text.startswith("arena: ")] == ["arena: ZeroDivisionError: nobody foresaw this"]
    # as its budget or its robots.txt ends the wait, whichever is first
    assert [text.partition(":")[2].split(":")[0] for text in told if text.startswith("discourse: ")] == [" one", " two"]
    with Database(tmp_path / "data").reader() as con:
        landed = con.execute("SELECT source, landed > 0 FROM run_sources ORDER BY source").fetchall()
    assert landed == [("arena", False), ("discourse", False), ("textbooks", True)]


def test_a_source_that_brings_too_little_is_kept_and_told_by_the_run_and_by_the_status_page(
    line: Line, config: Path, tmp_path: Path
) -> None:
    changed(config / "sources" / "textbooks.toml", ("min_records = 50", "min_records = 5000"))
    changed(config / "sources" / "discourse.toml", ("min_records = 50", "min_records = 50\nfill = { solution = { min = 0.5 } }"))
    promised = Line(line.command, line.world, config)
    done = promised.run("harvest", tmp_path / "data", "arena", "discourse", "textbooks", "--no-embed", "--json")
    assert done.rc == 3
    few, empty = sorted(done.err.splitlines(), reverse=True)
    assert re.match(r"textbooks: a first harvest brought \d+ records, \[expect\] says at least 5000: .* lower min_records", few)
    assert re.match(r"discourse: 0\.0% of \d+ records have solution, \[expect\.fill\] says at least 50%: .* or change the share", empty)
    sources = json.loads(done.out)["sources"]
    assert {name: source["state"] for name, source in sources.items()} == {
        "arena": "finished", "discourse": "partial", "textbooks": "partial",
    }  # fmt: skip
    assert all(source["landed"] for source in sources.values())
    page = promised.well("status", tmp_path / "data").out
    assert re.search(r"^ +textbooks .* stopped early", page, re.M)
    steps = page.partition("what to do next")[2]
    assert "textbooks was done in part: a first harvest brought" in steps
    assert "discourse was done in part: 0.0% of" in steps
    assert "arena was done" not in steps
