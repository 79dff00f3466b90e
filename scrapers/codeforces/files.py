"""Problems and programs from files: rows in the layouts of ``open-r1/codeforces`` and ``open-r1/codeforces-submissions`` (Parquet, JSON
lines), the API's saved answers, and folders of accepted programs as ``description2code`` has them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, Final

from scrapers.codeforces.rows import PROBLEM_COLUMNS, SUBMISSION_COLUMNS
from scrapers.codeforces.site import LISTED, PROBLEMS, SOURCE, SUBMISSIONS, Site
from scrapers.common.json_rows import MAX_ROW_BYTES, UNREADABLE, head_of
from scrapers.common.page import each_file, portions, printable, saved_body, saved_files, saved_page
from scrapers.common.rows import plain, rows_of
from thresher.errors import PayloadError
from thresher.model import Page

SUFFIXES: Final = (".jsonl", ".ndjson", ".json", ".parquet", ".gz", ".txt")
ROWS_A_PAGE: Final = 256
BYTES_A_PAGE: Final = 2**20
_FOLDER: Final = re.compile(r"(?:^|_)(\d{1,5})_([A-Z]\d?)(?:_|$)")
_PROGRAMS: Final = {"solutions_python": "Python 2", "solutions_c++": "GNU C++"}
"""Folders of accepted programs, and the language as a judge would call it."""


def read(path: Path, site: Site) -> Iterator[Page]:
    """Pages of JSON lines, of problems or of programs as the first row shows. A file that is neither costs itself."""
    files = saved_files(path, SUFFIXES, "problems or submissions of Codeforces (open-r1/codeforces, open-r1/codeforces-submissions)")
    yield from each_file(SOURCE, site.name, files, lambda file: _pages_of(file, site))


def _pages_of(file: Path, site: Site) -> Iterator[Page]:
    if file.suffix == ".txt":
        yield _program(file, site)
        return
    rows = rows_of(file)
    head = head_of(rows)
    columns = head[-1].keys() if head else set()
    if {"status", "result"} <= columns:
        yield saved_page(SOURCE, site.name, file, saved_body(file), site.context(LISTED))
        return
    layout = next((name for name, needs in ((PROBLEMS, PROBLEM_COLUMNS), (SUBMISSIONS, SUBMISSION_COLUMNS)) if needs <= columns), "")
    if not layout and UNREADABLE not in columns:
        raise PayloadError(
            f"{file.name} holds neither problems ({', '.join(sorted(PROBLEM_COLUMNS))}) nor submissions "
            f"({', '.join(sorted(SUBMISSION_COLUMNS))}); its columns: {', '.join(sorted(columns)[:20]) or 'none'}",
            reason="unknown_layout",
        )
    first = 1
    for lines in portions(map(_line, chain(head, rows)), ROWS_A_PAGE, size=len, max_size=BYTES_A_PAGE):
        context = site.context(layout or PROBLEMS) | {"file": printable(file.name), "first_row": str(first)}
        yield saved_page(SOURCE, site.name, file, "\n".join(lines).encode(), context, url=file.absolute().as_uri())
        first += len(lines)


def _line(row: dict[str, Any]) -> str:
    line = json.dumps(row, default=plain)
    return line if len(line) <= MAX_ROW_BYTES else json.dumps({UNREADABLE: f"a row of {len(line)} bytes"})


def _program(file: Path, site: Site) -> Page:
    """One accepted program, whose problem its folders name (``1_A/solutions_python/7206045.txt``). Nobody says under which licence."""
    problem = next((m for part in reversed(file.parts[:-2]) if (m := _FOLDER.search(part))), None)
    language = _PROGRAMS.get(file.parent.name)
    if problem is None or language is None:
        raise PayloadError(f"{file.name} is no program: expected CONTEST_INDEX/{' or '.join(_PROGRAMS)}/ID.txt", reason="unknown_layout")
    row = {
        "submission_id": file.stem,
        "source": saved_body(file).decode("utf-8", "replace"),
        "contestId": problem[1],
        "problem_index": problem[2],
        "programmingLanguage": language,
        "verdict": "OK",
        "testset": "TESTS",
    }
    context = {"layout": SUBMISSIONS, "licence": "unknown", "export_class": "id_only", "file": printable(file.name)}
    return saved_page(SOURCE, site.name, file, json.dumps(row).encode(), context, url=file.absolute().as_uri())
