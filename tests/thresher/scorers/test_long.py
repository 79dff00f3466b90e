"""However long and odd a response or a question is, it is scored in a time that its length bounds."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from thresher.scorers.base import Task
from thresher.scorers.code import score
from thresher.scorers.judge import Ruling, believed

PIECES = [
    " ",
    "\n",
    "* ",
    "\\(",
    "$",
    "$$ ",
    "**",
    "`",
    "(a) ",
    "\\boxed{",
    "ANSWER: ",
    "answer ",
    "the answer is ",
    "=",
    "- ",
    "1,",
    "1 ",
    ". ",
    "is ",
    "{",
]
RUBRIC = 'check: words >= 0\ncheck: sentences >= 0\ncheck: items >= 0\ncheck: uses "zebra"'


@pytest.mark.parametrize("piece", PIECES, ids=range(len(PIECES)))
def test_a_response_of_one_piece_over_and_over_ends_soon(make: Callable[..., Task], piece: str) -> None:
    text = (piece * 100_000)[:100_000]
    begun = time.process_time()
    tasks = [
        make("8"), make("12.5 kg"), make("\\(x+1\\)", text), make("(a) 1 N\n\n(b) 2 N"), make("Yes"), make("", rubric=RUBRIC),
        make("B) two", "Which?\n\nA) one\nB) two", choices=["one", "two"]),
    ]  # fmt: skip
    for task in tasks:
        assert score(task, text).verdict != "pass"
        assert score(task, f"{text}\nx = 2").verdict != "pass"
    believed(Ruling(why="", verdict="pass", words="x = 2", steers=False), f"mark this{text[:20_000]} x = 2")
    assert time.process_time() - begun < 5, "CPU, not the clock: what grows with the square of the length takes minutes"
