"""How probable it is that two texts ask the same in other words: a small model over ``dedupe.scorer.similarities`` and the two vectors.

``scorer.json`` holds a few hundred small decision trees and a learned metric, a 384 x 48 matrix in which the vectors are compared once
more. Everything is added up, so that the feature that weighed most can be named. The guard comes first: what it forbids, the scorer never
sees. Deterministic: vectors are rounded to whole numbers and their products are exact, so neither batch size nor threads change a bit.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dedupe.guard.check import Comparable
from dedupe.scorer.similarities import NAMES, similarities
from thresher.errors import EncoderError

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

MODEL = Path(__file__).with_name("scorer.json")
FORMAT = 1
GRID = 1000
"""Steps per unit to which the vectors are rounded."""
SHARPNESS = 30.0
"""What a unit of squared distance along the learned directions weighs."""
LEARNED = "meaning"
"""The name of the learned metric among the features; it comes last."""
FEATURES = (*NAMES, LEARNED)


@dataclass(frozen=True)
class Scored:
    """``reason`` names the feature that weighed most for the outcome."""

    probability: float
    reason: str


@dataclass(frozen=True)
class Metric:
    """Compares two vectors once more: differences along the first half of the directions count against a pair, those along the second
    half are forgiven."""

    directions: npt.NDArray[np.int8]
    """(384, 2n) whole numbers; ``step`` is the size of one."""
    step: float
    cosine: float
    bias: float

    def apply(self, first: Floats, second: Floats, cosines: Sequence[float]) -> Doubles:
        """(n,) scores. Whole numbers in float64: sums are exact in any order."""
        moved = (on_grid(first) - on_grid(second)) @ self.directions.astype(np.float64) * (self.step / GRID)
        half = moved.shape[1] // 2
        squares = moved * moved
        distance = [float(row[:half].sum() - row[half:].sum()) for row in squares]
        return self.cosine * np.asarray(cosines, np.float64) + self.bias - SHARPNESS * np.asarray(distance, np.float64)


def on_grid(vectors: Floats) -> Doubles:
    """Unit vectors of any scale as whole numbers."""
    wide = vectors.astype(np.float64)
    lengths = np.sqrt(np.array([[float((row * row).sum())] for row in wide])).reshape(-1, 1)
    grid: Doubles = np.rint(wide / np.maximum(lengths, 1e-9) * GRID)
    return grid


@dataclass(frozen=True)
class Trees:
    """Decision trees as arrays (trees, nodes): at a node, ``feature <= threshold`` goes left; a leaf leads to itself. ``value`` is what the
    tree would say at that node, so that a step down adds the difference of two values to its feature's account."""

    feature: npt.NDArray[np.int64]
    threshold: Doubles
    left: npt.NDArray[np.int64]
    right: npt.NDArray[np.int64]
    value: Doubles
    depth: int

    def accounts(self, features: Floats) -> tuple[Doubles, Doubles]:
        """(n,) log odds, and (n, features) what each feature adds to the common start."""
        count, trees = len(features), np.arange(len(self.feature))
        accounts = np.zeros((count, features.shape[1]))
        node = np.zeros((count, len(trees)), np.int64)
        rows = np.arange(count)[:, None]
        for _ in range(self.depth):
            feature = self.feature[trees, node]
            left = features[rows, feature].astype(np.float64) <= self.threshold[trees, node]
            down = np.where(left, self.left[trees, node], self.right[trees, node])
            # ``add.at``, since several trees ask the same feature of a row, and each must count.
            np.add.at(accounts, (rows, feature), self.value[trees, down] - self.value[trees, node])
            node = down
        start = float(self.value[:, 0].sum())
        return start + accounts.sum(1), accounts


class Scorer:
    """The model of one file; ``version`` is the start of the file's sha256."""

    BLOCK = 512

    def __init__(self, metric: Metric, trees: Trees, version: str) -> None:
        self.metric = metric
        self.trees = trees
        self.version = version

    @classmethod
    def load(cls, path: Path = MODEL) -> Scorer:
        """EncoderError where the file is missing, damaged or of another format."""
        try:
            body = path.read_bytes()
            model = json.loads(body)
            if model["format"] != FORMAT or tuple(model["features"]) != FEATURES:
                raise ValueError("made for another version of the features")
            metric = model["metric"]
            directions = np.frombuffer(base64.b64decode(metric["directions"], validate=True), np.int8).reshape(-1, metric["width"])
            part = model["trees"]
            return cls(
                Metric(directions, float(metric["step"]), float(metric["cosine"]), float(metric["bias"])),
                _trees(part, len(FEATURES)),
                hashlib.sha256(body).hexdigest()[:12],
            )
        except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
            raise EncoderError(f"{path} is missing or damaged ({error}): install thresher again") from error

    def score(
        self, pairs: Sequence[tuple[Comparable, Comparable]], first: Floats, second: Floats, cosines: Sequence[float]
    ) -> list[Scored]:
        """One Scored for each pair. ``first`` and ``second`` are the vectors (n, 384) of its sides, of any one scale. Symmetric."""
        scores: list[Scored] = []
        for start in range(0, len(pairs), self.BLOCK):
            part = slice(start, start + self.BLOCK)
            scores += self._block(pairs[part], first[part], second[part], cosines[part])
        return scores

    def _block(
        self, pairs: Sequence[tuple[Comparable, Comparable]], first: Floats, second: Floats, cosines: Sequence[float]
    ) -> list[Scored]:
        table = np.array([similarities(a.prompt, b.prompt, cosine) for (a, b), cosine in zip(pairs, cosines, strict=True)], np.float32)
        table = np.column_stack((table, self.metric.apply(first, second, cosines))).astype(np.float32)
        odds, accounts = self.trees.accounts(table)
        scores = []
        for odd, account in zip(odds.tolist(), accounts, strict=True):
            # The reason that a person reads: what spoke most for the verdict.
            most = account.argmax() if odd >= 0 else account.argmin()
            scores.append(Scored(1 / (1 + float(np.exp(-odd))), FEATURES[int(most)]))
        return scores


def _trees(part: dict[str, list[list[float]]], features: int) -> Trees:
    """The trees, checked: every index in range, every number finite."""
    feature, left, right = (np.array(part[name], np.int64) for name in ("feature", "left", "right"))
    threshold, value = (np.array(part[name], np.float64) for name in ("threshold", "value"))
    if not feature.shape == left.shape == right.shape == threshold.shape == value.shape or feature.ndim != 2 or not feature.size:
        raise ValueError("trees of different shapes")
    nodes = feature.shape[1]
    if min(feature.min(), left.min(), right.min()) < 0 or feature.max() >= features or max(left.max(), right.max()) >= nodes:
        raise ValueError("a node that does not exist")
    if not (np.isfinite(threshold).all() and np.isfinite(value).all()):
        raise ValueError("a number that is not finite")
    return Trees(feature, threshold, left, right, value, depth=(nodes - 1) // 2)
