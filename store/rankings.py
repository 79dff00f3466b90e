"""Rankings of boards by day, and how many items blame which model."""

from __future__ import annotations

import json
from datetime import date

from store.file.database import Connection
from store.reading import counts, rows
from thresher.standings import Place

_RANKINGS = """(SELECT marks ->> '$.board' AS board, marks ->> '$.day' AS day, marks, last_seen FROM records
                WHERE is_latest AND role = 'ranking' AND status IN ('live', 'edited'))"""


def boards(con: Connection, board: str = "") -> dict[str, list[date]]:
    """The days of which there is a ranking, by board."""
    days: dict[str, list[date]] = {}
    for row in rows(con, f"SELECT DISTINCT board, day FROM {_RANKINGS} WHERE $board IN ('', board) ORDER BY ALL", {"board": board}):
        days.setdefault(row["board"], []).append(date.fromisoformat(row["day"]))
    return days


def ranking(con: Connection, board: str, day: date) -> list[Place]:
    """The ranking of a board on a day of ``boards``; of two that were read under different sites, the one that was read last."""
    (row,) = rows(
        con, f"SELECT marks FROM {_RANKINGS} WHERE board = ? AND day = ? ORDER BY last_seen DESC LIMIT 1", [board, day.isoformat()]
    )
    return [Place(one["model"], one["rank"], one["score"]) for one in json.loads(row["marks"])["ranking"]]


def items_by_model(con: Connection) -> dict[str, int]:
    """How many items of the benchmark blame a model, by its name in lower case."""
    return counts(
        con,
        """SELECT lower(substr(tag, 7)), count(DISTINCT item_id) FROM (SELECT item_id, unnest(tags) AS tag FROM items_current)
           WHERE starts_with(tag, 'model:') GROUP BY 1""",
    )
