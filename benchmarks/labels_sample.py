"""Draw pairs of retrieved neighbours for a person to label.

    python benchmarks/labels_sample.py DATA OUT.csv [--seed 7]

DATA holds benchmark.duckdb with the stored vectors. The pool is every item with each of its five nearest others by cosine, each
unordered pair once. Drawn from it: a quota for every band of the cosine, pairs of two exercises apart from all others because they
outnumber them; a top-up of pairs with code, formulas, long or foreign text; pairs with the same numbers, symbols and options, which no
count of them can tell apart; and last more pairs of single prompts. Within the bands with their top-up, and within each of the last two
parts, no item is drawn more than twice. OUT.csv has ids and hashes, no text.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from numpy.typing import NDArray

from store.decisions import StoredItem, items_by_id, vectors_of
from store.file.database import Database
from store.rows import fetch

BANDS = (0.60, 0.70, 0.75, 0.80, 0.85, 0.90, 0.95)
NEIGHBOURS = 5
EXERCISES = 26
"""Pairs of two exercises in a band; with ``OTHERS`` they stay under 40 % of all."""
OTHERS = 40
MARKED = 25
"""Pairs that each mark should have, if the pool has them."""
MARKED_FROM = 0.5
"""The cosine from which the top-up draws."""
ALIKE = 100
"""Pairs of each of the two sorts with the same numbers, symbols and options; a dialogue is never among them."""
ALIKE_FROM = {True: 0.8, False: 0.65}
"""The cosine from which these are drawn: pairs of exercises, and all others."""
PROMPTS = 110
"""More pairs of single prompts that are no exercises, from ``BANDS[0]`` up."""
MOST_OF_ONE = 2
LONG = 1500
CODE = re.compile(
    r"```|\bdef \w+\(|#include|</?\w+>|;\s*\n|\bSELECT\b.+\bFROM\b|\w+\(\w*\)\s*[{;]|console\.log|public (class|static)|^\s{4,}\w+ = ", re.M
)
SIGNS = re.compile(r"\d+|\\[a-z]+|[=+<>^/|]|\b[a-zA-Z]\b")
FORMULA = re.compile(r"\\[a-zA-Z]{2,}|\$[^$\n]+\$|\^\{|_\{")


@dataclass(frozen=True, slots=True)
class Item:
    item_id: str
    kind: str
    site: str
    hash: str
    marks: frozenset[str]
    signs: tuple[str, ...] | None
    """Sorted; None for a dialogue. Of texts other than exercises the numbers alone, for prose has symbols in passing."""


@dataclass(frozen=True, slots=True)
class Pair:
    a: Item
    b: Item
    cosine: float

    @property
    def exercises(self) -> bool:
        return self.a.kind == self.b.kind == "exercise"

    @property
    def alike(self) -> bool:
        return self.a.signs is not None and self.a.signs == self.b.signs and self.cosine >= ALIKE_FROM[self.exercises]

    @property
    def prompts(self) -> bool:
        """Whether both are single prompts and not both are exercises."""
        return not self.exercises and self.a.signs is not None and self.b.signs is not None

    @property
    def group(self) -> str:
        """What the draw takes in turn within a band."""
        kinds = "/".join(sorted({self.a.kind, self.b.kind}))
        return f"{kinds} {'/'.join(sorted({self.a.site, self.b.site}))}"

    @property
    def stratum(self) -> str:
        band = max((low for low in BANDS if self.cosine >= low), default=MARKED_FROM)
        names = [f"b{round(100 * band)}", "exercises" if self.exercises else "others", *sorted(self.a.marks | self.b.marks)]
        return " ".join([*names, "alike"] if self.alike else names)


def marks(text: str, language: str) -> frozenset[str]:
    """What makes a text unlike plain short English."""
    letters = [letter for letter in text if letter.isalpha()]
    foreign = language not in ("", "en") or sum(ord(letter) > 127 for letter in letters) > max(2, 0.03 * len(letters))
    found = {"code": bool(CODE.search(text)), "latex": bool(FORMULA.search(text)), "long": len(text) > LONG, "foreign": foreign}
    return frozenset(name for name, there in found.items() if there)


def signs(item: StoredItem) -> tuple[str, ...] | None:
    """What two items must share to be alike."""
    if len(item.messages) > 1:
        return None
    found = SIGNS.findall(item.prompt)
    return tuple(sorted([*found, *item.choices] if item.kind == "exercise" else filter(str.isdigit, found)))


def read(data: Path) -> tuple[list[Item], NDArray[np.float32]]:
    """The items that have a vector, by id, and their vectors at length one."""
    with Database(data).reader() as con:
        rows = fetch(
            con,
            "SELECT i.item_id, i.language, min(r.site) AS site FROM items i JOIN embeddings e USING (item_id) JOIN reports r "
            "ON r.item_id = i.item_id GROUP BY ALL ORDER BY i.item_id",
        )
        encoder = con.execute("SELECT max(encoder) FROM embeddings").fetchall()[0][0]
        about = {row["item_id"]: row for row in rows}
        stored = items_by_id(con, list(about))
        ids, vectors = vectors_of(con, encoder, list(about))
    items = []
    for item_id in ids:
        text = stored[item_id].prompt
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        row = about[item_id]
        items.append(Item(item_id, stored[item_id].kind, row["site"], digest, marks(text, row["language"]), signs(stored[item_id])))
    return items, vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def neighbours(items: list[Item], vectors: NDArray[np.float32]) -> list[Pair]:
    """Every item with each of its nearest others, each unordered pair once, by ids."""
    found: dict[tuple[int, int], float] = {}
    for start in range(0, len(vectors), 500):
        cosines = vectors[start : start + 500] @ vectors.T
        for row, here in enumerate(cosines):
            here[start + row] = -2
            for other in np.argpartition(-here, NEIGHBOURS)[:NEIGHBOURS]:
                found[min(start + row, int(other)), max(start + row, int(other))] = round(float(here[other]), 4)
    return [Pair(items[a], items[b], cosine) for (a, b), cosine in sorted(found.items())]


def in_turn(pairs: list[Pair], rng: random.Random) -> Iterator[Pair]:
    """In random order, one of each group after another, so that a rare group comes early."""
    groups: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        groups[pair.group].append(pair)
    queues = [rng.sample(groups[name], len(groups[name])) for name in sorted(groups)]
    while any(queues):
        for queue in queues:
            if queue:
                yield queue.pop()


def draw(pool: list[Pair], seed: int) -> list[Pair]:
    """Band by band, then the top-up of marked pairs, then those that are alike, then more prompts."""
    rng, drawn, used = random.Random(seed), dict[Pair, None](), Counter[str]()

    def take(candidates: list[Pair], quota: int) -> None:
        for pair in in_turn(candidates, rng):
            if quota <= 0:
                return
            if pair not in drawn and max(used[pair.a.item_id], used[pair.b.item_id]) < MOST_OF_ONE:
                drawn[pair] = None
                used.update((pair.a.item_id, pair.b.item_id))
                quota -= 1

    for low, high in zip(BANDS, (*BANDS[1:], 2.0), strict=True):
        band = [pair for pair in pool if low <= pair.cosine < high]
        take([pair for pair in band if not pair.exercises], OTHERS)
        take([pair for pair in band if pair.exercises], EXERCISES)
    for mark in ("foreign", "code", "latex", "long"):
        marked = [pair for pair in pool if pair.cosine >= MARKED_FROM and mark in pair.a.marks | pair.b.marks]
        have = sum(mark in pair.a.marks | pair.b.marks for pair in drawn)
        for group in ([pair for pair in marked if not pair.exercises], marked):
            before = len(drawn)
            take(group, MARKED - have)
            have += len(drawn) - before
    used.clear()
    for exercises in (False, True):
        take([pair for pair in pool if pair.alike and pair.exercises == exercises], ALIKE)
    used.clear()
    take([pair for pair in pool if pair.cosine >= BANDS[0] and pair.prompts], PROMPTS)
    return list(drawn)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    pairs = draw(neighbours(*read(given.data)), given.seed)
    with given.out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("id_a", "hash_a", "id_b", "hash_b", "cosine", "kind_a", "kind_b", "stratum"))
        for pair in pairs:
            a, b = pair.a, pair.b
            writer.writerow((a.item_id, a.hash, b.item_id, b.hash, f"{pair.cosine:.4f}", a.kind, b.kind, pair.stratum))
    print(f"{len(pairs)} pairs of {len({i.item_id for p in pairs for i in (p.a, p.b)})} items in {given.out}")


if __name__ == "__main__":
    main()
