"""How good a benchmark is by what persons said of its items: shares with intervals, and nothing where nobody looked."""

from __future__ import annotations

from typing import Any

from store.file.database import Connection
from store.rows import fetch
from thresher.shares import wilson


def estimates(con: Connection) -> list[str]:
    """Lines of a card, of the verdicts that stand."""
    row: dict[str, Any] = fetch(
        con,
        """SELECT count(*) FILTER (lifecycle = 'active') AS kept, count(*) FILTER (lifecycle IN ('active', 'rejected')) AS looked_at,
                  count(*) FILTER (key_status = 'disputed') AS wrong, count(*) FILTER (key_status IN ('verified', 'disputed')) AS keys
           FROM last_verdicts""",
    )[0]
    lines = []
    if row["looked_at"]:
        lines.append(
            f"Items that a person kept, of {row['looked_at']:,} looked at: {_told(row['kept'], row['looked_at'])}. Those rejected left."
        )
    if row["keys"]:
        lines.append(f"Keys that a person found wrong, of {row['keys']:,} checked: {_told(row['wrong'], row['keys'])}.")
    return lines


def _told(hits: int, trials: int) -> str:
    low, high = wilson(hits, trials)
    return f"{hits:,} ({100 * hits / trials:.0f} %, 95 % interval {100 * low:.0f} to {100 * high:.0f} %)"
