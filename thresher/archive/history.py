"""What the runs did, in order, beside the archive: ``archive/history.jsonl``.

The archive holds what was fetched; this file holds when it was decided upon, so that a rebuild decides the same things together. A line
is ``{"run_id", "event", "at", ...}``; events are ``opened`` (with a fingerprint of the run's salt), ``decided``, ``clustered``,
``held_back`` where the pages of a site from an offset of the run's file on did not move its cursor, and ``sealed``
(``thresher.archive.seals``).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from thresher.disk import BadLine, append_lines, bad_lines, read_lines

FILE = "history.jsonl"

_FIELDS: dict[str, dict[str, type]] = {
    "held_back": {"source": str, "site": str, "offset": int},
    "sealed": {"size": int, "sha256": str},
}
"""What an event has beside ``run_id``, ``event`` and ``at``."""


def note(archive: Path, run_id: str, event: str, **fields: Any) -> None:
    """Append one line and bring it to the disk."""
    archive.mkdir(parents=True, exist_ok=True)
    append_lines(archive / FILE, [{"run_id": run_id, "event": event, "at": datetime.now(UTC).isoformat(), **fields}])


def events(archive: Path) -> Iterator[dict[str, Any]]:
    """Every line that can be used, oldest first."""
    return read_lines(archive / FILE, _check)


def damaged_lines(archive: Path) -> list[BadLine]:
    """Every line that cannot."""
    return bad_lines(archive / FILE, _check)


def _check(event: dict[str, Any]) -> None:
    for name, kind in {"run_id": str, "event": str, "at": str, **_FIELDS.get(event.get("event", ""), {})}.items():
        if type(event[name]) is not kind:
            raise TypeError(f"{name} is no {kind.__name__}")
    if datetime.fromisoformat(event["at"]).tzinfo is None:
        raise ValueError("at has no time zone")
