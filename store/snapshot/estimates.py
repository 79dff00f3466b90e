"""How good a benchmark is by what persons said of its items: shares with intervals, and nothing where nobody looked."""

from __future__ import annotations

import math
from typing import Any

from store.file.database import Connection
from store.rows import fetch

_Z = 1.959964
"""Of a two-sided interval of 95 %."""


def wilson(hits: int, trials: int) -> tuple[float, float]:
    """The 95 % interval of a share after Wilson (1927), which holds for few trials and shares near 0 and 1, too."""
    share, spread = hits / trials, _Z * _Z / trials
    middle = (share + spread / 2) / (1 + spread)
    half = _Z * math.sqrt(share * (1 - share) / trials + spread / (4 * trials)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


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
