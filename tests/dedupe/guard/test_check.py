"""dedupe.guard.check and dedupe.guard.features: near misses stay apart, form does not matter."""

from __future__ import annotations

import pytest

from dedupe.guard.check import Comparable, check
from dedupe.guard.differences import Finding
from dedupe.guard.features import profile
from dedupe.guard.slips import slip
from thresher.text import content_id

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
    ("a", "b", "same"),
    [
        ("recieve", "receive", True),
        ("not", "nto", True),
        ("way", "wy", True),
        ("from", "form", True),
        ("curious", "curios", True),
        ("gaussian", "gaussain", True),
        ("ethanol", "ethanal", False),
        ("hexane", "hexene", False),
        ("ship", "sheep", False),
        ("in", "on", False),
        ("not", "now", False),
        ("produce", "produces", False),
        ("causal", "casual", False),
        ("kth", "nth", False),
        ("typical", "atypical", False),
    ],
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


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Is the river deep?", "Was the river deep?"),
        ("Name a river.", "Name rivers."),
        ("Is f continuous on [a, b]?", "Is f continuous on [a, b)?"),
        ("Differentiate f(x).", "Differentiate f'(x)."),
        ("Compute 5!", "Compute 5"),
        ("Compute a_{n+1}.", "Compute a_n + 1."),
        ("Upgrade from 3.1 to 3.2.", "Upgrade from 3.10 to 3.2."),
        ("What does print(a[1:]) show?", "What does print(a[:1]) show?"),
        ("What does print('a') show?", "What does print(a) show?"),
        ("What does !a mean?", "What does a mean?"),
        ("What is str.split for?", "What is str.rsplit for?"),
        ("Open /etc/hosts now.", "Open /etc/host now."),
        ("Mail ann@x.org about it.", "Mail anne@x.org about it."),
        ("We meet at 9:15 am today.", "We meet at 9:15 pm today."),
        ("Find the sides of ABC.", "Find the sides of ABD."),
        ("Compute (AB) of it.", "Compute (BA) of it."),
        ("Who works at Company A's office?", "Who works at Company B's office?"),
        ("Plan A: 25 dollars each.", "Plan A: -25 dollars each."),
        ("Return the nth element.", "Return the kth element."),
        ("Move it to the left.", "Move it from the left."),
        ("Explain what these emoji mean.", "Explain what these emoji mean. \U0001f6aa\U0001f4da\U0001f985"),
        ("Ist Wasser nicht nass?", "Ist Wasser nass?"),
        ("Nenne drei Fl\u00fcsse.", "Nenne vier Fl\u00fcsse."),
        ("Schreibe etwas \u00fcber Rosen.", "Schreibe etwas \u00fcber Hosen."),
        ("Hat er es schon gesagt?", "Hat er es sch\u00f6n gesagt?"),
        ("\u00bfPor qu\u00e9 funciona esto?", "\u00bfPor qu\u00e9 no funciona esto?"),
        (
            "\u041f\u043e\u0447\u0435\u043c\u0443 \u043e\u043d \u0435\u0441\u0442?",
            "\u041f\u043e\u0447\u0435\u043c\u0443 \u043e\u043d \u043d\u0435 \u0435\u0441\u0442?",
        ),
        ("\u8fd9\u4e2a\u7b54\u6848\u5bf9\u5417\uff1f", "\u8fd9\u4e2a\u7b54\u6848\u4e0d\u5bf9\u5417\uff1f"),
        ("\u5317\u4eac\u7684\u4eba\u53e3\uff1f", "\u6771\u4eac\u7684\u4eba\u53e3\uff1f"),
        (
            "\u0627\u0643\u062a\u0628 \u0663 \u0623\u0645\u062b\u0644\u0629.",
            "\u0627\u0643\u062a\u0628 \u0664 \u0623\u0645\u062b\u0644\u0629.",
        ),
        ("\u092f\u0939 \u0938\u0939\u0940 \u0939\u0948?", "\u092f\u0939 \u0938\u0939\u0940 \u0928\u0939\u0940\u0902 \u0939\u0948?"),
    ],
)
def test_a_small_difference_keeps_texts_apart(a: str, b: str) -> None:
    assert judge(a, b).match == "apart"


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Do us citizens pay it?", "Do US citizens pay it?"),
        ("Did anyone polish it?", "Did anyone Polish it?"),
        ("Convert 5 mW to watts.", "Convert 5 MW to watts."),
        ("Let A be closed.", "Let a be closed."),
        ("How is CO made?", "How is Co made?"),
    ],
)
def test_a_capital_can_mean_something_but_the_case_of_a_whole_text_does_not(a: str, b: str) -> None:
    assert judge(a, b) == Finding("apart", "capitals")
    assert judge(a.lower(), a.upper()).match == "form"


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Which tree grows fastest?", "Hi all,\n\nWhich tree grows fastest? Thanks in advance!"),
        ("Which tree grows fastest?", "Can you help me with this? Which tree grows fastest? \U0001f642"),
        ("Which tree grows fastest?", "<p>Which <b>tree</b> grows&nbsp;fastest?</p>"),
        ("Which tree grows fastest?", "1. Which tree grows fastest?"),
        ("Which tree grows fastest?", "Which treegrows fastest?"),
        ("Which tree grows fastest?", "Wich tree grwos fastets?"),
        ("Give five reasons for it.", "Give fiev reasons for it."),
        ("What is the sum of these?", "What si the sum fo these?"),
        ('Tom & Ann say "no".', "Tom &amp; Ann say &quot;no&quot;."),
        ("See [the page](https://example.org/a).", "See the page https://example.org/a"),
        ("Is \\(\\text{IR}\\) a drop?", "Is $\\text{IR}$ a drop?"),
        ("Gr\u00f6\u00dfe der Stra\u00dfe?", "Gr\u00f6sse der Strasse?"),
        ("\u0627\u0643\u062a\u0628 \u0663 \u0643\u062a\u0628.", "\u0627\u0643\u062a\u0628 3 \u0643\u062a\u0628."),
        ("Qu\u00e9 son los n\u00fameros pr\u00e1cticos?", "Que son los numeros practicos?"),
        ("Is this gray center nice?", "Is this grey centre nice?"),
    ],
)
def test_politeness_markup_slips_and_spelling_do_not_matter(a: str, b: str) -> None:
    assert judge(a, b).match == "form"


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (r"Simplify \(\sqrt{3k}\).", r"Simplify \(\sqrt{3}k\)."),
        (r"Simplify \(\sqrt{5}\pi\).", r"Simplify \(\sqrt{5\pi}\)."),
        (r"Simplify $\sqrt{uv}$.", r"Simplify $\sqrt{u}v$."),
        (r"Integrate \(\frac{1}{7t}\).", r"Integrate \(\frac{1}{7}t\)."),
        (r"Integrate \(\frac{p}{q}r\).", r"Integrate \(\frac{p}{qr}\)."),
        (r"Differentiate \(5^{2m}\).", r"Differentiate \(5^{2}m\)."),
        (r"Differentiate \(e^{-t}s\).", r"Differentiate \(e^{-ts}\)."),
        (r"Evaluate \(\log_{3z}w\).", r"Evaluate \(\log_{3}zw\)."),
        (r"Evaluate \(\sqrt{rst}u\).", r"Evaluate \(\sqrt{rstu}\)."),
    ],
)
def test_braces_say_what_belongs_together(a: str, b: str) -> None:
    assert judge(a, b).match == "apart"
    assert content_id([("user", a)]) != content_id([("user", b)])


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (r"Solve \(\sqrt{x} = 3^{10}\).", r"Solve $\sqrt x = 3^10$."),
        (r"Solve \(e^{2x} = 5\).", "Solve e^(2x) = 5."),
        (r"Solve \(v_{max} = 5\).", r"Solve \(v_{\text{max}} = 5\)."),
    ],
)
def test_braces_around_one_thing_say_nothing(a: str, b: str) -> None:
    assert judge(a, b).match == "form"


