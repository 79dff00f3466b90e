"""What the tests of the line share."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from driver import Command
from forum import Forum
from nights import Nights
from pytest_httpserver import HTTPServer


@pytest.fixture(scope="session")
def first_visits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where first visits to forums are kept, to be copied: that to one of so many topics and posts is made once."""
    return tmp_path_factory.mktemp("first-visits")


@pytest.fixture
def nights(httpserver: HTTPServer, command: Command, first_visits: Path, tmp_path: Path) -> Callable[..., Nights]:
    def opened(topics: int, posts: int = 1, **expect: float) -> Nights:
        forum = Forum(httpserver, topics, posts)
        nights = Nights(command, forum, forum.write_config(tmp_path / "config", **expect), tmp_path / "data")
        kept = first_visits / f"{topics}-{posts}"
        if not kept.exists():
            nights.well()
            shutil.copytree(nights.data, kept)
        else:
            shutil.copytree(kept, nights.data)
        assert nights.live() == topics * posts
        return nights

    return opened
