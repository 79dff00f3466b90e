"""``thresher curate`` as a process: killed in the middle it loses nothing, and its end brings the verdicts into the benchmark."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

from driver import FirstNight, Line

from store import queries
from store.file.database import Database


class Curator:
    """The page's process, and a reviewer who asks it as the page would."""

    def __init__(self, line: Line, data: Path) -> None:
        self.process = line.start("curate", data, "--no-browser", "--port", "0")
        assert self.process.stdout is not None
        told = re.search(r"(http://127\.0\.0\.1:\d+)/", self.process.stdout.readline())
        assert told, self.process.communicate(timeout=60)[1]
        self.address = told[1]
        self.token = self._ask("/").partition('name="thresher-token" content="')[2].partition('"')[0]

    def _ask(self, path: str, body: Any = None) -> str:
        headers = {"Origin": self.address, "X-Thresher-Token": getattr(self, "token", ""), "Content-Type": "application/json"}
        asked = urllib.request.Request(self.address + path, json.dumps(body).encode() if body else None, headers)
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return str(answer.read().decode())

    def decide(self, place: int, word: str) -> str:
        """Give the item at a place of the queue a verdict; its id."""
        item_id = json.loads(self._ask("/api/queue"))["ids"][place]
        (item,) = json.loads(self._ask(f"/api/items?id={item_id}"))
        shown = {"item_id": item_id, "version": item["version"], "last": item["last"]}
        self._ask("/api/verdicts", {"verdict": word, "reviewer": "ann", "items": [shown]})
        return str(item_id)


def status(data: Path, item_id: str) -> str:
    with Database(data).reader() as con:
        return str(queries.item(con, item_id)["status"])


def test_a_page_that_is_killed_keeps_what_was_decided_and_the_next_run_takes_it_up(
    line: Line, first_night: FirstNight, tmp_path: Path
) -> None:
    data = first_night.copy(tmp_path / "data")
    curator = Curator(line, data)
    decided = {curator.decide(place, word): word for place, word in enumerate(("active", "rejected", "waived"))}
    curator.process.kill()
    curator.process.communicate(timeout=60)
    assert {item_id: status(data, item_id) for item_id in decided} == dict.fromkeys(decided, "proposed")
    line.well("deduplicate", data)
    assert {item_id: status(data, item_id) for item_id in decided} == decided
    again = line.tables(data)["verdicts"]
    line.well("deduplicate", data)
    assert line.tables(data)["verdicts"] == again


def test_a_command_may_write_while_the_page_is_open_and_ctrl_c_ends_it_well(line: Line, first_night: FirstNight, tmp_path: Path) -> None:
    data = first_night.copy(tmp_path / "data")
    curator = Curator(line, data)
    try:
        first = curator.decide(0, "rejected")
        line.well("deduplicate", data)
        second = curator.decide(1, "active")
        curator.process.send_signal(signal.SIGINT)
        out, err = curator.process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        curator.process.kill()
        raise
    assert (curator.process.returncode, err) == (0, "")
    assert "1 verdict is in the benchmark" in out
    assert (status(data, first), status(data, second)) == ("rejected", "active")
