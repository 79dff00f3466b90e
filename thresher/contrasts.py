"""Which groups of items a model fails more, or less, than all the others: an exact test for each group, corrected for their number.

The test is Fisher's, exact and two-sided, over the items of a group against the rest. The correction is Tarone's (Biometrics 46, 1990,
515): a group that is too small to differ whatever had come out takes no part, and Bonferroni's correction is made for the others alone.
It holds however the groups overlap: where nothing differs, one report in twenty names any group at all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

ALPHA = 0.05


def corrected(chances: Sequence[tuple[float, float]]) -> list[float | None]:
    """Of each comparison its p value and the least that it could have had; in the order given the corrected p value, at most ``ALPHA``
    where there is a difference. None where no outcome could have shown one."""
    factor = 1
    while sum(least * factor <= ALPHA for _, least in chances) > factor:
        factor += 1
    return [min(1.0, p * factor) if least * factor <= ALPHA else None for p, least in chances]


def fisher(fails: int, of: int, all_fails: int, everything: int) -> tuple[float, float]:
    """The two-sided p value that ``fails`` of a group's ``of`` items fail, where ``all_fails`` of ``everything`` do, and the least that
    any number of fails would have had. What is as likely as this outcome, up to a rounding error, is as extreme."""
    low, high = max(0, of + all_fails - everything), min(of, all_fails)
    chance = [math.exp(_log_choose(all_fails, k) + _log_choose(everything - all_fails, of - k) - _log_choose(everything, of))
              for k in range(low, high + 1)]  # fmt: skip

    def at_least_as_extreme(k: int) -> float:
        return min(1.0, sum(other for other in chance if other <= chance[k - low] * (1 + 1e-7)))

    return at_least_as_extreme(fails), min(at_least_as_extreme(low), at_least_as_extreme(high))


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
