"""Many nights over sites that spoil answers, in one process: the benchmark is that of a world without faults, and nothing grows.

By default three nights; ``THRESHER_SOAK=100`` runs a hundred, the second of the world's two nights from the third on.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from driver import SALT
from flaky_proxy import FlakyProxies

from sample import World
from store.file.database import Database
from store.ledger import table_hashes

ROOT = Path(__file__).resolve().parents[2]
NIGHTS = int(os.environ.get("THRESHER_SOAK", "3"))
SEED = 7
RATE = 0.06
"""Of all answers. The first landing must get through hundreds of requests, each of which is tried five times at most."""
WARM = 5
"""Nights after which a process holds what it will ever hold."""
GROWTH = 1.25


class Harvester:
    """A process that harvests night after night, and what it held after each."""

    def __init__(self, data: Path, config: Path, world: World) -> None:
        self.held: list[dict[str, Any]] = []
        self._process = subprocess.Popen(
            [sys.executable, str(ROOT / "tests" / "kit" / "soak_run.py"), str(data), str(config)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, env={**os.environ, **world.environment(), "THRESHER_SALT": SALT, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip

    def night(self) -> bool:
        """Harvest once; whether all of it was got."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        self.held.append(json.loads(self._process.stdout.readline()))
        return not self.held[-1]["failed"] and not self.held[-1]["partly"]

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=60)


def tables(data: Path) -> dict[str, Any]:
    """A hash of each table; of the dead letters those that are still open."""
    with Database(data).reader() as con:
        dead = con.execute("SELECT source, site, native_id, reason FROM open_dead_letters ORDER BY ALL").fetchall()
        return {**table_hashes(con), "dead_letters": dead}


def test_nights_of_spoiled_answers_end_in_the_tables_of_a_faultless_run_and_nothing_grows(tmp_path: Path) -> None:
    with World() as world, FlakyProxies(world.urls, seed=SEED, rate=RATE) as proxies:
        config = world.write_config(tmp_path / "config", proxies.urls)
        stormy, calm = (Harvester(tmp_path / name, config, world) for name in ("stormy", "calm"))
        landed = False
        while len(stormy.held) < NIGHTS or world.night == 1:
            proxies.night = len(stormy.held)
            world.night = 2 if landed else 1
            world.new_day()
            landed = stormy.night() or landed
            assert proxies.night < NIGHTS + WARM, f"the first landing never ends: {stormy.held[-1]}"
        proxies.rate = 0.0
        world.new_day()
        assert stormy.night()
        for world.night in (1, 2):
            assert calm.night()
        stormy.close()
        calm.close()
    print(json.dumps({"spoiled": dict(proxies.spoiled), "first": stormy.held[0], "last": stormy.held[-1]}))
    assert sum(proxies.spoiled.values()) > NIGHTS
    assert tables(tmp_path / "stormy") == tables(tmp_path / "calm")
    warm, last = stormy.held[min(WARM, len(stormy.held) - 2)], stormy.held[-1]
    for name in ("resident", "descriptors", "threads", "database"):
        assert last[name] <= GROWTH * warm[name], f"{name} grew: {[h[name] for h in stormy.held]}"
