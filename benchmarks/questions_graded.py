"""How well the rules tell which questions have a key: what they say of the labelled questions of a benchmark.

    python benchmarks/questions_graded.py DATA

DATA is a benchmark into which the labelled site was ingested. Prints the share of keyed questions that are fit, of fit ones that are keyed,
and where the grades differ.
"""

from __future__ import annotations

import csv
import hashlib
import sys
from collections import Counter
from pathlib import Path

from store.file.database import Database

LABELS = Path(__file__).parent / "labels" / "questions.csv"


def main(data: Path) -> None:
    """Print the table."""
    labels = {(row["site"], row["native_id"]): row for row in csv.DictReader(LABELS.read_text(encoding="utf-8").splitlines())}
    with Database(data).reader() as con:
        items = con.execute("SELECT site, native_id, prompt, tags, key_status FROM items_current WHERE kind = 'question'").fetchall()
    grades: Counter[tuple[str, str]] = Counter()
    keys: Counter[tuple[bool, bool]] = Counter()
    for site, native_id, prompt, tags, key_status in items:
        label = labels.get((site, native_id))
        if label is None or hashlib.sha256(prompt.encode()).hexdigest()[:16] != label["hash"]:
            continue
        said = next((tag.removeprefix("gradable:") for tag in tags if tag.startswith("gradable:")), "none")
        grades[label["grade"], said] += 1
        keys[key_status == "sourced", label["key"] == "yes"] += 1
    right = keys[True, True]
    keyed, fit = right + keys[True, False], right + keys[False, True]
    print(f"{sum(keys.values())} questions read; {keyed} keyed, of which {right} are fit; {fit} fit, of which {right} keyed")
    for (label_grade, said), count in sorted(grades.items()):
        print(f"{label_grade:15} said {said:15} {count}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
