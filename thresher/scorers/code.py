"""Scoring without asking anybody."""

from __future__ import annotations

from collections.abc import Sequence

from thresher.rules.exercise_keys import LETTERS
from thresher.scorers.base import Score, Task
from thresher.scorers.choice import option_named
from thresher.scorers.final import without_thought
from thresher.scorers.ways import PREFERENCE

VERSION = "1"
"""Of all scorers here: changes where one of them might give the same response another verdict."""


def score(task: Task, response: str, order: Sequence[int] = ()) -> Score:
    """What a program can say of a response. ``order`` is that of ``asking.asked``. Never raises."""
    if task.way == "unkeyed":
        return _score(task, None, "the item has nothing to score by")
    if not without_thought(response):
        return _score(task, "fail", "the response is empty")
    if task.way in ("choice", PREFERENCE):
        return _choice(task, response, order)
    return _score(task, None, "only a judge can tell", judge_next=True)


def _choice(task: Task, response: str, order: Sequence[int]) -> Score:
    order = order or range(len(task.choices))
    shown = [task.choices[place] for place in order]
    place, words = option_named(response, shown)
    if place is None:
        return _score(task, None, "it names no option, or more than one", words, judge_next=task.way == "choice")
    letter = LETTERS[order[place]]
    if letter == task.answer:
        return _score(task, "pass", f"it names option {letter}, the key", words)
    return _score(task, "fail", f"it names option {letter}, the key is {task.answer}", words)


def _score(task: Task, verdict: object, why: str, evidence: str = "", *, judge_next: bool = False) -> Score:
    return Score(verdict, why, evidence, task.way, VERSION, judge_next)  # type: ignore[arg-type]
