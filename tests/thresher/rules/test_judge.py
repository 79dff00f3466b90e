"""What holds for every thread: one outcome a record, verbatim spans, the same every time, and quickly."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thresher.model import Battle, Candidate, Exercise, Message, Record, Refusal, Response
from thresher.rules import REASONS, Rules, judge
from thresher.text import normalise

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


HOSTILE: dict[str, Callable[[int], str]] = {
    "open quotes": lambda n: '"' * n,
    "pairs of quotes": lambda n: '"a" ' * (n // 4),
    "colons": lambda n: "Me: " * (n // 4),
    "labels": lambda n: "Me: a\nChatGPT: b\n" * (n // 17),
    "fences": lambda n: "```\n" * (n // 4),
    "quoted lines": lambda n: "> wrong\n" * (n // 8),
    "indented lines": lambda n: "    wrong\n" * (n // 10),
    "one word": lambda n: "wrong " * (n // 6),
    "apostrophes": lambda n: "'a" * (n // 2),
    "brackets": lambda n: "![" * (n // 2),
    "spaces": lambda n: "I asked ChatGPT:" + " " * n + "wrong",
    "newlines": lambda n: "ChatGPT is wrong\n\n" * (n // 18),
    "names": lambda n: "chatgpt gpt-4 " * (n // 14),
    "digits": lambda n: "gpt " + "1" * n,
    "asked": lambda n: "I asked how " * (n // 12),
    "stars": lambda n: "*_" * (n // 2),
    "mathematics": lambda n: "\\(" * (n // 2),
    "dollars": lambda n: "$ChatGPT wrong$ " * (n // 16),
}
"""A text of about so many characters that tries to make a pattern run away."""


def hostile_record(role: Any, text: str) -> Record:
    details: dict[str, Any] = {
        "exercise": Exercise(text, solution=text),
        "battle": Battle((Message("user", text),), (Response("m", text),), "none", "human"),
    }
    return Record("s", "f", "1", "u", role, text, detail=details.get(role))


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize(("role", "size"), [("post", 12_000), ("exercise", 12_000), ("battle", 2_900)])
def test_a_hostile_text_costs_no_more_than_its_length(rules: Rules, name: str, role: Any, size: int, grows_evenly: Any) -> None:
    """The larger text is just within the limits of the rules: a longer one is refused unread."""
    small, large = (hostile_record(role, "ChatGPT was wrong. I asked it:\n" + HOSTILE[name](n)) for n in (size, 4 * size))
    assert len(list(judge([large], rules))) == 1
    assert grows_evenly(lambda: list(judge([small], rules)), lambda: list(judge([large], rules)))


@pytest.mark.parametrize("role", ["post", "battle", "answer", "question", "comment"])
def test_a_line_of_five_million_characters_is_refused_unread(rules: Rules, role: Any, cpu_s: Any) -> None:
    text = "ChatGPT: wrong " * 350_000
    detail = Battle((Message("user", text),), (), "none", "human") if role == "battle" else None
    record = Record("s", "f", "1", "u", role, text, detail=detail)
    assert isinstance(next(judge([record], rules)), Refusal)
    assert cpu_s(lambda: list(judge([record], rules))) < 20 * cpu_s(lambda: text.lower())


def test_a_forum_post_costs_no_more_than_a_few_hundred_looks_at_its_words(rules: Rules, make: Any, cpu_s: Any) -> None:
    words = random.Random(7).choices(
        ["the", "boat", "was", "late", "again", "and", "nobody", "had", "told", "the", "people", "on", "the", "quay", "about", "lunch"],
        k=90,
    )
    posts = [make(" ".join(words) + (f" ChatGPT said number {i} is wrong." if i % 4 == 0 else ""), native_id=str(i)) for i in range(600)]
    judging = cpu_s(lambda: [list(judge([post], rules)) for post in posts])
    assert judging < 400 * cpu_s(lambda: [normalise(post.text) for post in posts])
