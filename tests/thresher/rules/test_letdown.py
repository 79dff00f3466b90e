"""In which turn a user was let down, and what only sounds like it."""

from __future__ import annotations

from typing import Any

import pytest

from thresher.model import Battle, Candidate, Message, Refusal, Response
from thresher.rules.letdown import let_down


def talk(*turns: str) -> tuple[Message, ...]:
    return tuple(Message("assistant" if n % 2 else "user", turn) for n, turn in enumerate(turns))


@pytest.mark.parametrize(
    ("asked", "answer", "turn", "way"),
    [
        ("How many moons has Mars?", "Four.", "That's wrong.", "complained"),
        ("How many moons has Mars?", "Four. Shall I list them?", "That's wrong, it has two.", "complained"),
        ("Sort 3, 1, 2 upwards.", "3, 2, 1", "No, I meant upwards.", "corrected"),
        ("Wer schrieb den Zauberberg?", "Hesse.", "War das nicht Thomas Mann?", "corrected"),
        ("¿Cuántas patas tiene un bogavante?", "Ocho.", "La respuesta correcta es diez.", "corrected"),
        ("Combien de pattes a un homard ?", "Huit.", "Je t'ai demandé un homard, pas un crabe.", "corrected"),
        ("Write a palindrome of nine letters.", "racecars", "Forget it, I'll do it myself.", "gave_up"),
        ("What is the boiling point of ethanol?", "A liquid.", "I asked what is the boiling point of ethanol", "rephrased"),
        ("Was ist der Siedepunkt von Ethanol?", "Eine Flüssigkeit.", "Bitte: Was ist der Siedepunkt von Ethanol?", "rephrased"),
    ],
)
def test_who_complains_corrects_gives_up_or_asks_again_was_let_down(rules: Any, asked: str, answer: str, turn: str, way: str) -> None:
    found = let_down(talk(asked, answer, turn), rules.any_turn)
    assert found is not None
    assert (found.turn, found.way, found.declined) == (2, way, False)


@pytest.mark.parametrize(
    "turns",
    [
        ("Name a river in Poland.", "The Vistula.", "Thanks! And in Spain?"),
        ("Convert 12 miles to kilometres.", "19.31 km", "Convert 13 miles to kilometres."),
        ("Convert miles to kilometres.", "Times 1.609.", "Convert kilometres to miles."),
        ("Is it safe to mix bleach and water?", "Yes.", "Is it not safe to mix bleach and water?"),
        ("Compute 12 * 7 in base ten.", "84", "Compute 12 + 7 in base ten."),
        ("Book a table for my birthday.", "Is it on Friday?", "No, that's the wrong day, it's on Sunday."),
        ("How do I restart the router?", "Hold the button.", "And when that doesn't work, whom do I call?"),
        ("How many letters has 'raspberry'?", "Nine.", "Sorry, my mistake. Try again with 'strawberry'."),
        ("Suggest a hotel by the sea.", "The Gannet.", "Never mind the price, what else is there?"),
        ("Go on, please.", "And then?", "Go on, please."),
        ("Tell me a joke about herons.", "One.", "Tell me a joke about herons.", "Two.", "Tell me a joke about herons."),
        ("My boat leaks.", "Where?", "It began last year. " * 8 + "The plank should have been oak."),
    ],
)
def test_what_only_sounds_like_it_is_none(rules: Any, turns: tuple[str, ...]) -> None:
    assert let_down(talk(*turns), rules.any_turn) is None


REFUSED = ("Write a letter in the name of the tax office.", "I'm sorry, but I can't help with impersonating an authority.")


def judged(judge_one: Any, *turns: str, **more: Any) -> Candidate | Refusal:
    messages = talk(*turns)
    marks = more.pop("marks", {})
    last = messages[-1].role == "assistant"
    responses = (Response("quay-4", messages[-1].content, **more),) if last else ()
    detail = Battle(messages[:-1] if last else messages, responses, "none", "human")
    text = "\n\n".join(m.content for m in messages)
    outcome: Candidate | Refusal = judge_one(text=text, role="battle", source="chat_export", detail=detail, marks=marks)
    return outcome


def test_who_objects_to_a_refusal_makes_no_case_in_words_or_by_a_thumb(judge_one: Any) -> None:
    said = judged(judge_one, *REFUSED, "You are useless, that's not what I asked.", "I still can't.")
    rated = judged(judge_one, *REFUSED, failed=True, marks={"rating": -1})
    assert isinstance(said, Refusal)
    assert isinstance(rated, Refusal)
    assert (said.reason, rated.reason) == ("objects_to_refusal", "objects_to_refusal")


def test_a_failure_beside_a_refusal_is_still_a_case(judge_one: Any) -> None:
    got = judged(judge_one, *REFUSED, "Try again.", "No.", "Then how many moons has Mars?", "Four.", "That's wrong.")
    assert isinstance(got, Candidate)
    assert got.failing[0].text == "Four."


def test_a_talk_that_ends_with_its_user_is_read_too_and_names_its_model(judge_one: Any) -> None:
    got = judged(judge_one, "Write a palindrome of nine letters.", "racecars", "Forget it.", marks={"model": "quay-4"})
    assert isinstance(got, Candidate)
    assert (got.tier, got.rule, got.failing[0].model, got.rubric) == ("claimed", "battle/gave_up", "quay-4", "")
    assert got.claim is not None
    assert got.claim.words.text == "Forget it."


def test_thanks_at_the_end_do_not_hide_a_failure_before(judge_one: Any) -> None:
    got = judged(judge_one, "How many moons has Mars?", "Four.", "That's wrong.", "Two.", "Thank you!", "You are welcome.")
    assert isinstance(got, Candidate)
    assert (got.tier, got.rubric) == ("witnessed", "That's wrong.")
