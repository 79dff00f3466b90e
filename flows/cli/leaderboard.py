"""``thresher leaderboard``: what moved on the boards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.shared import DEFAULT_DATA, AsJson, Config, Data, print_json, reader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.table import Table

    from thresher.names import Names
    from thresher.standings import Move


def leaderboard(
    data: Data = DEFAULT_DATA, config: Config = None, as_json: AsJson = False,
    board: Annotated[str, typer.Option("--board", help="Only this board.")] = "",
    days: Annotated[int, typer.Option("--days", help="Against a ranking at least so many days older, else the oldest.", min=1)] = 7,
    every: Annotated[bool, typer.Option("--all", help="Also models that did not move.")] = False,
) -> None:  # fmt: skip
    """Show what changed on each board in a week.

    Models that rose, fell, came and went, by their rank now, each with the number of items that blame a model of this family.
    """
    from flows import summary
    from flows.line import settings
    from store import rankings
    from thresher.rules import Rules
    from thresher.standings import moves, to_compare

    names = Rules.load(settings.config_folder(config) / "rules.toml").names
    told: list[dict[str, Any]] = []
    with reader(data) as con:
        blamed = rankings.items_by_model(con)
        for name, known in rankings.boards(con, board).items():
            between = to_compare(known, days)
            if between is None:
                told.append({"board": name, "day": known[0].isoformat(), "before": None, "moves": []})
                continue
            changed = moves(*(rankings.ranking(con, name, day) for day in between))
            rows = [_row(move, names, blamed) for move in changed if every or _moved(move)]
            told.append({"board": name, "day": between[1].isoformat(), "before": between[0].isoformat(), "moves": rows})
    if as_json:
        for one in told:
            print_json(one)
        return
    if not told:
        print(f"no ranking of {board}" if board else "no ranking yet: thresher ingest leaderboard BOARD_2026-05-01.csv")
    for one in told:
        if one["before"] is None:
            print(f"{one['board']}: one ranking alone, of {one['day']}; nothing to compare it with")
        elif not one["moves"]:
            print(f"{one['board']}: nothing moved from {one['before']} to {one['day']}")
        else:
            print(f"{one['board']}, {one['before']} to {one['day']}:")
            summary.console().print(_table(one["moves"]))


def _moved(move: Move) -> bool:
    return move.before is None or move.now is None or bool(move.ranks) or bool(move.score)


def _row(move: Move, names: Names, blamed: Mapping[str, int]) -> dict[str, Any]:
    return {
        "model": move.model,
        "rank": move.now.rank if move.now else None,
        "rank_before": move.before.rank if move.before else None,
        "score": move.now.score if move.now else None,
        "score_change": move.score,
        "items": blamed.get(names.canonical(move.model).lower(), 0),
    }


def _table(rows: list[dict[str, Any]]) -> Table:
    from rich.markup import escape
    from rich.table import Table

    table = Table(header_style="bold", box=None, padding=(0, 2, 0, 0))
    table.add_column("model", ratio=1)
    for column in ("rank", "moved", "score", "change", "items"):
        table.add_column(column, justify="right")
    for row in rows:
        rank, before, change = row["rank"], row["rank_before"], row["score_change"]
        moved = "new" if before is None else f"gone, was {before}" if rank is None else f"{before - rank:+d}" if before != rank else "="
        score = "" if row["score"] is None else f"{row['score']:g}"
        items = f"{row['items']:,}" if row["items"] else ""
        cells = ("" if rank is None else str(rank), moved, score, f"{change:+g}" if change else "", items)
        table.add_row(escape(row["model"]), *cells)
    return table
