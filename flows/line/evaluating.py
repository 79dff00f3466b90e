"""Models meet items: what a plan lacks is asked side by side within a budget, scored, and kept at once.

Nothing here holds the lease of the benchmark but for the short write at the end: a harvest may run meanwhile. Every answer is on the disk
before it is used, so a run that is killed and begun again asks only what is missing, and pays for nothing twice.
"""

from __future__ import annotations

import logging
import math
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from flows.line.courts import court
from flows.line.planning import Due, Plan, question
from flows.line.scoring import Scoring, shown
from flows.line.workspace import Workspace
from store import trials
from store.file.lease import Lease
from store.trials import Scored, Trial
from thresher.errors import DatabaseLocked, StoreError
from thresher.models.answers import Answer
from thresher.models.ask import Asker
from thresher.models.budget import Budget
from thresher.models.kept import FILE, Kept
from thresher.models.protocol import FINISHED
from thresher.models.settings import Model
from thresher.scorers.base import Task
from thresher.scorers.judge import Judge

log = logging.getLogger("thresher.evaluating")

LOCK = "evaluating.lock"
_FILTERS = ("content_filter", "safety")
"""Ends of answers by the provider, not by the model."""
TAKE_UP_AFTER = 500
"""Trials after which they are brought into the database while others are asked."""


@dataclass
class Evaluated:
    """What came of a plan: trials by verdict (``none`` where nobody could tell), those left out because they were cut or failed, those
    not asked, and why; ``usd`` is what was spent this time."""

    asked: int = 0
    kept: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    not_asked: Counter[str] = field(default_factory=Counter)
    rescored: int = 0
    usd: Decimal = Decimal(0)
    notices: list[str] = field(default_factory=list)
    """For a person, of what went otherwise than wanted."""
    waiting: bool = False
    """Written down, and not yet in the database, since somebody else was writing to it."""

    def row(self) -> dict[str, Any]:
        """JSON-ready."""
        return {"asked": self.asked, "kept": self.kept, "verdicts": dict(self.verdicts), "left_out": dict(self.left_out),
                "not_asked": dict(self.not_asked), "rescored": self.rescored, "usd": float(self.usd), "notices": self.notices,
                "waiting": self.waiting}  # fmt: skip


@contextmanager
def alone(work: Workspace) -> Iterator[None]:
    """One evaluation of a benchmark at a time: two would ask the same."""
    lease = Lease(work.folder / LOCK, "evaluate")
    try:
        lease.acquire(0.0)
    except DatabaseLocked as locked:
        raise DatabaseLocked(f"another evaluation of this benchmark is at work ({locked})") from None
    try:
        yield
    finally:
        lease.release()


def evaluate(
    work: Workspace, planned: Callable[[], Plan], *, budget: Budget, judge: Model | None = None, by_rules: bool = True,
    until: float = math.inf, told: Callable[[int, int, Decimal], None] = lambda done, total, usd: None,
) -> tuple[Plan, Evaluated]:  # fmt: skip
    """Ask, score and keep what a plan lacks. ``planned`` makes the plan once nobody else evaluates. ``by_rules``: the judge goes by the
    rulebook. After ``until`` (of ``time.monotonic``) no further question goes out. ``told`` hears how many trials are done, of how many,
    and the money that was spent. StoreError where an answer cannot be kept."""
    outcome = Evaluated()
    work.archive.mkdir(exist_ok=True)
    with alone(work), ExitStack() as stack:
        plan_ = planned()
        kept = Kept(work.archive / FILE)
        asker = stack.enter_context(Asker(judge, budget=budget, kept=kept)) if judge is not None else None
        scoring = Scoring(Judge(asker, court(work, outcome.notices.append) if by_rules else None) if asker is not None else None)
        families = {portion.model.name: portion.model.family for portion in plan_.portions}
        check_and_rescore(work, plan_.tasks, scoring, families, outcome)
        try:
            _ask_all(work, plan_, scoring, stack, budget, kept, outcome, until, told)
        finally:
            outcome.usd = budget.spent_usd
            outcome.waiting = not take_up(work, plan_)
    return plan_, outcome


def _ask_all(
    work: Workspace, plan_: Plan, scoring: Scoring, stack: ExitStack, budget: Budget, kept: Kept, outcome: Evaluated, until: float,
    told: Callable[[int, int, Decimal], None],
) -> None:  # fmt: skip
    total = sum(len(portion.due) for portion in plan_.portions)
    futures: dict[Future[Trial | str], Due] = {}
    askers = []
    done = since = 0
    try:
        for portion in plan_.portions:
            asker = stack.enter_context(Asker(portion.model, budget=budget, kept=kept))
            pool = ThreadPoolExecutor(max_workers=portion.model.concurrency, thread_name_prefix="thresher-trial")
            stack.callback(pool.shutdown, cancel_futures=True)
            askers.append(asker)
            for due in portion.due:
                futures[pool.submit(_trial, asker, due, scoring, plan_.max_output_tokens, until)] = due
        waiting = set(futures)
        while waiting:
            ready, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            done += len(ready)
            since += note(work, [future.result() for future in ready], outcome)
            told(done, total, budget.spent_usd)
            if since >= TAKE_UP_AFTER:
                since = 0
                take_up(work, plan_)
    except BaseException:
        for asker in askers:
            asker.close()
        raise
    finally:
        outcome.asked = sum(asker.tally.asked for asker in askers)
        outcome.kept = sum(asker.tally.kept for asker in askers)


