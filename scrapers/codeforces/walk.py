"""Visits to Codeforces: its API gives all problems in one answer, some 10,000 with tags and ratings, and no statements.

Statements, tests and programs are in no API; they come from datasets (``scrapers.codeforces.files``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from scrapers.codeforces.rows import listed, native_id_of
from scrapers.codeforces.site import LISTED, SOURCE, Site
from scrapers.common.page import whole
from thresher.model import Page
from thresher.net.client import Client, Response


def fetch(client: Client, site: Site, *, since: Mapping[str, Any] | None) -> Iterator[Page]:
    """The list of problems; where it did not change the answer is the archived one.

    Raises PayloadError for an empty list or a failure that it tells.
    """
    response = _asked(client, site)
    problems, _ = listed(response)
    contests = [number for p in problems if isinstance(p, dict) and (number := whole(p.get("contestId"))) is not None]
    cursor = {"newest_contest": max(contests, default=0), "problems": len(problems)}
    yield response.page(SOURCE, site.name, context=site.context(LISTED), cursor=cursor)


def recheck(client: Client, site: Site, threads: Mapping[str, str]) -> Iterator[Page]:
    """Problems of the list, by the list: one that is not in it any more is gone. Statements and programs of datasets are passed over: the
    site cannot be asked for them."""
    wanted = [native_id for native_id, thread in threads.items() if native_id == native_id_of(thread)]
    if wanted:
        response = _asked(client, site)
        listed(response)
        yield response.page(SOURCE, site.name, context=site.context(LISTED) | {"asked": " ".join(wanted)})


def _asked(client: Client, site: Site) -> Response:
    return client.get(f"{site.api_url}/problemset.problems", params={"lang": "en"})
