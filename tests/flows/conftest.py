"""What the tests of the whole line share: the sample world, the command on it, and benchmarks that it made."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from driver import SALT, Command, CommandForks, FirstNight, Line

from sample import World


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    """One world without faults for the whole session."""
    with World() as world:
        yield world


@pytest.fixture(scope="session")
def forks() -> Iterator[CommandForks]:
    """The process that has imported the command; what a test gives it runs in forks."""
    forks = CommandForks()
    yield forks
    forks.close()


@pytest.fixture(scope="session")
def command(forks: CommandForks, tmp_path_factory: pytest.TempPathFactory, world: World) -> Command:
    """The command with a fixed salt and the keys to the sample world."""
    return Command(forks, tmp_path_factory.mktemp("command"), {**world.environment(), "THRESHER_SALT": SALT, "COLUMNS": "200"})


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory, command: Command, world: World) -> Line:
    """The command on that world."""
    return Line(command, world, world.write_config(tmp_path_factory.mktemp("config")))


@pytest.fixture
def line(served: Line) -> Line:
    """The shared world, in its first night again, asked nothing yet, and with the whole of the sites' daily grants to give."""
    served.world.new_day()
    served.world.night = 1
    served.world.requests.clear()
    return served


@pytest.fixture
def faulty(tmp_path: Path, command: Command) -> Iterator[Line]:
    """A world of its own in which each site goes wrong once or twice."""
    with World(faults=True) as world:
        yield Line(command, world, world.write_config(tmp_path / "config"))


@pytest.fixture(scope="session")
def first_night(served: Line, tmp_path_factory: pytest.TempPathFactory) -> FirstNight:
    """The whole world harvested in its first night, decided; to be copied."""
    data = tmp_path_factory.mktemp("night") / "data"
    served.world.night = 1
    served.world.requests.clear()
    report = json.loads(served.well("harvest", data, "--json").out)
    return FirstNight(data, report, len(served.world.requests))


@pytest.fixture(scope="session")
def textbooks(served: Line, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One source, landed by an undisturbed harvest, nothing embedded; to be copied."""
    data = tmp_path_factory.mktemp("textbooks") / "data"
    served.world.night = 1
    served.well("harvest", data, "textbooks", "--no-embed")
    return data


@pytest.fixture(scope="session")
def discourse(served: Line, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A forum's posts, landed, nothing embedded; to be copied."""
    data = tmp_path_factory.mktemp("discourse") / "data"
    served.world.night = 1
    served.well("harvest", data, "discourse", "--no-embed")
    return data


@pytest.fixture(scope="session")
def small_night(served: Line, discourse: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A forum and a book, embedded, decided, clustered, where that is enough of the world: a third of it. Some items of the forum were
    found to be the same as some of the book. To be copied."""
    data = tmp_path_factory.mktemp("small-night") / "data"
    shutil.copytree(discourse, data)
    served.world.night = 1
    served.well("harvest", data, "textbooks")
    return data


@pytest.fixture(scope="session")
def two_runs(served: Line, textbooks: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sources, each landed by a run and in an archive file of its own, and a snapshot of them; to be copied."""
    data = tmp_path_factory.mktemp("two-runs") / "data"
    shutil.copytree(textbooks, data)
    served.world.night = 1
    served.well("harvest", data, "arena", "--no-embed")
    served.well("snapshot", data, "first")
    return data
