"""SIGKILL at random moments of every command that writes, then the same command again: the benchmark is the one of a life without kills.

By default a few kills in a short life of one small source; ``THRESHER_KILLS=200`` goes on, over both nights of the whole world, until so
many commands were killed.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from driver import Line

from store.doctor import doctor

LOGS = Path(__file__).parents[1] / "fixtures" / "arena"
WANTED = os.environ.get("THRESHER_KILLS", "")
PORTION = 60
"""Records in a transaction: the sample world is small, and a kill should find many of them."""


@dataclass(frozen=True)
class Step:
    """One command in the life of a benchmark, in a night of the world."""

    night: int
    argv: tuple[str, ...]


SHORT = (Step(1, ("harvest", "textbooks", "--no-embed")), Step(2, ("harvest", "textbooks", "--no-embed")), Step(2, ("rebuild",)))
WHOLE = (
    Step(1, ("harvest",)),
    Step(1, ("ingest", "arena", str(LOGS))),
    Step(1, ("snapshot", "first")),
    Step(2, ("harvest", "--no-embed")),
    Step(2, ("deduplicate",)),
    Step(2, ("snapshot", "second")),
    Step(2, ("rebuild",)),
)


@dataclass
class Life:
    """The tables after each command of a life, how long each took (s), and how often each was killed."""

    tables: list[dict[str, str]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    killed: Counter[str] = field(default_factory=Counter)


def unharmed(line: Line, data: Path, steps: tuple[Step, ...]) -> Life:
    """Every command once."""
    life = Life()
    for step in steps:
        line.world.night = step.night
        begun = time.monotonic()
        well(line, data, step)
        life.seconds.append(time.monotonic() - begun)
        life.tables.append(line.tables(data))
    return life


def well(line: Line, data: Path, step: Step) -> None:
    """One command to its end. An ingest may end partly: some of its files are none."""
    done = line.run(step.argv[0], data, *step.argv[1:], portion=PORTION)
    assert done.rc in ({0, 3} if step.argv[0] == "ingest" else {0}), f"{step}: {done.rc} {done.err[-2000:]}"


def harmed(line: Line, data: Path, steps: tuple[Step, ...], life: Life, dice: random.Random) -> None:
    """The same commands, each killed two to six times before it is let through; the tables are compared after each."""
    for step, seconds, tables in zip(steps, life.seconds, life.tables, strict=True):
        line.world.night = step.night
        line.world.new_day()  # a command that is killed time and again asks for more than the sites grant in a day
        for _ in range(dice.randint(2, 6)):
            begun = time.monotonic()
            rc = line.run(step.argv[0], data, *step.argv[1:], portion=PORTION, seconds=dice.uniform(0.05, 0.9 * seconds)).rc
            life.killed[step.argv[0]] += rc == -9
            if rc != -9:  # there was less to do, or the machine is less busy
                seconds = min(seconds, time.monotonic() - begun)
        line.world.new_day()
        well(line, data, step)
        assert line.tables(data) == tables, f"after {step}"
    assert doctor(data).healthy


def test_a_life_with_kills_at_random_moments_is_one_without(line: Line, tmp_path: Path) -> None:
    life = unharmed(line, tmp_path / "well", SHORT)
    harmed(line, tmp_path / "harmed", SHORT, life, random.Random(1))
    assert sum(life.killed.values()) >= 2


@pytest.mark.skipif(not WANTED.isdigit(), reason="THRESHER_KILLS=200 kills two hundred commands of the whole world at random moments")
def test_lives_of_the_whole_world_with_kills_at_random_moments_are_one_without(line: Line, tmp_path: Path) -> None:
    life = unharmed(line, tmp_path / "well", WHOLE)
    seed = 0
    while sum(life.killed.values()) < int(WANTED):
        harmed(line, tmp_path / str(seed), WHOLE, life, random.Random(seed))
        seed += 1
    print(f"{sum(life.killed.values())} kills in {seed} lives: {dict(life.killed)}")
