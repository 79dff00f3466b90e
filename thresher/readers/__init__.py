"""From record to reading: what a post says about the failure of a model, by readers of which the cheapest is asked first."""

from __future__ import annotations

from pathlib import Path

from thresher.readers import weights
from thresher.readers.base import Chain, Post, Reader
from thresher.readers.verdict import judge_threads
from thresher.rules import Rules

__all__ = ["Chain", "Post", "Reader", "judge_threads", "open_chain"]


def open_chain(rules: Rules, path: Path = weights.FILE) -> Chain:
    """The readers that every run has: the learned one, with the weights of the package. SettingsError where those cannot be used."""
    from thresher.readers.learned import LearnedReader
    from thresher.readers.vectors import UniversalSentenceEncoder

    trained = weights.load(path)
    return Chain([LearnedReader(trained, rules, UniversalSentenceEncoder())], trained.thresholds)
