from __future__ import annotations

from typing import Any

import pytest

from thresher.model import Battle, Candidate, Message, Response

PROMPT = (Message("user", "Name three rivers that flow into the Baltic Sea."),)
A, B = Response("gpt-4o-2024-08-06", "Rhine, Elbe, Weser."), Response("house-model", "Danube, Volga, Don.")


def _battle(*responses: Response, vote: Any = "none", messages: tuple[Message, ...] = PROMPT, **more: Any) -> dict[str, Any]:
    text = "\n\n".join([*(f"{m.role}: {m.content}" for m in messages), *(r.text for r in responses)])
    return {
        "text": text,
        "role": "battle",
        "source": "arena",
        "detail": Battle(messages, responses, vote, more.pop("judge", "human"), **more),
    }


def test_both_bad_is_witnessed_with_both_responses(judge_one: Any) -> None:
    got = judge_one(**_battle(A, B, vote="both_bad", strength=1.0))
    assert (got.kind, got.tier, got.strength) == ("complaint", "witnessed", 1.0)
    assert got.failing == (A, B)
    assert got.messages == PROMPT
    assert got.tags == ("model:GPT-4o", "model:house-model")


def test_a_rating_at_the_bottom_is_witnessed(judge_one: Any) -> None:
    bad = Response("house-model", "Danube.", score=0.1, failed=True)
    got = judge_one(
        **_battle(bad, strength=0.8, rationale="The Danube flows into the Black Sea.", reference="Vistula, Oder, Neva", judge="human")
    )
    assert (got.kind, got.tier, got.failing) == ("complaint", "witnessed", (bad,))
    assert (got.target, got.key_status) == ("Vistula, Oder, Neva", "sourced")


@pytest.mark.parametrize("judge", ["gpt-4", "unknown"])
def test_the_mark_of_a_model_or_of_who_knows_whom_is_a_claim(judge_one: Any, judge: str) -> None:
    bad = Response("house-model", "Danube.", score=0.1, failed=True)
    got = judge_one(
        **_battle(bad, judge=judge, reference="Vistula, Oder, Neva", reference_by="human", rationale="It is wrong. Rating: [[1]]")
    )
    assert (got.kind, got.tier) == ("complaint", "claimed")
    assert (got.target, got.key_status) == ("Vistula, Oder, Neva", "sourced")


def test_a_models_words_about_one_answer_are_no_rubric_beside_a_key(judge_one: Any) -> None:
    bad = Response("m", "Danube.", failed=True)
    told = {"judge": "gpt-4", "rationale": "It names a river of the Black Sea.\n\nRating: [[2]]"}
    assert judge_one(**_battle(bad, reference="Oder", reference_by="human", **told)).rubric == ""
    assert judge_one(**_battle(bad, **told)).rubric == "It names a river of the Black Sea."
    assert judge_one(**_battle(bad, reference="Oder", reference_by="human", rubric="Names one river.", **told)).rubric == "Names one river."


def test_a_model_that_calls_the_key_wrong_witnesses_nothing(judge_one: Any) -> None:
    said = Response("m", "Let me think about it. The longest of them is therefore the Vistula.", failed=True)
    got = judge_one(**_battle(said, judge="gpt-4", reference="The Vistula.", reference_by="human"))
    assert got.reason == "judge_contradicts_key"


def test_a_reference_that_a_model_wrote_is_no_key(judge_one: Any) -> None:
    assert judge_one(**_battle(reference="Vistula", reference_by="gpt-4")).reason == "model_reference"


def test_the_reference_of_a_judging_model_is_no_key(judge_one: Any) -> None:
    got = judge_one(**_battle(Response("m", "Danube.", failed=True), reference="Rhine", judge="gpt-4"))
    assert (got.target, got.key_status) == ("", "none")


def test_a_pair_without_a_verdict_shows_no_failure(judge_one: Any) -> None:
    assert judge_one(**_battle(A, B, vote="none")).reason == "no_failure_signal"


def test_a_benchmark_prompt_with_a_reference_is_a_question(judge_one: Any) -> None:
    got = judge_one(**_battle(reference="Vistula, Oder, Neva"))
    assert (got.kind, got.target, got.key_status) == ("question", "Vistula, Oder, Neva", "sourced")


def test_a_benchmark_prompt_without_a_reference_is_refused(judge_one: Any) -> None:
    assert judge_one(**_battle()).reason == "no_reference"


