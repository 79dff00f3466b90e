from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thresher.cues import any_of, fold, pattern_of


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60))
def test_folding_keeps_every_index(text: str) -> None:
    assert len(fold(text)) == len(text)


def test_folding_makes_quotes_and_dashes_plain() -> None:
    assert fold("It ISN\u2019T \u2013 \u0130") == "it isn't - \u0130"


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("made up", "it made  up a name", True),
        ("made up", "handmade upholstery", False),
        ("hallucinat*", "it hallucinated again", True),
        ("that is|was wrong", "that was wrong", True),
        ("that is|was wrong", "that were wrong", False),
        ("this? image", "the image", True),
        ("this? image", "this image", True),
        ("how many ... letters", "how many of the letters", True),
        ("how many ... letters", "how many? the letters", False),
        ("exercise {n}", "as in exercise 2.1b", True),
        ("exercise {n}", "as in exercise two", False),
        ("<model> said", "it said", True),
    ],
)
def test_a_phrase_finds_what_its_tokens_say(phrase: str, text: str, found: bool) -> None:
    assert (any_of([phrase]).search(text) is not None) is found


def test_no_phrases_find_nothing() -> None:
    assert any_of([]).search("anything") is None


@pytest.mark.parametrize("phrase", ["", "...", "(a+)+", "what [is]", "<modell> said"])
def test_a_phrase_that_is_none_says_what_is_allowed(phrase: str) -> None:
    with pytest.raises(ValueError, match=r"allowed|no word"):
        pattern_of(phrase)


def test_phrases_that_begin_alike_are_tried_in_their_order() -> None:
    cue = any_of(["the figure", "the figure above", "the? table", "this|that graph", "{n} figures", "th*"])
    folded = "that graph, the figure above, table, 3 figures, the table, thus, other"
    assert [m.group() for m in cue.finditer(folded)] == ["that graph", "the figure above", "table", "3 figures", "the table", "thus"]
