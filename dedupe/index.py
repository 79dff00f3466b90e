"""Nearest neighbours of canonical items: exact, incremental, disposable, in a folder beside the database.

Vectors are kept as whole numbers (``dedupe.exact``). A segment is an immutable file named by the sha256 of its bytes; the manifest names
the segments, the encoder and a fingerprint of the ids held. Both are written under a temporary name, synced, then renamed. What does not
match is thrown away and refilled by ``sync``. Nothing here is truth: the database is, and one process at a time writes.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xxhash

from dedupe.exact import GRID, Floats, Shorts, pairs_above, rounded

FORMAT = 1
MANIFEST = "manifest.json"
MAX_SEGMENTS = 16


def fingerprint(ids: Iterable[str]) -> str:
    """Of a set of ids, in whatever order they come: their count and the sum of their hashes."""
    total, count = 0, 0
    for item_id in ids:
        total, count = total + xxhash.xxh3_128_intdigest(item_id.encode()), count + 1
    return f"{count}-{total % 2**128:032x}"


@dataclass(slots=True)
class Segment:
    """One immutable file; ``dead`` are the rows that were removed since."""

    name: str
    ids: list[str]
    vectors: Shorts
    dead: set[int]


@dataclass(frozen=True, slots=True)
class Synced:
    """What ``sync`` changed."""

    added: int
    removed: int


class Index:
    """The canonical items' vectors of one encoder. ``trouble`` says what was found wrong at opening, for the log; empty where nothing
    was."""

    def __init__(self, folder: Path, encoder_id: str, dim: int) -> None:
        self.folder = folder
        self.encoder_id = encoder_id
        self.dim = dim
        self.trouble: list[str] = []
        self._segments: list[Segment] = []
        self._place: dict[str, tuple[int, int]] = {}
        self._sum = 0

    @classmethod
    def open(
        cls,
        folder: Path,
        encoder_id: str,
        dim: int,
        *,
        expected: str | None = None,
        source: Callable[[], Iterable[tuple[Sequence[str], Floats]]] | None = None,
    ) -> Index:
        """Opens what is sound and drops the rest. With ``source`` (every canonical item in batches) it is rebuilt where anything was
        wrong, or where its ids are not those of ``expected`` (``fingerprint`` of the ids that the database holds). Without, ``sync``
        mends it."""
        folder.mkdir(parents=True, exist_ok=True)
        index = cls(folder, encoder_id, dim)
        index._load()
        if expected is not None and index.fingerprint != expected:
            index.trouble.append("the index does not hold the ids that the database holds")
        if index.trouble and source is not None:
            index.clear()
            for ids, vectors in source():
                index._append(ids, vectors)
            index._save()
        return index

    def __len__(self) -> int:
        return len(self._place)

    def __contains__(self, item_id: object) -> bool:
        return item_id in self._place

    @property
    def ids(self) -> set[str]:
        """Every id held."""
        return set(self._place)

    @property
    def fingerprint(self) -> str:
        """``fingerprint`` of the ids held."""
        return f"{len(self._place)}-{self._sum % 2**128:032x}"

    def add(self, ids: Sequence[str], vectors: Floats) -> None:
        """Adds items that it does not hold yet; others are left as they are."""
        if self._append(ids, vectors):
            self._save()

    def remove(self, ids: Iterable[str]) -> int:
        """Forgets items; says how many of them it held."""
        gone = [item_id for item_id in ids if self._drop(item_id)]
        if gone:
            self._save()
        return len(gone)

    def clear(self) -> None:
        """Forgets everything (in memory; the next change writes it)."""
        self._segments, self._place, self._sum = [], {}, 0

    def sync(self, ids: Iterable[str], vectors_of: Callable[[Sequence[str]], Floats], batch: int = 20_000) -> Synced:
        """Makes it hold exactly these ids; only the vectors that are missing are asked for."""
        wanted = set(ids)
        removed = sum(self._drop(item_id) for item_id in sorted(set(self._place) - wanted))
        missing = sorted(wanted - set(self._place))
        for start in range(0, len(missing), batch):
            part = missing[start : start + batch]
            self._append(part, vectors_of(part))
        if removed or missing or self.trouble:
            self._save()
        self.trouble = []
        return Synced(len(missing), removed)

    def neighbours(self, vectors: Shorts, floor: float) -> Iterator[list[tuple[str, float]]]:
        """For each rounded vector every item with a cosine of at least ``floor``: best first, ties by id."""
        found: list[list[tuple[str, float]]] = [[] for _ in range(len(vectors))]
        for segment in self._segments:
            pairs = pairs_above(vectors, segment.vectors, floor)
            for query, row, score in zip(pairs.query.tolist(), pairs.known.tolist(), pairs.score.tolist(), strict=True):
                if row not in segment.dead:
                    found[query].append((segment.ids[row], score))
        for near in found:
            yield sorted(near, key=lambda hit: (-hit[1], hit[0]))

    def search(self, vectors: Floats, k: int) -> tuple[list[list[str]], list[list[float]]]:
        """The ``k`` nearest of each vector, whatever their cosine."""
        near = [hits[:k] for hits in self.neighbours(rounded(vectors), -1.0)]
        return [[item_id for item_id, _ in row] for row in near], [[score for _, score in row] for row in near]

    def _append(self, ids: Sequence[str], vectors: Floats) -> bool:
        if vectors.shape != (len(ids), self.dim):
            raise ValueError(f"{len(ids)} ids with vectors of shape {vectors.shape} in an index of dimension {self.dim}")
        rows = [row for row, item_id in enumerate(ids) if item_id not in self._place]
        rows = list({ids[row]: row for row in reversed(rows)}.values())[::-1]
        if not rows:
            return False
        self._attach(Segment("", [ids[row] for row in rows], rounded(vectors[rows]), set()))
        return True

    def _attach(self, segment: Segment) -> None:
        place = len(self._segments)
        self._segments.append(segment)
        for row, item_id in enumerate(segment.ids):
            if row not in segment.dead:
                self._place[item_id] = (place, row)
                self._sum += xxhash.xxh3_128_intdigest(item_id.encode())

    def _drop(self, item_id: str) -> bool:
        found = self._place.pop(item_id, None)
        if found is None:
            return False
        self._segments[found[0]].dead.add(found[1])
        self._sum -= xxhash.xxh3_128_intdigest(item_id.encode())
        return True

    def _compact(self) -> None:
        """One segment in place of many, or of rows that are mostly dead."""
        rows = sum(len(segment.ids) for segment in self._segments)
        if len(self._segments) <= MAX_SEGMENTS and rows <= 2 * len(self._place):
            return
        ids = sorted(self._place)
        picked = [self._segments[place].vectors[row] for place, row in map(self._place.__getitem__, ids)]
        self.clear()
        if ids:
            self._attach(Segment("", ids, np.stack(picked), set()))

    def _save(self) -> None:
        self._compact()
        for segment in self._segments:
            if not segment.name:
                body = pack(segment.ids, segment.vectors)
                segment.name = hashlib.sha256(body).hexdigest()
                write_synced(self.folder / f"{segment.name}.segment", body)
        about = {
            "format": FORMAT,
            "encoder": self.encoder_id,
            "dim": self.dim,
            "grid": GRID,
            "fingerprint": self.fingerprint,
            "segments": [{"sha256": s.name, "rows": len(s.ids), "dead": sorted(s.dead)} for s in self._segments],
        }
        write_synced(self.folder / MANIFEST, json.dumps({"sha256": checksum(about), **about}, indent=1).encode())
        kept = {f"{segment.name}.segment" for segment in self._segments}
        for path in self.folder.iterdir():
            if path.suffix in (".segment", ".part") and path.name not in kept:
                path.unlink(missing_ok=True)

    def _load(self) -> None:
        path = self.folder / MANIFEST
        if not path.exists():
            if any(self.folder.glob("*.segment")):
                self.trouble.append("the manifest is missing")
            return
        try:
            about = json.loads(path.read_bytes())
            told = about.pop("sha256")
            if told != checksum(about):
                raise ValueError("its checksum is wrong")
        except (OSError, ValueError, KeyError, AttributeError) as error:
            self.trouble.append(f"the manifest is damaged: {error}")
            return
        if (about["format"], about["encoder"], about["dim"], about["grid"]) != (FORMAT, self.encoder_id, self.dim, GRID):
            self.trouble.append(f"the index was built by {about['encoder']} ({about['dim']} dimensions), not by {self.encoder_id}")
            return
        for entry in about["segments"]:
            try:
                body = (self.folder / f"{entry['sha256']}.segment").read_bytes()
                if hashlib.sha256(body).hexdigest() != entry["sha256"]:
                    raise ValueError("its bytes have changed")
                self._attach(Segment(entry["sha256"], *unpack(body), set(entry["dead"])))
            except (OSError, ValueError) as error:
                self.trouble.append(f"segment {entry['sha256'][:12]} is damaged: {error}")


def checksum(about: dict[str, Any]) -> str:
    """Of a manifest without its own checksum."""
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()


def pack(ids: Sequence[str], vectors: Shorts) -> bytes:
    """A segment's bytes: a line of JSON with the ids, then the vectors as little-endian int16."""
    return json.dumps({"ids": list(ids), "dim": int(vectors.shape[1])}).encode() + b"\n" + vectors.astype("<i2").tobytes()


def unpack(body: bytes) -> tuple[list[str], Shorts]:
    """What ``pack`` packed."""
    head, _, data = body.partition(b"\n")
    about = json.loads(head)
    return about["ids"], np.frombuffer(data, "<i2").reshape(len(about["ids"]), about["dim"]).astype(np.int16)


def write_synced(path: Path, body: bytes) -> None:
    """The whole file or the old one, also after a power cut."""
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
