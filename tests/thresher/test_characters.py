"""What is shown of a text, and what is taken out because it would hide."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thresher.characters import printable
from thresher.text import clean

ENGLAND = "\U0001f3f4" + "".join(chr(0xE0000 + ord(c)) for c in "gbeng") + "\U000e007f"
JOINERS = "\u200c\u200d\ufe0e\ufe0f"


@given(
    st.text(alphabet=st.one_of(st.characters(), st.sampled_from(JOINERS + "\U0001f3f4\U000e0067\U000e007f\u0301\u094d\u0628\u2764\r\n")))
)
def test_clean_is_idempotent_and_composed(raw: str) -> None:
    once = clean(raw)
    assert clean(once) == once
    assert unicodedata.is_normalized("NFC", once)
    once.encode("utf-8")


def test_between_letters_nothing_is_left_that_is_not_drawn() -> None:
    drawn = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD, *range(0x13430, 0x13440)}
    windows = {code for code in range(0x80, 0xA0) if bytes([code]).decode("cp1252", "ignore")}
    assert not any(unicodedata.category(c) in {"Cc", "Cf"} and c != "\n" for code in windows for c in clean(f"a{chr(code)}b"))
    left = [
        hex(code)
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) in {"Cc", "Cf"}
        and code not in drawn
        and chr(code) in clean(f"a{chr(code)}b")
        and chr(code) not in "\t\n"
    ]
    assert left == []


@pytest.mark.parametrize(
    "hidden",
    [
        "\x9d",
        "\x00",
        "\x1b",
        "\u061c",
        "\u034f",
        "\u115f",
        "\u3164",
        "\uffa0",
        "\u206a",
        "\ufff9",
        "\ufdd0",
        "\uffff",
        "\U0001fffe",
        "\U000e0041",
        "\U000e0100",
        "\u00ad",
        "\u200b",
        "\u2060",
        "\ufeff",
        "\u202e",
        "\u180e",
        "\u17b4",
        "\U0001d173",
    ],
)
def test_what_hides_is_taken_out(hidden: str) -> None:
    assert clean(f"one {hidden}two") == "one two"


@pytest.mark.parametrize(
    "whole",
    [
        ENGLAND,
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",
        "\u2764\ufe0f\u200d\U0001f525",
        "\U0001f3f4\u200d\u2620\ufe0f",
        "1\ufe0f\u20e3",
        "\U0001f469\U0001f3fd\u200d\U0001f680",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "\u0915\u094d\u200d\u0937",
        "\u0646\u064e\u200c\u0645",
        "\u0600\u0661",
        "\u263a\ufe0e",
        "\u1820\u180b",
        "a\tb",
    ],
)
def test_what_a_text_needs_stays(whole: str) -> None:
    assert clean(whole) == unicodedata.normalize("NFC", whole)


@pytest.mark.parametrize(
    "smuggled",
    ["\U000e0069\U000e0067\U000e006e\U000e006f\U000e0072\U000e0065\U000e0020\U000e007f", "\U000e0041" * 5 + "\U000e007f", "\U000e0067"],
)
def test_words_behind_a_flag_are_no_flag(smuggled: str) -> None:
    assert clean("\U0001f3f4" + smuggled) == "\U0001f3f4"


@pytest.mark.parametrize("end", ["\r\n", "\r", "\f", "\v", "\x85", "\u2028", "\u2029"])
@pytest.mark.parametrize("word", ["page", "p\u00e4ge"])
def test_whatever_ends_a_line_or_a_page_is_a_newline(end: str, word: str) -> None:
    assert clean(f"{word}{end}next") == f"{word}\nnext"


@pytest.mark.parametrize(
    ("raw", "shown"), [("the students\x92 data", "the students\u2019 data"), ("a \x96 b", "a \u2013 b"), ("\x9b31m", "\u203a31m")]
)
def test_a_byte_of_windows_that_was_read_as_a_control_is_what_it_was(raw: str, shown: str) -> None:
    assert clean(raw) == shown


def test_a_lone_surrogate_becomes_the_replacement_character() -> None:
    assert clean("a\ud800b") == "a\ufffdb"


def test_a_terminal_gets_no_command() -> None:
    shown = printable("red \x1b[31m \x9b31m \x9d \u202e turned \ud800 \x00 \x7f and \u00fc \U0001f468\u200d\U0001f469\n")
    assert not any(unicodedata.category(c) == "Cc" and c != "\n" for c in shown)
    assert "\\x1b[31m" in shown
    assert "\u00fc \U0001f468\u200d\U0001f469" in shown
    shown.encode("utf-8")
