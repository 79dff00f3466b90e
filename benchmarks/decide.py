"""The cost of deciding: pairs a second through the guard, and nights of n newcomers against N known items.

    python benchmarks/decide.py [--night 1000] [--known 1000 10000] [--pairs 5000]

Texts are generated; vectors too (a direction for each text, moved a little for its copies), so that no model is needed and only the
index, the shortlist and the guard are timed. Planted copies and near misses are counted at the end of each night.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from dedupe import calibrate
from dedupe.decide import decide
from dedupe.exact import Floats
from dedupe.guard import Comparable, check, profile_of
from dedupe.index import Index
from thresher.settings import Dedupe

SETTINGS = Dedupe(version="benchmark", same_threshold=0.87, related_threshold=0.7)
DIM = 384


def directions(count: int, seed: int) -> Floats:
    """Random unit vectors; two of them are never near."""
    vectors = np.random.default_rng(seed).normal(size=(count, DIM)).astype(np.float32)
    lengths: Floats = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / lengths


def near(vectors: Floats, seed: int) -> Floats:
    """Each vector moved to a cosine of about .95."""
    moved: Floats = vectors + np.float32(0.33) * directions(len(vectors), seed)
    lengths: Floats = np.linalg.norm(moved, axis=1, keepdims=True)
    return moved / lengths


def known_texts(count: int) -> list[str]:
    """Texts with a number of their own, so that no two are the same."""
    return [f"Case {place}: {text}" for place, text in enumerate(calibrate.texts(count, seed=5))]


def guard_speed(pairs: int) -> None:
    """A text against its copy in capitals, and against the next case."""
    texts = known_texts(pairs // 2)
    items = [Comparable(str(place), text) for place, text in enumerate(texts)]
    others = [Comparable("c", text.upper()) for text in texts] + items[1:] + items[:1]
    profile_of.cache_clear()
    start = time.perf_counter()
    for item, other in zip(items + items, others, strict=True):
        check(item, other)
    first = time.perf_counter() - start
    start = time.perf_counter()
    for item, other in zip(items + items, others, strict=True):
        check(item, other)
    again = time.perf_counter() - start
    print(f"guard: {len(others) / first:,.0f} pairs/s on new texts, {len(others) / again:,.0f} on texts taken apart before")


def night(count: int, known: int) -> None:
    """A tenth of the newcomers are copies of known items, a tenth are near misses (another case number), the rest is fresh."""
    texts, vectors = known_texts(known), directions(known, 1)
    stored = {f"k{place:07d}": Comparable(f"k{place:07d}", text) for place, text in enumerate(texts)}
    picked = random.Random(3).sample(range(known), min(known, count // 5))
    half = len(picked) // 2
    prompts = [texts[place].upper() for place in picked[:half]] + [f"{texts[place]} {known + place}" for place in picked[half:]]
    fresh = [f"Fresh {place}: {text}" for place, text in enumerate(calibrate.texts(count - len(picked), seed=8))]
    new = [Comparable(f"n{place:07d}", text) for place, text in enumerate(prompts + fresh)]
    asked = np.concatenate([near(vectors[picked], 2), directions(len(fresh), 4)])
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        index = Index.open(Path(folder), "benchmark", DIM)
        index.add(list(stored), vectors)
        built = time.perf_counter() - start
        start = time.perf_counter()
        decisions = list(decide(new, asked, index, lambda ids: {i: stored[i] for i in ids}, SETTINGS, "benchmark"))
        taken = time.perf_counter() - start
    merged = {decision.item_id for decision in decisions if decision.verdict == "same"}
    right = sum(item.item_id in merged for item in new[:half])
    wrong = len(merged) - right
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{count:8,} {known:10,} {built:9.2f} {taken:9.2f} {right:6}/{half} {wrong:13} {memory:8,}")


def main() -> None:
    """Runs and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--night", type=int, default=1000)
    parser.add_argument("--known", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--pairs", type=int, default=5000)
    arguments = parser.parse_args()
    guard_speed(arguments.pairs)
    print(f"{'night':>8} {'known':>10} {'build s':>9} {'decide s':>9} {'copies':>9} {'wrong merges':>13} {'peak MB':>8}")
    for known in arguments.known:
        night(arguments.night, known)


if __name__ == "__main__":
    main()
