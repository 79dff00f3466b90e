"""dedupe.guard and dedupe.features: near misses stay apart, form does not matter."""

from __future__ import annotations

import pytest

from dedupe.features import profile
from dedupe.guard import Comparable, Finding, check
from dedupe.wording import slip

LONG = (
    "A small truck with a camper shell rolls slowly toward a red light while its driver looks for a coin under the seat. "
    "Which forces act on the truck, and which of them does work on it?"
)


def judge(a: str, b: str) -> Finding:
    found = check(Comparable("a", a), Comparable("b", b))
    assert check(Comparable("b", b), Comparable("a", a)) == found
    return found


@pytest.mark.parametrize(
    ("a", "b", "reason"),
    [
        ("What is 12 * 7?", "What is 13 * 7?", "numbers"),
        ("What is 12 * 7?", "What is 12 + 7?", "symbols"),
        ("Give me three names for a cat.", "Give me four names for a cat.", "numbers"),
        ("Move 3 cups and 5 spoons.", "Move 5 cups and 3 spoons.", "numbers"),
        ("A 5 kg block slides.", "A 5 g block slides.", "units"),
        ("Is the shop open on Monday?", "Is the shop open on Sunday?", "dates"),
        ("Where was Marie Curie born?", "Where was Ada Curie born?", "names"),
        ("Is water wet?", "Is water not wet?", "negation"),
        ("Name all rivers of Spain.", "Name some rivers of Spain.", "quantifiers"),
        ("Does pressure increase with depth?", "Does pressure decrease with depth?", "opposites"),
        ("The dog bites the man.", "The man bites the dog.", "order of words"),
        ("Draw a red table.", "Draw a red garden.", "one word substituted"),
        ("Draw a red table near a window.", "Draw a green table near a door.", "words substituted"),
        ("Explain photosynthesis.", "Explain photosynthesis to farmers.", "words added"),
        ("Solve \\(x^{2} - 4 = 0\\).", "Solve \\(x^{2} - 9 = 0\\).", "numbers"),
        ("Solve \\(x^{2} - 4 = 0\\).", "Solve \\(x^{3} - 4 = 0\\).", "numbers"),
        ("Find \\(\\sin x\\).", "Find \\(\\cos x\\).", "symbols"),
        ("Find f(-2).", "Find f(2).", "symbols"),
        ("Simplify a + b.", "Simplify a + c.", "symbols"),
        ("Why does this fail?\n```\nx = a[0]\n```", "Why does this fail?\n```\nx = a[1]\n```", "code"),
        ("What does get_user do?", "What does get_item do?", "symbols"),
        ("What is sulfide used for?", "What is sulfite used for?", "one word substituted"),
        ("Is x < 3?", "Is x > 3?", "symbols"),
        ("Is x <= 3?", "Is x < 3?", "symbols"),
        ("It costs $5.", "It costs \u20ac5.", "symbols"),
        ("Add 5% tax.", "Add 5 tax.", "symbols"),
    ],
)
def test_a_difference_that_matters_names_itself(a: str, b: str, reason: str) -> None:
    assert judge(a, b) == Finding("apart", reason)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("What is the capital of Peru?", "what is  the CAPITAL of peru"),
        ("Why is the sky blue?", "> Why is the **sky** blue?"),
        ("Solve \\(x^{2}-4=0\\).", "Solve $x^2 - 4 = 0$"),
        ("Solve \\[\\left(x\\right)\\times 3 \\leq 4\\]", "Solve (x) \u00d7 3 \u2264 4"),
        ("It has 1,000 rows and two columns.", "It has 1000 rows and 2 columns."),
        ("I don't see it\u2019s wrong.", "I do not see it's wrong."),
        ("A 5 kilograms block slides.", "A 5 kg block slides."),
        ("What colour is the organisation's logo?", "What color is the organization's logo?"),
        ("- List the planets", "List the planets, please."),
        ("Why does the assistant repeat itself?", "Why does the asistant repeat itself?"),
        ("Why does the assistant repeat itself?", "Why dose teh assistant repeat itself?".replace("dose", "does")),
        ("Which keyboard is best?", "Which key board is best?"),
        ("The area is 90 cm\u00b2.", "The area is 90 cm^{2}."),
    ],
)
def test_form_does_not_matter(a: str, b: str) -> None:
    assert judge(a, b).match == "form"


@pytest.mark.parametrize("end", [140, 150, len(LONG) - 13])
def test_the_cut_off_beginning_of_a_text_is_the_text(end: int) -> None:
    assert judge(LONG, LONG[:end]) == Finding("form", "cut off")
    assert judge(LONG, LONG[:end].rsplit(" ", 1)[0] + "...") == Finding("form", "cut off")


