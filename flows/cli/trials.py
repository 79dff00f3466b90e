"""``thresher trials``: results for those who keep them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.shared import DEFAULT_DATA, FAILED, AsJson, Config, Data, benchmark, print_json

app = typer.Typer(help="Results, in the formats of others.", no_args_is_help=True, add_completion=False, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """A group of its own, though it has one command."""


@app.command()
def export(
    snapshot: Annotated[str, typer.Argument(help="The snapshot whose items' trials are written: nothing else may leave.")],
    folder: Annotated[Path, typer.Argument(help="Where to: one file for each model.")],
    form: Annotated[str, typer.Option("--format", help="inspect or every-eval-ever.")] = "inspect",
    data: Data = DEFAULT_DATA, config: Config = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Write trials as logs of Inspect, or as rows of Every Eval Ever.

    Only trials of items whose text left in the snapshot, in the words that it has there; the others are counted with the reason. Written
    twice, the files are the same.
    """
    from flows.cli.evaluating import migrated
    from flows.line import exporting
    from thresher.errors import UsageError

    chosen = next((known for known in exporting.FORMATS if known == form), None)
    if chosen is None:
        raise UsageError(f"{form!r} is no format; there are: {', '.join(exporting.FORMATS)}")
    work = benchmark(data, config)
    migrated(work)
    exported = exporting.export(work, snapshot, folder, chosen)
    if as_json:
        print_json(exported.row())
    else:
        print(f"{exported.trials:,} trials in {len(exported.files):,} files")
        print("\n".join([*(f"  {file}" for file in exported.files), *(f"left out: {n:,}, {why}" for why, n in exported.left_out.items())]))
    if not exported.trials:
        raise typer.Exit(FAILED)
