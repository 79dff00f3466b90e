"""Visits to a repository, in the order of changes.

Issues and comments are two listings, each sorted by when a thing was changed, the oldest change first. What is touched while they are
read moves to their end and would shift every page; so a page that is full is not followed by the next one, but by what was changed since
its last entry. Each page carries the cursor. Then the newest issues are listed once more, by when they were opened: one that is missing
is asked for (deleted, transferred, hidden), and of one with fewer comments than before all comments are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from scrapers.common import github
from scrapers.common.page import from_iso, json_of, whole
from scrapers.common.walk import Step, cursor_on_last, follow, next_link
from scrapers.github_issues.issues import NOT_THERE, is_pull_request, issue_of, repository_of, things_of
from scrapers.github_issues.site import SOURCE, Site
from thresher.errors import PayloadError
from thresher.model import Json, Page
from thresher.net.client import Client, Response

PAGE = 100
MAX_IDS = 100
"""Nodes in one GraphQL query."""
MINIMIZED = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on IssueComment { id isMinimized minimizedReason } } }"


@dataclass
class _Walk:
    """Where the repository stands: up to which change (ISO 8601) each listing is stored, how many comments the newest issues have, and
    under which issue the newest comments stand."""

    issues: str = ""
    comments: str = ""
    known: dict[int, int] = field(default_factory=dict)
    heard: dict[int, int] = field(default_factory=dict)
    news: dict[int, int] = field(default_factory=dict)
    """Comments of this visit that were not heard of before, by issue."""

    @classmethod
    def at(cls, since: Mapping[str, Any] | None) -> _Walk:
        since = since or {}
        known, heard = ({int(i): int(n) for i, n in since.get(key, {}).items()} for key in ("known", "heard"))
        return cls(str(since.get("issues", "")), str(since.get("comments", "")), known, heard)

    def cursor(self, site: Site) -> dict[str, Json]:
        heard = sorted(self.heard.items(), reverse=True)[: site.known_comments]
        return {
            "issues": self.issues,
            "comments": self.comments,
            "known": {str(number): count for number, count in sorted(self.known.items(), reverse=True)[: site.known]},
            "heard": {str(comment): number for comment, number in heard},
        }


def fetch(client: Client, site: Site, *, since: Mapping[str, Any] | None) -> Iterator[Page]:
    """What was changed since the last visit, then what became of the newest issues.

    Raises HttpStatusError where there is no such repository or its issues are turned off, PayloadError where a first visit finds none.
    """
    url = f"{site.api_url}/repos/{site.name}/issues"
    walk = _Walk.at(since)
    if not walk.issues:
        walk.issues = walk.comments = _first_moment(client, site, url)
    for page, entries in _changes(client, site, url, walk.issues):
        walk.issues = max(walk.issues, last_moment(entries))
        yield replace(page, cursor=walk.cursor(site))
    for page, entries in _changes(client, site, f"{url}/comments", walk.comments):
        walk.comments = max(walk.comments, last_moment(entries))
        for comment, number in _heard(entries):
            if comment not in walk.heard:
                walk.news[number] = walk.news.get(number, 0) + 1
            walk.heard[comment] = number
        yield replace(page, cursor=walk.cursor(site))
    if site.known:
        yield from cursor_on_last(_look_again(client, site, url, walk), lambda: walk.cursor(site))


def recheck(client: Client, site: Site, threads: Mapping[str, str]) -> Iterator[Page]:
    """Each issue, and where comments of it are asked after all of its comments, whose listing costs less than each by itself."""
    wanted: dict[str, list[str]] = {}
    for native_id, thread in threads.items():
        wanted.setdefault(thread or native_id.partition("/")[0], []).append(native_id)
    for thread, native_ids in wanted.items():
        repository, _, number = thread.rpartition("#")
        repository = repository or site.name
        url = f"{site.api_url}/repos/{repository}/issues/{number}"
        comments = [native_id for native_id in native_ids if native_id != thread]
        page = one(client, site, url, thread)
        shown = _shown_as(page)
        if site.search and shown and shown[0] not in {"", repository.lower()} and str(shown[1]) == number:
            continue  # the repository was renamed: nothing was deleted, though it is another name by now
        away = page.status in NOT_THERE or bool(shown and str(shown[1]) != number)
        yield replace(page, context={**page.context, "asked": ";".join([thread, *comments])}) if away else page
        if comments and not away:
            yield from _all_comments(client, site, f"{url}/comments", thread, comments)


def _shown_as(page: Page) -> tuple[str, int] | None:
    """In which repository and under which number an issue is answered: under others where it was transferred. None where the body is no
    issue, which is for ``parse`` to refuse."""
    try:
        body = json_of(page)
    except PayloadError:
        return None
    number = whole(body.get("number")) if isinstance(body, dict) else None
    return (repository_of(body).lower(), number) if number else None


def _all_comments(client: Client, site: Site, url: str, thread: str, asked: Sequence[str]) -> Iterator[Page]:
    """All comments of an issue; the last page says which were asked after and did not come, so that those are gone."""
    seen: set[str] = set()

    def ask(at: str) -> Step[Response]:
        response = client.get(at, params={"per_page": PAGE} if at == url else None, headers=github.headers())
        entries = entries_of(response)
        seen.update(f"{thread}/{comment}" for entry in entries if (comment := whole(entry.get("id"))))
        return Step(response, entries, next_link(response.headers, site.api_url))

    for step in follow(ask, url, client.pace.max_pages):
        missing = ";".join(i for i in asked if i not in seen) if step.following is None else ""
        context = site.context | ({"asked": missing} if missing else {})
        yield step.answer.page(SOURCE, site.name, context=context | minimized(client, site, step.entries))


def one(client: Client, site: Site, url: str, native_id: str) -> Page:
    """An issue or comment by itself. A transferred issue is answered under its new repository, by a redirect: here it is gone."""
    response = client.get(url, headers=github.headers(), accept_status=NOT_THERE)
    return response.page(SOURCE, site.name, context={**site.context, "asked": native_id})


def minimized(client: Client, site: Site, entries: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The comments that are hidden, each with the reason: for a page's context. REST does not say it, and GraphQL only with a token."""
    ids = [str(entry["node_id"]) for entry in entries if isinstance(entry.get("node_id"), str) and entry["node_id"]][:MAX_IDS]
    if not ids or not github.token():
        return {}
    response = client.post(f"{site.api_url}/graphql", json_body={"query": MINIMIZED, "variables": {"ids": ids}}, headers=github.headers())
    body = json_of(response)
    data = body.get("data") if isinstance(body, dict) else None
    nodes = data.get("nodes") if isinstance(data, dict) else None
    hidden = [node for node in nodes if isinstance(node, dict) and node.get("isMinimized") is True] if isinstance(nodes, list) else []
    reasons = {str(node["id"]): str(node.get("minimizedReason") or "").lower().replace("-", "_") for node in hidden if "id" in node}
    return {"minimized": json.dumps(reasons)} if reasons else {}


