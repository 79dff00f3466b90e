"""A line of a journal that cannot be used is named with its file and number, and never stops the harvests that follow."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from driver import Line

from store.doctor import doctor
from store.file import journal
from store.file.database import Database
from store.verdicts import Verdict, save_verdicts
from thresher.archive import history

JOURNALS = ("ledger.jsonl", "verdicts.jsonl", f"archive/{history.FILE}")
LINES = {
    "it is an empty object": b"{}",
    "it is no object": b"[1, 2]",
    "it is no JSON": b"never written by us",
    "it nests too deep": b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "it is no UTF-8": b'{"run_id": "\xff", "commit": 1}',
    "its fields have other types": b'{"run_id": 3, "event": "opened", "at": "x", "commit": "x", "database": 4, "type": "verdict"}',
    "its moment has no zone": b'{"run_id": "r", "event": "opened", "at": "2026-01-01", "commit": 1.5, "database": "x", "type": "verdict"}',
}


@pytest.fixture
def data(textbooks: Path, tmp_path: Path) -> Path:
    """A benchmark with a line in every journal."""
    data = Path(shutil.copytree(textbooks, tmp_path / "data"))
    with Database(data).reader() as con:
        item = con.execute("SELECT min(item_id) FROM items").fetchall()[0][0]
    save_verdicts(Database(data), [Verdict(item, "rejected", "ada", "not a question"), Verdict(item, "active", "ada", "it is one")])
    return data


def add(path: Path, line: bytes) -> int:
    """Append a line; gives its number."""
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines, line, b"\n"]))
    return len(lines) + 1


@pytest.mark.parametrize("kind", LINES)
def test_the_doctor_names_the_line_of_every_journal_when(line: Line, data: Path, kind: str) -> None:
    numbers = {name: add(data / name, LINES[kind]) for name in JOURNALS}
    said = line.run("doctor", data)
    assert said.rc == 1
    assert "Traceback" not in said.err
    for name, number in numbers.items():
        assert f"{data / name}, line {number}: " in said.out
    assert "delete that line" in said.out


@pytest.mark.parametrize("kind", ["it is an empty object", "it nests too deep"])
def test_a_harvest_goes_on_and_says_which_line_it_passed_over_when(line: Line, data: Path, kind: str) -> None:
    numbers = {name: add(data / name, LINES[kind]) for name in JOURNALS}
    done = line.well("harvest", data, "arena", "--no-embed")
    for name, number in numbers.items():
        assert f"note: {data / name}, line {number}: " in done.err
    rebuilt = line.run("rebuild", data)
    assert rebuilt.rc == 3
    assert all(f"{data / name}, line" in rebuilt.err for name in JOURNALS[1:])


def test_a_line_that_was_changed_and_is_still_json_is_named(data: Path) -> None:
    path = data / "archive" / history.FILE
    path.write_bytes(path.read_bytes().replace(b"opened", b"closed"))
    assert any("was changed after it was written" in finding.detail for finding in doctor(data).findings)


def test_a_verdict_whose_line_is_damaged_is_not_forgotten_by_a_rebuild_unasked(line: Line, data: Path) -> None:
    path = data / "verdicts.jsonl"
    path.write_bytes(path.read_bytes().replace(b"not a question", b"not a qwestion"))
    assert {finding.kind for finding in doctor(data).findings} == {"journal"}
    refused = line.run("rebuild", data)
    assert refused.rc == 1
    assert "verdicts: people 1" in refused.err
    assert f"{path}, line 1: " in refused.err


def test_lost_lines_of_verdicts_and_ledger_are_seen(data: Path) -> None:
    for name, kept, kind in (("verdicts.jsonl", 1, "journal"), (journal.FILE, -3, "ledger")):
        lines = (data / name).read_bytes().splitlines(keepends=True)
        (data / name).write_bytes(b"".join(lines[:kept]))
        assert [finding.kind for finding in doctor(data).findings] == [kind]
        (data / name).write_bytes(b"".join(lines))
    assert doctor(data).healthy


def test_lines_of_the_first_release_without_checksums_are_read(data: Path) -> None:
    for name in JOURNALS:
        lines = [json.loads(text) for text in (data / name).read_text().splitlines()]
        (data / name).write_text("".join(json.dumps({k: v for k, v in e.items() if k != "crc"}) + "\n" for e in lines))
    assert doctor(data).healthy
