"""``make demo``: two nights of a real harvest over the sample world, through the real command, explained as it goes."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.panel import Panel

from flows import summary
from sample.server import World
from store import queries
from store.file.database import Database

FOLDER = Path("demo-data")
SHOWN: dict[queries.Sight, str] = {
    "witnessed again": "a witnessed failure reported more than once",
    "witnessed complaint": "a failure with the answer that was wrong",
    "keyed exercise": "a textbook exercise with its solution",
}
"""What the three items are."""


def main() -> int:
    """Harvest two nights, show what came, freeze a snapshot and open it. Run again, it finds nothing new."""
    out = Console(highlight=False)
    begun = time.monotonic()
    again = (FOLDER / "data" / "benchmark.duckdb").exists()
    with _world(again) as world:
        config, environment = world.write_config(FOLDER / "config"), world.environment()
        out.print(Panel(_intro(world, again), title="thresher", title_align="left"))
        for night in (2,) if again else (1, 2):
            world.night = night
            out.rule(f"night {night}", align="left")
            code = _run(out, ["harvest", "--data", str(FOLDER / "data"), "--config", str(config)], environment)
            if code:
                return code
        out.print(f"\n[dim]The six servers of the sample world answered {len(world.requests):,} requests.[/]")
    _show(out, FOLDER / "data")
    out.rule("a snapshot", align="left")
    _run(out, ["snapshot", "demo", "--data", str(FOLDER / "data"), "--config", str(FOLDER / "config")], {})
    _load(out, FOLDER / "data" / "snapshots" / "demo")
    out.rule("the benchmark on one page", align="left")
    _run(out, ["status", "--data", str(FOLDER / "data"), "--config", str(FOLDER / "config")], environment)
    out.rule("where things are, and what next", align="left")
    out.print(_outro(), soft_wrap=True)
    out.print(f"[dim]{time.monotonic() - begun:.0f} s[/]")
    return 0


def _world(again: bool) -> World:
    """The same addresses as last time, so that the sites are known to be the same; others where those are taken."""
    kept = FOLDER / "ports.json"
    FOLDER.mkdir(exist_ok=True)
    try:
        world = World(faults=not again, ports=json.loads(kept.read_text()) if again and kept.exists() else None)
    except OSError:
        world = World(faults=not again)
    kept.write_text(json.dumps(world.ports))
    return world


def _intro(world: World, again: bool) -> str:
    second = "The benchmark of the last demo is still there: nothing is new tonight, and nothing new will land." if again else ""
    return (
        "A miniature internet is up on this machine: a Reddit, a Discourse forum, a Stack Exchange, a GitHub with a book and issues, and a "
        "Hub of arena logs, with their real paths, paging, rate limits and errors, on the ports "
        f"{', '.join(map(str, world.ports.values()))}. "
        "thresher harvests it as it would the real ones, over HTTP, with PRAW for Reddit." + (f"\n{second}" if second else "")
    )


def _run(out: Console, arguments: list[str], environment: dict[str, str]) -> int:
    out.print(f"[bold]$ thresher {shlex.join(arguments)}[/]", soft_wrap=True)
    sys.stdout.flush()
    return subprocess.run([sys.executable, "-m", "flows.cli", *arguments], env={**os.environ, **environment}, check=False).returncode


def _show(out: Console, data: Path) -> None:
    out.rule("three of the items", align="left")
    with Database(data).reader() as con:
        shown: set[str] = set()
        for sight, title in SHOWN.items():
            fresh = [item_id for item_id in queries.sights(con, sight) if item_id not in shown]
            if fresh:
                shown.add(fresh[0])
                out.print(f"[italic]{title}[/]")
                out.print(summary.item_panel(queries.item(con, fresh[0])))


def _load(out: Console, folder: Path) -> None:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    import datasets  # type: ignore[import-untyped]

    datasets.disable_progress_bars()
    for config in sorted(p.parent.name for p in folder.glob("*/*.parquet")):
        rows: Any = datasets.load_dataset(str(folder), config, split="test", cache_dir=str(FOLDER / "datasets-cache"))
        out.print(f'datasets.load_dataset("{folder}", "{config}"): {len(rows):,} rows', soft_wrap=True)


def _outro() -> str:
    data = FOLDER / "data"
    return f"""{data}/benchmark.duckdb   the benchmark: try  duckdb {data}/benchmark.duckdb "FROM items_current LIMIT 5"
{data}/archive/           every answer of every site, as WARC files; `thresher rebuild` makes the database from them
{data}/snapshots/demo/    what may be published: Parquet, dataset card, manifest

[bold].venv/bin/thresher status --data {data}[/]        the page above
[bold].venv/bin/thresher show --data {data}[/]          three items at random, in full
[bold].venv/bin/thresher curate --data {data}[/]        a page on which you decide, by keyboard
[bold].venv/bin/thresher compare "What is 12 * 7?" "What is 13 * 7?"[/]   why these are two items
[bold]THRESHER_NETWORK_CONTACT=you@example.org .venv/bin/thresher harvest[/]   the real sites that need no key, into ./data
[bold]make demo[/]   once more: nothing new lands; `rm -r {FOLDER}` begins anew"""


if __name__ == "__main__":
    raise SystemExit(main())
