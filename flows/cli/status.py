"""``thresher status``: the benchmark on one page, and what to do next."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.cli.shared import DEFAULT_DATA, AsJson, Config, Data, print_json, reader

if TYPE_CHECKING:
    from flows.line.settings import Settings

RISING = 5
"""Failure clusters on the page."""


def status(data: Data = DEFAULT_DATA, config: Config = None, as_json: AsJson = False) -> None:
    """Show the benchmark on one page, and what to do next.

    What it holds, how it grew, how its sources stand, which failures are on the rise, what waits, and the commands that follow from it.
    """
    from flows.cli import page
    from flows.cli.advice import Place, next_steps
    from flows.line.settings import config_folder, load  # brings pydantic, which --help does without

    settings, now = load(config_folder(config)), datetime.now(UTC)
    overview = _overview(data, settings)
    overview["next"] = [asdict(step) for step in next_steps(overview, settings, Place(data, config), now)]
    if as_json:
        print_json(overview)
    else:
        page.print_page(overview, data)


def _overview(data: Path, settings: Settings) -> dict[str, Any]:
    """All that the page says of the benchmark, JSON-ready."""
    from store import overview  # brings DuckDB, which --help does without
    from store.snapshot.publications import public

    with reader(data) as con:
        return {
            "status": overview.status(con),
            "growth": overview.growth(con),
            "sources": sources(overview.visits(con), settings),
            "sites": overview.sites(con),
            "dead_letters": overview.dead_letters(con),
            "rising": overview.rising_failures(con, RISING),
            "landed_since_snapshot": overview.landed_since_snapshot(con),
            "published": {name: [made.repository for made in places] for name, places in public(data / "snapshots").items()},
            "disk": {name: _bytes(data / name) for name in ("benchmark.duckdb", "archive", "index", "snapshots")},
        }


def sources(visits: list[dict[str, Any]], settings: Settings) -> list[dict[str, Any]]:
    """Every source that is configured or was ever read: whether it is on, and how its last visit ended."""
    from flows.line.settings import why_off

    by_name = {visit["source"]: visit for visit in visits}
    rows = []
    for name in sorted({*settings.sources, *by_name}):
        visit = by_name.get(name, {})
        rows.append(
            {
                "source": name,
                "off": why_off(settings.sources[name]) if name in settings.sources else "not configured",
                "last_visit": visit.get("started_at"),
                **{key: visit.get(key) for key in ("run_id", "command", "state", "error", "records", "landed")},
            }
        )
    return rows


def _bytes(path: Path) -> int:
    """What a file or a folder takes on the disk."""
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
