"""What survives a crash: files and folders brought to the disk, and JSON lines that are read past what is torn."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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
    """Append and sync. A line torn by an earlier crash is closed first, so it spoils no line but itself.

    Each line ends in ``"crc"``, the CRC-32 of the line without it, so that a change is noticed that leaves it JSON. Several processes may
    append to one file, also while another one writes it anew (``keep_lines``).
    """
    data = b"".join(_sealed(json.dumps(entry, sort_keys=True).encode()) + b"\n" for entry in entries)
    try:
        fd = _locked(path)
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


def _locked(path: Path) -> int:
    """The file, made where it is not there, for nobody but us until it is closed. Whoever waited while it was written anew takes the new
    one."""
    while True:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            if path.exists() and os.path.samestat(os.fstat(fd), path.stat()):
                return fd
        except OSError:
            os.close(fd)
            raise
        os.close(fd)


def write_all(fd: int, data: bytes, place: int | None = None) -> None:
    """Every byte, at ``place`` or where the file stands: one call may take but a part of them."""
    done = 0
    while done < len(data):
        piece = memoryview(data)[done:]
        done += os.write(fd, piece) if place is None else os.pwrite(fd, piece, place + done)


_CRC = b', "crc": '


def _sealed(line: bytes) -> bytes:
    return line[:-1] + _CRC + b"%d}" % zlib.crc32(line)


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that cannot be used; as text it says where it is and what to do."""

    path: Path
    number: int
    why: str

    def __str__(self) -> str:
        return f"{self.path}, line {self.number}: {self.why}; put it right from a copy, or delete that line"


Check = Callable[[dict[str, Any]], object]
"""Raises KeyError, TypeError or ValueError for an entry that lacks what its readers use."""


def read_lines(path: Path, check: Check, offset: int = 0) -> Iterator[dict[str, Any]]:
    """Every line that can be used, from the byte on at which one begins; what ``bad_lines`` tells of is passed over. StoreError where the
    file cannot be read."""
    return (line for line in _lines(path, check, offset) if not isinstance(line, BadLine))


def bad_lines(path: Path, check: Check) -> list[BadLine]:
    """The lines that cannot be used. One that a crash tore is none of them: what it was to say was never acknowledged."""
    return [line for line in _lines(path, check) if isinstance(line, BadLine)]


def _lines(path: Path, check: Check, offset: int = 0) -> Iterator[dict[str, Any] | BadLine]:
    try:
        with path.open("rb") as file:
            file.seek(offset)
            for number, raw in enumerate(file, 1):
                line = raw.strip()
                if line and not _torn(line, is_last=not raw.endswith(b"\n")):
                    yield _entry(path, number, line, check)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error.strerror}); put it back from a copy, or move it away") from error


def _torn(line: bytes, is_last: bool) -> bool:
    """Whether a line is the beginning of an entry and not the end, or the zeros of a block that never came to the disk."""
    begun = line.startswith(b'{"') and not line.endswith(b"}") and (is_last or _CRC not in line)
    return begun or not line.strip(b"\0")


def _entry(path: Path, number: int, line: bytes, check: Check) -> dict[str, Any] | BadLine:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return BadLine(path, number, "is no JSON")
    if not isinstance(entry, dict):
        return BadLine(path, number, "is no JSON object")
    crc = entry.pop("crc", None)
    if crc is not None and crc != zlib.crc32(line[: line.rfind(_CRC)] + b"}"):
        return BadLine(path, number, "was changed after it was written")
    try:
        check(entry)
    except KeyError as error:
        return BadLine(path, number, f"lacks the field {error}")
    except (TypeError, ValueError) as error:
        return BadLine(path, number, f"cannot be used ({error})")
    return entry


def keep_lines(path: Path, check: Check, keep: Callable[[dict[str, Any]], bool]) -> None:
    """Write the file anew with those of its lines that stay; nothing is written where all do. Lines that cannot be used go."""
    amend_lines(path, check, lambda line: line if keep(line) else None)


def amend_lines(path: Path, check: Check, amended: Callable[[dict[str, Any]], dict[str, Any] | None]) -> None:
    """The same, with each line as ``amended`` gives it back; None where it goes. Who appends meanwhile waits."""
    if not path.is_file():
        return
    with may_be_written(path):
        fd = _locked(path)
        try:
            lines = list(read_lines(path, check))
            kept = [line for line in map(amended, lines) if line is not None]
            if kept == lines:
                return
            fresh = path.with_name(path.name + ".partial")
            fresh.unlink(missing_ok=True)
            append_lines(fresh, kept)
            fresh.replace(path)
            sync(path.parent)
        finally:
            os.close(fd)


def write_whole(path: Path, data: bytes) -> None:
    """A file that is there as it was or as it is to be, never half. What may be made again is not synced."""
    partial = path.with_name(f".{path.name}.partial")
    with may_be_written(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(data)
        partial.replace(path)


def sync(path: Path) -> None:
    """Bring a file to the disk, or the names of a folder: a new file is not safe before its folder is."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
