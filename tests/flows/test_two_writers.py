"""Two commands on one benchmark at the same time, and a reader in a third process."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from driver import Line

from store.doctor import doctor
from store.file.database import FILE, LOCK, Database

TEXTBOOKS = ("textbooks", "--no-embed")
READER = """
import duckdb, sys
con = duckdb.connect(sys.argv[1], read_only=True)
print(con.execute("SELECT count(*) FROM records").fetchone()[0], flush=True)
sys.stdin.read()
"""


@pytest.fixture
def data(textbooks: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(textbooks, tmp_path / "data"))


@pytest.fixture
def reader(data: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the file open until its input is closed."""
    with subprocess.Popen(
        [sys.executable, "-c", READER, str(data / FILE)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert int(process.stdout.readline()) > 0
        yield process
        process.kill()


def test_a_second_harvest_ends_at_once_and_names_the_first(line: Line, data: Path) -> None:
    with Database(data).lease():
        second = line.run("harvest", data, *TEXTBOOKS, seconds=30)
    assert second.rc == 1, second.err
    assert f"locked by PID {os.getpid()} since" in second.err
    assert "Traceback" not in second.err
    assert not line.world.requests


def test_a_second_harvest_waits_if_it_is_asked_to(line: Line, data: Path) -> None:
    before = line.tables(data)
    with Database(data).lease():
        second = line.start("harvest", data, *TEXTBOOKS, "--wait", "60")
        with pytest.raises(subprocess.TimeoutExpired):
            second.wait(2)
    out, err = second.communicate(timeout=60)
    assert second.returncode == 0, err
    assert "0 new items" in out
    assert line.tables(data) == before


def test_of_two_harvests_begun_together_one_at_least_comes_to_its_end_and_nothing_is_doubled(
    line: Line, tmp_path: Path, textbooks: Path
) -> None:
    data = tmp_path / "data"
    both = [line.start("harvest", data, *TEXTBOOKS) for _ in range(2)]
    said = [process.communicate(timeout=60)[1] for process in both]
    assert 0 in [process.returncode for process in both], said
    for process, text in zip(both, said, strict=True):
        assert process.returncode == 0 or "locked by PID" in text, text
        assert "Traceback" not in text
    assert line.tables(data) == line.tables(textbooks)
    assert doctor(data).healthy


def test_the_lock_of_a_dead_process_is_taken_over(line: Line, data: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as dead:
        dead.wait()
    (data / LOCK).write_text(json.dumps({"pid": dead.pid, "command": "thresher harvest", "since": datetime.now(UTC).isoformat()}))
    assert "0 new items" in line.well("harvest", data, *TEXTBOOKS).out


def test_a_reader_in_another_process_delays_a_harvest(line: Line, data: Path, reader: subprocess.Popen[str]) -> None:
    before = line.tables(data)
    harvest = line.start("harvest", data, *TEXTBOOKS)
    with pytest.raises(subprocess.TimeoutExpired):
        harvest.wait(2)
    assert reader.stdin is not None
    reader.stdin.close()
    _, err = harvest.communicate(timeout=60)
    assert harvest.returncode == 0, err
    assert line.tables(data) == before


def test_a_reader_that_stays_ends_a_harvest_with_its_pid_and_harms_nothing(line: Line, data: Path, reader: subprocess.Popen[str]) -> None:
    before = line.tables(data)
    blocked = line.run("harvest", data, *TEXTBOOKS)
    assert blocked.rc == 1
    assert f"PID {reader.pid}" in blocked.err
    assert "Traceback" not in blocked.err
    assert reader.stdin is not None
    reader.stdin.close()
    reader.wait(10)
    line.well("harvest", data, *TEXTBOOKS)
    assert line.tables(data) == before
    assert doctor(data).healthy


@pytest.mark.parametrize("verb", ["status", "doctor"])
def test_who_only_reads_is_not_kept_out_by_a_harvest_that_holds_the_lease(line: Line, data: Path, verb: str) -> None:
    with Database(data).lease():
        line.well(verb, data)
