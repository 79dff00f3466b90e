"""Parts that nothing connects, over any number of steps."""

from __future__ import annotations

from thresher.partition import Relation, components, leak, parts

ITEMS = [f"i{n:02}" for n in range(40)]
THREADS = Relation.of_values("thread", [("i00", "t1"), ("i01", "t1"), ("i02", "t2"), ("i03", "t3")])
CLUSTERS = Relation.of_values("failure cluster", [("i01", "c1"), ("i02", "c1")])
NEAR = Relation.of_pairs("near-duplicate", [("i02", "i03")])
ALL = [THREADS, CLUSTERS, NEAR]


def test_what_hangs_together_over_several_relations_goes_to_one_part_and_the_share_is_met() -> None:
    connected = components(ITEMS, ALL)
    assert connected[0] == ["i00", "i01", "i02", "i03"]
    chosen = parts(connected, 0.8, 0, set(), set())
    assert len({chosen[item] for item in connected[0]}) == 1
    assert sum(part == "train" for part in chosen.values()) == 32
    assert all(relation.crossing(chosen) is None for relation in ALL)


def test_the_seed_decides_and_the_order_of_items_does_not() -> None:
    connected = components(ITEMS, ALL)
    assert parts(connected, 0.5, 1, set(), set()) == parts(components(ITEMS[::-1], ALL[::-1]), 0.5, 1, set(), set())
    assert parts(connected, 0.5, 1, set(), set()) != parts(connected, 0.5, 2, set(), set())


def test_a_mark_takes_along_all_that_hangs_on_the_item() -> None:
    connected = components(ITEMS, ALL)
    assert parts(connected, 0.8, 0, set(), {"i03"})["i00"] == "test"
    assert parts(connected, 0.1, 0, {"i03"}, set())["i00"] == "train"


def test_the_way_from_a_trainable_item_to_one_that_is_not_is_told() -> None:
    assert leak(ALL, {"i20"}, {"i03"}) is None
    assert str(leak(ALL, {"i00"}, {"i03"})) == (
        "i00 is marked trainable and i03 eval_only: i00 -thread- i01 -failure cluster- i02 -near-duplicate- i03"
    )


def test_a_pair_on_both_sides_is_found() -> None:
    assert NEAR.crossing({"i02": "test", "i03": "train"}) == ("i03", "i02")
