"""DuckDB's messages, translated into what happened and what to do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from thresher.errors import DatabaseDamaged, DatabaseLocked, SchemaTooNew, StoreError

if TYPE_CHECKING:
    import duckdb

_HOLDER = re.compile(r"\(PID (\d+)\)")
_DAMAGED = (
    "not a valid DuckDB database file",
    "Corrupt database file",
    "Corrupt WAL file",
    "Failure while replaying WAL",
    "WAL does not match database file",
    "Could not read enough bytes",
    "Failed to read",
    "checksum",
)
_FULL = ("No space left on device", "File too large", "Disk quota exceeded")


def translate(error: duckdb.Error | OSError, path: Path) -> StoreError:
    """The error of ours that says the same; plain StoreError where the message is not known."""
    import duckdb

    text = str(error)
    first = text.splitlines()[0] if text else type(error).__name__
    if "Conflicting lock" in text or "Could not set lock" in text:
        holder = _HOLDER.search(text)
        pid = int(holder.group(1)) if holder else None
        return DatabaseLocked(f"{path}: another process (PID {pid or '?'}) has the file open; close it and try again", pid=pid)
    if "version number" in text or "storage version" in text.lower():
        return SchemaTooNew(
            f"{path}: its storage format is not one that DuckDB {duckdb.__version__} reads ({first}); "
            "use the release that wrote it. Nothing was written"
        )
    if any(mark in text for mark in _FULL):
        return StoreError(f"{path}: the disk is full ({first}); nothing of this step was kept, free some space and run it again")
    if "Read-only file system" in text or "Permission denied" in text:
        return StoreError(f"{path}: may not be written ({first}); check the owner and mode of the file and of its folder")
    if any(mark in text for mark in _DAMAGED):
        return DatabaseDamaged(f"{path}: damaged ({first}); run `thresher doctor`, then `thresher rebuild`")
    if "does not exist" in text and isinstance(error, duckdb.IOException):
        return StoreError(f"{path}: there is no database yet; a first harvest makes it")
    return StoreError(f"{path}: {first}")
