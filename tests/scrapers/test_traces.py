"""Traces: what belongs together over several exports, what counts as failed, and that the process is kept step by step."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from sample.faults import BodyFault
from scrapers import traces
from scrapers.traces import Site, parse, read
from thresher.model import UNREADABLE_FILE, Battle, Candidate, Dead, Record, Refusal
from thresher.rules import Rules, judge

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parents[1] / "fixtures" / "traces"
LOG = FOLDER / "log.json"


def parts(path: Path) -> list[Record | Dead]:
    return [part for page in read(path, Site(name="desk")) for part in parse(page)]


def records(path: Path) -> dict[str, Record]:
    return {part.native_id.removeprefix("run1/"): part for part in parts(path) if isinstance(part, Record)}


def battle(record: Record) -> Battle:
    assert isinstance(record.detail, Battle)
    return record.detail


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Candidate | Refusal]:
    rules = Rules.load(ROOT / "config" / "rules.toml")
    return {name[:8].removesuffix("/1"): next(judge([record], rules)) for name, record in records(FOLDER).items()}


def test_the_spans_of_a_trace_are_one_wherever_they_were_exported(tmp_path: Path) -> None:
    for number, line in enumerate((FOLDER / "spans.jsonl").read_text().splitlines()):
        (tmp_path / f"{number}.json").write_text(line)
    spread = records(tmp_path)
    assert spread.keys() == records(FOLDER / "spans.jsonl").keys()
    assert battle(spread["a" * 32]) == battle(records(FOLDER / "spans.jsonl")["a" * 32])


def test_thinking_calls_and_results_are_kept_as_structure() -> None:
    record = records(FOLDER / "spans.jsonl")["a" * 32]
    assert record.marks["process"] == [
        {"did": "asked", "text": "When does the last ferry to Skerry leave on Sunday?"},
        {"did": "thought", "text": "The timetable has it."},
        {"did": "called", "name": "timetable", "text": '{"route": "Skerry", "day": "Sunday"}', "call": "c1"},
        {"did": "given", "name": "timetable", "text": '{"last": "21:40"}', "call": "c1"},
        {"did": "said", "text": "The last ferry leaves at 20:40."},
    ]
    assert (record.author_key, record.marks["conversation"], battle(record).responses[0].model) == ("u-9", "conv-1", "quay-4-0101")
    searched = records(LOG)["searched/1"].marks["process"]
    assert [(step["did"], step.get("name")) for step in searched[1:3]] == [("called", "web_search"), ("given", "web_search")]


@pytest.mark.parametrize("name", ["aaaaaaaa", "ffffffff", "wrong", "searched"])
def test_what_failed_is_a_transcript(outcomes: dict[str, Candidate | Refusal], name: str) -> None:
    outcome = outcomes[name]
    assert isinstance(outcome, Candidate)
    assert (outcome.kind, outcome.tier, outcome.rule) == ("transcript", "claimed", "battle/rating")
    assert outcome.target == ("8" if name in {"wrong", "searched"} else "")


def test_the_failing_answer_is_the_whole_way_to_it(outcomes: dict[str, Candidate | Refusal]) -> None:
    wrong = outcomes["wrong"]
    assert isinstance(wrong, Candidate)
    assert [m.role for m in wrong.messages] == ["system", "user"]
    for told in ("<thinking>\nTwo each.", "I add them up.", 'python({"code": "print(4 + 2)"})', "Tool: 6", "Assistant: 6"):
        assert told in wrong.failing[0].text


def test_a_user_who_complains_in_a_trace_is_heard(outcomes: dict[str, Candidate | Refusal]) -> None:
    outcome = outcomes["eeeeeeee"]
    assert isinstance(outcome, Candidate)
    assert (outcome.kind, outcome.rule, outcome.tier) == ("transcript", "battle/complained", "witnessed")
    assert outcome.claim is not None
    assert outcome.claim.words.text == "That's wrong. The table says 21:40."
    assert outcome.failing[0].text == "The last ferry leaves at 20:40."


def test_what_did_not_fail_or_failed_by_others_is_no_case(outcomes: dict[str, Candidate | Refusal]) -> None:
    reasons = {name: one.reason for name, one in outcomes.items() if isinstance(one, Refusal)}
    # bbbbbbbb was tried again after an error
    well = dict.fromkeys(["bbbbbbbb", "right", "disputed"], "no_failure_signal")
    unanswered = dict.fromkeys(["cccccccc", "broke"], "no_reference")
    assert reasons == well | unanswered | {"pictured": "needs_picture"}


def test_a_trace_without_content_says_what_to_switch_on() -> None:
    dead = {part.reason: part.detail for part in parts(FOLDER / "spans.jsonl") if isinstance(part, Dead)}
    assert dead.keys() == {"no_content", "no_model"}
    assert "capture message content" in dead["no_content"]


def test_a_packed_log_is_read_as_the_plain_one_and_without_its_events(tmp_path: Path) -> None:
    log = json.loads(LOG.read_text())
    with zipfile.ZipFile(tmp_path / "otters.eval", "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("header.json", json.dumps({name: log[name] for name in ("version", "status", "eval")}))
        for sample in log["samples"]:
            out.writestr(f"samples/{sample['id']}_epoch_1.json", json.dumps(sample))
        out.writestr("samples/torn_epoch_1.json", '{"id": "to')
        out.writestr("summaries.json", "[]")
    packed = parts(tmp_path)
    assert [battle(one) for one in packed if isinstance(one, Record)] == [battle(one) for one in records(LOG).values()]
    assert [one.reason for one in packed if isinstance(one, Dead)] == ["unreadable_row"]
    assert not any(b'"events"' in page.body for page in read(tmp_path, Site(name="desk")))


def test_a_log_that_is_packed_by_zstandard_is_read(tmp_path: Path) -> None:
    """As Inspect packs today: the members' bytes are put where zipfile put others, which it does not pack itself."""
    log = json.loads(LOG.read_text())
    texts = {"header.json": json.dumps({"eval": log["eval"]}), "samples/wrong_epoch_1.json": json.dumps(log["samples"][0])}
    packed = {name: pa.compress(text.encode(), codec="zstd", asbytes=True) for name, text in texts.items()}
    with zipfile.ZipFile(tmp_path / "otters.eval", "w", zipfile.ZIP_STORED) as out:
        for name, body in packed.items():
            out.writestr(name, body)
            out.getinfo(name).compress_type, out.getinfo(name).file_size = 93, len(texts[name])
    assert battle(records(tmp_path)["wrong/1"]) == battle(records(LOG)["wrong/1"])


