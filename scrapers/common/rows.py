"""Rows as files hold them: JSON lines, a JSON array, CSV, Parquet, each also packed by gzip.

They are read as a stream. What cannot be read is a row that says why, so that it costs itself and is counted.
"""

from __future__ import annotations

import gzip
import io
import os
import zlib
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

from scrapers.common.csv_rows import csv_rows
from scrapers.common.encodings import json_as_utf8, table_as_utf8
from scrapers.common.json_rows import UNREADABLE, Rows, array_rows, line_rows
from thresher.errors import PayloadError, UsageError
from thresher.model import Json

BLOCK = 2**18
MAX_RATIO = 1000
"""Unpacked to packed of a ``.gz``, judged above RATIO_FROM; deflate reaches 1,032, and logs stay below 20."""
RATIO_FROM = 256 * 2**20


def plain(value: Any) -> Json:
    """What JSON has no word for."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, bytes | bytearray):
        return f"<{len(value)} bytes>"
    return value.tolist() if hasattr(value, "tolist") else str(value)


def kind_of(path: str) -> str:
    """How a file of this name is read: ``lines``, ``array``, ``csv``, ``parquet``; empty where it is none of these."""
    name = path.lower().removesuffix(".gz")
    kinds = {".jsonl": "lines", ".ndjson": "lines", ".json": "array", ".csv": "csv", ".tsv": "csv"} | (
        {} if path.lower().endswith(".gz") else {".parquet": "parquet"}
    )
    return next((kind for suffix, kind in kinds.items() if name.endswith(suffix)), "")


def rows_of(file: Path) -> Rows:
    """The rows of one file as they stand there. One that cannot be read becomes a row with the column UNREADABLE, so that it is counted; so
    does the rest of a file that breaks off. UsageError where the name is not that of such a file."""
    kind = kind_of(file.name)
    if not kind:
        raise UsageError(f"{file} is not a .jsonl, .json, .csv or .parquet file (.gz too)")
    try:
        with file.open("rb") as raw:
            yield from _parquet(raw) if kind == "parquet" else stream_rows(raw, kind, packed=_is_packed(file, raw))
    except OSError as error:
        yield {UNREADABLE: f"the file cannot be read: {error.strerror or error}"}
    except PayloadError as error:
        yield {UNREADABLE: f"{error.reason}: {error}"}


def _is_packed(file: Path, raw: io.BufferedReader[Any]) -> bool:
    """Whether a file is packed: some lose the ``.gz`` of their name on the way."""
    return file.suffix.lower() == ".gz" or raw.peek(2)[:2] == b"\x1f\x8b"


def _parquet(raw: IO[bytes]) -> Rows:
    from scrapers.common.parquet import parquet_rows  # with subprocess; most logs are JSON

    yield from parquet_rows(raw, os.fstat(raw.fileno()).st_size)


def stream_rows(raw: io.BufferedReader[Any], kind: str, *, packed: bool) -> Rows:
    """The rows of a stream of this kind (``lines``, ``csv``, ``array``); where it breaks off the last row says so."""
    try:
        stream = io.BufferedReader(_Unpacked(raw), BLOCK) if packed else raw
        match kind:
            case "lines":
                yield from line_rows(json_as_utf8(stream))
            case "csv":
                yield from csv_rows(table_as_utf8(stream))
            case _:
                yield from array_rows(json_as_utf8(stream))
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        yield {UNREADABLE: f"the file is damaged from here on: {error}"}


class _Unpacked(io.RawIOBase):
    """What a gzip stream holds. PayloadError ``too_large`` once it is absurdly much more than came in."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self._unpacked = gzip.GzipFile(fileobj=raw)
        self._count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._unpacked.read1(len(buffer))
        self._count += len(piece)
        if self._count > max(RATIO_FROM, MAX_RATIO * self._raw.tell()):
            raise PayloadError(f"{self._raw.tell():,} bytes became more than {self._count:,}", reason="too_large")
        buffer[: len(piece)] = piece
        return len(piece)