def flag(region: str) -> str:
    """The flag of a part of a country: a black flag with the region as invisible tags."""
    return "\U0001f3f4" + "".join(chr(0xE0000 + ord(letter)) for letter in region) + "\U000e007f"


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (flag("gbeng"), flag("gbsct")),
        (flag("gbwls"), "\U0001f3f4"),
        ("\U0001f1f5\U0001f1f1", "\U0001f1f5\U0001f1f9"),
        ("\U0001f98a", "\U0001f43a"),
        (":)", ":("),
    ],
)
def test_flags_and_faces_that_are_asked_about_keep_texts_apart(a: str, b: str) -> None:
    assert judge(f"What does this stand for: {a}", f"What does this stand for: {b}").match == "apart"
    assert judge(f"What does {a} stand for?", f"What does {b} stand for?").match == "apart"


@pytest.mark.parametrize(
    "greeted",
    [
        "hey folks, {}",
        "Howdy y'all! {}",
        "Good evening team, {}",
        "yo guys {}",
        "Hello people of reddit, {} Any thoughts?",
        "{} :)",
        "{} Cheers ;-)",
        "{} \u2764\ufe0f\u2764\ufe0f\u2764\ufe0f",
        "{} TIA",
        "{} Much appreciated!",
        "Hey there, hope you are all doing well! {} Thanks a bunch",
        "Hola a todos, {} gracias de antemano",
        "Bonjour \u00e0 tous ! {} Merci d'avance",
        "Hallo zusammen, {} Liebe Gr\u00fc\u00dfe",
        "Cze\u015b\u0107 wszystkim, {} z g\u00f3ry dzi\u0119kuj\u0119",
        "Hi, first time poster here.\n\n{}\n\nI would be grateful for any hints.",
        "Hoi allemaal, {} Alvast bedankt!",
        "\u4f60\u597d\uff0c{} \u8c22\u8c22\u5927\u5bb6\uff01",
        "{}\n\nBest,\nKofi",
        "{}\n--\nMaria Lopez",
        "{}\n\nEDIT: fixed a typo",
        "{} (edited)",
        "{}\n\nSent from my iPhone",
        "On 3 May 2024, Priya wrote:\n\n> {}",
        "{} thanks in advance <3",
    ],
)
def test_greetings_and_thanks_do_not_part_two_items(greeted: str) -> None:
    asked = "How long does a raven live?"
    assert judge(asked, greeted.format(asked)).match == "form"


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Translate to Dutch: hey folks", "Translate to Dutch: hey"),
        ("Translate 'thanks in advance'", "Translate 'thanks'"),
        ("Write a letter that ends: best regards", "Write a letter that ends: cheers"),
        ("Hello everyone in Dutch", "Hello in Dutch"),
        ("Write a poem for my team", "Write a poem"),
        ("Is it true that x <3", "Is it true that x"),
        ("Translate the next line.\n\nMany thanks", "Translate the next line.\n\nBest regards"),
        ("Is this rude?\n\nCheers", "Is this rude?"),
        ("Good evening. Who greets like this?", "Hello. Who greets like this?"),
        ("Good morning, class", "Good evening, class"),
        ("Draw a horse that says thank you", "Draw a horse that says"),
        ("Rank these: good, better, best", "Rank these: good, better"),
        ("Find a synonym: thankful, grateful", "Find a synonym: thankful"),
        ("What does she want? Peace", "What does she want?"),
        ("Is it one of these?\nthanks\nwelcome\ncheers", "Is it one of these?\nthanks\nwelcome"),
        ("Where is it? Edit: in Peru", "Where is it?"),
        ("What is left, if any. Hope somebody can help me", "What is left."),
        ("Anna wrote:\n> I am here\nWho is there?", "Tom wrote:\n> I am here\nWho is there?"),
        ("Guess the film: \U0001f981\U0001f451", "Guess the film: \U0001f577\U0001f468"),
        ("Can you swim to Oslo?", "Swim to Oslo"),
    ],
)
def test_a_greeting_that_is_asked_about_counts(a: str, b: str) -> None:
    assert judge(a, b).match == "apart"


