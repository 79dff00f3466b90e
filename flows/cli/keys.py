"""``thresher keys``: keys derived anew, and those that a person should look at first."""

from __future__ import annotations

import textwrap
from decimal import Decimal
from typing import Annotated

import typer

from flows.cli.evaluating import Cluster, Items, Kind, Language, Source, Status, Tag, Tier, migrated
from flows.cli.shared import DEFAULT_DATA, PARTLY, AsJson, Config, Data, benchmark, print_json, reader, warn

app = typer.Typer(help="Keys that are in question.", no_args_is_help=True, add_completion=False, rich_markup_mode=None)

REASONS = {
    "all_models_fail": "every trial of two or more models failed: more often the key than the models",
    "key_fails": "its own scorer does not accept the key; it does not count",
    "derivations_differ": "whoever derived it anew does not agree with it, or not with each other; all answers are shown side by side",
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


@app.command()
def check(
    items: Items = None, kind: Kind = "", tier: Tier = "", source: Source = "", language: Language = "", tag: Tag = "", status: Status = "",
    cluster: Cluster = "",
    by: Annotated[
        list[str] | None, typer.Option("--by", help="Two names of models.toml, of different families; else the first two that are.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", help="At most so many items, claimed failures and the most reported first.", min=0)] = 0,
    budget: Annotated[float | None, typer.Option("--budget", help="US dollars that are never passed.", min=0)] = None,
    max_tokens: Annotated[int | None, typer.Option("--max-tokens", help="Of one answer.", min=1)] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say how many keys and the most that it could cost; ask nobody.")] = False,
    data: Data = DEFAULT_DATA, config: Config = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Derive keys anew and compare: agreed, or disputed.

    By computation where the question is one; else two models of different families are asked, without the key. Only keys that a program
    can compare, and on which no person has spoken. Begun again it asks only what is missing. Exit code 3 where something was left.
    """
    from flows.line import deriving
    from store.evaluation import Wanted
    from thresher.characters import printable
    from thresher.models.budget import Budget

    work = benchmark(data, config)
    settings = work.settings.evaluate
    models = deriving.derivers(work.settings.models, by or [])
    for model in models:
        model.key()
    migrated(work)
    checked = deriving.check(
        work, Wanted(tuple(items or ()), kind, tier, source, language, tag, status, cluster), models,
        budget=Budget(settings.max_usd if budget is None else Decimal(str(budget))),
        max_output_tokens=max_tokens or settings.max_output_tokens, limit=limit, dry_run=dry_run,
    )  # fmt: skip
    if as_json:
        print_json(checked.row())
    else:
        named = " and ".join(model.name for model in models) or "nobody"
        print(f"{checked.items:,} keys that a program can compare, {checked.computed:,} of them computed, the others derived by {named}")
        if dry_run:
            print(f"at most ${checked.most_usd:.4f}")
        else:
            print(f"{checked.asked:,} questions asked, {checked.kept:,} answered from the archive, ${checked.usd:.4f} spent")
            print(f"agreed {checked.agreed:,}, disputed {checked.disputed:,}: `thresher keys list --reason derivations_differ` shows them")
        for reason, n in checked.left.most_common(5):
            print(f"left: {n:,}, {printable(reason)}")
    if checked.waiting:
        warn("note: somebody else is writing to the benchmark; the next command that writes takes the derivations up, none is lost")
    if checked.left and not dry_run:
        raise typer.Exit(PARTLY)
