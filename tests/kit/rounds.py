"""Trials as an evaluation would have written them, for tests of what is made of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from store import trials
from store.file.database import Database
from store.reading import rows
from store.trials import Scored, Trial

ROUND = 5
AT = datetime(2026, 11, 27, 7, tzinfo=UTC).isoformat()


def items(data: Path) -> list[dict[str, Any]]:
    """Id, kind, source, site and tags of the items, by id."""
    with Database(data).reader() as con:
        return rows(con, "SELECT item_id, kind, source, site, tags FROM items_current ORDER BY 1")


def asked(data: Path, model: str, failing: Sequence[tuple[str, int]], *, evidence: str = "", scorer_version: str = "1") -> None:
    """A round of each of these items, of which so many trials fail."""
    lines = []
    for item_id, k in failing:
        for n in range(ROUND):
            score = Scored("keyed", scorer_version, "fail" if n < k else "pass", "because it does", evidence if n < k else "")
            lines.append(
                Trial(f"{model}{item_id}{n}", item_id, 1, "keyed", model, f"{model}-1", "0001", n, AT, f"{model} says {n} <&\x1b[31m ```",
                      "stop", 1, 0, 1, "0.001", 0.1, (), score).line()
            )  # fmt: skip
    trials.keep(data / "archive", lines)
    trials.take_up(Database(data), data / "archive")
