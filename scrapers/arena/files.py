"""Rows from files, as pages: JSON lines, JSON arrays, CSV, Parquet; and what belongs together out of separate files."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import IO, Any, Protocol, cast

from scrapers.arena.layouts import Layout, detected, named
from thresher.errors import PayloadError, UsageError
from thresher.model import Json, Page

ROWS_A_PAGE = 256
BYTES_A_PAGE = 2**20
MAX_PAGE_BYTES = 16 * 2**20
"""A single row longer than this is no case; nor may rows that belong together fill more."""
MAX_ARRAY_BYTES = 512 * 2**20
"""A JSON array is read whole."""
MAX_TABLE_BYTES = 64 * 2**20
"""A file of questions or answers that others are joined to is read whole."""

UNREADABLE = "unreadable"
"""The only column of a row that could not be read; it says why."""

Rows = Iterator[dict[str, Any]]


class Log(Protocol):
    """What of a site matters here."""

    @property
    def name(self) -> str: ...
    @property
    def dataset(self) -> str: ...
    @property
    def layout(self) -> str: ...
    @property
    def max_rows(self) -> int: ...


def pages(rows: Iterable[dict[str, Any]], layout: Layout, page: Callable[[bytes, int], Page]) -> Iterator[Page]:
    """Rows in chunks of JSON lines. ``page`` makes a Page of a body and the number of rows up to its end."""
    lines: list[str] = []
    size = done = 0
    before: object = None
    for row in rows:
        line = json.dumps(layout.strip(row) if layout.strip else row, default=_plain)
        same = bool(layout.together) and before is not None and row.get(layout.together) == before
        full = len(lines) >= ROWS_A_PAGE or size + len(line) > BYTES_A_PAGE
        if lines and full and (not same or size + len(line) > MAX_PAGE_BYTES):
            yield page("\n".join(lines).encode(), done)
            lines, size = [], 0
        before = row.get(layout.together) if layout.together else None
        done += 1
        lines.append(line if len(line) <= MAX_PAGE_BYTES else json.dumps({UNREADABLE: f"a row of {len(line)} bytes"}))
        size += len(lines[-1]) + 1
    if lines:
        yield page("\n".join(lines).encode(), done)


def _plain(value: Any) -> Json:
    """What JSON has no word for."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, bytes | bytearray):
        return f"<{len(value)} bytes>"
    return value.tolist() if hasattr(value, "tolist") else str(value)


def read(path: Path, source: str, site: Log) -> Iterator[Page]:
    """See ``scrapers.arena.read``."""
    if path.is_dir():
        found = [file for file in sorted(path.rglob("*")) if file.is_file() and kind_of(file.name)]
        if not found:
            raise UsageError(f"{path} holds no .jsonl, .json, .csv or .parquet file")
    else:
        found = [path]
    folder = Folder(path)
    for file in found:
        yield from _pages_of(file, folder, source, site)


def _pages_of(file: Path, folder: Folder, source: str, site: Log) -> Iterator[Page]:
    when = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    where = file.relative_to(folder.root).as_posix() if folder.root.is_dir() else file.name
    context = {"file": where, **({"dataset": site.dataset} if site.dataset else {})}

    def page(body: bytes, layout: str) -> Page:
        return Page(
            source, site.name, file.absolute().as_uri(), 200, {}, body, when, context={**context, **({"layout": layout} if layout else {})}
        )

    rows = rows_of(file)
    head = _head(rows)
    if not head:
        return
    first = head[-1]
    try:
        layout = named(site.layout) if site.layout else detected(first)
    except PayloadError:
        if folder.root.is_dir() and folder.is_table(first):
            return
        yield page(json.dumps(first, default=_plain).encode(), "")
        return
    joined = (folder.joined(row, layout, file) for row in chain(head, rows))
    yield from pages(joined, layout, lambda body, _: page(body, layout.name))


def _head(rows: Rows) -> list[dict[str, Any]]:
    """The first rows up to one that can be read, which shows the layout."""
    head = []
    for row in rows:
        head.append(row)
        if UNREADABLE not in row:
            break
    return head


