"""Which of the places of a post is the prompt and which the answer, or none: a linear model, a softmax over the places and "none".

Places that are nearly alike share one probability, and of them the middle one is taken: that trims boundaries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from thresher.readers.features import Places
from thresher.readers.places import Place

Doubles = npt.NDArray[np.float64]

ALIKE = 0.8
"""Of shared characters over all, from which two places are the same words."""
FAR = 400.0
LIKELIEST = 40
"""Only so many of a post's places are compared with one another."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A place, the probability that it is the one, and the score (log odds) that the probability is calibrated from."""

    place: Place
    index: int
    score: float


def totals(places: Places, numbers: Doubles, weights: Doubles, context: Doubles) -> Doubles:
    """(n,) scores of places: their measures and their hashed context, each row of which weighs as one."""
    hashed = context[places.buckets]
    sums = np.add.reduceat(hashed, places.starts[:-1]) if len(hashed) else np.zeros(0)
    scale = 1.0 / np.sqrt(np.maximum(np.diff(places.starts), 1))
    scores: Doubles = numbers @ weights + sums * scale
    return scores


def choose(places: Places, scores: Doubles, none: float, barred: npt.NDArray[np.bool_] | None = None) -> Choice | None:
    """The best place against ``none``; None where there is no place. ``barred`` places cannot be chosen."""
    allowed = np.flatnonzero(~barred) if barred is not None else np.arange(len(scores))
    if not len(allowed):
        return None
    kept = scores[allowed]
    top = max(float(kept.max()), none)
    mass = np.exp(kept - top)
    total = float(mass.sum()) + float(np.exp(none - top))
    chances = mass / total
    likely = np.argsort(-chances, kind="stable")[:LIKELIEST]
    shared = _alike([places.places[int(allowed[i])] for i in likely]) @ chances[likely]
    best = max(range(len(likely)), key=lambda k: (round(float(shared[k]), 6), float(chances[likely[k]])))
    chance = min(max(float(shared[best]), 1e-6), 1 - 1e-6)
    index = int(allowed[likely[best]])
    return Choice(places.places[index], index, float(np.log(chance / (1 - chance))))


def _alike(places: Sequence[Place]) -> npt.NDArray[np.bool_]:
    """(n, n): which places are the same words, nearly."""
    starts, ends = np.array([p.start for p in places]), np.array([p.end for p in places])
    titles = np.array([p.part == "title" for p in places])
    shared = np.minimum(ends[:, None], ends) - np.maximum(starts[:, None], starts)
    over = np.maximum(ends[:, None], ends) - np.minimum(starts[:, None], starts)
    alike: npt.NDArray[np.bool_] = (shared >= ALIKE * over) & (titles[:, None] == titles)
    return alike


def relations(places: Places, prompt: Place | None, text: str) -> tuple[Doubles, npt.NDArray[np.bool_]]:
    """((n, len(RELATIONS)) how each place lies to the prompt, which places overlap it and cannot be the answer)."""
    rows = np.zeros((len(places.places), 9))
    barred = np.zeros(len(places.places), np.bool_)
    if prompt is None:
        rows[:, 8] = 1.0
        return rows, barred
    for i, place in enumerate(places.places):
        if place.part != prompt.part:
            rows[i, 0] = float(prompt.part == "title")
            rows[i, 2] = 1.0
            continue
        barred[i] = min(place.end, prompt.end) > max(place.start, prompt.start)
        behind = place.start >= prompt.end
        gap = text[prompt.end : place.start] if behind else text[place.end : prompt.start]
        rows[i] = (
            behind, not behind, min(len(gap), FAR) / FAR, "\n" not in gap, ":" in gap or "\uff1a" in gap, behind and len(gap) < 12,
            behind and len(gap) < 60, behind and len(gap) < 160, 0.0,
        )  # fmt: skip
    return rows, barred
