"""How much an order of the queue is worth: the items of labelled posts are looked at one by one, and their labels are the verdicts.

    python benchmarks/queue_replay.py LABELLED.jsonl READS.pickle      reads the posts first, where READS.pickle is not there (minutes)

The posts are read by weights that never saw their thread. An item is accepted where its post reports a failure and its prompt is the
labelled one (likeness of at least .8), else rejected. ``items`` are those that a harvest would make; ``with leads`` adds each post in
which a prompt was marked and no item was made of it. The learned order is learned anew after each ``STEP`` verdicts, from these alone;
before there are enough it is the present one. Seeds draw which items are in the queue (half of them, and all), and break ties.
"""

from __future__ import annotations

import argparse
import hashlib
import pickle
import random
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from train_reader import RIGHT, Corpus, Scored, calibrated, fit, folds, likeness, more, samples, score
from triage import read_scored

from curation.learning import learn, tabulate
from curation.order import orders
from flows.line.reading import Read
from thresher.model import Candidate, Lead
from thresher.readers.learned import LearnedReader
from thresher.readers.vectors import UniversalSentenceEncoder
from thresher.rules import Rules

STEP = 10
SEEDS = 10
HOW = ("random", "urgent", "learned")
SHARES = (0.25, 0.5, 0.75)
"""Of the queue: how far a person gets."""
Pair = tuple[Mapping[str, Any], Read]


def read(labelled: Path, rules: Rules) -> list[Pair]:
    """Each labelled row with what weights of the other four folds make of it; curves and thresholds come from all scores that were left
    out, as those of the shipped weights do."""
    vectors = UniversalSentenceEncoder()
    everything, also = samples(labelled, rules, vectors), more([], rules, vectors)
    corpus = Corpus([*everything, *also])
    parts = folds([s.row["thread"] for s in everything])
    fitted, scored = [], dict[int, Scored]()
    for part in parts:
        inside = set(part.tolist())
        fitted.append(fit([*(s for i, s in enumerate(everything) if i not in inside), *also], corpus, vectors))
        scored |= dict(zip(part.tolist(), score(fitted[-1], [everything[i] for i in part.tolist()], rules, vectors), strict=True))
        print(f"{len(scored)} posts scored", file=sys.stderr, flush=True)
    every = [scored[i] for i in sorted(scored)]
    reads: dict[int, Read] = {}
    for part, weights in zip(parts, fitted, strict=True):
        reader = LearnedReader(calibrated(weights, every), rules, vectors)
        reads |= {i: read_scored(scored[i], reader, rules) for i in part.tolist()}
    return [(s.row, reads[i]) for i, s in enumerate(everything)]


def items(pairs: Sequence[Pair], leads: bool) -> tuple[list[dict[str, Any]], dict[str, bool]]:
    """Items as ``store.curating.items`` gives them, and which are accepted."""
    made, accepted = [], {}
    for row, one in pairs:
        if isinstance(one.outcome, Candidate):
            item = _item(row, one, one.outcome)
        elif leads and isinstance(one.outcome, Lead) and one.reading and one.reading.prompt:
            item = _item(row, one, None)
        else:
            continue
        label = row["label"]
        prompt = item["messages"][-1]["content"]
        accepted[item["item_id"]] = bool(label["failure"] and likeness(label["prompt"], prompt) >= RIGHT)
        made.append(item)
    return made, accepted


