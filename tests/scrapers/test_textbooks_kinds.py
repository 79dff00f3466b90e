"""Modules in the manner of books of statistics and chemistry, two in English and one in Spanish. The id of each exercise begins with what
must become of it: ``key`` (an item with a key), ``open`` (one without), or the reason of its refusal."""

from __future__ import annotations

from pathlib import Path

import pytest

from scrapers.textbooks import Site, parse, read
from thresher.model import Candidate, Record, Refusal
from thresher.rules import Rules, judge

ROOT = Path(__file__).parents[2]
SITE = Site(name="books", repository="example/books")
MODULES = ("statistics", "chemistry", "estadistica")
Outcomes = dict[str, Candidate | Refusal]


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Outcomes]:
    rules = Rules.load(ROOT / "config" / "rules.toml")
    by_module: dict[str, Outcomes] = {}
    for name in MODULES:
        records = [r for page in read(ROOT / "tests" / "fixtures" / "textbooks" / f"{name}.cnxml", SITE) for r in parse(page)]
        kept = [r for r in records if isinstance(r, Record)]
        assert len(kept) == len(records) > 25
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


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("key-chain-blank", "8,000 pupils"),
        ("key-semicolons", "22; 25; 27"),
        ("key-scatter-table", "| 3 | 17 |"),
        ("key-shared-added", "500 hours on average"),
        ("key-canvas-curve", "36 such lamps"),
        ("key-after-stem-inside", "8 equal fields"),
        ("key-goes-on", "4.0 g of hydrogen"),
        ("key-figure-well-told", "(13, 80)"),
    ],
)
def test_what_an_exercise_shares_is_in_its_prompt(outcomes: dict[str, Outcomes], name: str, words: str) -> None:
    assert words in prompt(outcomes, name)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("key-after-chain", "8.1 hours"),
        ("key-after-stem-inside", "probability of green"),
        ("key-together-own", "sopranos"),
        ("key-canvas-empty", "[figure"),
        ("key-photo", "Figure"),
        ("key-see-photo", "Figure"),
    ],
)
def test_what_it_does_not_need_is_not(outcomes: dict[str, Outcomes], name: str, words: str) -> None:
    assert words not in prompt(outcomes, name)


def prompt(outcomes: dict[str, Outcomes], name: str) -> str:
    judged = next(module[name] for module in outcomes.values() if name in module)
    assert isinstance(judged, Candidate)
    return judged.messages[0].content
