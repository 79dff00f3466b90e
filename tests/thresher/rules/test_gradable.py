"""How far questions can be graded, on sites that no rule was made for."""

from __future__ import annotations

from typing import Any

import pytest

from thresher.rules import Rules
from thresher.rules.gradable import grade, unfirm

PLAIN = "The first one was built in 1871 by a smith of the town, and it stands there to this day; the parish register says so."
CODE = "Read the file line by line:\n\n```python\nfor line in open('a.txt'):\n    print(line)\n```"
MATHS = "Put $u = x^2$, then $du = 2x\\,dx$ and the integral is $\\frac{1}{2}\\int e^{u}\\,du = \\frac{1}{2}e^{x^2} + C$."


def graded(make: Any, rules: Rules, title: str, answer: str = PLAIN, text: str = "I could not find it.", **marks: Any) -> str:
    question = make(text, "question", "1", title=title, site=marks.pop("site", "town"), marks=marks)
    return grade(question, make(answer, "answer", "2", parent_id="1"), rules)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("What is the difference between a hard fork and a soft fork?", "fact"),
        ("Why do onions make us cry?", "fact"),
        ("Is a tomato a berry?", "fact"),
        ("When was the comma first printed?", "fact"),
        ("Does yeast die at 60 degrees?", "fact"),
        ("Woher kommt das Wort Eselsbrücke?", "fact"),
        ("How to sign a transaction without a connection", "procedure"),
        ("How do I get a stuck lid off a glass jar?", "procedure"),
        ("Wie bekomme ich Wachs aus einer Tischdecke?", "procedure"),
        ("Comment enlever une tache de vin ?", "procedure"),
        ("Which wallet should I use?", "recommendation"),
        ("Can you recommend a cookbook for beginners?", "recommendation"),
        ("Any good alternative to this editor?", "recommendation"),
        ("Looking for a library that reads old maps", "recommendation"),
        ("Welches Messer soll ich kaufen?", "recommendation"),
        ("¿Qué portátil debería comprar?", "recommendation"),
        ("Is it worth learning Latin?", "opinion"),
        ("Should I wash rice before cooking it?", "opinion"),
        ("What is the best way to store basil?", "opinion"),
        ("What do you think of hidden service fees?", "opinion"),
        ("Will paper money ever disappear?", "opinion"),
        ("Is it rude to answer with a single word?", "opinion"),
        ("Pros and cons of cast iron", "opinion"),
        ("Lohnt es sich, einen Brotbackautomaten zu haben?", "opinion"),
        ("Vale la pena aprender latín?", "opinion"),
    ],
)
def test_the_form_of_a_question_says_how_far_it_is_gradable(make: Any, rules: Rules, title: str, expected: str) -> None:
    assert graded(make, rules, title) == expected


@pytest.mark.parametrize(
    ("title", "answer", "text", "expected"),
    [
        ("Is there a better way to integrate this?", MATHS, "How is $\\int x e^{x^2} dx$ done?", "derivation"),
        ("Integral of a product", MATHS, "Compute $\\int x e^{x^2}\\,dx$.", "derivation"),
        ("Best way to read a file line by line", CODE, "How is it done?", "procedure"),
        ("Which library is best for plotting?", CODE, "Mine is slow.", "recommendation"),
        ("What is the intuition behind this integral?", MATHS, "I mean $\\int x e^{x^2}\\,dx$.", "opinion"),
        ("What do I get for $5 and what for $10?", PLAIN, "It was $5 last year and $7 now.", "fact"),
    ],
)
def test_mathematics_and_code_count_more_than_the_word_best(
    make: Any, rules: Rules, title: str, answer: str, text: str, expected: str
) -> None:
    assert graded(make, rules, title, answer, text) == expected


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ({"tags": ["book-recommendation"]}, "recommendation"),
        ({"tags": ["single-word-requests"]}, "recommendation"),
        ({"tags": ["soft-question", "history"]}, "opinion"),
        ({"site": "meta.town"}, "opinion"),
        ({"site": "town.meta"}, "opinion"),
        ({"tags": ["history"]}, "fact"),
    ],
)
def test_what_the_site_says_of_a_question_counts(make: Any, rules: Rules, marks: dict[str, Any], expected: str) -> None:
    assert graded(make, rules, "What is the name of the first mill?", **marks) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (PLAIN, ""),
        ("I think it was the one by the river, but my memory may be wrong about the year in which it was built.", "unsure"),
        ("Not sure about the first, but the one by the river was there in 1871, as the register says.", "unsure"),
        ("I went there last summer. My uncle showed me his mill. I liked it a lot. It turned all day.", "anecdote"),
        ("There is a list for that:\n\n[image]\n\nThe first is at the top, and the years stand beside the names of the mills.", "picture"),
        ("See [the register](https://register.example.org/mills/1871/first-of-all).", "link"),
    ],
)
def test_an_answer_that_is_no_key_is_told_by_a_word(make: Any, rules: Rules, text: str, reason: str) -> None:
    question = make("Which mill was the first?", "question", "1", title="Mills")
    answer = make(text, "answer", "2", parent_id="1", marks={"score": 4})
    assert unfirm(question, answer, [answer], rules) == reason


