"""Logs that others wrote, read back in: an answer that is in one of them becomes a trial, and is scored anew.

Each log is a round of its own, named after the last round of ours that began before it, so that rounds stay in the order of their days.
A trial has the same id whenever its log is read, so a second import finds it there, and one that was killed goes on where it stopped.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from flows.line.courts import court
from flows.line.evaluating import Evaluated, alone, check_and_rescore, note, take_up
from flows.line.planning import Plan
from flows.line.scoring import Scoring, why_not
from flows.line.workspace import Workspace
from store import evaluation, trials
from store.evaluation import Wanted
from store.trials import Scored, Trial
from thresher.errors import UsageError
from thresher.logs.inspect_reading import Unreadable, read_log
from thresher.logs.trial import LoggedTrial
from thresher.models.answers import cost
from thresher.models.ask import Asker
from thresher.models.budget import Budget
from thresher.models.kept import FILE, Kept
from thresher.models.settings import Model, Models
from thresher.scorers.base import Task, task_of
from thresher.scorers.judge import Judge
from thresher.text import normalise

_DATE = re.compile(r"[-@:]\d{4}[\d-]*\Z")
_AT_ONCE = 200
"""Trials that are kept together."""


class _Fit(NamedTuple):
    """A sample that is an answer to an item: the order in which the options stood, and the model where it is configured."""

    task: Task
    sample: LoggedTrial
    order: tuple[int, ...]
    model: Model | None


@dataclass
class Imported(Evaluated):
    """``samples`` were in the logs, ``already`` were imported before; ``unfit`` counts those that became no trial, by reason, and
    ``unreadable`` says which files are no logs."""

    samples: int = 0
    already: int = 0
    unfit: Counter[str] = field(default_factory=Counter)
    unreadable: list[str] = field(default_factory=list)

    def row(self) -> dict[str, Any]:
        """JSON-ready."""
        more = {"samples": self.samples, "already": self.already, "unfit": dict(self.unfit), "unreadable": self.unreadable}
        return {**super().row(), **more}


def import_logs(
    work: Workspace, places: Sequence[Path], wanted: Wanted, *, budget: Budget, judge: Model | None = None, by_rules: bool = True
) -> Imported:
    """Read logs (files, or folders of them) and keep what they hold of the wanted items. Nobody is asked but the judge, within ``budget``.
    UsageError where a place is not there."""
    files = list(_files(places))
    outcome = Imported()
    work.archive.mkdir(exist_ok=True)
    with alone(work), ExitStack() as stack:
        with work.database.reader() as con:
            tasks = {item["item_id"]: task_of(item) for item in evaluation.items(con, wanted)}
        asker = stack.enter_context(Asker(judge, budget=budget, kept=Kept(work.archive / FILE))) if judge is not None else None
        scoring = Scoring(Judge(asker, court(work, outcome.notices.append) if by_rules else None) if asker is not None else None)
        written = [line for line in trials.lines(work.archive) if line["type"] == trials.TRIAL]
        taken, rounds = {line["trial_id"] for line in written}, _own_rounds(written)
        fitting = _fitting(work.settings.models, _samples(files, outcome), tasks, taken, scoring, outcome)
        with ThreadPoolExecutor(judge.concurrency if judge else 1, thread_name_prefix="thresher-score") as pool:
            while portion := list(islice(fitting, _AT_ONCE)):
                note(work, list(pool.map(lambda fit: _trial(fit, scoring, rounds), portion)), outcome)
        logged = [line for line in trials.lines(work.archive) if line["type"] == trials.TRIAL and trials.of_a_log(line["round"])]
        answered = [tasks[item_id] for item_id in dict.fromkeys(line["item_id"] for line in logged) if item_id in tasks]
        families = dict.fromkeys((line["model"] for line in logged), "") | {m.name: m.family for m in work.settings.models.models}
        check_and_rescore(work, answered, scoring, families, outcome)
        outcome.usd = budget.spent_usd
        outcome.waiting = not take_up(work, Plan((), tuple(answered), {}, 0))
    return outcome


def _files(places: Iterable[Path]) -> Iterator[Path]:
    for place in places:
        if place.is_dir():
            yield from sorted(path for path in place.rglob("*") if path.suffix in (".eval", ".json") and path.is_file())
        elif place.is_file():
            yield place
        else:
            raise UsageError(f"{place}: no such file")


def _samples(files: Iterable[Path], outcome: Imported) -> Iterator[LoggedTrial | Unreadable]:
    for file in files:
        try:
            yield from read_log(file)
        except UsageError as error:
            outcome.unreadable.append(str(error))


def _fitting(
    models: Models, samples: Iterable[LoggedTrial | Unreadable], tasks: Mapping[str, Task], taken: set[str], scoring: Scoring,
    outcome: Imported,
) -> Iterator[_Fit]:  # fmt: skip
    """The samples that are answers to items, each once, with the order in which the options stood."""
    for sample in samples:
        outcome.samples += 1
        if isinstance(sample, Unreadable):
            outcome.unfit[sample.why] += 1
        elif sample.trial_id in taken:
            outcome.already += 1
        elif (task := tasks.get(sample.item_id)) is None:
            outcome.unfit["its id is that of no item"] += 1
        elif reason := why_not(task, scoring.judge is not None):
            outcome.unfit[reason] += 1
        elif (order := _order(task, sample)) is None:
            outcome.unfit["its options are not those of the item"] += 1
        elif not _asks(task, sample):
            outcome.unfit["it asks something else than the item"] += 1
        else:
            taken.add(sample.trial_id)
            yield _Fit(task, sample, order, _configured(models, sample))


def _order(task: Task, sample: LoggedTrial) -> tuple[int, ...] | None:
    """Which option of the task each of the sample's is; where it lists none, they stood as the item has them."""
    if not task.choices or not sample.choices:
        return tuple(range(len(task.choices)))
    places = {normalise(choice): place for place, choice in enumerate(task.choices)}
    order = tuple(places.get(normalise(choice), -1) for choice in sample.choices)
    return order if sorted(order) == list(range(len(task.choices))) else None


