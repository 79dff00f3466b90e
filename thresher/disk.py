"""What survives a crash: files and folders brought to the disk, and JSON lines that are read past what is torn."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from thresher.errors import StoreError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def may_be_written(path: Path) -> Iterator[None]:
    """What the system refuses inside becomes a StoreError that says what to do."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        if error.errno in _FULL:
            raise StoreError(
                f"{path}: the disk is full ({reason}); nothing of this step was kept, free some space and run it again"
            ) from error
        raise StoreError(f"{path}: may not be written ({reason}); check the owner and mode of the file and of its folder") from error


def append_lines(path: Path, entries: Iterable[dict[str, Any]]) -> None:
    """Append and sync. A line torn by an earlier crash is closed first, so it spoils no line but itself."""
    data = "".join(json.dumps(entry, sort_keys=True) + "\n" for entry in entries).encode()
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            size = os.fstat(fd).st_size
            if size and os.pread(fd, 1, size - 1) != b"\n":
                data = b"\n" + data
            write_all(fd, data)
            os.fsync(fd)
        finally:
            os.close(fd)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written ({error.strerror}); what was committed stays, run the command again") from error


def write_all(fd: int, data: bytes, place: int | None = None) -> None:
    """Every byte, at ``place`` or where the file stands: one call may take but a part of them."""
    done = 0
    while done < len(data):
        piece = memoryview(data)[done:]
        done += os.write(fd, piece) if place is None else os.pwrite(fd, piece, place + done)


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


def sync(path: Path) -> None:
    """Bring a file to the disk, or the names of a folder: a new file is not safe before its folder is."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