def test_an_answer_that_the_voters_do_not_stand_behind_is_contested(make: Any, rules: Rules) -> None:
    question = make("Which mill was the first?", "question", "1", title="Mills")

    def reason(own: int, *others: int) -> str:
        answer = make(PLAIN, "answer", "2", parent_id="1", marks={"score": own})
        rest = [make(PLAIN, "answer", str(3 + i), parent_id="1", marks={"score": s}) for i, s in enumerate(others)]
        return unfirm(question, answer, [answer, *rest], rules)

    assert [reason(4), reason(9, 3), reason(4, 9), reason(5, 4, 4, 3)] == ["", "", "contested", "contested"]


def test_an_answer_of_two_lines_to_five_questions_is_partial(make: Any, rules: Rules) -> None:
    many = make("Who built it? When? Of what? For whom? And who owns it today?", "question", "1", title="The mill")
    assert unfirm(many, make(PLAIN, "answer", "2", parent_id="1"), [], rules) == "partial"


@pytest.mark.parametrize(
    ("title", "text", "reason"),
    [
        ("Why does a kettle whistle?", "Mine does, and I like it.", ""),
        ("How do I get a stuck lid off a jar?", "I have tried hot water.", ""),
        ("Kettles", "I have often wondered: why does a kettle whistle?", ""),
        ("Kettles", "I bought one last year. Why does it whistle?", "own_case"),
        ("Why does my kettle whistle so late?", "It is an old one.", "own_case"),
        ("Kettle broken", "My kettle stopped working after the update. What can I do?", "own_case"),
        ("Error in the kettle's program", "I get the following error: E12. What is wrong?", "own_case"),
        ("Error in the kettle's program", "I get E12. What is wrong?\n\n```\nif hot then whistle\n```", ""),
        ("Kettle simulation", "It is here: https://jsfiddle.net/k3ttl3. Why does it not boil?", "own_case"),
    ],
)
def test_a_question_about_what_only_its_asker_can_see_has_no_key(make: Any, rules: Rules, title: str, text: str, reason: str) -> None:
    answer = "Steam leaves through the hole, and the `hot` air behind it swings; that is the tone, and the hole says how high it is."
    assert unfirm(make(text, "question", "1", title=title), make(answer, "answer", "2", parent_id="1"), [], rules) == reason


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("It is not supported yet; as of 2014 no kettle does.", "dated"),
        ("It was the valve in my case. I solved it by cleaning it twice with vinegar.", "anecdote"),
        ("Clean the valve. If that doesn't help, try another kettle or a new lid for it.", "anecdote"),
        ("As mentioned in the comments, the valve is what lets the steam out and whistles.", "anecdote"),
        ("Scholars disagree about the whistle; the older ones put it down to the valve.", "unsure"),
    ],
)
def test_an_answer_that_tells_of_a_day_or_of_one_kettle_is_no_key(make: Any, rules: Rules, answer: str, reason: str) -> None:
    question = make("Does the valve do it?", "question", "1", title="Why does a kettle whistle?")
    assert unfirm(question, make(answer, "answer", "2", parent_id="1"), [], rules) == reason


@pytest.mark.parametrize(
    ("site", "expected"), [("workplace.stackexchange.com", "opinion"), ("softwarerecs", "recommendation"), ("mills", "fact")]
)
def test_sites_that_live_on_advice_say_so_of_every_question(make: Any, rules: Rules, site: str, expected: str) -> None:
    assert graded(make, rules, "When is the mill open?", site=site) == expected
