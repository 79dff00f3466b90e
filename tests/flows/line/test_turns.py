"""Sites of one source on real servers, one of which never ends: each gets its share of the requests, in every order, also after kills."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flows.line.harvesting import harvest_sources
from flows.line.opening import open_run
from flows.line.run import SourceResult
from flows.line.workspace import Workspace
from sample.sites.discourse import Discourse
from sample.wire import Answer, Asked, Fault, Seen, Server, Site, json_answer
from store.file.database import Database
from thresher.net.client import Client, Clock

CONFIG = Path(__file__).resolve().parents[3] / "config"
BUDGET = 150


class Tarpit:
    """A forum of one topic, whose posts have no beginning."""

    def respond(self, asked: Asked) -> Answer:
        if asked.path == "/posts.json":
            before = asked.number("before", 10**9)
            return json_answer({"latest_posts": [{"id": before - n, "topic_id": 7, "version": 1} for n in range(1, 51)]})
        return json_answer({"topic_list": {"topics": [], "more_topics_url": "/latest.json?page=1"}})

    def faults(self) -> list[Fault]:
        return []


class Quiet(Tarpit):
    """A forum of one post."""

    def respond(self, asked: Asked) -> Answer:
        if asked.path == "/posts.json":
            return json_answer({"latest_posts": [{"id": 1, "topic_id": 7, "version": 1}]})
        return super().respond(asked)


class Farm:
    """Forums on ports of their own, and a configuration in which they are the sites of one source."""

    def __init__(self, folder: Path) -> None:
        self.data, self._config = folder / "data", folder / "config"
        self._servers: dict[str, Server] = {}
        self.asked: Counter[str] = Counter()

    def open(self, sites: dict[str, Site], **pace: float) -> None:
        for name, site in sites.items():
            self._servers[name] = Server(name, site, [], self._note)
            self._servers[name].start()
        (self._config / "sources").mkdir(parents=True)
        for name in ("clusters.toml", "dedupe.toml", "export.toml", "rules.toml"):
            shutil.copyfile(CONFIG / name, self._config / name)
        ports = json.dumps([f"127.0.0.1:{server.port}" for server in self._servers.values()])
        (self._config / "thresher.toml").write_text(f'[network]\ncontact = "ops@example.org"\nallow_addresses = {ports}\n')
        keys = {"min_interval_s": 0, "max_requests": BUDGET, **pace}
        lines = ['name = "discourse"', "[pace]", *(f"{key} = {value}" for key, value in keys.items())]
        for name, server in self._servers.items():
            lines += ["[[sites]]", f'name = "{name}"', f'base_url = "{server.url}"']
        (self._config / "sources" / "discourse.toml").write_text("\n".join(lines))

    def _note(self, seen: Seen) -> None:
        self.asked[seen.host] += 1

    def harvest(self) -> SourceResult:
        self.asked.clear()
        work = Workspace.open(self.data, self._config, create=True)
        with open_run(work, "test") as run:
            waited: list[float] = []
            clock = Clock(monotonic=lambda: sum(waited), sleep=waited.append)
            client = Client.open(work.settings.network, archive=run.archive, clock=clock)
            (result,) = harvest_sources(run, list(work.settings.sources.values()), client=client)
        return result

    def records(self) -> dict[str, int]:
        with Database(self.data).reader() as con:
            return dict(con.execute("SELECT site, count(*) FROM records GROUP BY 1").fetchall())

    def close(self) -> None:
        for server in self._servers.values():
            server.stop()


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    farm = Farm(tmp_path)
    yield farm
    farm.close()


@pytest.mark.parametrize(
    "sites",
    [
        {"a": Tarpit, "b": Discourse},
        {"a": Discourse, "b": Tarpit, "c": Discourse},
        {"a": Tarpit, "b": Tarpit, "c": Discourse},
    ],
)
def test_an_endless_site_starves_no_other_on_the_first_night(farm: Farm, sites: dict[str, Callable[[], Site]]) -> None:
    farm.open({name: make() for name, make in sites.items()})
    result = farm.harvest()
    honest = [name for name, make in sites.items() if make is Discourse]
    assert all(farm.records().get(name, 0) > 100 for name in honest)
    assert all(farm.asked[name] >= BUDGET // len(sites) for name, make in sites.items() if make is Tarpit)
    assert sum(farm.asked.values()) == BUDGET, "what the honest ones leave is still used"
    assert result.state == "partial"
    assert {error.partition(":")[0] for error in result.errors} == {name for name, make in sites.items() if make is Tarpit}


def test_a_site_cut_short_by_its_share_ends_with_what_the_others_left(farm: Farm) -> None:
    farm.open({"a": Discourse(), "b": Quiet(), "c": Quiet()}, max_requests=90)
    result = farm.harvest()
    assert (result.state, result.errors) == ("finished", ())
    assert farm.asked["a"] > 30
    assert farm.records()["a"] > 100


def test_with_fewer_requests_than_sites_every_site_has_its_turn_in_the_end(farm: Farm) -> None:
    farm.open({name: Tarpit() for name in "abcde"}, max_requests=2)
    asked: Counter[str] = Counter()
    for _ in range(5):
        farm.harvest()
        assert sum(farm.asked.values()) == 2
        asked += farm.asked
    assert asked == dict.fromkeys("abcde", 2)


def test_nights_that_are_killed_at_the_first_site_begin_with_another_one(farm: Farm, monkeypatch: pytest.MonkeyPatch) -> None:
    farm.open({name: Tarpit() for name in "abc"})
    asked: Counter[str] = Counter()
    for _ in range(3):
        with monkeypatch.context() as patch:
            patch.setattr("flows.line.harvesting._visit", _killed(farm))
            with pytest.raises(KeyboardInterrupt):
                farm.harvest()
        asked += farm.asked
    assert asked == dict.fromkeys("abc", 1)


def _killed(farm: Farm) -> Callable[..., None]:
    def visit(run: object, source: object, site: object, client: object) -> None:
        farm.asked[site.name] += 1  # type: ignore[attr-defined]
        raise KeyboardInterrupt

    return visit


def test_an_endless_site_uses_its_share_of_the_minutes_alone(farm: Farm) -> None:
    farm.open({"a": Tarpit(), "b": Discourse()}, min_interval_s=1, max_minutes=2)
    result = farm.harvest()
    assert farm.records().get("b", 0) > 100
    assert result.state == "partial"
    assert "the 2 minutes of this run are used" in " ".join(result.errors)
