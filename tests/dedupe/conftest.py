"""What the dedupe tests share: one encoder for the session."""

from __future__ import annotations

from pathlib import Path

import pytest

from dedupe.embeddings import MiniLM, open_minilm
from thresher.settings import Dedupe, Embedding


@pytest.fixture(scope="session")
def encoder() -> MiniLM:
    return open_minilm(Embedding(threads=1))


@pytest.fixture
def settings() -> Dedupe:
    return Dedupe(version="test", same_threshold=0.87, related_threshold=0.7)


@pytest.fixture
def no_cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"
