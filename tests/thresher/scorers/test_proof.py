"""An item counts when its scorer accepts its key and rejects the recorded failure."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from thresher.scorers.base import Score, Task
from thresher.scorers.proof import unproven


@pytest.mark.parametrize(
    ("key", "more", "why"),
    [
        ("20,800", {"failing": ["It is 20801, I think.", "ANSWER: 7"]}, ""),
        ("20,800", {"failing": ["ANSWER: 20800"]}, "recorded to have failed is accepted"),
        ("\\(\\frac{5}{6}\\)", {"failing": [{"text": "ANSWER: 6/5"}]}, ""),
        ("(a) 3 N\n\n(b) 4 m", {}, ""),
        ("B) two", {"choices": ["one", "two"], "prompt": "Which?\n\nA) one\nB) two"}, ""),
        ("No idea.", {"choices": ["No idea.", "Noon."], "kind": "preference"}, ""),
        ("Because water boils earlier there, at a lower temperature.", {}, "not accepted: only a judge"),
        ("", {}, "nothing to score by"),
        ("", {"rubric": "check: words <= 2", "failing": ["far too many words"]}, ""),
        ("", {"rubric": "check: words <= 2", "failing": ["few words"]}, "recorded to have failed is accepted"),
        ("", {"rubric": "It rhymes.", "failing": ["few words"]}, "neither a key nor a recorded failure"),
    ],
)
def test_key_and_recorded_failure_prove_a_scorer(make: Callable[..., Task], key: str, more: dict, why: str) -> None:
    said = unproven(make(key, **more))
    assert (why in said) if why else not said, said


def test_a_judge_may_be_the_scorer(make: Callable[..., Task]) -> None:
    task = make("Because water boils earlier there.", failing=["Eggs are harder on mountains."])
    assert unproven(task, lambda task, said: Score("pass" if "boils" in said else "fail", "", "", "judge", "1")) == ""
    assert unproven(task, lambda task, said: Score(None, "no answer", "", "judge", "1")) == "its own key is not accepted: no answer"
