"""thresher beside its peers, in one run, on the same texts: time, memory, duplicates found, near misses wrongly merged.

    python benchmarks/peers.py [--batch 20000] [--night 1000 --known 20000] [--data FOLDER] [--realdata FOLDER] [--threads 2]

--batch decides that many texts in one go; --night lets so many newcomers meet --known ones that were decided before. Texts are the items
of the benchmark in --data, read in place, and generated ones; the duplicates and near misses among them are planted, so their truth is
known. Each engine runs in a fresh process on the same file, on the same processors, one after the other. Needs semhash, rensa and
model2vec[distill] beside the project's own packages. Adds what it measured to benchmarks/results/peers.json.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ["TQDM_DISABLE"] = "1"

from benchmarks import engines
from benchmarks.corpus import KINDS, NEAR_MISSES, Corpus, build
from benchmarks.engines import ENGINES, Merged
from benchmarks.machine import describe
from benchmarks.quality import RESULTS, interval
from benchmarks.real_texts import items, labelled


def in_own_process(engine: str, work: Path, known: int, threads: int) -> dict[str, Any]:
    """What ``engine`` reports of the corpus in ``work``, run on the first ``threads`` processors."""
    out = work / "out.json"
    out.unlink(missing_ok=True)
    processors = sorted(os.sched_getaffinity(0))[:threads]
    limits = {name: str(threads) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")}
    subprocess.run(
        [sys.executable, engines.__file__, engine, str(work), str(known)],
        check=True,
        env=os.environ | limits | {"TQDM_DISABLE": "1"},
        preexec_fn=lambda: os.sched_setaffinity(0, processors),
    )
    found: dict[str, Any] = json.loads(out.read_text("utf-8")) if out.exists() else {}
    return found


def root(merged: Merged, row: int) -> int:
    """The row that ``row`` ends at."""
    seen = {row}
    while row in merged and merged[row] not in seen:
        row = merged[row]
        seen.add(row)
    return row


def scored(corpus: Corpus, merged: Merged) -> dict[str, Any]:
    """For each planted kind how many pairs were merged. A duplicate counts as found where it is removed, whatever it was merged into; a
    near miss as merged only where it ended with the text that it was made of: both in favour of engines that merge much."""
    out: dict[str, Any] = {}
    for kind in KINDS:
        pairs = [one for one in corpus.planted if one.kind == kind]
        found = kind not in NEAR_MISSES
        hits = sum((found and one.second in merged) or root(merged, one.first) == root(merged, one.second) for one in pairs)
        low, high = interval(hits, len(pairs))
        out[kind] = {"pairs": len(pairs), "merged": hits, "rate": hits / max(1, len(pairs)), "low": low, "high": high}
    planted = {row for one in corpus.planted for row in (one.first, one.second)}
    others = [row for row in range(corpus.known, len(corpus.texts)) if row not in planted]
    out["others"] = {"texts": len(others), "merged": sum(row in merged for row in others)}
    return out


def compared(corpus: Corpus, names: list[str], work: Path, threads: int) -> list[dict[str, Any]]:
    """Every engine on the corpus; ``work`` is an empty folder."""
    results = []
    corpus.write(work)
    if "semhash" in names:
        engines.distilled(work)
    if corpus.known:
        in_own_process("prepare", work, corpus.known, threads)
    for name in names:
        found = in_own_process(name, work, corpus.known, threads)
        quality = scored(corpus, {row: into for row, into in found["merged"]})
        results.append({**found["report"], "quality": quality})
        print(line(results[-1]), flush=True)
    return results


def line(result: dict[str, Any]) -> str:
    """One engine in one line."""
    rates = " ".join(f"{kind} {result['quality'][kind]['rate']:.3f}" for kind in KINDS)
    return (
        f"{result['engine']:16} {result['wall_s']:8.1f} s {result['cpu_s']:8.1f} cpu-s {result['peak_mb']:6} MB "
        f"(+{result['beyond_model_mb']}) {rates}"
    )


def keep(out: Path, results: list[dict[str, Any]]) -> None:
    """Puts the results into the file, in place of older ones of the same engine and size."""

    def key(one: dict[str, Any]) -> tuple[Any, ...]:
        return one["night"], one["known"], one["engine"]

    kept = json.loads(out.read_text("utf-8")) if out.exists() else []
    done = {key(one) for one in results}
    out.write_text(json.dumps([one for one in kept if key(one) not in done] + results, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    """Builds the corpus, runs the engines, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, nargs="*", default=[])
    parser.add_argument("--night", type=int, default=0)
    parser.add_argument("--known", type=int, default=20_000)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--realdata", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engines", nargs="+", choices=list(ENGINES), default=list(ENGINES))
    parser.add_argument("--out", type=Path, default=RESULTS / "peers.json")
    given = parser.parse_args()
    texts = items(given.data) if given.data else []
    reworded = [pair for pair in labelled(given.realdata) if pair.same] if given.realdata else []
    wanted = [(size, 0) for size in given.batch] + ([(given.known + given.night, given.night)] if given.night else [])
    given.out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for size, night in wanted:
            corpus = build(size, night, texts, reworded, given.seed)
            print(f"{len(corpus.texts):,} texts, {corpus.known:,} of them known before; {corpus.real:,} real ones unchanged")
            known = size - night if night else 0
            about = {"night": night or size, "known": known, "real": corpus.real, "threads": given.threads, "seed": given.seed}
            work = Path(folder) / f"{night}-{size}"
            work.mkdir()
            keep(given.out, [{**about, **result} for result in compared(corpus, given.engines, work, given.threads)])
    (given.out.parent / "machine.json").write_text(json.dumps(describe(), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
