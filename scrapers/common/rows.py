"""Rows as files hold them: JSON lines, a JSON array, CSV, Parquet, each also packed by gzip. They are read as a stream."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, cast

from thresher.errors import PayloadError, UsageError
from thresher.model import Json

BATCH_ROWS = 256
MAX_ROW_BYTES = 16 * 2**20
"""A single row longer than this is no case."""
MAX_ARRAY_BYTES = 512 * 2**20
"""A JSON array is read whole."""

UNREADABLE = "unreadable"
"""The only column of a row that could not be read; it says why."""

Rows = Iterator[dict[str, Any]]


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
    kinds = {".jsonl": "lines", ".ndjson": "lines", ".json": "array", ".csv": "csv"} | (
        {} if path.lower().endswith(".gz") else {".parquet": "parquet"}
    )
    return next((kind for suffix, kind in kinds.items() if name.endswith(suffix)), "")


def rows_of(file: Path) -> Rows:
    """The rows of one file as they stand there. One that cannot be read becomes a row with the column UNREADABLE, so that it is counted."""
    match kind_of(file.name):
        case "lines":
            with _opened(file) as raw:
                yield from line_rows(raw)
        case "csv":
            with _opened(file) as raw:
                yield from csv_rows(raw)
        case "parquet":
            import pyarrow.parquet as pq  # slow to import, and most logs are JSON

            with pq.ParquetFile(file) as table:
                for batch in table.iter_batches(batch_size=BATCH_ROWS):
                    yield from batch.to_pylist()
        case "array":
            with _opened(file) as raw:
                body = raw.read(MAX_ARRAY_BYTES + 1)
            if len(body) > MAX_ARRAY_BYTES:
                raise PayloadError(
                    f"{file} is larger than {MAX_ARRAY_BYTES} bytes; a JSON array is read whole: make JSON lines of it", reason="too_large"
                )
            yield from parsed_array(body)
        case _:
            raise UsageError(f"{file} is not a .jsonl, .json, .csv or .parquet file (.gz too)")


def _opened(file: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(file, "rb")) if file.suffix.lower() == ".gz" else file.open("rb")


def line_rows(raw: IO[bytes]) -> Rows:
    """JSON lines. A line longer than a page may be is passed over to its end."""
    while line := raw.readline(MAX_ROW_BYTES + 1):
        if len(line) > MAX_ROW_BYTES:
            while line and not line.endswith(b"\n"):
                line = raw.readline(MAX_ROW_BYTES)
            yield {UNREADABLE: f"a line of more than {MAX_ROW_BYTES} bytes"}
        elif line.strip():
            yield _line(line)


def csv_rows(raw: IO[bytes]) -> Rows:
    """CSV with a header. Cells may be long: whole conversations stand in them."""
    csv.field_size_limit(MAX_ROW_BYTES)
    text = io.TextIOWrapper(raw, encoding="utf-8-sig", errors="replace", newline="")
    try:
        yield from csv.DictReader(text)
    except csv.Error as error:
        yield {UNREADABLE: f"the CSV breaks off: {error}"}
    finally:
        text.detach()


def _line(line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        return {UNREADABLE: f"{type(error).__name__}: {error}"}
    return row if isinstance(row, dict) else {UNREADABLE: f"{type(row).__name__}, not an object"}


def parsed_array(body: bytes) -> Rows:
    """A JSON array of objects, or one object. Some logs call their JSON lines ``.json``."""
    try:
        whole = json.loads(body)
    except (ValueError, RecursionError):
        yield from (_line(line) for line in body.splitlines() if line.strip())
        return
    for row in whole if isinstance(whole, list) else [whole]:
        yield row if isinstance(row, dict) else {UNREADABLE: f"{type(row).__name__}, not an object"}
