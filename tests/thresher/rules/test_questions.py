from __future__ import annotations

from typing import Any

import pytest

from thresher.model import Candidate, Refusal

QUESTION = "I boil tap water from the hills and a white film stays in the kettle each week. How do I get rid of it?"
GOOD = "It is limescale. Fill the kettle half with vinegar and half with water, boil, wait an hour and rinse it twice."
OTHER = (
    "Citric acid does it as well and does not smell: two spoons in a litre of cold water, leave it overnight, do not heat it, then rinse."
)


def _thread(make: Any, **marks: Any) -> list[Any]:
    se = {"source": "stackexchange", "site": "kitchen", "thread_id": "1"}
    return [
        make(
            QUESTION,
            "question",
            "1",
            title="What is the white film in a kettle?",
            marks={"score": 4, "accepted_id": 2, **marks},
            licence="CC-BY-SA-4.0",
            export_class="full",
            **se,
        ),
        make(GOOD, "answer", "2", parent_id="1", marks={"score": 6}, licence="CC-BY-SA-3.0", export_class="derived", **se),
        make(OTHER, "answer", "3", parent_id="1", marks={"score": 5}, licence="CC-BY-SA-4.0", export_class="full", **se),
        make(
            "Have you tried turning the tap off and on? I have no better idea.",
            "answer",
            "4",
            parent_id="1",
            marks={"score": 0},
            licence="CC-BY-SA-4.0",
            export_class="full",
            **se,
        ),
    ]


def test_a_question_with_an_accepted_answer_has_it_as_target(make: Any, judge_all: Any) -> None:
    got = judge_all(_thread(make))["1"]
    assert (got.kind, got.key_status, got.tier) == ("question", "sourced", "untested")
    assert got.messages[0].content == f"What is the white film in a kettle?\n\n{QUESTION}"
    assert got.target == GOOD


def test_the_least_permissive_of_question_and_answer_holds(make: Any, judge_all: Any) -> None:
    got = judge_all(_thread(make))["1"]
    assert got.export_class == "derived"
    assert got.licence == "CC-BY-SA-3.0 AND CC-BY-SA-4.0"


def test_the_accepted_answer_is_the_reference_and_no_item(make: Any, judge_all: Any) -> None:
    assert judge_all(_thread(make))["2"].reason == "is_the_reference"


def test_an_answer_marked_by_the_forum_counts_as_accepted(make: Any, judge_all: Any) -> None:
    thread = [
        make(QUESTION, "question", "7/1", title="What is the white film?"),
        make(GOOD, "post", "7/2", parent_id="7/1", marks={"accepted": True}),
    ]
    got = judge_all(thread)
    assert got["7/1"].target == GOOD
    assert got["7/2"].reason == "is_the_reference"


PROVE = "Show that the sum of the first $n$ odd numbers is $n^2$."
BY_INDUCTION = (
    "For $n = 1$ both sides are $1$. If $1 + 3 + \\dots + (2n-1) = n^2$, add $2n+1$ to both sides: the right one becomes "
    "$n^2 + 2n + 1 = (n+1)^2$."
)
BY_PAIRS = (
    "Write the sum forwards and backwards, one under the other. Each of the $n$ columns has the sum $1 + (2n - 1) = 2n$, so twice the sum "
    "is $n \\cdot 2n = 2n^2$."
)
PROGRAM = "How do I turn a list of pairs into a dictionary of lists in Python?"
BY_LOOP = "Go through them:\n\n```python\nresult = {}\nfor key, value in pairs:\n    result.setdefault(key, []).append(value)\n```"
BY_GROUPS = (
    "With what the standard library has for sorted input:\n\n```python\nfrom itertools import groupby\nresult = {k: [v for _, v in group] "
    "for k, group in groupby(sorted(pairs), lambda p: p[0])}\n```"
)


def _solved(make: Any, title: str, question: str, first: str, second: str) -> list[Any]:
    se = {"source": "stackexchange", "site": "town", "thread_id": "1"}
    return [
        make(question, "question", "1", title=title, marks={"score": 4, "accepted_id": 2}, **se),
        make(first, "answer", "2", parent_id="1", marks={"score": 6}, **se),
        make(second, "answer", "3", parent_id="1", marks={"score": 5}, **se),
    ]


