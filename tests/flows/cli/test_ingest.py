"""What becomes of local logs, as a person sees it: numbers, exit codes, and items that can be read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from driver import Run


def lines(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


@pytest.fixture
def ingest(thresher: Run, tmp_path: Path) -> Callable[[Path], tuple[int, dict[str, Any], str]]:
    def done(path: Path) -> tuple[int, dict[str, Any], str]:
        run = thresher("ingest", "arena", str(path), "--data", str(tmp_path / "data"), "--no-embed", "--json")
        return run.returncode, json.loads(run.stdout)["sources"]["arena"], run.stderr

    return done


def test_a_file_of_unknown_layout_counts_every_row_and_fails(ingest: Any, tmp_path: Path) -> None:
    log = lines(tmp_path / "odd.jsonl", *({"colour": "red", "model_a": "oak", "size": n} for n in range(500)))
    code, numbers, told = ingest(log)
    assert (code, numbers["dead"], numbers["records"], numbers["landed"]) == (1, 500, 500, 0)
    assert "500 not read, unknown_layout: odd.jsonl: rows with the columns colour, model_a, size" in told
    assert "battles_only (without model_b, winner)" in told


def test_a_file_of_unknown_layout_beside_one_that_is_known_ends_partly(ingest: Any, tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    lines(folder / "odd.jsonl", {"colour": "red"}, {"colour": "blue"})
    lines(folder / "pairs.jsonl", {"prompt": "Name a metal.", "chosen": "Iron.", "rejected": "Wood."})
    code, numbers, told = ingest(folder)
    assert (code, numbers["dead"], numbers["landed"]) == (3, 2, 1)
    assert "2 not read, unknown_layout: odd.jsonl" in told


def test_a_known_layout_of_which_no_row_can_be_read_fails(ingest: Any, tmp_path: Path) -> None:
    code, numbers, told = ingest(lines(tmp_path / "log.jsonl", *({"chosen": f"Yes {n}.", "rejected": "No."} for n in range(30))))
    assert (code, numbers["dead"], numbers["records"]) == (1, 30, 30)
    assert "30 not read, no_prompt" in told


def test_five_hundred_pairs_without_an_id_are_five_hundred_records(ingest: Any, tmp_path: Path) -> None:
    rows = [{"prompt": f"What is {n} + {n}?", "chosen": f"{2 * n}", "rejected": f"{2 * n + 1}"} for n in range(500)]
    code, numbers, _ = ingest(lines(tmp_path / "log.jsonl", *rows))
    assert (code, numbers["dead"], numbers["landed"]) == (0, 0, 500)


def test_a_preference_is_shown_with_both_responses_and_the_better_one(thresher: Run, ingest: Any, tmp_path: Path) -> None:
    ingest(lines(tmp_path / "log.jsonl", {"prompt": "Name a metal.", "response_a": "Wood.", "response_b": "Iron.", "winner": "B"}))
    shown = thresher("show", "--data", str(tmp_path / "data")).stdout
    assert "response A: Wood." in shown
    assert "better: B" in shown
