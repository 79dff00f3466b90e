"""A damaged database, a full disk, a folder that may not be written to: said in a line, and made good by the next command."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from driver import Done, Line

from store.file import journal
from store.file.database import FILE

WAL = FILE + ".wal"
ARENA = ("arena", "--no-embed")


@pytest.fixture(scope="module")
def two_sources(served: Line, textbooks: Path) -> dict[str, str]:
    """The tables once another source was harvested too, and nothing went wrong."""
    data = textbooks.with_name("both")
    shutil.copytree(textbooks, data)
    served.world.night = 1
    served.well("harvest", data, *ARENA)
    return served.tables(data)


@pytest.fixture(scope="module")
def logged(served: Line, textbooks: Path) -> Path:
    """The benchmark of a harvest whose power was cut when a commit was acknowledged, but still in the write-ahead log."""
    data = textbooks.with_name("logged")
    shutil.copytree(textbooks, data)
    served.world.night = 1
    assert served.run("harvest", data, *ARENA, failpoint="store.after_commit:3").rc == -9
    assert (data / WAL).stat().st_size > 0
    last = journal.entries(data)[-1]
    journal.append(data, [{"commit": last["commit"] + 1, "database": last["database"], "size": (data / FILE).stat().st_size}])
    return data


@pytest.fixture(scope="module")
def rebuilt(served: Line, logged: Path) -> dict[str, str]:
    """The tables that a rebuild makes when nothing is damaged."""
    data = logged.with_name("rebuilt")
    shutil.copytree(logged, data)
    assert served.well("doctor", data).out.strip().endswith("commits")
    assert json.loads(served.well("rebuild", data, "--json").out)["identical"] is False, "the dead run's records were not judged yet"
    return served.tables(data)


def change(name: str, edit: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def damage(data: Path) -> None:
        (data / name).write_bytes(edit((data / name).read_bytes()))

    return damage


def flip(share: float, at: int = 0) -> Callable[[bytes], bytes]:
    def edit(raw: bytes) -> bytes:
        place = int(len(raw) * share) + at
        return raw[:place] + bytes([raw[place] ^ 0xFF]) + raw[place + 1 :]

    return edit


DAMAGES: dict[str, Callable[[Path], None]] = {
    "a byte of the log is flipped": change(WAL, flip(0.5)),
    "the log is deleted": lambda data: (data / WAL).unlink(),
    "the tail of the log is cut": change(WAL, lambda raw: raw[:-40]),
    "the header is flipped": change(FILE, flip(0, 9)),
    "the file is truncated": change(FILE, lambda raw: raw[: len(raw) // 2]),
    "the file has no bytes": change(FILE, lambda raw: b""),
    "the file is garbage": change(FILE, lambda raw: random.Random(1).randbytes(len(raw))),
}


def readable(done: Done, rc: int = 1) -> str:
    """What a command said that ended with ``rc``: something, and no traceback."""
    said = done.out + done.err
    assert done.rc == rc, said
    assert said.strip()
    assert "Traceback" not in said
    return said


@pytest.mark.parametrize("name", DAMAGES)
def test_the_doctor_tells_and_a_rebuild_restores_when(line: Line, tmp_path: Path, logged: Path, rebuilt: dict[str, str], name: str) -> None:
    data = tmp_path / "data"
    shutil.copytree(logged, data)
    DAMAGES[name](data)
    assert "thresher rebuild" in readable(line.run("doctor", data))
    assert "thresher doctor" in readable(line.run("harvest", data, *ARENA))
    asked = len(line.world.requests)
    line.well("rebuild", data)
    assert len(line.world.requests) == asked
    assert line.tables(data) == rebuilt
    assert "healthy" in line.well("doctor", data).out


def test_a_harvest_after_a_rebuild_of_what_was_damaged_ends_as_if_nothing_had_happened(
    line: Line, tmp_path: Path, logged: Path, two_sources: dict[str, str]
) -> None:
    data = tmp_path / "data"
    shutil.copytree(logged, data)
    DAMAGES["the log is deleted"](data)
    line.well("rebuild", data)
    line.well("harvest", data, *ARENA)
    assert line.tables(data) == two_sources


@pytest.mark.parametrize("lost", [(FILE,), (FILE, journal.FILE)])
def test_a_harvest_does_not_begin_anew_beside_an_archive_whose_database_is_gone(
    line: Line, tmp_path: Path, textbooks: Path, lost: tuple[str, ...]
) -> None:
    data = tmp_path / "data"
    shutil.copytree(textbooks, data)
    before = line.tables(data)
    for name in lost:
        (data / name).unlink()
    said = readable(line.run("harvest", data, "textbooks", "--no-embed"))
    assert "rebuild" in said or "doctor" in said
    line.well("rebuild", data)
    assert line.tables(data) == before


@pytest.mark.parametrize("bytes_left", [3_000, 20_000, 60_000, 300_000, 1_000_000])
def test_a_harvest_on_a_full_disk_says_so_and_the_next_one_ends_as_if_there_had_been_room(
    line: Line, tmp_path: Path, textbooks: Path, two_sources: dict[str, str], bytes_left: int
) -> None:
    data = tmp_path / "data"
    shutil.copytree(textbooks, data)
    full = line.run("harvest", data, *ARENA, file_size=bytes_left)
    said = full.out + full.err
    assert "Traceback" not in said
    if full.rc:
        assert "File too large" in said
    line.well("harvest", data, *ARENA)
    assert line.tables(data) == two_sources
    assert "healthy" in line.well("doctor", data).out


@pytest.mark.parametrize("bytes_left", [3_000, 20_000, 60_000])
def test_a_first_harvest_on_a_full_disk_says_so_and_the_next_one_ends_as_if_there_had_been_room(
    line: Line, tmp_path: Path, textbooks: Path, bytes_left: int
) -> None:
    data = tmp_path / "data"
    said = readable(line.run("harvest", data, "textbooks", "--no-embed", file_size=bytes_left))
    assert "File too large" in said
    line.well("harvest", data, "textbooks", "--no-embed")
    assert line.tables(data) == line.tables(textbooks)


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """A file system of so many bytes at the folder; skips where none can be made."""
    folder.mkdir(parents=True, exist_ok=True)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True, check=False).returncode:
        pytest.skip("a small file system can only be made by root, with the right to mount")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.parametrize("size", ["4k", "16k"])
def test_a_full_disk_under_the_index_is_said_and_the_next_pass_decides_as_if_there_had_been_room(
    line: Line, tmp_path: Path, textbooks: Path, size: str
) -> None:
    full, roomy = tmp_path / "full", tmp_path / "roomy"
    for data in (full, roomy):
        shutil.copytree(textbooks, data)
    line.well("deduplicate", roomy)
    with small_disk(full / "index", size):
        said = readable(line.run("deduplicate", full))
    assert "the disk is full" in said
    assert "free some space and run it again" in said
    line.well("deduplicate", full)
    assert line.tables(full) == line.tables(roomy)


def test_a_folder_that_may_not_be_written_to_is_readable_and_says_so(line: Line, tmp_path: Path, textbooks: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(textbooks, data)
    paths = [data, *data.rglob("*")]
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        assert "Permission denied" in readable(line.run("harvest", data, *ARENA, powerless=1))
        line.well("status", data, powerless=1)
        assert "healthy" in line.well("doctor", data, powerless=1).out
    finally:
        for path in paths:
            path.chmod(0o755)


def test_a_folder_that_cannot_be_made_is_named(line: Line, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    said = readable(line.run("harvest", tmp_path / "file" / "data", *ARENA))
    assert str(tmp_path / "file" / "data") in said


@pytest.mark.parametrize("verb", ["rebuild", "doctor", "status", "deduplicate", "snapshot"])
def test_a_command_on_a_missing_folder_names_it(line: Line, tmp_path: Path, verb: str) -> None:
    more = ("first",) if verb == "snapshot" else ()
    assert str(tmp_path / "nowhere") in readable(line.run(verb, tmp_path / "nowhere", *more), rc=2)
    assert not (tmp_path / "nowhere").exists()


def test_a_rebuild_without_an_archive_leaves_everything_as_it_is(line: Line, tmp_path: Path, textbooks: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(textbooks, data)
    shutil.rmtree(data / "archive")
    assert "nothing can be rebuilt" in readable(line.run("rebuild", data))
    assert line.tables(data) == line.tables(textbooks)
