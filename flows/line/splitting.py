"""A snapshot as a part to train on and a part to test on that share nothing, with the proof."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from dedupe.vectors.exact import pairs_above, rounded
from flows.line.gating import Condition
from flows.line.settings import Split
from flows.line.workspace import Workspace
from store.file.database import Connection
from store.snapshot import splits
from store.snapshot.freeze import check_name, partial_folder, put_in_place, put_manifest
from store.snapshot.registry import MANIFEST, sha256_of, verify
from store.snapshot.splits import Member
from thresher.errors import StoreError, UsageError
from thresher.partition import Part, Relation, components, leak, parts
from thresher.text import normalise

_BLOCK = 2_048


@dataclass
class Made:
    """What was written where, and what was looked at."""

    path: str
    snapshot: str
    seed: int
    wanted: float
    items: dict[Part, int]
    rows: dict[str, dict[Part, int]]
    components: int
    largest: int
    marked: dict[str, int]
    left_out: int
    """Items of the snapshot that are in the benchmark no more, or were waived or rejected since."""
    checks: list[dict[str, Any]] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


def split(work: Workspace, name: str, *, train: float, seed: int) -> Made:
    """Write ``splits/<name>-<share>-<seed>`` of the snapshot called ``name``; made again it is the same.

    StoreError where an item that must be trained on is connected with one that must not be, where the files would leak, or where the
    snapshot is damaged; UsageError where there is no such snapshot or nothing for one of the parts. Then nothing is written.
    """
    snapshot = work.snapshots / check_name(name)
    tables = dict(splits.rows_by_config(snapshot))
    if wrong := verify(snapshot):
        raise StoreError(f"{snapshot} does not match its manifest: {', '.join(wrong)}; freeze it again")
    frozen = sorted({item_id for table in tables.values() for item_id in table["item_id"].to_pylist()})
    with work.database.reader() as con:
        if waiting := splits.undecided(con, frozen):
            raise UsageError(
                f"{waiting:,} items of it wait for the dedupe, so nobody knows what they repeat; run `thresher deduplicate` first"
            )
        there = splits.members(con, frozen)
        ids = [member.item["item_id"] for member in there]
        relations = [relation.within(set(ids)) for relation in _relations(con, work, there)]
    marks = {word: _marked(there, word, work.settings.split) for word in ("trainable", "eval_only")}
    if found := leak(relations, marks["trainable"], marks["eval_only"]):
        raise StoreError(f"a training set with what is marked would leak; nothing was written. {found}")
    connected = components(ids, relations)
    chosen = parts(connected, train, seed, marks["trainable"], marks["eval_only"])
    items: dict[Part, int] = {part: sum(one == part for one in chosen.values()) for part in splits.PARTS}
    if not all(items.values()):
        largest = len(connected[0]) if connected else 0
        raise UsageError(f"one part would be empty: of {len(ids):,} items {largest:,} hang together; nothing was written")
    target = work.splits / f"{name}-{train:g}-{seed}"
    made = Made(str(target), name, seed, train, items, {}, len(connected), len(connected[0]), {word: len(of) for word, of in marks.items()},
                len(frozen) - len(ids))  # fmt: skip
    with partial_folder(work.splits, target.name) as partial:
        made.rows = splits.write(partial, tables, chosen)
        made.checks = splits.prove(partial, relations)
        stated = {key: value for key, value in made.told().items() if key != "path"}
        put_in_place(partial, target, put_manifest(partial, {**stated, "sha256_of_snapshot": sha256_of(snapshot / MANIFEST)}))
    return made


def _marked(there: Sequence[Member], word: str, rules: Split) -> set[str]:
    conditions = [Condition.of(text, f"split.{word} in thresher.toml") for text in getattr(rules, word)]
    return {
        member.item["item_id"]
        for member in there
        if member.said == word or (not member.said and any(one.holds(member.item) for one in conditions))
    }


def _relations(con: Connection, work: Workspace, there: Sequence[Member]) -> Iterator[Relation]:
    floor = work.settings.dedupe.related_threshold
    ids = [member.item["item_id"] for member in there]
    yield splits.threads(con)
    yield splits.failures(con)
    pairs = {(min(pair), max(pair)) for pair in (*splits.linked(con), *_near(con, ids, floor))}
    yield Relation.of_pairs("near-duplicate", sorted(pairs))
    yield Relation.of_values("question", _questions(there, work))


def _near(con: Connection, ids: Sequence[str], floor: float) -> Iterator[tuple[str, str]]:
    """Every pair of items whose stored vectors are as near as the dedupe calls related: each against all."""
    for of, floats in splits.vectors(con, ids):
        grid = rounded(floats)
        for start in range(0, len(of), _BLOCK):
            near = pairs_above(grid[start : start + _BLOCK], grid, floor)
            for query, neighbour in zip(near.query.tolist(), near.neighbour.tolist(), strict=True):
                if start + query < neighbour:
                    yield of[start + query], of[neighbour]


def _questions(there: Sequence[Member], work: Workspace) -> Iterator[tuple[str, str]]:
    """What is asked before the words that make another task of it: an alternate and a review repeat the question of their problem."""
    tasks = work.rules.tasks
    heads = [
        "\n\n" + text.partition("{")[0].rstrip() for text in (tasks.alternate, tasks.alternate_program, tasks.review_program, tasks.program)
    ]
    for member in there:
        prompt = member.item["prompt"]
        ends = [place for head in heads if (place := prompt.find(head)) > 0]
        yield member.item["item_id"], normalise(prompt[: min(ends, default=len(prompt))])