@pytest.mark.parametrize(
    ("title", "question", "first", "second"),
    [("Sum of odd numbers", PROVE, BY_INDUCTION, BY_PAIRS), ("Pairs to a dictionary of lists", PROGRAM, BY_LOOP, BY_GROUPS)],
)
def test_a_second_proof_or_program_is_an_alternate_with_the_task_written_out(
    make: Any, judge_all: Any, title: str, question: str, first: str, second: str
) -> None:
    got = judge_all(_solved(make, title, question, first, second))["3"]
    assert (got.kind, got.target, got.key_status) == ("alternate", second, "sourced")
    assert question in got.prompt
    assert first in got.prompt
    assert "clearly different way" in got.prompt
    assert second not in got.prompt


def test_a_fact_or_a_piece_of_advice_is_not_solved_in_a_second_way(make: Any, judge_all: Any) -> None:
    assert judge_all(_thread(make))["3"] == Refusal("stackexchange:kitchen:3", "answer_not_accepted", "one way")


@pytest.mark.parametrize("title", ["Why is this sum a square?", "Is my proof of this sum correct?", "What is the meaning of this sum?"])
def test_a_diagnosis_or_an_explanation_has_one_answer(make: Any, judge_all: Any, title: str) -> None:
    assert judge_all(_solved(make, title, PROVE, BY_INDUCTION, BY_PAIRS))["3"].detail == "one way"


def test_a_hint_is_no_second_solution(make: Any, judge_all: Any) -> None:
    assert judge_all(_solved(make, "Sum of odd numbers", PROVE, BY_INDUCTION, f"Hint: {BY_PAIRS}"))["3"].reason == "answer_not_accepted"


def test_the_same_code_under_other_words_is_no_second_solution(make: Any, judge_all: Any) -> None:
    again = BY_LOOP.replace("Go through them", "This is short, quick, and works in every version that I have at hand since the year 2008")
    assert judge_all(_solved(make, "Pairs to a dictionary", PROGRAM, BY_LOOP, again))["3"].detail == "same solution"


def test_a_question_says_how_far_it_is_gradable(make: Any, judge_all: Any) -> None:
    got = judge_all(_solved(make, "Sum of odd numbers", PROVE, BY_INDUCTION, BY_PAIRS))["1"]
    assert ("gradable:derivation" in got.tags, got.key_status, got.target) == (True, "sourced", BY_INDUCTION)


def test_a_question_of_taste_lands_without_a_key(make: Any, judge_all: Any) -> None:
    thread = _solved(make, "Is it worth having a copper kettle?", "The neighbours have one.", GOOD, OTHER)
    got = judge_all(thread)["1"]
    assert ("gradable:opinion" in got.tags, got.key_status, got.target) == (True, "none", "")


def test_an_unsure_answer_is_no_key_and_the_tags_say_so(make: Any, judge_all: Any) -> None:
    thread = _solved(make, "What is the white film in a kettle?", QUESTION, f"Not sure, but I think that it is limescale. {GOOD}", OTHER)
    got = judge_all(thread)["1"]
    assert ({"gradable:fact", "no_key:unsure"} <= set(got.tags), got.key_status, got.target) == (True, "none", "")


def test_a_language_without_cues_has_a_key_only_where_code_or_mathematics_shows_it(make: Any, judge_all: Any) -> None:
    asked = "Почему в моём чайнике каждую неделю появляется белый налёт, и как от него избавиться?"
    answer = "Это известковый налёт. Налейте в чайник воду и уксус, вскипятите, подождите час и дважды промойте чайник водой."
    got = judge_all(_solved(make, "Белый налёт в чайнике", asked, answer, OTHER))["1"]
    assert ("no_key:language" in got.tags, got.key_status) == (True, "none")
    code = judge_all(_solved(make, "Словарь из пар", f"{asked}\n\n```python\npairs\n```", BY_LOOP, OTHER))["1"]
    assert code.key_status == "sourced"


def test_an_answer_without_votes_is_no_second_solution(make: Any, judge_all: Any) -> None:
    assert judge_all(_thread(make))["4"].reason == "answer_not_accepted"


def test_the_accepted_answer_in_other_words_is_no_second_solution(make: Any, judge_all: Any) -> None:
    thread = _solved(make, "Sum of odd numbers", PROVE, BY_INDUCTION, BY_INDUCTION + " Good luck!")
    assert judge_all(thread)["3"].detail == "same solution"


