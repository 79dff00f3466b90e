"""Records per CPU-second of `thresher ingest --no-embed`, beside another checkout of this project.

    python benchmarks/ingest.py [--against FOLDER] [--rounds 3] [--only textbooks arena ...] [--files SOURCE PATH ...]

Without ``--files`` the inputs are sets of recorded real data under THRESHER_REALDATA: three textbooks, arena logs, 30,000 posts of a Stack
Exchange dump (the real posts again and again under new ids) and answers of Reddit. Each ingest is a fresh process with an empty data
folder, and start-up counts. In each round the two checkouts take turns; CPU seconds are user and system time of the child, so that other
work on the machine matters little to the ratio. The tables of both must be the same. Writes ``benchmarks/results/ingest.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.machine import describe

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "ingest.json"
BOOKS = ("openstax_anatomy-and-physiology-2e_cnxml", "openstax_college-algebra-2e_cnxml", "openstax_college-physics-2e_cnxml")
POSTS = 30_000
SALT = "benchmark" * 4
"""The same for both: authors' keys are in the tables."""
_HASHES = """
import json, sys, duckdb
from store import ledger
with duckdb.connect(sys.argv[1], read_only=True) as con:
    print(json.dumps(ledger.table_hashes(con)))
"""


@dataclass(frozen=True)
class Input:
    """What one ingest reads."""

    name: str
    source: str
    paths: tuple[Path, ...]
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ingest:
    """How one ingest went."""

    records: int
    cpu_s: float
    tables: Mapping[str, str]


def real_inputs(realdata: Path, scratch: Path) -> Iterator[Input]:
    """The sets of recorded real data that are there."""
    sets = {
        "textbooks": ("textbooks", [realdata / "textbooks" / name for name in BOOKS]),
        "arena": ("arena", [realdata / "arena"]),
        "stackexchange": ("stackexchange", [realdata / "stackexchange" / "dump_coffee.stackexchange" / "Posts.xml"]),
        "reddit": ("reddit", [realdata / "reddit"]),
    }
    for name, (source, paths) in sets.items():
        if missing := [path for path in paths if not path.exists()]:
            print(f"{name} is left out: {missing[0]} is not there", file=sys.stderr)
            continue
        if source == "stackexchange":  # a dump does not say of which site it is
            posts = repeated(paths[0], scratch / "Posts.xml", POSTS)
            yield Input(name, source, (posts,), ("--set", "site_url=https://coffee.stackexchange.com"))
        else:
            yield Input(name, source, tuple(paths))


def repeated(dump: Path, path: Path, count: int) -> Path:
    """A dump of ``count`` posts: those of ``dump``, again and again, each time with ids of their own."""
    rows = re.findall(r"<row [^>]*/>", dump.read_text("utf-8-sig"))
    with path.open("w", encoding="utf-8") as file:
        file.write('<?xml version="1.0" encoding="utf-8"?>\n<posts>\n')
        for number in range(count):
            shift = number // len(rows) * 1_000_000
            row = re.sub(r'\b(Id|ParentId|AcceptedAnswerId)="(\d+)"', lambda m: f'{m[1]}="{int(m[2]) + shift}"', rows[number % len(rows)])  # noqa: B023
            file.write(f"  {row}\n")
        file.write("</posts>\n")
    return path


def ingest(checkout: Path, given: Input, data: Path) -> Ingest:
    """One `thresher ingest` with the code and the configuration of a checkout."""
    shutil.rmtree(data, ignore_errors=True)
    environ = {**os.environ, "PYTHONPATH": str(checkout), "THRESHER_SALT": SALT}
    command = [sys.executable, "-m", "flows.cli", "ingest", given.source, *map(str, given.paths), *given.options]
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        child = subprocess.Popen(
            [*command, "--data", str(data), "--no-embed", "--json"], cwd=checkout, env=environ, stdout=out, stderr=err
        )  # fmt: skip
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if child.returncode not in {0, 3}:
            raise SystemExit(f"{checkout}: {' '.join(command)} ended with {child.returncode}:\n{err.read()[-2000:]}")
        report: dict[str, Any] = json.loads(out.read())
    hashes = subprocess.run(
        [sys.executable, "-c", _HASHES, str(data / "benchmark.duckdb")],
        cwd=checkout,
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    return Ingest(report["sources"][given.source]["records"], used.ru_utime + used.ru_stime, json.loads(hashes.stdout))


def compared(given: Input, here: Path, other: Path | None, rounds: int, scratch: Path) -> dict[str, Any]:
    """One input in alternating rounds: medians, and the median of each round's own ratio."""
    checkouts = [here, other] if other else [here]
    runs: dict[Path, list[Ingest]] = {checkout: [] for checkout in checkouts}
    for number in range(rounds):
        for checkout in checkouts[:: 1 if number % 2 else -1]:
            runs[checkout].append(ingest(checkout, given, scratch / "data"))
    own = runs[here]
    row: dict[str, Any] = {
        "input": given.name,
        "records": own[0].records,
        "rounds": rounds,
        "cpu_s": round(statistics.median(run.cpu_s for run in own), 2),
    }
    row["records_per_cpu_s"] = round(row["records"] / row["cpu_s"])
    if other:
        theirs = runs[other]
        row["other_cpu_s"] = round(statistics.median(run.cpu_s for run in theirs), 2)
        row["other_records_per_cpu_s"] = round(theirs[0].records / row["other_cpu_s"])
        row["ratio"] = round(statistics.median(b.cpu_s / a.cpu_s for a, b in zip(own, theirs, strict=True)), 2)
        row["same_tables"] = all(run.tables == own[0].tables for run in (*own, *theirs))
        if not row["same_tables"]:
            row["differing"] = sorted(name for name, value in own[0].tables.items() if theirs[0].tables.get(name) != value)
    return row


def line(row: Mapping[str, Any]) -> str:
    """One input in one line."""
    text = f"{row['input']:14} {row['records']:>7,} records {row['cpu_s']:>7.2f} CPU s {row['records_per_cpu_s']:>6,} a CPU s"
    if "ratio" not in row:
        return text
    tables = "same tables" if row["same_tables"] else f"TABLES DIFFER: {', '.join(row['differing']) or 'between rounds'}"
    return f"{text}; other {row['other_cpu_s']:>7.2f} s {row['other_records_per_cpu_s']:>6,}; ratio {row['ratio']:.2f}, {tables}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", type=Path, help="another checkout; it runs in this Python environment")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", default=[], help="names of inputs")
    parser.add_argument("--files", nargs="+", metavar="SOURCE PATH", help="a source and files or folders in place of the real data")
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        if given.files:
            inputs = [Input(given.files[0], given.files[0], tuple(Path(p).resolve() for p in given.files[1:]))]
        else:
            inputs = list(real_inputs(Path(os.environ.get("THRESHER_REALDATA", ROOT.parent / "shared" / "realdata")), scratch))
        rows = []
        for one in inputs:
            if not given.only or one.name in given.only:
                rows.append(compared(one, ROOT, given.against and given.against.resolve(), given.rounds, scratch))
                print(line(rows[-1]), flush=True)
    if not rows:
        raise SystemExit("nothing to ingest: set THRESHER_REALDATA to the folder of the recorded real data, or give --files SOURCE PATH")
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps({"machine": describe(), "inputs": rows}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
