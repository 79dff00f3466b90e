"""All that the learned reader looks at in one post, in two steps: what every post costs, and what only the unsure ones do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from thresher.model import Candidate, Record, Refusal
from thresher.readers import measures, places
from thresher.readers.vectors import Tokens
from thresher.rules.settings import Rules

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


class Vectors(Protocol):
    """Turns texts into unit vectors (n, ``dim``) of a multilingual encoder; one text's vector does not depend on the others'."""

    dim: int

    def encode(self, texts: Sequence[str]) -> Floats: ...

    def tokens(self, text: str) -> Tokens:
        """The whole text in tokens."""
        ...

    def meanings(self, ids: Ints) -> Floats:
        """(n, ``dim``) what each token means by itself."""
        ...


@dataclass(frozen=True)
class Places:
    """The places of a whole post as one table: ``numbers`` (n, measures), hashed context in ``buckets`` by row, and where they lie."""

    places: tuple[places.Place, ...]
    numbers: Floats
    buckets: Ints
    starts: Ints


def whole(record: Record) -> str:
    """Title and text, as they are read together."""
    return f"{record.title}\n{record.text}".strip()


class Meanings:
    """What tokens mean in a few numbers, each token computed once. ``projection`` is (``dim``, MEANINGS)."""

    def __init__(self, vectors: Vectors, projection: Floats) -> None:
        self._vectors, self._projection = vectors, projection
        self._rows: dict[int, Floats] = {}

    def __call__(self, text: str) -> tuple[Ints, Ints, Floats]:
        """As ``measures.Meanings``."""
        tokens = self._vectors.tokens(text)
        ids = tokens.ids.tolist()
        if new := sorted({i for i in ids if i not in self._rows}):
            meant = self._vectors.meanings(np.array(new, np.int64))
            # each by itself: a product of many rows may differ in its last bits from that of one
            self._rows |= {i: row @ self._projection for i, row in zip(new, meant, strict=True)}
        rows = [self._rows[i] for i in ids]
        return tokens.starts, tokens.ends, np.array(rows, np.float32).reshape(len(rows), measures.MEANINGS)


def places_of(record: Record, outcome: Candidate | Refusal | None, rules: Rules, meanings: measures.Meanings) -> Places:
    """Every place of a record, measured. What the rules take for prompt and response is one measure among others."""
    claim = outcome.claim if isinstance(outcome, Candidate) else None
    found: list[places.Place] = []
    numbers: list[Floats] = []
    buckets: list[Ints] = []
    starts = [0]
    for layout in places.layouts(record, rules):
        spans = [
            (span.start, span.end) if span and span.part == layout.part else None
            for span in ((claim.prompt, claim.response) if claim else (None, None))
        ]
        measured = measures.measures(layout, rules, meanings, *spans)
        hashed, rows = measures.context(layout, measured)
        starts += (rows[1:] + starts[-1]).tolist()
        found += layout.places
        numbers.append(measured)
        buckets.append(hashed)
    width = len(measures.NAMES)
    return Places(
        tuple(found),
        np.vstack(numbers) if numbers else np.zeros((0, width), np.float32),
        np.concatenate(buckets) if buckets else np.empty(0, np.int64),
        np.array(starts, np.int64),
    )
