"""``thresher usage``: what people use a product for."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.shared import DEFAULT_DATA, AsJson, Config, Data, benchmark, print_json

if TYPE_CHECKING:
    from rich.tree import Tree

    from dedupe.facets import Facet

app = typer.Typer(help="What people use your product for, from its logs.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """With one command alone typer would take it for the group."""


@app.command(name="facets")
def show_facets(
    data: Data = DEFAULT_DATA, config: Config = None, as_json: AsJson = False,
    sources: Annotated[list[str] | None, typer.Option("--source", help="Of these sources; usage alone by default.")] = None,
) -> None:  # fmt: skip
    """Show what people ask and where they are let down, as a tree of clusters.

    Nothing is said of fewer than usage.min_users distinct users: no cluster, no word of its name, no way in which it fails. No text of
    anybody is shown.
    """
    from flows import summary
    from flows.line.facets import usage_facets

    work = benchmark(data, config)
    tree, least = usage_facets(work, sources or ["usage"]), work.settings.usage.min_users
    if as_json:
        print_json({"min_users": least, **asdict(tree)})
    elif tree.talks == 0:
        print("no talks yet: thresher ingest usage FILE")
    elif tree.users == 0:
        print(f"{tree.talks:,} talks of fewer than {least} users: nothing may be said of them (usage.min_users)")
    else:
        summary.console().print(_tree(tree, least))


def _tree(root: Facet, least: int) -> Tree:
    from rich.tree import Tree

    tree = Tree(f"{_counts(root)}. Only what at least {least} distinct users share is shown.")
    _grow(tree, root, "groups")
    return tree


def _grow(tree: Tree, facet: Facet, what: str) -> None:
    from rich.markup import escape

    for part in facet.parts:
        name = ", ".join(part.words) or "no word that enough of them share"
        _grow(tree.add(f"[bold]{escape(name)}[/]: {_counts(part)}"), part, "clusters")
    if facet.smaller:
        tree.add(f"[dim]{facet.smaller:,} talks in smaller {what}[/]")


def _counts(facet: Facet) -> str:
    failed = ", ".join(f"{way} {count:,}" for way, count in facet.failed.items())
    return f"{facet.talks:,} talks of {facet.users:,} users" + (f"; [red]{failed}[/]" if failed else "")
