"""Rows of files as people save them: each row is read or counted, in whatever encoding and form."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from scrapers.common.json_rows import UNREADABLE
from scrapers.common.rows import rows_of

TABLE = 'name;size;note\n"Größe";"3 m²";"a, b"\nWeg;4;"two\nlines"\n'
ROWS = [{"name": "Größe", "size": "3 m²", "note": "a, b"}, {"name": "Weg", "size": "4", "note": "two\nlines"}]


def read(path: Path) -> list[dict[str, Any]]:
    return list(rows_of(path))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
def test_a_table_is_read_as_any_spreadsheet_saves_it(tmp_path: Path, encoding: str, separator: str) -> None:
    text = TABLE if separator == ";" else TABLE.replace('"a, b"', "\0").replace(";", separator).replace("\0", '"a, b"')
    (tmp_path / "t.csv").write_bytes(text.encode(encoding))
    assert read(tmp_path / "t.csv") == ROWS
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(text.encode(encoding)))
    assert read(tmp_path / "t.csv.gz") == ROWS


def test_a_first_line_that_names_the_separator_is_no_header(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("sep=;\n" + TABLE)
    assert read(tmp_path / "t.csv") == ROWS


def test_a_table_in_no_known_encoding_says_so(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"name\n\x81\x8d\x90\n")
    (row,) = read(tmp_path / "t.csv")
    assert row[UNREADABLE].startswith("unknown_encoding: it is neither UTF-8 nor UTF-16 nor Windows-1252")


def test_objects_printed_over_several_lines_are_rows_like_others(tmp_path: Path) -> None:
    rows = [{"a": 1, "b": {"c": ["}", "{"]}}, {"a": 2}, {"a": 3, "b": []}]
    (tmp_path / "p.jsonl").write_text("\n".join(json.dumps(row, indent=2) for row in rows))
    assert read(tmp_path / "p.jsonl") == rows
    (tmp_path / "p.json").write_text("\n\n".join(json.dumps(row, indent=4) for row in rows))
    assert read(tmp_path / "p.json") == rows


def test_a_printed_object_that_is_broken_costs_itself_alone(tmp_path: Path) -> None:
    (tmp_path / "p.jsonl").write_text('{\n  "a": 1\n}\n{\n  "a": oops\n}\n{\n  "a": 3\n}\n{\n  "a": 4\n')
    found = read(tmp_path / "p.jsonl")
    assert [row.get("a") for row in found] == [1, None, 3, None]
    assert [UNREADABLE in row for row in found] == [False, True, False, True]


@pytest.mark.parametrize("name", ["x.jsonl", "x.json"])
def test_an_array_in_a_file_of_lines_is_an_array(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(json.dumps([{"a": 1}, {"a": 2}], indent=1))
    assert read(tmp_path / name) == [{"a": 1}, {"a": 2}]


def test_json_lines_in_utf_16_are_read(tmp_path: Path) -> None:
    (tmp_path / "w.jsonl").write_bytes('{"a": "Größe"}\r\n{"a": "Weg"}\r\n'.encode("utf-16"))
    assert read(tmp_path / "w.jsonl") == [{"a": "Größe"}, {"a": "Weg"}]


@pytest.mark.parametrize(
    ("whole", "rows"),
    [
        ({"results": [{"a": 1}, {"a": 2}], "version": 2}, [{"a": 1}, {"a": 2}]),
        ({"rows": [{"row_idx": 0, "row": {"a": 1}, "truncated_cells": []}], "features": []}, [{"a": 1}]),
        ({"p1": {"m1": [{"a": 1}], "m2": [{"a": 3}]}}, [{"a": 1, "_keys": ["p1", "m1"]}, {"a": 3, "_keys": ["p1", "m2"]}]),
        ({"p1": {"m1": [{"a": 1}, None]}}, [{"a": 1, "_keys": ["p1", "m1"]}, {UNREADABLE: "p1 m1: an empty place"}]),
        ({"q1": {"a": 1}, "q2": {"a": 2}}, [{"a": 1, "_keys": ["q1"]}, {"a": 2, "_keys": ["q2"]}]),
        ({"a": 1, "messages": [{"role": "user"}]}, [{"a": 1, "messages": [{"role": "user"}]}]),
    ],
)
def test_an_object_that_wraps_or_names_rows_gives_them(tmp_path: Path, whole: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    (tmp_path / "w.json").write_text(json.dumps(whole))
    assert read(tmp_path / "w.json") == rows


def test_a_damaged_letter_in_utf_8_costs_itself_and_not_the_letters_around_it(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes("name\nGrö".encode() + b"\xe9" + "ße\n".encode())
    assert read(tmp_path / "t.csv") == [{"name": "Grö\ufffdße"}]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_a_letter_that_stands_across_two_blocks_is_whole(tmp_path: Path, encoding: str) -> None:
    rows = [{"name": "a" * (2**18 - 8 + n) + "é" * 9} for n in range(4)]
    (tmp_path / "t.csv").write_bytes("\n".join(["name", *(row["name"] for row in rows)]).encode(encoding))
    assert read(tmp_path / "t.csv") == rows


def test_an_object_that_is_too_large_to_be_held_gives_its_rows_one_by_one(tmp_path: Path) -> None:
    rows = [{"id": n, "text": "x" * 1000} for n in range(18_000)]
    (tmp_path / "w.json").write_text(json.dumps({"version": 2, "results": rows}))
    assert read(tmp_path / "w.json") == rows
    (tmp_path / "n.json").write_text(json.dumps({"q1": {"a": 1}, "q2": rows}))
    assert read(tmp_path / "n.json") == [{"a": 1, "_keys": ["q1"]}, *({**row, "_keys": ["q2"]} for row in rows)]
    (tmp_path / "b.json").write_text(json.dumps({"results": rows})[:-40])
    found = read(tmp_path / "b.json")
    assert (found[:-1], list(found[-1])) == (rows[:-1], [UNREADABLE])


@pytest.mark.parametrize("name", ["x.json", "x.jsonl"])
def test_a_broken_line_in_a_large_file_costs_itself(tmp_path: Path, name: str) -> None:
    good = json.dumps({"a": "x" * 1000})
    (tmp_path / name).write_text("\n".join(['{"a": oops}', *[good] * 18_000]))
    found = read(tmp_path / name)
    assert (len(found), [UNREADABLE in row for row in found[:2]]) == (18_001, [True, False])


BY_COLUMNS: list[Any] = [
    {"a": ["x", "y"], "b": [1, 2]},
    {"a": {"0": "x", "1": "y"}, "b": {"0": 1, "1": 2}},
    {"columns": ["a", "b"], "index": [0, 1], "data": [["x", 1], ["y", 2]]},
    {"features": [{"name": "a"}], "rows": [{"row_idx": n, "row": row} for n, row in enumerate([{"a": "x", "b": 1}, {"a": "y", "b": 2}])]},
]


@pytest.mark.parametrize("whole", BY_COLUMNS)
def test_a_table_by_columns_is_read_by_rows(tmp_path: Path, whole: Any) -> None:
    (tmp_path / "t.json").write_text(json.dumps(whole))
    assert read(tmp_path / "t.json") == [{"a": "x", "b": 1}, {"a": "y", "b": 2}]


def test_rows_under_names_and_lists_of_different_length_are_no_columns(tmp_path: Path) -> None:
    (tmp_path / "n.json").write_text(json.dumps({"first": {"a": 1}, "second": {"a": 2}}))
    assert [row["a"] for row in read(tmp_path / "n.json")] == [1, 2]
    (tmp_path / "l.json").write_text(json.dumps({"a": ["x", "y"], "b": ["z"]}))
    assert read(tmp_path / "l.json") == [{"a": ["x", "y"], "b": ["z"]}]


@pytest.mark.parametrize("name", ["t.json", "t.jsonl"])
def test_an_array_on_one_line_and_a_packed_file_by_another_name_are_read(tmp_path: Path, name: str) -> None:
    body = json.dumps([{"a": 1}, {"a": 2}]).encode()
    for written in (body, gzip.compress(body)):
        (tmp_path / name).write_bytes(written)
        assert read(tmp_path / name) == [{"a": 1}, {"a": 2}]
