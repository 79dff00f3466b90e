"""One answer of a model to an item, scored: by a program where one can tell, by the judge where it cannot and there is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from store.trials import Check, Scored
from thresher.scorers import code, proof
from thresher.scorers.asking import Asked, asked
from thresher.scorers.base import Score, Task, Verdict
from thresher.scorers.judge import Judge
from thresher.scorers.running import key_tests
from thresher.scorers.sandbox import unavailable

JUDGED = "judge"
"""How the names of scorers begin that are language models."""


def why_not(task: Task, judged: bool) -> str:
    """Why no answer to this task could be scored, with a judge or without; empty where one can be."""
    if task.way == "unkeyed":
        return "nothing to score by"
    if key_tests(task):
        reason = unavailable()
        return f"programs are not run here: {reason}" if reason else ""
    return "" if code.by_code(task) or judged else "only a judge can tell, and none is named"


def shown(task: Task, number: int) -> Asked:
    """What is sent in trial ``number``: options in another order in each."""
    return asked(task, seed=number)


@dataclass(frozen=True, slots=True)
class Scoring:
    """Who scores. Thread-safe."""

    judge: Judge | None = None

    def score(self, task: Task, response: str, order: Sequence[int], family: str) -> Scored:
        """The verdict on an answer of a model of this family, which was shown the options in this order."""
        score = code.score(task, response, order)
        if score.verdict is None and score.judge_next and self.judge is not None:
            score = self.judge.score(task, response, family)
        return _told(score)

    def is_current(self, score: Scored) -> bool:
        """Whether a verdict is what would be given today: by this version of the code, or by this judge where code could not tell."""
        if score.scorer.startswith(JUDGED) and score.verdict is not None:
            return self.judge is None or score.scorer_version == self.judge.version
        return score.scorer_version == code.VERSION and (score.verdict is not None or self.judge is None)

    def check(self, task: Task) -> Check | None:
        """Whether a program accepts the item's own key and rejects the failing answers that were recorded; None where only a judge could
        tell, or there is neither."""
        if not code.by_code(task):
            return None
        key, recorded = proof.of_key(task), proof.of_failing(task)
        scorer = key or next(iter(recorded), None)
        if scorer is None:
            return None
        passed = next((score for score in recorded if score.verdict == "pass"), None)
        failing: Verdict | None = "pass" if passed else "fail" if any(score.verdict == "fail" for score in recorded) else None
        refused = key is not None and key.verdict == "fail"
        why = f"the key itself: {key.why}" if key and refused else f"a recorded failing answer passes: {passed.why}" if passed else ""
        verdict = key.verdict if key else None
        return Check(task.item_id, task.way, scorer.scorer, scorer.version, verdict, failing, why, task.record_keys)


def _told(score: Score) -> Scored:
    return Scored(score.scorer, score.version, score.verdict, score.why, score.evidence)
