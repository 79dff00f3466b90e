"""Records made by hand, and what the shipped rules say of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from thresher.model import Candidate, Record, Refusal
from thresher.rules import Rules, judge

Make = Callable[..., Record]
JudgeOne = Callable[..., Candidate | Refusal]


@pytest.fixture(scope="session")
def make() -> Make:
    def record(text: str = "", role: str = "post", native_id: str = "p1", **more: Any) -> Record:
        defaults: dict[str, Any] = {
            "source": "reddit",
            "site": "some_forum",
            "url": f"https://forum.example.org/{native_id}",
            "thread_id": "t1",
        }
        return Record(native_id=native_id, role=role, text=text, **{**defaults, **more})

    return record


@pytest.fixture(scope="session")
def judge_one(rules: Rules, make: Make) -> JudgeOne:
    """The outcome for one record made of these values."""

    def outcome(text: str = "", **more: Any) -> Candidate | Refusal:
        return next(judge([make(text, **more)], rules))

    return outcome


@pytest.fixture(scope="session")
def judge_all(rules: Rules) -> Callable[[Sequence[Record]], dict[str, Candidate | Refusal]]:
    """The outcomes for a thread, by native_id."""

    def outcomes(thread: Sequence[Record]) -> dict[str, Candidate | Refusal]:
        return {r.native_id: o for r, o in zip(thread, judge(thread, rules), strict=True)}

    return outcomes
