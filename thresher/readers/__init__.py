"""From record to reading: what a post says about the failure of a model, by readers of which the cheapest is asked first.

What reading needs (weights, rules, numpy) is imported on first use: who only looks at settings does without.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from thresher.readers.base import Chain, Post, Reader
    from thresher.readers.opening import open_chain
    from thresher.readers.verdict import judge_threads

__all__ = ["Chain", "Post", "Reader", "judge_threads", "open_chain"]

_HOMES = {"Chain": "base", "Post": "base", "Reader": "base", "judge_threads": "verdict", "open_chain": "opening"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
