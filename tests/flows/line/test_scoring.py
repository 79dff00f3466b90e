"""Whether a scorer is held against an item before it may count."""

from __future__ import annotations

from typing import Any

import pytest

from flows.line.scoring import Scoring
from thresher.scorers.base import task_of


@pytest.mark.parametrize(
    ("rubric", "target", "failing", "expected"),
    [
        ("check: words <= 2", "", ["far too many words"], (None, "fail", True)),
        ("check: words <= 2", "", ["few words"], (None, "pass", False)),
        ("", "20,800", ["ANSWER: 7"], ("pass", "fail", True)),
        ("", "20,800", ["ANSWER: 20800"], ("pass", "pass", False)),
    ],
)
def test_an_item_without_a_key_is_not_doubted_for_it(rubric: str, target: str, failing: list[str], expected: tuple[Any, ...]) -> None:
    item = {"item_id": "a", "kind": "complaint", "messages": [{"role": "user", "content": "Say it."}], "rubric": rubric, "target": target}
    check = Scoring().check(task_of({**item, "failing": failing, "key_status": "sourced" if target else "none"}))
    assert check is not None
    assert (check.key_verdict, check.failing, check.counts) == expected
