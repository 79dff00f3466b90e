"""What is not fit to leave in a snapshot is listed, and nothing leaves until it is mended or left out."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from store import items, pages, runs
from store.file.database import Database
from store.snapshot.freeze import freeze
from store.snapshot.lint import FEWEST, Lint, SnapshotRefused, lint_folder
from store.snapshot.settings import Export
from thresher.model import Candidate, Message, Page, Record

pytestmark = pytest.mark.usefixtures("lease")

ALL = Export(version="1", classes=("full",))
NIGHT = datetime(2026, 2, 1, tzinfo=UTC)
TOWNS = ("Ash", "Beck", "Cove", "Dell", "Elm", "Firth", "Glen", "Hythe")


def row(n: int, **changed: Any) -> dict[str, Any]:
    """A row that is fit to leave."""
    return {
        "item_id": f"{n:032x}", "question": "", "input": f"Which town lies at mile {n}?", "target": TOWNS[n % 8], "answer": TOWNS[n % 8],
        "choices": [], "rubric": "", "licence": "CC-BY-4.0", "attribution": "A. Writer", "url": f"https://example.org/{n}", **changed,
    }  # fmt: skip


def linted(*rows: dict[str, Any], config: str = "keyed") -> set[tuple[str, str]]:
    """(rule, the number of the row) of all that is wrong."""
    lint = Lint()
    for one in rows:
        lint.add(config, one)
    return {(finding.rule, str(int(finding.item_id, 16))) for finding in lint.findings()}


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"input": " "}, "empty_input"),
        ({"answer": "", "target": ""}, "empty_target"),
        ({"input": "Which town lies at mile 1? Answer: Beck"}, "answer_leak"),
        ({"input": "Which town lies at mile 1 (the correct answer is **Beck**)?"}, "answer_leak"),
        ({"input": "Which t\ufffdwn lies at mile 1?"}, "broken_encoding"),
        ({"target": "BÃ©ck", "answer": "BÃ©ck"}, "broken_encoding"),
        ({"licence": ""}, "licence_missing"),
        ({"licence": "unknown"}, "licence_missing"),
        ({"licence": "CC-BY-SA-4.0"}, "licence_missing"),
        ({"attribution": ""}, "attribution_missing"),
        ({"input": "Mail jo.doe@towns.example.com which town lies at mile 1."}, "personal_data"),
    ],
)
def test_a_row_that_is_not_fit_is_named_with_what_is_wrong(changed: dict[str, Any], rule: str) -> None:
    assert linted(row(1, **changed), row(2)) == {(rule, "1")}


@pytest.mark.parametrize(
    "changed",
    [
        {"input": "Which town answers at mile 1? Give the answer as one word."},
        {"input": "Is Beck the answer?"},
        {"input": "The answer is Beckett. Which town is that?"},
        {"input": "Où est «Beck», ñandú, 東京, ∫x²dx ≤ π?"},
        {"input": "Tabs\tand\nlines stay."},
        {"licence": "CC0-1.0", "attribution": ""},
    ],
)
def test_a_row_that_only_looks_so_is_fit(changed: dict[str, Any]) -> None:
    assert linted(row(1, **changed)) == set()


def test_a_long_key_that_is_announced_is_told_and_one_that_repeats_the_question_is_not() -> None:
    key = "The town at mile one is called after the ash trees that stood there."
    assert linted(row(1, input=f"Why? Solution: {key}", answer=key), config="judged") == {("answer_leak", "1")}
    assert linted(row(1, input=f"Determine whether this is so: {key}", answer=key), config="judged") == set()


def test_who_asks_the_same_twice_is_named_once_where_both_agree_and_twice_where_not() -> None:
    assert linted(row(1), row(2, input="which town  lies at mile 1?", answer="beck")) == {("duplicate", "2")}
    assert linted(row(1), row(2, input="which town  lies at mile 1?", answer="Cove")) == {("two_keys", "1"), ("two_keys", "2")}


def test_a_letter_that_names_no_option() -> None:
    options = {"choices": ["Ash", "Beck"], "question": "Which town?"}
    assert linted(row(1, answer="C", **options), config="choice") == {("no_such_option", "1")}
    assert linted(row(1, answer="B", **options), config="choice") == set()


def test_answers_that_are_nearly_all_the_same_are_named_but_not_of_a_few_rows() -> None:
    rows = [row(n, answer="Ash") for n in range(FEWEST)]
    assert len(linted(*rows)) == FEWEST
    assert linted(*rows[1:]) == set()
    assert linted(*rows, row(20, answer="Beck"), row(21, answer="Beck")) == set()


def put(database: Database, *texts: tuple[str, str]) -> None:
    with database.transaction() as con:
        run_id = runs.open_run(con, "test", rules_version="1")
        records = [
            Record("forum", "x", f"n{n}", f"https://example.org/{n}", "question", text, licence="cc-by-4.0", export_class="full")
            for n, (text, _) in enumerate(texts)
        ]
        page = Page("forum", "x", "https://example.org/", 200, {}, repr(texts).encode(), NIGHT)
        pages.land_batch(con, run_id, [pages.PageResult(page, records)])
        made = [
            Candidate(r.key, "question", (Message("user", r.text),), "rule", "1", target=target, licence="cc-by-4.0", export_class="full")
            for r, (_, target) in zip(records, texts, strict=True)
        ]
        items.land_outcomes(con, run_id, "forum", made, records)


def test_a_snapshot_with_such_rows_is_refused_with_the_list_or_frozen_without_them(database: Database, tmp_path: Path) -> None:
    put(database, ("Which town is it?", "Ash"), ("which town is it?", "Beck"), ("Which river is it?", "Cove"))
    with pytest.raises(SnapshotRefused, match="two_keys 2") as refused:
        freeze(database, "s1", tmp_path / "snapshots", ALL)
    assert [finding["rule"] for finding in refused.value.listed] == ["two_keys", "two_keys"]
    assert not list((tmp_path / "snapshots").iterdir())
    made = freeze(database, "s1", tmp_path / "snapshots", ALL, leave_out=True)
    assert made.items == 1
    assert json.loads((Path(made.path) / "manifest.json").read_bytes())["withheld"] == {"lint_two_keys": 2}


def test_a_frozen_folder_is_looked_at_as_it_lies(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(database, ("Which town is it?", "Ash"), ("Which river is it?", "Cove"), ("WHICH river is it?", "Beck"))
    monkeypatch.setattr(Lint, "findings", lambda self: [])  # as an earlier thresher that did not look would have frozen it
    folder = Path(freeze(database, "s1", tmp_path / "snapshots", ALL).path)
    monkeypatch.undo()
    assert [finding.rule for finding in lint_folder(folder)] == ["two_keys", "two_keys"]
