"""A night against a large benchmark: the real `thresher deduplicate`, on a database filled for it.

    python benchmarks/night.py --known 100000 1000000 --night 10000 [--items FILE] [--realdata DIR] [--work DIR]

Known items are made of sentences, one to four each: of real model answers under --realdata (arena logs, read in place), else of generated
text. Sentences are embedded; the vector of an item is the mean of its sentences' by length, as mean pooling nearly makes it (the printed
``cosine`` says how nearly, on 500 items embedded whole). Newcomers are embedded by the night itself: the items of a benchmark that was
harvested from real sources (--items: a benchmark.duckdb), else generated text, with copies and near misses of known items planted among
them; the items that those are made of are embedded whole.

For each size a fresh process runs the night; wall time, CPU time and peak memory are its own. Memory beyond the model is measured
against a process that imports the same and encodes as many texts.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import duckdb
import numpy as np
import pyarrow as pa

from benchmarks.machine import peak_mb
from dedupe.settings import Embedding
from dedupe.vectors import calibrate
from dedupe.vectors.engines import open_encoder
from dedupe.vectors.exact import Floats
from flows.line.workspace import Workspace
from store import dedupe_queue, runs
from store.rows import run

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "night.json"
AT_ONCE = 100_000
WHOLE = 9000
"""Known items that are embedded whole: those that may be planted again."""
PLANTED = 0.03
"""Of a night, the share of each: exact copy in other case, copy with a slip, copy with another number."""


def sentences(realdata: Path | None, count: int = 60_000) -> list[str]:
    """Distinct sentences, in an order that means nothing."""
    texts: list[str] = []
    if realdata is not None:
        for path in sorted((realdata / "arena").rglob("*.json*")):
            texts += re.findall(r'"(?:output|content|text)":\s*"((?:[^"\\]|\\.)*)"', path.read_text("utf-8", "replace"))
        texts = [json.loads(f'"{text}"', strict=False) for text in texts]
    texts = texts or calibrate.texts(count, seed=11)
    found = {piece.strip() for text in texts for piece in re.split(r"(?<=[.!?])\s+|\n+", text) if 30 <= len(piece.strip()) <= 300}
    return random.Random(1).sample(sorted(found), min(count, len(found)))


def embedded(texts: list[str], folder: Path) -> Floats:
    """Vectors of the sentences, kept in ``folder`` for the next size."""
    path = folder / f"{hashlib.sha256(chr(0).join(texts).encode()).hexdigest()[:16]}.npy"
    if not path.exists():
        np.save(path, open_encoder(Embedding(), folder).encode(texts))
    found: Floats = np.load(path)
    return found


def item_id(number: int) -> str:
    return hashlib.blake2b(number.to_bytes(8), digest_size=16).hexdigest()


def known_items(count: int, texts: list[str], vectors: Floats) -> Iterator[tuple[list[str], list[str], Floats]]:
    """Ids, prompts and vectors, a batch at a time; item n is the same in every size."""
    lengths = np.array([len(text) for text in texts], np.float32)
    for start in range(0, count, AT_ONCE):
        size = min(AT_ONCE, count - start)
        source = np.random.default_rng(start)
        parts = source.integers(0, len(texts), (AT_ONCE, 4))[:size]
        used = (np.arange(4) < source.integers(1, 5, AT_ONCE)[:size, None]).astype(np.float32)
        total = np.zeros((size, vectors.shape[1]), np.float32)
        for column in range(4):
            total += vectors[parts[:, column]] * (used[:, column] * lengths[parts[:, column]])[:, None]
        total /= np.linalg.norm(total, axis=1, keepdims=True)
        counts = used.sum(1).astype(int).tolist()
        prompts = [
            f"Case {start + row}. " + " ".join(texts[part] for part in chosen[:n])
            for row, (chosen, n) in enumerate(zip(parts.tolist(), counts, strict=True))
        ]
        yield [item_id(start + row) for row in range(size)], prompts, total


@dataclass(frozen=True)
class Newcomer:
    """An item as a harvest lands it."""

    item_id: str
    prompt: str
    target: str = ""
    kind: str = "question"
    choices: tuple[str, ...] = ()


def insert(con: duckdb.DuckDBPyConnection, items: Sequence[Newcomer]) -> None:
    given = pa.table(
        {
            "item_id": [item.item_id for item in items],
            "kind": [item.kind for item in items],
            "messages": [json.dumps([{"content": item.prompt, "role": "user"}]) for item in items],
            "target": [item.target for item in items],
            "choices": pa.array([list(item.choices) for item in items], pa.list_(pa.string())),
        }
    )
    sql = """INSERT INTO items SELECT item_id, 1, kind, messages, target, [], choices, '', 'none', 'proposed', 'en', [], 'benchmark', '1',
             NULL, NULL, '', NULL, 'benchmark' FROM given"""
    run(con, sql, given=given)


def fill(folder: Path, count: int, texts: list[str], vectors: Floats, encoder_id: str) -> None:
    """A benchmark of ``count`` canonical items, each with its vector and its decision."""
    work = Workspace.open(folder, create=True)
    with work.database.writer():
        pass
    con = duckdb.connect(str(work.database.path))
    for ids, prompts, found in known_items(count, texts, vectors):
        insert(con, [Newcomer(*pair) for pair in zip(ids, prompts, strict=True)])
        if ids[0] == item_id(0):
            whole = embedded(prompts[:WHOLE], folder.parent)
            found[: len(whole)] = whole
        half = np.ascontiguousarray(found, "<f2")
        blobs = pa.Array.from_buffers(pa.binary(half.shape[1] * 2), len(half), [None, pa.py_buffer(half.tobytes())])
        given = pa.table({"item_id": ids, "vector": blobs})
        run(con, "INSERT INTO embeddings SELECT item_id, ?, ?, vector FROM given", [encoder_id, half.shape[1]], given=given)
    con.execute(
        """INSERT INTO decisions BY NAME SELECT item_id, 'new' AS verdict, 0.0 AS score, 0.7 AS threshold, 'shortlist' AS method,
           'nothing near' AS reason, ? AS encoder, '1' AS dedupe_version, false AS undone, 'benchmark' AS run_id FROM items""",
        [encoder_id],
    )
    con.close()


def newcomers(count: int, known: int, texts: list[str], vectors: Floats, items: Path | None) -> tuple[list[Newcomer], int]:
    """The night, and how many of each sort are planted in it. The first are copies in other case, then with a slip, then near misses,
    then the fresh ones."""
    fresh: list[tuple[str, str, str, tuple[str, ...]]] = []
    if items is not None:
        with duckdb.connect(str(items), read_only=True) as con:
            for kind, messages, target, choices in con.execute(
                "SELECT kind, messages, target, choices FROM items ORDER BY item_id"
            ).fetchall():
                fresh.append(("\n\n".join(m["content"] for m in json.loads(messages)), target, kind, tuple(choices)))
    planted = int(PLANTED * count)
    short = max(0, count - 3 * planted - len(fresh))
    fresh += [(f"Report {n}: {text}", "", "question", ()) for n, text in enumerate(calibrate.texts(short, seed=21))]
    _, prompts, _ = next(known_items(min(known, AT_ONCE), texts, vectors))
    picked = random.Random(5).sample(prompts[:WHOLE], 3 * planted)
    made = [text.upper() for text in picked[:planted]]
    made += [slipped(text, random.Random(n)) for n, text in enumerate(picked[planted : 2 * planted])]
    made += [re.sub(r"\d+", lambda number: str(int(number.group()[:6]) + 10**8), text, count=1) for text in picked[2 * planted :]]
    rows = [(text, "", "question", ()) for text in made] + fresh[: count - len(made)]
    return [Newcomer(f"n{number:031x}", *row) for number, row in enumerate(rows)], planted


def slipped(text: str, source: random.Random) -> str:
    """Two letters changed places inside one long word."""
    words = [match for match in re.finditer(r"[a-z]{6,}", text)]
    if not words:
        return text + " "
    word = source.choice(words)
    at = word.start() + source.randrange(1, len(word.group()) - 2)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def queue(folder: Path, items: Sequence[Newcomer]) -> None:
    """Lands newcomers, as a harvest with --no-embed leaves them."""
    work = Workspace.open(folder)
    with work.database.writer(), work.database.transaction() as con:
        insert(con, items)
        dedupe_queue.put(con, [item.item_id for item in items])
        runs.open_run(con, "benchmark", now=datetime.now(UTC))


def night(folder: Path) -> dict[str, Any]:
    """One `thresher deduplicate` in a process of its own."""
    started = time.perf_counter()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    made = subprocess.run([sys.executable, __file__, "--one-night", str(folder)], capture_output=True, text=True, check=False)
    wall = time.perf_counter() - started
    if made.returncode:
        raise SystemExit(made.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    told: dict[str, Any] = json.loads(made.stdout.splitlines()[-1])
    return {"wall_s": round(wall, 2), "cpu_s": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 2), **told}


def one_night(folder: Path) -> None:
    """The child: runs the command and prints its memory and how long each stage took."""
    from flows.cli import app as cli
    from flows.line import deciding
    from store import ledger

    stages: dict[str, float] = {}
    for module, name in (
        (deciding, "_embed"),
        (deciding, "_rearranged"),
        (deciding, "_decide_group"),
        (ledger, "close_run"),
    ):
        setattr(module, name, timed(getattr(module, name), name.strip("_"), stages))
    own: list[int] = []
    over = threading.Event()
    watch = threading.Thread(target=watched, args=(over, own))
    watch.start()
    try:
        sys.argv = ["thresher", "deduplicate", "--data", str(folder), "--json"]
        cli.main()
    except SystemExit as end:
        if end.code:
            raise
    finally:
        over.set()
        watch.join()
    print(json.dumps({"peak_mb": peak_mb(), "own_mb": max(own, default=0), "stages": {k: round(v, 2) for k, v in stages.items()}}))


def watched(over: threading.Event, own: list[int]) -> None:
    """Of the memory that the process holds, what is its own, in MB, ten times a second: the rest is pages of mapped files, which the system
    takes back where it needs them. Nothing where the system does not tell."""
    status = Path("/proc/self/status")
    while status.exists() and not over.wait(0.1):
        own.append(int(re.findall(r"RssAnon:\s+(\d+)", status.read_text())[0]) // 1024)


def timed(function: Any, name: str, stages: dict[str, float]) -> Any:
    def measured(*given: Any, **named: Any) -> Any:
        start = time.perf_counter()
        try:
            return function(*given, **named)
        finally:
            stages[name] = stages.get(name, 0.0) + time.perf_counter() - start

    return measured


def outcome(folder: Path, planted: int) -> dict[str, Any]:
    """What the night said of the planted ones."""
    con = duckdb.connect(str(folder / "benchmark.duckdb"), read_only=True)
    rows = dict(con.execute("SELECT item_id, verdict FROM decisions WHERE item_id LIKE 'n%'").fetchall())
    con.close()
    verdicts = [rows[name] for name in sorted(rows)]
    same = [sum(v == "same" for v in verdicts[sort * planted : (sort + 1) * planted]) for sort in range(3)]
    fresh = verdicts[3 * planted :]
    return {
        "planted_each": planted, "copies_found": same[0], "slips_found": same[1], "near_misses_merged": same[2],
        "fresh_same": sum(v == "same" for v in fresh), "fresh_related": sum(v == "related" for v in fresh), "fresh": len(fresh),
    }  # fmt: skip


def main() -> None:
    """Builds, runs, prints, and adds to the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--known", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--night", type=int, nargs="+", default=[10_000])
    parser.add_argument("--items", type=Path, help="a benchmark.duckdb of real items: the newcomers")
    parser.add_argument("--realdata", type=Path, help="a folder with arena/: sentences of the known items")
    parser.add_argument("--work", type=Path, default=ROOT / "data" / "benchmarks")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--in-place", action="store_true", help="one night only, on the benchmark itself: no copy of a large file")
    parser.add_argument("--one-night", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one_night:
        one_night(given.one_night)
        return
    given.work.mkdir(parents=True, exist_ok=True)
    encoder = open_encoder(Embedding(), given.work)
    texts = sentences(given.realdata)
    vectors = embedded(texts, given.work)
    _, prompts, approximate = next(known_items(500, texts, vectors))
    cosine = float((encoder.encode(prompts) * approximate).sum(1).mean())
    model_mb = baseline(given.work)
    print(f"{len(texts):,} sentences; cosine of made vectors to embedded ones {cosine:.3f}; interpreter and model {model_mb} MB")
    for known in given.known:
        folder = given.work / f"known-{known}"
        if not (folder / "benchmark.duckdb").exists():
            shutil.rmtree(folder, ignore_errors=True)
            start = time.perf_counter()
            fill(folder, known, texts, vectors, encoder.id)
            queue(folder, [Newcomer("w" + "0" * 31, "The first night builds the index.")])
            print(f"{known:,} known items written in {time.perf_counter() - start:.0f} s; index built: {night(folder)}", flush=True)
        for count in given.night:
            copy = folder if given.in_place else given.work / "night"
            if not given.in_place:
                shutil.rmtree(copy, ignore_errors=True)
                copied(folder, copy)
            rows, planted = newcomers(count, known, texts, vectors, given.items)
            queue(copy, rows)
            row = {"engine": "thresher", "night": count, "known": known, **night(copy), "vectors_cosine": round(cosine, 3)}
            row["beyond_model_mb"] = row["peak_mb"] - model_mb
            row |= outcome(copy, planted)
            print(json.dumps(row), flush=True)
            keep(given.results, row)
            if not given.in_place:
                shutil.rmtree(copy)


def copied(folder: Path, copy: Path) -> None:
    """A benchmark that the night may change. Index files are never changed, so they are linked."""
    shutil.copytree(folder, copy, copy_function=lambda a, b: os.link(a, b) if a.endswith(".segment") else shutil.copyfile(a, b))


def baseline(folder: Path) -> int:
    """Peak memory in MB of a process that imports what a night imports and encodes 512 texts."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path;"
        "from flows.cli import app; from flows.line import run, deciding;"
        "from benchmarks.machine import peak_mb;"
        "from dedupe.vectors import calibrate; from dedupe.vectors.engines import open_encoder; from dedupe.settings import Embedding;"
        "open_encoder(Embedding(), Path('.')).encode(calibrate.texts(512, seed=3));"
        "print(peak_mb())"
    )
    made = subprocess.run([sys.executable, "-c", code, str(ROOT)], capture_output=True, text=True, check=True, cwd=folder)
    return int(made.stdout.split()[-1])


def keep(path: Path, row: dict[str, Any]) -> None:
    """Adds a row in place of an older one of the same engine and sizes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = json.loads(path.read_text()) if path.exists() else []
    same = [row[name] for name in ("engine", "night", "known")]
    rows = [r for r in rows if [r[name] for name in ("engine", "night", "known")] != same]
    path.write_text(json.dumps([*rows, row], indent=1) + "\n")


if __name__ == "__main__":
    main()
