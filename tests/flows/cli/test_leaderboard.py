"""``thresher leaderboard``: what moved on a board, beside the items that blame its models."""

from __future__ import annotations

import json
from pathlib import Path

from driver import Run

FIXTURES = Path(__file__).parents[2] / "fixtures"


def test_what_moved_in_a_week(thresher: Run, tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    first, second = (str(FIXTURES / "leaderboard" / f"harbour-text_2026-05-{end}") for end in ("01.csv", "09.md"))
    thresher("ingest", "usage", str(FIXTURES / "usage" / "wildchat.jsonl"), "--data", data, "--no-embed")
    thresher("ingest", "leaderboard", first, "--data", data, "--no-embed")
    assert "one ranking alone, of 2026-05-01" in thresher("leaderboard", "--data", data).stdout
    thresher("ingest", "leaderboard", second, "--data", data, "--no-embed")
    told = json.loads(thresher("leaderboard", "--data", data, "--json").stdout)
    assert (told["board"], told["before"], told["day"]) == ("harbour-text", "2026-05-01", "2026-05-09")
    moved = {row["model"]: (row["rank_before"], row["rank"], row["score_change"], row["items"]) for row in told["moves"]}
    assert moved == {
        "quay-4": (1, 1, -11, 1),
        "vantage-13b": (2, 1, 13, 0),
        "Claude 3.5 Sonnet": (2, 3, 0, 0),
        "dinghy-2 | instruct": (None, 4, None, 0),
        "skiff-mini": (4, None, None, 0),
    }
    printed = thresher("leaderboard", "--data", data).stdout
    assert "gone, was 4" in printed
    assert "new" in printed
    assert "no ranking of elsewhere" in thresher("leaderboard", "--data", data, "--board", "elsewhere").stdout
