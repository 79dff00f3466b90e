"""robots.txt, where a source crawls: forums and files of repositories, no API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from farm import Farm

from flows.line.harvesting import harvest_sources
from flows.line.opening import open_run
from flows.line.workspace import Workspace
from sample import World
from sample.sites.discourse import Discourse
from sample.wire import Answer, Asked, text_answer


class Guarded(Discourse):
    """The forum of the sample world with another robots.txt."""

    def __init__(self, robots: Answer) -> None:
        super().__init__()
        self._robots = robots

    def respond(self, asked: Asked) -> Answer:
        return self._robots if asked.path == "/robots.txt" else super().respond(asked)


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    farm = Farm(tmp_path)
    yield farm
    farm.close()


def test_a_forum_that_forbids_its_topics_is_asked_for_none_and_the_source_says_so(farm: Farm) -> None:
    farm.open({"guarded": Guarded(text_answer("User-agent: *\nDisallow: /t/\n"))})
    result = farm.harvest()
    assert result.state == "failed"
    assert "guarded: robots_disallowed: robots.txt forbids" in result.errors[0]
    assert farm.paths[0] == "/robots.txt"
    assert not [path for path in farm.paths if path.startswith("/t/")]


@pytest.mark.parametrize(
    "robots", [text_answer("User-agent: thresher\nDisallow: /\n"), text_answer("down", 503), Answer(500)], ids=["forbids all", "503", "500"]
)
def test_a_forum_that_forbids_everything_or_cannot_say_is_left_alone_and_the_next_one_is_not(farm: Farm, robots: Answer) -> None:
    farm.open({"guarded": Guarded(robots), "open": Discourse()})
    result = farm.harvest()
    assert [error.partition(": ")[2].partition(":")[0] for error in result.errors] == ["robots_disallowed"]
    assert farm.records().keys() == {"open"}
    assert farm.asked["guarded"] <= 2


def test_the_delay_that_a_forum_asks_of_crawlers_lies_between_its_requests(farm: Farm) -> None:
    farm.open({"slow": Guarded(text_answer("User-agent: *\nCrawl-delay: 7\n"))})
    farm.harvest()
    assert farm.records()["slow"] > 100
    assert sum(farm.waited) == pytest.approx(7 * (farm.asked["slow"] - 1))


def test_robots_is_read_where_pages_and_files_are_crawled_and_at_no_api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with World() as world:
        for name, value in world.environment().items():
            monkeypatch.setenv(name, value)
        work = Workspace.open(tmp_path / "data", world.write_config(tmp_path / "config"), create=True)
        with open_run(work, "test") as run:
            harvest_sources(run, list(work.settings.sources.values()))
        asked = {seen.host for seen in world.requests if seen.path == "/robots.txt"}
        assert {seen.host for seen in world.requests} == set(world.urls)
    assert asked == {"discourse", "github_raw"}


def test_an_unchanged_night_is_answered_with_304_where_the_site_can_and_leaves_nothing_in_the_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    able = ("arena", "discourse", "textbooks")
    with World() as world:
        work = Workspace.open(tmp_path / "data", world.write_config(tmp_path / "config"), create=True)
        sizes = []
        for _ in range(3):
            world.requests.clear()
            with open_run(work, "test") as run:
                harvest_sources(run, [work.settings.source(name) for name in able])
            sizes.append(run.archive.path.stat().st_size)
            last = list(world.requests)
    assert sizes[0] > 100_000
    assert max(sizes[1:]) < 400, "what the file says of itself"
    assert {seen.status for seen in last} == {304}
    assert len(last) <= 9
