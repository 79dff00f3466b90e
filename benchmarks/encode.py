"""Our encoder against sentence-transformers' default, on the same texts in the same run.

    python benchmarks/encode.py [FILE] [--texts 600] [--rounds 3] [--threads 0]

FILE holds a text a line; without it the script makes its own. Each round times both, in turn; the table shows medians, the ratio, the
cosines between the two, how far a vector moves with batch and order, and the memory that each took in a process of its own.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import numpy as np
import numpy.typing as npt

from dedupe import calibrate, minilm
from dedupe.embeddings import open_encoder, thread_count
from thresher.settings import Embedding

Vectors = npt.NDArray[np.float32]
Encode = Callable[[Sequence[str]], Vectors]


def ours(threads: int) -> Encode:
    """What the settings' defaults give."""
    return open_encoder(Embedding(threads=threads), Path("cache")).encode


def theirs(threads: int) -> Encode:
    """``SentenceTransformer(...).encode(texts)``: float32, batches of 32."""
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(thread_count(threads))
    model = SentenceTransformer(str(minilm.model_dir()), device="cpu")

    def encode(texts: Sequence[str]) -> Vectors:
        return np.asarray(model.encode(list(texts), show_progress_bar=False), np.float32)

    return encode


ENGINES: dict[str, Callable[[int], Encode]] = {"thresher": ours, "sentence-transformers": theirs}


class Pass(NamedTuple):
    """What one pass over the texts took; on a busy machine the processor time says more."""

    wall: float
    cpu: float


def timed(encode: Encode, texts: Sequence[str]) -> tuple[Pass, Vectors]:
    """One pass."""
    wall, cpu = time.perf_counter(), time.process_time()
    vectors = encode(texts)
    return Pass(time.perf_counter() - wall, time.process_time() - cpu), vectors


def peak_mb() -> int:
    """The most memory this process held (``ru_maxrss`` would count its parent too)."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().split("VmHWM:")[1].split()[0]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def alone(name: str, arguments: argparse.Namespace) -> str:
    """Seconds until the first vector and peak memory of a fresh process that encodes the texts once."""
    command = [sys.executable, __file__, *([str(arguments.file)] if arguments.file else [])]
    command += ["--texts", str(arguments.texts), "--threads", str(arguments.threads), "--alone", name]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def main() -> None:
    """Runs and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--texts", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--alone", choices=ENGINES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    texts = (
        arguments.file.read_text("utf-8", "replace").splitlines()[: arguments.texts]
        if arguments.file
        else calibrate.texts(arguments.texts, seed=99)
    )
    if arguments.alone:
        start = time.perf_counter()
        encode = ENGINES[arguments.alone](arguments.threads)
        encode(texts[:1])
        first = time.perf_counter() - start
        encode(texts)
        print(f"{first:.1f} s, {peak_mb()} MB")
        return
    encoders = {name: make(arguments.threads) for name, make in ENGINES.items()}
    times: dict[str, list[Pass]] = {name: [] for name in encoders}
    vectors: dict[str, Vectors] = {}
    for encode in encoders.values():
        encode(texts[:64])
    for _ in range(arguments.rounds):
        for name, encode in encoders.items():
            taken, vectors[name] = timed(encode, texts)
            times[name].append(taken)
    cosines = (vectors["thresher"] * vectors["sentence-transformers"]).sum(1)
    backwards = encoders["thresher"](texts[::-1])[::-1]
    mean = statistics.mean(map(len, texts))
    print(f"{len(texts)} texts, mean {mean:.0f} characters, {thread_count(arguments.threads)} threads, {arguments.rounds} rounds")
    print(f"{'':24}{'texts/s':>9}{'texts/CPU-s':>13}   first vector, peak memory alone")
    for name in encoders:
        wall, cpu = (statistics.median(column) for column in zip(*times[name], strict=True))
        print(f"{name:24}{len(texts) / wall:9.0f}{len(texts) / cpu:13.0f}   {alone(name, arguments)}")
    ratios = [(slow.wall / fast.wall, slow.cpu / fast.cpu) for fast, slow in zip(*times.values(), strict=True)]
    wall, cpu = (statistics.median(column) for column in zip(*ratios, strict=True))
    print(f"ratio{wall:28.2f}{cpu:13.2f}")
    print(f"cosine mean {cosines.mean():.4f}, min {cosines.min():.4f}; moved by order {np.abs(backwards - vectors['thresher']).max():.1e}")


if __name__ == "__main__":
    main()
