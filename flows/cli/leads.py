"""``thresher leads``: reported failures that cannot be asked again yet."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Annotated

import typer

from flows.cli.curating import Author
from flows.cli.shared import DEFAULT_DATA, AsJson, Config, Data, NoEmbed, Wait, benchmark, command_line, print_json, reader

app = typer.Typer(
    help="Look at reported failures that make no item yet, and complete them.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)


@app.command(name="list")
def list_leads(
    data: Data = DEFAULT_DATA, as_json: AsJson = False,
    missing: Annotated[str, typer.Option("--missing", help="Only those that lack this, such as no_prompt_found.")] = "",
    cluster: Annotated[str, typer.Option("--cluster", help="Only those of this failure cluster; the beginning of its id will do.")] = "",
    source: Annotated[str, typer.Option("--source", help="Only those of this source.")] = "",
    language: Annotated[str, typer.Option("--language", help="Only those in this language, such as zh.")] = "",
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
        found = open_leads.leads(con, missing=missing, model=model, cluster=cluster, source=source, language=language, limit=count)
        by_reason = open_leads.leads_by_reason(con)
    if as_json:
        print_json(found)
        return
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for column in ("sure", "lacks", "kind", "model", "what they say", "cluster", "key"):
        table.add_column(column, overflow="fold")
    for row in found:
        words = textwrap.shorten(row["claim"] or "", 100, placeholder=" ...")
        cells = (row["kind"] or "", row["model"], words, (row["cluster_id"] or "")[:8], row["record_key"])
        table.add_row(f"{row['fails']:.2f}", row["reason"], *map(escape, cells))
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
        lead["language"] or "language unknown",
        f"cluster {(lead['cluster_id'] or 'none')[:8]}",
        f"sure {lead['fails']:.2f}",
    ]
    head = f"[dim]{escape(' | '.join(about))}[/]"
    lines = [head, escape(lead["url"]), "", f"[yellow]what they say[/]: {escape(lead['claim'] or '-')}"]
    lines += [f"[green]asked, it seems[/]: {escape(lead['prompt'])}"] if lead["prompt"] else []
    lines += ["", f"[bold]{escape(lead['title'])}[/]", escape(lead["text"])]
    summary.console().print(Panel("\n".join(lines), title=escape(lead["record_key"]), title_align="left"))


@app.command()
def complete(
    key: Annotated[str, typer.Argument(help="The key of its record, or a part that no other lead has.")],
    prompt: Annotated[str, typer.Option("--prompt", help="What the model was asked.")] = "",
    prompt_file: Annotated[Path | None, typer.Option("--prompt-file", help="The same, from a file.")] = None,
    context: Annotated[str, typer.Option("--context", help="What its prompt leans on: a text, an earlier talk. It is put before it.")] = "",
    context_file: Annotated[Path | None, typer.Option("--context-file", help="The same, from a file.")] = None,
    reason: Annotated[str, typer.Option("--reason", help="How you know; kept with it.")] = "",
    undo: Annotated[bool, typer.Option("--undo", help="Take the completion back: it is a lead again.")] = False,
    author: Author = "", data: Data = DEFAULT_DATA, config: Config = None, wait: Wait = 0.0, no_embed: NoEmbed = False,
) -> None:  # fmt: skip
    """Add to a lead what it lacks, so that it becomes an item.

    The prompt or the context is kept as yours, with your name and the time, and never as the source's. It passes the same rules, redaction
    and dedupe as what is harvested.
    """
    import getpass
    from datetime import UTC, datetime

    from flows.line import completing
    from flows.line.opening import open_run
    from store import completions, open_leads
    from thresher.errors import UsageError
    from thresher.model import Completion

    asked, around = _text("prompt", prompt, prompt_file), _text("context", context, context_file)
    if undo == bool(asked or around):
        raise UsageError("give what is lacking by --prompt, --prompt-file, --context or --context-file; or --undo alone")
    work, who = benchmark(data, config), author or getpass.getuser()
    with work.database.reader() as con:
        record_key = completions.key_of(con, key) if undo else open_leads.key_of(con, key)
        if not undo:
            completions.refuse_no_lead(con, record_key)
    with open_run(work, command_line(), wait_s=wait) as run:
        if undo:
            completing.reopen(run, record_key, who, reason, embed=not no_embed)
            print(f"{record_key} is as its source left it, without what was added")
            return
        given = Completion(record_key, asked, around, "", who, reason, datetime.now(UTC))
        item = completing.complete(run, given, embed=not no_embed)
    print(f"{record_key} is a report of item {item[:12]}: `thresher show {item[:12]}`")


def _text(name: str, words: str, path: Path | None) -> str:
    """What was given on the command line or in a file. UsageError where it is both, cannot be read, or is empty."""
    from thresher.errors import UsageError

    if path is None:
        return words
    if words:
        raise UsageError(f"give --{name} or --{name}-file, not both")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: cannot be read as UTF-8 text ({error})") from error
    if not text.strip():
        raise UsageError(f"{path}: there is no text in it")
    return text
