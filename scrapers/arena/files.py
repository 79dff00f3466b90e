"""Rows from files, as pages: JSON lines, JSON arrays, CSV, Parquet; and what belongs together out of separate files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from scrapers.arena.layouts import Layout, detected, named
from scrapers.arena.site import SOURCE, Site
from scrapers.common.page import each_file, printable, saved_page
from scrapers.common.rows import MAX_ROW_BYTES, UNREADABLE, Rows, kind_of, plain, rows_of
from thresher.errors import PayloadError, ThresherError, UsageError
from thresher.model import Page

ROWS_A_PAGE = 256
BYTES_A_PAGE = 2**20
MAX_TABLE_BYTES = 64 * 2**20
"""A file of questions or answers that others are joined to is read whole."""


def pages(rows: Iterable[dict[str, Any]], layout: Layout, page: Callable[[bytes, int], Page]) -> Iterator[Page]:
    """Rows in chunks of JSON lines. ``page`` makes a Page of a body and the number of rows up to its end.

    What came before an error is given on before the error is; a PayloadError is also a line of the last page, as a row that cannot be read.
    """
    lines: list[str] = []
    size = done = 0
    before: object = None
    try:
        for row in rows:
            line = _line(layout.strip(row) if layout.strip else row)
            same = bool(layout.together) and before is not None and row.get(layout.together) == before
            full = len(lines) >= ROWS_A_PAGE or size + len(line) > BYTES_A_PAGE
            if lines and full and (not same or size + len(line) > MAX_ROW_BYTES):
                yield page("\n".join(lines).encode(), done)
                lines, size = [], 0
            before = row.get(layout.together) if layout.together else None
            done += 1
            lines.append(line)
            size += len(line) + 1
    except ThresherError as error:
        if isinstance(error, PayloadError):
            lines.append(unreadable(error))
        if lines:
            yield page("\n".join(lines).encode(), done)
        raise
    if lines:
        yield page("\n".join(lines).encode(), done)


def unreadable(error: PayloadError) -> str:
    """The line of a page that says why there is no row."""
    return json.dumps({UNREADABLE: f"{error.reason}: {error}"})


def _line(row: Mapping[str, Any]) -> str:
    line = json.dumps(row, default=plain)
    return line if len(line) <= MAX_ROW_BYTES else json.dumps({UNREADABLE: f"a row of {len(line)} bytes"})


def read(path: Path, site: Site) -> Iterator[Page]:
    """Rows of a file (.jsonl, .json, .csv, .parquet, also .gz) or of all such files in a folder, where questions, answers and judgements
    that lie in separate files are put together."""
    files = [file for file in sorted(path.rglob("*")) if file.is_file() and kind_of(file.name)] if path.is_dir() else [path]
    if not files:
        raise UsageError(f"{path} holds no .jsonl, .json, .csv or .parquet file")
    folder = Folder(path)
    yield from each_file(SOURCE, site.name, files, lambda file: _pages_of(file, folder, site))


def _pages_of(file: Path, folder: Folder, site: Site) -> Iterator[Page]:
    place = file.relative_to(folder.root).as_posix() if folder.root.is_dir() else file.name
    context = {"file": printable(place), **({"dataset": site.dataset} if site.dataset else {})}

    def page(body: bytes, layout: str) -> Page:
        named_layout = {"layout": layout} if layout else {}
        return saved_page(SOURCE, site.name, file, body, context | named_layout, url=file.absolute().as_uri())

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
        yield page(json.dumps(first, default=plain).encode(), "")
        return
    joined = (_joined(folder, row, layout, file) for row in chain(head, rows))
    yield from pages(joined, layout, lambda body, _: page(body, layout.name))


def _joined(folder: Folder, row: dict[str, Any], layout: Layout, file: Path) -> dict[str, Any]:
    """A row that lacks what the others are found by is left as it is: ``parse`` says what it lacks."""
    try:
        return folder.joined(row, layout, file)
    except (KeyError, IndexError, TypeError):
        return row


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
            files = sorted(above.glob(pattern))
            if files:
                table = (str(above), pattern, key)
                if table not in self._tables:
                    self._tables[table] = {str(row[key]): row for part in files for row in _whole(part) if key in row}
                return self._tables[table]
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
