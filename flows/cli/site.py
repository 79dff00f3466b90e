"""``thresher site``: static pages of what may be shown."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from flows.cli.shared import DEFAULT_DATA, AsJson, Config, Data, print_json, reader


def site(
    name: Annotated[str, typer.Argument(help="A snapshot that was frozen; the newest one by default.")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="The folder of the pages; else data/site.")] = None,
    data: Data = DEFAULT_DATA, config: Config = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Write a site of static pages from a snapshot.

    A page for each item whose text may leave and for each failure that people report, with status, sources, items like it and how to run
    it; an index that searches itself. It needs no server: open index.html, or put the folder on any host.
    """
    from flows.line.settings import config_folder, load
    from reporting.site import build
    from store import overview
    from store.snapshot.freeze import check_name
    from thresher.errors import UsageError

    settings = load(config_folder(config))
    with reader(data) as con:
        snapshots = overview.snapshots(con)
        if not (name or snapshots):
            raise UsageError("no snapshot was made: thresher snapshot NAME")
        chosen = check_name(name or snapshots[-1]["name"])
        made = build(con, data / "snapshots" / chosen, out or data / "site", settings.export.publish.repository)
    if as_json:
        print_json(asdict(made))
    else:
        print(f"{made.folder}/index.html: {made.items:,} items, {made.failures:,} failures, {made.without_text:,} items without text")
