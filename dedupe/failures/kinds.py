"""Which failure a post reports, by its nearness to sentences in which people report known ones (``kinds.toml``), in any language.

Title, claim, the post as a whole and its single sentences are compared, since a claim alone often says little ("I asked it and it said").
Weights and thresholds come from labelled posts (``benchmarks/train_kinds.py``). Pure: the same post gives the same kind.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dedupe.failures.phrases import Phrase

Floats = npt.NDArray[np.float32]
Encode = Callable[[Sequence[str]], Floats]

WEIGHTS = Path(__file__).with_name("kinds.npz")
SURE = 0.5
"""Probability from which on a post is of its likeliest kind. On the unseen half of the labelled posts a higher one puts fewer wrong members
into clusters and leaves more posts alone: docs/dedupe.md."""
RULED = 0.3
"""Below this the words of the rules decide; between the two the kinds point another way, and neither does."""

_MOST_SENTENCES = 60
_LONGEST = 400
_SHORTEST = 8
_WHOLE = 1500
_NEAREST = 2
"""Sentences of a kind that are averaged."""
_COMMON = 0.7
"""How much of the mean vector of all sentences is taken off: what every complaint of a model has in common."""

_SENTENCE = re.compile(r"(?<=[.!?\u3002\uff01\uff1f])\s*|\n+")
_NO_WORDS = re.compile(r"```.*?(?:```|\Z)|<img[^>]{0,2000}>|!\[[^\]]{0,500}\]\([^)]{0,2000}\)|\bhttps?://\S+", re.DOTALL)


class Said(NamedTuple):
    """A post with the words of its claim."""

    title: str
    claim: str
    text: str


@dataclass(frozen=True, slots=True)
class Kinds:
    """``vectors``: unit rows, one for each sentence, ``owner`` the kind of each; ``weights`` of the five measures, a ``bias`` for each
    kind."""

    phrases: tuple[Phrase, ...]
    vectors: Floats
    owner: npt.NDArray[np.int64]
    mean: Floats
    weights: npt.NDArray[np.float64]
    bias: npt.NDArray[np.float64]

    def of(self, posts: Sequence[Said], encode: Encode) -> list[tuple[Phrase, float]]:
        """The likeliest kind of each post, and how likely it is."""
        if not posts:
            return []
        chances = probabilities(measures(posts, encode, self.vectors, self.owner, self.mean), self.weights, self.bias)
        return [(self.phrases[int(row.argmax())], float(row.max())) for row in chances]


@lru_cache(maxsize=1)
def load(path: Path = WEIGHTS) -> Kinds:
    """The trained kinds of the package."""
    with np.load(path, allow_pickle=False) as kept:
        vectors = kept["vectors"].astype(np.float32)
        return Kinds(phrases(), vectors, kept["owner"], kept["mean"].astype(np.float32), kept["weights"], kept["bias"])


@lru_cache(maxsize=1)
def _lists() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("kinds.toml").read_text("utf-8"))


def version() -> str:
    """Of the sentences; another version may give another kind."""
    return str(_lists()["version"])


def phrases() -> tuple[Phrase, ...]:
    """The phrase and category of every kind, in their order."""
    return tuple(Phrase(kind["phrase"], kind["category"]) for kind in _lists()["kind"])


def sentences() -> list[tuple[int, str]]:
    """Every sentence with the place of its kind; the phrase of a kind is one of them."""
    return [(at, said) for at, kind in enumerate(_lists()["kind"]) for said in (kind["phrase"], *kind["said"])]


def centred(vectors: Floats, mean: Floats) -> Floats:
    """Unit vectors without what all have in common."""
    moved = vectors - _COMMON * mean
    units: Floats = moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9)
    return units


def measures(posts: Sequence[Said], encode: Encode, vectors: Floats, owner: npt.NDArray[np.int64], mean: Floats) -> npt.NDArray[np.float64]:
    """(posts, 5, kinds): how near the title, the nearest sentence, the three nearest, the claim and the whole come to each kind, less their
    mean over the kinds."""
    kinds = int(owner.max()) + 1
    parts = [[post.title, post.claim, f"{post.title}. {post.text}"[:_WHOLE], *_sentences(post.text)] for post in posts]
    wanted = sorted({part for own in parts for part in own if part.strip()})
    near = dict(zip(wanted, _nearness(centred(encode(wanted), mean), vectors, owner, kinds), strict=True)) if wanted else {}
    nothing = np.zeros(kinds)
    rows = []
    for own in parts:
        title, claim, whole, *single = [near.get(part, nothing) for part in own]
        best = np.sort(np.array(single or [nothing]), axis=0)[::-1]
        rows.append([title, best[0], best[:3].mean(axis=0), claim, whole])
    made = np.array(rows)
    centred_rows: npt.NDArray[np.float64] = made - made.mean(axis=2, keepdims=True)
    return centred_rows


def probabilities(
    measured: npt.NDArray[np.float64], weights: npt.NDArray[np.float64], bias: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """(posts, kinds), each row adding up to one."""
    scores = np.tensordot(measured, weights, axes=(1, 0)) + bias
    grown = np.exp(scores - scores.max(axis=1, keepdims=True))
    chances: npt.NDArray[np.float64] = grown / grown.sum(axis=1, keepdims=True)
    return chances


def _nearness(units: Floats, vectors: Floats, owner: npt.NDArray[np.int64], kinds: int) -> npt.NDArray[np.float64]:
    """The mean cosine of each row to the two nearest sentences of each kind."""
    cosines = (units @ vectors.T).astype(np.float64)
    return np.stack([np.sort(cosines[:, owner == kind], axis=1)[:, -_NEAREST:].mean(axis=1) for kind in range(kinds)], axis=1)


def _sentences(text: str) -> list[str]:
    whole = (part.strip() for part in _SENTENCE.split(_NO_WORDS.sub(" ", text)))
    return [part[:_LONGEST] for part in whole if len(part) >= _SHORTEST][:_MOST_SENTENCES]
