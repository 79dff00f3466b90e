"""What a run's file was when it was last known whole, noted in the history: how damage is seen without unpacking everything.

A file is sealed when its run closes it, when a later run has proven one that a killed run left, and by whoever rewrites it on purpose,
before the new file takes the place of the old one: a process may die between the two, so the seal before the last one counts as well.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

from thresher.archive import history
from thresher.errors import ArchiveError

SUFFIX = ".warc.gz"


class Seal(NamedTuple):
    """The size of a file in bytes, and the SHA-256 of them in hex."""

    size: int
    sha256: str


GIVEN_UP = Seal(0, hashlib.sha256().hexdigest())
"""Of a file that is missing or empty; noted by a rebuild that was told to do without it."""


def file_of(archive: Path, run_id: str) -> Path:
    """The file of a run."""
    return archive / f"{run_id}{SUFFIX}"


def run_of(name: str) -> str:
    """The run of a file by its name."""
    return name.removesuffix(SUFFIX)


def measure(file: Path) -> Seal:
    """What a file is now. Reads all of it, about 300 MB/s on one slow core. ArchiveError where it cannot be read."""
    if not file.exists():
        return GIVEN_UP
    try:
        with file.open("rb") as stream:
            return Seal(file.stat().st_size, hashlib.file_digest(stream, "sha256").hexdigest())
    except OSError as exc:
        raise ArchiveError(f"the archive {file} cannot be read: {exc.strerror or exc}") from exc


def note_seal(archive: Path, run_id: str, seal: Seal) -> None:
    """Say that the file of a run is, or is about to be, as ``seal`` says."""
    history.note(archive, run_id, "sealed", **seal._asdict())


def read_seals(archive: Path) -> dict[str, tuple[Seal, ...]]:
    """The last two seals of each run, the older one first."""
    seals: dict[str, tuple[Seal, ...]] = {}
    for event in history.events(archive):
        if event["event"] == "sealed":
            seals[event["run_id"]] = (*seals.get(event["run_id"], ())[-1:], Seal(event["size"], event["sha256"]))
    return seals


def shrunken(archive: Path) -> list[Path]:
    """Files that are smaller than every seal of theirs, or missing: a look that reads none of them."""
    files = ((file_of(archive, run_id), seals) for run_id, seals in sorted(read_seals(archive).items()))
    return [file for file, seals in files if _size(file) < min(seal.size for seal in seals)]


def _size(file: Path) -> int:
    return file.stat().st_size if file.is_file() else 0
