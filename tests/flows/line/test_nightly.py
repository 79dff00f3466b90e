"""Who is asked at night, and about what: the blamed model or its successor, new claims first, within the budget."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from chat_server import ChatServer

from flows.line.nightly import evaluate_night
from flows.line.settings import CHECKOUT_CONFIG, Evaluate
from flows.line.workspace import Workspace
from store import items, pages, runs, trials
from store.file.database import Database
from store.reading import rows
from thresher.errors import SettingsError
from thresher.model import Candidate, Claim, Message, Page, Record, Response, Span
from thresher.models.settings import Model, Models

KEY = "7"


def report(n: int, blamed: str) -> tuple[Record, Candidate]:
    """A claim that a model fails, and of every third the failing answer; that of the last is right."""
    record = Record("forum", "x", f"n{n}", "", "post", f"I asked {blamed} for birds on list {n}.", licence="cc0", export_class="full")
    words = Span(record.key, 0, len(record.text), record.text)
    claim = Claim(words, model=replace(words, start=8, end=8 + len(blamed), text=blamed))
    failing = (Response(blamed, f"ANSWER: {7 if n == 3 else 5}", failed=True),) if n in (0, 3) else ()
    asked = (Message("user", f"How many birds are on my list {n}?"),)
    return record, Candidate(
        record.key, "complaint", asked, "r", "1", tier="claimed", key_status="sourced", target=KEY, claim=claim, failing=failing
    )  # fmt: skip


BLAMED = ("GPT-4o", "Claude 3 Opus", "someone else", "GPT-4o")


def answer(body: dict[str, Any]) -> str:
    return "ANSWER: 7" if body["model"] == "other-1" else "It is not that many.\nANSWER: 5"


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer(answer, served_id="") as server:
        yield server


@pytest.fixture
def work(tmp_path: Path, server: ChatServer) -> Workspace:
    database = Database(tmp_path / "data")
    (tmp_path / "data" / "archive").mkdir(parents=True)
    with database.writer(), database.transaction() as con:
        run_id = runs.open_run(con, "test", rules_version="1")
        made = [report(n, blamed) for n, blamed in enumerate(BLAMED)]
        page = Page("forum", "x", "https://example.org/", 200, {}, b"1", datetime(2026, 1, 1, tzinfo=UTC))
        pages.land_batch(con, run_id, [pages.PageResult(page, [record for record, _ in made])])
        items.land_outcomes(con, run_id, "forum", [candidate for _, candidate in made], [record for record, _ in made])

    def model(name: str, **more: Any) -> Model:
        return Model(name=name, endpoint=server.url, served_id=f"{name}-1", input_price=Decimal(1), output_price=Decimal(1), **more)

    models = Models(models=(model("gpt-4o"), model("claude-9", succeeds=("Claude 3 Opus",)), model("other")))
    work = Workspace.open(tmp_path / "data", CHECKOUT_CONFIG)
    settings = work.settings.model_copy(update={"models": models, "evaluate": Evaluate(models=("other",), trials=3)})
    return replace(work, settings=settings)


def asked(work: Workspace) -> dict[str, list[str]]:
    """The models that were asked about each item, by the number of its report."""
    told: dict[str, list[str]] = {}
    with work.database.reader() as con:
        for row in rows(con, "SELECT DISTINCT native_id, model FROM trials JOIN items_current USING (item_id) ORDER BY ALL"):
            told.setdefault(row["native_id"], []).append(row["model"])
    return told


def test_a_claim_is_put_to_the_blamed_model_or_its_successor_and_to_others(work: Workspace, server: ChatServer) -> None:
    _, outcome, notices = evaluate_night(work)
    assert asked(work) == {"n0": ["gpt-4o", "other"], "n1": ["claude-9", "other"], "n2": ["other"], "n3": ["gpt-4o", "other"]}
    assert notices == ["1 items that blame claude 3 opus were put to claude-9, which succeeds it"]
    assert (outcome.verdicts, server.served) == ({"pass": 12, "fail": 9}, 21)
    with work.database.reader() as con:
        told = rows(con, "SELECT native_id, model, state, k, n FROM item_states JOIN items_current USING (item_id) ORDER BY ALL")
        tiers = {row["native_id"]: row["tier"] for row in rows(con, "SELECT native_id, tier::VARCHAR AS tier FROM items_current")}
        queue = [(row["reason"], row["why"][:34]) for row in rows(con, "FROM key_queue")]
    assert [tuple(row.values()) for row in told][:5] == [
        ("n0", "gpt-4o", "reproduced", 3, 3), ("n0", "other", "not reproduced", 0, 3), ("n1", "claude-9", "reproduced", 3, 3),
        ("n1", "other", "not reproduced", 0, 3), ("n2", "other", "not reproduced", 0, 3),
    ]  # fmt: skip
    assert {row["state"] for row in told[5:]} == {"key in question"}
    assert tiers == {"n0": "reproduced", "n1": "reproduced", "n2": "claimed", "n3": "claimed"}
    assert queue == [("failing_passes", "a recorded failing answer passes: ")]
    assert evaluate_night(work)[1].asked == 0


def test_a_night_takes_up_what_was_never_asked_first_and_ends_at_its_limits(work: Workspace, server: ChatServer) -> None:
    evaluate = Evaluate(models=("other",), trials=3, items_per_night=2, again_after_days=0)
    work = replace(work, settings=work.settings.model_copy(update={"evaluate": evaluate}))
    assert len({task.item_id for task in evaluate_night(work)[0].tasks}) == 2
    evaluate_night(work)
    assert len(asked(work)) == 4
    served = server.served
    over = evaluate.model_copy(update={"max_hours": 1e-12})
    plan, outcome, _ = evaluate_night(replace(work, settings=work.settings.model_copy(update={"evaluate": over})))
    assert server.served == served
    assert outcome.not_asked == {"the time of this run is over": sum(len(portion.due) for portion in plan.portions)}
    assert evaluate_night(work, budget_usd=Decimal(0))[1].not_asked.total() > 0


def test_an_answer_is_scored_again_where_the_scorer_is_newer_and_nobody_is_asked(work: Workspace, server: ChatServer) -> None:
    evaluate_night(work)
    served = server.served
    lines = [line for line in trials.lines(work.archive) if line["type"] == trials.TRIAL]
    doubted = lines[0]
    older = trials.Scored("words", "0", "borderline", "by an older scorer")
    trials.keep(work.archive, [trials.rescored(doubted["trial_id"], older, doubted["asked_at"])])
    # what is complete is looked at again when it is asked about again
    again = replace(work, settings=work.settings.model_copy(update={"evaluate": Evaluate(models=("other",), trials=4)}))
    assert evaluate_night(again)[1].rescored == 1
    assert server.served == served + 7
    with work.database.reader() as con:
        (row,) = rows(con, "SELECT verdict, scorer_version FROM trials WHERE trial_id = ?", [doubted["trial_id"]])
    assert (row["verdict"], row["scorer_version"]) == (doubted["verdict"], doubted["scorer_version"])


def test_without_a_model_nobody_is_asked_at_night(work: Workspace) -> None:
    off = replace(work, settings=work.settings.model_copy(update={"evaluate": Evaluate()}))
    with pytest.raises(SettingsError, match="names no model"):
        evaluate_night(off)
