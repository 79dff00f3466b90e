"""Which prompts need what they do not hold."""

from __future__ import annotations

import pytest

from thresher.rules import Rules
from thresher.rules.standing import leans_on


@pytest.mark.parametrize(
    ("prompt", "reason"),
    [
        ("Can you proofread my cover letter?", "not_self_contained"),
        ("Grade this essay", "not_self_contained"),
        ("Summarise this article: https://example.org/a", "not_self_contained"),
        ("Go on from where you left off.", "not_self_contained"),
        ("In our last chat I told you my name; what is it?", "not_self_contained"),
        ("What does the chart show?", "needs_picture"),
        ("Solve the equation in the image", "needs_picture"),
        ("Proofread this letter: Dear Sir, I has come.", ""),
        ('Translate this report into German: "All is well."', ""),
        ("What do I leave out of my resume?", ""),
        ("Write an outline for my essay on mills.", ""),
        ("Describe the picture of Dorian Gray in the novel.", ""),
        ("What is a pie chart?", ""),
    ],
)
def test_a_thing_to_work_on_must_be_there_and_a_thing_that_is_only_named_need_not(rules: Rules, prompt: str, reason: str) -> None:
    need = leans_on(prompt, rules.cues_for("en"))
    assert (need[0] if need else "") == reason
