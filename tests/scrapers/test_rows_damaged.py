"""Rows of files that are damaged, or made to fill the memory: each costs itself, says why, and takes no more than it may."""

from __future__ import annotations

import gzip
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scrapers.common.json_rows import MAX_ROW_BYTES, UNREADABLE
from scrapers.common.rows import rows_of

ROOT = Path(__file__).parents[2]
MAY_GROW_MB = 100


def measured(*files: Path) -> list[dict[str, Any]]:
    """What ``tests/kit/read_rows.py`` says of each file, in a process of its own."""
    command = [sys.executable, str(ROOT / "tests" / "kit" / "read_rows.py"), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    return [json.loads(line) for line in done.stdout.splitlines()]


def write(path: Path, table: pa.Table, **how: Any) -> None:
    pq.write_table(table, path, **{"compression": "zstd", **how})


def one_word(entry: str, rows: int) -> pa.Table:
    """A column in which every row refers to the one entry of its dictionary."""
    return pa.table({"a": pa.DictionaryArray.from_arrays(np.zeros(rows, np.int32), [entry])})


def one_list(length: int, **columns: Any) -> pa.Table:
    return pa.table({"a": pa.ListArray.from_arrays(pa.array([0, length]), pa.array(np.zeros(length, np.int8))), **columns})


def understated(path: Path) -> None:
    """A file whose footer says that its row group unpacks to next to nothing."""
    write(path, pa.table({"a": ["x" * 1_000_000] * 300}), use_dictionary=False)
    size = pq.ParquetFile(path).metadata.row_group(0).total_byte_size
    body = path.read_bytes()

    def varint(number: int) -> bytes:
        out = bytearray()
        while number > 0x7F:
            out.append(number & 0x7F | 0x80)
            number >>= 7
        return bytes([*out, number])

    stated, small = varint(2 * size), varint(2 * 1000)  # thrift's zigzag
    small = bytes(b | 0x80 for b in small) + b"\x80" * (len(stated) - len(small) - 1) + b"\x00"
    assert body.count(stated) >= 1
    path.write_bytes(body.replace(stated, small))
    assert pq.ParquetFile(path).metadata.row_group(0).total_byte_size == 1000


BOMBS: dict[str, Callable[[Path], None]] = {
    "pages of one repeated letter": lambda path: write(path, pa.table({"a": ["x" * 1_000_000] * 300}), use_dictionary=False),
    "the same, and the footer says otherwise": understated,
    "one value": lambda path: write(path, pa.table({"a": ["x" * 200_000_000]}), use_dictionary=False),
    "a dictionary entry that every row is": lambda path: write(path, one_word("x" * 2_000_000, 200_000)),
    "a list without end": lambda path: write(path, one_list(40_000_000)),
    "many lists without end beside honest text": lambda path: write(
        path, one_list(9_000_000, b=one_list(9_000_000)["a"], c=[random.Random(1).randbytes(200_000).hex()])
    ),
    "many columns": lambda path: write(path, pa.table({f"c{n}": ["x" * 900_000] * 2 for n in range(300)})),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_parquet_bomb_is_refused_with_a_reason_before_it_fills_the_memory(tmp_path: Path, name: str) -> None:
    BOMBS[name](tmp_path / "bomb.parquet")
    write(tmp_path / "honest.parquet", pa.table({"a": ["a text"] * 100}))
    honest, bomb = measured(tmp_path / "honest.parquet", tmp_path / "bomb.parquet")
    assert (honest["rows"], honest["unreadable"]) == (100, [])
    assert [text.partition(":")[0] for text in bomb["unreadable"]] == ["too_large"]
    assert bomb["readers_mb"] - honest["readers_mb"] < MAY_GROW_MB
    assert bomb["own_mb"] - honest["own_mb"] < MAY_GROW_MB


def test_large_rows_that_are_honest_are_read_in_smaller_portions(tmp_path: Path) -> None:
    texts = [random.Random(n).randbytes(500_000).hex() for n in range(10)]
    write(tmp_path / "large.parquet", pa.table({"a": texts}))
    assert [row["a"] for row in rows_of(tmp_path / "large.parquet")] == texts


def test_what_json_has_no_word_for_comes_out_of_parquet_as_text(tmp_path: Path) -> None:
    when = pa.array([0], pa.timestamp("s"))
    write(tmp_path / "types.parquet", pa.table({"when": when, "bytes": [b"abc"], "list": [[{"x": 1.5}]], "none": [None], "text": ["😀"]}))
    (row,) = rows_of(tmp_path / "types.parquet")
    assert row == {"when": "1970-01-01T00:00:00", "bytes": "<3 bytes>", "list": [{"x": 1.5}], "none": None, "text": "😀"}


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "nothing in it": lambda body: b"",
    "its end cut": lambda body: body[:-100],
    "its beginning cut": lambda body: body[100:],
    "noise": lambda body: random.Random(1).randbytes(len(body)),
    "a footer of noise": lambda body: body[:-200] + random.Random(1).randbytes(192) + body[-8:],
}


def hexadecimal(seed: int, rows: int = 1000) -> list[str]:
    dice = random.Random(seed)
    return [dice.randbytes(30).hex() for _ in range(rows)]


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_parquet_file_is_a_row_that_says_so(tmp_path: Path, name: str) -> None:
    path = tmp_path / "log.parquet"
    write(path, pa.table({"a": hexadecimal(1)}))
    path.write_bytes(DAMAGES[name](path.read_bytes()))
    assert any("bad_parquet" in row.get(UNREADABLE, "") for row in rows_of(path))


def turned_to_zeros(path: Path) -> None:
    """A hole in the middle of the packed values, as a disk or a broken transfer leaves it."""
    body = path.read_bytes()
    path.write_bytes(body[:200] + bytes(3000) + body[3200:])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "column",
    [
        lambda texts: pa.array(texts),
        lambda texts: pa.array([[{"role": "user", "content": text}] for text in texts]),
        lambda texts: pa.array([[("content", text)] for text in texts], pa.map_(pa.string(), pa.string())),
    ],
    ids=["text", "turns", "map"],
)
def test_a_hole_that_unpacks_to_other_values_is_no_row(tmp_path: Path, column: Callable[[list[str]], pa.Array], seed: int) -> None:
    path = tmp_path / "log.parquet"
    table = pa.table({"a": column(hexadecimal(seed))})
    write(path, table)
    turned_to_zeros(path)
    read = list(rows_of(path))
    assert "bad_parquet" in read[-1][UNREADABLE]
    assert all(row in table.to_pylist() for row in read[:-1])


