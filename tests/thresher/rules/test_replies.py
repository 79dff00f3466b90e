"""Replies that mean something only to whoever knows what they allude to."""

from __future__ import annotations

from typing import Any

import pytest

from thresher.model import Candidate

POST = "My sourdough starter escaped from its jar last night and reached the toaster."
REPLY = "We are going to need a bigger jar."
ASKS = "I don't get it, what is the reference?"
EXPLAINS = "It is a line from a film about a shark: when he sees how large it is, the policeman says that their boat is too small."
AUTHORS = {"p": "baker", "c": "joker", "q": "asker", "e": "knower"}


def _thread(make: Any, **changed: Any) -> list[Any]:
    """Post, reply, question, explanation; ``c={...}`` changes values of the reply."""
    made = {
        "p": {"text": POST, "role": "post", "title": "It is alive"},
        "c": {"text": REPLY, "parent_id": "p", "marks": {"score": 2}},
        "q": {"text": ASKS, "parent_id": "c", "marks": {"score": 1}},
        "e": {"text": EXPLAINS, "parent_id": "q", "marks": {"score": 4}},
    }
    return [
        make(**{"role": "comment", "native_id": n, "author_key": AUTHORS[n], **values, **changed.get(n, {})}) for n, values in made.items()
    ]


def test_a_reply_that_somebody_asks_about_and_somebody_explains_has_the_explanation_as_key(make: Any, judge_all: Any) -> None:
    got = judge_all(_thread(make))["c"]
    assert (got.kind, got.key_status, got.target, got.tier) == ("reply", "sourced", EXPLAINS, "untested")
    assert f"It is alive\n\n{POST}" in got.prompt
    assert REPLY in got.prompt
    assert "Explain what the reply means" in got.prompt
    assert EXPLAINS not in got.prompt


def test_the_question_after_the_joke_is_no_joke_itself(make: Any, judge_all: Any) -> None:
    thread = _thread(make, q={"text": "What's the joke here, please?"}, e={"text": f"The joke is this: {EXPLAINS}"})
    got = judge_all(thread)
    assert (got["c"].kind, got["q"].reason) == ("reply", "ordinary_reply")


def test_a_joke_may_be_explained_unasked(make: Any, judge_all: Any) -> None:
    thread = _thread(make, e={"text": f"For those who don't know the film: {EXPLAINS}", "parent_id": "c"})
    assert judge_all([t for t in thread if t.native_id != "q"])["c"].kind == "reply"


def test_votes_find_no_allusion(make: Any, judge_all: Any) -> None:
    thread = _thread(make, c={"marks": {"score": 900}})[:2]
    assert judge_all(thread)["c"].reason == "ordinary_reply"


@pytest.mark.parametrize(
    "changed",
    [
        {"q": {"text": "How large is your jar, and do you keep it in the fridge?"}},
        {"e": {"text": "Neither do I, but he has a point with the jar, and the toaster is a good place for it."}},
        {"e": {"text": "It's a film."}},
        {"q": {"text": "I don't get it, why would it need one?"}},
        {
            "q": {"text": "What does that mean?"},
            "e": {"text": "A jar stands for the glass in which bakers keep what they have from the day before."},
        },
        {"e": {"text": "Is it not a line from that film about the shark that eats the boats?"}},
        {"e": {"marks": {"score": -3}}},
        {"e": {"author_key": "asker"}},
        {"e": {"text": "", "status": "deleted"}},
    ],
)
def test_without_an_allusion_asked_about_and_explained_there_is_no_item(make: Any, judge_all: Any, changed: dict[str, Any]) -> None:
    assert judge_all(_thread(make, **changed))["c"].reason == "ordinary_reply"


def test_the_explanation_that_most_people_liked_is_the_key(make: Any, judge_all: Any) -> None:
    better = make("It is a quote from that film about a shark, said when they first see it.", "comment", "f", parent_id="q",
                  marks={"score": 40}, author_key="other")  # fmt: skip
    assert judge_all([*_thread(make), better])["c"].target == better.text


@pytest.mark.parametrize(
    "changed",
    [
        {"c": {"text": "This."}},
        {"c": {"text": "See https://bread.example.org for more on it"}},
        {"c": {"text": "Try it:\n```\nrm -rf toaster\n```"}},
        {"c": {"marks": {"score": 9, "images": 1}}},
        {"c": {"text": REPLY * 10}},
        {"c": {"author_key": "baker"}},
        {"p": {"marks": {"images": 1}}},
        {"p": {"text": "", "status": "deleted"}},
    ],
)
def test_what_cannot_be_understood_from_its_texts_is_ordinary(make: Any, judge_all: Any, changed: dict[str, Any]) -> None:
    assert judge_all(_thread(make, **changed))["c"].reason in {"ordinary_reply", "too_short", "link_only"}


def test_a_reply_takes_the_least_export_class_of_all_that_it_is_made_of(make: Any, judge_all: Any) -> None:
    for part in ("p", "c", "e"):
        thread = _thread(make, **{n: {"export_class": "none" if n == part else "full"} for n in "pce"})
        assert judge_all(thread)["c"].export_class == "none"


def test_a_deep_reply_is_shown_from_the_post_down(make: Any, judge_all: Any) -> None:
    thread = _thread(make, c={"parent_id": "b"})
    between = make("It had help from the inside.", "comment", "b", parent_id="p", author_key="third")
    prompt = judge_all([*thread, between])["c"].prompt
    assert prompt.index(POST) < prompt.index(between.text) < prompt.index(REPLY)
    assert judge_all(thread)["c"].reason == "ordinary_reply"


def test_one_thread_gives_a_few_items_at_most_those_that_people_liked_most(make: Any, judge_all: Any) -> None:
    post, *rest = _thread(make)
    thread = [post]
    for i in range(6):
        ids = {"c": f"c{i}", "q": f"q{i}", "e": f"e{i}"}
        for part in rest:
            parent = ids.get(part.parent_id, part.parent_id)
            score = i if part.native_id == "c" else 1
            thread.append(
                make(part.text, "comment", ids[part.native_id], parent_id=parent, author_key=part.author_key, marks={"score": score})
            )
    got = judge_all(thread)
    assert [n for n, outcome in got.items() if isinstance(outcome, Candidate)] == ["c3", "c4", "c5"]
