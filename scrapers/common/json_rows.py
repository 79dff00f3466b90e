"""Rows out of JSON as people save it: lines, pretty-printed objects one after another, arrays, and objects that wrap or name their rows.

All are read as a stream: memory holds one value, of at most MAX_ROW_BYTES. What cannot be read is a row that says why.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import IO, Any, Final

from scrapers.common.json_text import BETWEEN, SPACE, JsonText, TooLong
from thresher.payload import MAX_JSON_DEPTH, deeper_than

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


def head_of(rows: Rows) -> list[dict[str, Any]]:
    """The first rows up to one that can be read, which shows columns and layout; they are taken off ``rows``."""
    head = []
    for row in rows:
        head.append(row)
        if UNREADABLE not in row:
            break
    return head


def line_rows(raw: IO[bytes]) -> Rows:
    """JSON lines, or, where the first line is an array or opens an object that it does not close, values one after another over several
    lines.
    A line longer than a row may be is passed over to its end."""
    first = True
    while line := raw.readline(MAX_ROW_BYTES + 1):
        if len(line) > MAX_ROW_BYTES:
            while line and not line.endswith(b"\n"):
                line = raw.readline(MAX_ROW_BYTES)
            yield {UNREADABLE: f"a line of more than {MAX_ROW_BYTES} bytes"}
        elif line.strip():
            opening = line.removeprefix(codecs.BOM_UTF8).strip() if first else b""
            if opening == b"{" or opening.startswith(b"["):
                yield from _value_rows(JsonText(raw, MAX_ROW_BYTES, line), wraps=False)
                return
            yield _line(line)
        first = False


def array_rows(raw: IO[bytes]) -> Rows:
    """A JSON array of objects, an object that wraps one, an object of objects by name, one object, or (some logs call their JSON lines
    ``.json``) one after another."""
    yield from _value_rows(JsonText(raw, MAX_ROW_BYTES), wraps=True)


def _line(line: bytes) -> dict[str, Any]:
    try:
        return _row(json.loads(line))
    except (ValueError, RecursionError) as error:
        return _unreadable(error)


def _row(value: Any) -> dict[str, Any]:
    """A value as a row, if it is one that whatever walks it can stand."""
    if not isinstance(value, dict):
        return {UNREADABLE: f"{type(value).__name__}, not an object"}
    return {UNREADABLE: f"nested deeper than {MAX_JSON_DEPTH}"} if deeper_than(value, MAX_JSON_DEPTH) else value


def _unreadable(error: Exception) -> dict[str, Any]:
    return {UNREADABLE: f"{type(error).__name__}: {error}"}


def _value_rows(text: JsonText, *, wraps: bool) -> Rows:
    """The rows of values one after another. ``wraps`` says that a single object may hold rows instead of being one."""
    while True:
        text.skip(BETWEEN)
        if text.ended:
            return
        inside = text.begins_with("[")
        try:
            if inside:
                yield from _elements(text)
            else:
                try:
                    row = _row(text.value())
                except TooLong:
                    inside = True
                    if not (wraps and text.begins_with("{")):
                        raise
                    yield from _members(text, ())
                else:
                    text.skip(SPACE)
                    yield from _unwrapped(row) if wraps and text.ended else [row]
        except (ValueError, RecursionError) as error:
            yield _unreadable(error)
            if inside or not text.pass_broken():
                return
        wraps = False


def _elements(text: JsonText) -> Rows:
    """The rows in an array of which the bracket is passed, to its end. ValueError where it breaks off or something in it is broken."""
    while True:
        text.skip(BETWEEN)
        if text.begins_with("]"):
            return
        if text.ended:
            raise ValueError("the array breaks off")
        yield _row(text.value())


def _members(text: JsonText, names: tuple[str, ...]) -> Rows:
    """As ``_unwrapped``, of an object that is too large to be held and of which the brace is passed: what its lists hold, and objects by
    name."""
    while True:
        text.skip(BETWEEN)
        if text.begins_with("}"):
            return
        name = str(text.value())
        if not text.begins_with(":"):
            raise ValueError(f"no value under the name {name[:40]!r}")
        path = (*names, name)
        if text.begins_with("["):
            wrapped = not names and name.lower() in _WRAPPERS
            yield from (_inner(row) if wrapped else _called(row, path) for row in _elements(text))
            continue
        try:
            value = text.value()
        except TooLong:
            if names or not text.begins_with("{"):
                raise
            yield from _members(text, path)
        else:
            if isinstance(value, dict):
                yield from map(_row, _named({name: value}, names))


def _called(row: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """The row with the names under which it stood."""
    return row if UNREADABLE in row else {**row, KEYS: list(path)}


def _unwrapped(whole: dict[str, Any]) -> Rows:
    lists = [name for name, value in whole.items() if name.lower() in _WRAPPERS and _are_rows(value)]
    viewer = [name for name in lists if all(isinstance(row, dict) and row.keys() >= {"row", "row_idx"} for row in whole[name])]
    if len(lists) == 1 and (viewer or not any(_are_rows(value) for name, value in whole.items() if name not in lists)):
        yield from (_inner(_row(row)) for row in whole[lists[0]])
    elif table := _by_columns(whole):
        yield from table
    elif whole and all(isinstance(value, dict) for value in whole.values()):
        yield from _named(whole, ())
    else:
        yield whole


def _by_columns(whole: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of a table that is kept by columns, as lists or as pandas writes them (``{"0": ..., "1": ...}``, or ``columns`` and
    ``data``); empty where it is none."""
    columns, data = whole.get("columns"), whole.get("data")
    if isinstance(columns, list) and isinstance(data, list) and data and all(isinstance(row, list) for row in data):
        return [dict(zip(map(str, columns), row, strict=False)) for row in data]
    values = list(whole.values())
    if len(values) < 2:
        return []
    if all(isinstance(one, dict) and one and one.keys() == values[0].keys() for one in values):
        numbered = all(name.isdigit() for name in values[0]) and not any(name.isdigit() for name in whole)
        return [{name: column[place] for name, column in whole.items()} for place in values[0]] if numbered else []
    listed = all(isinstance(one, list) and len(one) == len(values[0]) > 0 for one in values)
    if listed and any(isinstance(cell, str) for column in values for cell in column):
        return [dict(zip(whole, row, strict=True)) for row in zip(*values, strict=True)]
    return []


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
            yield from (_called(row, path) if row else {UNREADABLE: f"{' '.join(path)}: an empty place"} for row in value)
        elif isinstance(value, dict) and value and all(_are_rows(one) for one in value.values()):
            yield from _named(value, path)
        else:
            yield _called(value, path) if isinstance(value, dict) else {UNREADABLE: f"{name}: {type(value).__name__}, not an object"}
