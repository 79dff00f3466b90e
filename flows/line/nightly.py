"""What a night asks models: new claims first, each put to the model that is blamed for it and to two others, within the night's budget."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from flows.line import evaluating, planning
from flows.line.evaluating import Evaluated
from flows.line.planning import Plan
from flows.line.workspace import Workspace
from store.evaluation import Wanted
from thresher.errors import SettingsError
from thresher.models.budget import Budget
from thresher.models.settings import Model, Models
from thresher.names import Names

OTHERS = 2
"""Models that are asked about every item, besides the one that is blamed."""


@dataclass
class Choice:
    """Who is asked about which item. ``succeeded`` counts the items of which the blamed model is asked through its successor, by both
    names."""

    configured: Models
    always: Sequence[Model]
    names: Names
    succeeded: Counter[tuple[str, str]] = field(default_factory=Counter)

    def of(self, item: Mapping[str, Any]) -> list[Model]:
        """The blamed model where it is configured, else the one that succeeds it; and the others."""
        return list({model.name: model for model in (*filter(None, [self._blamed(item)]), *self.always)}.values())

    def _blamed(self, item: Mapping[str, Any]) -> Model | None:
        for words in item["blamed"]:
            name = self._canonical(words)
            for model in self.configured.models:
                if name in {self._canonical(model.name), self._canonical(model.served_id)}:
                    return model
            for model in self.configured.models:
                if name in {self._canonical(earlier) for earlier in model.succeeds}:
                    self.succeeded[name, model.name] += 1
                    return model
        return None

    def _canonical(self, words: str) -> str:
        return self.names.canonical(words).casefold()


def evaluate_night(work: Workspace, *, budget_usd: Decimal | None = None) -> tuple[Plan, Evaluated, list[str]]:
    """Ask what is due, within the budget and the hours of a night; with notices for a person. SettingsError where no model is named."""
    settings, configured = work.settings.evaluate, work.settings.models
    if not settings.models:
        raise SettingsError("config/thresher.toml: evaluate.models names no model, so nobody is asked at night")
    choice = Choice(configured, [configured.named(name) for name in settings.models[:OTHERS]], work.rules.names)
    judge = configured.named(settings.judge) if settings.judge else None

    def planned() -> Plan:
        return planning.plan(
            work, configured.models, Wanted(), judged=judge is not None, trials_each=settings.trials,
            max_output_tokens=settings.max_output_tokens, again_after_days=settings.again_after_days, limit=settings.items_per_night,
            only_due=True, of=choice.of,
        )  # fmt: skip

    usd = settings.max_usd if budget_usd is None else budget_usd
    until = time.monotonic() + settings.max_hours * 3600
    plan, outcome = evaluating.evaluate(work, planned, budget=Budget(usd), judge=judge, by_rules=settings.by_rules, until=until)
    notices = [f"{n:,} items that blame {blamed} were put to {model}, which succeeds it" for (blamed, model), n in choice.succeeded.items()]
    return plan, outcome, [*notices, *outcome.notices]
