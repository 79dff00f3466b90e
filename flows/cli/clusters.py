"""``thresher clusters``: the failures that people report, however they put it."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Group
from rich.markup import escape
from rich.table import Table

from flows.cli.shared import DEFAULT_DATA, AsJson, Config, Data, print_json, reader

app = typer.Typer(help="The failures that people report, however they put it.", no_args_is_help=True, rich_markup_mode=None)


@app.command(name="list")
def list_clusters(
    data: Data = DEFAULT_DATA, config: Config = None, as_json: AsJson = False,
    category: Annotated[str, typer.Option("--category", help="Only failures of this category.")] = "",
    trend: Annotated[str, typer.Option("--trend", help="Only those that are new, resurfaced, growing, steady or fading.")] = "",
    least: Annotated[int, typer.Option("--least", help="Only those with so many reports.", min=1)] = 1,
    count: Annotated[int, typer.Option("--count", "-n", help="How many.", min=1)] = 30,
) -> None:  # fmt: skip
    """List failure clusters, the most reported first.

    Each with its sources, its authors and its trend.
    """
    from flows import summary
    from flows.line import settings
    from store import queries

    enough = settings.load(settings.config_folder(config)).clusters.published_authors
    with reader(data) as con:
        clusters = queries.failure_clusters(con, category=category, trend=trend, least=least, limit=count)
    for cluster in clusters:
        cluster["publishable"] = cluster["authors"] >= enough
    if as_json:
        for cluster in clusters:
            print_json(cluster)
        return
    if not clusters:
        narrowed = bool(category or trend or least > 1)
        print(
            "no failure cluster is like that; `thresher clusters list` without options shows all"
            if narrowed
            else "no failure is reported yet; complaints come with a harvest, and are clustered where they are embedded"
        )
        return
    summary.console().print(_table(clusters))


def _table(clusters: list[dict[str, Any]]) -> Table:
    table = Table(header_style="bold", box=None, padding=(0, 1, 0, 0))
    table.add_column("cluster", no_wrap=True)
    table.add_column("failure", ratio=1)
    for column in ("reports", "leads", "sources", "authors"):
        table.add_column(column, justify="right")
    table.add_column("trend")
    table.add_column("last seen", no_wrap=True)
    for row in clusters:
        counts = (f"{row[column]:,}" for column in ("reports", "leads", "sources", "authors"))
        table.add_row(row["cluster_id"][:8], escape(row["label"]), *counts, row["trend"], row["last_seen"][:10])
    return table


@app.command()
def show(
    cluster: Annotated[str, typer.Argument(help="The id of a cluster or its beginning; that of a merged one leads to where it went.")],
    data: Data = DEFAULT_DATA, config: Config = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Show every report of one cluster, word for word.

    The nearest to its middle first, and what became of the cluster over time.
    """
    from flows import summary
    from store import queries

    with reader(data) as con:
        in_full = queries.failure_cluster(con, cluster)
    if as_json:
        print_json(in_full)
        return
    summary.console().print(_in_full(in_full))


def _in_full(cluster: dict[str, Any]) -> Group:
    lines = [
        f"[bold]{escape(cluster['label'])}[/] ({cluster['category']}, {cluster['trend']}): "
        f"{cluster['reports']:,} reports, {cluster['leads']:,} of them leads, by {cluster['authors']} authors on {cluster['sources']} "
        f"sources, {cluster['first_seen'][:10]} to {cluster['last_seen'][:10]}; "
        f"{cluster['last_7']} in the last 7 days, {cluster['before_28']} in the 28 before",
        "",
    ]
    for member in cluster["members"]:
        lines.append(f"{member['similarity']:.2f} [cyan]{member['source']}/{escape(member['site'])}[/] {escape(member['words'])}")
        place = member["url"] or member["record_key"]
        kept = "a lead" if member["is_lead"] else f"item {member['item_id'][:12]}"
        lines.append(f"     [dim]{escape(member['phrase'])} | {escape(place)} | {kept}[/]")
    lines.append("")
    for event in cluster["history"]:
        other = {"merged": f" into {event['other_id']}", "split": f" off {event['other_id']}"}.get(event["event"], "")
        lines.append(f"[dim]{str(event['started_at'] or '')[:16]} {event['cluster_id']} {event['event']}{other}[/]")
    return Group(*lines)
