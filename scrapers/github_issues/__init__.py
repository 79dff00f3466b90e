"""Issues of GitHub with their comments: of repositories of models, assistants and agents, and those that a search for complaints brings.

``walk`` asks for repositories, ``search`` searches, ``issues`` understands, ``files`` reads what somebody saved.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from scrapers.github_issues import search, walk
from scrapers.github_issues.files import read
from scrapers.github_issues.issues import parse
from scrapers.github_issues.site import Site
from thresher.model import Page
from thresher.net.client import Client

__all__ = ["Site", "fetch", "parse", "read", "recheck"]


def fetch(client: Client, site: Site, *, since: Mapping[str, Any] | None) -> Iterator[Page]:
    """One repository, or what the queries find in all of them."""
    return search.fetch(client, site, since=since) if site.search else walk.fetch(client, site, since=since)


def recheck(client: Client, site: Site, threads: Mapping[str, str]) -> Iterator[Page]:
    """These issues and comments as they are now: ``parse`` gives ``deleted`` and ``gone`` for those that are not there any more."""
    return walk.recheck(client, site, threads)
