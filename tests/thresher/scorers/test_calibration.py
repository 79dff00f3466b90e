"""Agreement of a judge with people, against values worked out by hand."""

from __future__ import annotations

import pytest

from thresher.scorers.calibration import Estimate, calibrate, corrected, kappa, rate


def pairs(both_pass: int, missed: int, let_through: int, both_fail: int) -> list:
    return [("pass", "pass")] * both_pass + [("pass", "fail")] * missed + [("fail", "pass")] * let_through + [("fail", "fail")] * both_fail


def test_kappa_is_agreement_beyond_chance() -> None:
    assert kappa(pairs(20, 5, 10, 15)) == pytest.approx(0.4)
    assert kappa(pairs(10, 0, 0, 10)) == 1
    assert kappa(pairs(10, 0, 0, 0)) is None
    assert kappa([]) is None


def test_an_interval_is_wilsons() -> None:
    share = rate(9, 10)
    assert share is not None
    assert (share.value, round(share.low, 4), round(share.high, 4)) == (0.9, 0.5958, 0.9821)
    assert rate(0, 0) is None


def test_a_pass_rate_is_corrected_for_what_the_judge_gets_wrong() -> None:
    sure = Estimate(0.9, 0.85, 0.95)
    said = corrected(0.5, sure, Estimate(0.8, 0.75, 0.85))
    assert said is not None
    assert said.value == pytest.approx(3 / 7)
    assert said.low < said.value < said.high
    assert corrected(0.5, Estimate(0.5, 0.4, 0.6), Estimate(0.5, 0.4, 0.6)) is None
    assert corrected(0.01, sure, Estimate(0.8, 0.75, 0.85)).value == 0


def test_a_good_judge_may_gate_and_others_may_not() -> None:
    good = calibrate(pairs(48, 2, 3, 47))
    assert good.why_not == ()
    assert (good.tpr.value, good.tnr.value) == (0.96, 0.94)
    assert good.kappa.value == pytest.approx(0.9)
    assert good.kappa.low < 0.9 < good.kappa.high
    assert good == calibrate(pairs(48, 2, 3, 47))
    assert [reason.split()[0] for reason in calibrate(pairs(48, 2, 20, 30)).why_not] == ["kappa", "TNR"]
    assert "only 10 answers that people pass" in calibrate(pairs(10, 0, 0, 50)).why_not[0]
    assert calibrate([]).why_not


def test_what_the_judge_leaves_open_is_not_agreement() -> None:
    said = calibrate([*pairs(45, 0, 0, 50), *[("pass", None)] * 10])
    assert (said.open, round(said.tpr.value, 3)) == (10, 0.818)
    assert said.observed == pytest.approx(45 / 95)
    assert said.corrected.value == pytest.approx(45 / 95)
