"""Checks of form that a rubric states, each on both sides."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from thresher.scorers.base import Task
from thresher.scorers.checks import checks_of
from thresher.scorers.code import score

GERMAN = "Der Regen fiel die ganze Nacht auf die Dächer der kleinen Stadt, und niemand ging mehr hinaus."
ENGLISH = "The rain fell all night on the roofs of the little town, and nobody went outside any more."


@pytest.mark.parametrize(
    ("check", "kept", "broken"),
    [
        ("words <= 4", "Four words, no more.", "That would be one more."),
        ("words >= 3", "It's well-known here", "Too short"),
        ("characters <= 10", "ten chars!", "eleven char"),
        ("lines = 2", "one\n\ntwo", "one"),
        ("sentences = 2", "It rains. Why?", "It rains."),
        ("items = 3", "Here:\n- a\n- b\n- c", "Here:\n1. a\n2. b"),
        ("json", '```json\n{"a": [1, 2]}\n```', '{"a": 1,}'),
        ("json", "[]", "Here you go: []"),
        ("json", "1", "NaN"),
        ("language de", GERMAN, ENGLISH),
        ('uses "compost"', "Compost it.", "Composting is good."),
        ('avoids "however"', "But why?", "It is, however, late."),
        ("no refusal", "Mix flour and water.", "I'm sorry, but I can't help with that."),
        ("no refusal", "Sorry about the delay in spring; the tulips come in May.", "Lo siento, no puedo ayudar con eso."),
    ],
)
def test_a_check_holds_or_fails(make: Callable[..., Task], check: str, kept: str, broken: str) -> None:
    task = make("", rubric=f"check: {check}")
    assert task.way == "judged"
    assert score(task, kept).verdict == "pass"
    assert score(task, broken).verdict == "fail"
    assert score(task, "").verdict == "fail"


def test_what_a_rubric_says_besides_is_for_a_judge(make: Callable[..., Task]) -> None:
    task = make("", rubric="It should rhyme.\ncheck: words <= 5\ncheck: be kind")
    checks, rest = checks_of(task.rubric)
    assert [check.text for check in checks] == ["words <= 5"]
    assert rest == "It should rhyme.\ncheck: be kind"
    kept = score(task, "Cat on a mat")
    assert (kept.verdict, kept.judge_next) == (None, True)
    assert score(task, "Far too many words are in this one").verdict == "fail"
    assert score(make("", rubric="check: language de"), "42").verdict is None
