"""What is taken out of a text and what stays, measured on two corpora: one of planted data, one of numbers."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numeric_texts import numeric_texts
from personal_texts import Planted, drawn_keys, listed_keys, other_keys, personal

from thresher.redaction import redact
from thresher.redaction.keys import FORMATS

PIECES = [
    *(planted.text for planted in (*personal(), *other_keys())),
    "@",
    ".",
    "+",
    " ",
    "-",
    "(",
    "/",
    "call me at ",
    "card ",
    "key=",
    "\n",
    "555",
    "12",
]


@pytest.mark.parametrize(
    "planted", [*listed_keys(), *drawn_keys(), *other_keys()], ids=lambda p: p.text[:40].encode("unicode_escape").decode()
)
def test_no_key_is_left(planted: Planted) -> None:
    redacted, counts = redact(f"Before. {planted.text} After.")
    assert planted.secret not in redacted
    assert "KEY" in counts


def test_of_other_personal_data_nine_in_ten_are_found_in_every_kind() -> None:
    planted = list(personal())
    left = Counter(p.tag for p in planted if p.secret in redact(p.text)[0])
    for tag, count in Counter(p.tag for p in planted).items():
        assert left[tag] <= count / 10, f"{tag}: {[p.text for p in planted if p.tag == tag and p.secret in redact(p.text)[0]]}"


def test_of_numbers_that_name_nobody_one_in_a_thousand_is_touched_at_most() -> None:
    texts = numeric_texts()
    touched = [(kind, text, redact(text)[0]) for kind, text in texts if redact(text)[0] != text]
    assert len({text for _, text in texts}) > 2000
    assert len(touched) <= len(texts) / 1000, touched


@pytest.mark.parametrize(
    "asked",
    [
        "What is 100-200-3000?",
        "What is 999-333-1000?",
        "5 * +1000000000",
        "Is 4242424242424242 prime?",
        "12 + 14155552671",
        "x@y = z",
        "4111 1111 1111 1111 2222",
        "version 203.0.113.7",
        "10.0.0.1",
        "Call Saul (2015-2022)",
        "pH: 7.35\u20137.45",
        "/web/20230101000000/",
    ],
)
def test_what_an_item_asks_stays(asked: str) -> None:
    assert redact(asked) == (asked, {})


@pytest.mark.parametrize(
    ("number", "asked", "cue"),
    [
        ("555-010-0199", "What is 555-010-0199?", "call 555-010-0199"),
        ("4111111111111111", "Is 4111111111111111 prime?", "my card 4111111111111111"),
        ("5.9.88.12", "see 5.9.88.12 for the proof", "ping 5.9.88.12"),
        ("123-45-6789", "123-45-6789 is negative", "SSN 123-45-6789"),
        ("+14155552671", "3 +14155552671", "text me at +14155552671"),
    ],
)
def test_a_word_beside_a_number_decides(number: str, asked: str, cue: str) -> None:
    assert redact(asked) == (asked, {})
    assert number not in redact(cue)[0]


def test_every_format_says_whose_it_is_and_where_that_is_documented() -> None:
    assert len({f.prefix for f in FORMATS}) == len(FORMATS) > 100
    for key_format in FORMATS:
        assert key_format.issuer
        assert key_format.source.startswith("https://")


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=6).map("".join))
def test_what_was_replaced_once_is_not_replaced_again(raw: str) -> None:
    redacted, _ = redact(raw)
    assert redact(redacted) == (redacted, {})


def test_what_a_word_says_of_a_number_holds_for_those_that_are_listed_after_it() -> None:
    numbers = [f"415 555 26{last}" for last in range(10, 40)]
    _, counts = redact(f"My phone: {', '.join(numbers)}; the answer is 415555 2671")
    assert counts == {"PHONE": len(numbers) + 1}
    assert redact("[PHONE] or 415 555 2671, and [ID] 12") == ("[PHONE] or 415 555 2671, and [ID] 12", {})


@pytest.fixture
def ten_cpu_seconds() -> Iterator[None]:
    """What takes longer fails: a pattern that looks at everything again for each character would take minutes."""

    def too_long(*_: object) -> None:
        raise AssertionError("more than ten seconds of the processor")

    before = signal.signal(signal.SIGPROF, too_long)
    signal.setitimer(signal.ITIMER_PROF, 10)
    yield
    signal.setitimer(signal.ITIMER_PROF, 0)
    signal.signal(signal.SIGPROF, before)


@pytest.mark.parametrize(
    "unit",
    [
        "1",
        "1 ",
        "1-",
        "(1)",
        "a@",
        "sk-",
        "a=",
        "AKIA",
        "+49 ",
        "1.",
        "token: ",
        ".1",
        "-----BEGIN PRIVATE KEY-----",
        "(at)",
        ":",
        "call ",
        "eyJ-",
        "wren@example.org ",
        "a.",
        "key=",
        "://a:",
        "DE89 ",
        "a dot ",
        "4111 1111 1111 1111\n",
        "\\_",
        "tel 1",
        "=;",
        "1a",
    ],
)
@pytest.mark.usefixtures("ten_cpu_seconds")
def test_no_text_is_read_again_for_each_of_its_characters(unit: str) -> None:
    text = unit * (200_000 // len(unit))
    assert len(redact(text)[0]) <= len(text)
