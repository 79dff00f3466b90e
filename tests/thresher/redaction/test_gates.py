"""Fast looks never skip a text in which the slow pattern behind them would match."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numeric_texts import numeric_texts
from personal_texts import drawn_keys, listed_keys, other_keys, personal

from thresher.redaction import assigned, contact, keys, numbers, redact
from thresher.redaction.context import numbers_in
from thresher.redaction.records import _is_hash, _is_number
from thresher.rules import gradable

PLANTED = [planted.text for planted in (*personal(), *other_keys(), *listed_keys(), *drawn_keys())]
PIECES = [
    *"@.+-(/)=:?&;#[]{}<>\n\t 05a\\_`$!\u00e9\u017f",
    *(
        "at",
        " dot ",
        "punkt",
        "[.]",
        "key",
        "KEY_id",
        "secret",
        "passwd",
        "mot de passe",
        "pwd",
        "aws ",
        " is ",
        'token" : ',
        "AKIA",
        "DE89",
    ),
    *("555 0100", "00", "4111 1111", "A1b2C3d4E5", "00ff00ff", "x" * 12, "wren", "example", ".org", "```\n", "> ", "](", "\\(x\\)"),
]
texts = st.lists(st.sampled_from(PIECES) | st.sampled_from(PLANTED), max_size=10).map("".join)
brackets = st.tuples(st.sampled_from([" ", "[", " [", "( ", " {", "<"]), st.sampled_from(["]", " ]", ")", " )", "}", "> ", " "]))
spelled = st.tuples(brackets, st.sampled_from(["at", "AT", "@", "\u00e4t"]), brackets, st.sampled_from(["dot", "Punkt", "."])).map(
    lambda p: f"wren{p[0][0]}{p[1]}{p[0][1]}example{p[2][0]}{p[3]}{p[2][1]}com"
)
figures = st.lists(st.tuples(st.sampled_from("057"), st.text("A \t()./-x\u2010", max_size=3)).map("".join), min_size=5, max_size=8).map(
    "".join
)
several = settings(max_examples=1000, deadline=None)


@several
@given(texts)
def test_no_key_is_skipped(text: str) -> None:
    capitals = keys._CAPITALS.search(text) is not None
    for prefix, (_, pattern) in keys._BARE.items():
        if pattern.search(text):
            assert capitals or prefix.islower()
    for held, pattern in keys._ODD:
        if pattern.search(text):
            assert held in text
            assert capitals or held.islower() or held == "1//0"
    for gate, formats in keys._MARKED:
        if any(pattern.search(text) for _, pattern in formats.values()):
            assert gate.search(text)


@several
@given(texts)
def test_no_assigned_secret_is_skipped(text: str) -> None:
    spans = [*assigned.find_assigned(text, text.lower())]
    assert {*assigned._parameters(text)} <= {*spans}
    if text.isascii():  # other letters have small letters of another length
        assert {*assigned._assignments(text)} <= {*spans}
        assert assigned._may_be_aws(text.lower()) or not assigned._AWS.search(text)


@several
@given(texts | spelled)
def test_no_address_and_no_account_is_skipped(text: str) -> None:
    assert contact._may_be_spelled(text, text.lower()) or not contact._SPELLED.search(text)
    assert numbers._IBAN_GATE.search(text) or not numbers._IBAN.search(text)


@several
@given(texts | figures)
def test_no_number_is_skipped(text: str) -> None:
    behind_another_letter = [(n.start - 2, n.digits - 2) for n in numbers_in(f"\u00e9\n{text}")]  # in ASCII alone figures are counted first
    assert [(n.start, n.digits) for n in numbers_in(text)] == behind_another_letter


@pytest.mark.parametrize("text", [text for _, text in numeric_texts()][::50] + PLANTED)
def test_no_text_of_the_corpora_is_skipped(text: str) -> None:
    for check in (
        test_no_key_is_skipped,
        test_no_assigned_secret_is_skipped,
        test_no_address_and_no_account_is_skipped,
        test_no_number_is_skipped,
    ):
        check.hypothesis.inner_test(text)  # type: ignore[attr-defined]


@several
@given(st.from_regex(r"\A[0-9\u0660-\u0669]{1,14}\Z"))
def test_nothing_is_found_in_a_number_alone_that_is_not_looked_at(text: str) -> None:
    assert not _is_number(text) or redact(text) == (text, {})


@several
@given(
    st.sampled_from(["", "00", "001", "49", "de89", "be50", "0049", "555", "4111111111111111"]), st.text("0123456789abcdef", min_size=32)
)
def test_nothing_is_found_in_a_hash_alone_that_is_not_looked_at(beginning: str, text: str) -> None:
    value = f"{beginning}{text}"[:32]
    assert _is_hash(value)
    assert redact(f"\n{value}\n") == (f"\n{value}\n", {})


@several
@given(texts)
def test_the_own_words_of_a_post_are_the_same_by_the_fast_way(text: str) -> None:
    blocks = gradable.CODE_BLOCK.sub("", text)
    quoted = gradable._QUOTED.sub("", gradable._INLINE_CODE.sub(" ", blocks))
    assert gradable.prose(text) == gradable._LINKED.sub(r"\1", quoted)
    assert not gradable.FORMULA.search(text) or any(mark in text for mark in ("$", "\\(", "\\["))
