"""What a person gives by mistake, or a disk has damaged: one line that says what to do, the right exit code, and the rest is kept."""

from __future__ import annotations

import gzip
import json
import os
import random
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from driver import Line, Run

from flows.cli import app, defects
from store.file.database import Database

ROOT = Path(__file__).resolve().parents[3]
FIXTURES = ROOT / "tests" / "fixtures"
SOURCES = {"discourse": "json", "stackexchange": "json", "textbooks": "cnxml", "arena": "jsonl", "reddit": "json"}


def told(done: subprocess.CompletedProcess[str], code: int) -> str:
    """The one line of a command that ended so."""
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    return done.stderr


def packed(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("topic.json", "{}")


def tarred(path: Path) -> None:
    with tarfile.open(path, "w") as archive:
        archive.add(FIXTURES / "discourse" / "topic.json", "topic.json")


WRONG: dict[str, tuple[Callable[[Path], object], str]] = {
    "a zip": (packed, "is a zip archive: unpack it first"),
    "a tar": (tarred, "is a tar archive: unpack it first"),
    "a gzip file of something": (lambda path: path.write_bytes(gzip.compress(b"something")), ""),
    "a 7z": (lambda path: path.write_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(40)), "unpack it first"),
    "a PDF": (lambda path: path.write_bytes(b"%PDF-1.7\n" + bytes(range(256))), "is a PDF"),
    "an empty file": (lambda path: path.write_bytes(b""), "is empty"),
    "an answer without anything in it": (lambda path: path.write_text("[]"), "nothing in it that"),
    "noise": (lambda path: path.write_bytes(random.Random(1).randbytes(3000)), "nothing in it that"),
    "an empty folder": (lambda path: path.mkdir(), ""),
    "a folder of zips": (lambda path: (path.mkdir(), packed(path / "one.zip")), "one.zip is a zip archive: unpack it first"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_no_source_reads_ends_with_1_and_a_line_that_says_what_to_do(thresher: Run, tmp_path: Path, name: str) -> None:
    make, advice = WRONG[name]
    for source, suffix in SOURCES.items() if name in ("noise", "a zip") else [("discourse", "json")]:
        path = tmp_path / f"some_file.{suffix}"
        make(path)
        done = thresher("ingest", source, str(path), "--site", "coffee", "--no-embed", "--data", str(tmp_path / "data"))
        said = told(done, 1)
        assert advice in said
        assert str(path) in said
        path.unlink() if path.is_file() else shutil.rmtree(path)


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """A folder in which half of the files are damaged, each in its own way, or no files at all."""
    folder = tmp_path / "logs"
    folder.mkdir()
    shutil.copyfile(FIXTURES / "arena" / "ppe_v1.jsonl", folder / "a.jsonl")
    shutil.copyfile(FIXTURES / "arena" / "arena_140k.jsonl", folder / "z.jsonl")
    (folder / "b.parquet").write_bytes(b"PAR1" + random.Random(1).randbytes(500) + b"PAR1")
    (folder / "c.jsonl.gz").write_bytes(gzip.compress((FIXTURES / "arena" / "arena_55k.jsonl").read_bytes())[:-30])
    (folder / "d.json").write_text("[" * 100_000)
    (folder / "e.csv").write_bytes(b"\xff\xfe" + random.Random(1).randbytes(200))
    (folder / "f.jsonl").symlink_to(folder / "nowhere.jsonl")
    (folder / "g.jsonl").write_bytes(b'{"a": "\xff\xfe"}\n')
    packed(folder / "h.zip")
    (folder / os.fsdecode(b"i-\xff\xfe.jsonl")).write_text((FIXTURES / "arena" / "expert_5k.jsonl").read_text())
    return folder


def test_damaged_files_cost_themselves_and_the_rest_of_the_folder_lands(thresher: Run, tmp_path: Path, logs: Path) -> None:
    done = thresher("ingest", "arena", str(logs), "--no-embed", "--data", str(tmp_path / "data"))
    said = told(done, 3)
    assert "files or pages could not be read" in said
    with Database(tmp_path / "data").reader() as con:
        landed = con.execute("SELECT count(DISTINCT url) FROM pages WHERE records > 0").fetchall()
        dead = con.execute("SELECT url FROM dead_letters").fetchall()
    assert landed[0][0] >= 3
    assert {Path(url).name for (url,) in dead} >= {"b.parquet", "d.json"}


def test_of_several_paths_one_that_is_bad_costs_itself(thresher: Run, tmp_path: Path) -> None:
    packed(tmp_path / "bad.zip")
    good = FIXTURES / "stackexchange" / "questions.json"
    paths = (str(tmp_path / "bad.zip"), str(good))
    done = thresher("ingest", "stackexchange", *paths, "--site", "coffee", "--no-embed", "--data", str(tmp_path / "data"))
    assert "could not be read" in told(done, 3)
    with Database(tmp_path / "data").reader() as con:
        assert con.execute("SELECT count(*) FROM records").fetchall()[0][0] > 0


def test_a_file_that_may_not_be_read_costs_itself(line: Line, tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    for name in ("a.json", "b.json"):
        shutil.copyfile(FIXTURES / "stackexchange" / "questions.json", folder / name)
    (folder / "b.json").chmod(0)
    done = line.run("ingest", tmp_path / "data", "stackexchange", folder, "--site", "coffee", "--no-embed", powerless=1)
    assert done.rc == 3
    assert "1 of 2 files or pages could not be read (unreadable_file 1)" in done.err
    assert "Permission denied" in done.err


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_a_terminal_without_the_letters_gets_escapes(thresher: Run, data: Path, encoding: str) -> None:
    shown = thresher("show", "-n", "40", "--data", str(data), PYTHONIOENCODING=encoding)
    assert (shown.returncode, shown.stderr) == (0, "")
    printed = thresher("show", "-n", "40", "--json", "--data", str(data), PYTHONIOENCODING=encoding)
    items = [json.loads(line) for line in printed.stdout.splitlines()]
    assert len(items) == 40
    assert any(not json.dumps(item, ensure_ascii=False).isascii() for item in items)
    assert thresher("status", "--data", str(data), PYTHONIOENCODING=encoding).returncode == 0


def test_texts_that_are_none_can_be_compared(tmp_path: Path) -> None:
    pairs = tmp_path / "pairs.jsonl"
    pairs.write_bytes(b'{"a": "Name the \\ud800 capital", "b": "Name the capital"}\n{"a": "caf\xe9", "b": "caf\xc3\xa9"}\n')
    for arguments in ((b"Name \xff\xfe", b"\xed\xa0\x80 Name"), (b"--pairs", os.fsencode(pairs))):
        done = subprocess.run(
            [os.fsencode(sys.executable), b"-m", b"flows.cli", b"compare", *arguments], cwd=ROOT, capture_output=True, check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout


def test_a_defect_is_a_line_and_its_traceback_is_in_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise ZeroDivisionError("nobody foresaw\nthis")

    monkeypatch.setattr(sys, "argv", ["thresher", "status", "--data", str(tmp_path)])
    monkeypatch.setattr(app.interruption, "listen", lambda: None)
    with pytest.raises(SystemExit) as ended:
        app.main(broken)
    said = capsys.readouterr().err
    assert ended.value.code == 1
    assert len(said.splitlines()) == 1
    assert "a defect of thresher" in said
    assert str(tmp_path / defects.FILE) in said
    log = (tmp_path / defects.FILE).read_text()
    assert "in broken" in log
    assert f"thresher status --data {tmp_path}" in log
