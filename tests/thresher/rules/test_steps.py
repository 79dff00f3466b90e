"""Single steps: what is shown as right is right, and what is shown as wrong is wrong, by computation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from thresher.model import Candidate, Exercise, Record, Refusal
from thresher.rules import Rules, judge
from thresher.rules.steps import Step, corrupted, steps_of

ROOT = Path(__file__).parents[3]


def aligned(*rows: str) -> str:
    return r"Work it out. \[\begin{aligned}" + r" \\ ".join(rows) + r"\end{aligned}\] Done."


def sides(solution: str) -> list[tuple[str, str]]:
    return [step.sides for step in steps_of(solution)]


def step(before: tuple[str, str], now: tuple[str, str]) -> Step:
    return Step("", before, now)


@pytest.fixture(scope="module")
def rules() -> Rules:
    return Rules.load(ROOT / "config" / "rules.toml")


def test_rows_that_follow_by_computation_are_steps() -> None:
    assert sides(aligned("3(x+2)-x & = 3x+6-x", r"& = 2x+6 & \text{Add}.", "& = 2(x+3)")) == [("", "2x+6"), ("", "2(x+3)")]
    assert sides(aligned("2x+4 & = 10", "2x & = 6", "x & = 3.")) == [("2x", "6"), ("x", "3")]


@pytest.mark.parametrize(
    "rows",
    [
        ("f(2) & = 2x+4", "& = 8"),  # a value is put in: no identity
        ("x^{2} & = 9", "x & = 3"),  # not linear, and half of the roots
        ("|x+1| & = 4", "x+1 & = 4"),  # a straight line on one side only
        ("2x & = 6", "y & = 3"),
        ("2x & = 6", "2x & = 6"),
        ("2x & = 6", "x & = 4"),  # the book is wrong, or we do not understand it
        ("A & = LW & = 6", "L & = 3"),
        (r"\text{area} & = ?", "& = 3"),
    ],
)
def test_what_code_cannot_prove_is_no_step(rows: tuple[str, ...]) -> None:
    assert sides(aligned(*rows)) == []


@pytest.mark.parametrize(
    ("before", "now"),
    [(("3(x+2)", "3x+6"), ("", "3(x+2)")), (("2x+4", "10"), ("2x", "6")), (("", r"\frac{9}{4}-2"), ("", r"\frac{1}{4}"))],
)
def test_a_corrupted_step_is_wrong_by_computation(before: tuple[str, str], now: tuple[str, str]) -> None:
    for seed in "abcdefgh":
        changed = corrupted(step(before, now), seed)
        assert changed is not None
        assert (changed[0] in {"number", "sign"}, step(before, now).follows(changed[1])) == (True, False)


def test_a_change_that_leaves_the_step_right_is_no_corruption() -> None:
    assert corrupted(step(("x", "0"), ("3x", "0x")), "a") is None, "neither 4x = 0x nor 3x = 1x has another root"


def test_items_say_which_rule_changed_the_step_and_that_it_is_synthetic(rules: Rules) -> None:
    solution = aligned("4x+12 & = 20", "4x & = 8", "x & = 2")
    exercise = Exercise(r"Solve the equation \(4x+12 = 20\) for \(x.\)", solution)
    record = Record("textbooks", "algebra", "", "u", "step", "t", language="en", detail=exercise, licence="CC-BY-4.0", export_class="full")
    records = [replace(record, native_id=f"m1/e{n}/step-1", thread_id="m1", marks={"step": 1}) for n in range(40)]
    made = [one for one in judge(records, rules) if isinstance(one, Candidate)]
    assert (len(made), {one.kind for one in made}) == (40, {"step"})
    printed = [one for one in made if one.rule == "step/as_printed"]
    assert {(one.target, one.tags) for one in printed} == {("A) The last step is right.", ())}
    assert all(r"\[x = 2\]" in one.prompt and r"4x & = 8\end{aligned}" in one.prompt for one in printed)
    wrong = [one for one in made if one not in printed]
    assert {(one.rule, one.target, one.tags) for one in wrong} == {
        ("step/number", "B) The last step is wrong.", ("corrupted:number", "synthetic"))
    }
    assert not any(r"\[x = 2\]" in one.prompt for one in wrong)
    assert 10 < len(wrong) < 30


def test_a_step_of_an_exercise_that_cannot_stand_alone_is_refused(rules: Rules) -> None:
    exercise = Exercise("Solve the equation.", aligned("4x & = 8", "x & = 2"), figures=("graph.png",), link_only=True)
    record = Record("textbooks", "algebra", "m1/e/step-0", "u", "step", "t", language="en", detail=exercise, marks={"step": 0})
    (refused,) = judge([record], rules)
    assert isinstance(refused, Refusal)
    assert refused.reason != "wrong_detail"
