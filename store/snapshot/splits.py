"""A frozen snapshot in two parts: what connects its items, the files of both parts, and the proof that nothing connects these."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from store.decisions import vectors_of
from store.file.database import Connection
from store.rows import fetch, keys
from store.verdicts import USE
from thresher.errors import StoreError, UsageError
from thresher.partition import Part, Relation

PARTS: tuple[Part, Part] = ("train", "test")


@dataclass(frozen=True, slots=True)
class Member:
    """An item of a snapshot, as it is now: what a condition of a rule may ask of it, and the last word of a person about its use."""

    item: Mapping[str, Any]
    said: str


def members(con: Connection, item_ids: Sequence[str]) -> list[Member]:
    """Those of the items that are still in the benchmark, proposed or active, by id."""
    rows = fetch(
        con,
        """WITH said AS (
               SELECT item_id, arg_max(verdict, (given_at, verdict_id)) AS said FROM verdicts WHERE list_contains(?, verdict) GROUP BY 1
           ),
           grouped AS (SELECT item_id, min(cluster_id) AS cluster_id FROM cluster_members WHERE item_id <> '' GROUP BY 1)
           SELECT c.item_id, c.kind, c.tier::VARCHAR AS tier, c.source, c.status, c.key_status, c.language, c.tags, c.report_count,
                  c.prompt, coalesce(g.cluster_id, '') AS cluster_id, coalesce(s.said, '') AS said
           FROM items_current c SEMI JOIN given USING (item_id) LEFT JOIN said s USING (item_id) LEFT JOIN grouped g USING (item_id)
           WHERE c.status IN ('proposed', 'active') ORDER BY c.item_id""",
        [list(USE)],
        given=keys("item_id", item_ids),
    )
    return [Member(row, str(row["said"])) for row in rows]


def undecided(con: Connection, item_ids: Sequence[str]) -> int:
    """How many of the items the dedupe has not looked at: nobody knows yet what they repeat."""
    rows = fetch(con, "SELECT count(*) AS n FROM dedupe_queue SEMI JOIN given USING (item_id)", given=keys("item_id", item_ids))
    return int(rows[0]["n"])


def threads(con: Connection) -> Relation:
    """Items that were reported in one thread of a site (one chapter of a book, one problem)."""
    rows = fetch(
        con,
        """SELECT DISTINCT coalesce(i.merged_into, i.item_id) AS item_id, concat_ws('/', r.source, r.site, r.thread_id) AS value
           FROM reports p JOIN items i ON i.item_id = p.item_id JOIN records r ON r.record_key = p.record_key AND r.is_latest
           WHERE p.live AND r.thread_id <> ''""",
    )
    return Relation.of_values("thread", ((row["item_id"], row["value"]) for row in rows))


def failures(con: Connection) -> Relation:
    """Items of which the same failure is reported."""
    rows = fetch(con, "SELECT DISTINCT item_id, cluster_id FROM cluster_members WHERE item_id <> ''")
    return Relation.of_values("failure cluster", ((row["item_id"], row["cluster_id"]) for row in rows))


def linked(con: Connection) -> Iterator[tuple[str, str]]:
    """Pairs that the dedupe, or a person, called the same or related."""
    rows = fetch(
        con,
        """SELECT DISTINCT coalesce(i.merged_into, i.item_id) AS item_id, coalesce(o.merged_into, o.item_id) AS other_id
           FROM decisions d JOIN items i ON i.item_id = d.item_id JOIN items o ON o.item_id = d.other_id
           WHERE d.verdict IN ('same', 'related') ORDER BY ALL""",
    )
    yield from ((row["item_id"], row["other_id"]) for row in rows if row["item_id"] != row["other_id"])


def vectors(con: Connection, item_ids: Sequence[str]) -> Iterator[tuple[list[str], NDArray[np.float32]]]:
    """The stored vectors of the items, of each encoder that there is."""
    for row in fetch(con, "SELECT DISTINCT encoder FROM embeddings ORDER BY 1"):
        ids, rows = vectors_of(con, row["encoder"], item_ids)
        if ids:
            yield ids, rows


def rows_by_config(snapshot: Path) -> Iterator[tuple[str, pa.Table]]:
    """The tables of a frozen snapshot by their config. UsageError where there is none."""
    paths = sorted(snapshot.glob("*/*.parquet"))
    if not paths:
        raise UsageError(f"{snapshot}: no snapshot with rows is there; make one by `thresher snapshot NAME`")
    yield from ((path.parent.name, pq.read_table(path)) for path in paths)


def write(folder: Path, tables: Mapping[str, pa.Table], parts: Mapping[str, Part]) -> dict[str, dict[Part, int]]:
    """``<config>/train-00000-of-00001.parquet`` and ``test-...`` as ``datasets.load_dataset`` takes them, and the same rows as JSON lines
    beside them; how many rows each has. What is in no part is left out."""
    counts: dict[str, dict[Part, int]] = {}
    for config, table in tables.items():
        of = [parts.get(item_id) for item_id in table["item_id"].to_pylist()]
        for part in PARTS:
            rows = table.filter(pa.array([one == part for one in of]))
            counts.setdefault(config, {})[part] = len(rows)
            if len(rows):
                (folder / config).mkdir(parents=True, exist_ok=True)
                pq.write_table(rows, _path(folder, config, part, "parquet"), compression="zstd", version="2.6")
                with _path(folder, config, part, "jsonl").open("w", encoding="utf-8", newline="\n") as lines:
                    lines.writelines(json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in rows.to_pylist())
    return counts


def _path(folder: Path, config: str, part: Part, suffix: str) -> Path:
    return folder / config / f"{part}-00000-of-00001.{suffix}"


def prove(folder: Path, relations: Sequence[Relation]) -> list[dict[str, Any]]:
    """What was looked at in the files as they lie on disk, each check with its number. StoreError, with the pair, where something of the
    part to train on is in the other, or connected with it."""
    items: dict[Part, set[str]] = {part: set() for part in PARTS}
    records: dict[Part, set[str]] = {part: set() for part in PARTS}
    for path in sorted(folder.glob("*/*.parquet")):
        part: Part = "train" if path.name.startswith("train-") else "test"
        with pq.ParquetFile(path) as file:
            rows = file.read(columns=["item_id", "source", "site", "native_id"]).to_pylist()
        items[part] |= {row["item_id"] for row in rows}
        records[part] |= {f"{row['source']}:{row['site']}:{row['native_id']}" for row in rows}
    checks: list[dict[str, Any]] = []
    for name, values in (("item", items), ("record", records)):
        if shared := sorted(values["train"] & values["test"]):
            raise StoreError(f"the training set leaks: {name} {shared[0]} is in both parts; nothing was written")
        checks.append({"check": name, "looked_at": sum(map(len, values.values()))})
    parts: dict[str, Part] = {item: part for part in PARTS for item in items[part]}
    for relation in relations:
        if crossing := relation.crossing(parts):
            raise StoreError(
                f"the training set leaks: {crossing[0]}, to train on, and {crossing[1]}, to test on, share a {relation.name}; "
                "nothing was written"
            )
        checks.append({"check": relation.name, "looked_at": len(relation.groups)})
    return checks
