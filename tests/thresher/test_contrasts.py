"""Groups against the rest: exact, and false alarms as rare as is said."""

from __future__ import annotations

import random

import pytest

from thresher.contrasts import ALPHA, corrected, fisher


def test_fishers_test_of_the_tea_drinker_and_of_a_lopsided_table() -> None:
    assert fisher(3, 4, 4, 8)[0] == pytest.approx(0.485714, abs=1e-6)
    assert fisher(8, 10, 9, 16)[0] == pytest.approx(0.034965, abs=1e-6)  # 8 of 10 against 1 of 6
    assert fisher(0, 5, 0, 20) == (1.0, 1.0)


def test_a_group_that_could_not_differ_whatever_came_out_is_told_apart_and_costs_nothing() -> None:
    strong, small = fisher(9, 10, 20, 100), fisher(1, 1, 20, 100)
    assert small[1] > ALPHA / 2
    alone, among = corrected([strong]), corrected([strong, *[small] * 50])
    assert among[0] == alone[0]
    assert among[1:] == [None] * 50


def test_where_nothing_differs_hardly_any_report_names_a_group() -> None:
    draw = random.Random(1)
    alarms = 0
    for _ in range(300):
        failing = {n for n in range(120) if draw.random() < 0.3}
        overlapping = [set(range(start, start + 30)) for start in range(0, 91, 5)]
        chances = [fisher(len(group & failing), 30, len(failing), 120) for group in overlapping]
        alarms += any(p is not None and p <= ALPHA for p in corrected(chances))
    assert alarms <= 0.07 * 300
