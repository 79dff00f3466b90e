"""The command, as a person types it: a real process, its exit code, what it prints."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Any

import duckdb
import pytest
from driver import Run

BOOK = Path(__file__).resolve().parents[3] / "sample" / "world" / "book"
COLUMNS = {
    "item_id", "kind", "messages", "prompt", "target", "choices", "rubric", "tier", "key_status", "status", "language", "licence",
    "export_class", "source", "url", "native_id", "tags", "first_seen", "last_seen", "report_count",
}  # fmt: skip


def test_the_numbers_of_a_run_balance(harvested: tuple[Path, dict[str, Any]]) -> None:
    book = harvested[1]["sources"]["textbooks"]
    assert book["records"] == book["landed"] + book["merged"] + book["leads"] + book["dead"] + sum(book["refused"].values())
    assert book["candidates"] == book["landed"] + book["merged"]
    assert book["landed"] > 50


def test_items_current_has_the_columns_that_are_promised(data: Path) -> None:
    con = duckdb.connect(str(data / "benchmark.duckdb"), read_only=True)
    try:
        columns = [row[0] for row in con.execute("DESCRIBE items_current").fetchall()]
    finally:
        con.close()
    assert set(columns) >= COLUMNS


def test_the_same_files_again_add_nothing(thresher: Run, copy: Path) -> None:
    again = thresher("ingest", "textbooks", str(BOOK), "--data", str(copy), "--json")
    book = json.loads(again.stdout)["sources"]["textbooks"]
    assert again.returncode == 3, "a module of it is broken"
    assert (book["landed"], book["merged"], book["refused"]) == (0, 0, {})


def test_an_item_is_shown_with_its_evidence(thresher: Run, data: Path) -> None:
    shown = json.loads(thresher("show", "-n", "1", "--json", "--data", str(data)).stdout)
    by_prefix = json.loads(thresher("show", shown["item_id"][:10], "--json", "--data", str(data)).stdout)
    assert by_prefix["item_id"] == shown["item_id"]
    assert shown["reports"][0]["source"] == "textbooks"


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_a_terminal_obeys_nothing_that_an_item_holds(thresher: Run, copy: Path, more: tuple[str, ...]) -> None:
    with duckdb.connect(str(copy / "benchmark.duckdb")) as con:  # as an older release, or another program, may have left it
        con.execute("UPDATE items SET target = 'red ' || chr(155) || '31m ' || chr(27) || '[31m ' || chr(8238) || ' end'")
    shown = thresher("show", "-n", "1", "--data", str(copy), *more).stdout
    assert "31m" in shown
    assert {c for c in shown if unicodedata.category(c) in {"Cc", "Cf"}} <= {"\n"}
    assert not more or json.loads(shown)["target"] == "red \x9b31m \x1b[31m \u202e end"


def test_the_doctor_speaks_of_a_healthy_benchmark(thresher: Run, data: Path) -> None:
    doctor = thresher("doctor", "--data", str(data))
    assert doctor.returncode == 0
    assert "healthy" in doctor.stdout


DUMP = """<posts>
<row Id="1" PostTypeId="1" AcceptedAnswerId="2" Score="3" Title="A sum of cubes" CreationDate="2024-03-01T10:00:00.000"
 ContentLicense="CC BY-SA 4.0" Body="&lt;p&gt;Which is the least number that is a sum of two positive cubes in two ways?&lt;/p&gt;"/>
