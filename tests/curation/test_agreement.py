"""Agreement as its authors computed it."""

from __future__ import annotations

import pytest

from curation.agreement import agreement, cohens_kappa, krippendorffs_alpha


def test_cohens_kappa_of_his_own_example() -> None:
    """Cohen 1960: three categories, 200 patients, 70 % agreement, 41 % by chance, kappa 0.492."""
    table = [[88, 14, 18], [10, 40, 10], [2, 6, 12]]
    both = [(str(row), str(column)) for row, counts in enumerate(table) for column, n in enumerate(counts) for _ in range(n)]
    assert cohens_kappa(both) == pytest.approx(0.492, abs=5e-4)


def test_krippendorffs_alpha_of_his_own_example() -> None:
    """Krippendorff 2011, C: four observers, twelve units, gaps, nominal alpha 0.743."""
    observers = [
        ["1", "2", "3", "3", "2", "1", "4", "1", "2", ".", ".", "."], ["1", "2", "3", "3", "2", "2", "4", "1", "2", "5", ".", "3"],
        [".", "3", "3", "3", "2", "3", "4", "2", "2", "5", "1", "."], ["1", "2", "3", "3", "2", "4", "4", "1", "2", "5", "1", "."],
    ]  # fmt: skip
    units = [[row[unit] for row in observers if row[unit] != "."] for unit in range(12)]
    assert krippendorffs_alpha(units) == pytest.approx(0.743, abs=5e-4)


def test_what_one_word_or_one_reviewer_says_is_no_agreement() -> None:
    assert cohens_kappa([]) is None
    assert cohens_kappa([("a", "a"), ("a", "a")]) is None
    assert krippendorffs_alpha([["a"], ["b"]]) is None
    assert krippendorffs_alpha([["a", "a"]]) is None


def test_pairs_are_of_those_who_decided_the_same_items() -> None:
    told = agreement([{"ann": "active", "bob": "active"}, {"ann": "rejected", "bob": "active"}, {"ann": "active"}, {"cy": "a", "di": "b"}])
    assert (told.items, told.agreed) == (3, 1)
    assert [(pair.first, pair.second, pair.items, pair.agreed) for pair in told.pairs] == [("ann", "bob", 2, 1), ("cy", "di", 1, 0)]
