"""Items of which enough were accepted and rejected to learn from, and three that wait."""

from __future__ import annotations

import random
from typing import Any

from desk import item

from curation.learning import LEAST


def read(number: int, word: str = "", fails: float = 0.5, **more: Any) -> dict[str, Any]:
    """An item whose reader gives this probability of a failure, with a verdict or none."""
    made = item(number, reading={"fails": fails, "prompt": fails, "response": None}, **more)
    said = {"verdict_id": f"v{number}", "item_id": made["item_id"], "version": 1, "author": "ann", "given_at": "2026-01-01", "reason": ""}
    return made | {"verdicts": [said | {"verdict": word}] if word else []}


def decided(each: int = LEAST) -> list[dict[str, Any]]:
    """So many accepted items that their reader was sure of, so many rejected ones that it was not."""
    draw = random.Random(1)
    sure = [read(n, "active", 0.7 + 0.3 * draw.random()) for n in range(each)]
    return sure + [read(1_000 + n, "rejected", 0.3 * draw.random()) for n in range(each)]


OPEN = [read(2_001, fails=0.5), read(2_002, fails=0.95), read(2_003, fails=0.05)]
UNSURE, LIKELY, UNLIKELY = (one["item_id"] for one in OPEN)
