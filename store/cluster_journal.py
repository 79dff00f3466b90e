"""What became of the failure clusters of each pass, in ``archive/clusters.jsonl``, so that a rebuild calls them as before.

A cluster's id is made of a phrase that may be deleted later, and which clusters merged or split may have hung on it. So a rebuild does not
find it out again: it takes from here where each phrase went that is still said. Of a phrase only its hash is kept, and no longer than the
phrase itself. A pass writes its lines before it commits; those of a pass that never committed are passed over, for no run noted it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from store import failures
from store.file.database import Connection
from thresher.disk import BadLine, append_lines, bad_lines, keep_lines, read_lines
from thresher.text import content_hash

FILE = "clusters.jsonl"
EventName = Literal["opened", "merged", "split", "closed"]
Event = tuple[EventName, str, str | None]


@dataclass(frozen=True, slots=True)
class Passed:
    """What one pass did in one category: the cluster of each phrase that was new or moved, by ``phrase_hash``, and the events in order."""

    encoder: str
    homes: Mapping[str, str]
    events: tuple[Event, ...]

    def home(self, category: str, phrase: str) -> str | None:
        """The cluster that a phrase went to; None where it was not touched, or not said yet."""
        return self.homes.get(phrase_hash(category, phrase))


def phrase_hash(category: str, phrase: str) -> str:
    """What is kept of a phrase."""
    return content_hash("phrase", category, phrase)[:24]


def keep(archive: Path, run_id: str, category: str, encoder: str, homes: Mapping[str, str], events: Sequence[Event]) -> None:
    """Bring to the disk what a pass does in a category. ``homes`` by phrase."""
    entries: list[dict[str, Any]] = [
        {"kind": "home", "run_id": run_id, "category": category, "encoder": encoder, "phrase": phrase_hash(category, phrase), "cluster": to}
        for phrase, to in sorted(homes.items())
    ]
    entries += [
        {"kind": event, "run_id": run_id, "category": category, "encoder": encoder, "cluster": cluster, "other": other or ""}
        for event, cluster, other in events
    ]
    if entries:
        archive.mkdir(parents=True, exist_ok=True)
        append_lines(archive / FILE, [{**entry, "n": n} for n, entry in enumerate(entries)])


def passes(archive: Path) -> dict[tuple[str, str], Passed]:
    """By run and category; of a pass that was repeated the last. Read once for all runs of a rebuild."""
    gathered: dict[tuple[str, str], tuple[str, dict[str, str], list[Event]]] = {}
    last: dict[tuple[str, str], int] = {}
    for line in read_lines(archive / FILE, check):
        key = (line["run_id"], line["category"])
        if key not in gathered or line["n"] <= last[key]:  # a pass that was killed and repeated begins anew
            gathered[key] = (line["encoder"], {}, [])
        last[key] = line["n"]
        _, homes, events = gathered[key]
        if line["kind"] == "home":
            homes[line["phrase"]] = line["cluster"]
        else:
            events.append((line["kind"], line["cluster"], line["other"] or None))
    return {key: Passed(encoder, homes, tuple(events)) for key, (encoder, homes, events) in gathered.items()}


def purge(con: Connection, archive: Path) -> None:
    """Drop what is said here of phrases and clusters that left the database."""
    phrases = {phrase_hash(category, phrase) for category, phrase in failures.all_phrases(con)}
    events = failures.all_events(con)

    def stays(line: dict[str, Any]) -> bool:
        if line["kind"] == "home":
            return line["phrase"] in phrases
        return (line["kind"], line["cluster"], line["other"] or None) in events

    keep_lines(archive / FILE, check, stays)


def damaged_lines(archive: Path) -> list[BadLine]:
    """The lines that cannot be used."""
    return bad_lines(archive / FILE, check)


def check(line: dict[str, Any]) -> None:
    """KeyError, TypeError or ValueError for a line that lacks something."""
    names: Iterable[str] = ("kind", "run_id", "category", "encoder", "cluster", "phrase" if line["kind"] == "home" else "other")
    if not all(type(line[name]) is str for name in names) or type(line["n"]) is not int:
        raise TypeError("a line of clusters.jsonl has texts and a number n")
    if line["kind"] not in ("home", *get_args(EventName)):
        raise ValueError(f"{line['kind']!r} is nothing that becomes of a cluster")