class Folder:
    """The tables of a folder that judgements refer to, each read when it is first asked for. Nothing outside of the folder is looked at."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._tables: dict[tuple[str, ...], dict[str, dict[str, Any]]] = {}

    @staticmethod
    def is_table(row: Mapping[str, Any]) -> bool:
        """Whether a file with such rows only explains others (models, reviewers, judges' prompts)."""
        return any(
            columns <= row.keys()
            for columns in (
                {"model_id", "model_name"},
                {"reviewer_id", "prompt_id"},
                {"prompt_id", "prompt_template"},
                {"name", "prompt_template"},
            )
        )

    def joined(self, row: dict[str, Any], layout: Layout, file: Path) -> dict[str, Any]:
        """The row with what it refers to, under names that begin with ``_``."""
        if layout.name == "wildbench_scores":
            judge = next((part.removeprefix("eval=") for part in file.parts if part.startswith("eval=")), "")
            return {**row, "_judge": judge}
        if not self.root.is_dir():
            return row
        match layout.name:
            case "vicuna_eval":
                answers = self._table(file, "answer*/**/*.jsonl", "answer_id")
                return {
                    **row,
                    "_question": self._table(file, "question.jsonl", "question_id").get(str(row["question_id"])),
                    "_answer1": answers.get(str(row["answer1_id"])),
                    "_answer2": answers.get(str(row["answer2_id"])),
                    "_models": _models_in(file.stem),
                    "_reviewer": self._reviewer(file, str(row["reviewer_id"])),
                }
            case "mt_bench_answers" | "vicuna_answers":
                return {**row, "_question": self._table(file, "question.jsonl", "question_id").get(str(row["question_id"]))}
            case "mt_bench_questions":
                answer = self._table(file, "reference_answer/*.jsonl", "question_id").get(str(row["question_id"]))
                return {**row, "_reference": answer["choices"][0]["turns"] if answer else None}
            case "pandalm_gpt" | "pandalm_7b":
                return {**row, "_pair": self._table(file, "testset-v1.json", "idx").get(str(row["idx"]))}
        return row

    def _reviewer(self, file: Path, reviewer: str) -> str:
        """Every reviewer of these reviews is GPT-4 under another prompt; older files know them by number only."""
        return (
            "gpt-4"
            if reviewer.startswith("gpt-4") or (reviewer.isdigit() and self._table(file, "reviewer.jsonl", "reviewer_id"))
            else reviewer
        )

    def _table(self, file: Path, pattern: str, key: str) -> dict[str, dict[str, Any]]:
        """Rows by key out of the files that match the pattern in the nearest folder above ``file`` that has any."""
        for above in file.parents:
            if not above.is_relative_to(self.root):
                break
            found = sorted(above.glob(pattern))
            if found:
                held = (str(above), pattern, key)
                if held not in self._tables:
                    self._tables[held] = {str(row[key]): row for one in found for row in _whole(one) if key in row}
                return self._tables[held]
        return {}


def _models_in(name: str) -> list[str]:
    """``review_A_B`` names its models; where a name holds an underscore itself nobody can tell them apart."""
    parts = name.removeprefix("review_").split("_")
    return parts if len(parts) == 2 else ["", ""]


def _whole(file: Path) -> list[dict[str, Any]]:
    if file.stat().st_size > MAX_TABLE_BYTES:
        raise PayloadError(
            f"{file} is larger than {MAX_TABLE_BYTES} bytes; too large for a table that others are joined to", reason="too_large"
        )
    return list(rows_of(file))


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
                for batch in table.iter_batches(batch_size=ROWS_A_PAGE):
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
    while line := raw.readline(MAX_PAGE_BYTES + 1):
        if len(line) > MAX_PAGE_BYTES:
            while line and not line.endswith(b"\n"):
                line = raw.readline(MAX_PAGE_BYTES)
            yield {UNREADABLE: f"a line of more than {MAX_PAGE_BYTES} bytes"}
        elif line.strip():
            yield _line(line)


def csv_rows(raw: IO[bytes]) -> Rows:
    """CSV with a header. Cells may be long: whole conversations stand in them."""
    csv.field_size_limit(MAX_PAGE_BYTES)
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
