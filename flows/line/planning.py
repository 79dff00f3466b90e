"""What of a benchmark is put to which models: the trials that are missing, and what they can cost. Nobody is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from flows.line.scoring import shown, why_not
from flows.line.workspace import Workspace
from store import evaluation, trials
from store.evaluation import Wanted
from thresher.models.answers import Question, Usage, cost
from thresher.models.protocol import FINISHED
from thresher.models.settings import Model
from thresher.scorers.base import Task, task_of


@dataclass(frozen=True, slots=True)
class Due:
    """One trial that is missing. ``charged`` is what tries of it that gave nothing have cost before."""

    task: Task
    model: Model
    round: str
    number: int
    charged: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Portion:
    """What a model would be asked: trials, items, and in US dollars the most that they can cost and what they may come to, judged by the
    length of earlier answers (None before there are any)."""

    model: Model
    due: tuple[Due, ...]
    already: int
    most_usd: Decimal
    likely_usd: Decimal | None

    def row(self) -> dict[str, Any]:
        """JSON-ready."""
        likely = None if self.likely_usd is None else float(self.likely_usd)
        return {"model": self.model.name, "served_id": self.model.served_id, "items": len({due.task.item_id for due in self.due}),
                "trials": len(self.due), "already": self.already, "most_usd": float(self.most_usd), "likely_usd": likely}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be asked of whom. ``left_out`` counts items that nobody could score, by reason."""

    portions: tuple[Portion, ...]
    tasks: tuple[Task, ...]
    left_out: dict[str, int]
    max_output_tokens: int

    @property
    def most_usd(self) -> Decimal:
        """All of it at the most."""
        return sum((portion.most_usd for portion in self.portions), Decimal(0))


@dataclass
class Round:
    """The last round of an item and a model, as the journal tells it."""

    number: int
    began: datetime
    settled: set[int] = field(default_factory=set)
    charged: dict[int, Decimal] = field(default_factory=dict)


def plan(
    work: Workspace, models: Sequence[Model], wanted: Wanted, *, judged: bool, trials_each: int, max_output_tokens: int,
    again_after_days: float | None = None, way: str = "", limit: int = 0, only_due: bool = False,
    of: Callable[[dict[str, Any]], Sequence[Model]] | None = None,
    now: datetime | None = None,
) -> Plan:  # fmt: skip
    """What is missing of ``trials_each`` trials of every wanted item by every model (of each item, those that ``of`` names).

    Where the last round of an item is older than ``again_after_days``, or of other words than it has now, another one begins. ``limit``
    counts items; with ``only_due`` only those of which something is missing, those that nobody was ever asked first. Nobody is asked.
    """
    with work.database.reader() as con:
        items, reworded = evaluation.items(con, wanted), evaluation.reworded(con)
    written = trials.lines(work.archive)
    rounds, lengths = _rounds(written, max_output_tokens), _lengths(written)
    before = None if again_after_days is None else (now or datetime.now(UTC)) - timedelta(days=again_after_days)

    def missing(task: Task, model: Model) -> list[Due]:
        last, since = rounds.get((task.item_id, model.name)), reworded.get(task.item_id)
        return list(_due(task, model, last, trials_each, before=before, reworded=since))

    left_out: Counter[str] = Counter()
    tasks, asked_of = [], {}
    for item in items:
        task = task_of(item)
        if way and task.way != way:
            continue
        if reason := why_not(task, judged):
            left_out[reason] += 1
            continue
        asked_of[task.item_id] = {m.name for m in (of(item) if of else models)}
        if only_due and not any(missing(task, model) for model in models if model.name in asked_of[task.item_id]):
            continue
        tasks.append(task)
        if limit and not only_due and len(tasks) == limit:
            break
    if only_due:
        met = {item_id for item_id, _ in rounds}
        tasks = sorted(tasks, key=lambda task: task.item_id in met)[: limit or None]
    portions = []
    for model in models:
        own = [task for task in tasks if model.name in asked_of[task.item_id]]
        due = tuple(due for task in own for due in missing(task, model))
        portions.append(_priced(model, due, trials_each * len(own) - len(due), max_output_tokens, lengths.get(model.name)))
    return Plan(tuple(portions), tuple(tasks), dict(left_out), max_output_tokens)


def _rounds(written: list[dict[str, Any]], max_output_tokens: int) -> dict[tuple[str, str], Round]:
    rounds: dict[tuple[str, str], Round] = {}
    for line in written:
        if line["type"] != trials.TRIAL or trials.of_a_log(line["round"]):
            continue
        key, number = (line["item_id"], line["model"]), int(line["round"])
        if key not in rounds or number > rounds[key].number:
            rounds[key] = Round(number, datetime.fromisoformat(line["asked_at"]))
        if number == rounds[key].number:
            told = rounds[key]
            told.charged[line["number"]] = told.charged.get(line["number"], Decimal(0)) + Decimal(line["usd"])
            cut = bool(line["error"]) and line["finish_reason"] not in FINISHED
            if line["settled"] and not (cut and line["answered_tokens"] < max_output_tokens):
                told.settled.add(line["number"])
    return rounds


def _lengths(written: list[dict[str, Any]]) -> dict[str, float]:
    """The mean tokens of an answer of each model."""
    sums: dict[str, list[int]] = {}
    for line in written:
        if line["type"] == trials.TRIAL and line["answered_tokens"]:
            sums.setdefault(line["model"], []).append(line["answered_tokens"])
    return {model: sum(lengths) / len(lengths) for model, lengths in sums.items()}


def _due(
    task: Task, model: Model, last: Round | None, trials_each: int, *, before: datetime | None, reworded: datetime | None
) -> Iterator[Due]:
    """Another round begins where the last one is whole and of ``before`` or earlier, or was begun in other words than the item has now."""
    numbers = range(1, trials_each + 1)
    if last is not None:
        old = before is not None and last.began <= before and last.settled.issuperset(numbers)
        if old or (reworded is not None and last.began <= reworded):
            last = Round(last.number + 1, last.began)
    last = last or Round(1, datetime.now(UTC))
    for number in numbers:
        if number not in last.settled:
            yield Due(task, model, f"{last.number:04}", number, last.charged.get(number, Decimal(0)))


def question(due: Due, max_output_tokens: int) -> Question:
    """What is sent."""
    messages = tuple((message.role, message.content) for message in shown(due.task, due.number).messages)
    return Question(
        messages,
        max_output_tokens=max_output_tokens,
        about=due.task.record_keys,
        purpose="trial 1",
        sample=f"{due.model.name} {due.round}.{due.number}",
    )


def _priced(model: Model, due: tuple[Due, ...], already: int, max_output_tokens: int, length: float | None) -> Portion:
    most, likely = Decimal(0), Decimal(0)
    for one in due:
        asked = question(one, max_output_tokens)
        most += cost(model, Usage(asked.most_input_tokens, 0, max_output_tokens))
        likely += cost(model, Usage(asked.most_input_tokens // 4, 0, round(length or 0)))
    return Portion(model, due, already, most, None if length is None else likely)
