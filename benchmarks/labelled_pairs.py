"""Labelled pairs, retrieved neighbours and hand labels as one list, to train and measure the scorer. Read in place; no text is kept."""

from __future__ import annotations

import csv
import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np
import numpy.typing as npt

from dedupe.guard.check import Comparable
from dedupe.scorer.similarities import similarities
from dedupe.settings import Embedding
from dedupe.vectors.exact import GRID, rounded
from dedupe.vectors.openvino_engine import open_minilm
from thresher.model import Message, conversation

Floats = npt.NDArray[np.float32]

SETS = ("mqp", "mrpc", "parade", "sick", "twitter", "sts")
STS = ("2012_MSRpar", "2015_answers-forums", "2015_belief", "2015_headlines")
NEAREST = 3


class Pair(NamedTuple):
    """``group`` is the set that a pair comes from; ``held`` says that it is never trained on."""

    group: str
    held: bool
    label: int
    first: Comparable
    second: Comparable

    @property
    def ids(self) -> tuple[str, str]:
        low, high = sorted((self.first.item_id, self.second.item_id))
        return low, high

    def bare(self, item: Comparable) -> Comparable:
        """Without the kind, which labelled pairs do not have."""
        return Comparable(item.item_id, item.prompt, item.choices, item.target, "", item.language, item.earlier)


def half(key: str) -> bool:
    return int(hashlib.sha256(key.encode()).hexdigest()[:8], 16) % 2 == 1


def _pair(group: str, held: bool, label: bool, a: str, b: str) -> Pair:
    return Pair(group, held, int(label), Comparable(a, a), Comparable(b, b))


def labelled(folder: Path) -> list[Pair]:
    """All labelled sets; pairs that the annotators left open are passed over."""
    readers: tuple[Callable[[Path], Iterator[Pair]], ...] = (_mqp, _mrpc, _parade, _sick, _twitter, _sts)
    return [p for read in readers for p in read(folder) if p.first.prompt.strip() and p.second.prompt.strip()]


def _lines(file: Path) -> Iterator[list[str]]:
    for line in file.read_text("utf-8-sig").split("\n"):
        yield line.rstrip("\r").split("\t")


def _mqp(folder: Path) -> Iterator[Pair]:
    with (folder / "mqp.csv").open(encoding="utf-8", newline="") as file:
        for _, a, b, label in csv.reader(file):
            yield _pair("mqp", half(a), label == "1", a, b)


def _mrpc(folder: Path) -> Iterator[Pair]:
    for split in ("train", "val", "test"):
        for row in _lines(folder / f"mrpc_{split}.tsv"):
            if len(row) == 5 and row[0] in ("0", "1"):
                yield _pair("mrpc", split == "test", row[0] == "1", row[3], row[4])


def _parade(folder: Path) -> Iterator[Pair]:
    for split in ("train", "validation", "test"):
        for row in _lines(folder / f"parade_{split}.txt"):
            if len(row) == 5 and row[1] in ("0", "1"):
                yield _pair("parade", split == "test", row[1] == "1", row[3], row[4])


def _sick(folder: Path) -> Iterator[Pair]:
    for split in ("train", "test"):
        for row in _lines(folder / f"sick_{split}.txt"):
            if len(row) == 5 and row[0].isdigit():
                yield _pair("sick", split == "test", row[4] == "ENTAILMENT" and float(row[3]) >= 4.5, row[1], row[2])


def _twitter(folder: Path) -> Iterator[Pair]:
    for row in _lines(folder / "twitter_url_test.txt"):
        if len(row) == 4 and row[2][1] != "3":
            yield _pair("twitter", half(row[3]), int(row[2][1]) > 3, row[0], row[1])


def _sts(folder: Path) -> Iterator[Pair]:
    for name in STS:
        for row in _lines(folder / f"sts_{name}.tsv"):
            if len(row) == 3 and row[0] and not 3 < float(row[0]) < 4:
                yield _pair("sts", half(row[1]), float(row[0]) >= 4, row[1], row[2])


class Neighbours(NamedTuple):
    pairs: list[Pair]
    vectors: dict[str, Floats]


def neighbours(file: Path) -> Neighbours:
    """The ``NEAREST`` of each item of a database."""
    query = """SELECT i.item_id, i.kind, i.messages, i.target, i.choices, e.vector FROM items i JOIN embeddings e USING (item_id)
               WHERE e.encoder = ? ORDER BY ALL"""
    with duckdb.connect(str(file), read_only=True) as con:
        rows = con.execute(query, [open_minilm(Embedding()).id]).fetchall()
    if not rows:
        raise SystemExit(f"{file}: no item has a vector of this encoder; run `thresher deduplicate` on it")
    items = [_item(*row[:5]) for row in rows]
    vectors = np.stack([_vector(row[5]) for row in rows])
    pairs = [Pair("neighbours", half(items[a].item_id), 0, items[a], items[b]) for a, b in _nearest(vectors, NEAREST)]
    return Neighbours(pairs, {item.prompt: vector for item, vector in zip(items, vectors, strict=True)})


