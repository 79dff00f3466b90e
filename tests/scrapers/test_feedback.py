"""Feedback on one's own product: consent before everything, the rating on the answer that it is about, comparisons as votes."""

from __future__ import annotations

import gzip
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sample.faults import BodyFault
from scrapers import feedback
from scrapers.arena.pairs import said
from scrapers.arena.rows import shared_prompt, spoken
from scrapers.feedback import Site, parse, read
from thresher.errors import UsageError
from thresher.model import Battle, Dead, Record

EVENTS = Path(__file__).parents[1] / "fixtures" / "feedback" / "events.jsonl"
ROWS = [json.loads(line) for line in EVENTS.read_text("utf-8").splitlines()]


def parts(path: Path, **site: Any) -> list[Any]:
    return [part for page in read(path, Site(name="feedback", **site)) for part in parse(page)]


def event(number: int, **site: Any) -> tuple[Record, Battle]:
    record = next(p for p in parts(EVENTS, **site) if isinstance(p, Record) and p.native_id.endswith(f"{number:012}"))
    assert isinstance(record.detail, Battle)
    return record, record.detail


def test_of_an_event_without_consent_no_word_and_no_id_is_on_a_page() -> None:
    body = b"".join(page.body for page in read(EVENTS, Site(name="feedback")))
    for word in (b"Pandora", b"Fennimore", b"banana", b"%012d" % 3, b"%012d" % 11, b"%012d" % 12):
        assert word not in body
    assert b"%012d" % 2 in body


def test_every_event_counts_and_says_why_it_is_none() -> None:
    reasons = [part.reason for part in parts(EVENTS) if isinstance(part, Dead)]
    assert reasons == ["no_consent", "unmapped_literal", "bad_time", "unmapped_literal", "no_consent", "no_consent", "bad_comparison"]


def test_consent_decides_what_may_leave_and_the_owner_only_lowers_it() -> None:
    assert [event(n)[0].export_class for n in (1, 2)] == ["full", "none"]
    assert [event(n, export_class="id_only", licence="CC-BY-4.0")[0].export_class for n in (1, 2)] == ["id_only", "none"]
    assert event(1, licence="CC-BY-4.0")[0].licence == "CC-BY-4.0"


def test_a_thumb_down_is_about_the_answer_that_the_talk_ends_with() -> None:
    record, battle = event(1)
    assert (battle.judge, battle.responses[0].failed, battle.responses[0].model) == ("human", True, "harbour-2")
    assert record.text.endswith("Comment: It is 29. Write to wren@example.org if you need a source.")


def test_where_the_user_spoke_since_nobody_knows_which_answer_is_meant() -> None:
    _, battle = event(7)
    assert (battle.judge, battle.responses[0].text, battle.messages[-1].content) == ("unknown", "7 miles are 10.27 km.", "And 7 miles?")


def test_left_and_right_are_a_vote_on_one_pair_whoever_casts_it(tmp_path: Path) -> None:
    record, battle = event(4)
    assert (battle.vote, battle.shown, [r.model for r in battle.responses]) == ("second", "first", ["harbour-2", "harbour-3"])
    assert event(5)[1].vote == "both_bad"
    other = dict(ROWS[3], event_id="another", user_key="u-ffff", left=ROWS[3]["right"], right=ROWS[3]["left"], preferred="left")
    file = tmp_path / "more.jsonl"
    file.write_text(json.dumps(other))
    (again,) = parts(file)
    assert again.thread_id == record.thread_id


def test_of_an_event_that_comes_twice_the_later_row_counts(tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    file.write_text("".join(json.dumps({**ROWS[0], "consent": consent}) + "\n" for consent in ("eval_public", "eval_private")))
    first, second = parts(file)
    assert (first.reason, second.export_class) == ("repeated", "none")


def test_parquet_is_read_as_lines_are(tmp_path: Path) -> None:
    file = tmp_path / "events.parquet"
    rows = [{**row, "left": None, "right": None, "preferred": None} for row in ROWS[:3]]
    pq.write_table(pa.Table.from_pylist(rows), file)
    assert [p.native_id for p in parts(file)] == [p.native_id.replace(".jsonl", ".parquet") for p in parts(EVENTS)[:3]]


def test_a_file_of_something_else_is_refused_with_what_it_lacks(tmp_path: Path) -> None:
    file = tmp_path / "chats.jsonl"
    file.write_text('{"messages": [], "id": 1}\n')
    with pytest.raises(UsageError, match="lacks consent, conversation, event_id, schema_version, ts"):
        parts(file)


def test_every_pair_of_a_real_set_is_a_comparison_in_the_contract(realdata: Path, tmp_path: Path) -> None:
    (packed,) = (realdata / "feedback" / "hh_rlhf").rglob("test.jsonl.gz")
    file = tmp_path / "events.jsonl"
    with gzip.open(packed, "rt", encoding="utf-8") as lines, file.open("w", encoding="utf-8") as out:
        for number, line in enumerate(lines):
            better, worse = (said(json.loads(line)[side]) for side in ("chosen", "rejected"))
            shared = shared_prompt([better, worse])
            row = {**ROWS[3], "event_id": f"pair {number}", "left": spoken(worse[shared:]), "right": spoken(better[shared:])}
            out.write(json.dumps({**row, "conversation": [asdict(message) for message in better[:shared]]}) + "\n")
    found = parts(file)
    assert len(found) == 2312
    assert {(part.detail.vote, part.detail.messages[-1].role) for part in found} == {("second", "user")}


def test_whatever_a_row_holds_gives_records_or_says_why_not(body_fault: BodyFault) -> None:
    if body_fault.name == "ids as text":
        pytest.skip("the ids of events are text")
    (page,) = read(EVENTS, Site(name="feedback"))
    body_fault.check(feedback, page)
