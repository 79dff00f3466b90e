"""Letters in any form, the texts of options, and no guess where several are named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from thresher.rules.exercises import options
from thresher.scorers.asking import asked
from thresher.scorers.base import Task
from thresher.scorers.choice import option_named
from thresher.scorers.code import score

CHOICES = ("heat", "heat of the sun", "wind", "A rising tide")
PROMPT = f"What moves it?\n\n{options(CHOICES)}"


@pytest.fixture
def task(make: Callable[..., Task]) -> Task:
    return make("B) heat of the sun", PROMPT, choices=list(CHOICES))


@pytest.mark.parametrize(
    "response",
    [
        "B",
        "b",
        "(B)",
        "B.",
        "B)",
        "**B**",
        "**B) heat of the sun**",
        "ANSWER: B",
        "**ANSWER:** (B)",
        "ANSWER: B) heat of the sun",
        "The answer is B.",
        "The correct answer is **B**: heat of the sun.",
        "heat of the sun",
        "Heat of the Sun.",
        "\\boxed{B}",
        "$\\boxed{\\text{B}}$",
        "A is tempting, and so is C, since both move air.\n\nANSWER: B",
        "Option B",
        "The correct option is (B).",
        "Weighing A, C and D...\n\nFinal answer: B",
        "ANSWER:\nB",
        "<think>A? No, C.</think>\nB",
        "B because the sun warms it",
        "Antwort: B",
    ],
)
def test_every_form_of_the_right_letter_passes(task: Task, response: str) -> None:
    assert score(task, response).verdict == "pass"


@pytest.mark.parametrize(
    "response",
    [
        "A) heat\nB) heat of the sun",
        "**C)** wind\n\n**D)** A rising tide",
        "Choose one.\n\nOptions:\nC. wind\nB. heat of the sun\n",
        "The correct answer is B) heat of the sun, and the correct answer is C) wind.",
        "B, or the answer could be D.",
    ],
)
def test_options_said_again_and_two_answers_have_no_verdict(task: Task, response: str) -> None:
    assert score(task, response).verdict is None


def test_the_last_line_counts_where_it_ends_no_list(task: Task) -> None:
    assert score(task, "B warms the air, so\n\nB) heat of the sun").verdict == "pass"
    assert score(task, "A) too little\nB) enough\n\nANSWER: B").verdict == "pass"


@pytest.mark.parametrize("response", ["A", "(C)", "The answer is D.", "heat", "ANSWER: A rising tide", "ANSWER: D) A rising tide", ""])
def test_another_option_and_silence_fail(task: Task, response: str) -> None:
    assert score(task, response).verdict == "fail"


@pytest.mark.parametrize(
    "response",
    [
        "A or B",
        "ANSWER: B and C",
        "ANSWER: A, B",
        "(A) and (B)",
        "B, C",
        "E",
        "ANSWER: Z",
        "I cannot tell.",
        "It depends on the weather.",
        "The answer is A. No, wait: the answer is B.",
        "ANSWER: not B",
        "B is not right",
        "ANSWER: B) wind",
        "None of the above",
        "The answer is a hard one to give.",
        "Both",
        "B/C",
        "heat of the sun or wind",
    ],
)
def test_several_or_none_have_no_verdict(task: Task, response: str) -> None:
    said = score(task, response)
    assert said.verdict is None
    assert said.judge_next


def test_the_text_of_two_options_names_neither() -> None:
    assert option_named("ANSWER: wind", ("wind", "Wind.", "rain"))[0] is None
    assert option_named("ANSWER: B", ("wind", "Wind.", "rain"))[0] == 1


def test_shuffled_options_are_shown_in_that_order_and_mapped_back(task: Task) -> None:
    places = Counter()
    for seed in range(60):
        shown = asked(task, seed)
        assert shown == asked(task, seed)
        letter = "ABCD"[shown.order.index(1)]
        assert f"{letter}) heat of the sun" in shown.messages[-1].content
        assert shown.messages[-1].content.count("heat of the sun") == 1
        assert score(task, f"ANSWER: {letter}", shown.order).verdict == "pass"
        wrong = "ABCD"[(shown.order.index(1) + 1) % 4]
        assert score(task, f"ANSWER: {wrong}", shown.order).verdict == "fail"
        places[letter] += 1
    assert set(places) == set("ABCD")
    assert asked(task).order == (0, 1, 2, 3)


def test_a_vote_is_a_choice_between_two_responses(make: Callable[..., Task]) -> None:
    vote = make("It is noon.", "What time is it?", kind="preference", choices=["No idea.", "It is noon."])
    assert (vote.way, vote.answer) == ("preference", "B")
    turned = next(shown for seed in range(9) if (shown := asked(vote, seed)).order == (1, 0))
    assert "[Response A]\nIt is noon." in turned.messages[0].content
    assert score(vote, "A", turned.order).verdict == "pass"
    assert score(vote, "Response B", turned.order).verdict == "fail"
