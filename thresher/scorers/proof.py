"""Whether a scorer may be trusted with an item: it accepts the item's key and does not accept an answer that is recorded to have failed.

Among items that models often fail more than half have turned out to be broken; what fails here is looked at by a person first.
"""

from __future__ import annotations

from collections.abc import Callable

from thresher.scorers.base import Score, Task
from thresher.scorers.code import score
from thresher.scorers.running import key_tests
from thresher.scorers.ways import COMPARED, PREFERENCE

Scorer = Callable[[Task, str], Score]


def unproven(task: Task, scorer: Scorer = score) -> str:
    """Why the item may not count; empty where it may. ``scorer`` may be a judge's; what it leaves open is no proof. An item without a key
    (a complaint with a rubric) has only its recorded failures to be proven by."""
    if task.way == "unkeyed":
        return "nothing to score by"
    if (key := of_key(task, scorer)) is not None and key.verdict != "pass":
        return f"its own key is not accepted: {key.why}"
    failing = of_failing(task, scorer)
    if any(said.verdict == "pass" for said in failing):
        return "an answer that is recorded to have failed is accepted"
    if key is None and not any(said.verdict == "fail" for said in failing):
        return "neither a key nor a recorded failure that its scorer fails"
    return ""


def of_key(task: Task, scorer: Scorer = score) -> Score | None:
    """What the scorer says of the item's own key, in the form that is asked for; None where it has none, or where it is tests, which are
    no answer."""
    if not task.target or key_tests(task):
        return None
    if task.way in COMPARED:
        return scorer(task, f"ANSWER: {task.target if task.way == 'keyed' else task.answer}")
    return scorer(task, task.target)


def of_failing(task: Task, scorer: Scorer = score) -> list[Score]:
    """What it says of each answer that is recorded to have failed. What failed in a preference is one of the two responses that are asked
    about, and no answer to that."""
    return [] if task.way == PREFERENCE else [scorer(task, response) for response in task.failing if response.strip()]