@pytest.mark.parametrize("content", [b"PK\x03\x04 and nothing more", b"", None])
def test_a_file_that_is_no_log_costs_itself(tmp_path: Path, content: bytes | None) -> None:
    shutil.copy(LOG, tmp_path / "a.json")
    shutil.copy(FOLDER / "spans.jsonl", tmp_path / "a.jsonl")
    if content is None:
        with zipfile.ZipFile(tmp_path / "b.eval", "w") as out:
            out.writestr("notes.txt", "x")
    else:
        (tmp_path / "b.eval").write_bytes(content)
    (tmp_path / "c.json").write_text('{"weather": "fine"}')
    told = [page.context[UNREADABLE_FILE] for page in read(tmp_path, Site(name="desk")) if UNREADABLE_FILE in page.context]
    assert len(told) == 2
    assert "c.json holds neither resourceSpans (OTLP) nor a log of Inspect, but weather" in told[1]
    assert len(records(tmp_path)) == len(records(FOLDER)) == 11


def test_nothing_leaves_before_the_owner_says_so() -> None:
    assert {record.export_class for record in records(FOLDER).values()} == {"none"}


@pytest.mark.parametrize("name", ["spans.jsonl", "log.json"])
def test_whatever_a_trace_holds_gives_records_or_says_why_not(body_fault: BodyFault, name: str) -> None:
    if body_fault.name in {"ids as text", "unknown fields"}:
        pytest.skip("attributes of spans and metadata of samples are whatever their programs add")
    page: Any = next(iter(read(FOLDER / name, Site(name="desk"))))
    body_fault.check(traces, page)