def _asks(task: Task, sample: LoggedTrial) -> bool:
    """Whether every turn of the item is somewhere in what was asked; of its options we know already."""
    asked = normalise("\n\n".join(message.content for message in sample.messages))
    return all(normalise(task.question(message)) in asked for message in task.messages)


def _configured(models: Models, sample: LoggedTrial) -> Model | None:
    """The model of models.toml that was asked: by its name, else by an id under which it is served, with or without a date behind it. An id
    that goes on in letters is that of another model."""
    name = sample.model.rpartition("/")[2]
    served = sample.served_id.rpartition("/")[2]
    ids = {sample.model, name, served, _DATE.sub("", served)}
    by_name = (model for model in models.models if model.name in (sample.model, name))
    return next(by_name, None) or next((model for model in models.models if ids & {model.served_id, *model.serves}), None)


def _own_rounds(written: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], list[tuple[datetime, str]]]:
    """When each round of ours of an item and a model began."""
    began: dict[tuple[str, str, str], datetime] = {}
    for line in written:
        if not trials.of_a_log(line["round"]):
            key = (line["item_id"], line["model"], line["round"])
            began[key] = min(began.get(key, datetime.fromisoformat(line["asked_at"])), datetime.fromisoformat(line["asked_at"]))
    rounds: dict[tuple[str, str], list[tuple[datetime, str]]] = {}
    for (item_id, model, round_), moment in began.items():
        rounds.setdefault((item_id, model), []).append((moment, round_))
    return rounds


def _trial(
    fit: _Fit, scoring: Scoring,
    rounds: Mapping[tuple[str, str], Sequence[tuple[datetime, str]]],
) -> Trial:  # fmt: skip
    task, sample, order, model = fit
    name = model.name if model else sample.model
    before = max((round_ for began, round_ in rounds.get((task.item_id, name), ()) if began <= sample.asked_at), default="0000")
    score = Scored() if sample.error else scoring.score(task, sample.response, order, model.family if model else "")
    usd = cost(model, sample.usage) if model else sample.usd or 0
    return Trial(
        sample.trial_id, task.item_id, task.version, task.way, name, sample.served_id, trials.round_of_log(before, sample.log),
        sample.epoch, sample.asked_at.isoformat(), sample.response, sample.finish_reason, sample.usage.sent, sample.usage.cached,
        sample.usage.answered, str(usd), round(sample.seconds, 3), task.record_keys, score, sample.error, order=order,
    )  # fmt: skip