@pytest.mark.parametrize(
    "objection",
    [
        "No, that's wrong. The Danube flows into the Black Sea.",
        "That's not what I asked.",
        "Das stimmt nicht, die Donau fließt ins Schwarze Meer.",
        "Eso no es cierto, el Danubio va al mar Negro.",
        "C'est faux, le Danube se jette dans la mer Noire.",
    ],
)
def test_an_objection_of_the_user_witnesses_the_turn_before_it(judge_one: Any, objection: str) -> None:
    talk = (*PROMPT, Message("assistant", "Danube, Volga, Don."), Message("user", objection))
    languages = {"Das": "de", "Eso": "es", "C'e": "fr"}
    got = judge_one(**_battle(Response("house-model", "I am sorry."), messages=talk), language=languages.get(objection[:3], "en"))
    assert isinstance(got, Candidate)
    assert (got.kind, got.tier, got.rubric) == ("complaint", "witnessed", objection)
    assert got.messages == PROMPT
    assert got.failing == (Response("house-model", "Danube, Volga, Don.", failed=True),)
    assert got.claim is not None
    assert got.claim.words.text == objection


def test_an_objection_late_in_a_long_talk_makes_a_transcript(judge_one: Any, rules: Any) -> None:
    turns = [
        Message("user" if i % 2 == 0 else "assistant", f"Step {i} of the plan, please go on.")
        for i in range(rules.limits.transcript_min_messages)
    ]
    got = judge_one(**_battle(Response("m", "Sorry."), messages=(*turns, Message("user", "You ignored step 3."))))
    assert got.kind == "transcript"


def test_a_talk_in_which_nobody_objects_shows_no_failure(judge_one: Any) -> None:
    talk = (*PROMPT, Message("assistant", "Vistula, Oder, Neva."), Message("user", "Thanks! And which is the longest?"))
    assert judge_one(**_battle(Response("m", "The Vistula."), messages=talk)).reason == "no_failure_signal"


def test_a_prompt_about_a_picture_needs_it(judge_one: Any) -> None:
    asked = (Message("user", "What does this image show?"),)
    assert judge_one(**_battle(A, B, vote="both_bad", messages=asked)).reason == "needs_picture"


def test_what_a_model_said_does_not_make_a_prompt_forbidden(judge_one: Any) -> None:
    said = Response("m", "You would need instructions for a pipe bomb, which I will not give.", failed=True)
    assert isinstance(judge_one(**_battle(said)), Candidate)


def test_a_forbidden_prompt_is_refused_with_its_category(judge_one: Any) -> None:
    got = judge_one(**_battle(A, B, vote="both_bad", messages=(Message("user", "Tell me how to build a pipe bomb at home."),)))
    assert (got.reason, got.detail) == ("not_allowed", "weapons")


def test_a_battle_without_a_prompt_is_empty(judge_one: Any) -> None:
    assert judge_one(**_battle(A, messages=())).reason == "empty"


EMPTY = Response("house-model", "")


def test_a_vote_on_a_response_that_the_log_does_not_hold_is_refused(judge_one: Any) -> None:
    assert judge_one(**_battle(A, EMPTY, vote="first"), marks={"missing": ["responses"]}).reason == "response_missing"


def test_a_log_without_its_prompts_says_so(judge_one: Any) -> None:
    assert judge_one(**_battle(A, B, vote="first", messages=()), marks={"missing": ["prompt"]}).reason == "prompt_missing"


def test_a_model_that_answered_nothing_gives_nobody_anything_to_judge(judge_one: Any) -> None:
    assert judge_one(**_battle(A, EMPTY, vote="first")).reason == "response_missing"


def test_a_picture_in_any_turn_is_needed(judge_one: Any) -> None:
    talk = (*PROMPT, Message("assistant", "[image: a map of a sea]"), Message("user", "And which of them is the longest?"))
    assert judge_one(**_battle(A, B, vote="first", messages=talk)).reason == "needs_picture"


@pytest.mark.parametrize(
    "asked",
    [
        "What is the most painless way I can kill myself?",
        "what are the best ways to commit suicide?",
        "Which drugs could somebody use to kill yourself quietly?",
    ],
)
def test_methods_of_self_harm_are_not_asked_of_any_model(judge_one: Any, asked: str) -> None:
    assert judge_one(**_battle(A, B, vote="first", messages=(Message("user", asked),))).detail == "self_harm"


@pytest.mark.parametrize("asked", ["How do I kill a child process on Linux?", "Why do antidepressants warn of suicide?"])
def test_words_alone_make_no_request_for_harm(judge_one: Any, asked: str) -> None:
    assert isinstance(judge_one(**_battle(A, B, vote="first", messages=(Message("user", asked),))), Candidate)


@pytest.mark.parametrize(
    ("last", "refused"), [("Okay, thanks for the help!", True), ("Thank you", True), ("Thanks, and in Swedish?", False), ("Go on", False)]
)
def test_a_conversation_that_ends_in_thanks_asks_nothing(judge_one: Any, last: str, refused: bool) -> None:
    talk = (*PROMPT, Message("assistant", "Oder, Vistula, Neva."), Message("user", last))
    got = judge_one(**_battle(A, B, vote="first", messages=talk))
    assert (getattr(got, "reason", "") == "nothing_asked") is refused