def entries_of(response: Response) -> list[Mapping[str, Any]]:
    """The objects of a listing or search; PayloadError where it is none."""
    return [thing for thing in things_of(json_of(response)) if isinstance(thing, dict)]


def earlier(moment: str, hours: float) -> str:
    """So many hours before, as the API writes moments."""
    at = from_iso(moment)
    return (at - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ") if at else moment


def _first_moment(client: Client, site: Site, url: str) -> str:
    """``days`` before the newest change."""
    response = client.get(url, params={"state": "all", "sort": "updated", "direction": "desc", "per_page": 1}, headers=github.headers())
    newest = max((moment for entry in entries_of(response) if (moment := moment_of(entry, response.fetched_at))), default="")
    if not newest:
        raise PayloadError(f"{site.name} shows no issues: is it the right repository?", reason="empty_listing")
    return earlier(newest, 24 * site.days)


def onward(response: Response, entries: Sequence[tuple[str, object]], site: Site) -> str | None:
    """From where to read on: the moment up to which this page reaches; the API's own next page where it is of one single moment."""
    following = next_link(response.headers, site.api_url)
    last = last_moment(entries)
    return last if following is not None and any(moment and moment < last for moment, _ in entries) else following


def moment_of(entry: Mapping[str, Any], now: datetime) -> str:
    """When it was changed; nothing for nonsense, and for more than a day ahead of us."""
    moment = from_iso(entry.get("updated_at"))
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment and moment < now + timedelta(days=1) else ""


Entries = list[tuple[str, Mapping[str, Any]]]
"""Each with the moment of its last change, empty where that is nonsense."""


def last_moment(entries: Sequence[tuple[str, object]]) -> str:
    """Up to where a page in the order of changes reaches: its last entry, whatever else stands in it."""
    return next((moment for moment, _ in reversed(entries) if moment), "")


def _changes(client: Client, site: Site, url: str, watermark: str) -> Iterator[tuple[Page, Entries]]:
    """A listing since the watermark, at most ``max_pages`` of it."""
    query: dict[str, str | int] = {"sort": "updated", "direction": "asc", "per_page": PAGE}
    if url.endswith("/issues"):
        query["state"] = "all"

    def ask(at: str) -> Step[Response]:
        """``at`` is the moment from which on to read, or the address of a next page."""
        if at.startswith("http"):
            response = client.get(at, headers=github.headers())
        else:
            response = client.get(url, params=query | {"since": at}, headers=github.headers())
        entries = [(moment_of(entry, response.fetched_at), entry) for entry in entries_of(response)]
        return Step(response, entries, onward(response, entries, site))

    for number, step in enumerate(follow(ask, earlier(watermark, site.overlap_h), client.pace.max_pages), 1):
        context = minimized(client, site, [entry for _, entry in step.entries]) if url.endswith("/comments") else {}
        yield step.answer.page(SOURCE, site.name, context=site.context | context), list(step.entries)
        if number >= site.max_pages:
            return


def _heard(entries: Entries) -> Iterator[tuple[int, int]]:
    """(id, issue) of each comment of an issue."""
    for _, entry in entries:
        comment, number = whole(entry.get("id")), issue_of(entry)
        if comment and number:
            yield comment, number


def _look_again(client: Client, site: Site, url: str, walk: _Walk) -> Iterator[Page]:
    """The newest issues by number; then those that are missing among them, and the comments of those that have fewer than they should."""
    shown: dict[int, int] = {}
    lowest = 0

    def ask(at: str) -> Step[Response]:
        newest: dict[str, str | int] = {"state": "all", "sort": "created", "direction": "desc", "per_page": PAGE}
        first = not at.startswith("http")
        response = client.get(url if first else at, params=newest if first else None, headers=github.headers())
        return Step(response, entries_of(response), next_link(response.headers, site.api_url))

    for pages, step in enumerate(follow(ask, "", client.pace.max_pages), 1):
        numbers = {number: entry for entry in step.entries if (number := whole(entry.get("number")))}
        shown |= {number: whole(entry.get("comments")) or 0 for number, entry in numbers.items() if not is_pull_request(entry)}
        lowest = min([*numbers, lowest or max(numbers, default=0)])
        yield step.answer.page(SOURCE, site.name, context=site.context)
        if len(shown) >= site.known or pages >= site.max_pages:
            break
    for number in [n for n in walk.known if n >= lowest and n not in shown]:
        yield one(client, site, f"{url}/{number}", str(number))
    for number, count in shown.items():
        if number in walk.known and count < walk.known[number] + walk.news.get(number, 0):
            yield from _comments_again(client, site, url, number, walk)
    walk.known = shown


def _comments_again(client: Client, site: Site, url: str, number: int, walk: _Walk) -> Iterator[Page]:
    """All comments of an issue; the last page says which were known, so that those that are missing are gone."""
    seen: set[int] = set()
    known = [comment for comment, issue in walk.heard.items() if issue == number]

    def ask(at: str) -> Step[Response]:
        response = client.get(
            at, params={"per_page": PAGE} if at.endswith("/comments") else None, headers=github.headers(), accept_status=NOT_THERE
        )
        entries = entries_of(response) if response.status not in NOT_THERE else []
        seen.update(comment for entry in entries if (comment := whole(entry.get("id"))))
        return Step(response, entries, next_link(response.headers, site.api_url))

    for step in follow(ask, f"{url}/{number}/comments", client.pace.max_pages):
        if step.answer.status in NOT_THERE:
            return
        missing = [comment for comment in known if comment not in seen] if step.following is None else []
        asked = {"asked": ";".join(f"{number}/{comment}" for comment in missing)} if missing else {}
        for comment in missing:
            del walk.heard[comment]
        yield step.answer.page(SOURCE, site.name, context=site.context | asked | minimized(client, site, step.entries))
