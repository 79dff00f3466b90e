"""What to do next with a benchmark, worked out from its state."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flows.line.settings import Settings, why_off

QUIET_FOR = timedelta(days=2)
"""Without a run for so long nobody seems to harvest by a schedule."""


@dataclass(frozen=True)
class Step:
    """One thing to do: why, and the command that does it."""

    why: str
    command: str = ""


@dataclass(frozen=True)
class Place:
    """The folders that the commands are to name, where they are not the usual ones."""

    data: Path
    config: Path | None = None

    def command(self, *words: str) -> str:
        """A command on this benchmark, as it is typed."""
        options = [] if self.data == Path("data") else ["--data", str(self.data)]
        options += [] if self.config is None else ["--config", str(self.config)]
        return shlex.join(["thresher", *words, *options])


def next_steps(overview: Mapping[str, Any], settings: Settings, place: Place, now: datetime) -> list[Step]:
    """The most urgent first; empty where all is well."""
    return [
        *_runs(overview, place),
        *_waiting(overview["status"], place),
        *_growth(overview, settings.export.publish.repository, place, now),
        *_sources(overview, settings, place),
        *_schedule(overview, place, now),
    ]


def _runs(overview: Mapping[str, Any], place: Place) -> Iterator[Step]:
    """What a run left undone."""
    last = overview["status"]["last_run"]
    if last and last["state"] == "running":
        yield Step("A run is under way, or was killed: then the next one takes up what it left.")
    elif last and last["state"] == "failed":
        yield Step(f"The last run failed ({last['error']}); what it fetched is in the archive, and the next one takes it up.")
    for source in overview["sources"]:
        if source["state"] in ("failed", "partial"):
            ended = "failed" if source["state"] == "failed" else "was done in part"
            yield Step(f"{source['source']} {ended}: {source['error']}", _again(source, place))


def _again(source: Mapping[str, Any], place: Place) -> str:
    """Files are given anew as they were; a site is asked for what is still missing."""
    command = str(source["command"] or "")
    return command if command.startswith("thresher ingest") else place.command("harvest", source["source"])


def _waiting(status: Mapping[str, Any], place: Place) -> Iterator[Step]:
    waiting = max(status["embedding_pending"], status["undecided"])
    if waiting:
        yield Step(f"{counted(waiting, 'item')} to embed, or to compare with the others.", place.command("deduplicate"))
    if status["records_due"]:
        yield Step(f"{counted(status['records_due'], 'record')} to judge by the rules: the next harvest of the source does it.")
    if status["dead_letters"]:
        sql = f'duckdb {shlex.quote(str(place.data / "benchmark.duckdb"))} "FROM open_dead_letters"'
        yield Step(f"{counted(status['dead_letters'], 'dead letter')}: parts of pages that could not be read, each with its reason.", sql)


def _growth(overview: Mapping[str, Any], repository: str, place: Place, now: datetime) -> Iterator[Step]:
    growing = [failure for failure in overview["rising"] if failure["trend"] == "growing"]
    if growing:
        yield Step(
            f"{growing[0]['label']!r} is reported more and more often.", place.command("clusters", "show", growing[0]["cluster_id"][:8])
        )
    status, landed = overview["status"], overview["landed_since_snapshot"]
    if status["items"] and landed:
        since = f"since the snapshot {status['snapshots'][-1]['name']}" if status["snapshots"] else "so far, and no snapshot was made"
        yield Step(f"{counted(landed, 'item')} landed {since}.", place.command("snapshot", f"{now:%Y-%m-%d}"))
    last = status["snapshots"][-1]["name"] if status["snapshots"] else ""
    if repository and last and repository not in overview["published"].get(last, []):
        yield Step(f"The snapshot {last} is not at {repository}.", place.command("publish", last))


def _sources(overview: Mapping[str, Any], settings: Settings, place: Place) -> Iterator[Step]:
    """Sources that are on and were never asked, and what the others need."""
    visited = {source["source"] for source in overview["sources"] if source["last_visit"]}
    fresh = [name for name, source in settings.sources.items() if not why_off(source) and name not in visited]
    if fresh and not settings.network.contact:
        yield Step(
            f"{_listed(fresh)} can be harvested once sites know whom to write to.", "export THRESHER_NETWORK_CONTACT=you@example.org"
        )
    elif fresh:
        yield Step(f"{_listed(fresh)} {'was' if len(fresh) == 1 else 'were'} never asked.", place.command("harvest", *fresh))
    for source in settings.sources.values():
        if reason := why_off(source):
            yield Step(f"{source.name} is off: {reason}.")


def _schedule(overview: Mapping[str, Any], place: Place, now: datetime) -> Iterator[Step]:
    last = overview["status"]["last_run"]
    if last and now - datetime.fromisoformat(last["started_at"]) > QUIET_FOR:
        days = (now - datetime.fromisoformat(last["started_at"])).days
        yield Step(f"Nothing has run for {days} days; `serve` harvests every night.", place.command("serve"))


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def counted(n: int, noun: str) -> str:
    """``1 item``, ``2,000 items``."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
