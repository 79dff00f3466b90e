"""Which judge the settings mean."""

from __future__ import annotations

from dedupe.decide import Judge
from dedupe.scorer.model import Scorer
from dedupe.settings import Dedupe
from dedupe.vectors import minilm


def judge_for(dedupe: Dedupe) -> Judge:
    """The guard, with the scorer where the encoder is the one that it was trained on."""
    trained_on = dedupe.embedding.model.removeprefix("sentence-transformers/") == minilm.NAME
    return Judge(dedupe, Scorer.load() if trained_on else None)
