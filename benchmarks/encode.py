"""Our encoder against sentence-transformers' default, on the same texts in the same run, and what int8 costs in quality.

    python benchmarks/encode.py [--data DIR] [--pairs DIR] [--texts 1000] [--rounds 3] [--threads 0]

DIR of ``--data`` holds a benchmark, from whose prompts short, mixed and long texts are drawn; generated texts are always measured. Each
round times both engines in turn. Ours has seen the set once before; that first pass is reported beside, since OpenVINO makes its kernels
in it. ``--pairs`` names the folder of labelled pairs: the ROC-AUC of the cosine, int8 and float32. Prints tables and writes
``benchmarks/results/encode.json``; no text is kept.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
import numpy.typing as npt

from benchmarks.machine import describe, peak_mb
from dedupe.settings import Embedding
from dedupe.vectors import calibrate, minilm
from dedupe.vectors.encoder import thread_count
from dedupe.vectors.engines import open_encoder
from dedupe.vectors.openvino_engine import MiniLM

Vectors = npt.NDArray[np.float32]
Encode = Callable[[Sequence[str]], Vectors]

RESULTS = Path(__file__).with_name("results") / "encode.json"
LENGTHS: Mapping[str, tuple[int, int]] = {"short": (60, 200), "mixed": (1, 10**9), "long": (300, 2000)}
"""Characters from and to."""


def ours(threads: int) -> Encode:
    """What the settings' defaults give."""
    return open_encoder(Embedding(threads=threads), Path("cache")).encode


def theirs(threads: int) -> Encode:
    """``SentenceTransformer(...).encode(texts)``: float32, batches of 32, the model's own limit of 256 tokens."""
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(thread_count(threads))
    model = SentenceTransformer(str(minilm.model_dir()), device="cpu")

    def encode(texts: Sequence[str]) -> Vectors:
        return np.asarray(model.encode(list(texts), show_progress_bar=False), np.float32)

    return encode


ENGINES: dict[str, Callable[[int], Encode]] = {"thresher": ours, "sentence-transformers": theirs}


class Pass(NamedTuple):
    """Seconds that one pass over the texts took; on a busy machine the processor time says more."""

    wall: float
    cpu: float


def timed(encode: Encode, texts: Sequence[str]) -> tuple[Pass, Vectors]:
    """One pass, tokenising included."""
    wall, cpu = time.perf_counter(), time.process_time()
    vectors = encode(texts)
    return Pass(time.perf_counter() - wall, time.process_time() - cpu), vectors


def alone(name: str, arguments: argparse.Namespace) -> dict[str, float]:
    """Seconds until the first vector and peak memory of a fresh process that encodes the generated texts once."""
    command = [sys.executable, __file__, "--texts", str(arguments.texts), "--threads", str(arguments.threads), "--alone", name]
    report: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
    return report


def measure_alone(name: str, texts: Sequence[str], threads: int) -> dict[str, float]:
    start = time.perf_counter()
    encode = ENGINES[name](threads)
    encode(texts[:1])
    first = time.perf_counter() - start
    encode(texts)
    return {"first_vector_s": round(first, 2), "peak_mb": peak_mb()}


def text_sets(data: Path | None, count: int) -> dict[str, list[str]]:
    """The sets by name, drawn with a fixed seed."""
    sets: dict[str, list[str]] = {}
    if data:
        from benchmarks.real_texts import items

        prompts = items(data)
        random.Random(3).shuffle(prompts)
        sets = {name: [t for t in prompts if low <= len(t) <= high][:count] for name, (low, high) in LENGTHS.items()}
    return {**sets, "generated": calibrate.texts(count, seed=99)}