<row Id="2" PostTypeId="2" ParentId="1" Score="5" CreationDate="2024-03-01T10:00:00.000" ContentLicense="CC BY-SA 4.0"
 Body="&lt;p&gt;It is 1729: 1 + 1728 and 729 + 1000, as Ramanujan told Hardy.&lt;/p&gt;"/></posts>"""


def test_the_lines_that_a_snapshot_prints_open_it_offline(thresher: Run, tmp_path: Path) -> None:
    (tmp_path / "Posts.xml").write_text(DUMP, encoding="utf-8")
    where = ("--data", str(tmp_path / "data"))
    assert thresher("ingest", "stackexchange", str(tmp_path / "Posts.xml"), "--site", "numbers", "--no-embed", *where).returncode == 0
    printed = thresher("snapshot", "one", *where).stdout
    lines = [line.strip() for line in printed.splitlines() if "load_dataset" in line]
    program = "\n".join(
        ["import datasets", *(f"row = {line}[0]; print(row['target'], row['key_status'], row['licence'])" for line in lines)]
    )
    env = {**os.environ, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    opened = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=False)
    assert opened.stdout == "It is 1729: 1 + 1728 and 729 + 1000, as Ramanujan told Hardy. sourced CC-BY-SA-4.0\n", opened.stderr


def test_a_snapshot_of_which_nothing_leaves_says_so(thresher: Run, tmp_path: Path) -> None:
    (tmp_path / "Posts.xml").write_text(DUMP.replace("CC BY-SA 4.0", "All rights reserved"), encoding="utf-8")
    where = ("--data", str(tmp_path / "data"))
    thresher("ingest", "stackexchange", str(tmp_path / "Posts.xml"), "--site", "numbers", "--no-embed", *where)
    assert "Nothing leaves" in thresher("snapshot", "one", *where).stdout


def test_a_dump_is_not_called_as_its_folder_is(thresher: Run, tmp_path: Path) -> None:
    (tmp_path / "Posts.xml").write_text(DUMP, encoding="utf-8")
    done = thresher("ingest", "stackexchange", str(tmp_path), "--data", str(tmp_path / "data"), "--no-embed")
    assert done.returncode == 2
    assert "give --site NAME" in done.stderr


def test_a_snapshot_made_twice_is_the_same(thresher: Run, copy: Path) -> None:
    first, second = (json.loads(thresher("snapshot", "one", "--json", "--data", str(copy)).stdout) for _ in range(2))
    assert first == second
    assert first["items"] > 0


def test_pairs_give_one_json_line_each(thresher: Run, tmp_path: Path) -> None:
    pairs = tmp_path / "pairs.jsonl"
    rows = [
        {"a": "What is 12 * 7?", "b": "What is 13 * 7?"},
        {"a": "Name the capital of Peru.", "b": "name the capital of peru"},
        {"a": "Name the capital of Peru.", "b": "Integrate x squared from 0 to 1."},
    ]
    pairs.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    lines = [json.loads(line) for line in thresher("compare", "--pairs", str(pairs)).stdout.splitlines()]
    assert [line["verdict"] for line in lines] == ["related", "same", "different"]
    assert lines[0]["reason"] == "numbers"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("status", "--data", "/nonexistent/place"), 2, "no benchmark there"),
        (("ingest", "gutenberg", "README.md", "--data", "{tmp}/d"), 2, "there is no source 'gutenberg'"),
        (("ingest", "textbooks", "{tmp}/missing", "--data", "{tmp}/d"), 2, "no such file or folder"),
        (("ingest", "textbooks", "docs", "--data", "{tmp}/d"), 1, "nothing in it that textbooks reads"),
        (("compare", "only one"), 2, "give two texts"),
        (("harvest", "reddit", "--data", "{tmp}/d"), 2, "THRESHER_REDDIT_CLIENT_ID"),
        (("harvest", "textbooks", "--data", "{tmp}/d"), 2, "network.contact"),
        (("config", "--config", "{tmp}/missing"), 2, "no such folder"),
        (("show", "zzzz", "--data", "{data}"), 2, "no item begins"),
        (("show", "--kind", "riddle", "--data", "{data}"), 2, "there are: exercise"),
        (("snapshot", "../x", "--data", "{data}"), 2, "cannot name a snapshot"),
    ],
)
def test_bad_input_is_told_in_one_line_without_a_traceback(
    thresher: Run, tmp_path: Path, data: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = thresher(*(a.replace("{tmp}", str(tmp_path)).replace("{data}", str(data)) for a in arguments))
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_second_harvest_of_an_unreachable_site_fails_and_says_which(thresher: Run, tmp_path: Path) -> None:
    from sample import World

    with World() as world:
        config = world.write_config(tmp_path / "config")
    done = thresher("harvest", "discourse", "--data", str(tmp_path / "data"), "--config", str(config), "--json", "--no-embed")
    assert done.returncode == 1
    assert json.loads(done.stdout)["sources"]["discourse"]["state"] == "failed"
    assert "wrenhouse" in done.stderr
