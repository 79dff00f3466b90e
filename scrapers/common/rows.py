"""Rows as files hold them: JSON lines, a JSON array, CSV, Parquet, each also packed by gzip.

They are read as a stream. What cannot be read is a row that says why, so that it costs itself and is counted.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import os
import re
import zlib
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, cast

from thresher.errors import PayloadError, UsageError
from thresher.model import Json
from thresher.payload import MAX_JSON_DEPTH, deeper_than

BATCH_ROWS = 256
MAX_ROW_BYTES = 16 * 2**20
"""A single row longer than this is no case."""
BLOCK = 2**18
MAX_RATIO = 1000
"""Unpacked to packed of a ``.gz``, judged above RATIO_FROM; deflate reaches 1,032, and logs stay below 20."""
RATIO_FROM = 256 * 2**20

UNREADABLE = "unreadable"
"""The only column of a row that could not be read; it says why."""
NO_UNICODE = "bytes that are no UTF-8: save the file as UTF-8"
_STRAY = re.compile("[\udc80-\udcff]")
"""Bytes that were none, as ``surrogateescape`` keeps them. An escape in JSON is not one: it is looked for in what was written."""

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
    """The rows of one file as they stand there. One that cannot be read becomes a row with the column UNREADABLE, so that it is counted; so
    does the rest of a file that breaks off. UsageError where the name is not that of such a file."""
    kind = kind_of(file.name)
    if not kind:
        raise UsageError(f"{file} is not a .jsonl, .json, .csv or .parquet file (.gz too)")
    try:
        with file.open("rb") as raw:
            yield from _parquet(raw) if kind == "parquet" else stream_rows(raw, kind, packed=file.suffix.lower() == ".gz")
    except OSError as error:
        yield {UNREADABLE: f"the file cannot be read: {error.strerror or error}"}
    except PayloadError as error:
        yield {UNREADABLE: f"{error.reason}: {error}"}


def _parquet(raw: IO[bytes]) -> Rows:
    from scrapers.common.parquet import parquet_rows  # with subprocess; most logs are JSON

    yield from parquet_rows(raw, os.fstat(raw.fileno()).st_size)


def stream_rows(raw: IO[bytes], kind: str, *, packed: bool) -> Rows:
    """The rows of a stream of this kind (``lines``, ``csv``, ``array``); where it breaks off the last row says so."""
    try:
        stream = cast(IO[bytes], io.BufferedReader(_Unpacked(raw), BLOCK)) if packed else raw
        match kind:
            case "lines":
                yield from line_rows(stream)
            case "csv":
                yield from csv_rows(stream)
            case _:
                yield from array_rows(stream)
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
    text = io.TextIOWrapper(raw, encoding="utf-8-sig", errors="surrogateescape", newline="")
    try:
        for row in csv.DictReader(text):
            stray = any(isinstance(cell, str) and _is_stray(cell) for cell in row.values())
            yield {UNREADABLE: NO_UNICODE} if stray else row
    except csv.Error as error:
        yield {UNREADABLE: f"the CSV breaks off: {error}"}
    finally:
        text.detach()


def _is_stray(text: str, start: int = 0, end: int = MAX_ROW_BYTES) -> bool:
    return not text.isascii() and _STRAY.search(text, start, end) is not None


def _line(line: bytes) -> dict[str, Any]:
    try:
        return _row(json.loads(line))
    except (ValueError, RecursionError) as error:
        return {UNREADABLE: f"{type(error).__name__}: {error}"}


def _row(value: Any) -> dict[str, Any]:
    """A value as a row, if it is one that whatever walks it can stand."""
    if not isinstance(value, dict):
        return {UNREADABLE: f"{type(value).__name__}, not an object"}
    return {UNREADABLE: f"nested deeper than {MAX_JSON_DEPTH}"} if deeper_than(value, MAX_JSON_DEPTH) else value


_BETWEEN = re.compile(r"[\s,]*")
_SPACE = re.compile(r"\s*")


def array_rows(raw: IO[bytes]) -> Rows:
    """A JSON array of objects, one object, or (some logs call their JSON lines ``.json``) one after another: value by value, so that memory
    holds one of them."""
    text = _Text(raw)
    lines = not text.begins_with("[")
    while True:
        text.skip(_SPACE if lines else _BETWEEN)
        if not lines and text.begins_with("]"):
            lines = True  # nothing should follow; what does is told
            continue
        if text.ended:
            if not lines:
                yield {UNREADABLE: "the array breaks off"}
            return
        try:
            yield _row(text.value())
        except (ValueError, RecursionError) as error:
            yield {UNREADABLE: f"{type(error).__name__}: {error}"}
            if not lines or not text.next_line():
                return


class _Text:
    """A stream of JSON, in UTF-8, UTF-16 or UTF-32, of which a part is held: as much as the value that begins there needs, at most
    MAX_ROW_BYTES."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self._text_of: codecs.IncrementalDecoder | None = None
        self._held, self._at, self._whole = "", 0, False
        self._decoder = json.JSONDecoder()

    @property
    def ended(self) -> bool:
        """Whether nothing more comes."""
        return self._whole and self._at >= len(self._held)

    def skip(self, pattern: re.Pattern[str]) -> None:
        """Go on behind what matches."""
        while True:
            match = pattern.match(self._held, self._at)
            assert match is not None  # both match nothing, too
            self._at = match.end()
            if self._at < len(self._held) or not self._more():
                return

    def begins_with(self, mark: str) -> bool:
        """Whether the next character is this one, which is passed over then."""
        self.skip(_SPACE)
        if self.ended or self._held[self._at] != mark:
            return False
        self._at += 1
        return True

    def value(self) -> Any:
        """The value that begins here; one that is no Unicode is a row that says so. ValueError where there is none, or where it is longer
        than MAX_ROW_BYTES."""
        while True:
            try:
                value, end = self._decoder.raw_decode(self._held, self._at)
                if end < len(self._held) or self._whole:
                    begin, self._at = self._at, end
                    return {UNREADABLE: NO_UNICODE} if _is_stray(self._held, begin, end) else value
            except ValueError:
                if self._whole:
                    raise
            if len(self._held) - self._at > MAX_ROW_BYTES:
                raise ValueError(f"a value of more than {MAX_ROW_BYTES} characters, or none at all")
            self._more()

    def next_line(self) -> bool:
        """Go to the next line; False where there is none."""
        while (end := self._held.find("\n", self._at)) < 0:
            self._at = len(self._held)
            if not self._more():
                return False
        self._at = end + 1
        return True

    def _more(self) -> bool:
        """Hold twice as much: a value is tried again a few times only, however long it is."""
        self._held, self._at = self._held[self._at :], 0
        piece = self._raw.read(max(BLOCK, len(self._held)))
        self._whole = not piece
        if self._text_of is None:
            self._text_of = codecs.getincrementaldecoder(json.detect_encoding(piece))("surrogateescape")
        self._held += self._text_of.decode(piece, self._whole)
        return not self._whole
