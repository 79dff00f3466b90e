"""The sample world harvested on both nights, held against what is known of its posts."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from driver import FirstNight, Line

from sample import truth
from store.file.database import Database

FOUND_AT_LEAST = 0.75
WRONGLY_AT_MOST = 0.04
MODEL_RIGHT_AT_LEAST = 0.95
COMPLAINT = "complaint"


@dataclass
class Harvest:
    """``item`` is the canonical item of each post that gave one; the others are of its own report: its rule up to the slash, its spans."""

    item: dict[str, str] = field(default_factory=dict)
    rule: dict[str, str] = field(default_factory=dict)
    model: dict[str, str] = field(default_factory=dict)
    words: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    texts: dict[str, tuple[str, str]] = field(default_factory=dict)
    runs: list[dict[str, Any]] = field(default_factory=list)


@pytest.fixture(scope="module")
def harvest(served: Line, first_night: FirstNight, tmp_path_factory: pytest.TempPathFactory) -> Harvest:
    data = first_night.copy(tmp_path_factory.mktemp("truth") / "data")
    got = Harvest(runs=[first_night.report])
    _read(Database(data), got)
    served.world.night = 2
    got.runs.append(json.loads(served.well("harvest", data, "--json").out))
    _read(Database(data), got)
    return got


def _read(database: Database, got: Harvest) -> None:
    with database.reader() as con:
        rows = con.execute(
            """SELECT p.record_key, coalesce(i.merged_into, i.item_id), split_part(p.rule, '/', 1), p.claim, r.title, r.text
               FROM reports p JOIN items i USING (item_id) JOIN records r ON r.record_key = p.record_key AND r.revision = p.revision
               WHERE p.live"""
        ).fetchall()
    for key, item, rule, claim, title, text in rows:
        got.item[key], got.rule[key], got.texts[key] = item, rule, (title, text)
        spans = json.loads(claim) if claim else {}
        got.words[key] = [span for span in spans.values() if span]
        got.model[key] = (spans.get("model") or {}).get("text", "")


def test_most_posts_that_report_a_failure_become_complaints(harvest: Harvest) -> None:
    failures = [post.key for post in truth().posts if post.failure]
    missed = [key for key in failures if harvest.rule.get(key) != COMPLAINT]
    assert len(missed) <= (1 - FOUND_AT_LEAST) * len(failures), missed


def test_hardly_any_post_that_reports_no_failure_becomes_a_complaint(harvest: Harvest) -> None:
    """Nobody can tell an author who is wrong about the answer by the words of the post."""
    others = [post.key for post in truth().posts if not post.failure]
    wrong = [key for key in others if harvest.rule.get(key) == COMPLAINT]
    assert len(wrong) <= WRONGLY_AT_MOST * len(others), wrong


def test_the_model_that_is_blamed_is_the_one_that_the_post_blames(harvest: Harvest) -> None:
    named = [p for p in truth().posts if p.failure and p.model and harvest.rule.get(p.key) == COMPLAINT]
    wrong = [(p.key, p.model, harvest.model[p.key]) for p in named if not _same_model(p.model, harvest.model[p.key])]
    assert len(wrong) <= (1 - MODEL_RIGHT_AT_LEAST) * len(named), wrong


def _same_model(one: str, other: str) -> bool:
    one, other = one.lower(), other.lower()
    return bool(other) and (one in other or other in one)


def test_every_span_of_every_claim_stands_in_its_post_verbatim(harvest: Harvest) -> None:
    spans = [(key, span) for key, found in harvest.words.items() for span in found]
    assert len(spans) > 300
    for key, span in spans:
        text = harvest.texts[key][span["part"] == "text"]
        assert text[span["start"] : span["end"]] == span["text"], key


def test_posts_with_the_same_task_in_the_same_words_share_an_item(harvest: Harvest) -> None:
    """A question with a reference stays apart from one with another reference, a post that gave no item has none to share, and of one post
    the learned reader may cut the prompt short."""
    pairs = [p for p in truth().exact if p.first in harvest.item and p.second in harvest.item]
    assert len(pairs) >= 9
    apart = [(p.first, p.second) for p in pairs if harvest.item[p.first] != harvest.item[p.second]]
    assert len({first for first, _ in apart} - {"discourse:wrenhouse:234/1"}) <= 1, apart


def test_posts_that_only_look_the_same_never_share_an_item(harvest: Harvest) -> None:
    pairs = [p for p in truth().apart if p.first in harvest.item and p.second in harvest.item]
    assert len(pairs) >= 24
    assert [(p.first, p.second, p.why) for p in pairs if harvest.item[p.first] == harvest.item[p.second]] == []


def test_each_source_of_each_night_is_in_balance(harvest: Harvest) -> None:
    for run in harvest.runs:
        for name, numbers in run["sources"].items():
            known = numbers["landed"] + numbers["merged"] + numbers["leads"] + numbers["dead"] + sum(numbers["refused"].values())
            assert numbers["records"] == known, (name, numbers)
