"""The engines that are compared, each as a function from a corpus to "row -> row of the text that it was merged into".

Each runs in a process of its own (``python benchmarks/engines.py ENGINE WORK KNOWN``), loads its libraries and its model, and is measured
from there on. In a night, an engine that cannot keep its index must build it again: that is its cost. Rows are taken in order, and each
is attached to a row that stays, so that all engines answer the same question.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import numpy as np
import numpy.typing as npt

from benchmarks.corpus import Corpus

if TYPE_CHECKING:
    from flows.line.workspace import Workspace

Merged = dict[int, int]
Stages = dict[str, float]
Run = Callable[[Corpus], tuple[Merged, Stages]]
ROOT = Path(__file__).resolve().parents[1]
SEMHASH_THRESHOLD = 0.9
"""semhash's default."""
MINHASH_JACCARD, PERMUTATIONS, BANDS = 0.7, 128, 16
"""The usual setting for text: word sets, 16 bands of 8, candidates verified."""


class Clock:
    """Seconds between two calls of ``lap``, by name."""

    def __init__(self) -> None:
        self.stages: Stages = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.stages[name] = round(now - self._last, 3)
        self._last = now


def thresher(work: Path) -> Run:
    """The real pipeline: exact hash, stored items, encoder, index, judge, in a DuckDB in ``work``."""
    import flows.line.deciding  # noqa: F401  what a run imports is no part of what it needs for its texts

    bench = opened(work)
    bench.encoder.encode(["warm"])
    bench.judge  # noqa: B018  loads the scorer
    return lambda corpus: run_thresher(bench, corpus.texts[corpus.known :], corpus.known)


def opened(work: Path) -> Workspace:
    """The benchmark in ``work``, made where there is none."""
    from flows.line.workspace import Workspace

    return Workspace.open(work / "benchmark", ROOT / "config", create=True)


def run_thresher(work: Workspace, texts: list[str], first_row: int) -> tuple[Merged, Stages]:
    """Lands ``texts`` as rows from ``first_row`` on, and decides them. Row numbers are kept as tags."""
    import pyarrow as pa

    from flows.line import deciding
    from flows.line.run import Run
    from store import runs
    from thresher.text import content_id

    clock = Clock()
    ids = [content_id([("user", text)]) for text in texts]
    firsts: dict[str, int] = {}
    for row, item_id in enumerate(ids, start=first_row):
        firsts.setdefault(item_id, row)
    clock.lap("hash")
    with work.database.writer(0.0):
        with work.database.transaction() as con:
            run_id = runs.open_run(con, "benchmark", rules_version="", dedupe_version="", encoder="")
            land(con, run_id, {item_id: texts[row - first_row] for item_id, row in firsts.items()}, firsts)
        clock.lap("land")
        deciding.decide_queue(Run(work, run_id))
        clock.lap("embed and decide")
        with work.database.reader() as con:
            con.register("newcomers", pa.table({"item_id": list(firsts)}))
            rows = con.execute(
                """SELECT i.item_id, i.tags[1]::BIGINT, coalesce(c.tags, i.tags)[1]::BIGINT FROM items i
                   LEFT JOIN items c ON c.item_id = i.merged_into
                   WHERE i.merged_into IS NOT NULL OR i.item_id IN (FROM newcomers)"""
            ).fetchall()
            con.unregister("newcomers")
    merged = {row: into for _, row, into in rows if row != into}
    into_of = {item_id: into for item_id, _, into in rows}
    merged |= {row: into_of[item_id] for row, item_id in enumerate(ids, start=first_row) if into_of[item_id] != row}
    return merged, clock.stages


def land(con: Any, run_id: str, texts: dict[str, str], rows: dict[str, int]) -> None:
    """Rows of items for texts that are not there yet, as a source of single prompts would make them."""
    import pyarrow as pa

    from store import dedupe_queue

    messages = [json.dumps([{"role": "user", "content": text}], ensure_ascii=False) for text in texts.values()]
    given = pa.table({"item_id": list(texts), "messages": messages, "tags": [[str(rows[item_id])] for item_id in texts]})
    con.register("landing", given)
    new = [row[0] for row in con.execute("SELECT item_id FROM landing ANTI JOIN items USING (item_id)").fetchall()]
    con.execute(
        """INSERT INTO items BY NAME SELECT l.item_id, 1 AS version, 'question' AS kind, l.messages::JSON AS messages, '' AS target,
           []::VARCHAR[] AS aliases, []::VARCHAR[] AS choices, '' AS rubric, 'none' AS key_status, 'active' AS lifecycle, 'en' AS language,
           l.tags, 'benchmark' AS rule, '1' AS rule_version, '' AS payload_hash, ? AS created_run
           FROM landing l ANTI JOIN items i ON i.item_id = l.item_id""",
        [run_id],
    )
    con.unregister("landing")
    dedupe_queue.put(con, new)


def semhash(work: Path) -> Run:
    """semhash at its default threshold, with a static model distilled from the same MiniLM (its default model cannot be had offline)."""
    from model2vec import StaticModel
    from semhash import SemHash

    model = StaticModel.from_pretrained(str(distilled(work)))
    model.encode(["warm"])

    def run(corpus: Corpus) -> tuple[Merged, Stages]:
        clock = Clock()
        records = [{"row": str(row), "text": text} for row, text in enumerate(corpus.texts)]
        index = SemHash.from_records(records[: corpus.known or None], columns=["text"], model=cast("Any", model))
        clock.lap("build")
        threshold = SEMHASH_THRESHOLD
        found = index.deduplicate(records[corpus.known :], threshold) if corpus.known else index.self_deduplicate(threshold)
        clock.lap("search")
        return {int(one.record["row"]): int(one.duplicate_of["row"]) for one in found.filtered}, clock.stages

    return run


