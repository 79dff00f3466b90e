"""What places are measured by: one part of a post, its places, and single columns."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from thresher.model import Record
from thresher.readers import measures
from thresher.readers.measures import FAR, MEANINGS, NAMES
from thresher.readers.places import Layout, layouts
from thresher.rules import Rules


def one_word_tokens(text: str) -> tuple[measures.Ints, measures.Ints, measures.Floats]:
    """Each character a token, which means its code."""
    at = np.arange(len(text))
    return at, at + 1, np.repeat(np.array([ord(c) for c in text], np.float32)[:, None], MEANINGS, axis=1)


@pytest.fixture
def measured(rules: Rules, post: Callable[..., Record]) -> Callable[[str, str], dict[str, float]]:
    def numbers(text: str, words: str) -> dict[str, float]:
        (layout,) = layouts(post(text), rules)
        row = next(i for i, p in enumerate(layout.places) if text[p.start : p.end] == words)
        return dict(zip(NAMES, measures.measures(layout, rules, one_word_tokens, None, None)[row].tolist(), strict=True))

    return numbers


def test_distances_are_those_to_the_nearest_verb_and_line(measured: Callable[[str, str], dict[str, float]]) -> None:
    got = measured("A test.\nI asked it how deep is the sea?\nIt answered six.", "how deep is the sea?")
    assert got["ask_before"] == len(" it ")
    assert got["answer_behind"] == len("\nIt ")
    assert (got["line_start"], got["line_end"], got["question_end"], got["answer_before"]) == (0, 1, 1, FAR)


@pytest.mark.parametrize(("text", "wrapped"), [("我问\u300c海有多深\u300d\u3002", 1), ("我问它海有多深\u3002", 0)])
def test_brackets_of_all_scripts_wrap_what_was_said(measured: Callable[[str, str], dict[str, float]], text: str, wrapped: int) -> None:
    assert measured(text, "海有多深")["wrapped"] == wrapped


def test_the_meaning_of_a_slot_is_the_mean_of_its_tokens(measured: Callable[[str, str], dict[str, float]]) -> None:
    got = measured('said "bcd" loud', "bcd")
    assert got["meaning_inside_0"] == pytest.approx(ord("c"))
    assert got["meaning_behind_0"] == pytest.approx(np.mean([ord(c) for c in '" l']))


def test_places_that_share_a_border_share_its_context(rules: Rules, post: Callable[..., Record]) -> None:
    (layout,) = layouts(post('It said "red. green. blue."'), rules)
    numbers = measures.measures(layout, rules, one_word_tokens, None, None)
    buckets, starts = measures.context(layout, numbers)
    assert len(starts) == len(layout.places) + 1
    assert len(buckets) == starts[-1]
    again = Layout(layout.part, layout.text, layout.folded, places=layout.places[:1])
    first, _ = measures.context(again, numbers[:1])
    assert first.tolist() == buckets[: starts[1]].tolist()