@pytest.mark.parametrize(
    ("marks", "reason"),
    [
        ({"closed": True}, "closed"),
        ({"score": -2}, "low_score"),
        ({"images": 1}, "needs_picture"),
        ({"accepted_id": 99}, "no_accepted_answer"),
    ],
)
def test_questions_that_cannot_serve_say_why(make: Any, judge_all: Any, marks: dict[str, Any], reason: str) -> None:
    assert judge_all(_thread(make, **marks))["1"].reason == reason


def test_an_accepted_answer_that_only_links_is_too_thin(make: Any, judge_all: Any) -> None:
    thread = _thread(make)
    thread[1] = make("See https://kettles.example.org/descaling/with/vinegar/step/by/step", "answer", "2", parent_id="1")
    assert judge_all(thread)["1"].reason == "answer_too_thin"


def test_a_deleted_accepted_answer_leaves_the_question_open(make: Any, judge_all: Any) -> None:
    thread = _thread(make)
    thread[1] = make("", "answer", "2", parent_id="1", status="deleted")
    got = judge_all(thread)
    assert (got["1"].reason, got["2"].reason) == ("no_accepted_answer", "deleted")


def test_a_question_that_complains_about_a_model_is_a_complaint(make: Any, judge_all: Any) -> None:
    text = 'I asked ChatGPT "How many weeks are in a leap year?" and it answered "Exactly 53". That is wrong, is it not?'
    got = judge_all([make(text, "question", "1", title="Weeks")])["1"]
    assert isinstance(got, Candidate)
    assert got.kind == "complaint"


@pytest.mark.parametrize("kind", ["tag_wiki", "tag_wiki_excerpt", "small_action"])
def test_what_is_written_for_the_site_is_no_case(judge_one: Any, kind: str) -> None:
    got = judge_one("A kettle is a pot for boiling water; questions about pots go elsewhere.", marks={"post_type": kind})
    assert (got.reason, got.detail) == ("site_text", kind)


@pytest.mark.parametrize("role", ["question", "answer", "comment"])
def test_a_post_fetched_without_its_text_says_so(judge_one: Any, role: str) -> None:
    assert judge_one("", role=role, title="White film in my kettle", marks={"no_body": True}).reason == "no_body"


@pytest.mark.parametrize(
    "pointing",
    [
        "As the accepted answer says, add them. ",
        "Robin's answer is right about the sum. ",
        "@robin has it nearly right. ",
        "To add to it: ",
    ],
)
def test_an_answer_that_speaks_to_other_answers_is_no_second_solution(make: Any, judge_all: Any, pointing: str) -> None:
    assert judge_all(_solved(make, "Sum of odd numbers", PROVE, BY_INDUCTION, pointing + BY_PAIRS))["3"].detail == "unfit"


@pytest.mark.parametrize("pictured", [0, 1])
def test_a_second_solution_shows_no_pictures(make: Any, judge_all: Any, pictured: int) -> None:
    texts = [BY_INDUCTION, BY_PAIRS]
    texts[pictured] += "\n\n[image: the numbers as a square]"
    assert judge_all(_solved(make, "Sum of odd numbers", PROVE, *texts))["3"].reason == "answer_not_accepted"


def test_a_topic_that_only_misses_its_prompt_is_a_lead_and_no_open_question(make: Any, judge_all: Any) -> None:
    text = "ChatGPT invented three books for my reading list this morning. Not one of them exists."
    got = judge_all([make(text, "question", "1", title="It invents books", source="discourse", site="talk")])["1"]
    assert got.reason == "no_prompt_found"


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        (
            "The tool of the language brings the newest one, and it needs no rights of an administrator:\n\n```\n$ pip install mill\n```",
            "one way",
        ),
        (
            "As said by others it is packaged; unpacked by hand it does the same without the tool:\n\n```\nfor f in a: unpack(f)\n```",
            "one way",
        ),
    ],
)
def test_another_tool_that_installs_the_same_is_no_other_way(make: Any, judge_all: Any, second: str, reason: str) -> None:
    first = "It is packaged, so that the package manager of the system can do it:\n\n```\nsudo apt install mill\nmill --version\n```"
    got = judge_all(_solved(make, "How do I install mill?", "How is mill installed?", first.replace("mill --version", "cd mill"), second))[
        "3"
    ]
    assert (got.reason, got.detail) == ("answer_not_accepted", reason)
