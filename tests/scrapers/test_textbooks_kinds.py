"""Modules in the manner of a book of statistics and one of chemistry. The id of each exercise begins with what must become of it: ``key``
(an item with a key), ``open`` (one without), or the reason of its refusal."""

from __future__ import annotations

from pathlib import Path

import pytest

from scrapers.textbooks import Site, parse, read
from thresher.model import Candidate, Record, Refusal
from thresher.rules import Rules, judge

ROOT = Path(__file__).parents[2]
SITE = Site(name="books", repository="example/books")
MODULES = ("statistics", "chemistry")
Outcomes = dict[str, Candidate | Refusal]


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Outcomes]:
    rules = Rules.load(ROOT / "config" / "rules.toml")
    by_module: dict[str, Outcomes] = {}
    for name in MODULES:
        records = [r for page in read(ROOT / "tests" / "fixtures" / "textbooks" / f"{name}.cnxml", SITE) for r in parse(page)]
        kept = [r for r in records if isinstance(r, Record)]
        assert len(kept) == len(records) > 30
        by_module[name] = {r.native_id.partition("/")[2]: o for r, o in zip(kept, judge(kept, rules), strict=True)}
    return by_module


def outcome_of(judged: Candidate | Refusal) -> str:
    if isinstance(judged, Refusal):
        return judged.reason
    return "key" if judged.target else "open"


@pytest.mark.parametrize("name", MODULES)
def test_each_exercise_becomes_what_a_reader_expects(outcomes: dict[str, Outcomes], name: str) -> None:
    wrong = {i: outcome_of(o) for i, o in outcomes[name].items() if outcome_of(o) != i.partition("-")[0]}
    assert not wrong
