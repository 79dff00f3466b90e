"""Whether a scorer may be trusted with an item: it accepts the item's key and does not accept an answer that is recorded to have failed.

Among items that models often fail more than half have turned out to be broken; what fails here is looked at by a person first.
"""

from __future__ import annotations

from collections.abc import Callable

from thresher.scorers.asking import LAST_LINES
from thresher.scorers.base import Score, Task
from thresher.scorers.code import score

Scorer = Callable[[Task, str], Score]


def unproven(task: Task, scorer: Scorer = score) -> str:
    """Why the item may not count; empty where it may. ``scorer`` may be a judge's; what it leaves open is no proof. An item without a key
    (a complaint with a rubric) has only its recorded failures to be proven by."""
    if task.way == "unkeyed":
        return "nothing to score by"
    if task.target and (accepted := scorer(task, key_as_response(task))).verdict != "pass":
        return f"its own key is not accepted: {accepted.why}"
    for response in task.failing:
        if response.strip() and scorer(task, response).verdict == "pass":
            return "an answer that is recorded to have failed is accepted"
    if not task.target and not any(response.strip() and scorer(task, response).verdict == "fail" for response in task.failing):
        return "neither a key nor a recorded failure that its scorer fails"
    return ""


def key_as_response(task: Task) -> str:
    """The key in the form that is asked for."""
    if task.way in LAST_LINES or task.way == "preference":
        return f"ANSWER: {task.target if task.way == 'keyed' else task.answer}"
    return task.target
