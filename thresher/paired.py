"""Two models on the same items: an exact paired test, an interval, and the smallest difference that could have been seen.

The test is McNemar's, exact, with failure clusters as units: under the null hypothesis the two models could change places in each cluster,
so each cluster's difference (new failures minus fixed ones) is as likely with the other sign. The distribution of the sum over all signs is
computed whole. With clusters of one item it is the sign test on the discordant items, which is the exact McNemar test.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from thresher.shares import wilson

ALPHA = 0.05
POWER = 0.8
_NEGLIGIBLE = 1e-12


@dataclass(frozen=True, slots=True)
class Pair:
    """How the two models did on one item, and the cluster that it is of (empty: none)."""

    new_fails: bool
    old_fails: bool
    cluster: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """``difference`` is the share of items that the new model fails minus that of the old one, with its 95 % interval. ``p_worse`` is how
    likely a sum as bad as this or worse is where neither model is worse, ``p`` the same for both sides. ``smallest`` is the difference
    that such a test sees in four of five cases; None where these items could not show any. ``units`` are clusters and single items."""

    items: int
    units: int
    new_failures: int
    fixed: int
    both_fail: int
    both_pass: int
    difference: float
    low: float
    high: float
    p_worse: float
    p: float
    smallest: float | None

    @property
    def worse(self) -> bool:
        """Whether the new model is worse, with false alarms in 5 % of the comparisons of equals at the most."""
        return self.p_worse <= ALPHA


def compare(pairs: Sequence[Pair]) -> Comparison:
    """ValueError without a pair."""
    if not pairs:
        raise ValueError("nothing to compare")
    new = sum(p.new_fails and not p.old_fails for p in pairs)
    fixed = sum(p.old_fails and not p.new_fails for p in pairs)
    both = sum(p.new_fails and p.old_fails for p in pairs)
    sums = _by_cluster(pairs)
    p_worse, p = sign_flip(sums)
    # items of one cluster change together: as many independent ones would say as much
    independent = len(pairs) / max(1.0, sum(d * d for d in sums) / max(1, new + fixed))
    low, high = interval(both, new, fixed, len(pairs) - both - new - fixed, independent)
    return Comparison(
        len(pairs), len(sums), new, fixed, both, len(pairs) - both - new - fixed, (new - fixed) / len(pairs), low, high, p_worse, p,
        smallest_seen(int(independent), min(new, fixed) / len(pairs)),
    )  # fmt: skip


def _by_cluster(pairs: Iterable[Pair]) -> list[int]:
    sums: dict[object, int] = {}
    for place, pair in enumerate(pairs):
        key = pair.cluster or place
        sums[key] = sums.get(key, 0) + int(pair.new_fails) - int(pair.old_fails)
    return list(sums.values())


def sign_flip(differences: Sequence[int]) -> tuple[float, float]:
    """The chance of a sum as high as this one, and of one as far from zero, over all signs of the differences."""
    sizes = [abs(d) for d in differences if d]
    total, most = sum(differences), sum(sizes)
    chance = np.zeros(2 * most + 1)
    chance[most] = 1.0
    for size in sizes:
        chance = (np.roll(chance, size) + np.roll(chance, -size)) / 2  # nothing comes round: the ends are reached by all of them alone
    upper = float(chance[most + total :].sum())
    return min(1.0, upper), min(1.0, float(chance[most + abs(total) :].sum()) * (2 if total else 1))


def interval(both: int, new: int, fixed: int, neither: int, independent: float) -> tuple[float, float]:
    """The 95 % interval of the difference of two paired shares: Newcombe 1998 (Statistics in Medicine 17:2635), method 10, for as many
    ``independent`` items as there would be without clusters."""
    n = both + new + fixed + neither
    share_new, share_old = (both + new) / n, (both + fixed) / n
    low_new, high_new = wilson(share_new * independent, independent)
    low_old, high_old = wilson(share_old * independent, independent)
    scale = independent / n
    a, b, c, d = (x * scale for x in (both, new, fixed, neither))
    product = a * d - b * c
    product = max(product - independent / 2, 0.0) if product > 0 else product
    root = math.sqrt((a + b) * (c + d) * (a + c) * (b + d))
    phi = product / root if root else 0.0
    difference = share_new - share_old

    def reach(x: float, y: float) -> float:
        return math.sqrt(max(0.0, x * x - 2 * phi * x * y + y * y))

    return (
        max(-1.0, difference - reach(share_new - low_new, high_old - share_old)),
        min(1.0, difference + reach(high_new - share_new, share_old - low_old)),
    )


def smallest_seen(items: int, changing: float) -> float | None:
    """The smallest difference that the test finds in ``POWER`` of all cases, where besides it a share ``changing`` of the items goes one
    way and as many go the other by chance. None where not even the greatest one would be found."""
    steps = int(items * (1 - 2 * changing)) if items else 0
    if steps < 1 or power(items, changing, steps / items) < POWER:
        return None
    low, high = 0, steps
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power(items, changing, middle / items) >= POWER else (middle, high)
    return high / items


def power(items: int, changing: float, difference: float) -> float:
    """How often the one-sided exact test finds such a difference."""
    discordant = min(1.0, 2 * changing + difference)
    worse = (changing + difference) / discordant if discordant else 0.0
    found = 0.0
    for m, chance in enumerate(_binomial(items, discordant)):
        critical = _critical(m) if chance > _NEGLIGIBLE else None
        if critical is not None:
            found += float(chance * _binomial(m, worse)[critical:].sum())
    return min(1.0, found)


@lru_cache(maxsize=10_000)
def _critical(m: int) -> int | None:
    """The fewest new failures among ``m`` discordant items that are significant; None where not even all of them are."""
    tails = _binomial(m, 0.5)[::-1].cumsum()
    many = int((tails <= ALPHA).sum())
    return m + 1 - many if many else None


def _binomial(n: int, p: float) -> NDArray[np.float64]:
    """The chance of each number of hits among ``n``."""
    chances: NDArray[np.float64] = np.zeros(n + 1)
    if p <= 0.0 or p >= 1.0:
        chances[0 if p <= 0.0 else n] = 1.0
        return chances
    logs, k = _log_factorials(n), np.arange(n + 1)
    chances = np.exp(logs[n] - logs - logs[::-1] + k * math.log(p) + (n - k) * math.log1p(-p))
    return chances


@lru_cache(maxsize=10_000)
def _log_factorials(n: int) -> NDArray[np.float64]:
    logs: NDArray[np.float64] = np.concatenate(([0.0], np.log(np.arange(1, n + 1)).cumsum()))
    return logs
