"""How well posts are read: the table of items, leads, prompts and answers for a labelled set, beside baselines in the same run.

    python benchmarks/triage.py LABELLED.jsonl --fold thread          five folds by thread, each read by weights from the others
    python benchmarks/triage.py LABELLED.jsonl --leave-out kind       each kind read by weights that never saw it (or: lang, made)
    python benchmarks/triage.py LABELLED.jsonl                        the shipped weights: fair on posts that they were not trained on
    python benchmarks/triage.py LABELLED.jsonl --readings FILE        what ``thresher read`` printed

``--by kind lang report draw made`` splits the table. A right span is one with a likeness of at least .8 to the labelled one.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

sys.path.insert(0, str(Path(__file__).parent))

from train_reader import RIGHT, Corpus, Sample, Scored, calibrated, fit, folds, left_out, likeness, more, samples, score

from flows.line.reading import Read, read_posts
from thresher.model import Reading
from thresher.readers import open_chain
from thresher.readers.learned import LearnedReader
from thresher.readers.vectors import UniversalSentenceEncoder
from thresher.readers.verdict import readable, weigh
from thresher.rules import Rules
from thresher.shares import wilson

Row = Mapping[str, Any]
INNER_FOLDS = 3
"""For the curves and thresholds of the weights that a left-out group is read by."""
Figures = dict[str, tuple[int, int]]


def share(right: int, of: int) -> str:
    """With Wilson's interval of 95 %."""
    if not of:
        return "-"
    low, high = wilson(right, of)
    return f"{right / of:.2f} ({right}/{of}, {low:.2f}-{high:.2f})"


def figures(pairs: Sequence[tuple[Row, Row]]) -> Figures:
    """The rows of the table, each as (right, of), from pairs of (labelled, reading)."""
    fails = [(a, b) for a, b in pairs if a["label"]["failure"]]
    usable = [(a, b) for a, b in fails if a["label"]["usable"]]
    items = [(a, b) for a, b in pairs if b["outcome"] == "item"]
    seen = [(a, b) for a, b in pairs if b["outcome"] in ("item", "lead")]
    witnessed = [(a, b) for a, b in items if b.get("tier") == "witnessed"]

    def like(a: Row, b: Row, what: str) -> float:
        return likeness(a["label"][what], b.get(what)) if a["label"]["failure"] else 0.0

    failing_items = [(a, b) for a, b in items if a["label"]["failure"]]
    return {
        "items that are failures": (sum(bool(a["label"]["failure"]) for a, _ in items), len(items)),
        "failures that are item or lead": (sum(b["outcome"] != "refused" for _, b in fails), len(fails)),
        "items and leads that are failures": (sum(bool(a["label"]["failure"]) for a, _ in seen), len(seen)),
        "re-askable failures: item with the right prompt": (
            sum(b["outcome"] == "item" and like(a, b, "prompt") >= RIGHT for a, b in usable),
            len(usable),
        ),
        "items of failures with a wrong prompt": (sum(like(a, b, "prompt") < 0.5 for a, b in failing_items), len(failing_items)),
        "witnessed items: right answer": (sum(like(a, b, "response") >= RIGHT for a, b in witnessed), len(witnessed)),
    }


def printed(name: str, pairs: Sequence[tuple[Row, Row]], by: Iterable[str]) -> None:
    print(f"\n## {name} ({len(pairs)} posts)")
    for title, (right, of) in figures(pairs).items():
        print(f"{title:50} {share(right, of)}")
    for key in by:
        groups: dict[str, list[tuple[Row, Row]]] = defaultdict(list)
        for a, b in pairs:
            groups[str((a["label"]["report"] or "none") if key == "report" else a[key])].append((a, b))
        for value, members in sorted(groups.items(), key=lambda g: -len(g[1])):
            numbers = " | ".join(f"{r}/{n}" for r, n in figures(members).values())
            print(f"  {key} {value:14} n {len(members):4} failures {sum(bool(a['label']['failure']) for a, _ in members):4} | {numbers}")


