"""``thresher hydrate``: rows that left as ids, with their texts again."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from flows.cli.shared import DEFAULT_DATA, PARTLY, AsJson, Config, Data, Wait, benchmark, command_line, print_json, progress, warn


def hydrate(
    snapshot: Annotated[Path, typer.Argument(help="The folder of a snapshot: one of data/snapshots, or one that was downloaded.")],
    out: Annotated[Path | None, typer.Option("--out", help="Where the rows go; else data/hydrated/NAME.")] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Ask nobody: fill in from the benchmark alone.")] = False,
    data: Data = DEFAULT_DATA, config: Config = None, as_json: AsJson = False, wait: Wait = 0.0,
) -> None:  # fmt: skip
    """Fill in the rows that left as ids alone.

    Their records are asked for at their sources, by id and with your own access; they land and are judged in the benchmark in data/ (made
    where there is none). A row is filled in where that gives the item of the very same id, which is a hash of its text; missing.json says
    of each other one why. The texts are for you: their licence lets nobody pass them on. Ends with 3 where any is missing.
    """
    from flows.line.hydrating import Hydration
    from flows.line.opening import open_run
    from store.snapshot.hydration import fill, references
    from thresher.errors import UsageError

    wanted = references(snapshot)
    work = benchmark(data, config, create=not offline)
    folder = out or work.folder / "hydrated" / snapshot.resolve().name
    holds_benchmark = folder.resolve() in (work.folder.resolve(), *work.folder.resolve().parents)
    if holds_benchmark or (folder.exists() and not (folder / "missing.json").is_file() and any(folder.iterdir())):
        raise UsageError(f"{folder}: holds something else; give another folder by --out")
    refused: dict[tuple[str, str], str] = {}
    if wanted and not offline:
        with progress(as_json) as bars, open_run(work, command_line(), wait_s=wait, progress=bars) as run:
            asked = Hydration(run, wanted)
            asked.ask(run)
            refused = asked.refused
        for text in (*run.notices, *run.failed, *run.partly):
            warn(f"note: {text}")
    with work.database.reader() as con:
        filled = fill(con, wanted, folder, work.settings.export, refused)
    if as_json:
        print_json(asdict(filled))
    else:
        total = sum(filled.items.values())
        print(f"{folder}: {total:,} of {total + len(filled.missing):,} items that left as ids are filled in")
        print("\n".join(f"  {config} {count:,}" for config, count in sorted(filled.items.items())))
        for why, count in Counter(filled.missing.values()).most_common():
            print(f"{count:,} not: {why}")
    if filled.missing:
        raise typer.Exit(PARTLY)
