"""What the runs did, in order, beside the archive: ``archive/history.jsonl``.

The archive holds what was fetched; this file holds when it was decided upon, so that a rebuild decides the same things together. A line
is ``{"run_id", "event", "at", ...}``; events are ``opened``, ``decided``, ``clustered``; ``held_back`` where the pages of a site from a
moment on did not move its cursor; and ``settled`` where it was decided whether what a site no longer shows is deleted.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from thresher.disk import append_lines, read_lines

FILE = "history.jsonl"


def note(archive: Path, run_id: str, event: str, **fields: Any) -> None:
    """Append one line and bring it to the disk."""
    archive.mkdir(parents=True, exist_ok=True)
    append_lines(archive / FILE, [{"run_id": run_id, "event": event, "at": datetime.now(UTC).isoformat(), **fields}])


def events(archive: Path) -> Iterator[dict[str, Any]]:
    """Every whole line, oldest first."""
    return (event for event in read_lines(archive / FILE) if "run_id" in event)
