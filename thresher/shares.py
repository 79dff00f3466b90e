"""Shares of what was counted, with the interval that they can be told to."""

from __future__ import annotations

import math
from typing import Final

Z: Final = 1.959963984540054
"""Of a two-sided interval of 95 %."""


def wilson(hits: float, of: float) -> tuple[float, float]:
    """The 95 % interval of a share after Wilson (1927), which holds for few trials and shares near 0 and 1, too. ``of`` is positive;
    neither has to be whole: what was counted may say as much as so many independent trials."""
    share, spread = hits / of, Z * Z / of
    middle = (share + spread / 2) / (1 + spread)
    half = Z * math.sqrt(share * (1 - share) / of + spread / (4 * of)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)
