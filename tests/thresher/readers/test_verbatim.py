"""Words that a model quotes are found in the post or count for nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thresher.readers.verbatim import find, folded

POST = (
    "I typed:\n> How many **seas** has\n> the Netherlands?\n\nand got \u201cIt\u2019s  four: A &lt;b&gt; C\u201d, though 312 was asked. "
    "Then `print('x')` and 我问\u300c一斤铁重吗\uff1f\u300d \u2026 "
    "The answer ran on for a while and then it said that the tide was to blame."
)


@pytest.mark.parametrize(
    ("words", "there"),
    [
        ("How many **seas** has\n> the Netherlands?", "How many **seas** has\n> the Netherlands?"),
        ("How many seas has the Netherlands?", "How many **seas** has\n> the Netherlands?"),
        ('"It\'s four: A <b> C"', "It\u2019s  four: A &lt;b&gt; C"),
        ("print('x')", "print('x')"),
        ("一斤铁重吗?", "一斤铁重吗\uff1f"),
        ("  and got ", "and got"),
        ("The answer ran on [...] the tide was to blame.", "The answer ran on for a while and then it said that the tide was to blame."),
        ("The answer ran on [\u2026] blame", None),
        ("How many lakes has the Netherlands?", None),
        ("12", None),
        ("how many seas", None),
        ("**", None),
        ("", None),
    ],
)
def test_what_stands_in_the_post_is_found_and_what_does_not_is_dropped(words: str, there: str | None) -> None:
    place = find(POST, words)
    assert (POST[slice(*place)] if place else None) == there


def test_the_first_place_behind_another_can_be_asked_for() -> None:
    assert find("four. Later: four.", "four", 5) == (13, 17)


@given(st.text(max_size=80), st.text(max_size=40), st.text(max_size=80))
def test_words_that_were_copied_are_always_found(before: str, words: str, behind: str) -> None:
    text = f"{before} {words} {behind}"
    place = find(text, words)
    if folded(words).text and place is None:
        raise AssertionError((text, words))
    if place is not None:
        assert 0 <= place[0] < place[1] <= len(text)
