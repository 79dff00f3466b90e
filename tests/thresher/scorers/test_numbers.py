"""Numbers, units, parts and words: as far as the key gives digits, and never a number of the working."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from thresher.scorers.asking import asked
from thresher.scorers.base import Task
from thresher.scorers.code import score
from thresher.scorers.ways import comparable

PASS = [
    ("20,800", "ANSWER: 20800"),
    ("20800", "20,800"),
    ("-44", "ANSWER: \u221244"),
    ("\\(75\\%\\)", "ANSWER: 75 %"),
    ("75%", "75 percent"),
    ("75%", "ANSWER: 0.75"),
    ("39.2 m/s^2", "ANSWER: 39.2 m/s²"),
    ("\\(39.2\\ \\text{m/s}^{2}\\)", "\\boxed{39.2\\,\\text{m/s}^2}"),
    ("\\(2.95\\times 10^{12}\\ \\text{m}\\)", "ANSWER: 2.95 \u00d7 10^12 m"),
    ("\\(2.95\\times 10^{12}\\ \\text{m}\\)", "2.950e12 m"),
    ("29.1 N", "ANSWER: 29.0 N"),
    ("29.1 N", "ANSWER: 29.14 newtons"),
    ("24.0 N", "So we get F = 24.0 N."),
    ("$49,636", "ANSWER: 49636 dollars"),
    ("1.50 kg\u00b7m/s", "ANSWER: $1.50\\ \\mathrm{kg \\cdot m / s}$"),
    ("3/4", "ANSWER: \\frac{3}{4}"),
    ("4.25", "4.2501"),
    ("8", "Step 1: 3 + 4 = 7.\nStep 2: 7 + 1 = 8.\n\nThe answer is 8."),
    ("120 km", "After 3 hours it has gone 40 km each.\n\nTherefore, the train is 120 km."),
    ("(a) 492 kJ\n\n(b) 3.52 m/s^{2}", "ANSWER: (a) 492 kJ; (b) 3.52 m/s^2"),
    ("(a) 760 nm\n\n(b) 1520 nm", "Both:\n\n**(a)** 760 nm\n\n**(b)** 1520 nm"),
    ("\u24d0 8\n\u24d1 20", "Working.\n(a) 8\n(b) 20"),
    ("Function.", "ANSWER: function"),
    ("Function.", "A function."),
    ("Yes", "**Yes**"),
]
FAIL = [
    ("20,800", "ANSWER: 2080"),
    ("60", "ANSWER: 61"),
    ("-44", "ANSWER: 44"),
    ("39.2 m/s^2", "ANSWER: 93.2 m/s^2"),
    ("75%", "ANSWER: 57%"),
    ("3/4", "ANSWER: \\frac{2}{3}"),
    ("(a) 492 kJ\n\n(b) 3.52 m", "ANSWER: (a) 492 kJ; (b) 5.52 m"),
    ("Yes", "ANSWER: No"),
    ("8", ""),
    ("8", "<think>8</think>"),
    ("8", "First 3 + 5 = 8.\n\nANSWER: 7"),
    ("2.95e12 m", "ANSWER: 2.95e11 m"),
]
OPEN = [
    ("39.2 m/s^2", "ANSWER: 39.2 m/s^3"),
    ("39.2 m/s^2", "ANSWER: 39.2"),
    ("0.3 km", "ANSWER: 300 m"),
    ("4.25", "ANSWER: 4.26"),
    ("0.2", "ANSWER: 0.24"),
    ("1643", "ANSWER: 1642.7"),
    ("8", "We add 3 and 5, which gives 8, and then take one away."),
    ("8", "ANSWER: 8 or 9"),
    ("8", "\\boxed{7} and \\boxed{8}"),
    ("8", "Page 8"),
    ("24", "It is seven.\n\nLet me know within 24 hours!"),
    ("0.5", "ANSWER: 1/2"),
    ("3/4", "ANSWER: 6/8"),
    ("8", "ANSWER: eight"),
    ("8", "ANSWER: 2^3"),
    ("(a) 492 kJ\n\n(b) 3.52 m", "ANSWER: 492 kJ"),
    ("Function.", "ANSWER: relation"),
    ("8", "x" * 100_000),
    ("x_1 = 8", "ANSWER: x_2 = 8"),
    ("81", "ANSWER: 9^2"),
    ("12", "12 of the 30 students"),
]


@pytest.mark.parametrize(
    ("key", "response", "verdict"), [*((*c, "pass") for c in PASS), *((*c, "fail") for c in FAIL), *((*c, None) for c in OPEN)]
)
def test_a_number_is_what_the_key_says_as_far_as_it_says_it(
    make: Callable[..., Task], key: str, response: str, verdict: str | None
) -> None:
    said = score(make(key), response)
    assert said.verdict == verdict, said
    assert said.judge_next == (verdict is None)


@pytest.mark.parametrize(
    ("key", "language", "response", "verdict"),
    [
        ("0,02", "es", "ANSWER: 0,02", "pass"),
        ("0,02", "es", "ANSWER: 0.02", "pass"),
        ("1,234", "es", "ANSWER: 1,234", "pass"),
        ("1.234", "en", "ANSWER: 1,234", None),
        ("1,234", "en", "ANSWER: 1.234", "fail"),
    ],
)
def test_a_comma_is_read_by_the_language(make: Callable[..., Task], key: str, language: str, response: str, verdict: str | None) -> None:
    assert score(make(key, language=language), response).verdict == verdict


@pytest.mark.parametrize(
    ("key", "language", "comparison"),
    [
        ("\\(0,852\\)", "es", ("keyed", "0.852")),
        ("4,493", "es", ("keyed", "4.493")),
        ("4,493", "en", ("keyed", "4493")),
        ("1.234", "de", (None, "")),
        ("0,852", "en", (None, "")),
    ],
)
def test_the_key_of_a_snapshot_is_written_with_a_point(key: str, language: str, comparison: tuple[str | None, str]) -> None:
    assert comparable(key, language) == comparison


def test_the_form_of_the_last_line_is_asked_for_where_code_compares(make: Callable[..., Task]) -> None:
    ends = [
        asked(make(key)).messages[-1].content.rpartition("'ANSWER: '")[2]
        for key in ("8", "29.1 N", "(a) 8 N\n\n(b) 9 N", "Because it is warm.")
    ]
    assert ends == [
        " and the answer alone: a number in digits without separators of thousands, or at most three words.",
        " and the answer alone: a number with its unit.",
        " and the answer alone, all parts in one line: (a) ...; (b) ...",
        "How much is it?",
    ]


def test_words_are_also_those_of_an_alias(make: Callable[..., Task]) -> None:
    assert score(make("Brass", aliases=["copper and zinc"]), "ANSWER: copper and zinc").verdict == "pass"
