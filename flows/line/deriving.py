"""Keys derived anew: by computation where the question is one, else by two models of different families that are not shown the key.

A derivation is compared with the key by the scorer of the item, and kept before it is used; what follows for ``key_status`` is a view of
the database. Begun again after a kill it asks only what is missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from flows.line.evaluating import alone, take_up
from flows.line.planning import Plan
from flows.line.scoring import shown
from flows.line.workspace import Workspace
from store import derivations, evaluation, trials
from store.derivations import COMPUTATION, Derivation
from store.evaluation import Wanted
from thresher.errors import SettingsError
from thresher.models.answers import Answer, Question, Usage, cost
from thresher.models.ask import Asker
from thresher.models.budget import Budget
from thresher.models.kept import FILE, Kept
from thresher.models.settings import Model, Models
from thresher.rules.exercise_keys import LETTERS
from thresher.scorers import code
from thresher.scorers.base import Score, Task, task_of
from thresher.scorers.choice import option_named
from thresher.scorers.computing import computed
from thresher.scorers.running import key_tests
from thresher.scorers.ways import PREFERENCE

_AT_ONCE = 64
"""Questions between two writes."""
_SEED = 0
"""Of the order in which a deriver is shown options: another one than in any trial."""


@dataclass
class Checked:
    """What came of it: how many keys were looked at, how many questions went out or were answered from the archive, what was left and why;
    ``agreed`` and ``disputed`` are of these items, in the end."""

    items: int = 0
    computed: int = 0
    asked: int = 0
    kept: int = 0
    left: Counter[str] = field(default_factory=Counter)
    agreed: int = 0
    disputed: int = 0
    usd: Decimal = Decimal(0)
    most_usd: Decimal = Decimal(0)
    waiting: bool = False

    def row(self) -> dict[str, Any]:
        """JSON-ready."""
        told = {name: getattr(self, name) for name in ("items", "computed", "asked", "kept", "agreed", "disputed", "waiting")}
        return {**told, "left": dict(self.left), "usd": float(self.usd), "most_usd": float(self.most_usd)}


def derivers(configured: Models, names: Sequence[str]) -> list[Model]:
    """Two models of different families: those named, else the first two of models.toml, and nobody where there are not two;
    SettingsError for others."""
    if not names:
        by_family: dict[str, Model] = {}
        for model in configured.models:
            by_family.setdefault(model.family, model)
        two = [model for family, model in by_family.items() if family][:2]
        return two if len(two) == 2 else []
    two = [configured.named(name) for name in names]
    if len(two) != 2 or not all(model.family for model in two) or two[0].family == two[1].family:
        raise SettingsError("keys are derived by two models of different families: give --by twice, and `family` in config/models.toml")
    return two


def check(
    work: Workspace, wanted: Wanted, models: Sequence[Model], *, budget: Budget, max_output_tokens: int, limit: int = 0,
    dry_run: bool = False,
) -> Checked:  # fmt: skip
    """Derive the keys of the wanted items that a program can compare and on which no person has spoken. With ``dry_run`` nobody is asked
    and nothing derived."""
    checked = Checked()
    work.archive.mkdir(exist_ok=True)
    with alone(work), ExitStack() as stack:
        trials.take_up(work.database, work.archive)
        with work.database.reader() as con:
            tasks = [task for task in map(task_of, _doubtful(con, wanted)) if _can_be_compared(task)][: limit or None]
            before = {(one.item_id, one.derived_by): one for one in derivations.standing(con)}
        checked.items = len(tasks)
        fresh = [again for task in tasks for again in _rescored(task, before)]
        by_models = []
        for task in tasks:
            if values := computed(task):
                checked.computed += 1
                fresh += [_derived(task, values)] if (task.item_id, COMPUTATION) not in before else []
            else:
                by_models.append(task)
        due = {model.name: [task for task in by_models if (task.item_id, model.name) not in before] for model in models}
        if by_models and not models:
            checked.left["no two models of different families are configured"] += len(by_models)
        checked.most_usd = sum((_most(model, task, max_output_tokens) for model in models for task in due[model.name]), Decimal(0))
        if dry_run:
            return checked
        if fresh:
            trials.keep(work.archive, [one.line() for one in fresh])
        kept = Kept(work.archive / FILE)
        try:
            for model in models:
                asker = stack.enter_context(Asker(model, budget=budget, kept=kept))
                _ask(work, asker, due[model.name], max_output_tokens, checked)
        finally:
            checked.usd = budget.spent_usd
            checked.waiting = not take_up(work, Plan((), tuple(tasks), {}, 0))
        with work.database.reader() as con:
            states = derivations.states(con)
        ended = Counter(states.get(task.item_id) for task in tasks)
        checked.agreed, checked.disputed = ended["agreed"], ended["disputed"]
    return checked


def _doubtful(con: Any, wanted: Wanted) -> list[dict[str, Any]]:
    """The items on whose key no person has spoken."""
    spoken = evaluation.keys_spoken_of(con)
    return [item for item in evaluation.items(con, wanted) if item["target"] and item["item_id"] not in spoken]


def _can_be_compared(task: Task) -> bool:
    """A preference is an opinion, and a program that passes tests says nothing of what they lack: neither is a second derivation."""
    return task.way != PREFERENCE and not key_tests(task) and code.by_code(task)


def _question(task: Task, model: Model, max_output_tokens: int) -> Question:
    messages = tuple((message.role, message.content) for message in shown(task, _SEED).messages)
    return Question(messages, max_output_tokens=max_output_tokens, about=task.record_keys, purpose="key 1", sample=f"{model.name} key")


def _most(model: Model, task: Task, max_output_tokens: int) -> Decimal:
    return cost(model, Usage(_question(task, model, max_output_tokens).most_input_tokens, 0, max_output_tokens))


def _ask(work: Workspace, asker: Asker, due: Sequence[Task], max_output_tokens: int, checked: Checked) -> None:
    for start in range(0, len(due), _AT_ONCE):
        portion = due[start : start + _AT_ONCE]
        answers = asker.ask_all([_question(task, asker.model, max_output_tokens) for task in portion])
        made = []
        for task, answer in zip(portion, answers, strict=True):
            if answer.outcome == "answered":
                made.append(_by_model(task, answer, asker.model))
            else:
                checked.left[answer.detail or answer.outcome] += 1
        if made:
            trials.keep(work.archive, [one.line() for one in made])
    checked.asked += asker.tally.asked
    checked.kept += asker.tally.kept


def _by_model(task: Task, answer: Answer, model: Model) -> Derivation:
    """Dated by when it is compared: after an edit of the key alone the same answer is held against the new one."""
    return _told(task, model.name, model.family, answer.served_id, answer.text, answer.charged, _score(task, answer.text))


def _derived(task: Task, values: Sequence[str]) -> Derivation:
    """The value in the form that agrees with the key, else in the one that is shown not to, else as it is."""
    scored = [(value, _score(task, f"ANSWER: {value}")) for value in values]
    value, score = next((one for verdict in ("pass", "fail") for one in scored if one[1].verdict == verdict), scored[0])
    return _told(task, COMPUTATION, "", "", f"ANSWER: {value}", Decimal(0), score)


def _rescored(task: Task, before: dict[tuple[str, str], Derivation]) -> Iterator[Derivation]:
    """What an older scorer compared, compared by this one; nobody is asked."""
    for (item_id, _), one in before.items():
        if item_id == task.item_id and one.scorer_version != code.VERSION:
            score = _score(task, one.response)
            yield replace(
                one,
                answer=_answer(task, one.response, score),
                verdict=score.verdict,
                why=score.why,
                scorer=score.scorer,
                scorer_version=score.version,
            )


def _score(task: Task, response: str) -> Score:
    return code.score(task, response, shown(task, _SEED).order)


def _answer(task: Task, response: str, score: Score) -> str:
    """What it says, for a person: of options the one that it names, under the letter that it has in the item."""
    order = shown(task, _SEED).order
    place, _ = option_named(response, [task.choices[n] for n in order]) if order else (None, "")
    return score.evidence if place is None else f"{LETTERS[order[place]]}) {task.choices[order[place]]}"


def _told(task: Task, by: str, family: str, served_id: str, response: str, usd: Decimal, score: Score) -> Derivation:
    return Derivation(
        task.item_id, task.version, task.way, by, family, served_id, datetime.now(UTC).isoformat(), response, str(usd),
        _answer(task, response, score), score.verdict, score.why, score.scorer, score.version, task.record_keys,
    )  # fmt: skip
