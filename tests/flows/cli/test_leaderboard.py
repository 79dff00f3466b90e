"""``thresher leaderboard``: what moved on a board, beside the items that blame its models."""

from __future__ import annotations

import json
from pathlib import Path

from driver import Run

from flows.line.harvesting import ingest_files
from flows.line.opening import open_run
from flows.line.workspace import Workspace

ROOT = Path(__file__).resolve().parents[3]
FIXTURES = ROOT / "tests" / "fixtures"


def test_what_moved_in_a_week(thresher: Run, tmp_path: Path) -> None:
    work = Workspace.open(tmp_path, ROOT / "config", create=True)
    with open_run(work, "test") as run:
        ingest_files(run, "leaderboard", [FIXTURES / "leaderboard"])
        ingest_files(run, "usage", [FIXTURES / "usage" / "wildchat.jsonl"])
    cove, harbour = (json.loads(line) for line in thresher("leaderboard", "--data", str(tmp_path), "--json").stdout.splitlines())
    assert (cove["board"], cove["before"], cove["moves"]) == ("cove", None, [])
    assert (harbour["board"], harbour["before"], harbour["day"]) == ("harbour-text", "2026-05-01", "2026-05-09")
    moved = {row["model"]: (row["rank_before"], row["rank"], row["score_change"], row["items"]) for row in harbour["moves"]}
    assert moved == {
        "quay-4": (1, 1, -11, 1),
        "vantage-13b": (2, 1, 13, 0),
        "Claude 3.5 Sonnet": (2, 3, 0, 0),
        "dinghy-2 | instruct": (None, 4, None, 0),
        "skiff-mini": (4, None, None, 0),
    }
    printed = thresher("leaderboard", "--data", str(tmp_path)).stdout
    assert "cove: one ranking alone, of 2026-05-09" in printed
    assert "gone, was 4" in printed
