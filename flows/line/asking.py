"""The language model that reads posts, where one is configured: with the budget of a run, and what it answered before."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from thresher.models.settings import Models
from thresher.readers import Chain, open_chain
from thresher.readers.settings import Readers
from thresher.rules import Rules

if TYPE_CHECKING:
    from thresher.models.ask import Asker


def open_asker(readers: Readers, models: Models, answers: Path, *, offline: bool = False) -> Asker | None:
    """Who asks the model that reads posts; None where it is off. What it answers is kept in ``answers``; ``offline`` asks nobody.
    SettingsError where the model is not configured."""
    model = readers.model(models)
    if model is None:
        return None
    from thresher.models.ask import Asker
    from thresher.models.budget import Budget
    from thresher.models.kept import Kept

    limits = readers.language_model
    return Asker(model, budget=Budget(limits.max_usd, limits.max_tokens), kept=Kept(answers), offline=offline)


def chain_of(rules: Rules, readers: Readers, asker: Asker | None) -> Chain:
    """The readers of a run."""
    chosen = readers.language_model
    return open_chain(rules, asker=asker, ask_from=0.0 if chosen.ask == "every" else chosen.ask_from)