@pytest.mark.parametrize(
    ("whole", "cut"),
    [
        ("What is the capital of Peru?", "What is the capital of..."),
        ("What is the capital of Peru?", "What is the capi"),
        ("What is the capital of Peru?", "What is the capital of [\u2026]"),
        ("Why do the leaves of this old tree turn red in autumn?", "Why do the leaves of this old tree turn"),
        ("Solve for x: (x + 1)(x - 2) = 0 and show it.", "Solve for x: (x + 1)(x"),
    ],
)
def test_a_short_text_can_show_that_it_was_cut_off(whole: str, cut: str) -> None:
    assert judge(whole, cut) == Finding("form", "cut off")


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Explain how tides work", "Explain how tides work to a child"),
        ("Explain how tides work.", "Explain how tides work. Use one word."),
        ("Describe in few words how to paint a car", "Describe in few words how to paint a carpet"),
        ("It costs 12 dollars in all of the shops, so take 1", "It costs 12 dollars in all of the shops, so take 15 along."),
        ("Graph the function f(x) = 2x", "Graph the function f(x) = 2x + 1"),
        ("Continue the row: 1, 2, 3, ...", "Continue the row: 1, 2, 3, 4, ..."),
    ],
)
def test_a_beginning_alone_is_not_a_cut(a: str, b: str) -> None:
    assert judge(a, b).match == "apart"


def test_code_counts_by_its_indentation_but_not_by_its_width() -> None:
    code = "What prints this?\n```\nfor i in x:\n    a()\n{}b()\n```"
    assert judge(code.format(""), code.format("    ")) == Finding("apart", "code")
    assert judge(code.format("    "), code.format("    ").replace("    ", "  ")).match == "form"


OPTIONS = "Which one is red?\n\nA) {}\nB) {}\nC) {}"