def read_left_out(
    everything: Sequence[Sample], groups: Sequence[Any], rules: Rules, vectors: Any, also: Sequence[Sample]
) -> list[dict[str, Any]]:
    """The readings of each group by weights that never saw it; curves and thresholds come from inner folds of the others."""
    rows: dict[int, dict[str, Any]] = {}
    corpus = Corpus([*everything, *also])
    for group in groups:
        inside = set(group.tolist())
        threads = {everything[i].row["thread"] for i in inside}
        others = [s for i, s in enumerate(everything) if i not in inside and s.row["thread"] not in threads]
        inner = left_out(others, folds([s.row["thread"] for s in others], INNER_FOLDS), rules, vectors, also, corpus)
        weights = calibrated(fit([*others, *also], corpus, vectors), inner)
        reader = LearnedReader(weights, rules, vectors)
        members = [everything[i] for i in group.tolist()]
        scored = score(weights, members, rules, vectors)
        for k, one in enumerate(scored):
            rows[int(group[k])] = read_scored(one, reader, rules).row()
        print(f"fold of {len(members)}: {weights.thresholds}", file=sys.stderr, flush=True)
    return [rows[i] for i in sorted(rows)]


def read_scored(one: Scored, reader: LearnedReader, rules: Rules) -> Read:
    """As ``LearnedReader.read``, from what was computed once."""
    s, thresholds = one.sample, reader.weights.thresholds
    record, outcome = s.post.record, s.post.outcome
    if not readable(record, outcome):
        return Read(record.native_id, record, outcome, None)
    fails = reader.weights.curves["fails"](one.score)
    if one.first < thresholds.first or one.second < thresholds.second or fails < thresholds.lead / 2:
        reading = Reading(record.key, min(fails, round(thresholds.lead / 2, 4)), reader.name, reader.version)
    else:
        reading = reader.judged(s.post, fails, reader.standard(s.signals), s.vector, s.places)
    return Read(record.native_id, record, weigh(record, outcome, {record.key: reading}, rules, thresholds), reading)


def embeddings_alone(everything: Sequence[Sample], groups: Sequence[Any]) -> list[dict[str, Any]]:
    """Logistic regression on sentence vectors: it sees failures and finds no words."""
    fails = np.array([s.fails for s in everything]).astype(int)
    vectors = np.vstack([s.vector for s in everything])
    outcomes = ["refused"] * len(everything)
    for group in groups:
        rest = np.setdiff1d(np.arange(len(everything)), group)
        model = LogisticRegression(C=10.0, max_iter=1000).fit(vectors[rest], fails[rest])
        for i, p in zip(group.tolist(), model.predict_proba(vectors[group])[:, 1], strict=True):
            outcomes[i] = "lead" if p >= 0.5 else "refused"
    return [{"outcome": outcome} for outcome in outcomes]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labelled", type=Path)
    parser.add_argument("--readings", type=Path)
    parser.add_argument("--fold", choices=["thread"])
    parser.add_argument("--leave-out", choices=["kind", "lang", "made", "draw"])
    parser.add_argument("--also", type=Path, nargs="*", default=[], help="as of train_reader.py")
    parser.add_argument("--by", nargs="*", default=[])
    parser.add_argument("--out", type=Path, help="write the readings, one a line")
    parser.add_argument("--config", type=Path, default=Path("config"))
    args = parser.parse_args()
    labelled = [json.loads(line) for line in args.labelled.read_text(encoding="utf-8").splitlines() if line.strip()]
    if args.readings:
        rows = [json.loads(line) for line in args.readings.read_text(encoding="utf-8").splitlines()]
        printed(str(args.readings), list(zip(labelled, rows, strict=True)), args.by)
        return
    rules = Rules.load(args.config / "rules.toml")
    chains: dict[str, list[Any]] = {"rules alone": [r.row() for r in read_posts(args.labelled, rules, None)]}
    chains["majority: nothing fails"] = [{"outcome": "refused"} for _ in labelled]
    if args.fold or args.leave_out:
        vectors = UniversalSentenceEncoder()
        everything = samples(args.labelled, rules, vectors)
        also = more(args.also, rules, vectors)
        groups = folds([s.row["thread"] for s in everything]) if args.fold else _groups(labelled, args.leave_out)
        chains["embeddings alone"] = embeddings_alone(everything, groups)
        chains["learned, left out"] = read_left_out(everything, groups, rules, vectors, also)
    else:
        chains["learned, as shipped"] = [r.row() for r in read_posts(args.labelled, rules, open_chain(rules))]
    for name, rows in chains.items():
        printed(name, list(zip(labelled, rows, strict=True)), args.by if name.startswith("learned") else ())
    if args.out:
        args.out.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def _groups(labelled: Sequence[Row], key: str) -> list[Any]:
    """The places of each value that is frequent enough to be left out, and of all rare ones together."""
    counts = Counter(str(row[key]) for row in labelled)
    values = [str(row[key]) if counts[str(row[key])] >= 50 else "rare" for row in labelled]
    return [np.flatnonzero(np.array(values) == value) for value in sorted(set(values))]


if __name__ == "__main__":
    main()
