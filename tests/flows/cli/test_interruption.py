"""Ctrl-C and SIGTERM, sent to a real process that waits for a real server."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from driver import ROOT, SALT, Line
from farm import Farm, Quiet

from sample.sites.discourse import Discourse
from sample.wire import Answer, Asked, json_answer
from store.file.database import Database
from store.ledger import table_hashes

SOON_S = 15
"""Two seconds, on a machine that has much else to do; every wait that is cut short here would last a minute or more."""
SAID = "thresher: interrupted; what was fetched is kept, run it again to go on\n"


class Slow(Discourse):
    """The forum of the sample world, of which a part of the topics is answered when it is told to, by ``hold``."""

    def __init__(self, hold: Callable[[], Answer | None]) -> None:
        super().__init__()
        self.hold = hold
        self._asked_for = 0
        self.reached = threading.Event()

    def respond(self, asked: Asked) -> Answer:
        self._asked_for += asked.path.startswith("/t/")
        if self._asked_for > 5 and (answer := self._stalled()):
            return answer
        return super().respond(asked)

    def _stalled(self) -> Answer | None:
        self.reached.set()
        return self.hold()


class Hold:
    """Answers nothing until it is let go."""

    def __init__(self) -> None:
        self.gone = threading.Event()

    def __call__(self) -> None:
        self.gone.wait(120)


def told_to_wait() -> Answer:
    return json_answer({"errors": ["slow down"]}, 429, {"Retry-After": "120"})


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    farm = Farm(tmp_path)
    yield farm
    farm.close()


@pytest.fixture
def hold() -> Iterator[Hold]:
    hold = Hold()
    yield hold
    hold.gone.set()


def start(*argv: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "flows.cli", *map(str, argv)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "THRESHER_SALT": SALT}, start_new_session=True,
    )  # fmt: skip


def harvest(farm: Farm) -> subprocess.Popen[str]:
    return start("harvest", "--no-embed", "--data", farm.data, "--config", farm.config)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("waiting", ["as the site told", "for an answer"])
def test_a_harvest_that_waits_ends_at_a_signal(farm: Farm, hold: Hold, number: signal.Signals, waiting: str) -> None:
    site = Slow(told_to_wait if waiting == "as the site told" else hold)
    farm.open({"slow": site})
    process = harvest(farm)
    assert site.reached.wait(60)
    process.send_signal(number)
    out, err = process.communicate(timeout=SOON_S)
    assert (process.returncode, out, err) == (1, "", SAID)


def test_what_an_interrupted_harvest_fetched_is_kept_and_the_next_one_goes_on(farm: Farm) -> None:
    site = Slow(told_to_wait)
    farm.open({"slow": site})
    process = harvest(farm)
    assert site.reached.wait(60)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=SOON_S)
    site.hold = lambda: None
    interrupted, farm.data = farm.data, farm.data.with_name("undisturbed")
    for data in (interrupted, farm.data):
        out, err = start("harvest", "--no-embed", "--data", data, "--config", farm.config).communicate(timeout=120)
        assert err == "", out
    with Database(interrupted).reader() as one, Database(farm.data).reader() as other:
        assert table_hashes(one) == table_hashes(other)
        state, error = one.execute("SELECT state, error FROM runs ORDER BY started_at LIMIT 1").fetchall()[0]
    assert state == "failed"
    assert error in ("interrupted by SIGINT", "its process ended before the run did")


def test_a_second_signal_ends_at_once(farm: Farm, hold: Hold) -> None:
    site = Slow(hold)
    farm.open({"slow": site})
    process = harvest(farm)
    assert site.reached.wait(60)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=SOON_S)
    assert (process.returncode, err) == (1, SAID)


def test_several_sources_that_wait_end_together(line: Line, tmp_path: Path) -> None:
    config = line.world.write_config(tmp_path / "config")
    for file in (config / "sources").glob("*.toml"):
        file.write_text(file.read_text().replace("min_interval_s = 0", "min_interval_s = 100"))
    process = line.command.start("harvest", "--no-embed", "--data", tmp_path / "data", "--config", config)
    try:
        while len({seen.host for seen in line.world.requests}) < 5:
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=SOON_S)
    finally:
        process.kill()
    assert (process.returncode, err) == (1, SAID)


def opened(process: subprocess.Popen[str], path: Path) -> bool:
    """Whether the process has the file open."""
    with contextlib.suppress(FileNotFoundError):
        return any(fd.resolve() == path for fd in Path(f"/proc/{process.pid}/fd").iterdir())
    return False


def test_who_waits_for_another_process_ends_too(farm: Farm, hold: Hold) -> None:
    site = Slow(hold)
    farm.open({"slow": site, "quiet": Quiet()})
    first = harvest(farm)
    try:
        assert site.reached.wait(60)
        second = start("harvest", "--no-embed", "--wait", 100, "--data", farm.data, "--config", farm.config)
        while not opened(second, farm.data / "benchmark.lock"):
            assert second.poll() is None
        second.send_signal(signal.SIGTERM)
        _, err = second.communicate(timeout=SOON_S)
        assert (second.returncode, err) == (1, SAID)
        assert first.poll() is None
    finally:
        first.kill()
        first.communicate()
