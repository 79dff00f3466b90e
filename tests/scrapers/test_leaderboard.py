"""Saved tables of boards: which columns hold model, score and rank, which day it was, and what is told of the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sample.faults import BodyFault
from scrapers import leaderboard
from scrapers.leaderboard import Site, parse, read
from thresher.errors import PayloadError
from thresher.model import UNREADABLE_FILE, Dead, Record

FOLDER = Path(__file__).parents[1] / "fixtures" / "leaderboard"
CSV, MARKDOWN, BY_MODEL = (FOLDER / name for name in ("harbour-text_2026-05-01.csv", "harbour-text_2026-05-09.md", "cove_20260509.json"))


def parts(path: Path, **site: Any) -> list[Any]:
    return [part for page in read(path, Site(name="board", **site)) for part in parse(page)]


def ranking(path: Path, **site: Any) -> list[tuple[int, str, float | None]]:
    (record,) = [part for part in parts(path, **site) if isinstance(part, Record)]
    return [(row["rank"], row["model"], row["score"]) for row in record.marks["ranking"]]


def test_a_table_as_a_spreadsheet_saves_it() -> None:
    assert ranking(CSV) == [(1, "quay-4", 1312), (2, "Claude 3.5 Sonnet", 1287), (2, "vantage-13b", 1288), (4, "skiff-mini", 1201)]
    assert [(one.reason, one.native_id) for one in parts(CSV) if isinstance(one, Dead)] == [("no_model", "row 5")]


def test_the_table_of_models_is_found_among_others_and_ranked_by_its_scores() -> None:
    expected = [(1, "quay-4", 1301), (1, "vantage-13b", 1301), (3, "Claude 3.5 Sonnet", 1287), (4, "dinghy-2 | instruct", 1100)]
    assert ranking(MARKDOWN) == expected
    assert [one.reason for one in parts(MARKDOWN) if isinstance(one, Dead)] == ["no_score"]


def test_an_object_with_the_models_as_its_names() -> None:
    assert ranking(BY_MODEL) == [(1, "quay-4", 61.5), (2, "skiff-mini", 12.25)]


@pytest.mark.parametrize(
    "text",
    [
        '[{"name": "a", "elo": 2}, {"name": "b", "elo": 1}]',
        '{"updated": "today", "data": [{"name": "a", "elo": "2"}, {"name": "b", "elo": "1"}]}',
        '{"a": 2, "b": 1}',
    ],
)
def test_other_ways_in_which_boards_write_json(tmp_path: Path, text: str) -> None:
    (tmp_path / "b_20260102.json").write_text(text)
    assert ranking(tmp_path / "b_20260102.json") == [(1, "a", 2), (2, "b", 1)]


def test_board_and_day_are_told_by_the_name_of_the_file(tmp_path: Path) -> None:
    assert {Site.name_for_files(name, {}) for name in (CSV.stem, MARKDOWN.stem, "2026_05_01-Harbour-Text")} == {"harbour-text"}
    (record,) = [one for one in parts(BY_MODEL) if isinstance(one, Record)]
    assert (record.native_id, str(record.created_at)) == ("board/2026-05-09", "2026-05-09 00:00:00+00:00")
    in_folder = [one.native_id for one in parts(FOLDER) if isinstance(one, Record)]
    assert in_folder == ["cove/2026-05-09", "harbour-text/2026-05-01", "harbour-text/2026-05-09"]
    (tmp_path / "board.json").write_bytes(BY_MODEL.read_bytes())
    (page,) = read(tmp_path, Site(name="board"))
    assert "does not say of which day it is" in page.context[UNREADABLE_FILE]
    assert len(ranking(tmp_path / "board.json", day="2026-05-02")) == 2


def test_columns_are_named_where_nobody_knows_them(tmp_path: Path) -> None:
    file = tmp_path / "b_2026-01-02.csv"
    file.write_text("who;points\nquay-4;3\n")
    (page,) = read(file, Site(name="board"))
    with pytest.raises(PayloadError, match="no columns for a model and its score or rank among: points, who"):
        list(parse(page))
    assert ranking(file, model_column="who", score_column="points") == [(1, "quay-4", 3)]


@pytest.mark.parametrize("file", [BY_MODEL])
def test_whatever_a_table_holds_gives_a_ranking_or_says_why_not(body_fault: BodyFault, file: Path) -> None:
    if body_fault.name in {"ids as text", "unknown fields"}:
        pytest.skip("boards name their columns as they like, and have no ids")
    (page,) = read(file, Site(name="board"))
    body_fault.check(leaderboard, page)
