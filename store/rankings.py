"""Rankings of boards by day, and how many items blame which model."""

from __future__ import annotations

import json
from datetime import date

from store.file.database import Connection
from store.reading import counts, rows
from thresher.standings import Place


def boards(con: Connection, board: str = "") -> dict[str, list[date]]:
    """The days of which there is a ranking, by board."""
    days: dict[str, list[date]] = {}
    for row in rows(
        con,
        """SELECT site, native_id FROM records
           WHERE is_latest AND role = 'ranking' AND status IN ('live', 'edited') AND ($board = '' OR site = $board)
           ORDER BY site, native_id""",
        {"board": board},
    ):
        days.setdefault(row["site"], []).append(date.fromisoformat(row["native_id"]))
    return days


def ranking(con: Connection, board: str, day: date) -> list[Place]:
    """The ranking of a board on a day of ``boards``."""
    (row,) = rows(
        con, "SELECT marks FROM records WHERE is_latest AND role = 'ranking' AND site = ? AND native_id = ?", [board, day.isoformat()]
    )
    return [Place(one["model"], one["rank"], one["score"]) for one in json.loads(row["marks"])["ranking"]]


def items_by_model(con: Connection) -> dict[str, int]:
    """How many items of the benchmark blame a model, by its name in lower case."""
    return counts(
        con,
        """SELECT lower(substr(tag, 7)), count(DISTINCT item_id) FROM (SELECT item_id, unnest(tags) AS tag FROM items_current)
           WHERE starts_with(tag, 'model:') GROUP BY 1""",
    )
