"""Visits to Hacker News: a search for each query, then the threads of what it brought, then what became of it.

The search (Algolia) shows no more than 1,000 hits of any query, whatever the page. So no pages are asked for: sorted by date, each
request ends at the moment of the oldest hit so far, and a query may have any number of them. What hits answer, and what became of older
hits, is asked for item by item in the site's own API (Firebase); those still to be asked for stand in the cursor.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from scrapers.common.page import json_of, whole
from scrapers.common.queries import Query
from scrapers.common.walk import Step, cursor_on_last, follow
from scrapers.hackernews.site import SOURCE, Site
from thresher.errors import PayloadError
from thresher.model import Json, Page
from thresher.net.client import Client, Response

HITS = 100
"""In one answer; the search gives up to 1,000, which are some megabytes."""
DAY_S, HOUR_S = 86_400, 3600
MAX_PENDING = 2000
"""Items that wait for the next visit; more are an outage."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """An item to be asked for: the story that it stands under, how many steps further up, and whether its replies are wanted too."""

    story: int
    up: int = 0
    down: bool = False


@dataclass
class _Walk:
    """Where the site stands: up to which moment each query is stored (epoch seconds, as the site says them), the items still to be asked
    for, and the newest hits with their stories, of which ``known`` are remembered."""

    known: int
    until: dict[str, int] = field(default_factory=dict)
    pending: dict[int, _Wanted] = field(default_factory=dict)
    recent: dict[int, int] = field(default_factory=dict)
    unread: dict[int, _Wanted] = field(default_factory=dict)

    @classmethod
    def at(cls, since: Mapping[str, Any] | None, known: int) -> _Walk:
        since = since or {}
        return cls(
            known,
            {str(words): int(moment) for words, moment in since.get("until", {}).items()},
            {int(i): _Wanted(*wanted) for i, wanted in since.get("pending", {}).items()},
            {int(i): int(story) for i, story in since.get("recent", {}).items()},
        )

    def cursor(self) -> dict[str, Json]:
        waiting = list((self.unread | self.pending).items())[-MAX_PENDING:]
        return {
            "until": dict(self.until),
            "pending": {str(i): [w.story, w.up, w.down] for i, w in waiting},
            "recent": {str(i): story for i, story in sorted(self.recent.items(), reverse=True)[: self.known]},
        }


def fetch(client: Client, site: Site, *, since: Mapping[str, Any] | None) -> Iterator[Page]:
    """What the queries bring since the last visit, what it answers and what answers it, then the newest hits of former visits again, which
    is how edits and deletions are seen.

    Raises SettingsError without queries, PayloadError where a first visit finds nothing at all.
    """
    walk = _Walk.at(since, site.known)
    former = dict(walk.recent)
    seen: set[int] = set()
    for query in site.asked:
        yield from cursor_on_last(_hits(client, site, query, walk, seen), walk.cursor)
    if since is None and not seen:
        raise PayloadError(f"{site.search_url} shows nothing for {len(site.asked)} queries: is it down?", reason="empty_listing")
    yield from _threads(client, site, walk, seen)
    yield from cursor_on_last(_look_again(client, site, walk, {i: story for i, story in former.items() if i not in seen}), walk.cursor)


def _look_again(client: Client, site: Site, walk: _Walk, items: Mapping[int, int]) -> Iterator[Page]:
    """These items as they are now; one that is not there any more is forgotten."""
    for number, story in items.items():
        page = _page(client, site, number, story)
        item = _item_of(page)
        if item is not None and (not item or item.get("deleted") is True):
            walk.recent.pop(number, None)
        yield page


def recheck(client: Client, site: Site, threads: Mapping[str, str]) -> Iterator[Page]:
    """These items as they are now, one request each: ``parse`` gives ``gone``, deleted and removed ones."""
    for native_id, story in threads.items():
        if number := whole(native_id):
            yield _page(client, site, number, whole(story) or 0)


def _hits(client: Client, site: Site, query: Query, walk: _Walk, seen: set[int]) -> Iterator[Page]:
    """The hits of one query, newest first, down to what is stored; advances the walk when they are all there."""
    since = walk.until.get(query.words)
    floor = since - int(site.overlap_h * HOUR_S) if since is not None else None
    newest = since or 0

    def ask(before: int | None) -> Step[Response]:
        bounds = ([f"created_at_i>={floor}"] if floor is not None else []) + ([f"created_at_i<={before}"] if before is not None else [])
        params: dict[str, str | int] = {"query": query.words, "tags": "(story,comment)", "hitsPerPage": HITS, "advancedSyntax": "true"}
        # words are found as they are written: without this the search takes "asked" for "asks", and the hits highlighted twice as long
        params |= {"typoTolerance": "false", "attributesToHighlight": ""} | ({"numericFilters": ",".join(bounds)} if bounds else {})
        response = client.get(f"{site.search_url}/search_by_date", params=params)
        hits = _hits_of(response)
        oldest = min((hit.moment for hit in hits), default=0)
        limit = floor if floor is not None else int(response.fetched_at.timestamp()) - site.days * DAY_S
        if len(hits) < HITS or oldest < limit:
            return Step(response, hits)
        # hits of one second may stand on both sides of the end of an answer; where it holds nothing else, that second is left behind
        return Step(response, hits, oldest if any(hit.moment > oldest for hit in hits) else oldest - 1)

    for step in follow(ask, None, client.pace.max_pages):
        latest = int(step.answer.fetched_at.timestamp()) + DAY_S
        newest = max([newest, *(hit.moment for hit in step.entries if hit.moment <= latest)])
        for hit in step.entries:
            seen.add(hit.id)
            if hit.id not in walk.recent:
                walk.recent[hit.id] = hit.story
                for number, wanted in _around(hit, site).items():
                    walk.pending.setdefault(number, wanted)
        yield step.answer.page(SOURCE, site.name)
    walk.until[query.words] = newest


class _Hit(NamedTuple):
    """What the search says of an item."""

    id: int
    story: int
    parent: int | None
    moment: int
    """Epoch seconds."""
    own_text: bool
    """A story that is no link."""


def _hits_of(response: Response) -> list[_Hit]:
    """PayloadError where the answer holds no list of hits."""
    body = json_of(response)
    hits = body.get("hits") if isinstance(body, dict) else None
    if not isinstance(hits, list):
        raise PayloadError(f"{response.url}: no hits in it", reason="bad_listing")
    return [_hit(hit, number) for hit in hits if isinstance(hit, dict) and (number := whole(hit.get("objectID")))]


def _hit(hit: Mapping[str, Any], number: int) -> _Hit:
    text = hit.get("story_text")
    return _Hit(
        number, whole(hit.get("story_id")) or number, whole(hit.get("parent_id")), whole(hit.get("created_at_i")) or 0,
        isinstance(text, str) and text != "",
    )  # fmt: skip


def _around(hit: _Hit, site: Site) -> dict[int, _Wanted]:
    """What is to be read beside a hit: of a comment the story and what it answers, of a post with a text its replies."""
    if hit.parent is None:
        return {hit.id: _Wanted(hit.story, down=True)} if hit.own_text and site.replies else {}
    above = {hit.parent: _Wanted(hit.story, up=site.parents - 1)} if site.parents and hit.parent != hit.story else {}
    return {hit.story: _Wanted(hit.story), **above}


def _threads(client: Client, site: Site, walk: _Walk, seen: set[int]) -> Iterator[Page]:
    """The items that wait, each page with the cursor that holds once it is stored; what an answer leads to waits in its turn."""
    asked: set[int] = set()
    while walk.pending:
        number, wanted = next(iter(walk.pending.items()))
        del walk.pending[number]
        if number in asked or (number in seen and not wanted.down and not wanted.up):
            continue
        asked.add(number)
        page = _page(client, site, number, wanted.story)
        item = _item_of(page)
        if item is None:
            walk.unread[number] = wanted
        else:
            parent, kids = whole(item.get("parent")), item.get("kids")
            if wanted.up > 0 and parent and parent not in asked:
                walk.pending.setdefault(parent, _Wanted(wanted.story, up=wanted.up - 1))
            for kid in map(whole, kids[: site.replies] if wanted.down and isinstance(kids, list) else ()):
                if kid and kid not in seen | asked:
                    walk.pending.setdefault(kid, _Wanted(wanted.story))
        yield replace(page, cursor=walk.cursor())


def _page(client: Client, site: Site, number: int, story: int) -> Page:
    context = {"asked": str(number)} | ({"story": str(story)} if story else {})
    return client.get(f"{site.item_url}/item/{number}.json").page(SOURCE, site.name, context=context)


def _item_of(page: Page) -> Mapping[str, Any] | None:
    """The item of an answer, empty for one that is not there; None where the answer is none, such as an outage page with status 200."""
    try:
        body = json_of(page)
    except PayloadError:
        return None
    return body if isinstance(body, dict) else {} if body is None else None