def _item(row: Mapping[str, Any], one: Read, made: Candidate | None) -> dict[str, Any]:
    reading, lead = one.reading, one.outcome if isinstance(one.outcome, Lead) else None
    prompt = made.messages[-1].content if made else reading.prompt.span.text if reading and reading.prompt else ""
    words = made.claim.words if made and made.claim else lead.claim if lead else None
    harvested = {
        "messages": [{"role": m.role, "content": m.content} for m in made.messages] if made else [{"role": "user", "content": prompt}],
        "target": made.target if made else "", "rubric": made.rubric if made else words.text if words else "",
        "tags": list(made.tags) if made else [], "key_status": made.key_status if made else "none",
    }  # fmt: skip
    failing = [{"text": a.text} for a in made.failing] if made else []
    return {
        **harvested, "harvested": harvested, "item_id": hashlib.sha256(row["id"].encode()).hexdigest()[:32],
        "kind": made.kind if made else "complaint", "tier": made.tier if made else "claimed", "source": row["kind"], "site": "",
        "language": (made.language if made else "") or row["lang"], "rule": made.rule if made else "lead",
        "report_count": 1, "source_count": 1,
        "strength": made.strength if made else 0.5, "cluster": None, "merged": [], "verdicts": [],
        "reports": [{"claim": {"words": {"text": words.text}} if words else None, "failing": failing}],
        "reading": {
            "fails": reading.fails, "prompt": reading.prompt.confidence if reading.prompt else None,
            "response": reading.response.confidence if reading.response else None,
        } if reading else None,
    }  # fmt: skip


def replay(queue: Sequence[dict[str, Any]], accepted: Mapping[str, bool], how: str, draw: random.Random) -> list[bool]:
    """Whether each item looked at was accepted, in the order in which it was looked at."""
    table = tabulate(queue)
    left = {item["item_id"]: item for item in sorted(queue, key=lambda item: item["item_id"])}
    verdicts: dict[str, bool] = {}
    while left:
        if how == "random":
            ids = draw.sample(sorted(left), len(left))
        else:
            ids = orders(left.values(), learn(table, verdicts) if how == "learned" else None)["useful"]
        for item_id in ids[:STEP]:
            verdicts[item_id] = accepted[item_id]
            del left[item_id]
    return [*verdicts.values()]


def table(name: str, made: Sequence[dict[str, Any]], accepted: Mapping[str, bool], size: int) -> None:
    share = sum(accepted.values()) / len(accepted)
    print(f"\n{name}: {len(made)} items, {share:.0%} accepted; {size} of them in each of {SEEDS} queues. Accepted per hundred looked at:")
    gained: dict[tuple[float, str], list[float]] = {(looked, how): [] for looked in SHARES for how in HOW}
    for seed in range(SEEDS):
        draw = random.Random(seed)
        # ids are hashes of the prompt: other ids break ties in another way
        queue = [item | {"item_id": f"{draw.getrandbits(64):016x}", "was": item["item_id"]} for item in draw.sample(made, size)]
        words = {item["item_id"]: accepted[item["was"]] for item in queue}
        for how in HOW:
            seen = replay(queue, words, how, draw)
            for looked in SHARES:
                first = seen[: round(looked * len(queue))]
                gained[looked, how].append(100 * sum(first) / len(first))
    for looked in SHARES:
        cells = " | ".join(f"{how} {np.mean(gained[looked, how]):.1f} +- {np.std(gained[looked, how]):.1f}" for how in HOW)
        both = list(zip(gained[looked, "learned"], gained[looked, "urgent"], strict=True))
        better, worse = sum(a > b for a, b in both), sum(a < b for a, b in both)
        print(f"  first {looked:.0%}: {cells} | learned against urgent: better {better}, worse {worse}")
    learned = learn(tabulate(made), accepted)
    if learned is None:
        print("  too few verdicts to learn from")
        return
    print(f"  all verdicts, left out by folds: Brier {learned.brier:.3f}, of the share alone {learned.base:.3f}")
    for b in learned.bins:
        rate = b.accepted / b.items
        print(f"    {b.least:.1f}-{b.most:.1f}: {b.items} items, expected {b.expected:.2f}, accepted {rate:.2f} ({b.accepted})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labelled", type=Path)
    parser.add_argument("reads", type=Path)
    parser.add_argument("--config", type=Path, default=Path("config"))
    args = parser.parse_args()
    if not args.reads.exists():
        args.reads.write_bytes(pickle.dumps(read(args.labelled, Rules.load(args.config / "rules.toml"))))
    pairs: list[Pair] = pickle.loads(args.reads.read_bytes())
    for name, leads in (("items", False), ("with leads", True)):
        made, accepted = items(pairs, leads)
        for size in (len(made) // 2, len(made)):
            table(name, made, accepted, size)


if __name__ == "__main__":
    main()
