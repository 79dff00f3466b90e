"""Who may write: a lock file that names its holder and that a dead process cannot hold."""

from __future__ import annotations

import fcntl
import json
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from thresher.errors import DatabaseLocked, StoreError

_POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that holds the lease, as it wrote itself into the lock file."""

    pid: int | None
    command: str
    since: datetime | None

    def __str__(self) -> str:
        since = self.since.isoformat(timespec="seconds") if self.since else "an unknown time"
        return f"locked by PID {self.pid or '?'} since {since} ({self.command or 'unknown command'})"


class Lease:
    """An exclusive ``flock`` on ``path``. The kernel frees it when its process dies, however it dies."""

    def __init__(self, path: Path, command: str) -> None:
        self._path = path
        self._command = command
        self._fd: int | None = None

    def acquire(self, wait_s: float) -> None:
        """Take the lease, or raise DatabaseLocked once ``wait_s`` seconds have passed."""
        deadline = time.monotonic() + wait_s
        fd = self._open()
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    os.close(fd)
                    holder = read_holder(self._path)
                    raise DatabaseLocked(
                        f"{self._path.parent}: {holder}; wait for it to end, or give the seconds to wait by --wait",
                        pid=holder.pid,
                        since=holder.since,
                    ) from None
                time.sleep(_POLL_S)
        self._fd = fd
        self._write({"pid": os.getpid(), "command": self._command, "since": datetime.now(UTC).isoformat()})

    def release(self) -> None:
        """Give the lease back; the file stays, empty, because unlinking it would let two processes lock two files of one name."""
        if self._fd is not None:
            os.ftruncate(self._fd, 0)
            os.close(self._fd)
            self._fd = None

    def __enter__(self) -> Lease:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()

    def _open(self) -> int:
        try:
            return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise StoreError(f"cannot write {self._path}: {error.strerror}; a harvest needs a folder that it may write to") from error

    def _write(self, holder: dict[str, object]) -> None:
        assert self._fd is not None
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, json.dumps(holder).encode(), 0)


def read_holder(path: Path) -> Holder:
    """Who holds the lease, or held it last; empty fields where the file does not say."""
    try:
        entry = json.loads(path.read_text())
        return Holder(int(entry["pid"]), str(entry["command"]), datetime.fromisoformat(entry["since"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Holder(None, "", None)
