"""Somebody's own posts: which column is what, what a row becomes, and what is said of a file that holds no posts."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scrapers.posts import Site, parse, read
from thresher.errors import UsageError
from thresher.model import Dead, Record

ROWS: list[dict[str, Any]] = [
    {"post_id": 7, "subject": "Leap years", "body": "The bot says 1900 was one.", "created_utc": 1700000000, "user": "kim"},
    {"post_id": 8, "subject": "", "body": "Mine says so, too.", "parent_id": "7", "thread_id": "7", "user": "lou"},
]


def written(path: Path, rows: list[dict[str, Any]]) -> Path:
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    elif path.suffix == ".csv":
        with path.open("w", newline="", encoding="utf-8") as file:
            out = csv.DictWriter(file, sorted({key for row in rows for key in row}))
            out.writeheader()
            out.writerows(rows)
    else:
        pq.write_table(pa.Table.from_pylist([dict.fromkeys(sorted({k for r in rows for k in r})) | row for row in rows]), path)
    return path


def parsed(path: Path, **site: Any) -> list[Record | Dead]:
    return [part for page in read(path, Site(name="mine", **site)) for part in parse(page)]


@pytest.mark.parametrize("name", ["posts.jsonl", "posts.csv", "posts.parquet"])
def test_usual_names_of_columns_are_seen_in_every_kind_of_file(tmp_path: Path, name: str) -> None:
    first, second = parsed(written(tmp_path / name, ROWS))
    assert isinstance(first, Record)
    assert isinstance(second, Record)
    assert (first.native_id, first.title, first.text, first.role, first.author_key) == (
        "7",
        "Leap years",
        "The bot says 1900 was one.",
        "post",
        "kim",
    )
    assert (second.role, second.parent_id, second.thread_id) == ("comment", "7", "7")


def test_a_column_of_another_name_is_named(tmp_path: Path) -> None:
    path = written(tmp_path / "queue.jsonl", [{"nr": "a1", "what_they_wrote": "It is wrong."}])
    (post,) = parsed(path, text_column="what_they_wrote", id_column="nr", licence="CC0-1.0", export_class="full")
    assert isinstance(post, Record)
    assert (post.native_id, post.text, post.licence, post.export_class) == ("a1", "It is wrong.", "CC0-1.0", "full")


def test_a_file_without_a_text_column_is_refused_with_its_columns(tmp_path: Path) -> None:
    path = written(tmp_path / "numbers.jsonl", [{"nr": 1, "price": 2.5}])
    with pytest.raises(UsageError, match=r"text_column=NAME; it has: nr, price"):
        parsed(path)


def test_a_column_that_is_named_and_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no column 'bdy' for text_column"):
        parsed(written(tmp_path / "posts.jsonl", ROWS), text_column="bdy")


def test_broken_and_empty_rows_are_dead_and_cost_no_other(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_text('{"id": "a", "text": "Fine."}\nnot json\n{"id": "b", "text": "  "}\n["list"]\n{"id": "c", "text": "Fine, too."}\n')
    parts = parsed(path)
    assert [part.native_id for part in parts if isinstance(part, Record)] == ["a", "c"]
    assert [part.reason for part in parts if isinstance(part, Dead)] == ["unreadable", "no_text", "unreadable"]


def test_rows_without_ids_are_known_by_what_they_say(tmp_path: Path) -> None:
    rows = [{"text": "One."}, {"text": "Two."}, {"text": "One."}]
    ids = [part.native_id for part in parsed(written(tmp_path / "posts.jsonl", rows))]
    assert ids[0] == ids[2] != ids[1]


def test_many_rows_come_in_pages_and_none_is_lost(tmp_path: Path) -> None:
    path = written(tmp_path / "posts.jsonl", [{"id": i, "text": f"Post {i}."} for i in range(600)])
    assert [len(list(parse(page))) for page in read(path, Site(name="mine"))] == [256, 256, 88]


def test_pictures_are_addresses_and_a_file_of_somebody_is_none(tmp_path: Path) -> None:
    rows = [
        {"id": "a", "text": "See it.", "images": ["https://i.example.org/a.png", "/etc/passwd", "data:image/png;base64,AAAA", 7]},
        {"id": "b", "text": "Here: https://i.example.org/b.png and there", "images": "https://i.example.org/c.png"},
        {"id": "c", "text": "None."},
    ]
    marks = [part.marks.get("pictures") for part in parsed(written(tmp_path / "p.jsonl", rows)) if isinstance(part, Record)]
    assert marks == [["https://i.example.org/a.png"], ["https://i.example.org/c.png", "https://i.example.org/b.png"], None]
