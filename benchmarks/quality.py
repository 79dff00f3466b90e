"""How many near misses are merged and how many duplicates are found: real texts read in place, and generated ones.

    python benchmarks/quality.py [--pairs 200] [--data FOLDER] [--realdata FOLDER] [--seed 1]

Every pair is judged as ``thresher compare`` does it. --data is a benchmark whose items are the real texts; --realdata holds the labelled
pairs and the posts of a forum, of which the long ones are taken; without them only generated texts are judged. Writes
benchmarks/results/quality.json. Read the held-back families as a whole: see ``benchmarks.families`` for why nobody may mend a rule for one
of them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from benchmarks.families import EASY, LONGEST, TUNED, Family
from benchmarks.held_back import HELD_BACK
from benchmarks.manners import ASKED_ABOUT, SEEN, UNSEEN
from benchmarks.real_texts import items, labelled, long_posts, stratum
from dedupe.decide import Judge, explain
from dedupe.guard.check import Comparable
from dedupe.scorer.model import Scorer
from dedupe.settings import Dedupe
from dedupe.vectors.encoder import Encoder, Floats, Progress
from dedupe.vectors.engines import open_encoder
from flows.line import settings
from thresher.shares import wilson

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
GROUPS: dict[str, tuple[Family, ...]] = {
    "easy": EASY, "manners": SEEN, "unseen manners": UNSEEN, "tuned": TUNED, "asked about": ASKED_ABOUT, "held back": HELD_BACK,
}  # fmt: skip
FOUND = ("easy", "manners")
"""Groups whose families may be looked at by everybody."""
LONG = "long posts, "


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts and where they come from; ``group`` is one of ``GROUPS`` (after ``LONG``, where they are long), ``reworded`` or
    ``look-alike``."""

    group: str
    family: str
    a: str
    b: str
    real: bool


class Remembered:
    """An encoder that has encoded everything beforehand, in large batches: a vector is the same in any batch."""

    def __init__(self, encoder: Encoder, texts: Iterable[str]) -> None:
        known = sorted(set(texts))
        self.id, self.dim = encoder.id, encoder.dim
        self._vectors = encoder.encode(known)
        self._row = {text: row for row, text in enumerate(known)}

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Floats:
        """The remembered vectors."""
        del progress
        return np.ascontiguousarray(self._vectors[[self._row[text] for text in texts]])


def on_real(group: str, family: Family, texts: Sequence[str], chance: Random, count: int, longest: int) -> list[Pair]:
    """Up to ``count`` pairs on real texts of at most so many characters."""
    shuffled = chance.sample(texts, len(texts))
    changed = ((text, family.apply(text, chance)) for text in shuffled if 20 < len(text) <= longest)
    return [Pair(group, family.name, a, b, True) for a, b in islice(((a, b) for a, b in changed if b), count)]


def made(count: int, texts: Sequence[str], seed: int) -> list[Pair]:
    """For each family up to ``count`` pairs on own texts and up to ``count`` on real ones, no pair twice."""
    pairs: list[Pair] = []
    for group, families in GROUPS.items():
        for family in families:
            chance = Random(f"{seed} {family.name}")
            own = dict.fromkeys(islice(family.own(chance), 4 * count))
            pairs += [Pair(group, family.name, a, b, False) for a, b in islice(own, count)]
            if family.real:
                pairs += on_real(group, family, texts, chance, count, LONGEST)
    return pairs


def made_long(count: int, posts: Sequence[str], seed: int) -> list[Pair]:
    """Up to ``count`` pairs of each family that can be made of real texts, on long posts."""
    pairs: list[Pair] = []
    for group, families in GROUPS.items():
        for family in families:
            chance = Random(f"{seed} {family.name}")
            if family.real:
                pairs += on_real(LONG + group, family, posts, chance, count, sys.maxsize)
    return pairs