def test_shuffled_options_are_the_same_item_and_a_letter_means_its_option() -> None:
    one = OPTIONS.format("a rose", "a leaf", "the sea")
    other = OPTIONS.format("the sea", "a leaf", "a rose")
    assert judge(one, other).match == "form"
    assert check(Comparable("a", one, target="A"), Comparable("b", other, target="C) a rose")).match == "form"
    assert check(Comparable("a", one, target="A"), Comparable("b", other, target="A")) == Finding("apart", "target")
    assert (
        check(Comparable("a", one, ("a rose", "a leaf", "the sea")), Comparable("b", other, ("the sea", "a leaf", "a rose"))).match
        == "form"
    )


def test_the_same_stem_with_other_options_or_none_is_another_item() -> None:
    one = OPTIONS.format("a rose", "a leaf", "the sea")
    assert judge(one, OPTIONS.format("a rose", "a leaf", "the sky")) == Finding("apart", "options")
    assert judge(one, "Which one is red?") == Finding("apart", "options")
    assert judge(one, OPTIONS.format("a rose", "a laef", "the sea")).match == "form"


BOAT = "How can I keep a wooden boat from rotting in winter?"
BOAT_REWORDED = "What should be done during winter so that boats of wood stay sound and do rot?"


def test_a_reworded_question_after_other_turns_is_another_item() -> None:
    turns = "user: I have a boat.\n\nassistant: How nice."
    asked = [Comparable(name, f"{turns}\n\nuser: {text}", earlier=turns) for name, text in (("a", BOAT), ("b", BOAT_REWORDED))]
    assert check(*asked).match == "reworded"
    assert check(Comparable("a", BOAT), Comparable("b", BOAT_REWORDED)).match == "reworded"
    assert check(Comparable("a", BOAT), asked[1]) == Finding("apart", "earlier turns")
    other = Comparable(
        "c", f"user: I have a boat.\n\nassistant: Sell it.\n\nuser: {BOAT}", earlier="user: I have a boat.\n\nassistant: Sell it."
    )
    assert check(other, asked[1]) == Finding("apart", "earlier turns")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("Is online gambling legal in the state of Ohio?", "Some forms of gambling over the internet are legal in Ohio, others are not."),
        ("Explain why a landlord stands above the tenants.", "Landlords can be seen as superior to tenants since they own the property."),
        ("why is beef from kobe so expensive", "In short, beef of that sort costs much because it is rare, and kobe cattle are in demand."),
    ],
)  # fmt: skip
def test_a_question_and_its_answer_are_two_items(asked: str, told: str) -> None:
    assert judge(asked, told) == Finding("apart", "a question and a statement")


def test_a_question_may_be_put_as_a_request_or_as_somebodys_trouble() -> None:
    here = "What can be done about a wooden boat that rots in winter?"
    assert judge(here, "Explain how boats of wood stay sound during the cold months.").match == "reworded"
    assert judge(here, "My boat of wood always becomes soft during the cold months.").match == "reworded"


def test_a_rewording_may_deny_something_that_the_other_does_not_say() -> None:
    here = "My knee has been stiff every morning since last summer, what can be done about it?"
    assert judge(here, "I cannot bend my leg after getting up, for months now: which remedies might help with that?").match == "reworded"
    denied = judge(here, "After getting up my leg is not stiff any longer, for months now: which remedies might have helped with that?")
    assert denied == Finding("apart", "negation")


def test_a_rewording_may_add_a_number_and_not_contradict_one() -> None:
    here = "How can I keep a wooden boat from rotting in winter?"
    found = judge(here, "What should be done during winter so that boats of wood, some 30 of them, stay sound and do rot?")
    assert found.match == "reworded"
    other = judge(
        here.replace("a wooden boat", "40 wooden boats"), "What should be done during winter so that 30 boats of wood stay sound?"
    )
    assert other == Finding("apart", "numbers")


def test_a_difference_deep_inside_a_long_post_is_seen() -> None:
    sentence = "The {}th visitor walked slowly through the old garden and looked at every tree. "
    long = "".join(sentence.format(n) for n in range(250))
    assert len(long) > 20_000
    assert judge(long, long.replace("The 170th visitor walked", "The 170th visitor ran")).match == "apart"
    assert judge(long, long.replace("The 170th visitor walked", "The 170th visitor wlaked")).match == "form"


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Whom do I reach at [PHONE]?", "whom do i reach at [PHONE]?"),
        (f"{LONG} Mail the answer to [EMAIL].", f"{LONG} Mail the answer to [EMAIL]!"),
        (f"{LONG} Mail [EMAIL].", LONG),
    ],
)
def test_what_a_tag_hides_is_never_called_the_same(a: str, b: str) -> None:
    assert judge(a, b) == Finding("apart", "what a tag stands for")
    with_target = Comparable("a", LONG, target="Ask [EMAIL]."), Comparable("b", LONG.upper(), target="Ask [EMAIL].")
    assert check(*with_target).match == "apart"
