"""What is observed later wins, whatever the machine's clock or a file's time says."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flows.line import rebuilding
from flows.line.clock import ObservationClock, utc_now
from flows.line.harvesting import ingest_files
from flows.line.opening import open_run
from flows.line.workspace import Workspace

CONFIG = Path(__file__).resolve().parents[3] / "config"
YEAR = timedelta(days=365)


@pytest.fixture
def work(tmp_path: Path) -> Workspace:
    return Workspace.open(tmp_path / "data", CONFIG, create=True)


def post(folder: Path, text: str, *, version: int = 1, deleted: bool = False) -> Path:
    """A Discourse post as a saved file."""
    file = folder / "forum.json"
    body = {"id": 7, "topic_id": 3, "post_number": 1, "version": version, "cooked": f"<p>{text}</p>", "user_deleted": deleted}
    file.write_text(json.dumps(body), encoding="utf-8")
    return file


def night(work: Workspace, file: Path, now: Callable[[], datetime] = utc_now) -> list[str]:
    """One run that reads the file; returns what it told besides."""
    with open_run(work, "test", now=now) as run:
        ingest_files(run, "discourse", [file])
    return run.notices


def latest(work: Workspace) -> tuple[str, str]:
    """Status and text of the one record."""
    with work.database.reader() as con:
        ((status, text),) = con.execute("SELECT status, text FROM records WHERE is_latest").fetchall()
    return status, text


@pytest.mark.parametrize("first", [lambda: utc_now() + YEAR, utc_now], ids=["night 1 a year ahead", "night 2 a year behind"])
def test_a_deletion_counts_although_a_clock_was_wrong(work: Workspace, tmp_path: Path, first: Callable[[], datetime]) -> None:
    second = utc_now if first is not utc_now else lambda: utc_now() - YEAR
    night(work, post(tmp_path, "The model miscounts letters"), first)
    (notice,) = night(work, post(tmp_path, "", version=2, deleted=True), second)
    assert latest(work) == ("deleted", "")
    assert "clock" in notice
    rebuilt = rebuilding.rebuild(work)
    assert rebuilt.before == rebuilt.after
    assert latest(work) == ("deleted", "")


def test_an_edited_file_counts_although_its_predecessor_came_from_the_future(work: Workspace, tmp_path: Path) -> None:
    file = post(tmp_path, "Nine letters")
    os.utime(file, (4_070_908_800, 4_070_908_800))  # 2099
    night(work, file)
    assert night(work, post(tmp_path, "Ten letters", version=2)) == []
    assert latest(work) == ("live", "Ten letters")


def test_runs_that_a_clock_turned_round_are_rebuilt_in_the_order_in_which_they_were(work: Workspace, tmp_path: Path) -> None:
    for number, years in enumerate((2, 1, 0)):
        night(work, post(tmp_path, f"wording {number}", version=number + 1), lambda back=years: utc_now() + back * YEAR)  # type: ignore[misc]
    rebuilding.rebuild(work)
    assert latest(work) == ("live", "wording 2")


def test_a_clock_that_is_right_is_followed_and_never_stands_still() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    clock = ObservationClock(moment - YEAR, lambda: moment)
    assert clock.tick() == moment
    assert moment < clock.tick() < clock.tick()
    assert clock.warning() == ""
