"""The index against faiss: the same vectors, the same queries, one thread each.

    python benchmarks/index.py [--known 1000000] [--queries 10000] [--realdata DIR]

Known vectors are made as in benchmarks/night.py; queries are known vectors moved a little, and fresh ones. ``recall`` is the share of each
query's ten nearest, by comparison with all, that is found; ``near`` the same for the nearest one alone where its cosine is at least .7.
faiss is an inverted file with as many cells, 8-bit codes, and as many cells visited. Results go to benchmarks/results/index.json.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from benchmarks import night
from dedupe.vectors import cells
from dedupe.vectors.cells import Cells
from dedupe.vectors.exact import Bytes, Floats, rounded
from dedupe.vectors.index import Index, State

RESULTS = Path(__file__).resolve().parent / "results" / "index.json"
COUNT = 10


def nearest(queries: Bytes, known: Bytes) -> tuple[Any, Any, Any]:
    """By comparison with all: the ten nearest rows of each query, the cosine of the nearest, and its row."""
    wanted = queries.astype(np.float32) / np.linalg.norm(queries.astype(np.float32), axis=1, keepdims=True)
    best = np.full((len(queries), COUNT), -2.0, np.float32)
    rows = np.zeros((len(queries), COUNT), np.int64)
    for start in range(0, len(known), 50_000):
        block = known[start : start + 50_000].astype(np.float32)
        block /= np.linalg.norm(block, axis=1, keepdims=True)
        scores = np.concatenate([best, wanted @ block.T], axis=1)
        picked = np.argpartition(-scores, COUNT, axis=1)[:, :COUNT]
        places = np.where(picked < COUNT, np.take_along_axis(rows, np.minimum(picked, COUNT - 1), 1), picked - COUNT + start)
        best, rows = np.take_along_axis(scores, picked, 1), places
    return rows, best.max(1), np.take_along_axis(rows, best.argmax(1)[:, None], 1)[:, 0]


def judged(found: list[set[int]], truth: tuple[Any, Any, Any]) -> dict[str, float]:
    rows, best, first = truth
    recall = np.mean([len(hits & set(row)) / COUNT for hits, row in zip(found, rows.tolist(), strict=True)])
    near = [one in hits for hits, one, cosine in zip(found, first.tolist(), best.tolist(), strict=True) if cosine >= 0.7]
    return {"recall": round(float(recall), 3), "near": round(float(np.mean(near)), 3), "queries_near": len(near)}


def ours(known: Floats, queries: Floats, truth: Any) -> dict[str, Any]:
    ids = [f"{row:032d}" for row in range(len(known))]
    with tempfile.TemporaryDirectory() as folder:
        start = time.process_time()
        index = Index.build(Path(folder), State(Cells.one(known.shape[1])), [(ids, known)], threads=1)
        built = time.process_time() - start
        start = time.process_time()
        shortlist = index.search(rounded(queries), -1.0, COUNT)
        taken = time.process_time() - start
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
        probes = index.state.cells.probes(len(index))
        found: list[set[int]] = [set() for _ in queries]
        for query, item_id in zip(shortlist.query.tolist(), shortlist.ids, strict=True):
            found[query].add(int(item_id))
    return row("thresher", known, queries, built, taken, size, probes) | judged(found, truth)


def theirs(known: Floats, queries: Floats, truth: Any, probes: int) -> dict[str, Any]:
    import faiss

    faiss.omp_set_num_threads(1)
    count = cells.cells_wanted(len(known))
    start = time.process_time()
    index = faiss.index_factory(known.shape[1], f"IVF{count},SQ8", faiss.METRIC_INNER_PRODUCT)
    index.cp.niter = cells.ROUNDS
    index.train(known[: cells.SAMPLE * count])
    index.add(known)
    built = time.process_time() - start
    index.nprobe = probes
    start = time.process_time()
    _, rows = index.search(queries, COUNT)
    taken = time.process_time() - start
    size = len(known) * (known.shape[1] + 8)
    return row("faiss IVF SQ8", known, queries, built, taken, size, probes) | judged([set(r) for r in rows.tolist()], truth)


def row(engine: str, known: Floats, queries: Floats, built: float, taken: float, size: int, probes: int) -> dict[str, Any]:
    return {
        "engine": engine, "known": len(known), "queries": len(queries), "build_cpu_s": round(built, 1), "search_cpu_s": round(taken, 2),
        "queries_per_cpu_s": round(len(queries) / taken), "mb": round(size / 2**20), "cells_visited": probes,
    }  # fmt: skip


def main() -> None:
    """Builds both, searches, prints and keeps the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--known", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=10_000)
    parser.add_argument("--realdata", type=Path)
    parser.add_argument("--work", type=Path, default=night.ROOT / "data" / "benchmarks")
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    texts = night.sentences(given.realdata)
    sources = night.embedded(texts, given.work)
    made = np.concatenate([vectors for _, _, vectors in night.known_items(given.known + given.queries, texts, sources)])
    known, queries = made[: given.known], made[given.known :]
    half = len(queries) // 2
    moved = known[:: max(1, len(known) // half)][:half]
    noise = np.random.default_rng(9).normal(scale=0.02, size=moved.shape).astype(np.float32)
    queries[: len(moved)] = moved + noise
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    truth = nearest(rounded(queries), rounded(known))
    rows = [ours(known, queries, truth)]
    rows.append(theirs(known, queries, truth, rows[0]["cells_visited"]))
    for told in rows:
        print(json.dumps(told))
    RESULTS.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
