"""``thresher status``: a page that a person reads, one JSON object for programs, and what to do next."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from driver import Run

from store.file.database import Database

PLAIN = {"THRESHER_NETWORK_CONTACT": "somebody@example.org"}


def change(data: Path, sql: str) -> None:
    with Database(data).transaction() as con:
        con.execute(sql)


def overview(thresher: Run, data: Path, **environment: str) -> dict[str, Any]:
    done = thresher("status", "--json", "--data", str(data), **{**PLAIN, **environment})
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def step(told: dict[str, Any], words: str) -> str:
    """The command of the one step that says this."""
    (command,) = [s["command"] for s in told["next"] if words in s["why"]]
    return str(command)


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_the_page_keeps_to_the_width_of_the_terminal_and_says_it_without_colour(thresher: Run, data: Path, columns: int) -> None:
    page = thresher("status", "--data", str(data), COLUMNS=str(columns)).stdout
    assert max(len(line) for line in page.splitlines()) <= columns
    assert "\x1b" not in page
    for words in ("69 items", "what it holds", "exercise", "textbooks", "link_only 1", "what to do next", "key sourced"):
        assert words in page, words


def test_the_page_can_be_printed_where_only_ascii_can_be_shown(thresher: Run, data: Path) -> None:
    done = thresher("status", "--data", str(data), PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert "####" in done.stdout


def test_the_object_holds_what_the_page_shows(thresher: Run, data: Path) -> None:
    told = overview(thresher, data)
    assert told["status"]["items"] == 69
    assert {(row["kind"], row["tier"], row["key_status"]) for row in told["status"]["composition"]} == {
        ("exercise", "untested", "none"),
        ("exercise", "untested", "sourced"),
    }
    assert told["growth"][0]["landed"] == 69
    assert [(s["source"], s["state"]) for s in told["sources"] if s["state"]] == [("textbooks", "finished")]
    assert told["disk"]["benchmark.duckdb"] > 10_000


def test_a_source_that_is_off_says_what_it_needs(thresher: Run, data: Path) -> None:
    (reddit,) = [s for s in overview(thresher, data)["next"] if s["why"].startswith("reddit is off")]
    assert "THRESHER_REDDIT_CLIENT_ID" in reddit["why"]


def test_what_was_never_frozen_asks_for_a_snapshot_until_there_is_one(thresher: Run, copy: Path) -> None:
    command = step(overview(thresher, copy), "no snapshot was made")
    assert command.endswith(f"--data {copy}")
    done = thresher(*command.split()[1:])
    assert done.returncode == 0, done.stderr
    assert not [s for s in overview(thresher, copy)["next"] if "snapshot" in s["why"]]


def test_what_was_not_embedded_asks_for_deduplicate(thresher: Run, copy: Path) -> None:
    change(copy, "DELETE FROM embeddings; INSERT INTO dedupe_queue SELECT item_id FROM items")
    assert step(overview(thresher, copy), "69 items to embed") == f"thresher deduplicate --data {copy}"


def test_a_failed_source_tells_its_error_and_how_to_try_again(thresher: Run, copy: Path) -> None:
    change(
        copy,
        """INSERT INTO runs (run_id, command, started_at, state, thresher_version) VALUES ('r2', 'thresher harvest', now(), 'partial', '0');
           INSERT INTO run_sources (run_id, source, state, error) VALUES ('r2', 'discourse', 'failed', 'forum [x]: http_503: down')""",
    )
    assert step(overview(thresher, copy), "forum [x]: http_503: down") == f"thresher harvest discourse --data {copy}"
    assert "forum [x]: http_503: down" in " ".join(thresher("status", "--data", str(copy), COLUMNS="200").stdout.split())


def test_a_file_that_failed_is_given_anew(thresher: Run, copy: Path) -> None:
    change(copy, "UPDATE run_sources SET state = 'failed', error = 'nothing in it'")
    assert step(overview(thresher, copy), "nothing in it").startswith("thresher ingest textbooks ")


def test_without_a_contact_no_harvest_is_proposed(thresher: Run, data: Path) -> None:
    assert step(overview(thresher, data), "were never asked").startswith("thresher harvest arena discourse")
    assert "CONTACT" in step(overview(thresher, data, THRESHER_NETWORK_CONTACT=""), "whom to write to")


def test_a_benchmark_where_nothing_waits_says_so(thresher: Run, copy: Path, tmp_path: Path) -> None:
    config = tmp_path / "config"
    shutil.copytree(Path(__file__).resolve().parents[3] / "config", config)
    for source in (config / "sources").glob("*.toml"):
        if source.stem != "textbooks":
            source.unlink()
    change(copy, "UPDATE dead_letters SET resolved = true")
    thresher("snapshot", "one", "--data", str(copy))
    assert "Nothing waits" in thresher("status", "--data", str(copy), "--config", str(config)).stdout


def test_an_empty_folder_is_told_in_one_line(thresher: Run, tmp_path: Path) -> None:
    done = thresher("status", "--data", str(tmp_path))
    assert done.returncode == 1
    assert "a first harvest makes it" in done.stderr
