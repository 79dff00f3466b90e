"""Failure clusters in the database: which claims are due, who leaves, trends, and what a reader is shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from store import failures, items, open_leads, pages, queries, removal, runs
from store.failures import ChangedCluster, PhrasedClaim, StoredCluster
from store.file.database import Database
from thresher.errors import UsageError
from thresher.model import Candidate, Claim, Lead, Message, Page, Record, Span

pytestmark = pytest.mark.usefixtures("lease")

NOW = datetime(2026, 6, 30, 3, 0, tzinfo=UTC)
ENCODER = "letters-1"


@pytest.fixture
def database(database: Database) -> Iterator[Database]:
    """The empty benchmark, with its lease held."""
    with database.writer():
        yield database


def complaint(number: int, words: str, *, days_ago: float = 0.0, source: str = "forum", author: str = "") -> Record:
    return Record(
        source, "bugs", f"c{number}", f"https://example.org/{number}", "post", words, created_at=NOW - timedelta(days=days_ago),
        author_key=author or f"author {number}", licence="cc-by-4.0", export_class="full",
    )  # fmt: skip


def land(database: Database, run_id: str, records: Sequence[Record]) -> None:
    """Each record as a complaint whose claim is its whole text."""
    for source in sorted({r.source for r in records}):
        mine = [r for r in records if r.source == source]
        page = Page(source, "bugs", f"https://example.org/{source}", 200, {}, repr(mine).encode(), NOW)
        with database.transaction() as con:
            pages.land_batch(con, run_id, [pages.PageResult(page, mine)])
            said = [
                Candidate(r.key, "complaint", (Message("user", f"Question {r.native_id}"),), "rule", "1", tier="claimed",
                          claim=Claim(Span(r.key, 0, len(r.text), r.text)), licence=r.licence, export_class="full")
                for r in mine if r.text
            ]  # fmt: skip
            items.land_outcomes(con, run_id, source, said, [r for r in mine if r.text])


def place(database: Database, run_id: str, cluster_id: str = "f1", category: str = "code") -> None:
    """Put every pending claim, word for word as its phrase, into one cluster."""
    with database.transaction() as con:
        failures.sweep(con, ENCODER)
        pending = failures.pending_claims(con)
        failures.save_claims(con, run_id, [PhrasedClaim(c, category, c.words, "rules 1") for c in pending])
        texts = failures.unplaced(con).get(category, [])
        vector = np.eye(8, dtype=np.float32)[0]
        members = [(text, vector, 1.0) for text in texts]
        stored = StoredCluster(cluster_id, category, len(texts), np.ones(8, np.int64))
        changed = ChangedCluster(stored, texts[0], members)
        failures.save_category(con, run_id, ENCODER, category, [changed], [], [("opened", cluster_id, None)])


def test_a_claim_is_due_until_it_has_a_phrase_and_again_when_its_words_change(database: Database, run_id: str) -> None:
    land(database, run_id, [complaint(1, "it loses the last line of the file")])
    with database.reader() as con:
        assert [c.words for c in failures.pending_claims(con)] == ["it loses the last line of the file"]
        assert [c.prompt for c in failures.pending_claims(con)] == ["Question c1"]
    place(database, run_id)
    with database.reader() as con:
        assert not failures.is_due(con, ENCODER)
        assert failures.is_due(con, "another encoder")
    land(database, run_id, [complaint(1, "it loses the first line of the file")])
    with database.reader() as con:
        assert [c.words for c in failures.pending_claims(con)] == ["it loses the first line of the file"]


def test_a_deleted_report_leaves_its_cluster_with_its_words(database: Database, run_id: str) -> None:
    land(database, run_id, [complaint(1, "loses a line"), complaint(2, "drops a line")])
    place(database, run_id)
    with database.transaction() as con:
        failures.leave(con, ["forum:bugs:c1"])
    with database.reader() as con:
        (left,) = queries.failure_clusters(con)
        assert (left["reports"], left["label"]) == (1, "drops a line")
        assert "loses a line" not in str(con.execute("FROM phrases").fetchall() + con.execute("FROM claims").fetchall())
        assert failures.stale_clusters(con) == {"code": ["f1"]}


def test_what_the_source_deleted_is_swept_out_by_the_next_pass(database: Database, run_id: str) -> None:
    land(database, run_id, [complaint(1, "loses a line"), complaint(2, "drops a line")])
    place(database, run_id)
    gone = replace(complaint(1, ""), status="deleted")
    with database.transaction() as con:
        pages.land_batch(con, run_id, [pages.PageResult(Page("forum", "bugs", "u", 200, {}, b"x", NOW), [gone])])
    with database.transaction() as con:
        failures.sweep(con, ENCODER)
        assert [r[0] for r in con.execute("SELECT record_key FROM claims").fetchall()] == ["forum:bugs:c2"]


def test_sources_and_authors_are_counted_once_each(database: Database, run_id: str) -> None:
    said = [complaint(n, f"loses line {n}", source=("forum", "reddit")[n % 2], author=f"person {n // 4}") for n in range(8)]
    land(database, run_id, said)
    place(database, run_id)
    with database.reader() as con:
        (found,) = queries.failure_clusters(con)
    assert (found["reports"], found["sources"], found["authors"]) == (8, 2, 2)


@pytest.mark.parametrize(
    ("days", "trend"),
    [
        ([0, 1, 2, 3], "new"),
        ([0, 1, 2, 3, 4, 5, 20], "growing"),
        ([0, 10, 16, 22, 28], "steady"),
        ([*np.linspace(8, 34, 20)], "fading"),
        ([8, 300], "steady"),
        ([0, 300], "resurfaced"),
        ([0, 34, 300], "steady"),
    ],
)
def test_a_trend_compares_the_last_week_with_the_four_before(database: Database, run_id: str, days: list[float], trend: str) -> None:
    land(database, run_id, [complaint(n, f"loses line {n}", days_ago=float(d)) for n, d in enumerate(days)])
    place(database, run_id)
    land(database, run_id, [complaint(900, "today", days_ago=0), complaint(901, "long ago", days_ago=400)])
    place(database, run_id, "f2", "style")
    with database.reader() as con:
        found = {c["cluster_id"]: c["trend"] for c in queries.failure_clusters(con)}
    assert found["f1"] == trend


def test_a_lead_stands_in_its_cluster_and_counts_as_one(database: Database, run_id: str) -> None:
    land(database, run_id, [complaint(1, "loses a line")])
    record = complaint(2, "it loses every other line", author="somebody else")
    page = Page("forum", "bugs", "https://example.org/forum/2", 200, {}, b"2", NOW)
    with database.transaction() as con:
        pages.land_batch(con, run_id, [pages.PageResult(page, [record])])
        lead = Lead(record.key, "no_prompt_found", 0.8, Span(record.key, 0, 9, record.text[:9]))
        items.land_outcomes(con, run_id, "forum", [lead], [record])
    place(database, run_id)
    with database.reader() as con:
        (found,) = queries.failure_clusters(con)
        assert (found["reports"], found["leads"], found["items"], found["authors"]) == (2, 1, 1, 2)
        assert [row["cluster_id"] for row in open_leads.leads(con, cluster="f1")] == ["f1"]
        assert {row["words"]: row["is_lead"] for row in queries.failure_cluster(con, "f1")["members"]} == {
            "loses a line": False, "it loses ": True,
        }  # fmt: skip
    with database.transaction() as con:
        removal.blank_records(con, [record.key])
    with database.reader() as con:
        (left,) = queries.failure_clusters(con)
    assert (left["reports"], left["leads"]) == (1, 0)


def test_a_merged_cluster_leads_to_the_one_it_went_to(database: Database, run_id: str) -> None:
    land(database, run_id, [complaint(1, "loses a line")])
    place(database, run_id)
    with database.transaction() as con:
        failures.save_category(con, run_id, ENCODER, "code", [], [], [("merged", "f0", "f1")])
    with database.reader() as con:
        found = queries.failure_cluster(con, "f0")
        assert found["cluster_id"] == "f1"
        assert [m["words"] for m in found["members"]] == ["loses a line"]
        assert {(e["event"], e["cluster_id"]) for e in found["history"]} == {("opened", "f1"), ("merged", "f0")}


def test_an_unknown_cluster_or_trend_is_refused_in_words(database: Database) -> None:
    with database.reader() as con:
        with pytest.raises(UsageError, match="no cluster begins with 'f9'"):
            queries.failure_cluster(con, "f9")
        with pytest.raises(UsageError, match="growing"):
            queries.failure_clusters(con, trend="up")


def test_vectors_of_another_encoder_are_given_up_and_their_phrases_placed_anew(database: Database, run_id: str) -> None:
    land(database, run_id, [complaint(1, "loses a line")])
    place(database, run_id)
    with database.transaction() as con:
        assert failures.unplaced_by_another_encoder(con, "other-2") == ["loses a line"]
        failures.sweep(con, "other-2")
        assert failures.unplaced(con) == {"code": ["loses a line"]}
        assert failures.members_of(con, ["f1"]) == {"f1": []}


def test_a_pass_is_noted_and_a_second_one_of_the_run_adds_to_it(database: Database, run_id: str) -> None:
    with database.transaction() as con:
        failures.save_pass(con, run_id, "1", assigned=3, opened=1)
        failures.save_pass(con, run_id, "1", assigned=2, merged=1)
        assert failures.passes(con) == [run_id]
        assert con.execute("SELECT assigned, opened, merged, split FROM clusterings").fetchall() == [(5, 1, 1, 0)]
        runs.fail_run(con, run_id, "")
