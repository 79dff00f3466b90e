"""What moved between two rankings."""

from __future__ import annotations

from datetime import date

from thresher.standings import Place, moves, to_compare


def test_who_rose_fell_came_and_went() -> None:
    before = [Place("quay", 1, 1312), Place("vantage", 2, 1288), Place("skiff", 3)]
    now = [Place("vantage", 1, 1301), Place("quay", 2, 1300), Place("dinghy", 3, 1100)]
    told = [(move.model, move.ranks, move.score, move.before is None, move.now is None) for move in moves(before, now)]
    assert told == [
        ("vantage", 1, 13, False, False),
        ("quay", -1, -12, False, False),
        ("dinghy", 0, None, True, False),
        ("skiff", 0, None, False, True),
    ]


def test_the_ranking_of_a_week_ago_is_the_newest_that_is_old_enough() -> None:
    days = [date(2026, 5, day) for day in (1, 2, 6, 9)]
    assert to_compare(days, 7) == (date(2026, 5, 2), date(2026, 5, 9))
    assert to_compare(days, 30) == (date(2026, 5, 1), date(2026, 5, 9))
    assert to_compare(days[:1], 7) is None
