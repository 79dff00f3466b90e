"""Visits to a forum: which topics to fetch, and which cursor holds when.

A visit walks ``/posts.json`` down from the newest post to the oldest one that the last visit remembers, asks ``/latest.json`` which topics
were bumped since, and fetches every topic concerned as a whole. The last posts are remembered with their versions: an unchanged forum costs
no topic, and an edited or vanished post brings its topic back. Edits of older posts are seen when something bumps their topic.

A forum's pages are crawled, be it as JSON: nobody gave us an API, so its robots.txt is obeyed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from typing import Any

from scrapers.common.page import json_of, portions, whole
from scrapers.common.walk import Step, cursor_on_last, follow
from scrapers.discourse import posts
from scrapers.discourse.site import CHUNK, SOURCE, Site
from thresher.errors import PayloadError
from thresher.model import Json, Page
from thresher.net.client import Client, Response

JSON = {"Accept": "application/json"}
WINDOW = 50
"""Posts on one page of ``/posts.json``; older versions show the posts of 50 ids instead (lib: PostsController#latest)."""
FIRST_VISIT_PAGES = 100
MAX_UNREAD = 200
"""Topics that are asked for again on the next visit; an outage longer than this ends the visit by its dead letters."""


@dataclass(frozen=True, slots=True)
class _Post:
    """What the listing says of a post."""

    id: int
    topic: int
    version: int


@dataclass(frozen=True, slots=True)
class _Cursor:
    """Every post up to ``last_id`` is stored, every topic bumped up to ``bumped_at``; ``recent`` are the newest posts.

    ``unread`` are topics whose answer was none (an outage page with status 200, say): they are asked for again."""

    last_id: int = 0
    bumped_at: str = ""
    recent: Mapping[int, _Post] = field(default_factory=dict)
    unread: Sequence[int] = ()

    @classmethod
    def at(cls, since: Mapping[str, Any] | None) -> _Cursor:
        since = since or {}
        recent = {int(i): _Post(int(i), int(topic), int(version)) for i, (topic, version) in since.get("recent", {}).items()}
        return cls(int(since.get("last_id", 0)), str(since.get("bumped_at", "")), recent, since.get("unread", ()))

    def moved(self, last_id: int, bumped_at: str, listed: Mapping[int, _Post], keep: int) -> dict[str, Json]:
        """Where we stand once all posts up to ``last_id`` are stored; never behind where we stood."""
        newest = sorted((p for p in listed.values() if p.id <= last_id), key=lambda p: -p.id)[:keep]
        recent: dict[str, Json] = {str(p.id): [p.topic, p.version] for p in newest}
        return {"last_id": max(last_id, self.last_id), "bumped_at": max(bumped_at, self.bumped_at), "recent": recent}


def fetch(client: Client, site: Site, *, since: Mapping[str, Any] | None) -> Iterator[Page]:
    """Whole topics, oldest news first, so that a run that is cut short goes on where it stopped.

    Raises PayloadError when the forum shows no posts at all: ``/posts.json`` lists the newest ones whether or not they are news.
    """
    cursor = _Cursor.at(since)
    listed = _newest_posts(client, site, cursor, first_visit=since is None)
    bumped = _bumped_topics(client, site, cursor.bumped_at)
    unread = dict.fromkeys(cursor.unread)
    for topic, moved in _jobs(listed, bumped, cursor, site):
        yield from _topic(client, site, topic, moved, unread)


def recheck(client: Client, site: Site, threads: Mapping[str, str]) -> Iterator[Page]:
    """The topics of these records as they are now; parsing the pages gives ``gone`` for each that is no longer shown."""
    by_topic: dict[str, list[str]] = {}
    for native_id in threads:
        by_topic.setdefault(native_id.partition("/")[0], []).append(native_id)
    for topic, wanted in by_topic.items():
        if number := whole(topic):
            yield from _parts(client, site, number, {}, wanted)


def _newest_posts(client: Client, site: Site, cursor: _Cursor, *, first_visit: bool) -> dict[int, _Post]:
    """The newest posts by id: down to the oldest one remembered, or on a first visit until they touch ``max_topics`` topics."""
    floor = min(cursor.recent, default=max(1, cursor.last_id - site.overlap + 1))
    patience = min(client.pace.max_pages, FIRST_VISIT_PAGES)
    listed: dict[int, _Post] = {}

    def ask(before: int | None) -> Step[Response]:
        response = client.get(f"{site.base_url}/posts.json", params={} if before is None else {"before": before}, headers=JSON, crawl=True)
        entries = _listed(response)
        if not entries and before is None:
            raise PayloadError(
                f"{site.base_url}/posts.json shows no posts: is the forum private, or is this another site?", reason="empty_listing"
            )
        lowest = min((post.id for post, _ in entries), default=0)
        if lowest <= floor:
            return Step(response, entries)
        return Step(response, entries, lowest if before is None or lowest < before else before - WINDOW)

    for number, step in enumerate(follow(ask, None, client.pace.max_pages), 1):
        listed |= {post.id: post for post, category in step.entries if not site.categories or category in site.categories}
        if first_visit and (len({post.topic for post in listed.values()}) >= site.max_topics or number >= patience):
            break
    return {i: post for i, post in listed.items() if i >= floor}


def _listed(response: Response) -> list[tuple[_Post, int | None]]:
    """Posts of a ``/posts.json``, each with its category; PayloadError where it is something else."""
    body = json_of(response)
    entries = body.get("latest_posts") if isinstance(body, dict) else None
    if not isinstance(entries, list):
        raise PayloadError(f"{response.url}: no latest_posts in it", reason="bad_listing")
    numbers = [(p, whole(p.get("id")), whole(p.get("topic_id"))) for p in entries if isinstance(p, dict)]
    return [(_Post(i, topic, whole(p.get("version")) or 1), whole(p.get("category_id"))) for p, i, topic in numbers if i and topic]


def _bumped_topics(client: Client, site: Site, watermark: str) -> list[tuple[str, int]]:
    """(moment, topic id) of the topics bumped after the watermark, oldest first; without a watermark the newest page only, for its moments.

    Moments are the server's, as it writes them (ISO 8601, UTC, so they sort as text); one more than a day ahead of us is not believed.
    """
    bumped: dict[int, str] = {}

    def ask(number: int) -> Step[Response]:
        response = client.get(f"{site.base_url}/latest.json", params={"order": "activity", "page": number}, headers=JSON, crawl=True)
        topics, more = _topics(response)
        # a pinned topic stands first however old it is
        reached = any(not t.get("pinned") and not t.get("pinned_globally") and str(t.get("bumped_at") or "") <= watermark for t in topics)
        return Step(response, topics, None if not watermark or reached or not more or not topics else number + 1)

    for step in follow(ask, 0, client.pace.max_pages):
        limit = (step.answer.fetched_at + timedelta(days=1)).astimezone(UTC).isoformat()
        moments = {whole(t.get("id")) or 0: str(t.get("bumped_at") or "") for t in step.entries if _wanted(t, site)}
        bumped |= {topic: moment for topic, moment in moments.items() if topic and watermark < moment < limit}
    return sorted((moment, topic) for topic, moment in bumped.items())


def _topics(response: Response) -> tuple[list[dict[str, Any]], bool]:
    body = json_of(response)
    listing = body.get("topic_list") if isinstance(body, dict) else None
    topics = listing.get("topics") if isinstance(listing, dict) else None
    if not isinstance(topics, list):
        raise PayloadError(f"{response.url}: no topic_list in it", reason="bad_listing")
    return [t for t in topics if isinstance(t, dict)], bool(listing.get("more_topics_url")) if isinstance(listing, dict) else False


def _wanted(topic: Mapping[str, Any], site: Site) -> bool:
    return not site.categories or whole(topic.get("category_id")) in site.categories


def _jobs(listed: Mapping[int, _Post], bumped: list[tuple[str, int]], cursor: _Cursor, site: Site) -> list[tuple[int, dict[str, Json]]]:
    """Which topics to fetch, in order, each with the cursor that holds once it is stored."""
    first_news: dict[int, int] = {}
    vanished = [post for i, post in cursor.recent.items() if i not in listed]
    for post in [*listed.values(), *vanished]:
        if post.id not in listed or cursor.recent.get(post.id) != post:
            first_news[post.topic] = min(post.id, first_news.get(post.topic, post.id))
    queue = sorted(first_news.items(), key=lambda item: item[1])
    newest = max([cursor.last_id, *listed])
    later = [(moment, topic) for moment, topic in bumped if topic not in first_news] if cursor.bumped_at else []
    # a topic's first news is stored with it, so everything below the next topic's first news is
    ends = [first - 1 for _, first in queue[1:]] + [newest]
    again = set(cursor.unread) - first_news.keys() - {topic for _, topic in later}
    jobs = [(topic, cursor.moved(cursor.last_id, "", cursor.recent, site.overlap)) for topic in sorted(again)]
    jobs += [(topic, cursor.moved(end, "", listed, site.overlap)) for (topic, _), end in zip(queue, ends, strict=False)]
    jobs += [(topic, cursor.moved(newest, moment, listed, site.overlap)) for moment, topic in later]
    if jobs:
        jobs[-1] = (jobs[-1][0], cursor.moved(newest, bumped[-1][0] if bumped else "", listed, site.overlap))
    return jobs


def _topic(client: Client, site: Site, topic: int, moved: Mapping[str, Json], unread: dict[int, None]) -> Iterator[Page]:
    """The pages of one topic; only the last one has the cursor, with the topics that are still ``unread``. A topic that is gone gives one
    page with that status."""

    def cursor() -> dict[str, Json]:
        return {**moved, "unread": list(unread)[-MAX_UNREAD:]} if unread else dict(moved)

    yield from cursor_on_last(_parts(client, site, topic, unread), cursor)


def _parts(client: Client, site: Site, topic: int, unread: dict[int, None], asked: Sequence[str] = ()) -> Iterator[Page]:
    unread.pop(topic, None)
    statuses = posts.GONE | posts.REFUSED
    response = client.get(
        f"{site.base_url}/t/{topic}.json", params={"include_raw": "true"}, headers=JSON, crawl=True, accept_status=statuses
    )
    head, shown, rest, readable = posts.outline(response.body, topic)
    if len(rest) > site.max_posts:
        rest = [*rest[: site.max_posts // 2], *rest[-site.max_posts // 2 :]]
        head["skips"] = True
    context = site.context | ({"asked": ";".join(asked)} if asked else {}) | {"topic": json.dumps(head, ensure_ascii=False)}
    if not readable and response.status not in statuses:
        unread[topic] = None
    yield response.page(SOURCE, site.name, context=context | {"first": "true"} | ({} if rest else {"last": "true"}))
    chunks = list(portions(rest, CHUNK))
    for chunk in chunks:
        query = "&".join(["include_raw=true", *(f"post_ids[]={i}" for i in chunk)])
        response = client.get(f"{site.base_url}/t/{topic}/posts.json?{query}", headers=JSON, crawl=True)
        end = {"last": "true"} if chunk is chunks[-1] else {}
        part = posts.outline(response.body, topic)
        if not part.readable:
            unread[topic] = None
        yield response.page(SOURCE, site.name, context=context | {"after": str(shown)} | end)
        shown = part.shown or shown
