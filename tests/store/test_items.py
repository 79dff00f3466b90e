"""Landing outcomes: items, reports, refusals, and the balance."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from store import items, ledger, pages, runs
from store.file.database import Database
from thresher.errors import StoreError
from thresher.model import Candidate, Claim, Message, Page, Record, Refusal, Response, Span

pytestmark = pytest.mark.usefixtures("lease")

NIGHT = datetime(2026, 2, 1, 3, 0, tzinfo=UTC)


@pytest.fixture
def database(database: Database) -> Iterator[Database]:
    """The empty benchmark, with its lease held: half as many opens of the file."""
    with database.writer():
        yield database


def rec(native_id: str, text: str = "How deep is the lake?", source: str = "forum", **more: Any) -> Record:
    return Record(
        source,
        "lakes",
        native_id,
        f"https://example.org/{native_id}",
        "question",
        text,
        **{"licence": "cc-by-4.0", "export_class": "full", **more},
    )


def cand(record: Record, prompt: str = "", **more: Any) -> Candidate:
    return Candidate(
        record.key,
        "question",
        (Message("user", prompt or record.text),),
        "rule",
        "1",
        **{"licence": record.licence, "export_class": record.export_class, **more},
    )


def land(database: Database, run_id: str, *records: Record, hour: int = 0) -> None:
    body = repr(records).encode()
    results = [
        pages.PageResult(
            Page(s, "lakes", f"https://example.org/{hour}", 200, {}, body, NIGHT + timedelta(hours=hour)),
            [r for r in records if r.source == s],
        )
        for s in sorted({r.source for r in records})
    ]
    with database.transaction() as con:
        pages.land_batch(con, run_id, results)


def judge(database: Database, run_id: str, **outcomes: Any) -> items.OutcomeCounts:
    """Judge what is due: by native id a candidate's fields, a refusal's reason, or nothing for the plain candidate."""
    with database.transaction() as con:
        records = [r for t in pages.unjudged_threads(con, "forum") for r in t]
        said: list[Candidate | Refusal] = []
        for r in records:
            wanted = outcomes.get(r.native_id, {})
            said.append(Refusal(r.key, wanted) if isinstance(wanted, str) else cand(r, **wanted))
        return items.land_outcomes(con, run_id, "forum", said, records)


def rows(database: Database, sql: str) -> list[tuple[Any, ...]]:
    with database.reader() as con:
        return con.execute(sql).fetchall()


def test_exact_duplicates_are_reports_of_one_item(database: Database, run_id: str) -> None:
    land(database, run_id, rec("a"), rec("b", "how deep is  the LAKE?"), rec("c", "How wide?"))
    counts = judge(database, run_id, c="too_short")
    assert (counts.records, counts.candidates, counts.landed, counts.merged, counts.refused) == (3, 2, 1, 1, {"too_short": 1})
    assert rows(database, "SELECT report_count, native_id, prompt FROM items_current") == [(2, "a", "How deep is the lake?")]


def test_an_item_has_the_wording_of_its_first_report_whichever_landed_first(tmp_path: Path) -> None:
    records = [rec(n, "lake  depth?" if n == "b" else "Lake depth?", created_at=NIGHT - timedelta(days=int(n, 16))) for n in "abcdef"]
    said = set()
    for seed in range(3):
        folder = tmp_path / str(seed)
        folder.mkdir()
        database = Database(folder)
        order = random.Random(seed).sample(records, 6)
        with database.writer():
            with database.transaction() as con:
                run_id = runs.open_run(con, "test", rules_version="1")
            for start in range(0, 6, 3):
                land(database, run_id, *order[start : start + 3])
                judge(database, run_id)
        with database.reader() as con:
            said.add((ledger.final_hash(con), *con.execute("SELECT native_id, prompt FROM items_current").fetchall()))
    assert len(said) == 1
    assert ("f", "Lake depth?") in said.pop()


def test_a_changed_outcome_replaces_the_one_before_and_the_item_without_reports_retires(database: Database, run_id: str) -> None:
    land(database, run_id, rec("a"))
    judge(database, run_id)
    land(database, run_id, rec("a", "Never mind."), hour=24)
    assert judge(database, run_id, a="no_question").refused == {"no_question": 1}
    assert rows(database, "SELECT lifecycle FROM items") == [("retired",)]
    assert rows(database, "FROM items_current") == []
    land(database, run_id, rec("a", "How deep, then?"), hour=48)
    assert judge(database, run_id).landed == 1
    assert rows(database, "SELECT prompt FROM items_current") == [("How deep, then?",)]
    assert rows(database, "FROM refusals") == []


def test_an_item_whose_only_report_is_deleted_is_dropped_and_comes_back_with_another(database: Database, run_id: str) -> None:
    land(database, run_id, rec("a"))
    judge(database, run_id)
    land(database, run_id, rec("a", status="deleted"), hour=24)
    judge(database, run_id, a="gone")
    assert rows(database, "FROM items") == rows(database, "FROM reports") == []
    land(database, run_id, rec("b"), hour=48)
    assert judge(database, run_id).landed == 1
    assert rows(database, "SELECT status, prompt, native_id FROM items_current") == [("proposed", "How deep is the lake?", "b")]


def test_when_the_first_report_is_deleted_the_next_gives_the_wording(database: Database, run_id: str) -> None:
    land(database, run_id, rec("a", "How DEEP is the lake?", created_at=NIGHT), rec("b", created_at=NIGHT + timedelta(days=1)))
    judge(database, run_id)
    assert rows(database, "SELECT prompt FROM items_current") == [("How DEEP is the lake?",)]
    land(database, run_id, rec("a", status="deleted"), hour=24)
    judge(database, run_id, a="gone")
    assert rows(database, "SELECT prompt, native_id, version FROM items_current") == [("How deep is the lake?", "b", 2)]


def test_a_deleted_record_leaves_no_words_in_claim_or_responses(database: Database, run_id: str) -> None:
    record = rec("a", "It told me that canaries bark.")
    land(database, run_id, record)
    words = Span(record.key, 0, 29, "It told me that canaries bark")
    judge(
        database,
        run_id,
        a={"claim": Claim(words), "failing": (Response("m", "canaries bark"),), "tier": "witnessed", "target": "canaries sing"},
    )
    assert rows(database, "SELECT tier::VARCHAR FROM items_current") == [("witnessed",)]
    land(database, run_id, replace(record, status="removed", text=""), hour=24)
    judge(database, run_id, a="gone")
    for name in ("items", "reports", "records", "refusals"):
        assert rows(database, f"SELECT count(*) FROM {name} t WHERE t::VARCHAR ILIKE '%canar%'") == [(0,)], name


def test_judging_again_with_the_same_outcome_counts_nothing(database: Database, run_id: str) -> None:
    land(database, run_id, rec("a", thread_id="t"), rec("b", "Short", thread_id="t"))
    judge(database, run_id, b="too_short")
    land(database, run_id, rec("c", "How wide is it?", thread_id="t"), hour=1)
    counts = judge(database, run_id, b="too_short")
    assert (counts.records, counts.landed, counts.merged, counts.refused) == (1, 1, 0, {})


def test_a_record_that_changed_while_it_was_judged_stays_due(database: Database, run_id: str) -> None:
    old = rec("a")
    land(database, run_id, rec("a", "Something else?"), hour=1)
    with database.transaction() as con:
        counts = items.land_outcomes(con, run_id, "forum", [cand(old)], [old])
        assert counts.records == 0
        assert [r.text for t in pages.unjudged_threads(con, "forum") for r in t] == ["Something else?"]


def test_a_candidate_for_what_is_deleted_is_refused(database: Database, run_id: str) -> None:
    land(database, run_id, rec("a", status="deleted"))
    assert judge(database, run_id, a={"target": "x"}).refused == {"deleted": 1}


def test_a_record_without_an_outcome_or_with_two_is_an_error(database: Database, run_id: str) -> None:
    a, b = rec("a"), rec("b")
    land(database, run_id, a, b)
    with pytest.raises(StoreError, match="forum:lakes:b has no outcome"), database.transaction() as con:
        items.land_outcomes(con, run_id, "forum", [cand(a)], [a, b])
    with pytest.raises(StoreError, match="forum:lakes:a was judged twice"), database.transaction() as con:
        items.land_outcomes(con, run_id, "forum", [cand(a), Refusal(a.key, "x")], [a, b])
    with pytest.raises(StoreError, match="an outcome, but is not in the batch"), database.transaction() as con:
        items.land_outcomes(con, run_id, "forum", [cand(a), cand(b)], [a])


def test_the_least_export_class_and_the_strongest_tier_stand(database: Database, run_id: str) -> None:
    land(database, run_id, rec("a"), rec("b", export_class="id_only"))
    judge(database, run_id, a={"tier": "claimed"}, b={"tier": "witnessed", "export_class": "full"})
    assert rows(database, "SELECT tier::VARCHAR, export_class::VARCHAR FROM items_current") == [("witnessed", "id_only")]


def test_rules_of_another_version_make_records_due(database: Database, run_id: str) -> None:
    land(database, run_id, rec("a"), rec("b", "How wide?"))
    judge(database, run_id)
    with database.transaction() as con:
        assert pages.unjudge(con, "forum", "1") == 0
        assert pages.unjudge(con, "forum", "2") == 2
    assert judge(database, run_id).merged == 2


def test_several_turns_make_a_prompt_with_roles(database: Database, run_id: str) -> None:
    record = rec("a")
    land(database, run_id, record)
    said = replace(cand(record), messages=(Message("user", "Deep?"), Message("assistant", "No."), Message("user", "Sure?")))
    with database.transaction() as con:
        items.land_outcomes(con, run_id, "forum", [said], [record])
    assert rows(database, "SELECT prompt FROM items_current") == [(said.prompt,)]
