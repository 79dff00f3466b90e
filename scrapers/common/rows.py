"""Rows as files hold them: JSON lines, a JSON array, CSV, Parquet, each also packed by gzip. They are read as a stream."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, Final, cast

from scrapers.common.json_rows import MAX_ROW_BYTES, UNREADABLE, Rows, array_rows, line_rows
from thresher.errors import PayloadError, UsageError
from thresher.model import Json

BATCH_ROWS = 256
MAX_ARRAY_BYTES = 512 * 2**20
"""A JSON array is read whole."""

_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_EXCEL: Final = "cp1252"
"""What Excel writes where nobody asks it for UTF-8."""


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
    """The rows of one file as they stand there. One that cannot be read becomes a row with the column UNREADABLE, so that it is counted."""
    match kind_of(file.name):
        case "lines":
            with _opened(file) as raw:
                yield from line_rows(as_utf8(raw))
        case "csv":
            with _opened(file) as raw:
                encoding = encoding_of(raw, file.name)
                raw.seek(0)
                yield from csv_rows(raw, encoding)
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
            yield from array_rows(body)
        case _:
            raise UsageError(f"{file} is not a .jsonl, .json, .csv or .parquet file (.gz too)")


def _opened(file: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(file, "rb")) if file.suffix.lower() == ".gz" else file.open("rb")


def as_utf8(raw: IO[bytes]) -> IO[bytes]:
    """The stream itself, or, where its mark says that it is UTF-16 (as PowerShell writes files), the same text in UTF-8."""
    mark = raw.read(4)
    raw.seek(0)
    if mark[:2] in _UTF_16 and 0 in mark[2:]:  # JSON begins in ASCII, of which every second byte is nought
        return io.BytesIO(raw.read(MAX_ARRAY_BYTES).decode("utf-16", "replace").encode())
    return raw


def encoding_of(raw: IO[bytes], name: str) -> str:
    """UTF-8 or UTF-16 where the bytes are that, else Windows-1252. PayloadError ``unknown_encoding`` where they are none of them."""
    if raw.read(2) in _UTF_16:
        return "utf-16"
    raw.seek(0)
    for encoding in ("utf-8-sig", _EXCEL):
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            while piece := raw.read(2**20):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
            return encoding
        except UnicodeDecodeError:
            raw.seek(0)
    raise PayloadError(f"{name} is neither UTF-8 nor UTF-16 nor Windows-1252; save it as UTF-8", reason="unknown_encoding")


def csv_rows(raw: IO[bytes], encoding: str = "utf-8-sig") -> Rows:
    """CSV with a header, between commas, semicolons, tabs or bars. Cells may be long: whole conversations stand in them."""
    csv.field_size_limit(MAX_ROW_BYTES)
    text = io.TextIOWrapper(raw, encoding=encoding, errors="replace", newline="")
    try:
        header = text.readline(MAX_ROW_BYTES)
        if header.lower().startswith("sep=") and len(header.strip()) == 5:
            separator, header = header.strip()[4], text.readline(MAX_ROW_BYTES)
        else:
            while header.count('"') % 2 and (more := text.readline(MAX_ROW_BYTES)):
                header += more
            separator = max(",;\t|", key=header.count)
        names = next(csv.reader([header], delimiter=separator), [])
        yield from csv.DictReader(text, fieldnames=[name.strip() for name in names], delimiter=separator)
    except csv.Error as error:
        yield {UNREADABLE: f"the CSV breaks off: {error}"}
    finally:
        text.detach()
