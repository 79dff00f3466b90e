"""Trains the scorer of pairs and measures it: makes dedupe/scorer.json and benchmarks/results/scorer.json.

    python benchmarks/train_scorer.py --realdata DIR --benchmark DUCKDB [--labels CSV ...] [--model FILE] [--results FILE]

``--realdata`` holds the labelled pairs (``pairs/``), ``--benchmark`` is a database with harvested and embedded items: the three nearest of
each are taken for negatives, but for those labelled ``same`` by hand. Half of them, by the id of the anchor, is held back (and no item of
that half is trained on), and so are the test splits of the labelled pairs; where there is none, by the first text, or the link of a tweet.
Trained on is what the scorer will see: pairs that the guard lets pass.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from benchmarks.labelled_pairs import SETS, Bench, half, hand_labels, in_domain, labelled, neighbours
from dedupe.guard.check import check as guard
from dedupe.scorer.model import MODEL, Scorer
from dedupe.scorer.training import Rows, balanced, fit

ROOT = Path(__file__).resolve().parent
SHARES = {
    "mqp": 3.0, "parade": 3.0, "mrpc": 0.5, "sts": 0.5, "sick": 0.2, "twitter": 0.2,
    "neighbours": 8.0, "mqp near": 2.0, "mrpc near": 0.5,
}  # fmt: skip
"""How much each source weighs: questions and definitions are more like eval items than news and captions are."""
FALSE_POSITIVES = 0.001
IN_DOMAIN = 0.005
FLOORS = (0.6, 0.7)
"""Cosines below which a dedupe would not look at a pair."""


def train(bench: Bench, chosen: Sequence[int], without: str = "") -> bytes:
    """The model of the pairs ``chosen``, but for one group."""
    rows = [at for at in chosen if bench.pairs[at].group.split()[0] != without]
    groups = [bench.pairs[at].group for at in rows]
    label = np.array([bench.pairs[at].label for at in rows], np.int64)
    fold = np.array([bench.row[bench.pairs[at].first.prompt] * 7919 % 104729 for at in rows], np.int64)
    weight = balanced(groups, label, SHARES)
    first, second = bench.sides(rows)
    return fit(Rows(bench.features[rows], first, second, label, weight, fold))


def probabilities(bench: Bench, body: bytes, file: Path) -> np.ndarray:
    """What the model says of every pair."""
    file.write_bytes(body)
    scorer = Scorer.load(file)
    first, second = bench.sides(range(len(bench.pairs)))
    table = np.column_stack((bench.features, scorer.metric.apply(first, second, bench.features[:, 0].tolist()))).astype(np.float32)
    odds = np.concatenate([scorer.trees.accounts(table[at : at + 512])[0] for at in range(0, len(table), 512)])
    found: np.ndarray = 1 / (1 + np.exp(-odds))
    return found


def threshold_at(scores: np.ndarray, share: float) -> float:
    """The least threshold that at most ``share`` of the scores reach."""
    ordered = np.sort(scores)[::-1]
    return float(np.nextafter(ordered[int(share * len(ordered))], np.inf))


def area(score: np.ndarray, label: np.ndarray) -> float:
    """Area under the ROC curve, ties counted half."""
    _, place, count = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[place]
    positive = int(label.sum())
    return float((rank[label == 1].sum() - positive * (positive + 1) / 2) / (positive * (len(label) - positive)))


class Measures:
    """Figures on what is held back."""

    def __init__(self, bench: Bench, same: set[tuple[str, str]]) -> None:
        self.bench = bench
        self.group = np.array([pair.group for pair in bench.pairs])
        self.label = np.array([pair.label for pair in bench.pairs])
        self.held = np.array([pair.held for pair in bench.pairs])
        self.false = (self.group == "neighbours") & self.held & np.array([pair.ids not in same for pair in bench.pairs])
        self.cosine = bench.features[:, 0].astype(np.float64)

    def recall(self, score: np.ndarray, threshold: float) -> dict[str, float]:
        """Of true paraphrases, for each set; and of labelled non-paraphrases and in-domain neighbours, which should be few."""
        reached = score >= threshold
        found = {name: float(reached[self.rows(name, 1)].mean()) for name in SETS}
        found |= {f"{name}, labelled different": float(reached[self.rows(name, 0)].mean()) for name in SETS}
        found |= {"mqp, own neighbours": float(reached[self.rows("mqp near", 0)].mean())}
        found |= {"neighbours": float(reached[self.false].mean())}
        return {name: round(value, 4) for name, value in found.items()}

    def at(self, score: np.ndarray) -> dict[str, object]:
        """At 0.1 % of the retrieved neighbours, and at 0.5 % of the neighbours of medical questions among themselves."""
        strict, domain = threshold_at(score[self.false], FALSE_POSITIVES), threshold_at(score[self.rows("mqp near", 0)], IN_DOMAIN)
        return {
            "threshold": round(strict, 4), "recall": self.recall(score, strict),
            "in_domain_threshold": round(domain, 4), "in_domain_recall": self.recall(score, domain),
        }  # fmt: skip

    def areas(self, score: np.ndarray) -> dict[str, float]:
        chosen = {name: self.held & (self.group == name) for name in SETS}
        return {name: round(area(score[rows], self.label[rows]), 4) for name, rows in chosen.items()}

    def rows(self, name: str, label: int) -> np.ndarray:
        found: np.ndarray = self.held & (self.group == name) & (self.label == label)
        return found


def verdicts(bench: Bench, kinds: bool) -> np.ndarray:
    """What the guard says of the held-back pairs near enough to be looked at; nothing of the others."""
    found = []
    for pair, cosine in zip(bench.pairs, bench.features[:, 0].tolist(), strict=True):
        first, second = (pair.first, pair.second) if kinds else (pair.bare(pair.first), pair.bare(pair.second))
        found.append(str(guard.check(first, second).match) if pair.held and cosine >= min(FLOORS) else "")
    return np.array(found)


def reliability(bench: Bench, score: np.ndarray, labels: dict[tuple[str, str], str], passed: np.ndarray) -> list[dict[str, float]]:
    """Hand-labelled neighbours of the held-back half that the guard lets pass, in bands of the probability: each pair once."""
    seen: dict[tuple[str, str], tuple[float, bool]] = {}
    for at, pair in enumerate(bench.pairs):
        if pair.group == "neighbours" and pair.held and pair.ids in labels and passed[at]:
            seen[pair.ids] = (float(score[at]), labels[pair.ids] == "same")
    bands = [0.0, 0.2, 0.4, 0.6, 0.8, 1.01]
    found = []
    for low, high in itertools.pairwise(bands):
        inside = [same for value, same in seen.values() if low <= value < high]
        found.append({"from": low, "to": min(high, 1.0), "pairs": len(inside), "same": sum(inside)})
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--realdata", type=Path, required=True)
    parser.add_argument("--benchmark", type=Path, required=True)
    parser.add_argument("--labels", type=Path, nargs="*", default=[ROOT / "labels" / "pairs.csv", ROOT / "labels" / "scored.csv"])
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--results", type=Path, default=ROOT / "results" / "scorer.json")
    parser.add_argument("--transfer", action="store_true", help="also train once without each set")
    options = parser.parse_args()

    labels = hand_labels(options.labels)
    same = {ids for ids, label in labels.items() if label == "same"}
    pairs, vectors = labelled(options.realdata / "pairs"), neighbours(options.benchmark)
    started = time.process_time()
    bench = Bench.of(pairs + vectors.pairs, vectors.vectors, in_domain)
    print(f"{len(bench.pairs)} pairs, features and vectors in {time.process_time() - started:.0f} CPU-s", flush=True)

    tested = {text for pair in bench.pairs if pair.held and pair.group != "neighbours" for text in (pair.first.prompt, pair.second.prompt)}
    chosen = [
        at for at, pair in enumerate(bench.pairs)
        if not pair.held and pair.group in SHARES and pair.ids not in same
        and not (half(pair.second.item_id) if pair.group == "neighbours" else tested & {pair.first.prompt, pair.second.prompt})
        and guard.check(pair.first, pair.second).match != "apart"
    ]  # fmt: skip
    score = probabilities(bench, train(bench, chosen), options.model)
    measures = Measures(bench, same)

    said = {"guard": verdicts(bench, kinds=True), "guard without kinds": verdicts(bench, kinds=False)}
    results: dict[str, object] = {
        "model": Scorer.load(options.model).version,
        "pairs": {"train": len(chosen), "held back neighbours": int(measures.false.sum()), "hand labels": len(labels)},
        "auc": {"cosine": measures.areas(measures.cosine), "scorer": measures.areas(score)},
    }
    for name, value in (("cosine", measures.cosine), ("scorer", score)):
        results[name] = measures.at(value)
        for kind, verdict in said.items():
            for floor in FLOORS:
                passed = (verdict != "apart") & (measures.cosine >= floor)
                results[f"{name} and {kind}, floor {floor}"] = measures.at(np.where(passed, value, -1.0))
    for floor in FLOORS:
        passed = (said["guard"] != "apart") & (measures.cosine >= floor)
        results[f"passed by the guard, floor {floor}"] = {name: round(float(passed[measures.rows(name, 1)].mean()), 4) for name in SETS}
        results[f"scorer at thresholds, guard, floor {floor}"] = {
            str(level): measures.recall(np.where(passed, score, -1.0), level) for level in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9)
        }
    for kind, verdict in said.items():
        results[f"hand labelled, rewordings for the {kind}"] = reliability(bench, score, labels, verdict == "reworded")
    options.results.parent.mkdir(exist_ok=True)
    options.results.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    if options.transfer:
        spare = options.model.with_suffix(".without")
        results["auc without the set"] = {
            name: measures.areas(probabilities(bench, train(bench, chosen, name), spare))[name] for name in SETS
        }
        spare.unlink()
    options.results.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    print(json.dumps(results, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
