"""One answer of a model to an item, scored: by a program where one can tell, by the judge where it cannot and there is one."""

from __future__ import annotations

from dataclasses import dataclass

from store.trials import Check, Scored
from thresher.models.settings import Model
from thresher.scorers import code
from thresher.scorers.asking import Asked, asked
from thresher.scorers.base import Score, Task
from thresher.scorers.checks import checks_of
from thresher.scorers.judge import Judge
from thresher.scorers.keys import key_of

JUDGED = "judge"
"""How the names of scorers begin that are language models."""
_FORMS = ("choice", "keyed", "maths", "preference")
"""Ways in which the answer ends in a form that a program compares."""


def by_code(task: Task) -> bool:
    """Whether a program can score it: its way, a key of several parts or with units, or checks that its rubric asks for."""
    return task.way in _FORMS or (task.way != "unkeyed" and (key_of(task) is not None or bool(checks_of(task.rubric)[0])))


def why_not(task: Task, judged: bool) -> str:
    """Why no answer to this task could be scored, with a judge or without; empty where one can be."""
    if task.way == "unkeyed":
        return "nothing to score by"
    return "" if by_code(task) or judged else "only a judge can tell, and none is named"


def shown(task: Task, number: int) -> Asked:
    """What is sent in trial ``number``: options in another order in each."""
    return asked(task, seed=number)


@dataclass(frozen=True, slots=True)
class Scoring:
    """Who scores. Thread-safe."""

    judge: Judge | None = None

    def score(self, task: Task, response: str, number: int, model: Model) -> Scored:
        """The verdict on the answer of trial ``number``."""
        score = code.score(task, response, shown(task, number).order)
        if score.verdict is None and score.judge_next and self.judge is not None:
            score = self.judge.score(task, response, model.family)
        return _told(score)

    def is_current(self, score: Scored) -> bool:
        """Whether a verdict is what would be given today: by this version of the code, or by a judge where code could not tell."""
        if score.scorer.startswith(JUDGED) and score.verdict is not None:
            return True
        return score.scorer_version == code.VERSION and (score.verdict is not None or self.judge is None)

    def check(self, task: Task) -> Check | None:
        """Whether a program accepts the item's own key and rejects the failing answers that were recorded; None where only a judge could
        tell."""
        if not by_code(task):
            return None
        key = code.score(task, f"ANSWER: {task.answer}" if task.way in _FORMS else task.target)
        recorded = [] if task.way == "preference" else [code.score(task, text) for text in task.failing]
        passed = next((score for score in recorded if score.verdict == "pass"), None)
        failing = "pass" if passed else "fail" if any(score.verdict == "fail" for score in recorded) else None
        why = f"the key itself: {key.why}" if key.verdict == "fail" else f"a recorded failing answer passes: {passed.why}" if passed else ""
        return Check(task.item_id, task.way, key.scorer, key.version, key.verdict, failing, why, task.record_keys)  # type: ignore[arg-type]


def _told(score: Score) -> Scored:
    return Scored(score.scorer, score.version, score.verdict, score.why, score.evidence)
