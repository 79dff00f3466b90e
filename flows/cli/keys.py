"""``thresher keys``: items whose key a person should look at first."""

from __future__ import annotations

import textwrap
from typing import Annotated

import typer

from flows.cli.shared import DEFAULT_DATA, AsJson, Data, print_json, reader

app = typer.Typer(help="Keys that are in question.", no_args_is_help=True, add_completion=False, rich_markup_mode=None)

REASONS = {
    "all_models_fail": "every trial of two or more models failed: more often the key than the models",
    "key_fails": "its own scorer does not accept the key; it does not count",
    "failing_passes": "its scorer accepts the failing answer that was recorded; it does not count",
}


@app.callback()
def _keys() -> None:
    """Keys that are in question."""


@app.command(name="list")
def list_keys(
    reason: Annotated[str, typer.Option("--reason", help=f"Only those queued for this: {', '.join(REASONS)}.")] = "",
    count: Annotated[int, typer.Option("--count", "-n", help="At most so many.", min=1)] = 20,
    data: Data = DEFAULT_DATA, as_json: AsJson = False,
) -> None:  # fmt: skip
    """List items whose key a person should look at first, and why.

    `thresher verdict` says what a key is worth, `thresher show` shows the item with its trials.
    """
    from rich.markup import escape
    from rich.table import Table

    from flows import summary
    from store import evaluation
    from thresher.errors import UsageError

    if reason and reason not in REASONS:
        raise UsageError(f"{reason!r} is no reason; there are: {', '.join(REASONS)}")
    with reader(data) as con:
        queue = [row for row in evaluation.key_queue(con) if not reason or row["reason"] == reason]
    if as_json:
        print_json(queue[:count])
        return
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for column in ("item", "reason", "why", "key", "question"):
        table.add_column(column, overflow="fold")
    for row in queue[:count]:
        cells = (row["why"], textwrap.shorten(row["target"], 40), textwrap.shorten(row["question"] or "", 80, placeholder=" ..."))
        table.add_row(row["item_id"][:12], row["reason"], *map(escape, cells))
    summary.console().print(table)
    said = {name: sum(row["reason"] == name for row in queue) for name in REASONS}
    print(f"{len(queue):,} items in the key queue" + "".join(f"\n  {n:,} {name}: {REASONS[name]}" for name, n in said.items() if n))
