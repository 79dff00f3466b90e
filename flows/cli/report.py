"""``thresher report``: the benchmark as a page that somebody else can open, and word of what is new."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.shared import DEFAULT_DATA, AsJson, Config, Data, print_json, reader

if TYPE_CHECKING:
    from flows.line.settings import Settings

TOLD = "alerts.json"
"""In the data folder: the alerts that stood when somebody was last told."""


def report(
    out: Annotated[Path | None, typer.Option("--out", help="The page; else report.html in data/, with report.md beside it.")] = None,
    data: Data = DEFAULT_DATA, config: Config = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Write a page that shows how the benchmark grows.

    One HTML file that loads and runs nothing, and the same in short as Markdown: growth by night, sources and how fresh they are, kinds,
    tiers, tags, failures and their trends, refusals, leads, duplicates, what is thin and what failed. What failed, went stale or rose since
    the last report is posted to the webhook, where one is set.
    """
    from flows.line.settings import config_folder, load
    from reporting.report import as_html, as_markdown
    from thresher.disk import write_whole

    settings = load(config_folder(config))
    made = gathered(data, settings, datetime.now(UTC))
    fresh = news(made["alerts"], data / TOLD)
    path = out or data / "report.html"
    write_whole(path, as_html(made).encode())
    write_whole(path.with_suffix(".md"), as_markdown(made).encode())
    if fresh and settings.report.webhook:
        tell(fresh, made["name"], settings)
    write_whole(data / TOLD, json.dumps(made["alerts"], indent=1, ensure_ascii=False).encode())
    if as_json:
        print_json({"path": str(path), "new_alerts": fresh, **made})
        return
    print(f"{path}: {made['status']['items']:,} items, {len(made['alerts'])} things to look at, {len(fresh)} of them new")
    print("\n".join(f"  {alert}" for alert in fresh.values()))


def gathered(data: Path, settings: Settings, now: datetime) -> dict[str, Any]:
    """What the report says."""
    from flows.cli.status import sources
    from reporting.report import gather
    from store import overview
    from store.snapshot.publications import public

    with reader(data) as con:
        rows = sources(overview.visits(con), settings)
        made = gather(con, rows, name=data.resolve().name, now=now, stale_after_h=settings.report.stale_after_h)
    made["published"] = {name: [one.repository for one in places] for name, places in public(data / "snapshots").items()}
    return made


def news(alerts: dict[str, str], told: Path) -> dict[str, str]:
    """The alerts that did not stand when the last report was made. One that ended and comes back is new again."""
    try:
        before = json.loads(told.read_bytes())
    except (OSError, ValueError):
        before = {}
    return {key: text for key, text in alerts.items() if key not in before}


def tell(fresh: dict[str, str], name: str, settings: Settings) -> None:
    """Post them; NetworkError where nobody takes them, and then they are new the next time too."""
    from thresher.net.client import Client
    from thresher.net.settings import Pace

    with Client.open(settings.network) as door:
        text = "\n".join([f"{name}: {len(fresh)} new", *(f"- {alert}" for alert in fresh.values())])
        door.bind("report", Pace()).post(settings.report.webhook, json_body={"text": text, "alerts": list(fresh.values())})