def test_a_page_with_a_checksum_is_checked_against_it(tmp_path: Path) -> None:
    path = tmp_path / "log.parquet"
    write(path, pa.table({"a": hexadecimal(1)}), compression="none", use_dictionary=False, write_page_checksum=True)
    body = path.read_bytes()
    path.write_bytes(body.replace(hexadecimal(1)[500].encode(), hexadecimal(1)[501].encode(), 1))
    assert "bad_parquet" in list(rows_of(path))[-1][UNREADABLE]


@pytest.mark.parametrize("suffix", [".jsonl.gz", ".json.gz", ".csv.gz"])
@pytest.mark.parametrize("damage", [lambda b: b[:-20], lambda b: b[:400] + b"\x00" * 40 + b[440:], lambda b: b"no gzip", lambda b: b""])
def test_a_damaged_gzip_file_gives_its_rows_up_to_the_damage_and_says_where_it_ends(
    tmp_path: Path, suffix: str, damage: Callable[[bytes], bytes]
) -> None:
    rows = [{"a": random.Random(n).randbytes(200).hex()} for n in range(50)]
    plain = {
        ".jsonl.gz": "\n".join(map(json.dumps, rows)), ".json.gz": json.dumps(rows), ".csv.gz": "a\n" + "\n".join(r["a"] for r in rows),
    }[suffix]  # fmt: skip
    path = tmp_path / f"log{suffix}"
    path.write_bytes(damage(gzip.compress(plain.encode())))
    read = list(rows_of(path))
    whole = [row for row in read if UNREADABLE not in row]
    assert whole == rows[: len(whole)] or suffix == ".csv.gz"
    assert len(whole) < 50 or "damaged" in read[-1][UNREADABLE]


def test_a_gzip_bomb_of_lines_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.jsonl.gz"
    with gzip.open(path, "wb", compresslevel=9) as file:
        for _ in range(300):
            file.write(b" " * 2**20)
    small = tmp_path / "small.jsonl"
    small.write_text("{}\n")
    before, bomb = measured(small, path)
    assert "too_large" in bomb["unreadable"][-1] or bomb["rows"] == 19
    assert bomb["own_mb"] - before["own_mb"] < MAY_GROW_MB


