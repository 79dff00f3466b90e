"""The sample world as a whole: its sites on their ports, its nights, what was asked of it, and a configuration that points at it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from string import Template
from types import TracebackType
from urllib.parse import urlsplit

from sample.sites import github, hub
from sample.sites.discourse import Discourse
from sample.sites.github import GitHubApi, GitHubRaw, Repository
from sample.sites.hub import Hub
from sample.sites.reddit import CLIENT_ID, CLIENT_SECRET, Reddit
from sample.sites.stackexchange import StackExchange
from sample.wire import Seen, Server, Site

REDDIT_CLIENT_ID = CLIENT_ID
REDDIT_CLIENT_SECRET = CLIENT_SECRET

_TEMPLATES = Path(__file__).with_name("config")
_PROJECT_CONFIG = Path(__file__).resolve().parent.parent / "config"
_COPIED = ("clusters.toml", "dedupe.toml", "exercises.toml", "export.toml", "rules.toml")


class World:
    """Five sites on six loopback ports; a context manager.

    With ``faults`` each site goes wrong once or twice in its life, as real ones do: a 429, a 503, a wait that must be kept. ``ports`` are
    those of an earlier world whose addresses are to be the same; by default the system chooses.
    """

    def __init__(self, *, faults: bool = False, night: int = 1, ports: Mapping[str, int] | None = None) -> None:
        self._repository = Repository()
        self._reddit, self._discourse, self._stackexchange, self._hub = Reddit(), Discourse(), StackExchange(), Hub()
        sites: dict[str, Site] = {
            "reddit": self._reddit,
            "discourse": self._discourse,
            "stackexchange": self._stackexchange,
            "github_api": GitHubApi(self._repository),
            "github_raw": GitHubRaw(self._repository),
            "hub": self._hub,
        }
        self.requests: list[Seen] = []
        """Every request so far, in the order in which they were answered."""
        self._servers = {
            name: Server(name, site, site.faults() if faults else [], self.requests.append, (ports or {}).get(name, 0))
            for name, site in sites.items()
        }
        self.night = night

    @property
    def urls(self) -> dict[str, str]:
        """Where each host is reached: ``reddit``, ``discourse``, ``stackexchange``, ``github_api``, ``github_raw``, ``hub``."""
        return {name: server.url for name, server in self._servers.items()}

    @property
    def ports(self) -> dict[str, int]:
        """The port of each host."""
        return {name: server.port for name, server in self._servers.items()}

    @property
    def night(self) -> int:
        """1, or 2: the night after, with new posts, edits and deletions."""
        return self._night

    @night.setter
    def night(self, value: int) -> None:
        if value not in {1, 2}:
            raise ValueError(f"the sample world has nights 1 and 2, not {value!r}")
        self._night = value
        for site in (self._repository, self._reddit, self._discourse, self._stackexchange, self._hub):
            site.night = value

    def environment(self) -> dict[str, str]:
        """The environment variables that a harvest of this world needs: the key to its Reddit, made up and worth nothing."""
        return {"THRESHER_REDDIT_CLIENT_ID": REDDIT_CLIENT_ID, "THRESHER_REDDIT_CLIENT_SECRET": REDDIT_CLIENT_SECRET}

    def new_day(self) -> None:
        """The sites grant the whole of their daily requests again."""
        self._stackexchange.asked = self._reddit.used = 0

    def write_config(self, folder: Path, urls: Mapping[str, str] | None = None) -> Path:
        """A whole configuration in ``folder``, its sources pointing at this world, or at ``urls`` before it (proxies, by the names of
        ``World.urls``). The project's own rules, rulebook, dedupe and export settings
        are copied."""
        (folder / "sources").mkdir(parents=True, exist_ok=True)
        urls = urls or self.urls
        ports = [urlsplit(url).netloc for url in urls.values()]
        names = {
            **{f"{name}_url": url for name, url in urls.items()},
            "allow_addresses": ", ".join(f'"{p}"' for p in ports),
            "repository": github.REPOSITORY,
            "branch": github.BRANCH,
            "new_dataset": hub.NEW_LAYOUT,
            "new_revision": hub.REVISIONS[hub.NEW_LAYOUT],
            "old_dataset": hub.OLD_LAYOUT,
            "old_revision": hub.REVISIONS[hub.OLD_LAYOUT],
        }
        for template in sorted(_TEMPLATES.rglob("*.toml")):
            text = Template(template.read_text(encoding="utf-8")).substitute(names)
            (folder / template.relative_to(_TEMPLATES)).write_text(text, encoding="utf-8")
        for name in _COPIED:
            if (_PROJECT_CONFIG / name).is_file():
                shutil.copyfile(_PROJECT_CONFIG / name, folder / name)
        shutil.copytree(_PROJECT_CONFIG / "rulebook", folder / "rulebook", dirs_exist_ok=True)
        return folder

    def start(self) -> World:
        """Open the ports. ``with World() as world`` does it too."""
        for server in self._servers.values():
            server.start()
        return self

    def stop(self) -> None:
        """Close them."""
        with ThreadPoolExecutor(len(self._servers)) as together:
            list(together.map(Server.stop, self._servers.values()))

    def __enter__(self) -> World:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
