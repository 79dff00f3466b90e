"""What `thresher snapshot`, `report` and `site` take at a size: CPU seconds and peak memory of each command, in a process of its own.

    python benchmarks/snapshots.py --items 20000 100000 [--commands snapshot report site] [--work DIR]

The benchmark is generated, since nobody has a million items: prompts of 6 to 300 words (median 40) drawn from a vocabulary of 15,000 as
often as words are, one in ten with letters beyond ASCII; of the kinds, keys, licences and export classes of ``MIX``; one item in ten with
a second report, one in fifty judged by a person, complaints in clusters. Beside each item lies a record that no item was made of and whose
text is withheld, so that the overlap check has as much to read as in a benchmark of forums. One item in five hundred shares a sentence
with a withheld text and has to go without its own. The database is kept in --work, and made once for each size.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

RESULTS = ROOT / "benchmarks" / "results" / "snapshots.json"
AT_ONCE = 20_000
_EVERY_RUN = "20260101T000000-000000"


@dataclass(frozen=True)
class Sort:
    """A share of the items, and what they are alike in."""

    share: float
    kind: str
    source: str
    licence: str
    export_class: str
    key: str
    """What the target is: a number, a formula, a word, an option, a worked solution, a response, or none."""
    tier: str = "untested"


MIX = (
    Sort(0.20, "exercise", "textbooks", "CC-BY-4.0", "full", "solution"),
    Sort(0.12, "exercise", "textbooks", "CC-BY-NC-SA-4.0", "full", "number"),
    Sort(0.13, "exercise", "textbooks", "CC-BY-NC-SA-4.0", "full", "formula"),
    Sort(0.15, "exercise", "textbooks", "CC-BY-4.0", "full", "option"),
    Sort(0.10, "question", "stackexchange", "CC-BY-SA-4.0", "full", "solution"),
    Sort(0.05, "question", "arena", "Apache-2.0", "full", "word", "witnessed"),
    Sort(0.08, "preference", "arena", "CC-BY-4.0", "full", "response", "witnessed"),
    Sort(0.07, "complaint", "arena", "prompts CC-BY-4.0; outputs under their providers' terms", "derived", "none", "witnessed"),
    Sort(0.09, "complaint", "reddit", "site-terms", "id_only", "none", "claimed"),
    Sort(0.01, "complaint", "reddit", "unknown", "none", "none", "claimed"),
)


def rows(start: int, count: int) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]]:
    """Items ``start`` to ``start + count``: each with its reports and its records; the last record reports nothing.

    Item n is always the same."""
    import numpy as np

    from benchmarks.corpus import vocabulary
    from thresher.text import content_id

    words = np.array(vocabulary())
    words = words[np.random.default_rng(1).permutation(len(words))]
    chance = np.random.default_rng(start + 2)
    sorts = chance.choice(len(MIX), count, p=[sort.share for sort in MIX])
    lengths = np.clip(chance.lognormal(3.7, 0.7, (count, 4)), 6, 300).astype(int)

    def prose(length: int) -> str:
        return " ".join(words[(len(words) * chance.random(length) ** 2.5).astype(int)].tolist())

    for n in range(count):
        number, sort = start + n, MIX[sorts[n]]
        text = f"{prose(lengths[n, 0]).capitalize()}?"
        if number % 10 == 3:
            text = f"«{text}» où x² ≤ ½"
        other, withheld = prose(min(lengths[n, 1], 60)), prose(lengths[n, 2])
        if number % 500 == 7 and sort.export_class == "full":
            withheld += f". {text}"
        choices = [f"{prose(3)} {number + k}" for k in range(4)] if sort.key == "option" else []
        choices = [f"{other} one {number}.", f"{prose(30)} two {number}."] if sort.key == "response" else choices
        if sort.key == "option":
            text += "\n\n" + "\n".join(f"{letter}) {choice}" for letter, choice in zip("ABCD", choices, strict=True))
        target = {
            "number": f"{number % 9_973}", "formula": rf"\({number % 89}x^2 + {number % 97}\)", "word": str(words[number % len(words)]),
            "solution": f"{other}, so {number}.", "none": "",
            **dict.fromkeys(("option", "response"), choices and choices[number % len(choices)]),
        }[sort.key]  # fmt: skip
        site, native, url = f"site{number % 40}", f"m{number % 977}/e{number}", f"https://example.org/{sort.source}/{number}"
        failing = [{"failed": True, "model": f"model-{number % 30}", "score": None, "text": other}] if sort.tier == "witnessed" else []
        record = {
            "record_key": f"{sort.source}:{site}:{native}", "source": sort.source, "site": site, "native_id": native, "url": url,
            "title": "", "text": text, "thread_id": f"m{number % 977}", "detail": None, "licence": sort.licence,
            "export_class": sort.export_class, "language": "fr" if number % 10 == 3 else "en",
        }  # fmt: skip
        refused = record | {
            "record_key": f"reddit:{site}:r{number}", "source": "reddit", "native_id": f"r{number}", "licence": "site-terms",
            "export_class": "id_only", "title": f"About {number}", "text": withheld,
        }  # fmt: skip
        records = [record, refused]
        if number % 10 == 0:
            key = f"discourse:{site}:d{number}"
            records[1:1] = [record | {"record_key": key, "source": "discourse", "native_id": f"d{number}", "licence": sort.licence}]
        item_id = content_id([("user", text)], choices, target)
        item = {
            "item_id": item_id, "kind": sort.kind, "target": target, "choices": choices,
            "messages": json.dumps([{"content": text, "role": "user"}], ensure_ascii=False),
            "rubric": "", "key_status": "sourced" if target else "none", "language": record["language"],
            "tags": [f"topic{number % 60}"], "rule": f"{sort.kind}/generated", "lead_record": record["record_key"],
        }  # fmt: skip
        reports = [
            {
                **{key: one[key] for key in ("record_key", "source", "site", "native_id", "url", "licence", "export_class")},
                "item_id": item_id, "tier": sort.tier, "strength": 0.5, "failing": json.dumps(failing),
                "lead_order": f"{place}{one['record_key']}", "attribution": f"A. Writer {number}, {url}", "rule": item["rule"],
            }
            for place, one in enumerate(records[:-1])
        ]  # fmt: skip
        yield item, reports, records


_INSERTS = {
    "items": """SELECT item_id, 1 AS version, kind, messages::JSON AS messages, target, []::VARCHAR[] AS aliases, choices, rubric,
        key_status, 'proposed' AS lifecycle, language, tags, rule, '1' AS rule_version, lead_record, '' AS lead_order,
        item_id AS payload_hash, $run AS created_run FROM given""",
    "reports": """SELECT *, 1 AS revision, '1' AS rule_version, TIMESTAMPTZ '2026-01-01' AS created_at, record_key AS report_hash,
        true AS live, $run AS run_id FROM given""",
    "records": """SELECT *, 1 AS revision, true AS is_latest, '1' AS judged_by, 'post' AS role, 0 AS position, '[]'::JSON AS quotes,
        '{}'::JSON AS marks, 'live' AS status, '' AS licence_evidence, '' AS attribution, record_key AS content_hash, '' AS meta_hash,
        TIMESTAMPTZ '2026-01-01' AS first_seen, TIMESTAMPTZ '2026-01-02' AS last_seen, '' AS page_id, $run AS run_id FROM given""",
}
_AFTER = (
    """INSERT INTO refusals SELECT record_key, source, 1, 'reason ' || hash(record_key) % 12, '', '1', $run FROM records
       ANTI JOIN reports USING (record_key)""",
    """INSERT INTO verdicts SELECT md5(item_id), item_id, 1, 'reviewer', TIMESTAMPTZ '2026-01-03',
              ['active', 'rejected', 'verified', 'disputed'][1 + (hash(item_id) % 200 // 50)::INT], ''
       FROM items WHERE hash(item_id) % 50 = 0""",
    """INSERT INTO claims SELECT record_key, item_id, '', 'wrong answer', 'failure ' || hash(item_id) % 2000, 'quote', $run FROM reports
       WHERE rule LIKE 'complaint%'""",
    """INSERT INTO phrases BY NAME SELECT DISTINCT category, phrase, 'none' AS encoder, 1 AS dimension, ''::BLOB AS vector,
              phrase AS cluster_id, 1.0 AS similarity FROM claims""",
    """INSERT INTO clusters SELECT phrase, category, encoder, phrase, 1, ''::BLOB, false FROM phrases""",
    """INSERT INTO decisions SELECT a.item_id, 'related', b.item_id, 0.9, 0.7, 'generated', '', 'none', '1', false, $run
       FROM (SELECT item_id, row_number() OVER (ORDER BY item_id) AS n FROM items) a
       JOIN (SELECT item_id, row_number() OVER (ORDER BY item_id) AS n FROM items) b ON b.n = a.n + 1 WHERE a.n % 10 = 0""",
    """INSERT INTO runs BY NAME SELECT $run AS run_id, 'benchmark' AS command, now() AS started_at, now() AS finished_at,
              'finished' AS state, '' AS thresher_version""",
    """INSERT INTO run_sources BY NAME SELECT $run AS run_id, source, count(*) AS records, count(*) AS landed, 'finished' AS state
       FROM reports GROUP BY ALL""",
)


def fill(folder: Path, items: int) -> None:
    """A benchmark of so many items in a new folder."""
    import duckdb
    import pyarrow as pa

    from store.file.database import Database

    folder.mkdir(parents=True)
    with Database(folder).writer():
        pass
    with duckdb.connect(str(folder / "benchmark.duckdb")) as con:
        for start in range(0, items, AT_ONCE):
            made = [*rows(start, min(AT_ONCE, items - start))]
            tables = {
                "items": [item for item, _, _ in made],
                "reports": [report for _, reports, _ in made for report in reports],
                "records": [record for _, _, records in made for record in records],
            }
            for name, of_table in tables.items():
                con.register("given", pa.Table.from_pylist(of_table))
                con.execute(f"INSERT INTO {name} BY NAME {_INSERTS[name]}", {"run": _EVERY_RUN})
        for statement in _AFTER:
            con.execute(statement, {"run": _EVERY_RUN} if "$run" in statement else None)


def measured(command: Sequence[str]) -> dict[str, float]:
    """CPU seconds and peak resident megabytes of a command; SystemExit where it fails. This process stays small, since what it holds at a
    start counts as the command's."""
    with tempfile.TemporaryFile("w+") as said:
        child = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=said, stderr=said)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        if child.returncode:
            raise SystemExit(f"{' '.join(command)} ended with {child.returncode}:\n{said.read()[-2000:]}")
    return {"cpu_s": round(used.ru_utime + used.ru_stime, 1), "peak_mb": used.ru_maxrss // 1024}


def one_size(items: int, commands: Sequence[str], work: Path) -> dict[str, Any]:
    """The commands one after another on a benchmark of this size."""
    folder = work / f"items-{items}"
    if not folder.exists():
        measured([sys.executable, __file__, "--fill", str(folder), "--items", str(items)])
    shutil.rmtree(folder / "snapshots", ignore_errors=True)
    row: dict[str, Any] = {"items": items}
    arguments = {"snapshot": ["snapshot", "s1", "--leave-out"], "report": ["report"], "site": ["site", "s1"]}
    for command in commands:
        row[command] = measured([sys.executable, "-m", "flows.cli", *arguments[command], "--data", str(folder)])
        print(f"{items:>9,} items, {command}: {row[command]['cpu_s']:,} CPU-s, {row[command]['peak_mb']:,} MB at the peak", flush=True)
    if "snapshot" in commands:
        manifest = json.loads((folder / "snapshots" / "s1" / "manifest.json").read_bytes())
        row |= {"configs": manifest["configs"], "withheld": manifest["withheld"]}
        row["bytes"] = sum(file["bytes"] for file in manifest["files"].values())
    return row


def main() -> None:
    """Runs, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, nargs="+", default=[20_000, 100_000])
    parser.add_argument("--commands", nargs="+", choices=["snapshot", "report", "site"], default=["snapshot", "report", "site"])
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "thresher-snapshots")
    parser.add_argument("--fill", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.fill:
        fill(given.fill, given.items[0])
        return
    made = [one_size(items, given.commands, given.work) for items in given.items]
    machine = subprocess.run(
        [sys.executable, "-c", "import json; from benchmarks.machine import describe; print(json.dumps(describe()))"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    when = f"{datetime.now(UTC):%Y-%m-%d}"
    RESULTS.write_text(
        json.dumps({"measured": when, "machine": json.loads(machine.stdout), "sizes": made}, indent=1) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
