"""Texts, addresses and identities."""

from __future__ import annotations

import pytest

from thresher import text


@pytest.mark.parametrize(("a", "b"), [("12 * 7", "13 * 7"), ("x\u00b2", "x2"), ("a - b", "a + b"), ("H\u2082O", "H2O")])
def test_what_makes_another_item_is_not_normalised_away(a: str, b: str) -> None:
    assert text.normalise(a) != text.normalise(b)


def test_quotation_marks_dashes_case_and_spaces_are() -> None:
    assert text.normalise("\u201cHow\u201d  many \u2014 REALLY?") == text.normalise('"how" many - really?')


def test_the_same_question_with_shuffled_options_is_the_same_item() -> None:
    asked = [("user", "Which is a prime?")]
    assert text.content_id(asked, ["9", "7"], "7") == text.content_id(asked, ["7", "9"], "7")
    assert text.content_id(asked, ["9", "7"], "7") != text.content_id(asked, ["8", "7"], "7")


def test_an_author_is_known_by_a_keyed_hash_alone() -> None:
    key = text.author_key("reddit", "wren", "salt")
    assert key is not None
    assert len(key) == 16
    assert key != text.author_key("reddit", "wren", "another salt")
    assert key != text.author_key("discourse", "wren", "salt")
    assert text.author_key("reddit", None, "salt") is None


def test_one_page_has_one_address() -> None:
    assert text.canonical_url("HTTPS://Example.ORG:443/a?utm_source=x&b=2&a=1#top") == "https://example.org/a?a=1&b=2"


def test_what_a_tag_hides_is_part_of_an_items_identity() -> None:
    asked = [("user", "Whose number is [PHONE]?")]
    assert text.content_id(asked, hidden="a") != text.content_id(asked, hidden="b")
    assert text.content_id(asked, hidden="a") == text.content_id(asked, hidden="a")
