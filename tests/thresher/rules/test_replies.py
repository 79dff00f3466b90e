from __future__ import annotations

from typing import Any

import pytest

from thresher.model import Candidate

POST = "My sourdough starter escaped from its jar last night and reached the toaster."
REPLY = "Give it a name before it applies for a tenancy."


def _thread(make: Any, text: str = REPLY, root: dict[str, Any] | None = None, **marks: Any) -> list[Any]:
    return [
        make(POST, "post", "p", title="It is alive", **(root or {})),
        make(text, "comment", "c", parent_id="p", marks={"score": 120, **marks}),
    ]


def test_a_reply_that_people_liked_is_asked_beside_its_parent(make: Any, judge_all: Any) -> None:
    got = judge_all(_thread(make))["c"]
    assert (got.kind, got.key_status, got.target, got.tier) == ("reply", "none", "", "untested")
    assert f"It is alive\n\n{POST}" in got.prompt
    assert REPLY in got.prompt
    assert "Explain what the reply means" in got.prompt


def test_likes_count_as_votes(make: Any, judge_all: Any) -> None:
    assert isinstance(judge_all(_thread(make, score=0, likes=50))["c"], Candidate)


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        (REPLY, {"score": 3}),
        ("This.", {}),
        ("See https://bread.example.org for more on it", {}),
        ("Try `rm -rf toaster` first:\n```\nrm -rf toaster\n```", {}),
        (REPLY, {"images": 1}),
        (REPLY * 10, {}),
    ],
)
def test_other_replies_are_ordinary(make: Any, judge_all: Any, text: str, marks: dict[str, Any]) -> None:
    assert judge_all(_thread(make, text, **marks))["c"].reason in {"ordinary_reply", "too_short", "link_only"}


def test_a_reply_under_a_picture_is_ordinary(make: Any, judge_all: Any) -> None:
    assert judge_all(_thread(make, root={"marks": {"images": 1}}))["c"].reason == "ordinary_reply"


def test_a_reply_to_a_post_that_is_gone_is_ordinary(make: Any, judge_all: Any) -> None:
    thread = [make("", "post", "p", status="deleted"), make(REPLY, "comment", "c", parent_id="p", marks={"score": 120})]
    assert judge_all(thread)["c"].reason == "ordinary_reply"


def test_a_reply_takes_the_least_export_class_of_both(make: Any, judge_all: Any) -> None:
    thread = [
        make(POST, "post", "p", export_class="none"),
        make(REPLY, "comment", "c", parent_id="p", marks={"score": 120}, export_class="full"),
    ]
    assert judge_all(thread)["c"].export_class == "none"


NEXT = "The landlord says that the toaster counts as a pet."


def _deep(make: Any, **more: Any) -> list[Any]:
    return [*_thread(make), make(NEXT, "comment", "d", parent_id="c", marks={"score": 90}, **more)]


def test_a_reply_to_a_comment_is_shown_from_the_post_down(make: Any, judge_all: Any) -> None:
    got = judge_all(_deep(make))["d"]
    before, _, after = got.prompt.partition(REPLY)
    assert POST in before
    assert NEXT in after


def test_a_reply_whose_beginning_is_not_known_is_ordinary(make: Any, judge_all: Any) -> None:
    assert judge_all(_deep(make)[1:])["d"].reason == "ordinary_reply"


def test_who_answers_himself_adds_something_and_makes_no_reply(make: Any, judge_all: Any) -> None:
    thread = [make(POST, "post", "p", title="It is alive", author_key="a"),
              make(REPLY, "comment", "c", parent_id="p", marks={"score": 120}, author_key="a")]  # fmt: skip
    got = judge_all(thread)["c"]
    assert (got.reason, got.detail) == ("ordinary_reply", "own")


def test_a_deep_reply_takes_the_least_export_class_of_all_that_it_shows(make: Any, judge_all: Any) -> None:
    thread = _deep(make)
    thread[0] = make(POST, "post", "p", title="It is alive", export_class="none")
    assert judge_all(thread)["d"].export_class == "none"
