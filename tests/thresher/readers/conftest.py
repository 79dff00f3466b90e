"""Posts made by hand, and what the shipped readers make of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from thresher.model import Record
from thresher.readers import Chain, judge_threads, open_chain
from thresher.readers.verdict import Outcome
from thresher.rules import Rules

Read = Callable[..., Outcome]


@pytest.fixture(scope="session")
def chain(rules: Rules) -> Chain:
    return open_chain(rules)


@pytest.fixture(scope="session")
def post() -> Callable[..., Record]:
    def made(text: str, **more: Any) -> Record:
        values: dict[str, Any] = {
            "source": "posts",
            "site": "mine",
            "native_id": "p1",
            "url": "https://forum.example.org/p1",
            "role": "post",
        }
        return Record(text=text, **{**values, **more})

    return made


@pytest.fixture(scope="session")
def read(rules: Rules, chain: Chain, post: Callable[..., Record]) -> Read:
    """What becomes of one post."""

    def outcome(text: str, **more: Any) -> Outcome:
        outcomes, _ = judge_threads([[post(text, **more)]], rules, chain)
        return outcomes[0]

    return outcome
