"""Failures per 100 requests of a search, by the fixed queries alone and with phrases made of what is known.

    python benchmarks/seeking.py BENCHMARK.duckdb [--seeds 3] [--shares 0 .3 .6]

BENCHMARK.duckdb is that of a harvest of the sample world (`make demo`). For each seed half of its threads are landed as posts of one's own
and clustered; the other half is served by a Hacker News on a loopback port, each post a story. Then the real `thresher harvest hackernews`
asks, from the same state, once for each share. What reports a failure is told by sample/world/truth.toml and not by the readers; every
request is counted. A first visit that finds nothing fails, as it should, and counts as nothing found.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import duckdb
from pytest_httpserver import HTTPServer

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "kit")]

from hacker_news import HackerNews, Post  # noqa: E402

from sample.truth import truth  # noqa: E402

Record = dict[str, Any]


def main() -> None:
    """Print a line for each seed and share, then the sums."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("benchmark", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--shares", type=float, nargs="+", default=[0.0, 0.3])
    options = parser.parse_args()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    records = _records(options.benchmark)
    sums = {share: [0, 0] for share in options.shares}
    for seed in range(options.seeds):
        for share, found, requests, there in _seed(records, seed, options.shares):
            sums[share] = [sums[share][0] + found, sums[share][1] + requests]
            print(f"seed {seed}, share {share:g}: {found} of {there} failures in {requests} requests", flush=True)
    for share, (found, requests) in sums.items():
        print(f"share {share:g}: {100 * found / requests:.1f} failures per 100 requests")


def _records(benchmark: Path) -> list[Record]:
    failing = {post.key for post in truth().posts if post.failure}
    with duckdb.connect(str(benchmark), read_only=True) as con:
        rows = con.execute(
            """SELECT record_key, thread_id, title, text, created_at::VARCHAR FROM records
               WHERE is_latest AND source IN ('reddit', 'discourse', 'stackexchange') AND trim(text) <> '' ORDER BY 1"""
        ).fetchall()
    return [
        {"key": key, "thread": thread, "title": title, "text": text, "created": at, "fails": key in failing}
        for key, thread, title, text, at in rows
    ]


def _seed(records: list[Record], seed: int, shares: list[float]) -> list[tuple[float, int, int, int]]:
    threads = sorted({record["thread"] for record in records})
    random.Random(seed).shuffle(threads)
    known = set(threads[: len(threads) // 2])
    unknown = [record for record in records if record["thread"] not in known]
    told = []
    with tempfile.TemporaryDirectory() as name, HTTPServer(host="127.0.0.1") as server:
        folder = Path(name)
        rows = [
            {"id": record["key"], "author": record["key"], **{key: record[key] for key in ("thread", "title", "text", "created")}}
            for record in records
            if record["thread"] in known
        ]
        (folder / "known.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
        _thresher("ingest", "posts", str(folder / "known.jsonl"), "--data", str(folder / "data"))
        for share in shares:
            server.clear()
            site = HackerNews(server, [Post(record["title"], record["text"]) for record in unknown])
            config = site.write_config(folder / f"config-{share}", share=share)
            data = folder / f"data-{share}"
            shutil.copytree(folder / "data", data)
            _thresher("harvest", "hackernews", "--data", str(data), "--config", str(config), "--no-embed")
            told.append(
                (share, sum(unknown[number]["fails"] for number in _brought(data)), site.requests, sum(r["fails"] for r in unknown))
            )
    return told


def _brought(data: Path) -> set[int]:
    with duckdb.connect(str(data / "benchmark.duckdb"), read_only=True) as con:
        ids = con.execute("SELECT DISTINCT native_id FROM records WHERE source = 'hackernews'").fetchall()
    return {int(native_id) - 1_000 for (native_id,) in ids}


def _thresher(*arguments: str) -> None:
    done = subprocess.run([sys.executable, "-m", "flows.cli", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode == 2:
        raise SystemExit(done.stderr)


if __name__ == "__main__":
    main()
