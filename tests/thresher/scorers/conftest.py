"""Tasks made of a key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from thresher.scorers.base import Task, task_of

Make = Callable[..., Task]


@pytest.fixture
def make() -> Make:
    return made


def made(target: str, prompt: str = "How much is it?", **more: Any) -> Task:
    item = {
        "item_id": "i1",
        "kind": "exercise",
        "key_status": "sourced",
        "messages": [{"role": "user", "content": prompt}],
        "target": target,
    }
    return task_of({**item, **more})
