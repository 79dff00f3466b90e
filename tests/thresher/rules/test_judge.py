"""What holds for every thread: one outcome a record, verbatim spans, the same every time, and quickly."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thresher.model import Battle, Candidate, Exercise, Message, Record, Refusal, Response
from thresher.rules import REASONS, Rules, judge

PIECES = st.sampled_from(
    [
        "Me: ",
        "ChatGPT: ",
        "A: ",
        "Q: ",
        "user: ",
        "**Prompt:** ",
        "# Output\n",
        "1. ",
        "I asked it ",
        "it said ",
        "wrong",
        "What is 2 + 2?",
        "\n",
        "\n\n",
        "> ",
        "```",
        "```\n",
        '"',
        "'",
        "`",
        "“",
        "”",
        "«",
        "**",
        "((",
        " ",
        ".",
        ":",
        "Claude 3.5",
        "İı",
        "👨\u200d👩",
        "\u202e",
        "\x00",
        "你好",
        "https://chatgpt.com/share/abcd1234",
        "![x](y)",
        "the correct answer is 4",
    ]
)
TEXTS = st.lists(st.one_of(PIECES, st.text(max_size=12)), max_size=25).map("".join)


def _records(texts: list[str]) -> list[Record]:
    roles: tuple[Any, ...] = ("post", "comment", "question", "answer", "exercise", "battle")
    records = []
    for i, text in enumerate(texts):
        role = roles[i % len(roles)]
        detail = (
            Exercise(text, choices=("a", text))
            if role == "exercise"
            else Battle((Message("user", text),), (Response("m", text),), "both_bad", "human")
            if role == "battle"
            else None
        )
        marks = {"accepted": True, "score": 50} if i == 3 else {"score": 50}
        records.append(
            Record(
                "s",
                "ChatGPT",
                str(i),
                "https://example.org",
                role,
                text,
                title=text[:40],
                thread_id="t",
                parent_id="0" if i else None,
                detail=detail,
                marks=marks,
            )
        )
    return records


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(TEXTS, min_size=1, max_size=7))
def test_every_record_gets_one_outcome_and_every_span_is_verbatim(rules: Rules, texts: list[str]) -> None:
    thread = _records(texts)
    outcomes = list(judge(thread, rules))
    assert [o.record_key for o in outcomes] == [r.key for r in thread]
    for record, outcome in zip(thread, outcomes, strict=True):
        if isinstance(outcome, Refusal):
            assert outcome.reason in REASONS
            continue
        assert outcome.messages
        assert outcome.messages[-1].role == "user"
        assert outcome.rule_version == rules.version
        if outcome.claim:
            for span in filter(None, (outcome.claim.words, outcome.claim.model, outcome.claim.prompt, outcome.claim.response)):
                assert getattr(record, span.part)[span.start : span.end] == span.text
                assert span.text


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_the_same_thread_gives_the_same_outcomes(rules: Rules, texts: list[str]) -> None:
    assert list(judge(_records(texts), rules)) == list(judge(_records(texts), rules))


def test_a_witnessed_candidate_always_holds_what_failed(rules: Rules) -> None:
    for outcome in judge(_records(["Me: What is 2 + 2?\nClaude: 5\n\nWrong."]), rules):
        assert isinstance(outcome, Candidate)
        assert (outcome.tier == "witnessed") == bool(outcome.failing)


@pytest.mark.parametrize("status", ["deleted", "removed", "gone"])
def test_records_without_text_are_refused_by_their_status(rules: Rules, make: Any, status: str) -> None:
    assert next(judge([make("", status=status)], rules)) == Refusal("reddit:some_forum:p1", status)


def test_an_empty_thread_gives_nothing(rules: Rules) -> None:
    assert list(judge([], rules)) == []


ADVERSARIAL = {
    "open quotes": '"' * 50_000,
    "pairs of quotes": '"a" ' * 12_000,
    "colons": "Me: " * 12_000,
    "labels": "Me: a\nChatGPT: b\n" * 3_000,
    "fences": "```\n" * 12_000,
    "quoted lines": "> wrong\n" * 6_000,
    "indented lines": "    wrong\n" * 5_000,
    "one word": "wrong " * 9_000,
    "apostrophes": "'a" * 25_000,
    "brackets": "![" * 25_000,
    "spaces": "I asked ChatGPT:" + " " * 50_000 + "wrong",
    "newlines": "ChatGPT is wrong\n\n" * 3_000,
    "names": "chatgpt gpt-4 " * 3_500,
    "digits": "gpt " + "1" * 50_000,
    "asked": "I asked how " * 4_500,
    "stars": "*_" * 25_000,
    "mathematics": "\\(" * 25_000,
    "dollars": "$ChatGPT wrong$ " * 3_000,
}


@pytest.mark.parametrize("name", ADVERSARIAL)
@pytest.mark.parametrize("role", ["post", "exercise", "battle"])
def test_hostile_texts_are_judged_quickly(rules: Rules, name: str, role: Any) -> None:
    text = "ChatGPT was wrong. I asked it:\n" + ADVERSARIAL[name]
    details: dict[str, Any] = {
        "exercise": Exercise(text, solution=text),
        "battle": Battle((Message("user", text),), (Response("m", text),), "none", "human"),
    }
    record = Record("s", "f", "1", "u", role, text, detail=details.get(role))
    started = time.process_time()
    assert len(list(judge([record], rules))) == 1
    assert time.process_time() - started < 2.0


@pytest.mark.parametrize("role", ["post", "battle", "answer", "question", "comment"])
def test_a_line_of_five_million_characters_is_refused_at_once(rules: Rules, role: Any) -> None:
    text = "ChatGPT: wrong " * 350_000
    detail = Battle((Message("user", text),), (), "none", "human") if role == "battle" else None
    started = time.process_time()
    assert isinstance(next(judge([Record("s", "f", "1", "u", role, text, detail=detail)], rules)), Refusal)
    assert time.process_time() - started < 2.0


def test_forum_posts_are_judged_at_thousands_a_second(rules: Rules, make: Any) -> None:
    words = random.Random(7).choices(
        ["the", "boat", "was", "late", "again", "and", "nobody", "had", "told", "the", "people", "on", "the", "quay", "about", "lunch"],
        k=90,
    )
    posts = [make(" ".join(words) + (f" ChatGPT said number {i} is wrong." if i % 4 == 0 else ""), native_id=str(i)) for i in range(600)]
    started = time.process_time()
    for post in posts:
        list(judge([post], rules))
    assert len(posts) / (time.process_time() - started) > 1000