def human(realdata: Path, count: int, seed: int) -> list[Pair]:
    """Labelled pairs, up to ``count`` of each source and answer."""
    found: dict[tuple[str, bool], list[Pair]] = {}
    for pair in labelled(realdata):
        group = "reworded" if pair.same else "look-alike"
        found.setdefault((pair.source, pair.same), []).append(Pair(group, pair.source, pair.a, pair.b, True))
    return [pair for part in found.values() for pair in Random(seed).sample(part, min(count, len(part)))]


def judged(pairs: Sequence[Pair], dedupe: Dedupe) -> list[tuple[Pair, str, str]]:
    """Each pair with its verdict and the reason."""
    encoder = open_encoder(dedupe.embedding, ROOT / "models")
    remembered = Remembered(encoder, (text for pair in pairs for text in (pair.a, pair.b)))
    judge = Judge(dedupe, Scorer.load())
    out: list[tuple[Pair, str, str]] = []
    for pair in pairs:
        found = explain(Comparable("a", pair.a), Comparable("b", pair.b), remembered, judge)
        out.append((pair, found.verdict, found.reason))
    return out


def interval(hits: int, count: int) -> tuple[float, float]:
    """The 95 % interval of a rate; of nothing, anything."""
    return wilson(hits, count) if count else (0.0, 1.0)


def rate(verdicts: Sequence[str]) -> dict[str, Any]:
    """How many of the pairs were merged."""
    merged = sum(verdict == "same" for verdict in verdicts)
    low, high = interval(merged, len(verdicts))
    return {"pairs": len(verdicts), "merged": merged, "rate": merged / max(1, len(verdicts)), "low": low, "high": high}


def table(results: Sequence[tuple[Pair, str, str]]) -> dict[str, Any]:
    """Rates for each group: pooled, on real and own texts, for each family, for each kind of text."""
    out: dict[str, Any] = {}
    for group in dict.fromkeys(pair.group for pair, _, _ in results):
        inside = [(pair, verdict) for pair, verdict, _ in results if pair.group == group]
        families = dict.fromkeys(pair.family for pair, _ in inside)
        strata = dict.fromkeys(stratum(pair.a) for pair, _ in inside)
        out[group] = {
            "pooled": rate([verdict for _, verdict in inside]),
            "real": rate([verdict for pair, verdict in inside if pair.real]),
            "own": rate([verdict for pair, verdict in inside if not pair.real]),
            "families": {name: rate([v for pair, v in inside if pair.family == name]) for name in families},
            "strata": {name: rate([v for pair, v in inside if stratum(pair.a) == name]) for name in strata},
        }
    return out


def main() -> None:
    """Judges, writes and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=200, help="of each family, on real and on own texts each")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--realdata", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=RESULTS / "quality.json")
    parser.add_argument("--show", action="store_true", help="print which families were merged; whoever looks may not tune on them")
    given = parser.parse_args()
    dedupe = settings.load(ROOT / "config").dedupe
    pairs = made(given.pairs, items(given.data) if given.data else [], given.seed)
    if given.realdata:
        pairs += human(given.realdata, given.pairs * 2, given.seed)
        pairs += made_long(given.pairs // 5, long_posts(given.realdata), given.seed)
    results = judged(pairs, dedupe)
    found = table(results)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(
        json.dumps({"seed": given.seed, "dedupe_version": dedupe.version, "groups": found}, indent=1) + "\n", encoding="utf-8"
    )
    for group, rates in found.items():
        pooled = rates["pooled"]
        bounds = f"[{pooled['low']:.4f}, {pooled['high']:.4f}]"
        print(f"{group:12} {pooled['merged']:6} of {pooled['pairs']:6} merged: {pooled['rate']:.4f} {bounds}")
        if group.removeprefix(LONG) in (*FOUND, "asked about", "reworded", "look-alike") or given.show:
            for part in ("families", "strata"):
                for name, one in rates[part].items():
                    print(f"    {name:26} {one['merged']:5} of {one['pairs']:5}: {one['rate']:.3f}")


if __name__ == "__main__":
    main()
