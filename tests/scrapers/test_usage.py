"""Logs of a product's users: the sets that are known and one's own columns, what is kept of a user, and in which turn one was let down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sample.faults import BodyFault
from scrapers import usage
from scrapers.usage import Site, parse, read
from thresher.model import UNREADABLE_FILE, Battle, Candidate, Dead, Record, Refusal
from thresher.rules import Rules, judge

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parents[1] / "fixtures" / "usage"
OWN = {"user_column": "account", "model_column": "engine", "time_column": "at", "language_column": "locale"}


def records(path: Path, **site: Any) -> dict[str, Record]:
    parts = [part for page in read(path, Site(name="log", **site)) for part in parse(page)]
    return {part.native_id.partition(":")[0]: part for part in parts if isinstance(part, Record)}


def outcome(record: Record, rules: Rules) -> Candidate | Refusal:
    (one,) = judge([record], rules)
    return one


@pytest.fixture(scope="module")
def rules() -> Rules:
    return Rules.load(ROOT / "config" / "rules.toml")


def test_one_s_own_columns_are_named_in_the_settings() -> None:
    found = records(FOLDER / "own.jsonl", **OWN)
    first, second = found["o1"], found["o2"]
    assert isinstance(first.detail, Battle)
    assert (first.author_key, first.language, first.detail.responses[0].model) == ("u-1", "en", "quay-4")
    assert [str(one.created_at) for one in (first, second)] == ["2026-05-01 06:00:00+00:00", "2026-05-01 08:00:00+00:00"]


@pytest.mark.parametrize("key", ["turns_column", "user_column"])
def test_a_named_column_that_is_not_there_is_told_with_those_that_are(key: str) -> None:
    (page,) = read(FOLDER / "own.jsonl", Site(name="log", **{key: "talker"}))
    assert f"no column 'talker' for {key}; it has: account, at, billing_address, engine" in page.context[UNREADABLE_FILE]


def test_of_a_user_only_the_pseudonym_of_the_log_is_kept() -> None:
    (page,) = read(FOLDER / "wildchat.jsonl", Site(name="log"))
    for told in (b"Norway", b"Loon", b"hashed_ip", b"country"):
        assert told not in page.body
    assert [one.author_key for one in records(FOLDER / "wildchat.jsonl").values()] == ["ip-1", "ip-2"]
    assert records(FOLDER / "lmsys.jsonl")["l1"].author_key is None


def test_a_row_that_is_no_talk_is_counted_and_not_kept() -> None:
    (page,) = read(FOLDER / "own.jsonl", Site(name="log", **OWN))
    assert b"payroll" not in page.body
    assert b"Gull Lane" not in page.body, "nor is a column that nobody reads"
    (dead,) = [part for part in parse(page) if isinstance(part, Dead)]
    assert (dead.reason, "secret" in dead.detail) == ("unreadable_row", True)


def test_nothing_leaves_whatever_the_set_s_own_licence_is() -> None:
    assert {one.export_class for one in records(FOLDER).values()} == {"none"}


def test_the_turn_in_which_a_user_was_let_down_is_quoted(rules: Rules) -> None:
    found = records(FOLDER / "own.jsonl", **OWN) | records(FOLDER / "wildchat.jsonl")
    corrected, complained = outcome(found["o1"], rules), outcome(found["w1"], rules)
    assert isinstance(corrected, Candidate)
    assert isinstance(complained, Candidate)
    assert corrected.claim is not None
    assert complained.claim is not None
    assert (corrected.rule, complained.rule) == ("battle/corrected", "battle/complained")
    assert corrected.claim.words.text == "No, I asked for 17 times 23. The correct answer is 391."
    assert (complained.prompt, complained.failing[0].text) == ("How many legs has a lobster?", "A lobster has eight legs.")


def test_a_user_who_punishes_a_refusal_makes_no_case(rules: Rules) -> None:
    refused = outcome(records(FOLDER / "wildchat.jsonl")["w2"], rules)
    assert isinstance(refused, Refusal)
    assert (refused.reason, refused.detail) == ("objects_to_refusal", "complained")


@pytest.mark.parametrize("name", ["wildchat.jsonl", "lmsys.jsonl", "own.jsonl"])
def test_whatever_a_log_holds_gives_records_or_says_why_not(body_fault: BodyFault, name: str) -> None:
    if body_fault.name in {"ids as text", "unknown fields"}:
        pytest.skip("logs name their columns as they like, and ids are text")
    (page,) = read(FOLDER / name, Site(name="log"))
    body_fault.check(usage, page)
