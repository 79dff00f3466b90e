"""Failure clusters over vectors: what joins, what stays apart, and that the order of arrival hardly matters."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import pytest

from dedupe.failures import clusters
from dedupe.failures.clusters import Category, Cluster, Members
from dedupe.settings import Clusters

DIM = 48
SETTINGS = Clusters(join_threshold=0.55, reach=0.15)


def around(centre: int, count: int, seed: int, spread: float = 0.4) -> clusters.Whole:
    """Vectors about one direction; their cosines to one another are near 1 / (1 + spread squared)."""
    noise = np.random.default_rng(seed).normal(size=(count, DIM))
    noise[:, :8] = 0
    noise *= spread / np.linalg.norm(noise, axis=1, keepdims=True)
    vectors = noise + np.eye(DIM)[centre]
    return clusters.on_grid(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def fresh(settings: Clusters = SETTINGS) -> Category:
    return Category("c", [], lambda ids: {}, lambda i: False, settings)


def partition(category: Category) -> set[frozenset[str]]:
    return {frozenset(m.phrases) for m in category.changed.values() if m is not None}


def named(prefix: str, count: int) -> tuple[str, ...]:
    return tuple(f"{prefix}{n:03}" for n in range(count))


def stored(category: Category) -> tuple[list[Cluster], dict[str, Members]]:
    """The clusters as a database would give them back."""
    held = {i: m for i, m in category.changed.items() if m is not None}
    return [Cluster(i, len(m.phrases), m.vectors.sum(axis=0)) for i, m in sorted(held.items())], held


def again(category: Category, settings: Clusters = SETTINGS) -> Category:
    """The next pass on what this one left."""
    known, held = stored(category)
    return Category("c", known, lambda ids: {i: held[i] for i in ids}, lambda i: i in category.changed, settings)


def three() -> Members:
    return Members(named("a", 12) + named("b", 9) + named("c", 5), np.concatenate([around(0, 12, 1), around(1, 9, 2), around(2, 5, 3)]))


def test_phrases_about_one_thing_are_one_cluster_and_others_are_others() -> None:
    category = fresh()
    category.update(three())
    assert partition(category) == {frozenset(named("a", 12)), frozenset(named("b", 9)), frozenset(named("c", 5))}
    assert [e.event for e in category.events] == ["opened"] * 3


def test_any_order_one_by_one_or_together_gives_the_same_clusters() -> None:
    members = three()
    together = fresh()
    together.update(members)
    for seed in range(10):
        order = list(range(len(members.phrases)))
        random.Random(seed).shuffle(order)
        single = fresh()
        for row in order:
            single.update(Members((members.phrases[row],), members.vectors[[row]]))
        assert partition(single) == partition(together)


def test_a_chain_of_neighbours_does_not_become_one_blob() -> None:
    steps = np.linspace(0, np.pi * 0.9, 60)
    chain = np.zeros((60, DIM))
    chain[:, 0], chain[:, 1] = np.cos(steps), np.sin(steps)
    category = fresh()
    category.update(Members(named("p", 60), clusters.on_grid(chain)))
    assert len(partition(category)) >= 3
    ends = [group for group in partition(category) if {"p000", "p059"} & group]
    assert len(ends) == 2


def test_clusters_that_a_newcomer_brings_together_merge_and_the_larger_keeps_its_name() -> None:
    left = np.eye(DIM)[[0, 0, 0, 1, 1]] * 0.66 + np.eye(DIM)[7] * 0.72
    vectors = clusters.on_grid(left / np.linalg.norm(left, axis=1, keepdims=True))
    strict = SETTINGS.model_copy(update={"join_threshold": 0.6})
    category = fresh(strict)
    category.update(Members(("l1", "l2", "l3", "r1", "r2"), vectors))
    before = {i: m.phrases for i, m in category.changed.items() if m is not None}
    assert sorted(before.values()) == [("l1", "l2", "l3"), ("r1", "r2")]
    middle = np.eye(DIM)[0] * 0.33 + np.eye(DIM)[1] * 0.33 + np.eye(DIM)[7] * 0.88
    rows = clusters.on_grid(np.tile(middle / np.linalg.norm(middle), (6, 1)))
    later = again(category, strict)
    later.update(Members(named("m", 6), rows))
    merged = [e for e in later.events if e.event == "merged"]
    assert len(merged) == 1
    assert merged[0].other_id in before
    assert len(partition(later)) == 1


def test_a_cluster_that_has_grown_apart_splits_and_the_larger_part_keeps_its_name() -> None:
    loose = Members(named("a", 6) + named("b", 4), np.concatenate([around(0, 6, 1), around(1, 4, 2)]))
    known = [Cluster("f1", 10, loose.vectors.sum(axis=0))]
    category = Category("c", known, lambda ids: {"f1": loose}, lambda i: i == "f1", SETTINGS)
    category.update(Members(("b999",), around(1, 1, 5)), stale=["f1"])
    kept = category.changed["f1"]
    assert kept is not None
    assert kept.phrases == named("a", 6)
    assert [(e.event, e.other_id) for e in category.events] == [("split", "f1")]


def test_a_large_cluster_that_has_grown_apart_is_halved_without_being_taken_apart() -> None:
    small = SETTINGS.model_copy(update={"dissolve_at_most": 20})
    loose = Members(named("a", 60) + named("b", 50), np.concatenate([around(0, 60, 1), around(1, 50, 2)]))
    category = Category("c", [Cluster("f1", 110, loose.vectors.sum(axis=0))], lambda ids: {"f1": loose}, lambda i: i == "f1", small)
    category.update(Members((), np.zeros((0, DIM), np.int64)), stale=["f1"])
    assert partition(category) == {frozenset(named("a", 60)), frozenset(named("b", 50))}


def test_a_cluster_keeps_its_name_while_it_grows() -> None:
    category = fresh()
    category.update(Members(named("m", 3), around(0, 3, 1)))
    (name,) = category.changed
    later = again(category)
    later.update(Members(named("a", 30), around(0, 30, 2)))
    assert list(later.changed) == [name]
    assert later.events == []


def test_a_name_that_was_used_is_never_used_for_another_cluster() -> None:
    first = fresh()
    first.update(Members(("p",), around(0, 1, 1)))
    (name,) = first.changed
    second = Category("c", [], lambda ids: {}, lambda i: i == name, SETTINGS)
    second.update(Members(("p",), around(0, 1, 1)))
    assert name not in second.changed


def test_only_clusters_near_a_newcomer_are_loaded() -> None:
    category = fresh()
    category.update(three())
    known, held = stored(category)
    loaded: list[str] = []

    def load(ids: Sequence[str]) -> dict[str, Members]:
        loaded.extend(ids)
        return {i: held[i] for i in ids}

    later = Category("c", known, load, lambda i: False, SETTINGS)
    later.update(Members(("new",), around(1, 1, 9)))
    assert [held[i].phrases[0][0] for i in loaded] == ["b"]


def test_the_label_is_in_the_middle_of_what_many_said_and_not_the_first() -> None:
    vectors = np.eye(DIM)[[0, 1, 1]] + np.array([[0], [0.1], [0]]) * np.eye(DIM)[2]
    members = Members(("first", "off", "often"), clusters.on_grid(vectors / np.linalg.norm(vectors, axis=1, keepdims=True)))
    assert clusters.medoid(members, [1, 1, 3]) == "often"
    assert clusters.medoid(members, [9, 1, 1]) == "first"


def test_an_extracted_phrase_takes_the_category_of_the_known_one_nearest_to_it() -> None:
    anchors = clusters.on_grid(np.eye(DIM)[:2])
    found = clusters.anchored(clusters.on_grid(np.eye(DIM)[[1, 5]]), anchors, ["code", "counting"], 0.4, "other")
    assert found == ["counting", "other"]


@pytest.mark.parametrize("values", [np.linspace(-1, 1, 999)])
def test_a_vector_comes_back_from_float16_as_it_went_in(values: np.ndarray) -> None:
    grid = clusters.on_grid(values)
    assert (clusters.on_grid((grid / clusters.GRID).astype(np.float16)) == grid).all()
