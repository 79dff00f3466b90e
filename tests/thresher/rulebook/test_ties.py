"""Which items are cases of which rules, by words, and rules by what is looked for. The encoder here knows three words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from thresher.rulebook import Rule, load
from thresher.rulebook.searching import search
from thresher.rulebook.ties import CONFIDENCE, Evidence, Tie, Word, coverage, ties

WORDS = ("lit", "many", "raining")


def encode(texts: Sequence[str]) -> npt.NDArray[np.float32]:
    rows = np.array([[float(word in text.lower()) for word in WORDS] + [0.01] for text in texts], dtype=np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture
def rules(folder: Path) -> list[Rule]:
    return [rule for rule in load(folder).rules.values() if rule.layer == "legislation"]


def item(item_id: str, prompt: str, *, tier: str = "claimed", tags: tuple[str, ...] = (), phrases: tuple[str, ...] = ()) -> Evidence:
    return Evidence(item_id, "complaint", tier, tags, prompt, (), phrases)


ITEMS = [
    item("a", "xyz", phrases=("calls a lamp dark",), tier="witnessed"),
    item("b", "How many boats?", tags=("pier",)),
    item("c", "Is the stove lit?"),
    item("d", "Who are you?", tags=("pier",)),
]


def test_items_are_tied_by_phrase_and_by_request_and_not_by_a_tag_alone(rules: list[Rule]) -> None:
    assert ties(rules, ITEMS, encode) == [
        Tie("a", "lamps.lit.1", "phrase", CONFIDENCE["phrase"]),
        Tie("b", "lamps.short.1", "request and signal", CONFIDENCE["request and signal"]),
        Tie("c", "lamps.lit.1", "request", CONFIDENCE["request"]),
    ]
    assert [tie.item_id for tie in ties(rules, ITEMS)] == ["a"]


def test_a_rule_whose_breach_does_not_hang_on_the_request_is_not_tied_by_it(rules: list[Rule]) -> None:
    deaf = [rule.model_copy(update={"by_request": False}) for rule in rules]
    assert [tie.basis for tie in ties(deaf, ITEMS, encode)] == ["phrase"]


def test_a_persons_last_word_stands_over_what_is_computed(rules: list[Rule]) -> None:
    said = [
        Word("a", "lamps.lit.1", False),
        Word("c", "lamps.lit.1", False),
        Word("c", "lamps.lit.1", True),
        Word("d", "lamps.gone.1", True),
    ]
    assert [(tie.item_id, tie.basis) for tie in ties(rules, ITEMS, encode, said)] == [("b", "request and signal"), ("c", "person")]


def test_coverage_counts_by_tier_from_a_confidence_on_and_names_rules_without_a_case(rules: list[Rule]) -> None:
    tied = ties(rules, ITEMS, encode)
    counted = coverage(rules, ITEMS, tied, least=0.0, enough=2)
    assert (counted.covered(), counted.covered("witnessed"), counted.items, counted.tied) == (1, 0, 4, 3)
    assert (counted.cases("lamps.lit.1"), counted.cases("lamps.lit.1", "witnessed")) == (2, 1)
    strict = coverage(rules, ITEMS, tied, least=CONFIDENCE["request and signal"], enough=2)
    assert {rule_id: strict.cases(rule_id) for rule_id in strict.rules} == {"lamps.lit.1": 0, "lamps.short.1": 1}


def test_rules_are_searched_by_words_alone_and_by_meaning(rules: list[Rule]) -> None:
    assert [hit.rule.id for hit in search(rules, "a friend on the pier")] == ["lamps.short.1", "lamps.lit.1"]
    assert search(rules, "raining") == []
    (first, *_) = search(rules, "unlit", encode)
    assert (first.rule.id, first.words) == ("lamps.lit.1", 0.0)
