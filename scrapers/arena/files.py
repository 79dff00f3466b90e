"""Rows from files, as pages: JSON lines, JSON arrays, CSV, Parquet; and what belongs together out of separate files."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, Final

from scrapers.arena import archive
from scrapers.arena.feedback import CONSENT, without_consent
from scrapers.arena.layouts import Layout, detected, named
from scrapers.arena.site import SOURCE, Site
from scrapers.arena.talks import without_persons
from scrapers.common.json_rows import MAX_ROW_BYTES, UNREADABLE, Rows, head_of
from scrapers.common.page import each_file, printable, saved_page
from scrapers.common.rows import kind_of, plain, rows_of
from thresher.errors import PayloadError, ThresherError, UsageError
from thresher.model import Page

ROWS_A_PAGE = 256
BYTES_A_PAGE = 2**20
MAX_TABLE_BYTES = 64 * 2**20
"""A file of questions or answers that others are joined to is read whole."""


def pages(rows: Iterable[dict[str, Any]], layout: Layout | None, page: Callable[[bytes, int, int], Page]) -> Iterator[Page]:
    """Rows in chunks of JSON lines. ``page`` makes a Page of a body and the numbers of its first and last row, counted from 1. Of rows that
    nobody knows, what is known to tell of persons is left out; of a row whose user did not consent, in whatever layout, all is.

    What came before an error is given on before the error is; a PayloadError is also a line of the last page, as a row that cannot be read.
    """
    lines: list[str] = []
    size = done = 0
    before: object = None
    together = layout.together if layout else ""
    strip = layout.strip if layout else without_persons
    try:
        for row in rows:
            if row.get(CONSENT) == "none":
                row = without_consent(row)
            line = _line(strip(row) if strip else row)
            same = bool(together) and before is not None and row.get(together) == before
            full = len(lines) >= ROWS_A_PAGE or size + len(line) > BYTES_A_PAGE
            if lines and full and (not same or size + len(line) > MAX_ROW_BYTES):
                yield page("\n".join(lines).encode(), done - len(lines) + 1, done)
                lines, size = [], 0
            before = row.get(together) if together else None
            done += 1
            lines.append(line)
            size += len(line) + 1
    except ThresherError as error:
        first = done - len(lines) + 1
        if isinstance(error, PayloadError):
            lines.append(unreadable(error))
        if lines:
            yield page("\n".join(lines).encode(), first, done)
        raise
    if lines:
        yield page("\n".join(lines).encode(), done - len(lines) + 1, done)


def unreadable(error: PayloadError) -> str:
    """The line of a page that says why there is no row."""
    return json.dumps({UNREADABLE: f"{error.reason}: {error}"})


def _line(row: Mapping[str, Any]) -> str:
    line = json.dumps(row, default=plain)
    return line if len(line) <= MAX_ROW_BYTES else json.dumps({UNREADABLE: f"a row of {len(line)} bytes"})


def read(path: Path, site: Site) -> Iterator[Page]:
    """Rows of a file (.jsonl, .json, .csv, .parquet, also .gz; a failure archive in .md) or of all such files in a folder, where questions,
    answers and judgements that lie in separate files are put together."""
    files = [file for file in sorted(path.rglob("*")) if file.is_file() and _is_read(file)] if path.is_dir() else [path]
    if not files:
        raise UsageError(f"{path} holds no .jsonl, .json, .csv, .parquet or .md file")
    folder = Folder(path)
    yield from each_file(SOURCE, site.name, files, lambda file: _pages_of(file, folder, site))


def _is_read(file: Path) -> bool:
    return bool(kind_of(file.name)) or file.suffix.lower() in archive.SUFFIXES


def _rows_of(file: Path) -> Rows:
    if file.suffix.lower() not in archive.SUFFIXES:
        return rows_of(file)
    with file.open("rb") as raw:
        return archive.markdown_rows(raw.read(archive.MAX_BYTES).decode("utf-8-sig", "replace"))


def _pages_of(file: Path, folder: Folder, site: Site) -> Iterator[Page]:
    place = file.relative_to(folder.root).as_posix() if folder.root.is_dir() else file.name
    context = {"file": printable(place), **({"dataset": site.dataset} if site.dataset else {})}

    def page(body: bytes, first: int, layout: Layout | None) -> Page:
        told = context | ({"layout": layout.name} if layout else {}) | {"first_row": str(first)}
        return saved_page(SOURCE, site.name, file, body, told, url=file.absolute().as_uri())

    rows = _rows_of(file)
    head = head_of(rows)
    if not head:
        return
    layout = named(site.layout) if site.layout else detected(head[-1])
    if layout is None and folder.root.is_dir() and folder.is_table(head[-1]):
        return
    joined = (_joined(folder, row, layout, file) if layout else row for row in chain(head, rows))
    yield from pages(joined, layout, lambda body, first, _: page(body, first, layout))


def _joined(folder: Folder, row: dict[str, Any], layout: Layout, file: Path) -> dict[str, Any]:
    """A row that lacks what the others are found by is left as it is: ``parse`` says what it lacks."""
    try:
        return folder.joined(row, layout, file)
    except (KeyError, IndexError, TypeError):
        return row


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
            case "mt_bench_answers" | "vicuna_answers" | "mt_bench_single":
                return {**row, "_question": self._table(file, "question.jsonl", "question_id").get(str(row["question_id"]))}
            case "mt_bench_questions":
                answer = self._table(file, "reference_answer/*.jsonl", "question_id").get(str(row["question_id"]))
                return {**row, "_reference": answer["choices"][0]["turns"], "_reference_by": answer["model_id"]} if answer else row
            case "pandalm_gpt" | "pandalm_7b":
                return {**row, "_pair": self._table(file, "testset-v1.json", "idx").get(str(row["idx"]))}
        return row

    def _reviewer(self, file: Path, reviewer: str) -> str:
        """The model behind a reviewer's id: by the id itself, else by its row among the reviewers, else the one that all of them are (older
        files know their reviewers by number only). Where that does not say, it is a model without a name."""
        if own := _model_in(reviewer):
            return own
        table = self._table(file, "reviewer.jsonl", "reviewer_id")
        told = {_model_in(" ".join(map(str, one.values()))) for key, one in table.items() if key == reviewer or reviewer not in table}
        return (told.pop() if len(told) == 1 else "") or f"reviewer {reviewer}"

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


_JUDGES: Final = re.compile(
    r"(?<![a-z0-9])(gpt-?3\.?5(?:-turbo)?|gpt-?4(?:o|-turbo)?(?:-mini)?|claude(?:-[\w.]+)*|[\w.]+-\d+b)(?![a-z0-9])", re.IGNORECASE
)


def _model_in(words: str) -> str:
    """The model that an id or a description names; GPT-3.5 is written in many ways."""
    match = _JUDGES.search(words)
    name = match[1].lower() if match else ""
    return "gpt-3.5-turbo" if name.startswith(("gpt-3", "gpt3")) else name.replace("gpt4", "gpt-4")


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
