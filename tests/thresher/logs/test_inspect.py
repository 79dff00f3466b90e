"""Logs that Inspect and we write, read by both."""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import zstandard

from thresher.errors import UsageError
from thresher.logs.inspect_reading import Unreadable, read_log
from thresher.logs.inspect_writing import write_log
from thresher.logs.trial import LoggedTrial
from thresher.model import Message
from thresher.models.answers import Usage

TRIAL = LoggedTrial(
    trial_id="00112233aabbccdd", log="log1", item_id="0a", epoch=1, model="small", served_id="small-1",
    messages=(Message("user", "What is 2 + 2?"),), response="ANSWER: 4", asked_at=datetime(2026, 3, 1, tzinfo=UTC), target="4",
    usage=Usage(100, 20, 5), usd=Decimal("0.25"), seconds=1.5, verdict="pass", scorer="words 1", evidence="4",
)  # fmt: skip


def with_zstandard(path: Path, members: dict[str, Any]) -> None:
    """An ``.eval`` as Inspect packs it: method 93 of the zip format."""
    data, directory = b"", b""
    for name, value in members.items():
        content = json.dumps(value).encode()
        packed = zstandard.compress(content)
        common = struct.pack("<HHHHHIIIHH", 63, 0, 93, 0, 33, zlib.crc32(content), len(packed), len(content), len(name), 0)
        directory += struct.pack("<IH", 0x02014B50, 63) + common + struct.pack("<HHHII", 0, 0, 0, 0, len(data)) + name.encode()
        data += struct.pack("<I", 0x04034B50) + common + name.encode() + packed
    path.write_bytes(data + directory + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, *[len(members)] * 2, len(directory), len(data), 0))


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    cut = replace(TRIAL, epoch=2, trial_id="00112233aabbccde", response="", error="it came too late", verdict=None)
    write_log(tmp_path / "a.eval", "thresher", "thresher first", [TRIAL, cut])
    one, other = read_log(tmp_path / "a.eval")
    assert isinstance(one, LoggedTrial)
    assert isinstance(other, LoggedTrial)
    judged = {"verdict": None, "scorer": "", "evidence": "", "target": ""}
    assert one == replace(TRIAL, **judged)
    assert (other.response, other.error) == ("", "error: it came too late")


def test_inspect_reads_what_is_written(tmp_path: Path) -> None:
    log_module = pytest.importorskip("inspect_ai.log")
    write_log(tmp_path / "a.eval", "thresher", "thresher first", [TRIAL, replace(TRIAL, epoch=2, verdict="borderline")])
    log = log_module.read_eval_log(str(tmp_path / "a.eval"))
    assert (log.status, log.eval.model, log.eval.dataset.name) == ("success", "small", "thresher first")
    assert [sample.scores["thresher"].value for sample in log.samples if sample.scores] == ["C"]
    first = log.samples[0]
    assert (first.id, first.output.completion, first.output.usage.total_cost, first.output.time) == ("0a", "ANSWER: 4", 0.25, 1.5)
    assert [summary.id for summary in log_module.read_eval_log_sample_summaries(str(tmp_path / "a.eval"))] == ["0a", "0a"]


def test_a_log_packed_with_zstandard_is_read_and_a_damaged_sample_costs_no_other(tmp_path: Path) -> None:
    header = {"eval": {"eval_id": "e", "created": "2026-03-01T00:00:00Z", "model": "openai/x"}}
    answer = {"message": {"content": [{"type": "reasoning", "reasoning": "hm"}, {"type": "text", "text": "attachment://" + "a" * 32}]}}
    sample = {
        "id": 3, "epoch": 1, "metadata": {"item_id": "0a"}, "input": "attachment://" + "b" * 32,
        "attachments": {"a" * 32: "ANSWER: 4", "b" * 32: "What is 2 + 2?"},
        "output": {"model": "x-1", "choices": [{**answer, "stop_reason": "stop"}]},
    }  # fmt: skip
    names = ("samples/3_epoch_1.json", "samples/3_epoch_2.json")
    with_zstandard(tmp_path / "a.eval", {names[0]: sample, names[1]: {**sample, "epoch": 2}, "header.json": header})
    whole = (tmp_path / "a.eval").read_bytes()
    one, other = read_log(tmp_path / "a.eval")
    assert isinstance(one, LoggedTrial)
    assert isinstance(other, LoggedTrial)
    assert (one.item_id, one.response, one.messages[0].content, one.served_id) == ("0a", "ANSWER: 4", "What is 2 + 2?", "x-1")
    assert one.trial_id != other.trial_id
    place = whole.index(names[1].encode()) + 30
    (tmp_path / "a.eval").write_bytes(whole[:place] + bytes([whole[place] ^ 255]) + whole[place + 1 :])
    again, damaged = read_log(tmp_path / "a.eval")
    assert again == one
    assert isinstance(damaged, Unreadable)


@pytest.mark.parametrize("content", [b"", b"[1]", b'{"eval": {}}', b"PK\x05\x06" + bytes(18), b"[" * 100_000, b"\xff\xfe"])
def test_what_is_no_log_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(UsageError, match=r"a\.json"):
        list(read_log(tmp_path / "a.json"))