def distilled(work: Path) -> Path:
    """The static model, distilled once for all corpora of a run."""
    folder = work.parent / "static-minilm"
    if not folder.exists():
        from model2vec.distill import distill

        from dedupe.vectors import minilm

        distill(model_name=str(minilm.model_dir()), device="cpu").save_pretrained(str(folder))
    return folder


def rensa(work: Path) -> Run:
    """rensa's R-MinHash with LSH over word sets, streaming: a text is compared with the candidates that were kept before it."""
    del work
    from rensa import RMinHash, RMinHashLSH

    def run(corpus: Corpus) -> tuple[Merged, Stages]:
        clock = Clock()
        lsh = RMinHashLSH(threshold=MINHASH_JACCARD, num_perm=PERMUTATIONS, num_bands=BANDS)
        kept: dict[int, Any] = {}
        merged: Merged = {}
        for row, text in enumerate(corpus.texts):
            signature = RMinHash(num_perm=PERMUTATIONS, seed=42)
            signature.update(text.lower().split())
            near = [] if row < corpus.known else lsh.query(signature)
            best = max(((signature.jaccard(kept[other]), -other) for other in near), default=(0.0, 0))
            if best[0] >= MINHASH_JACCARD:
                merged[row] = -best[1]
            else:
                lsh.insert(row, signature)
                kept[row] = signature
            if row + 1 == corpus.known:
                clock.lap("build")
        clock.lap("search")
        return merged, clock.stages

    return run


def cosine(threshold: float) -> Callable[[Path], Run]:
    """Plain cosine of the same MiniLM vectors, every pair by matrix product; in a night the known vectors are read from a file."""

    def load(work: Path) -> Run:
        from dedupe.vectors.engines import open_encoder
        from flows.line import settings

        encoder = open_encoder(settings.load(ROOT / "config").dedupe.embedding, work)
        encoder.encode(["warm"])

        def run(corpus: Corpus) -> tuple[Merged, Stages]:
            clock = Clock()
            known = np.load(work / "known.npy") if corpus.known else np.zeros((0, encoder.dim), np.float32)
            new = encoder.encode(corpus.texts[corpus.known :])
            clock.lap("embed")
            merged = greedy(known, new, threshold)
            clock.lap("search")
            return {row + corpus.known: into for row, into in merged.items()}, clock.stages

        return run

    return load


def greedy(known: npt.NDArray[np.float32], new: npt.NDArray[np.float32], threshold: float, block: int = 512) -> Merged:
    """Each new row is attached to the nearest row that stayed before it, from ``threshold`` on."""
    every = np.concatenate([known, new])
    stays = np.ones(len(every), bool)
    merged: Merged = {}
    for start in range(0, len(new), block):
        part = new[start : start + block]
        scores = part @ every[: len(known) + start + len(part)].T
        for at in range(len(part)):
            row = len(known) + start + at
            line = np.where(stays[:row], scores[at, :row], -1.0)
            best = int(line.argmax()) if row else 0
            if row and line[best] >= threshold:
                stays[row] = False
                merged[start + at] = best
    return merged


READS_ALL = {"semhash", "minhash (rensa)"}
"""Engines that must see the known texts again in a night."""
ENGINES: dict[str, Callable[[Path], Run]] = {
    "thresher": thresher, "semhash": semhash, "minhash (rensa)": rensa, "cosine .90": cosine(0.90), "cosine .80": cosine(0.80)
}  # fmt: skip


def used() -> float:
    """CPU seconds of this process and of its children that have ended."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def memory(field: str) -> float:
    """VmRSS or VmHWM in MB."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(field))
    return int(line.split()[1]) / 1024


def prepare(corpus: Corpus, work: Path) -> None:
    """What is there before a night: the vectors of the known texts, and a benchmark in which they were decided."""
    from store import decisions, runs
    from thresher.text import content_id

    bench = opened(work)
    texts = corpus.texts[: corpus.known]
    vectors = bench.encoder.encode(texts)
    np.save(work / "known.npy", vectors)
    row_of = {content_id([("user", text)]): row for row, text in enumerate(texts)}
    with bench.database.writer(0.0), bench.database.transaction() as con:
        run_id = runs.open_run(con, "benchmark", rules_version="", dedupe_version="", encoder="")
        land(con, run_id, {item_id: texts[row] for item_id, row in row_of.items()}, row_of)
        decisions.save_vectors(con, bench.encoder.id, list(row_of), vectors[list(row_of.values())])
    run_thresher(bench, [], corpus.known)


def main() -> None:
    """One engine on the corpus in WORK, or what is there before a night (ENGINE = prepare)."""
    engine, work, known = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    if engine == "prepare":
        prepare(Corpus.read(work, known, with_known=True), work)
        return
    run = ENGINES[engine](work)
    loaded, before = memory("VmRSS"), memory("VmHWM")
    Path("/proc/self/clear_refs").write_text("5")
    start, cpu = time.perf_counter(), used()
    corpus = Corpus.read(work, known, with_known=engine in READS_ALL)
    merged, stages = run(corpus)
    report = {
        "engine": engine, "wall_s": round(time.perf_counter() - start, 2), "cpu_s": round(used() - cpu, 2),
        "peak_mb": round(max(before, memory("VmHWM"))), "beyond_model_mb": round(memory("VmHWM") - loaded), "stages": stages,
    }  # fmt: skip
    (work / "out.json").write_text(
        json.dumps({"report": report, "merged": [[row, into] for row, into in merged.items()]}), encoding="utf-8"
    )


if __name__ == "__main__":
    main()
