"""What an encoder is: texts to vectors, behind one small Protocol, and the checks that every engine's vectors pass.

Every vector is float32 of length 1 and finite, or EncoderError is raised. A text longer than the model's limit is cut off there; the empty
text has a vector like any other, and it is for ``dedupe.decide`` to know that it says nothing.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from thresher.errors import EncoderError

Floats = npt.NDArray[np.float32]
Progress = Callable[[int], None]


class Encoder(Protocol):
    """Turns texts into unit vectors. Vectors of one ``id`` are never mixed with another's: it names model, weights, engine and limit."""

    @property
    def id(self) -> str: ...

    @property
    def dim(self) -> int: ...

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Floats: ...


def importable(module: str) -> bool:
    """Whether a module can be found, without importing it."""
    from importlib.util import find_spec

    return find_spec(module) is not None


def checked(vectors: Floats, count: int, dim: int) -> Floats:
    """The vectors, or EncoderError where one is not finite, not of unit length, or of another shape than asked."""
    if vectors.shape != (count, dim):
        raise EncoderError(f"the encoder gave vectors of shape {vectors.shape}, not {(count, dim)}")
    lengths = np.linalg.norm(vectors, axis=1)
    if not np.all(np.abs(lengths - 1.0) < 1e-3):
        worst = int(np.argmax(np.where(np.isfinite(lengths), np.abs(lengths - 1.0), np.inf)))
        raise EncoderError(
            f"the encoder gave a vector of length {lengths[worst]} for text {worst}: run python -m dedupe.vectors.engines --prepare"
        )
    return vectors


def thread_count(wanted: int) -> int:
    """0 is what this process may use."""
    return wanted or (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


def digest(parts: Iterator[bytes]) -> str:
    """The first 12 hex digits of the sha256 over all parts."""
    total = hashlib.sha256()
    for part in parts:
        total.update(part)
    return total.hexdigest()[:12]
