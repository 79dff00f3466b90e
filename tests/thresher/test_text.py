"""Texts, addresses and identities."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thresher import text

PERSONAL_PIECES = (
    "wren@example.org", "@", ".", "x@y", "+1 555 010 0199", "+49 (30) 1234 5678", "(555)010-0199", "555-010-0199",
    "\u0665\u0665\u0665-010-0199",
    "4111 1111 1111 1111", "4111-1111-1111-1111", "5500000000000004", "3", "12", "010", " ", "-", "+", "[", "sk-" + "a" * 20,
    "ghp_" + "c" * 30,
    "github_pat_" + "d" * 30, "AKIA" + "A" * 16, "hf_" + "e" * 30, "xoxb-1234567890", "AIza" + "f" * 35, "eyJ" + "g" * 10,
    "-----BEGIN RSA PRIVATE KEY-----", "\n", "-----END RSA PRIVATE KEY-----", "word", "\u00e9",
)  # fmt: skip


@given(st.text())
def test_clean_is_idempotent_and_leaves_nothing_hidden(raw: str) -> None:
    once = text.clean(raw)
    assert text.clean(once) == once
    assert not set(once) & {"\0", "\u202e", "\u200b", "\ufeff", "\U000e0041"}
    once.encode("utf-8")


def test_a_lone_surrogate_becomes_the_replacement_character() -> None:
    assert text.clean("a\ud800b") == "a\ufffdb"


def test_an_emoji_of_several_parts_stays_whole() -> None:
    assert text.clean("\U0001f468\u200d\U0001f469") == "\U0001f468\u200d\U0001f469"


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


@pytest.mark.parametrize(
    ("raw", "tag"),
    [
        ("write to wren@example.org", "EMAIL"),
        ("call +1 555 010 0199 today", "PHONE"),
        ("call 555-010-0199 today", "PHONE"),
        ("card 4111 1111 1111 1111", "CARD"),
        ("key sk-abcdefghijklmnopqrstuvwxyz123456", "KEY"),
    ],
)
def test_personal_data_and_keys_are_replaced_and_counted(raw: str, tag: str) -> None:
    redacted, found = text.redact(raw)
    assert found == {tag: 1}
    assert f"[{tag}]" in redacted
    assert text.redact(redacted) == (redacted, {})


@settings(max_examples=500)
@given(st.lists(st.sampled_from(PERSONAL_PIECES), max_size=8).map("".join))
def test_no_pattern_is_skipped_that_would_match(raw: str) -> None:
    by_all, counts = raw, Counter[str]()
    for personal in text._PERSONAL:
        by_all, count = replace(personal, may=lambda _: True).replace(by_all)
        counts[personal.tag] += count
    assert text.redact(raw) == (by_all, dict(+counts))


@pytest.mark.parametrize(
    "plain", ["3.14159265358979", "12 * 7 = 84", "ISBN 978-3-16-148410-0", "1234 5678 9012 3456", "f(x) = x@y", "2024-05-17 10:20"]
)
def test_plain_numbers_and_formulas_are_left_alone(plain: str) -> None:
    assert text.redact(plain) == (plain, {})