def compare(texts: Sequence[str], encoders: Mapping[str, Encode], rounds: int) -> dict[str, float]:
    """Medians over the rounds of one set; the ratios are medians of each round's own."""
    first, _ = timed(encoders["thresher"], texts)
    encoders["sentence-transformers"](texts[:64])
    times: dict[str, list[Pass]] = {name: [] for name in encoders}
    vectors: dict[str, Vectors] = {}
    for _ in range(rounds):
        for name, encode in encoders.items():
            taken, vectors[name] = timed(encode, texts)
            times[name].append(taken)
    fast, slow = times["thresher"], times["sentence-transformers"]
    cosines = (vectors["thresher"] * vectors["sentence-transformers"]).sum(1)
    backwards = encoders["thresher"](texts[::-1])[::-1]
    coded = minilm.Tokens(minilm.model_dir(), 256).tokeniser.encode_batch_fast(list(texts))
    count = len(texts)
    return {
        "texts": count,
        "characters": round(statistics.mean(map(len, texts)), 1),
        "tokens": round(statistics.mean(len(encoding.ids) for encoding in coded), 1),
        "st_per_s": round(count / statistics.median(p.wall for p in slow), 1),
        "st_per_cpu_s": round(count / statistics.median(p.cpu for p in slow), 1),
        "ours_per_s": round(count / statistics.median(p.wall for p in fast), 1),
        "ours_per_cpu_s": round(count / statistics.median(p.cpu for p in fast), 1),
        "ours_first_pass_per_cpu_s": round(count / first.cpu, 1),
        "ratio_wall": round(statistics.median(s.wall / f.wall for f, s in zip(fast, slow, strict=True)), 2),
        "ratio_cpu": round(statistics.median(s.cpu / f.cpu for f, s in zip(fast, slow, strict=True)), 2),
        "cosine_mean": round(float(cosines.mean()), 4),
        "cosine_min": round(float(cosines.min()), 4),
        "moved_by_order": float(np.abs(backwards - vectors["thresher"]).max()),
    }


def quality(folder: Path, most: int) -> dict[str, dict[str, float]]:
    """ROC-AUC of the cosine on each labelled set, at most so many pairs of each, drawn with a fixed seed."""
    from sklearn.metrics import roc_auc_score

    from benchmarks.labelled_pairs import SETS, labelled

    model, ranges = minilm.model_dir(), minilm.load_ranges()
    encoders = {name: MiniLM(model, precision, ranges, 256, thread_count(0), integers) for name, (precision, integers) in WAYS.items()}
    pairs = labelled(folder)
    areas: dict[str, dict[str, float]] = {}
    for name in SETS:
        chosen = [pair for pair in pairs if pair.group == name]
        chosen = random.Random(5).sample(chosen, min(most, len(chosen)))
        areas[name] = {"pairs": len(chosen)}
        for way, encoder in encoders.items():
            a, b = (encoder.encode([getattr(pair, side).prompt for pair in chosen]) for side in ("first", "second"))
            areas[name][way] = round(float(roc_auc_score([pair.label for pair in chosen], (a * b).sum(1))), 4)
    return areas


WAYS: Mapping[str, tuple[minilm.Precision, bool]] = {"int8": ("int8", True), "int8_in_f32": ("int8", False), "f32": ("f32", True)}
"""Precision, and whether bytes are multiplied as integers: the middle one is what a processor without VNNI does."""


def show(rows: Mapping[str, Mapping[str, object]]) -> None:
    """A table with a row each."""
    columns = list(next(iter(rows.values())))
    print(f"{'':24}" + "".join(f"{column.replace('_', ' ')[-13:]:>14}" for column in columns))
    for name, row in rows.items():
        print(f"{name:24}" + "".join(f"{row[column]!s:>14}" for column in columns))


def main() -> None:
    """Runs, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--pairs", type=Path)
    parser.add_argument("--most", type=int, default=1000, help="pairs of each labelled set")
    parser.add_argument("--texts", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--alone", choices=ENGINES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.alone:
        print(json.dumps(measure_alone(arguments.alone, calibrate.texts(arguments.texts, seed=99), arguments.threads)))
        return

    sets = text_sets(arguments.data, arguments.texts)
    encoders = {name: make(arguments.threads) for name, make in ENGINES.items()}
    results: dict[str, object] = {"machine": describe(), "threads": thread_count(arguments.threads), "rounds": arguments.rounds}
    speed = {name: compare(texts, encoders, arguments.rounds) for name, texts in sets.items()}
    show(speed)
    memory = {name: alone(name, arguments) for name in ENGINES}
    show(memory)
    results |= {"speed": speed, "alone": memory}
    if arguments.pairs:
        auc = quality(arguments.pairs, arguments.most)
        show(auc)
        results["auc"] = auc
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
