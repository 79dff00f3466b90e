"""One immutable file of the index: ids and vectors, sorted by cell, read through a memory map.

Layout, little-endian: a line of JSON padded with spaces to 4,096 bytes; where each cell begins (cells + 1 int64); the squared lengths
(int32); the ids (fixed width, ASCII); the vectors (int8). Within a cell rows are in the order of their ids, so equal sets give equal
bytes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import xxhash

from dedupe.vectors.cells import Cells
from dedupe.vectors.exact import Bytes, squares
from thresher.disk import may_be_written, sync, write_all

FORMAT = 2
HEADER = 4096
SUFFIX = ".segment"
_READ_AT_ONCE = 1 << 24

Ids = npt.NDArray[np.bytes_]


class SegmentDamaged(Exception):
    """A file is missing, cut short, or not what was registered; the index is built again from the database."""


@dataclass(frozen=True, slots=True)
class SegmentInfo:
    """What the database knows of a file: ``name`` is the xxh3-128 of its bytes."""

    name: str
    rows: int


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """Memory-mapped arrays; ``starts[c]`` to ``starts[c + 1]`` are the rows of cell c."""

    info: SegmentInfo
    starts: npt.NDArray[np.int64]
    squares: npt.NDArray[np.int32]
    ids: Ids
    vectors: Bytes


def read(folder: Path, info: SegmentInfo) -> Segment:
    """Opens a file and checks every byte of it. SegmentDamaged where anything is wrong."""
    path = folder / (info.name + SUFFIX)
    try:
        if checksum(path) != info.name:
            raise SegmentDamaged(f"{path.name}: its bytes have changed")
        with path.open("rb") as file:
            about = json.loads(file.read(HEADER))
        segment = Segment(info, *_arrays(path, about))
    except (OSError, ValueError, KeyError) as error:
        raise SegmentDamaged(f"{path.name}: {error}") from error
    if about["format"] != FORMAT or len(segment.ids) != info.rows:
        raise SegmentDamaged(f"{path.name}: holds {len(segment.ids)} rows in format {about['format']}, not {info.rows} in {FORMAT}")
    return segment


def write(folder: Path, ids: Ids, vectors: Bytes, cells: Cells) -> Segment:
    """A new file of these rows, synced. StoreError where the disk is full or the folder may not be written to."""
    numbers = cells.of(vectors)
    order = np.lexsort((ids, numbers))
    members = np.bincount(numbers, minlength=len(cells))
    sorted_vectors = vectors[order]
    with _Part(folder, members, ids.dtype.itemsize, vectors.shape[1]) as part:
        part.put(0, squares(sorted_vectors), ids[order], sorted_vectors)
        return part.finished()


def merge(folder: Path, segments: Sequence[Segment], dead: Ids) -> Segment:
    """One file of the rows of several without the dead ones, cell by cell: memory does not grow with the rows. Errors as of ``write``."""
    cell_count = len(segments[0].starts) - 1
    living = [~among(segment.ids, dead) for segment in segments]
    members = np.zeros(cell_count, np.int64)
    for segment, alive in zip(segments, living, strict=True):
        members += np.diff(np.concatenate(([0], np.cumsum(alive)))[segment.starts])
    with _Part(folder, members, segments[0].ids.dtype.itemsize, segments[0].vectors.shape[1]) as part:
        for cell in np.flatnonzero(members):
            pieces = [
                (s, np.flatnonzero(a[s.starts[cell] : s.starts[cell + 1]]) + s.starts[cell]) for s, a in zip(segments, living, strict=True)
            ]
            names = np.concatenate([s.ids[rows] for s, rows in pieces])
            order = np.argsort(names, kind="stable")
            squared = np.concatenate([s.squares[rows] for s, rows in pieces])[order]
            vectors = np.concatenate([s.vectors[rows] for s, rows in pieces])[order]
            part.put(int(part.starts[cell]), squared, names[order], vectors)
        return part.finished()


def rows_in_order(segment: Segment, at_once: int) -> Iterator[tuple[Ids, Bytes]]:
    """The rows of a segment in pieces, copied out of the map."""
    for start in range(0, len(segment.ids), at_once):
        yield np.array(segment.ids[start : start + at_once]), np.array(segment.vectors[start : start + at_once])


def among(ids: Ids, wanted: Ids) -> npt.NDArray[np.bool_]:
    """Which of many ids are among a few: by their first eight bytes, and where those agree by the whole."""
    present = np.zeros(len(ids), np.bool_)
    if not len(wanted) or not len(ids):
        return present
    wanted = wanted.astype(f"S{max(wanted.dtype.itemsize, 8)}")
    keys = np.unique(np.ndarray(len(wanted), "<u8", wanted, strides=wanted.strides))
    if ids.dtype.itemsize < 8:
        ids = ids.astype("S8")
    starts = np.ndarray(len(ids), "<u8", np.ascontiguousarray(ids), strides=(ids.dtype.itemsize,))
    place = np.minimum(np.searchsorted(keys, starts), len(keys) - 1)
    rows = np.flatnonzero(keys[place] == starts)
    present[rows] = np.isin(ids[rows], wanted)
    return present


def checksum(path: Path) -> str:
    """xxh3-128 of a file's bytes, in hex."""
    total = xxhash.xxh3_128()
    with path.open("rb") as file:
        while piece := file.read(_READ_AT_ONCE):
            total.update(piece)
    return total.hexdigest()


