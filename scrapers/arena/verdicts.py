"""Good or bad, as logs write it: words, thumbs, numbers on a scale that the rows show."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final, Literal

from scrapers.arena.rows import BOTTOM

GOOD: Final = "good"
BAD: Final = "bad"
Verdict = Literal["good", "bad"]

_GOOD: Final = frozenset(
    ("good", "true", "correct", "right", "yes", "y", "pass", "passed", "positive", "thumbs_up", "thumbsup", "upvote", "up", "like",
     "liked", "\U0001f44d")
)  # fmt: skip
_BAD: Final = frozenset(
    (
        "bad", "false", "incorrect", "wrong", "no", "n", "fail", "failed", "negative", "thumbs_down", "thumbsdown", "downvote", "down",
        "dislike", "disliked", "\U0001f44e",
    )
)  # fmt: skip
_NUMBER: Final = re.compile(r"\s*(-?\d+(?:[.,]\d+)?)\s*(?:(%)|/\s*(\d+))?\s*")


def marked(value: Any) -> Verdict | None:
    """Good or bad where a mark says so by itself: a word, a truth value, 1 and -1 or 0."""
    if isinstance(value, bool):
        return "good" if value else "bad"
    if isinstance(value, int | float):
        return "good" if value == 1 else "bad" if value in (0, -1) else None
    if isinstance(value, str):
        word = value.strip().lower().replace("-", "_").replace(" ", "_")
        return "good" if word in _GOOD else "bad" if word in _BAD else None
    return None


def number(value: Any) -> tuple[float, float] | None:
    """A mark as a number and the top of its scale where it says that too (``40 %``, ``3/5``), else 0; None where it is no number."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return (float(value), 0.0) if value == value else None
    if not isinstance(value, str) or not (match := _NUMBER.fullmatch(value)):
        return None
    return float(match[1].replace(",", ".")), 100.0 if match[2] else float(match[3] or 0)


def scale_of(values: Iterable[Any]) -> float:
    """The top of the scale that these marks are on: the smallest of 1, 5, 10 and 100 that none of them exceeds."""
    most = max((found[0] for value in values if (found := number(value)) and not found[1]), default=0.0)
    return next((top for top in (1.0, 5.0, 10.0, 100.0) if most <= top), most)


def share_of(value: Any, scale: float) -> tuple[float | None, bool]:
    """A mark as a share of its scale, and whether it is at the bottom. None for what is no mark."""
    if (verdict := marked(value)) is not None and not (isinstance(value, int | float) and not isinstance(value, bool) and scale > 1):
        return (1.0 if verdict == "good" else 0.0), verdict == "bad"
    found = number(value)
    if found is None or found[0] < 0:
        return None, False
    share = min(1.0, found[0] / (found[1] or scale or 1.0))
    return share, share <= BOTTOM
