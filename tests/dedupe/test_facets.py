"""The tree of what people ask: nothing is said of fewer than so many distinct users, whatever they wrote."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from pydantic import ValidationError

from dedupe.facets import Facet, Talk, facets
from dedupe.failures.clusters import Whole, on_grid
from dedupe.settings import Usage

SETTINGS = Usage(min_users=3)
TOPICS = ["bread", "tax", "poem"]


def vector(text: str) -> Whole:
    """Texts of one topic are alike; bread and poem are a little alike."""
    made = np.zeros(8)
    made[TOPICS.index(next(topic for topic in TOPICS if topic in text))] = 1.0
    made[3] = 0.0 if "tax" in text else 0.8
    made[4 + len(text) % 4] = 0.2
    whole: Whole = on_grid((made / np.linalg.norm(made))[None])[0]
    return whole


def tree(talks: Sequence[Talk]) -> Facet:
    return facets(talks, {talk.text: vector(talk.text) for talk in talks}, SETTINGS)


def ask(topic: str, count: int, *, users: int, way: str = "", let_down: int = 0) -> list[Talk]:
    return [Talk(f"{topic} {'x' * n}", f"{topic}{n % users}", way if n < let_down else "") for n in range(count)]


def shown(facet: Facet) -> list[Facet]:
    return [facet, *(one for part in facet.parts for one in shown(part))]


def test_what_many_ask_is_a_branch_with_its_words_its_users_and_how_it_fails() -> None:
    root = tree(ask("bread", 6, users=6, way="corrected", let_down=4) + ask("poem", 4, users=4) + ask("tax", 5, users=4))
    assert (root.talks, root.users, dict(root.failed)) == (15, 14, {"corrected": 4})
    kitchen, tax = root.parts
    assert ([part.words for part in kitchen.parts], tax.words, tax.parts) == ([("bread",), ("poem",)], ("tax",), ())
    assert [(part.talks, part.users, dict(part.failed)) for part in kitchen.parts] == [(6, 6, {"corrected": 4}), (4, 4, {})]


def test_what_few_users_ask_is_a_number_however_often_they_ask_it() -> None:
    root = tree(ask("bread", 5, users=5) + ask("tax", 20, users=2))
    assert [part.words for part in root.parts] == [("bread",)]
    assert root.smaller == 20


def test_a_word_that_few_wrote_names_nothing() -> None:
    talks = [*ask("bread", 5, users=5), *(Talk(f"bread for Wrenfield {'y' * n}", "bread0") for n in range(9)), *ask("tax", 5, users=5)]
    words = {word for facet in shown(tree(talks)) for word in facet.words}
    assert words == {"bread", "tax"}


def test_a_failure_that_few_met_is_not_told() -> None:
    root = tree(ask("bread", 8, users=4, way="gave up", let_down=2) + ask("tax", 5, users=5))
    assert [dict(one.failed) for one in shown(root)] == [{}, {}, {}]


def test_users_whom_a_log_does_not_name_are_one() -> None:
    root = tree([Talk(f"bread {'x' * n}", None) for n in range(50)])
    assert (root.talks, root.users, root.parts, root.smaller) == (50, 0, (), 50)


def test_the_threshold_cannot_be_switched_off() -> None:
    with pytest.raises(ValidationError):
        Usage(min_users=1)