class _Part:
    """A file in the making, gone again if it is not finished. It is written by calls: through a memory map a full disk would be a signal
    that ends the process without a word."""

    def __init__(self, folder: Path, members: npt.NDArray[np.int64], width: int, dim: int) -> None:
        self.starts = np.concatenate((np.zeros(1, np.int64), np.cumsum(members)))
        self._rows, self._width = int(self.starts[-1]), width
        self._about = {"format": FORMAT, "rows": self._rows, "cells": len(members), "dim": dim, "id_width": width}
        self._folder = folder
        self._path = folder / f"{os.getpid()}.part"

    def __enter__(self) -> Self:
        with may_be_written(self._path):
            self._fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)
        self._path.unlink(missing_ok=True)

    def put(self, first: int, squared: npt.NDArray[np.int32], ids: Ids, vectors: Bytes) -> None:
        """The rows from row ``first`` on."""
        place = HEADER + 8 * len(self.starts)
        parts = ((4, squared.astype("<i4")), (self._width, ids.astype(f"S{self._width}")), (vectors.shape[1], vectors))
        for size, rows in parts:
            self._write(place + first * size, rows)
            place += self._rows * size

    def finished(self) -> Segment:
        """With its header and under its name, synced, read back."""
        self._write(0, json.dumps(self._about).encode().ljust(HEADER))
        self._write(HEADER, self.starts.astype("<i8"))
        with may_be_written(self._path):
            os.fsync(self._fd)
            info = SegmentInfo(checksum(self._path), self._rows)
            self._path.replace(self._folder / (info.name + SUFFIX))
            sync(self._folder)
        return read(self._folder, info)

    def _write(self, place: int, content: bytes | npt.NDArray[Any]) -> None:
        with may_be_written(self._path):
            write_all(self._fd, content if isinstance(content, bytes) else content.tobytes(), place)


def _arrays(path: Path, about: dict[str, Any]) -> tuple[Any, ...]:
    rows, arrays, offset = about["rows"], [], HEADER
    shapes = (("<i8", (about["cells"] + 1,)), ("<i4", (rows,)), (f"S{about['id_width']}", (rows,)), ("i1", (rows, about["dim"])))
    for kind, shape in shapes:
        size = np.dtype(kind).itemsize * int(np.prod(shape))
        arrays.append(np.memmap(path, kind, "r", offset, shape) if size else np.zeros(shape, kind))
        offset += size
    if path.stat().st_size != offset:
        raise ValueError(f"{path.stat().st_size} bytes instead of {offset}")
    return tuple(arrays)
