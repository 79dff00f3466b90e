"""What survives a crash: files and folders brought to the disk, and JSON lines that are read past what is torn."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from thresher.errors import StoreError


def append_lines(path: Path, entries: Iterable[dict[str, Any]]) -> None:
    """Append and sync. A line torn by an earlier crash is closed first, so it spoils no line but itself."""
    data = "".join(json.dumps(entry, sort_keys=True) + "\n" for entry in entries).encode()
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            size = os.fstat(fd).st_size
            if size and os.pread(fd, 1, size - 1) != b"\n":
                data = b"\n" + data
            _write_all(fd, data)
            os.fsync(fd)
        finally:
            os.close(fd)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written ({error.strerror}); what was committed stays, run the command again") from error


def _write_all(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Every whole line; one that is torn or damaged is passed over."""
    if not path.is_file():
        return
    with path.open("rb") as file:
        for line in file:
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if isinstance(entry, dict):
                yield entry


def keep_lines(path: Path, keep: Callable[[dict[str, Any]], bool]) -> None:
    """Write the file anew with those of its lines that stay; nothing is written where all do."""
    lines = list(read_lines(path))
    kept = [line for line in lines if keep(line)]
    if len(kept) == len(lines):
        return
    fresh = path.with_name(path.name + ".partial")
    fresh.unlink(missing_ok=True)
    append_lines(fresh, kept)
    fresh.replace(path)
    sync(path.parent)


def sync(path: Path) -> None:
    """Bring a file to the disk, or the names of a folder: a new file is not safe before its folder is."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
