"""Read the labelled complaints: the real ones in place, by locator and hash; the invented ones from their file.

    python benchmarks/complaints_read.py REALDATA

prints the counts, and fails where a real text is missing or is not the one that was labelled.
"""

from __future__ import annotations

import csv
import hashlib
import json
import sys
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

LABELS = Path(__file__).parent / "labels"


@dataclass(frozen=True, slots=True)
class Complaint:
    text: str
    cluster: str
    """The failure that it claims."""
    category: str
    split: str
    """``tune`` or ``held``; a cluster is never in both."""


def real_complaints(realdata: Path) -> list[Complaint]:
    """Those of complaints.csv. ValueError where a text is not the one that was labelled."""
    found = []
    for row in _rows("complaints.csv"):
        text = resolve(realdata, row["source"], row["locator"])
        if hashlib.sha256(text.encode()).hexdigest()[:16] != row["hash"]:
            raise ValueError(f"{row['source']} {row['locator']} is not the text that was labelled")
        found.append(Complaint(text, row["cluster"], row["category"], row["split"]))
    return found


def invented_complaints() -> list[Complaint]:
    """Those of complaints_invented.csv."""
    return [Complaint(row["text"], row["cluster"], row["category"], row["split"]) for row in _rows("complaints_invented.csv")]


def resolve(realdata: Path, source: str, locator: str) -> str:
    """The text at a locator: ``/key/.../key:start-end`` into a JSON file (the first key of a .jsonl file is the line, from 0), or
    ``:start-end`` into any other; characters, end excluded."""
    path, span = locator.rsplit(":", 1)
    value = _content(realdata / source)
    for key in path.split("/")[1:]:
        value = value[int(key)] if isinstance(value, list) else value[key]
    start, end = map(int, span.split("-"))
    return str(value)[start:end]


@lru_cache(maxsize=16)
def _content(path: Path) -> Any:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in text.split("\n") if line]
    return json.loads(text) if path.suffix == ".json" else text


def _rows(name: str) -> list[dict[str, str]]:
    with (LABELS / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for name, found in (("real", real_complaints(Path(sys.argv[1]))), ("invented", invented_complaints())):
        sizes = Counter(complaint.cluster for complaint in found)
        alone = sum(size == 1 for size in sizes.values())
        splits = Counter(complaint.split for complaint in found)
        print(f"{name}: {len(found)} complaints of {len(sizes)} failures, {alone} of them claimed once; {dict(splits)}")


if __name__ == "__main__":
    main()
