"""Rows out of JSON as people save it: lines, pretty-printed objects one after another, arrays, and objects that wrap or name their rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import IO, Any, Final

MAX_ROW_BYTES: Final = 16 * 2**20
"""A single row longer than this is no case."""

UNREADABLE: Final = "unreadable"
"""The only column of a row that could not be read; it says why."""

KEYS: Final = "_keys"
"""The column that holds the names under which a row stood in an object of objects."""

_WRAPPERS: Final = frozenset(
    (
        "data",
        "rows",
        "results",
        "prompts",
        "examples",
        "items",
        "records",
        "questions",
        "eval_data",
        "instances",
        "samples",
        "test",
        "train",
    )
)

Rows = Iterator[dict[str, Any]]


def line_rows(raw: IO[bytes]) -> Rows:
    """JSON lines, or, where the first line opens an object that it does not close, objects one after another over several lines. A line
    longer than a row may be is passed over to its end."""
    first = True
    while line := raw.readline(MAX_ROW_BYTES + 1):
        if len(line) > MAX_ROW_BYTES:
            while line and not line.endswith(b"\n"):
                line = raw.readline(MAX_ROW_BYTES)
            yield {UNREADABLE: f"a line of more than {MAX_ROW_BYTES} bytes"}
        elif line.strip():
            if first and line.strip() in (b"{", b"[", b"[{"):
                yield from _printed(line, raw)
                return
            first = False
            yield line_row(line)


def line_row(line: bytes | str) -> dict[str, Any]:
    """The row on one line."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        return {UNREADABLE: f"{type(error).__name__}: {error}"}
    return _row(row)


def _row(row: Any) -> dict[str, Any]:
    return row if isinstance(row, dict) else {UNREADABLE: f"{type(row).__name__}, not an object"}


def _printed(first: bytes, raw: IO[bytes]) -> Rows:
    """Objects over several lines: each ends at the line that closes it, at the margin. One array over several lines is read whole."""
    lines = [first]
    closing = b"}" if first.strip() == b"{" else b"]"
    size = 0
    for line in raw:
        lines.append(line)
        size += len(line)
        if line.rstrip().rstrip(b",") == closing and (closing == b"}" or line[:1] == b"]"):
            yield from array_rows(b"".join(lines)) if closing == b"]" else [line_row(b"".join(lines).strip().rstrip(b","))]
            lines, size = [], 0
        elif size > MAX_ROW_BYTES and closing == b"}":
            yield {UNREADABLE: f"an object of more than {MAX_ROW_BYTES} bytes"}
            return
    if b"".join(lines).strip():
        yield {UNREADABLE: "the last object is not closed"}


def array_rows(body: bytes) -> Rows:
    """A JSON array of objects, an object that wraps one, an object of objects by name, or one object. Some logs call their JSON lines
    ``.json``."""
    try:
        whole = json.loads(body)
    except (ValueError, RecursionError):
        import io

        yield from line_rows(io.BytesIO(body))
        return
    if isinstance(whole, dict):
        yield from _unwrapped(whole)
        return
    for row in whole if isinstance(whole, list) else [whole]:
        yield _row(row)


def _unwrapped(whole: dict[str, Any]) -> Rows:
    lists = [name for name, value in whole.items() if name.lower() in _WRAPPERS and _are_rows(value)]
    if len(lists) == 1 and not any(_are_rows(value) for name, value in whole.items() if name not in lists):
        yield from (_inner(_row(row)) for row in whole[lists[0]])
    elif whole and all(isinstance(value, dict) for value in whole.values()):
        yield from _named(whole, ())
    else:
        yield whole


def _inner(row: dict[str, Any]) -> dict[str, Any]:
    """The Hub's viewer wraps each row once more."""
    return row["row"] if isinstance(row.get("row"), dict) and row.keys() <= {"row", "row_idx", "truncated_cells"} else row


def _are_rows(value: Any) -> bool:
    """Whether a value is a list of objects, some of which may be missing."""
    return isinstance(value, list) and any(isinstance(one, dict) for one in value) and all(isinstance(one, dict | None) for one in value)


def _named(rows: dict[str, Any], names: tuple[str, ...]) -> Rows:
    """Rows that stand in objects under names, such as prompts and models; one row, or a list of them, for each."""
    for name, value in rows.items():
        path = (*names, name)
        if _are_rows(value):
            yield from ({**row, KEYS: list(path)} if row else {UNREADABLE: f"{' '.join(path)}: an empty place"} for row in value)
        elif isinstance(value, dict) and value and all(_are_rows(one) for one in value.values()):
            yield from _named(value, path)
        else:
            yield {**value, KEYS: list(path)} if isinstance(value, dict) else {UNREADABLE: f"{name}: {type(value).__name__}, not an object"}