@pytest.mark.parametrize("indent", [None, 2])
def test_a_json_array_is_read_value_by_value(tmp_path: Path, indent: int | None) -> None:
    rows = [{"id": n, "text": "Ä" * 3000, "inner": [{"x": [n, None, True]}]} for n in range(15_000)]
    (tmp_path / "small.json").write_text(json.dumps(rows[:2]))
    (tmp_path / "large.json").write_text(json.dumps(rows, ensure_ascii=False, indent=indent))
    small, large = measured(tmp_path / "small.json", tmp_path / "large.json")
    assert (large["rows"], large["unreadable"]) == (15_000, [])
    assert large["own_mb"] - small["own_mb"] < 20
    assert list(rows_of(tmp_path / "large.json")) == rows


@pytest.mark.parametrize(
    ("text", "whole", "said"),
    [
        ('[{"a": 1}, {"a": 2}', 2, "breaks off"),
        ('[{"a": 1}, {"a": 2', 1, "JSONDecodeError"),
        ('[{"a": 1}, nonsense, {"a": 2}]', 1, "JSONDecodeError"),
        ('[{"a": 1}] {"b": 2} rest', 2, "JSONDecodeError"),
        ('[{"a": 1}, 7]', 1, "int, not an object"),
        ('{"a": 1}\n{"a": \n{"a": 3}\n', 2, "JSONDecodeError"),
        ("[" * 200_000, 0, "RecursionError"),
        ('{"a": ' * 60_000, 0, "RecursionError"),
        ('[{"a": 1}, {"a": ' + "[" * 300 + "]" * 300 + '}, {"a": 2}]', 2, "nested deeper than 100"),
        ('[{"a": 1}, "' + "x" * (3 * MAX_ROW_BYTES) + '"]', 1, "more than"),
        ("<html></html>", 0, "JSONDecodeError"),
        ("\x00\x01", 0, "JSONDecodeError"),
    ],
)
def test_what_is_no_json_costs_itself(tmp_path: Path, text: str, whole: int, said: str) -> None:
    path = tmp_path / "log.json"
    path.write_text(text)
    read = list(rows_of(path))
    assert sum(UNREADABLE not in row for row in read) == whole
    assert any(said in row.get(UNREADABLE, "") for row in read), read


@pytest.mark.parametrize("text", ["[]", " [ ] ", "", "\n", "\ufeff[]"])
def test_an_empty_array_has_no_rows(tmp_path: Path, text: str) -> None:
    (tmp_path / "log.json").write_text(text)
    assert list(rows_of(tmp_path / "log.json")) == []


def test_lines_that_are_nested_too_deeply_cost_themselves(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text('{"a": 1}\n{"a": ' + "[" * 400 + "]" * 400 + "}\n" + "[" * 99_999 + '\n{"a": 2}\n')
    assert [row for row in rows_of(tmp_path / "log.jsonl") if UNREADABLE not in row] == [{"a": 1}, {"a": 2}]


@pytest.mark.parametrize(
    ("name", "encoding"), [("log.jsonl", "utf-16"), ("log.json", "utf-16"), ("log.csv", "utf-16"), ("log.csv", "cp1252")]
)
def test_no_encoding_is_read_whole(tmp_path: Path, name: str, encoding: str) -> None:
    rows = ['{"a": "' + "ä" * 3000 + '"}' if name != "log.csv" else "ä" * 3000] * 15_000
    small, large = tmp_path / "small.jsonl", tmp_path / name
    small.write_text("{}\n")
    large.write_bytes("\n".join(["a", *rows] if name == "log.csv" else rows).encode(encoding))
    before, after = measured(small, large)
    assert (after["rows"], after["unreadable"]) == (15_000, [])
    assert after["own_mb"] - before["own_mb"] < 30


@pytest.mark.parametrize("beginning", [b"", b'"', b"a,b\n", b'a,b\n"'])
def test_a_table_of_one_endless_cell_is_refused(tmp_path: Path, beginning: bytes) -> None:
    small, bomb = tmp_path / "small.jsonl", tmp_path / "bomb.csv.gz"
    small.write_text("{}\n")
    with gzip.open(bomb, "wb", compresslevel=9) as file:
        file.write(beginning)
        for _ in range(300):
            file.write(b"a" * 2**20)
    before, after = measured(small, bomb)
    assert len(after["unreadable"]) == 1
    assert after["own_mb"] - before["own_mb"] < MAY_GROW_MB
