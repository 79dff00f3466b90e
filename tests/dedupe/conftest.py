"""What the dedupe tests share: one encoder for the session."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from dedupe.decide import Judge
from dedupe.guard.check import Comparable
from dedupe.settings import Dedupe, Embedding
from dedupe.vectors.exact import Floats
from dedupe.vectors.openvino_engine import MiniLM, open_minilm


@pytest.fixture(scope="session")
def encoder() -> MiniLM:
    return open_minilm(Embedding(threads=1))


@pytest.fixture
def settings() -> Dedupe:
    return Dedupe(version="test", shortlist_threshold=0.65, same_threshold=0.87, related_threshold=0.7)


class CosineScorer:
    """Takes the cosine for the probability: what is tested here is what is done with it."""

    def score(self, pairs: Sequence[tuple[Comparable, Comparable]], first: Floats, second: Floats, cosines: Sequence[float]) -> list[Said]:
        return [Said(cosine, "cosine") for cosine in cosines]


class Said(NamedTuple):
    probability: float
    reason: str


@pytest.fixture
def judge(settings: Dedupe) -> Judge:
    return Judge(settings, CosineScorer())


@pytest.fixture
def no_cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"