def note(work: Workspace, results: Sequence[Trial | str], outcome: Evaluated) -> int:
    """Keep trials; how many."""
    made = [result for result in results if isinstance(result, Trial)]
    outcome.not_asked.update(result for result in results if isinstance(result, str))
    for trial in made:
        if trial.error:
            outcome.left_out[trial.error] += 1
        else:
            outcome.verdicts[trial.score.verdict or "none"] += 1
    if made:
        trials.keep(work.archive, [trial.line() for trial in made])
    return len(made)


def _trial(asker: Asker, due: Due, scoring: Scoring, max_output_tokens: int, until: float) -> Trial | str:
    """One trial; why not, where nobody was asked."""
    if time.monotonic() > until:
        return "the time of this run is over"
    answer = asker.ask(question(due, max_output_tokens))
    usd = max(Decimal(0), answer.charged - due.charged)
    if answer.outcome == "over_budget" or (answer.outcome == "unavailable" and not usd and not answer.seconds):
        return answer.detail
    response = answer.text or (answer.detail.removeprefix("declined: ") if answer.outcome == "refused" else "")
    error = _error(answer)
    score = Scored() if error else scoring.score(due.task, response, shown(due.task, due.number).order, due.model.family)
    settled = not error or answer.from_archive or answer.finish_reason not in FINISHED
    return Trial(
        secrets.token_hex(8), due.task.item_id, due.task.version, due.task.way, due.model.name, answer.served_id, due.round, due.number,
        answer.at or datetime.now(UTC).isoformat(), response, answer.finish_reason, answer.usage.sent, answer.usage.cached,
        answer.usage.answered, str(usd), round(answer.seconds, 3), due.task.record_keys, score, error, settled,
    )  # fmt: skip


def _error(answer: Answer) -> str:
    """Why there is no whole answer: the endpoint failed, a limit cut it, or the provider's filter stepped in before the model. A model that
    declines has answered."""
    if answer.outcome == "answered":
        return ""
    if answer.outcome == "refused" and answer.detail.startswith("declined: ") and answer.finish_reason not in _FILTERS:
        return ""
    return answer.detail or answer.outcome


def check_and_rescore(work: Workspace, tasks_: Sequence[Task], scoring: Scoring, families: Mapping[str, str], outcome: Evaluated) -> None:
    """Hold each item's scorer against its key and recorded failing answers, and give answers that an older scorer judged another verdict:
    nobody is asked but the judge. ``families`` are those of the models whose answers are looked at."""
    at = datetime.now(UTC).isoformat()
    tasks = {task.item_id: task for task in tasks_}
    checked: dict[str, Any] = {}
    answers: dict[str, tuple[dict[str, Any], Scored]] = {}
    for line in trials.lines(work.archive):
        if line["type"] == trials.CHECKED:
            checked[line["item_id"]] = line
        elif line["type"] == trials.TRIAL and not line["error"] and line["item_id"] in tasks and line["model"] in families:
            answers[line["trial_id"]] = (line, _score_in(line))
        elif line["type"] == trials.SCORED and line["trial_id"] in answers:
            answers[line["trial_id"]] = (answers[line["trial_id"]][0], _score_in(line))
    fresh = []
    for task in tasks.values():
        check, before = scoring.check(task), checked.get(task.item_id)
        told = check and check.line(at)
        if told and (before is None or {**told, "at": ""} != {**before, "at": ""}):
            fresh.append(told)

    def again(line: dict[str, Any]) -> Scored:
        task = tasks[line["item_id"]]
        order = line.get("order") or shown(task, line["number"]).order
        return scoring.score(task, line["response"], order, families[line["model"]])

    older = [(line, score) for line, score in answers.values() if not scoring.is_current(score)]
    at_once = scoring.judge.asker.model.concurrency if scoring.judge else 1
    with ThreadPoolExecutor(at_once, thread_name_prefix="thresher-score") as pool:
        for (line, score), now in zip(older, pool.map(again, [line for line, _ in older]), strict=True):
            if now != score:
                fresh.append(trials.rescored(line["trial_id"], now, at))
                outcome.rescored += 1
    if fresh:
        trials.keep(work.archive, fresh)


def _score_in(line: dict[str, Any]) -> Scored:
    return Scored(line["scorer"], line["scorer_version"], line["verdict"], line["why"], line["evidence"])


def take_up(work: Workspace, plan_: Plan) -> bool:
    """Into the database, where nobody else is writing; else the next command that writes does it."""
    try:
        trials.take_up(work.database, work.archive, [task.item_id for task in plan_.tasks])
    except DatabaseLocked:
        return False
    except StoreError as error:
        log.warning("%s", error)
        return False
    return True
