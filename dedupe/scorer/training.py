"""Makes ``scorer.json``: a learned metric, then small trees over it and ``dedupe.scorer.similarities``.

The metric is learned first (gradient descent on pairs of vectors). For the trees its score must be one that it gives to pairs it has not
seen, so it is learned again on two thirds of the texts for each third. Same rows, same machine: same file. Which rows, with what weight,
is the caller's: ``benchmarks/train_scorer.py``. Needs lightgbm, which the scorer itself does not.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dedupe.scorer.model import FEATURES, FORMAT, GRID, SHARPNESS, Doubles, Floats, Metric, on_grid

WIDTH = 48
"""Directions of the metric. 128 gave no more recall on pairs kept out."""
EPOCHS = 8
BATCH = 512
FOLDS = 3
TREES = 400
LEAVES = 4
"""Sixteen leaves gave at most .02 more recall; two, no pair of features together, .05 less."""


@dataclass(frozen=True)
class Rows:
    """Labelled pairs as columns. ``fold`` is a whole number a pair: pairs that share a text share it."""

    features: Floats
    first: Floats
    second: Floats
    label: npt.NDArray[np.int64]
    weight: Doubles
    fold: npt.NDArray[np.int64]

    def taken(self, chosen: npt.NDArray[np.bool_]) -> Rows:
        """The rows where ``chosen``."""
        return Rows(
            self.features[chosen], self.first[chosen], self.second[chosen], self.label[chosen], self.weight[chosen], self.fold[chosen]
        )


def fit(rows: Rows) -> bytes:
    """The model file."""
    metric = fit_metric(rows)
    learned = np.zeros(len(rows.label))
    for fold in range(FOLDS):
        kept_out = rows.fold % FOLDS == fold
        seen = fit_metric(rows.taken(~kept_out))
        learned[kept_out] = seen.apply(rows.first[kept_out], rows.second[kept_out], rows.features[kept_out, 0].tolist())
    table = np.column_stack((rows.features, learned)).astype(np.float32)
    model = {
        "format": FORMAT,
        "features": list(FEATURES),
        "metric": {
            "width": metric.directions.shape[1],
            "directions": base64.b64encode(metric.directions.tobytes()).decode("ascii"),
            "step": metric.step,
            "cosine": metric.cosine,
            "bias": metric.bias,
        },
        "trees": fit_trees(table, rows.label, rows.weight),
    }
    return (json.dumps(model, separators=(",", ":")) + "\n").encode("ascii")


def fit_metric(rows: Rows) -> Metric:
    """Logistic regression on the cosine and on squared differences along learned directions."""
    import torch

    torch.set_num_threads(1)
    chance = torch.Generator().manual_seed(0)
    first, second = (torch.from_numpy((on_grid(side) / GRID).astype(np.float32)) for side in (rows.first, rows.second))
    moved, cosine = first - second, torch.from_numpy(np.ascontiguousarray(rows.features[:, 0]))
    label, weight = torch.from_numpy(rows.label).float(), torch.from_numpy(rows.weight).float()
    directions = torch.nn.Parameter(torch.randn(moved.shape[1], WIDTH, generator=chance) * 0.05)
    line = torch.nn.Parameter(torch.tensor([10.0, -8.0]))
    optimiser = torch.optim.AdamW(
        [{"params": [directions], "weight_decay": 1e-2}, {"params": [line], "weight_decay": 0.0, "lr": 2e-2}], lr=2e-3
    )
    for _ in range(EPOCHS):
        for batch in torch.split(torch.randperm(len(label), generator=chance), BATCH):
            squares = (moved[batch] @ directions) ** 2
            distance = squares[:, : WIDTH // 2].sum(1) - squares[:, WIDTH // 2 :].sum(1)
            odds = line[0] * cosine[batch] + line[1] - SHARPNESS * distance
            loss = torch.nn.functional.binary_cross_entropy_with_logits(odds, label[batch], weight[batch])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        for group in optimiser.param_groups:
            group["lr"] *= 0.75
    learned = directions.detach().numpy()
    step = float(np.abs(learned).max()) / 127
    return Metric(np.rint(learned / step).astype(np.int8), step, *line.detach().tolist())


def fit_trees(table: Floats, label: npt.NDArray[np.int64], weight: Doubles) -> dict[str, list[list[float]]]:
    """Gradient-boosted trees as the arrays that ``scorer.Trees`` holds."""
    import lightgbm

    settings = {
        "objective": "binary", "num_leaves": LEAVES, "learning_rate": 0.05, "min_data_in_leaf": 40, "lambda_l2": 5.0, "max_bin": 63,
        "feature_fraction": 0.7, "bagging_fraction": 0.8, "bagging_freq": 1, "seed": 1, "deterministic": True, "force_row_wise": True,
        "num_threads": 1, "verbosity": -1,
    }  # fmt: skip
    booster = lightgbm.train(settings, lightgbm.Dataset(table, label, weight=weight), TREES)
    names = ("feature", "threshold", "left", "right", "value")
    arrays: dict[str, list[list[float]]] = {name: [] for name in names}
    for tree in booster.dump_model()["tree_info"]:
        nodes = list(_nodes(tree["tree_structure"]))
        nodes += [(0, 0.0, at, at, 0.0) for at in range(len(nodes), 2 * LEAVES - 1)]
        for name, column in zip(names, zip(*nodes, strict=True), strict=True):
            arrays[name].append(list(column))
    return arrays


def _nodes(root: dict[str, Any]) -> Iterator[tuple[int, float, int, int, float]]:
    """Feature, threshold, left, right, value of each node, the root first; a leaf leads to itself."""
    queue: list[dict[str, Any]] = [root]
    for at, node in enumerate(queue):
        if "leaf_value" in node:
            yield 0, 0.0, at, at, round(float(node["leaf_value"]), 6)
        else:
            queue += [node["left_child"], node["right_child"]]
            yield (
                int(node["split_feature"]),
                float(node["threshold"]),
                len(queue) - 2,
                len(queue) - 1,
                round(float(node["internal_value"]), 6),
            )


def balanced(groups: Sequence[str], label: npt.NDArray[np.int64], shares: dict[str, float]) -> Doubles:
    """A weight for each row, so that each group has its share, half of it on either label where it has both; the mean is 1."""
    names, weight = np.array(groups), np.zeros(len(groups))
    for name, share in shares.items():
        for value in (0, 1):
            rows = (names == name) & (label == value)
            if rows.any():
                weight[rows] = share / rows.sum()
    weights: Doubles = weight * len(weight) / weight.sum()
    return weights
