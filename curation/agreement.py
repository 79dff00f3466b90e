"""How far reviewers agree who decided the same items without seeing one another's words.

Cohen's kappa of two reviewers: J. Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological Measurement 20
(1960), 37-46: kappa = (p_o - p_c) / (1 - p_c), of the share of items on which they agree and the share by chance, from the words that each
of them uses.

Krippendorff's alpha of all reviewers, for nominal data and with gaps: K. Krippendorff, "Computing Krippendorff's Alpha-Reliability"
(2011), part C: alpha = 1 - (n - 1) * (n - sum of o_cc) / (n^2 - sum of n_c^2), of the coincidences o_cc of each word with itself within
items, where an item of m words gives each ordered pair of them the weight 1 / (m - 1), and of the pairable words n_c and n.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

Opinions = Mapping[str, str]
"""Of one item: the word of each reviewer."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two reviewers, the items that both decided, on how many of them they agree, and Cohen's kappa (None where it is not defined)."""

    first: str
    second: str
    items: int
    agreed: int
    kappa: float | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of all items with more than one opinion: how many there are, on how many all agree, Krippendorff's alpha (None where it is not
    defined), and each pair of reviewers."""

    items: int
    agreed: int
    alpha: float | None
    pairs: Sequence[Pair]


def agreement(opinions: Iterable[Opinions]) -> Agreement:
    """Items with one opinion say nothing of agreement and are left out."""
    units = [dict(unit) for unit in opinions if len(unit) > 1]
    reviewers = sorted({name for unit in units for name in unit})
    pairs = []
    for first, second in combinations(reviewers, 2):
        both = [(unit[first], unit[second]) for unit in units if first in unit and second in unit]
        if both:
            pairs.append(Pair(first, second, len(both), sum(one == other for one, other in both), cohens_kappa(both)))
    agreed = sum(len(set(unit.values())) == 1 for unit in units)
    return Agreement(len(units), agreed, krippendorffs_alpha([list(unit.values()) for unit in units]), pairs)


def cohens_kappa(both: Sequence[tuple[str, str]]) -> float | None:
    """Of the words of two reviewers on the same items. None where both used one and the same word throughout: chance explains all of it."""
    if not both:
        return None
    first, second = Counter(one for one, _ in both), Counter(other for _, other in both)
    observed = sum(one == other for one, other in both) / len(both)
    by_chance = sum(count * second[word] for word, count in first.items()) / len(both) ** 2
    return None if by_chance == 1 else (observed - by_chance) / (1 - by_chance)


def krippendorffs_alpha(units: Iterable[Sequence[str]]) -> float | None:
    """Of the words on each item, whoever said them. None where only one word was used, or nothing can be paired."""
    pairable = [unit for unit in units if len(unit) > 1]
    used = Counter(word for unit in pairable for word in unit)
    total = used.total()
    if len(used) < 2:
        return None
    coincidences = sum(n * (n - 1) / (len(unit) - 1) for unit in pairable for n in Counter(unit).values())
    return 1 - (total - 1) * (total - coincidences) / (total**2 - sum(n * n for n in used.values()))