def _item(item_id: str, kind: str, messages: str, target: str, choices: list[str]) -> Comparable:
    turns = [Message(**turn) for turn in json.loads(messages)]
    return Comparable(item_id, conversation(turns), tuple(choices), target, kind, earlier=conversation(turns[:-1]))


def _vector(stored: bytes) -> Floats:
    found: Floats = np.frombuffer(stored, np.float16).astype(np.float32)
    return found / np.float32(np.linalg.norm(found))


def _nearest(vectors: Floats, count: int) -> Iterator[tuple[int, int]]:
    for start in range(0, len(vectors), 1024):
        scores = vectors[start : start + 1024] @ vectors.T
        scores[np.arange(len(scores)), np.arange(start, start + len(scores))] = -2
        for place, row in enumerate(np.argpartition(-scores, count, axis=1)[:, :count].tolist()):
            yield from ((start + place, other) for other in sorted(row))


def hand_labels(files: Sequence[Path]) -> dict[tuple[str, str], str]:
    """``same``, ``related`` or ``different`` by the two ids, in order."""
    found: dict[tuple[str, str], str] = {}
    for path in files:
        if path.is_file():
            with path.open(encoding="utf-8", newline="") as file:
                for row in csv.DictReader(file):
                    low, high = sorted((row["id_a"], row["id_b"]))
                    found[low, high] = row["label"]
    return found


def in_domain(pairs: Sequence[Pair], vector: Callable[[str], Floats]) -> list[Pair]:
    """Of each text of two sets, the two nearest of the same split that no chain of labelled pairs joins to it: what a medical forum or a
    newsroom would retrieve. A few of them are true paraphrases."""
    found = []
    for group in ("mqp", "mrpc"):
        for held in (False, True):
            part = [pair for pair in pairs if pair.group == group and pair.held == held]
            texts = sorted({text for pair in part for text in (pair.first.prompt, pair.second.prompt)})
            row = {text: at for at, text in enumerate(texts)}
            joined = _components(len(texts), [(row[pair.first.prompt], row[pair.second.prompt]) for pair in part])
            taken: dict[int, int] = defaultdict(int)
            for a, b in _nearest(np.stack([vector(text) for text in texts]), 8):
                if joined[a] != joined[b] and taken[a] < 2:
                    taken[a] += 1
                    found.append(_pair(f"{group} near", held, False, texts[a], texts[b]))
    return found


def _components(count: int, links: Sequence[tuple[int, int]]) -> list[int]:
    parent = list(range(count))

    def root(at: int) -> int:
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = parent[at]
        return at

    for a, b in links:
        parent[root(a)] = root(b)
    return [root(at) for at in range(count)]


@dataclass(frozen=True)
class Bench:
    """All pairs with their features and vectors."""

    pairs: list[Pair]
    features: Floats
    vectors: Floats
    row: dict[str, int]

    @classmethod
    def of(
        cls, pairs: list[Pair], known: dict[str, Floats], more: Callable[[Sequence[Pair], Callable[[str], Floats]], list[Pair]]
    ) -> Bench:
        """``known`` holds vectors by text; the others are made. ``more`` adds pairs once there are vectors."""
        texts = sorted({text for pair in pairs for text in (pair.first.prompt, pair.second.prompt)})
        row = {text: at for at, text in enumerate(texts)}
        fresh = [text for text in texts if text not in known]
        made = dict(zip(fresh, open_minilm(Embedding(threads=1)).encode(fresh), strict=True)) if fresh else {}
        vectors = rounded(np.stack([made[text] if text in made else known[text] for text in texts])).astype(np.float32) / np.float32(GRID)
        units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        pairs = pairs + more(pairs, lambda text: units[row[text]])
        sides = [(row[pair.first.prompt], row[pair.second.prompt]) for pair in pairs]
        cosines = [round(float(units[a] @ units[b]), 4) for a, b in sides]
        table = [similarities(pair.first.prompt, pair.second.prompt, cosine) for pair, cosine in zip(pairs, cosines, strict=True)]
        return cls(pairs, np.array(table, np.float32), vectors, row)

    def sides(self, rows: Sequence[int]) -> tuple[Floats, Floats]:
        """The two columns of vectors of these pairs."""
        first = [self.row[self.pairs[at].first.prompt] for at in rows]
        second = [self.row[self.pairs[at].second.prompt] for at in rows]
        return self.vectors[first], self.vectors[second]
