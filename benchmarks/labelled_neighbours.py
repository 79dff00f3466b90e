"""What the dedupe says of the neighbours that were labelled by hand.

    python benchmarks/labelled_neighbours.py --data FOLDER

``FOLDER`` holds a benchmark.duckdb with the items that were labelled (by id and hash) and their vectors. Prints how often each label gets
each verdict, by whom, and keeps that in benchmarks/results/neighbours.json.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


from benchmarks.labelled_pairs import hand_labels
from dedupe.vectors.exact import pairs_above, rounded
from flows.line.deciding import comparable
from flows.line.workspace import Workspace
from store import decisions

HERE = Path(__file__).resolve().parent
LABELS = [HERE / "labels" / "pairs.csv", HERE / "labels" / "scored.csv"]


def main() -> None:
    """Judges every labelled pair whose two items are there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    given = parser.parse_args()
    work = Workspace.open(given.data)
    labels = hand_labels(LABELS)
    wanted = sorted({item_id for pair in labels for item_id in pair})
    with work.database.reader() as con:
        stored = decisions.items_by_id(con, wanted)
        ids, vectors = decisions.vectors_of(con, work.encoder.id, wanted)
    grid = dict(zip(ids, rounded(vectors), strict=True))
    items = {i: comparable(item) for i, item in stored.items() if i in grid}
    seen: Counter[tuple[str, str, str]] = Counter()
    for (a, b), label in sorted(labels.items()):
        if a in items and b in items:
            cosine = float(pairs_above(grid[a][None], grid[b][None], -1.0).score[0])
            found = work.judge.compare(items[a], items[b], grid[a], grid[b], cosine)
            seen[label, found.verdict, found.method] += 1
            if (label == "same") != (found.verdict == "same"):
                print(f"{label:9} but {found.verdict:9} {found.reason} ({found.method}, {found.score:.3f}, cosine {cosine:.3f}) {a} {b}")
    for (label, verdict, method), count in sorted(seen.items()):
        print(f"{label:10} {verdict:10} by the {method:10} {count:5}")
    rows = [
        {"label": label, "verdict": verdict, "method": method, "pairs": count} for (label, verdict, method), count in sorted(seen.items())
    ]
    (HERE / "results" / "neighbours.json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