def test_a_finished_text_is_not_the_beginning_of_one_that_asks_more() -> None:
    assert judge(LONG, LONG[:115]).match == "apart"
    assert judge(LONG, LONG + " Assume that there is no friction.").match == "apart"


def test_a_formula_that_only_one_text_has_keeps_them_apart() -> None:
    stem = "For the following exercises, solve each equation by rewriting the expression, then round to the nearest thousandth and check."
    assert judge(stem, stem + "\n\n\\(50e^{-0.12t} = 10\\)").match == "apart"


def test_a_rewording_is_neither_form_nor_apart() -> None:
    found = judge(
        "How can I keep a wooden boat from rotting in winter?",
        "What should be done during winter so that boats of wood stay sound and do rot?",
    )
    assert found.match == "reworded"


@pytest.mark.parametrize("text", ["", "   ", "...", "\u200d", "?!"])
def test_texts_that_say_nothing_are_nobodys_duplicate(text: str) -> None:
    assert judge(text, text) == Finding("apart", "empty text")


def test_single_characters_are_compared() -> None:
    assert judge("x", "x").match == "form"
    assert judge("x", "y").match == "apart"
    assert judge("?", "!").match == "apart"


@pytest.mark.parametrize(
    ("a", "b", "reason"),
    [
        (Comparable("a", "Which?", ("red", "blue")), Comparable("b", "Which?", ("red", "green")), "options"),
        (Comparable("a", "Which?", ("red", "blue")), Comparable("b", "Which?"), "options"),
        (Comparable("a", "Which?", target="red"), Comparable("b", "Which?", target="blue"), "target"),
        (Comparable("a", "Which?", language="en"), Comparable("b", "Which?", language="de"), "language"),
        (Comparable("a", "Which?", kind="exercise"), Comparable("b", "Which?", kind="alternate"), "kind"),
    ],
)
def test_what_stands_around_the_prompt_counts(a: Comparable, b: Comparable, reason: str) -> None:
    assert check(a, b) == check(b, a) == Finding("apart", reason)


def test_options_in_another_order_and_kinds_that_share_prompts_do_not_matter() -> None:
    a = Comparable("a", "Which?", ("red", "blue."), "Red", "exercise", "en")
    b = Comparable("b", "which", ("Blue", "red"), "red.", "question", "")
    assert check(a, b).match == "form"


def test_a_long_target_is_an_explanation_and_not_compared() -> None:
    a = Comparable(
        "a", "Why is it dark at night?", target="Because the earth turns and the sun is then on the other side of it, and stars are far."
    )
    assert check(a, Comparable("b", "Why is it dark at night?", target="The sun is behind the earth.")).match == "form"


@pytest.mark.parametrize(
    ("a", "b", "same"), [("recieve", "receive", True), ("form", "from", False), ("ethanol", "ethanal", False), ("not", "nto", True)]
)
def test_a_slip_is_not_another_word(a: str, b: str, same: bool) -> None:
    assert slip(a, b) is same


def test_a_long_target_with_other_numbers_is_another_answer() -> None:
    start = "The function is increasing on all of the interval between "
    a, b = (Comparable("a", "Where does it rise?", target=start + end) for end in ("1 and 3, and on 7.", "2 and 9, and on 11."))
    assert check(a, b) == Finding("apart", "target")


def test_two_questions_about_one_scenario_stay_apart() -> None:
    start = "A pond holds red koi and green frogs, and a farmer counts them every spring after rain. "
    found = judge(start + "How large was the first population?", start + "Which animals will remain there once winter comes back?")
    assert found == Finding("apart", "another question about the same")


def test_exercises_are_never_merged_as_rewordings() -> None:
    a = Comparable("a", "How can I keep a wooden boat from rotting in winter?", kind="exercise")
    b = Comparable("b", "What should be done during winter so that boats of wood stay sound and do rot?", kind="exercise")
    assert check(a, b) == Finding("apart", "another exercise")


def test_a_very_long_text_differs_in_its_end_too() -> None:
    start = "word " * 15_000
    assert judge(start + "one", start + "two").match == "apart"


def test_any_text_can_be_taken_apart() -> None:
    for text in (
        "\\(",
        "```\nopen fence",
        "$",
        "**",
        "\\frac{",
        "'",
        "a'b'",
        "-",
        "\ud83d\ude00 \u0661\u0662",
        "_" * 50,
        "x" * 5000,
        "1.2.3,4",
    ):
        profile(text)
