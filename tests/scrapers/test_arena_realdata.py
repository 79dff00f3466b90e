"""Recorded arena logs: every row is understood or refused with a reason, and the votes are those that were counted."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from scrapers import arena
from thresher.model import Battle, Dead, Record

SITE = arena.Site(name="recorded")


def read(path: Path) -> tuple[Counter[tuple[str, str]], dict[str, list[Battle]], list[Dead]]:
    """Votes by file, battles by file, and what was refused."""
    votes: Counter[tuple[str, str]] = Counter()
    battles: dict[str, list[Battle]] = {}
    dead: list[Dead] = []
    for page in arena.read(path, SITE):
        for result in arena.parse(page):
            if isinstance(result, Dead):
                dead.append(result)
                continue
            assert isinstance(result, Record)
            assert isinstance(result.detail, Battle)
            votes[page.context["file"], result.detail.vote] += 1
            battles.setdefault(page.context["file"], []).append(result.detail)
    return votes, battles, dead


def of(votes: Counter[tuple[str, str]], name: str) -> dict[str, int]:
    return {vote: count for (file, vote), count in votes.items() if file.endswith(name)}


def test_three_annotators_majority(realdata: Path) -> None:
    votes, battles, dead = read(realdata / "arena" / "pandalm_human_3annotators")
    assert dead == []
    human = {vote: count for (file, vote), count in votes.items() if file == "testset-v1.json"}
    assert human == {"first": 422, "second": 472, "tie": 105}
    assert of(votes, "gpt-3.5-turbo-testset-v1.json") == {"first": 460, "second": 476, "tie": 38, "none": 25}
    assert of(votes, "pandalm-7b-testset-v1.json") == {"first": 433, "second": 459, "tie": 107}
    assert all(battle.messages and len(battle.responses) == 2 for battle in battles["pandalm-7b-testset-v1.json"])


@pytest.mark.parametrize(
    ("file", "first", "second", "tie"),
    [
        ("review_llama_alpaca-13b.jsonl", 19, 60, 1),
        ("review_alpaca-13b_vicuna-13b-20230322-clean-lang.jsonl", 3, 76, 1),
        ("review_bard_vicuna-13b-20230322-clean-lang.jsonl", 30, 40, 10),
        ("review_gpt35_vicuna-13b-20230322-clean-lang.jsonl", 44, 14, 22),
        ("review_llama-13b_vicuna-13b-20230322-clean-lang.jsonl", 3, 77, 0),
    ],
)
def test_pairs_of_marks_are_votes(realdata: Path, file: str, first: int, second: int, tie: int) -> None:
    votes, battles, dead = read(realdata / "arena" / "fastchat_vicuna_eval_2023")
    assert dead == []
    counted = {vote: count for vote, count in (("first", first), ("second", second), ("tie", tie)) if count}
    assert of(votes, file) == counted
    assert all(battle.messages and battle.rationale for name in battles if name.endswith(file) for battle in battles[name])


def test_preferences_of_alpaca_judges(realdata: Path) -> None:
    votes, battles, dead = read(realdata / "arena" / "alpaca_eval")
    assert dead == []
    assert of(votes, "alpaca_eval_gpt4/annotations.json") == {"first": 584, "second": 205, "tie": 16}
    assert of(votes, "alpaca_eval_cot_gpt4_turbo_fn/annotations.json") == {"first": 784, "second": 18, "tie": 3}
    assert of(votes, "weighted_alpaca_eval_gpt4_turbo/annotations.json") == {"first": 730, "second": 72, "tie": 3}
    assert [len(found) for name, found in battles.items() if name.endswith("outputs.json")] == [805] * 5


def test_marks_of_single_answers(realdata: Path) -> None:
    _, battles, dead = read(realdata / "arena" / "mt_bench")
    assert dead == []
    (judged,) = (found for name, found in battles.items() if name.endswith("gpt-4_single.jsonl"))
    marks = Counter(round((battle.responses[0].score or 0) * 9 + 1) for battle in judged)
    assert marks == {10: 83, 9: 32, 2: 17, 8: 11, 3: 5, 7: 4, 1: 3, 6: 3, 4: 2}
    assert all(battle.messages for battle in judged)
    assert Counter(battle.reference_by for battle in judged if battle.reference) == {"human": 70, "": 5}
    (questions,) = (found for name, found in battles.items() if name.endswith("question.jsonl"))
    asked = [battle for battle in questions if sum(message.role == "user" for message in battle.messages) == 1]
    later = [battle for battle in questions if battle not in asked]
    assert (len(asked), len(later), sum(bool(battle.reference) for battle in asked)) == (80, 80, 39)
    assert {battle.reference_by for battle in questions if battle.reference} == {"human", "gpt-4"}
    assert [len(found) for name, found in battles.items() if "answer" in name] == [80, 30]


def test_every_scored_answer_of_wildbench(realdata: Path) -> None:
    _, battles, dead = read(realdata / "arena" / "wildbench_scores")
    (found,) = battles.values()
    assert (dead, len(found)) == ([], 1024)
    assert Counter(round((b.responses[0].score or 0) * 9 + 1) for b in found) == {
        1: 6, 2: 29, 3: 248, 4: 152, 5: 98, 6: 134, 7: 165, 8: 158, 9: 31, 10: 3,
    }  # fmt: skip
    assert {b.judge for b in found} == {"gpt-4-turbo-2024-04-09"}


def test_questions_and_answers_of_arena_hard(realdata: Path) -> None:
    _, battles, dead = read(realdata / "arena" / "arena_hard")
    assert (dead, sorted(len(found) for found in battles.values())) == ([], [500, 500, 500])
    answered = [battle for name, found in battles.items() if "answer" in name for battle in found]
    assert all(battle.messages and battle.responses[0].text for battle in answered)


def test_chosen_and_rejected_talks(realdata: Path) -> None:
    votes, battles, dead = read(realdata / "feedback" / "hh_rlhf")
    assert (dead, sum(votes.values())) == ([], 2312)
    assert {vote for _, vote in votes} == {"first"}
    (found,) = battles.values()
    assert all(battle.messages[-1].role == "user" for battle in found)
    turns = Counter(sum(message.role == "user" for message in battle.messages) for battle in found)
    assert (turns[1], turns[2], turns[3], turns[4]) == (662, 584, 590, 354)


def test_shared_talks(realdata: Path) -> None:
    _, battles, dead = read(realdata / "feedback" / "sharegpt_format_fastchat_dummy")
    assert (dead, [len(found) for found in battles.values()]) == ([], [500])


def test_a_table_of_links_is_refused_row_by_row(realdata: Path) -> None:
    _, battles, dead = read(realdata / "feedback" / "devgpt_share_links")
    assert (battles, len(dead), {one.reason for one in dead}) == ({}, 1929, {"unknown_layout"})
    assert "MentionedURL" in dead[0].detail


def test_every_prompt_output_and_evaluation_of_misguided_attention(realdata: Path) -> None:
    _, battles, dead = read(realdata / "llm_failure_lists" / "misguided_attention")
    assert [one.reason for one in dead] == ["unreadable_row"] * 5  # the places of five evaluations are empty
    counted = {name.rsplit("/", 1)[-1]: len(found) for name, found in battles.items()}
    outputs = sum(n for name, n in counted.items() if name.startswith("output_queries"))
    evaluated = [battle for name, found in battles.items() if "detailed_evaluations" in name for battle in found]
    assert (counted["monty_hall_variations.json"], outputs, len(evaluated)) == (7, 640, 453)
    assert all(battle.reference and battle.reference_by == "human" and battle.judge == "a model" for battle in evaluated)


def test_the_archive_of_failures_tells_which_of_its_entries_are_quoted(realdata: Path) -> None:
    _, battles, dead = read(realdata / "llm_failure_lists" / "giuven95_chatgpt_failures")
    (found,) = battles.values()
    quoted = [battle for battle in found if battle.messages]
    assert (dead, len(found), len(quoted)) == ([], 60, 9)
    assert all(battle.responses[0].failed for battle in quoted)
    assert sum(bool(battle.reference) for battle in quoted) == 4
