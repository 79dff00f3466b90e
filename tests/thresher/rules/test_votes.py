"""Votes between two responses: which are keys of items about judging, and why the others are not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from thresher.model import Battle, Candidate, Message, Record, Refusal, Response

PROMPT = (Message("user", "Name three rivers that flow into the Baltic Sea."),)
RIGHT, WRONG = Response("oak-7b", "Oder, Vistula, Neva."), Response("elm-13b", "Rhine, Elbe, Weser.")

JudgeAll = Callable[[Sequence[Record]], dict[str, Candidate | Refusal]]


def vote(
    native_id: str, winner: Any, make: Any, *, judge: str = "human", responses: tuple[Response, ...] = (RIGHT, WRONG), **more: Any
) -> Record:
    layout = more.pop("layout", "mt_bench_human")
    battle = Battle(PROMPT, responses, winner, judge, 0.4, more.pop("rationale", ""), shown=more.pop("shown", "first"))
    record: Record = make("text", "battle", native_id, source="arena", site="log", detail=battle, marks={"layout": layout, **more})
    return record


@pytest.fixture
def one(judge_all: JudgeAll, make: Any) -> Callable[..., Candidate | Refusal]:
    return lambda winner, **more: judge_all([vote("v", winner, make, **more)])["v"]


@pytest.mark.parametrize(("winner", "better"), [("first", RIGHT), ("second", WRONG)])
def test_a_preference_holds_both_responses_and_is_keyed_by_the_better_one(one: Any, winner: str, better: Response) -> None:
    got = one(winner)
    assert (got.kind, got.messages, got.choices, got.target) == ("preference", PROMPT, (RIGHT.text, WRONG.text), better.text)
    assert (got.key_status, got.tier, got.failing) == ("sourced", "untested", ())
    assert {"judge:human", "order:shown"} <= set(got.tags)


def test_what_a_vote_is_worth_comes_from_the_rules_and_from_the_vote(one: Any, rules: Any) -> None:
    assert one("first").strength == pytest.approx(0.4 * rules.vote_worth("mt_bench_human")[0])
    assert one("first", layout="a set that nobody knows").strength == pytest.approx(0.4 * rules.vote_worth("any_other")[0])


@pytest.mark.parametrize(
    ("winner", "more", "reason"),
    [
        ("tie", {}, "tie"),
        ("first", {"responses": (RIGHT, Response("elm-13b", " oder, vistula,  neva."))}, "same_responses"),
        ("first", {"responses": (RIGHT, Response("OAK-7B", "Rhine."))}, "self_play"),
        ("first", {"responses": (RIGHT, Response("elm-13b", ""))}, "response_missing"),
        ("first", {"layout": "hh_rlhf"}, "vote_without_worth"),
        ("first", {"judge": "gpt-4"}, "vote_without_worth"),
    ],
)
def test_what_is_no_preference_is_refused_with_its_reason(one: Any, winner: str, more: dict[str, Any], reason: str) -> None:
    assert one(winner, **more).reason == reason


def test_two_unnamed_models_are_not_taken_for_one(one: Any) -> None:
    assert isinstance(one("first", responses=(Response("", "Oder."), Response("", "Rhine."))), Candidate)


def test_where_the_better_one_always_comes_first_the_order_is_drawn(judge_all: JudgeAll, make: Any) -> None:
    pairs = [(Response("", f"Oder, {n}."), Response("", f"Rhine, {n}.")) for n in range(60)]
    found = judge_all([vote(f"v{n}", "first", make, judge="unknown", responses=pair, shown="unknown") for n, pair in enumerate(pairs)])
    first = sum(got.choices[0] == got.target for got in found.values() if isinstance(got, Candidate))
    assert 15 < first < 45
    assert all("order:drawn" in got.tags and got.target.startswith("Oder") for got in found.values() if isinstance(got, Candidate))


def test_what_most_people_said_is_the_key_and_the_others_are_outvoted(judge_all: JudgeAll, make: Any) -> None:
    thread = [vote("a", "first", make), vote("b", "second", make, responses=(WRONG, RIGHT)), vote("c", "second", make)]
    found = judge_all(thread)
    assert [found["a"].target, found["b"].target] == [RIGHT.text] * 2  # type: ignore[union-attr]
    assert found["a"].key_status == "agreed"  # type: ignore[union-attr]
    assert found["c"].reason == "outvoted"  # type: ignore[union-attr]


def test_people_who_disagree_give_no_key(judge_all: JudgeAll, make: Any) -> None:
    found = judge_all([vote("a", "first", make), vote("b", "second", make)])
    assert [got.reason for got in found.values()] == ["votes_disagree"] * 2  # type: ignore[union-attr]


def test_a_model_that_judges_against_people_is_a_judge_seen_to_fail(judge_all: JudgeAll, make: Any) -> None:
    found = judge_all([vote("a", "first", make), vote("m", "second", make, judge="gpt-4", rationale="Assistant 2 is longer.")])
    failed = found["m"]
    assert isinstance(failed, Candidate)
    assert (failed.target, failed.tier, failed.rubric) == (RIGHT.text, "witnessed", "")
    assert [(r.model, r.failed) for r in failed.failing] == [("gpt-4", True)]
    assert failed.failing[0].text.startswith(WRONG.text)
    agrees = judge_all([vote("a", "first", make), vote("m", "first", make, judge="gpt-4")])["m"]
    assert agrees.reason == "judge_agrees"  # type: ignore[union-attr]


def test_votes_on_other_pairs_of_the_thread_do_not_count(judge_all: JudgeAll, make: Any) -> None:
    other = (RIGHT, Response("fir-3b", "Danube."))
    found = judge_all([vote("a", "first", make), vote("b", "second", make, responses=other)])
    assert all(isinstance(got, Candidate) for got in found.values())


def test_a_rubric_calls_the_responses_by_the_letters_of_the_item(one: Any) -> None:
    said = "Assistant 2 names rivers of the North Sea, @Response 1 is right; the second answer is wrong. Model A wins 2 to 1."
    assert one("first", rationale=said).rubric == (
        "Response B names rivers of the North Sea, Response A is right; Response B is wrong. Response A wins 2 to 1."
    )


def test_where_the_order_was_turned_the_letters_turn_with_it(judge_all: JudgeAll, make: Any) -> None:
    records = [vote(f"v{n}", "first", make, judge="unknown", shown="unknown", rationale="Answer 1 is right.") for n in range(8)]
    for record, got in zip(records, (judge_all([record])[record.native_id] for record in records), strict=True):
        assert isinstance(got, Candidate), record
        assert got.rubric == f"Response {'AB'[got.choices.index(RIGHT.text)]} is right."


def test_both_bad_is_a_complaint_and_its_rubric_speaks_of_no_second_assistant(one: Any) -> None:
    got = one("both_bad", rationale="Assistant 2 is even worse than Assistant 1.")
    assert (got.kind, got.tier, got.failing, got.choices, got.rubric) == ("complaint", "witnessed", (RIGHT, WRONG), (), "")


def test_a_failure_in_a_pair_that_a_model_judged_is_a_claim(one: Any) -> None:
    got = one("first", judge="gpt-4", responses=(RIGHT, Response("elm-13b", "Rhine.", 0.1, True)), rationale="Assistant 2 is wrong.")
    assert (got.kind, got.tier, got.rubric) == ("complaint", "claimed", "")
