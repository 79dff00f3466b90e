"""``thresher leads``: reported failures that cannot be asked again yet."""

from __future__ import annotations

import textwrap
from typing import Annotated

import typer

from flows.cli.shared import DEFAULT_DATA, AsJson, Data, print_json, reader

app = typer.Typer(
    help="Look at reported failures that make no item yet.", no_args_is_help=True, add_completion=False, rich_markup_mode=None
)


@app.command(name="list")
def list_leads(
    data: Data = DEFAULT_DATA, as_json: AsJson = False,
    reason: Annotated[str, typer.Option("--reason", help="Only those that lack this, such as no_prompt_found.")] = "",
    model: Annotated[str, typer.Option("--model", help="Only those that blame a model of this name, or part of it.")] = "",
    count: Annotated[int, typer.Option("--count", "-n", help="At most so many.", min=1)] = 20,
) -> None:  # fmt: skip
    """List leads, the surest first.

    Each with the words that say what went wrong, the model that is blamed, and what is lacking to ask again.
    """
    from rich.markup import escape
    from rich.table import Table

    from flows import summary
    from store import open_leads

    with reader(data) as con:
        found = open_leads.leads(con, reason=reason, model=model, limit=count)
        by_reason = open_leads.leads_by_reason(con)
    if as_json:
        print_json(found)
        return
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for column in ("sure", "lacks", "kind", "model", "what they say", "key"):
        table.add_column(column, overflow="fold")
    for row in found:
        words = textwrap.shorten(row["claim"] or "", 100, placeholder=" ...")
        table.add_row(
            f"{row['fails']:.2f}", row["reason"], row["kind"] or "", escape(row["model"]), escape(words), escape(row["record_key"])
        )
    summary.console().print(table)
    print(f"{sum(by_reason.values()):,} leads: " + (", ".join(f"{n:,} {name}" for name, n in by_reason.items()) or "none yet"))


@app.command()
def show(
    key: Annotated[str, typer.Argument(help="The key of its record, or a part that no other has.")],
    data: Data = DEFAULT_DATA, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Show one lead with the whole post."""
    from rich.markup import escape
    from rich.panel import Panel

    from flows import summary
    from store import open_leads

    with reader(data) as con:
        lead = open_leads.lead(con, key)
    if as_json:
        print_json(lead)
        return
    about = [
        lead["source"],
        lead["model"] or "no model named",
        lead["reason"],
        lead["kind"] or "kind not clear",
        f"sure {lead['fails']:.2f}",
    ]
    head = f"[dim]{escape(' | '.join(about))}[/]"
    lines = [head, escape(lead["url"]), "", f"[yellow]what they say[/]: {escape(lead['claim'] or '-')}"]
    lines += [f"[green]asked, it seems[/]: {escape(lead['prompt'])}"] if lead["prompt"] else []
    lines += ["", f"[bold]{escape(lead['title'])}[/]", escape(lead["text"])]
    summary.console().print(Panel("\n".join(lines), title=escape(lead["record_key"]), title_align="left"))
