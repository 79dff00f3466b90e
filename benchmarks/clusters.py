"""Failure clusters on labelled complaints, beside plain clusterings of the same texts in the same run.

    python benchmarks/clusters.py REALDATA [--out benchmarks/results/clusters.json]

For the real and the invented complaints, for labelled posts, and each split: adjusted Rand index against the labels; homogeneity; coherence
(of the pairs inside clusters, those of one label); wrong members (those whose label is not the commonest of their cluster); and the
adjusted Rand index of ten shuffled arrivals, one complaint at a time, against one another. The thresholds of every system were chosen, or
are chosen here, on ``tune``.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import numpy as np
from complaints_read import Complaint, invented_complaints, real_complaints
from failures_read import LabelledPost, labelled_posts
from sklearn.cluster import HDBSCAN, AgglomerativeClustering
from sklearn.metrics import adjusted_rand_score, homogeneity_score

from dedupe.failures import clusters, kinds, phrases
from dedupe.failures.clusters import Category, Members
from dedupe.failures.kinds import Kinds
from dedupe.failures.phrases import Phrase
from dedupe.settings import Clusters
from dedupe.vectors.encoder import Encoder, Floats
from dedupe.vectors.engines import open_encoder
from flows.line import clustering, settings
from store.failures import StoredClaim
from thresher.rules import Rules

CONFIG = Path(__file__).resolve().parents[1] / "config"
KINDS = Path(__file__).parent / "results" / "kinds-tune.npz"
SHUFFLES = 10
Labels = list[str]


def phrased(texts: Sequence[str], encoder: Encoder, settings: Clusters) -> list[Phrase]:
    """Each complaint as the nightly pass would put it, in its category."""
    names = Rules.load(CONFIG / "rules.toml").names
    return categorised([phrases.distil(text, "", names) for text in texts], encoder, settings)


def categorised(made: Sequence[Phrase], encoder: Encoder, settings: Clusters) -> list[Phrase]:
    """Phrases of no category in that of the anchor that they are nearest to."""
    known = phrases.known_phrases()
    anchors = clusters.on_grid(encoder.encode([k.text for k in known]))
    found = clusters.anchored(clusters.on_grid(encoder.encode([p.text for p in made])), anchors, [k.category for k in known],
                              settings.anchor_threshold, phrases.categories()[-1])  # fmt: skip
    other = phrases.categories()[-1]
    return [p if p.category != other else Phrase(p.text, category, False) for p, category in zip(made, found, strict=True)]


def compared_posts(posts: Sequence[LabelledPost], encoder: Encoder, settings: Clusters) -> dict[str, Any]:
    """The same for posts; the weights of the kinds are trained on ``tune`` alone."""
    with np.load(KINDS, allow_pickle=False) as kept:
        trained = dataclasses.replace(kinds.load(), weights=kept["weights"], bias=kept["bias"])
    parts = {name: [post for post in posts if post.split == name] for name in ("tune", "held")}
    truth = {name: [post.label for post in part] for name, part in parts.items()}
    whole = {name: encoder.encode([f"{p.title}. {p.text}" for p in part]) for name, part in parts.items()}
    cut = best(lambda value: scores(truth["tune"], batch(whole["tune"], value)), [round(0.1 + 0.05 * step, 2) for step in range(15)])
    names = Rules.load(CONFIG / "rules.toml").names

    def by_rules(part: str) -> list[Phrase]:
        return categorised([phrases.distil(p.claim, p.prompt, names) for p in parts[part]], encoder, settings)

    return {
        part: {
            "complaints": len(truth[part]),
            "thresher": online(phrased_posts(parts[part], encoder, settings, trained), truth[part], encoder, settings),
            "the rules alone (before the kinds)": online(by_rules(part), truth[part], encoder, settings),
            f"agglomerative on the whole text, cut at {cut}": scores(truth[part], batch(whole[part], cut)),
            "all in one": scores(truth[part], ["one"] * len(truth[part])),
        }
        for part in parts
    }


def phrased_posts(posts: Sequence[LabelledPost], encoder: Encoder, settings: Clusters, trained: Kinds) -> list[Phrase]:
    """Each post as the nightly pass would put it."""
    claims = [StoredClaim(str(at), "", str(at), p.claim, p.prompt, "post", p.title, p.text) for at, p in enumerate(posts)]
    return categorised(clustering.phrased(claims, Rules.load(CONFIG / "rules.toml").names, trained), encoder, settings)


def arriving(said: Sequence[Phrase], vectors: clusters.Whole, order: Sequence[int], settings: Clusters) -> Labels:
    """The cluster of each complaint after all arrived one by one."""
    held: dict[str, Category] = {}
    seen: set[tuple[str, str]] = set()
    for at in order:
        name, text = said[at].category, said[at].text
        if (name, text) not in seen:
            seen.add((name, text))
            category = held.setdefault(name, Category(name, [], lambda ids: {}, lambda cluster_id: False, settings))
            category.update(Members((text,), vectors[at : at + 1]))
    home = {(name, p): i for name, c in held.items() for i, m in c.changed.items() if m is not None for p in m.phrases}
    return [home[p.category, p.text] for p in said]


def scores(truth: Labels, found: Sequence[object]) -> dict[str, float]:
    """Agreement with the labels."""
    groups: dict[object, list[str]] = {}
    for label, cluster in zip(truth, found, strict=True):
        groups.setdefault(cluster, []).append(label)
    pairs = [len({a, b}) == 1 for group in groups.values() for a, b in itertools.combinations(group, 2)]
    wrong = sum(len(group) - max(Counter(group).values()) for group in groups.values())
    return {
        "ari": round(float(adjusted_rand_score(truth, found)), 3),
        "homogeneity": round(float(homogeneity_score(truth, found)), 3),
        "coherence": round(sum(pairs) / len(pairs), 3) if pairs else 1.0,
        "wrong_members": round(wrong / len(truth), 3),
        "clusters": len(groups),
        "labels": len(set(truth)),
    }


def online(said: Sequence[Phrase], truth: Labels, encoder: Encoder, settings: Clusters) -> dict[str, float]:
    """The clustering of the project over ten shuffled arrivals: mean scores, and how far the arrivals agree."""
    vectors = clusters.on_grid(encoder.encode([p.text for p in said]))
    runs = []
    for seed in range(SHUFFLES):
        order = list(range(len(said)))
        random.Random(seed).shuffle(order)
        runs.append(arriving(said, vectors, order, settings))
    each = [scores(truth, run) for run in runs]
    agreement = [adjusted_rand_score(a, b) for a, b in itertools.combinations(runs, 2)]
    mean = {key: round(float(np.mean([s[key] for s in each])), 3) for key in each[0]}
    return {**mean, "shuffles_mean": round(float(np.mean(agreement)), 3), "shuffles_min": round(float(np.min(agreement)), 3)}


def batch(vectors: Floats, threshold: float) -> Labels:
    """Average-link clustering of all at once."""
    model = AgglomerativeClustering(n_clusters=None, metric="cosine", linkage="average", distance_threshold=1 - threshold)
    return [str(label) for label in model.fit_predict(vectors)]


def density(vectors: Floats, least: float) -> Labels:
    """HDBSCAN; what it calls noise is alone."""
    found = HDBSCAN(min_cluster_size=int(least), metric="euclidean", copy=True).fit_predict(vectors)
    return [f"alone {at}" if label < 0 else str(label) for at, label in enumerate(found)]


def best(run: Callable[[float], dict[str, float]], values: Sequence[float]) -> float:
    """The setting with the best adjusted Rand index on the tuning half."""
    return max(values, key=lambda value: run(value)["ari"])


def compared(tune: Sequence[Complaint], held: Sequence[Complaint], encoder: Encoder, settings: Clusters) -> dict[str, Any]:
    """Every system on both splits; the baselines' settings are the best on ``tune``."""
    grid = [round(0.3 + 0.05 * step, 2) for step in range(11)]
    parts = {"tune": tune, "held": held}
    truth = {name: [c.cluster for c in part] for name, part in parts.items()}
    said = {name: phrased([c.text for c in part], encoder, settings) for name, part in parts.items()}
    raw = {name: [Phrase(c.text, "all") for c in part] for name, part in parts.items()}
    texts = {name: encoder.encode([c.text for c in part]) for name, part in parts.items()}
    short = {name: encoder.encode([p.text for p in part]) for name, part in said.items()}

    def at(threshold: float) -> Clusters:
        return settings.model_copy(update={"join_threshold": threshold})

    joined = best(lambda value: online(raw["tune"], truth["tune"], encoder, at(value)), grid)
    systems: dict[str, Callable[[str], dict[str, float]]] = {
        "thresher": lambda part: online(said[part], truth[part], encoder, settings),
        f"online on the raw text, joined from {joined}": lambda part: online(raw[part], truth[part], encoder, at(joined)),
    }
    for label, vectors in (("the raw text", texts), ("the phrases", short)):
        cut = best(lambda value, v=vectors: scores(truth["tune"], batch(v["tune"], value)), grid)  # type: ignore[misc]
        size = best(lambda value, v=vectors: scores(truth["tune"], density(v["tune"], value)), [2, 3, 4, 5])  # type: ignore[misc]
        systems[f"agglomerative on {label}, cut at {cut}"] = lambda part, v=vectors, c=cut: scores(truth[part], batch(v[part], c))  # type: ignore[misc]
        systems[f"HDBSCAN on {label}, at least {size}"] = lambda part, v=vectors, s=size: scores(truth[part], density(v[part], s))  # type: ignore[misc]
    return {part: {"complaints": len(truth[part]), **{name: run(part) for name, run in systems.items()}} for part in parts}


def main() -> None:
    """Runs, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("realdata", type=Path)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "clusters.json")
    arguments = parser.parse_args()
    loaded = settings.load(CONFIG)
    encoder = open_encoder(loaded.dedupe.embedding, Path("models"))
    begun = time.process_time()
    result: dict[str, Any] = {"encoder": encoder.id, "phrases": phrases.version(), "settings": loaded.clusters.model_dump(mode="json")}
    for name, found in (("real", real_complaints(arguments.realdata)), ("invented", invented_complaints())):
        split = {part: [c for c in found if c.split == part] for part in ("tune", "held")}
        result[name] = compared(split["tune"], split["held"], encoder, loaded.clusters)
    result["posts"] = compared_posts(labelled_posts(arguments.realdata), encoder, loaded.clusters)
    for name in ("real", "invented", "posts"):
        for part, systems in result[name].items():
            print(f"\n{name}, {part}: {systems['complaints']} complaints")
            for system, numbers in systems.items():
                if isinstance(numbers, dict):
                    print(f"  {system:50} " + "  ".join(f"{key} {value:g}" for key, value in numbers.items()))
    result["cpu_s"] = round(time.process_time() - begun, 1)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
