"""Visits to Bluesky: a search for each query, then the threads of what it brought, then what became of it.

A search gives cursors, which end somewhere whatever there is below; so, sorted by date, each request ends at the moment of the oldest hit
so far, and a cursor is followed only where nothing says a moment. Threads are asked for one by one; those that wait stand in the cursor.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from scrapers.bluesky.api import LIMIT, MAX_URIS, Api
from scrapers.bluesky.posts import is_post, moment_of
from scrapers.bluesky.site import SOURCE, Site
from scrapers.common.page import from_iso, json_of, portions, whole
from scrapers.common.queries import Query
from scrapers.common.walk import Step, cursor_on_last, follow
from thresher.errors import PayloadError
from thresher.model import Json, Page
from thresher.net.client import Client, Response

MAX_PENDING = 2000
"""Threads that wait for the next visit; more are an outage."""
_TICK = timedelta(milliseconds=1)


class _Hit(NamedTuple):
    """What a search says of a post."""

    uri: str
    moment: datetime | None
    in_thread: bool
    """Whether it answers something or is answered."""


@dataclass
class _Walk:
    """Where the site stands: up to which moment each query is stored, the posts whose threads are still to be asked for, and the newest
    hits with their moments (ISO 8601), of which ``known`` are remembered."""

    known: int
    until: dict[str, str] = field(default_factory=dict)
    pending: dict[str, None] = field(default_factory=dict)
    recent: dict[str, str] = field(default_factory=dict)

    @classmethod
    def at(cls, since: Mapping[str, Any] | None, known: int) -> _Walk:
        since = since or {}
        return cls(known, dict(since.get("until", {})), dict.fromkeys(since.get("pending", ())), dict(since.get("recent", {})))

    def cursor(self) -> dict[str, Json]:
        newest = sorted(self.recent.items(), key=lambda hit: hit[1], reverse=True)[: self.known]
        return {"until": dict(self.until), "pending": list(self.pending)[-MAX_PENDING:], "recent": dict(newest)}


def fetch(client: Client, site: Site, *, since: Mapping[str, Any] | None) -> Iterator[Page]:
    """What the queries bring since the last visit with its threads, then the newest hits of former visits again, which is how deletions
    are seen.

    Raises SettingsError without queries or where the log-in is refused, PayloadError where a first visit finds nothing at all.
    """
    api = Api(client, site)
    walk = _Walk.at(since, site.known)
    former = list(walk.recent)
    seen: set[str] = set()
    for query in site.asked:
        yield from cursor_on_last(_hits(api, client, site, query, walk, seen), walk.cursor)
    if since is None and not seen:
        raise PayloadError(f"Bluesky shows nothing for {len(site.asked)} queries: is it down?", reason="empty_listing")
    while walk.pending:
        page = api.thread(next(iter(walk.pending)))
        del walk.pending[page.context["thread"]]
        yield replace(page, cursor=walk.cursor())
    yield from cursor_on_last(_look_again(api, walk, [uri for uri in former if uri not in seen]), walk.cursor)


def recheck(client: Client, site: Site, threads: Mapping[str, str]) -> Iterator[Page]:
    """These posts as they are now: ``parse`` gives ``gone`` for those that are not there any more."""
    api = Api(client, site)
    for uris in portions(filter(is_post, threads), MAX_URIS):
        yield api.posts(uris)


def _look_again(api: Api, walk: _Walk, uris: Sequence[str]) -> Iterator[Page]:
    """These posts as they are now; one that is not there any more is forgotten."""
    for portion in portions(uris, MAX_URIS):
        page = api.posts(portion)
        there = _uris_of(page)
        if there is not None:
            walk.recent = {uri: moment for uri, moment in walk.recent.items() if uri in there or uri not in portion}
        yield page


def _hits(api: Api, client: Client, site: Site, query: Query, walk: _Walk, seen: set[str]) -> Iterator[Page]:
    """The hits of one query, newest first, down to what is stored; advances the walk when they are all there."""
    stored = from_iso(walk.until.get(query.words))
    floor = stored - timedelta(hours=site.overlap_h) if stored else None
    newest = stored

    def ask(at: str) -> Step[Response]:
        """``at`` is the moment before which to read, or a cursor behind a ``#``; empty for the newest."""
        at_cursor = at.startswith("#")
        response = api.search(
            query.words, since=_iso(floor) if floor else "", until="" if at_cursor else at, cursor=at[1:] if at_cursor else ""
        )
        hits, cursor = _hits_of(response)
        moments = [hit.moment for hit in hits if hit.moment is not None]
        limit = floor or response.fetched_at - timedelta(days=site.days)
        # the last one says how far down it is: others may claim years in which there was no Bluesky
        oldest = moments[-1] if moments else None
        if (oldest is not None and oldest < limit) or (not cursor and len(hits) < LIMIT):
            return Step(response, hits)
        if oldest is None:
            return Step(response, hits, f"#{cursor}" if cursor else None)
        # "before" leaves out the moment itself, in which more may have been written; where an answer holds nothing else, it is left behind
        return Step(response, hits, _iso(oldest + _TICK if max(moments) > oldest else oldest))

    for step in follow(ask, "", client.pace.max_pages):
        latest = step.answer.fetched_at + timedelta(days=1)
        for hit in step.entries:
            if hit.moment is not None and hit.moment <= latest:
                newest = max(newest or hit.moment, hit.moment)
            if hit.uri not in walk.recent and hit.in_thread:
                walk.pending[hit.uri] = None
            if hit.uri not in walk.recent:
                walk.recent[hit.uri] = _iso(hit.moment) if hit.moment else ""
            seen.add(hit.uri)
        yield step.answer.page(SOURCE, site.name)
    if newest is not None:
        walk.until[query.words] = _iso(newest)


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _hits_of(response: Response) -> tuple[list[_Hit], str]:
    """The hits with the cursor behind them; PayloadError where the answer holds no list of posts."""
    body = json_of(response)
    posts = body.get("posts") if isinstance(body, dict) else None
    if not isinstance(posts, list):
        raise PayloadError(f"{response.url}: no posts in it", reason="bad_listing")
    hits = [_hit(post, uri) for post in posts if isinstance(post, dict) and isinstance(uri := post.get("uri"), str) and is_post(uri)]
    cursor = body.get("cursor")
    return hits, cursor if isinstance(cursor, str) else ""


def _hit(post: Mapping[str, Any], uri: str) -> _Hit:
    record = post.get("record")
    answers = isinstance(record, dict) and isinstance(record.get("reply"), dict)
    return _Hit(uri, moment_of(post), answers or bool(whole(post.get("replyCount"))))


def _uris_of(page: Page) -> set[str] | None:
    """The posts that an answer shows; None where it is no answer, such as an outage page with status 200."""
    try:
        body = json_of(page)
    except PayloadError:
        return None
    posts = body.get("posts") if isinstance(body, dict) else None
    return {str(post["uri"]) for post in posts if isinstance(post, dict) and "uri" in post} if isinstance(posts, list) else None
