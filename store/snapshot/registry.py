"""Which snapshots were made, and of what: written when one is frozen, read back from the frozen folders by a rebuild.

A folder holds all of it but the moment and the order. The moment is the time of its manifest; the order follows from the snapshot since
which each tells its difference, and where that one is gone, from the moments.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from store.file.database import Connection
from store.rows import dumps, run
from store.snapshot.tasks import way_of
from thresher.model import Snapshot
from thresher.text import content_hash

MANIFEST = "manifest.json"
_BATCH = 2_000


class RowHashes:
    """What each item is in a snapshot: a hash of its exported rows, by config and item. An item is in one config."""

    def __init__(self) -> None:
        self._parts = [pa.table(dict.fromkeys(("config", "item_id", "row_hash"), pa.array([], pa.string())))]
        self._waiting: list[dict[str, str]] = []

    def put(self, config: str, item_id: str, rows: list[dict[str, Any]]) -> None:
        """Add an item."""
        row_hash = content_hash(*(dumps(row) for row in rows))
        self._waiting.append({"config": config, "item_id": item_id, "row_hash": row_hash})
        if len(self._waiting) == _BATCH:
            self._pack()

    def drop(self, item_ids: Collection[str]) -> None:
        """Take items out."""
        table = self.table()
        gone = pc.is_in(table["item_id"], pa.array(item_ids, pa.string()))
        self._parts = [table.filter(pc.invert(gone))]

    def table(self) -> pa.Table:
        """A row for each item: config, item_id, row_hash."""
        self._pack()
        return pa.concat_tables(self._parts)

    def _pack(self) -> None:
        self._parts.append(pa.Table.from_pylist(self._waiting, schema=self._parts[0].schema))
        self._waiting.clear()


@dataclass(frozen=True, slots=True)
class Registered:
    """A snapshot as the database knows it; ``hashes`` are those of the exported rows (``RowHashes``)."""

    snapshot: Snapshot
    export_version: str
    hashes: pa.Table
    made_at: datetime
    since: str | None = None


def register(con: Connection, made: Registered) -> None:
    """Note a snapshot as the newest; the same one a second time changes nothing."""
    snapshot = made.snapshot
    if con.execute("SELECT 1 FROM snapshots WHERE name = ? AND sha256 = ?", [snapshot.name, snapshot.sha256]).fetchall():
        return
    con.execute("DELETE FROM snapshots WHERE name = ?", [snapshot.name])
    con.execute("DELETE FROM snapshot_items WHERE name = ?", [snapshot.name])
    con.execute(
        "INSERT INTO snapshots SELECT coalesce(max(number), 0) + 1, ?, ?, ?, ?, ?, ? FROM snapshots",
        [snapshot.name, snapshot.items, snapshot.sha256, snapshot.path, made.export_version, made.made_at],
    )
    run(con, "INSERT INTO snapshot_items BY NAME SELECT ? AS name, * FROM given", [snapshot.name], given=made.hashes)


def verify(folder: Path) -> list[str]:
    """The files of a snapshot that are missing, foreign, or not what the manifest says."""
    said = json.loads((folder / MANIFEST).read_bytes())["files"]
    return differing(said, {path: sha256_of(file) for path, file in files_of(folder).items()})


def files_of(folder: Path) -> dict[str, Path]:
    """The files of a snapshot by their path in it, without its manifest."""
    return {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file() and p.name != MANIFEST}


def frozen_rows(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """(configuration, row) of a frozen snapshot, as they lie on disk; those without text last. OSError or ArrowException where one cannot
    be read."""
    for path in sorted(folder.glob("*/*.parquet"), key=lambda path: (way_of(path.parent.name) is None, path)):
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(_BATCH):
                for row in batch.to_pylist():
                    yield path.parent.name, row


def differing(said: Mapping[str, Mapping[str, Any]], sha256s: Mapping[str, str]) -> list[str]:
    """The paths at which a manifest and the files that there are differ, by their SHA-256."""
    return sorted(path for path in said.keys() | sha256s.keys() if path not in said or said[path]["sha256"] != sha256s.get(path))


def sha256_of(path: Path) -> str:
    """Of a file, read in pieces: a Parquet file may be larger than the memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def restore(con: Connection, folder: Path) -> list[str]:
    """Register every snapshot in ``folder`` again, in their order. Gives what stands in the way of those that are damaged."""
    made, damaged = [], []
    for manifest in sorted(folder.glob(f"*/{MANIFEST}")):
        try:
            if wrong := verify(manifest.parent):
                damaged.append(f"{manifest.parent} does not match its manifest: {', '.join(wrong)}")
            else:
                made.append(_frozen(manifest))
        except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
            damaged.append(f"{manifest.parent} is no snapshot any more: {error!r}")
    for one in _in_order(made):
        register(con, one)
    return damaged


def _frozen(manifest: Path) -> Registered:
    data = manifest.read_bytes()
    said = json.loads(data)
    snapshot = Snapshot(str(said["name"]), str(manifest.parent), int(said["items"]), hashlib.sha256(data).hexdigest())
    made_at = datetime.fromtimestamp(manifest.stat().st_mtime, UTC)
    return Registered(snapshot, str(said["export_version"]), _hashes(manifest.parent), made_at, said["difference"]["since"])


def _hashes(folder: Path) -> pa.Table:
    hashes = RowHashes()
    for (config, item_id), rows in groupby(frozen_rows(folder), lambda place: (place[0], place[1]["item_id"])):
        hashes.put(config, item_id, [row for _, row in rows])
    return hashes.table()


def _in_order(made: list[Registered]) -> Iterator[Registered]:
    """Each after the one since which it tells its difference; else the older one first."""
    waiting = sorted(made, key=lambda one: (one.made_at, one.snapshot.name))
    while waiting:
        names = {one.snapshot.name for one in waiting}
        following = next((one for one in waiting if one.since not in names), waiting[0])
        waiting = [one for one in waiting if one.snapshot.name != following.snapshot.name]
        yield following
