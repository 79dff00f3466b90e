"""The readers that a run has."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from thresher.readers import weights
from thresher.readers.base import Chain, Step
from thresher.rules import Rules

if TYPE_CHECKING:
    from thresher.models.ask import Asker


def open_chain(rules: Rules, path: Path = weights.FILE, *, asker: Asker | None = None, ask_from: float = 0.05) -> Chain:
    """The learned reader that every run has, with the weights of the package, and where there is an ``asker`` the language model behind
    it, which reads what fails with a probability from ``ask_from`` on. SettingsError where the weights cannot be used."""
    from thresher.readers.learned import LearnedReader
    from thresher.readers.vectors import UniversalSentenceEncoder

    trained = weights.load(path)
    learned = LearnedReader(trained, rules, UniversalSentenceEncoder())
    if asker is None:
        return Chain([learned], trained.thresholds)
    from thresher.readers.language_model import NAME, THRESHOLDS, LanguageModelReader

    return Chain([learned, LanguageModelReader(asker)], trained.thresholds, {NAME: Step(THRESHOLDS, ask_from)})
