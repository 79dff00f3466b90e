"""Where snapshots went: a line for each publication and each withdrawal, beside the snapshots. A rebuild leaves it as it is."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from thresher.disk import append_lines, read_lines

FILE = "published.jsonl"


@dataclass(frozen=True, slots=True)
class Publication:
    """A snapshot in a repository: its commit there, or that it was withdrawn."""

    name: str
    repository: str
    url: str
    revision: str
    withdrawn: bool = False


def note(snapshots: Path, made: Publication) -> None:
    """Write it down, unless the last line of it says the same."""
    if made not in publications(snapshots):
        append_lines(snapshots / FILE, [{**asdict(made), "at": datetime.now(UTC).isoformat()}])


def publications(snapshots: Path) -> list[Publication]:
    """The last that is known of each snapshot in each repository, in the order in which they were first published."""
    last: dict[tuple[str, str], Publication] = {}
    for line in read_lines(snapshots / FILE, _publication):
        made = _publication(line)
        last[made.name, made.repository] = made
    return list(last.values())


def public(snapshots: Path) -> dict[str, list[Publication]]:
    """Those that were not withdrawn, by snapshot."""
    out: dict[str, list[Publication]] = {}
    for made in publications(snapshots):
        if not made.withdrawn:
            out.setdefault(made.name, []).append(made)
    return out


def _publication(line: dict[str, Any]) -> Publication:
    """KeyError where the line lacks something."""
    return Publication(str(line["name"]), str(line["repository"]), str(line["url"]), str(line["revision"]), bool(line["withdrawn"]))
