"""Archives given to ``ingest``: a line for each, exit code 1, and nothing of what they hold is written anywhere."""

from __future__ import annotations

import gzip
import io
import random
import tarfile
import zipfile
from pathlib import Path
from typing import Literal

import pytest
from driver import Line

import scrapers
from store.file.database import Database

OUTSIDE = ("../outside.json", "a/../../outside.json", "..\\outside.json", "/tmp/thresher-outside.json")
"""Names that would lead out of a folder in which they were unpacked."""
BOMB = 64 * 2**20
LARGEST_FILE = 32 * 2**20
"""Of what the command may write: a database is smaller, an unpacked bomb larger."""


def zipped(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("topic.json", *OUTSIDE):
            archive.writestr(name, "{}")


def zip_bomb(path: Path) -> None:
    """Zeros, and a link to a file of the system."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.json", bytes(BOMB))
        link = zipfile.ZipInfo("link.json")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/hostname")


def tarred(path: Path, mode: Literal["w", "w:gz", "w:xz"] = "w") -> None:
    with tarfile.open(path, mode) as archive:
        for name in OUTSIDE:
            member = tarfile.TarInfo(name)
            member.size = 2
            archive.addfile(member, io.BytesIO(b"{}"))
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
            link = tarfile.TarInfo("link.json")
            link.type, link.linkname = kind, "/etc/hostname"
            archive.addfile(link)


@pytest.fixture(scope="session")
def archives(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, str]:
    """Archives of every kind, and what each is told to be."""
    folder = tmp_path_factory.mktemp("archives")
    zipped(folder / "some.zip")
    zipped(folder / "called.json")
    zip_bomb(folder / "bomb.zip")
    tarred(folder / "some.tar")
    tarred(folder / "called.jsonl")
    tarred(folder / "some.tar.gz", "w:gz")
    tarred(folder / "some.tar.xz", "w:xz")
    (folder / "some.7z").write_bytes(b"7z\xbc\xaf\x27\x1c\x00\x04" + random.Random(1).randbytes(300))
    (folder / "bomb.json.gz").write_bytes(gzip.compress(gzip.compress(bytes(BOMB))))
    kinds = ("zip archive", "zip archive", "zip archive", "tar archive", "tar archive", "gzip file", "xz file", "7z archive", "gzip file")
    names = ("some.zip", "called.json", "bomb.zip", "some.tar", "called.jsonl", "some.tar.gz", "some.tar.xz", "some.7z", "bomb.json.gz")
    return {folder / name: kind for name, kind in zip(names, kinds, strict=True)}


@pytest.mark.parametrize("source", scrapers.names())
def test_archives_are_refused_in_a_line_each_and_nothing_of_them_is_written(
    line: Line, tmp_path: Path, archives: dict[Path, str], source: str
) -> None:
    parent = next(iter(archives)).parent
    before = sorted(parent.rglob("*"))
    done = line.run("ingest", tmp_path / "data", source, *archives, "--no-embed", "--site", "modelwatch", file_size=LARGEST_FILE)
    assert done.rc == 1
    told = done.err.splitlines()
    assert len(told) == len(archives)
    for path, kind in archives.items():
        article = "an" if kind.startswith("x") else "a"
        assert f"{source}: {path} is {article} {kind}: unpack it first" in told
    assert sorted(parent.rglob("*")) == before
    assert {path.name for path in tmp_path.iterdir()} == {"data"}
    assert not [path for path in tmp_path.rglob("*") if path.name.endswith(("outside.json", "zeros.json", "topic.json", "link.json"))]
    assert not any(Path(place).exists() for place in ("/tmp/thresher-outside.json", "/tmp/outside.json"))
    with Database(tmp_path / "data").reader() as con:
        assert con.execute("SELECT count(*) FROM records").fetchall() == [(0,)]
