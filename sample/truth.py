"""What is known of the sample posts beforehand: which report a failure, which are the same, which only look the same."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache

from sample.content import WORLD


@dataclass(frozen=True, slots=True)
class Pair:
    """Two posts, each as ``source:site:native_id``, and why they are a pair."""

    first: str
    second: str
    why: str


@dataclass(frozen=True, slots=True)
class Known:
    """One post. ``what`` names the sort of failure (empty where there is none); ``model`` is the one blamed, in the post's own words."""

    key: str
    failure: bool
    what: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Truth:
    """``exact`` and ``paraphrase`` are to be found the same; ``apart`` must not be; ``posts`` says what single posts are."""

    exact: tuple[Pair, ...]
    paraphrase: tuple[Pair, ...]
    apart: tuple[Pair, ...]
    posts: tuple[Known, ...]


@cache
def truth() -> Truth:
    """``world/truth.toml``. Keys are ``source:site:native_id``."""
    raw = tomllib.loads((WORLD / "truth.toml").read_text(encoding="utf-8"))
    exact, paraphrase, apart = (tuple(Pair(*row) for row in raw[name]) for name in ("exact", "paraphrase", "apart"))
    failures = [Known(key, True, what, model) for key, what, model in raw["failures"]]
    return Truth(exact, paraphrase, apart, (*failures, *(Known(key, False) for key in raw["no_failure"])))
