"""Forums on real loopback servers as the sites of one source, and a configuration for them."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

from flows.line.harvesting import harvest_sources
from flows.line.opening import open_run
from flows.line.run import SourceResult
from flows.line.workspace import Workspace
from sample.wire import Answer, Asked, Fault, Seen, Server, Site, json_answer
from store.file.database import Database
from thresher.net.client import Client, Clock

CONFIG = Path(__file__).resolve().parents[2] / "config"
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
        self.data, self.config = folder / "data", folder / "config"
        self._servers: dict[str, Server] = {}
        self.asked: Counter[str] = Counter()
        self.paths: list[str] = []
        self.waited: list[float] = []
        """Seconds that the last harvest would have slept."""

    def open(self, sites: dict[str, Site], **pace: float) -> None:
        for name, site in sites.items():
            self._servers[name] = Server(name, site, [], self._note)
            self._servers[name].start()
        (self.config / "sources").mkdir(parents=True)
        for name in ("clusters.toml", "dedupe.toml", "exercises.toml", "export.toml", "rules.toml"):
            shutil.copyfile(CONFIG / name, self.config / name)
        ports = json.dumps([f"127.0.0.1:{server.port}" for server in self._servers.values()])
        (self.config / "thresher.toml").write_text(f'[network]\ncontact = "ops@example.org"\nallow_addresses = {ports}\n')
        keys = {"min_interval_s": 0, "max_requests": BUDGET, **pace}
        lines = ['name = "discourse"', "[pace]", *(f"{key} = {value}" for key, value in keys.items())]
        for name, server in self._servers.items():
            lines += ["[[sites]]", f'name = "{name}"', f'base_url = "{server.url}"']
        (self.config / "sources" / "discourse.toml").write_text("\n".join(lines))

    def _note(self, seen: Seen) -> None:
        self.asked[seen.host] += 1
        self.paths.append(seen.path)

    def harvest(self) -> SourceResult:
        self.asked.clear()
        work = Workspace.open(self.data, self.config, create=True)
        with open_run(work, "test") as run:
            self.waited.clear()
            clock = Clock(monotonic=lambda: sum(self.waited), sleep=self.waited.append)
            client = Client.open(work.settings.network, archive=run.archive, clock=clock)
            (result,) = harvest_sources(run, list(work.settings.sources.values()), client=client)
        return result

    def records(self) -> dict[str, int]:
        with Database(self.data).reader() as con:
            return dict(con.execute("SELECT site, count(*) FROM records GROUP BY 1").fetchall())

    def close(self) -> None:
        for server in self._servers.values():
            server.stop()
