"""Equal models are told to be equal, worse ones to be worse, as often as is promised."""

from __future__ import annotations

import math
import random

import pytest

from thresher.paired import ALPHA, Pair, compare, power, sign_flip, smallest_seen

ITEMS = 120
PAIRS = 200


def drawn(rng: random.Random, extra: float = 0.0, clusters: int = 0) -> list[Pair]:
    """Two models that fail items with the same chances, item by item; the new one fails ``extra`` of those besides that it would pass.
    Items of a cluster fail together."""
    pairs = []
    shared: dict[int, tuple[bool, bool]] = {}
    for n in range(ITEMS):
        hard = rng.choice((0.02, 0.05, 0.1, 0.5, 0.95))
        new, old = rng.random() < hard or rng.random() < extra, rng.random() < hard
        cluster = n % clusters if clusters else -1
        if clusters:
            new, old = shared.setdefault(cluster, (new, old))
        pairs.append(Pair(new, old, f"c{cluster}" if clusters else ""))
    return pairs


@pytest.mark.parametrize("clusters", [0, 30])
def test_of_two_hundred_pairs_of_equals_at_most_one_in_twenty_is_blocked(clusters: int) -> None:
    rng = random.Random(7)
    alarms = sum(compare(drawn(rng, clusters=clusters)).worse for _ in range(PAIRS))
    assert alarms <= ALPHA * PAIRS


def test_without_clusters_it_would_cry_wolf() -> None:
    rng = random.Random(7)
    alone = [[Pair(p.new_fails, p.old_fails) for p in drawn(rng, clusters=30)] for _ in range(PAIRS)]
    assert sum(compare(pairs).worse for pairs in alone) > 2 * ALPHA * PAIRS


def test_the_smallest_difference_is_seen_as_often_as_is_said() -> None:
    changing = 0.05
    smallest = smallest_seen(ITEMS, changing)
    assert smallest is not None
    assert power(ITEMS, changing, smallest) >= 0.8 > power(ITEMS, changing, smallest - 1 / ITEMS)
    rng, seen = random.Random(3), 0
    for _ in range(PAIRS):
        draws = [rng.random() for _ in range(ITEMS)]
        pairs = [Pair(x < changing + smallest, changing + smallest <= x < 2 * changing + smallest) for x in draws]
        seen += compare(pairs).worse
    assert seen / PAIRS == pytest.approx(power(ITEMS, changing, smallest), abs=3 * math.sqrt(0.16 / PAIRS))


def test_single_items_give_the_exact_test_of_mcnemar() -> None:
    pairs = [Pair(True, False)] * 9 + [Pair(False, True)] * 2 + [Pair(True, True)] * 5 + [Pair(False, False)] * 20
    tail = sum(math.comb(11, k) for k in range(9, 12)) / 2**11
    told = compare(pairs)
    assert (told.p_worse, told.p) == (pytest.approx(tail), pytest.approx(2 * tail))
    assert (told.new_failures, told.fixed, told.both_fail, told.both_pass) == (9, 2, 5, 20)
    assert told.low < told.difference == 7 / 36 < told.high


def test_the_signs_of_whole_clusters_are_flipped() -> None:
    assert sign_flip([3, 2]) == (0.25, 0.5)
    assert sign_flip([1, -1])[0] == 0.75
    assert sign_flip([]) == (1.0, 1.0)
    assert sign_flip([0, 0]) == (1.0, 1.0)


def test_the_interval_is_that_of_the_paper() -> None:
    # Newcombe 1998, his example of 36, 12, 2 and 0 of 50 by method 10
    pairs = [Pair(True, True)] * 36 + [Pair(True, False)] * 12 + [Pair(False, True)] * 2
    told = compare(pairs)
    assert (told.low, told.high) == (pytest.approx(0.0569, abs=5e-4), pytest.approx(0.3404, abs=5e-4))


def test_too_few_items_show_nothing_and_say_so() -> None:
    assert compare([Pair(True, False)] * 4).worse is False
    assert smallest_seen(4, 0.0) is None
    assert compare([Pair(True, False)] * 5).worse is True
