"""Visits to the search: issues of any repository that the queries find, in the order of changes, and the comments of each.

The search shows no more than 1,000 issues of a query; so each request begins at the last change that was seen, as ``walk`` does. Comments
are asked for issue by issue, and the newest issues are looked at again; those still to be asked for stand in the cursor.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from scrapers.common import github
from scrapers.common.page import whole
from scrapers.common.queries import Query
from scrapers.common.walk import Step, follow
from scrapers.github_issues.issues import NOT_THERE, repository_of
from scrapers.github_issues.site import SOURCE, Site
from scrapers.github_issues.walk import PAGE, earlier, entries_of, last_moment, minimized, moment_of, one, onward
from thresher.errors import PayloadError
from thresher.model import Json, Page
from thresher.net.client import Client, Response

MAX_PENDING = 2000


@dataclass
class _Walk:
    """Up to which change each query is stored, the issues whose comments are still to be asked for, and the newest issues with how many
    comments each had, in the order in which they were found."""

    until: dict[str, str] = field(default_factory=dict)
    pending: dict[str, None] = field(default_factory=dict)
    known: dict[str, int] = field(default_factory=dict)

    @classmethod
    def at(cls, since: Mapping[str, Any] | None) -> _Walk:
        since = since or {}
        return cls(dict(since.get("until", {})), dict.fromkeys(since.get("pending", ())), dict(since.get("known", {})))

    def cursor(self, site: Site) -> dict[str, Json]:
        known = list(self.known.items())[-site.known :] if site.known else []
        return {"until": dict(self.until), "pending": list(self.pending)[-MAX_PENDING:], "known": dict(known)}


def fetch(client: Client, site: Site, *, since: Mapping[str, Any] | None) -> Iterator[Page]:
    """What the queries find, the comments of what is new or has more of them, then known issues that no query showed.

    Raises PayloadError where a first visit finds nothing at all.
    """
    walk = _Walk.at(since)
    former = list(walk.known)
    seen: set[str] = set()
    for query in site.asked:
        for page in _hits(client, site, query, walk, seen):
            yield replace(page, cursor=walk.cursor(site))
    if since is None and not seen:
        raise PayloadError(f"{site.api_url} finds nothing for {len(site.asked)} queries: is it down?", reason="empty_listing")
    while walk.pending:
        native_id = next(iter(walk.pending))
        comments = _comments(client, site, native_id)
        del walk.pending[native_id]
        if comments is not None:
            yield replace(comments, cursor=walk.cursor(site))
    for native_id in former[-site.known :] if site.known else []:
        if native_id not in seen:
            yield one(client, site, _url(site, native_id), native_id)


def _hits(client: Client, site: Site, query: Query, walk: _Walk, seen: set[str]) -> Iterator[Page]:
    stored = walk.until.get(query.words)

    def ask(at: str) -> Step[Response]:
        """``at`` is the moment from which on to read, or the address of a next page; empty on the first visit."""
        if at.startswith("http"):
            response = client.get(at, headers=github.headers())
        else:
            words = f"{query.words} is:issue" + (f" updated:>={at}" if at else "")
            params: dict[str, str | int] = {"q": words, "sort": "updated", "order": "asc" if at else "desc", "per_page": PAGE if at else 1}
            response = client.get(f"{site.api_url}/search/issues", params=params, headers=github.headers())
        entries = entries_of(response)
        moments = [(moment_of(entry, response.fetched_at), entry) for entry in entries]
        return Step(response, entries, onward(response, moments, site))

    start = earlier(stored, site.overlap_h) if stored else _first_moment(ask("").answer, site)
    for number, step in enumerate(follow(ask, start, client.pace.max_pages), 1):
        for entry in step.entries:
            repository, issue, comments = repository_of(entry), whole(entry.get("number")), whole(entry.get("comments")) or 0
            if not repository or not issue:
                continue
            native_id = f"{repository}#{issue}"
            if comments and comments != walk.known.get(native_id, 0):
                walk.pending[native_id] = None
            walk.known[native_id] = comments
            seen.add(native_id)
        reached = last_moment([(moment_of(entry, step.answer.fetched_at), entry) for entry in step.entries])
        walk.until[query.words] = max(walk.until.get(query.words, start), reached)
        yield step.answer.page(SOURCE, site.name)
        if number >= site.max_pages:
            return


def _first_moment(newest: Response, site: Site) -> str:
    """``days`` before the newest change that the query finds; before now where it finds nothing."""
    moments = [moment_of(entry, newest.fetched_at) for entry in entries_of(newest)]
    return earlier(max(moments, default="") or newest.fetched_at.strftime("%Y-%m-%dT%H:%M:%SZ"), 24 * site.days)


def _url(site: Site, native_id: str) -> str:
    repository, _, number = native_id.rpartition("#")
    return f"{site.api_url}/repos/{repository}/issues/{number}"


def _comments(client: Client, site: Site, native_id: str) -> Page | None:
    """The first hundred comments of an issue; none where it went away meanwhile, which is seen when it is looked at again."""
    response = client.get(f"{_url(site, native_id)}/comments", params={"per_page": PAGE}, headers=github.headers(), accept_status=NOT_THERE)
    if response.status in NOT_THERE:
        return None
    return response.page(SOURCE, site.name, context=minimized(client, site, entries_of(response)))
