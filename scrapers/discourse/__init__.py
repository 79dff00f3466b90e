"""Discourse forums: topics with all their posts, through the JSON that every Discourse gives to anonymous readers.

A visit walks ``/posts.json`` down from the newest post to the oldest one that the last visit remembers, asks ``/latest.json`` which topics
were bumped since, and fetches every topic concerned as a whole. The last posts are remembered with their versions: an unchanged forum costs
no topic, and an edited or vanished post brings its topic back. Edits of older posts are seen when something bumps their topic.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from scrapers.discourse import posts
from thresher.errors import PayloadError, UsageError
from thresher.model import Dead, ExportClass, Json, Page, Record
from thresher.net.client import Client, PageGuard, Response

SOURCE = "discourse"
JSON = {"Accept": "application/json"}
WINDOW = 50
"""Posts on one page of ``/posts.json``; older versions show the posts of 50 ids instead (lib: PostsController#latest)."""
CHUNK = 20
"""Posts asked for at once beyond the first page of a topic: what the site's own pages ask for."""
FIRST_VISIT_PAGES = 100
MAX_FILE_PAGE = 2 * 2**20


class Site(BaseModel):
    """One forum."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str = Field(min_length=1)
    base_url: str = Field(pattern=r"^https?://\S+[^/\s]$")
    licence: str = "unknown"
    """Of the posts, as an SPDX name where there is one."""
    licence_evidence: str = ""
    """Where the forum says so, and when that was read."""
    export_class: ExportClass = "id_only"
    categories: tuple[int, ...] = ()
    """Only posts in these categories (ids as in ``/categories.json``, subcategories named one by one); empty takes all."""
    max_topics: int = Field(200, ge=1)
    """On the first visit."""
    max_posts: int = Field(500, ge=CHUNK)
    """Of one topic: its beginning and its newest posts."""
    overlap: int = Field(200, ge=0, le=2000)
    """How many of the newest posts are remembered and looked at again: posts may appear late, be edited, or vanish."""

    @model_validator(mode="after")
    def _licensed(self) -> Self:
        if self.export_class in {"full", "derived"} and (self.licence == "unknown" or not self.licence_evidence):
            raise ValueError(f"export_class {self.export_class!r} needs licence and licence_evidence")
        return self


@dataclass(frozen=True, slots=True)
class _Post:
    """What the listing says of a post."""

    id: int
    topic: int
    version: int


@dataclass(frozen=True, slots=True)
class _Known:
    """The cursor: every post up to ``last_id`` is stored, every topic bumped up to ``bumped_at``; ``recent`` are the newest posts."""

    last_id: int = 0
    bumped_at: str = ""
    recent: Mapping[int, _Post] = field(default_factory=dict)

    @classmethod
    def at(cls, since: Mapping[str, Any] | None) -> _Known:
        since = since or {}
        recent = {int(i): _Post(int(i), int(topic), int(version)) for i, (topic, version) in since.get("recent", {}).items()}
        return cls(int(since.get("last_id", 0)), str(since.get("bumped_at", "")), recent)

    def cursor(self, last_id: int, bumped_at: str, listed: Mapping[int, _Post], keep: int) -> dict[str, Json]:
        """Where we stand once all posts up to ``last_id`` are stored; never behind where we stood."""
        newest = sorted((p for p in listed.values() if p.id <= last_id), key=lambda p: -p.id)[:keep]
        recent: dict[str, Json] = {str(p.id): [p.topic, p.version] for p in newest}
        return {"last_id": max(last_id, self.last_id), "bumped_at": max(bumped_at, self.bumped_at), "recent": recent}


def fetch(client: Client, site: Site, *, since: Mapping[str, Any] | None) -> Iterator[Page]:
    """Whole topics, oldest news first, so that a run that is cut short goes on where it stopped.

    Raises PayloadError when the forum shows no posts at all: ``/posts.json`` lists the newest ones whether or not they are news.
    """
    known = _Known.at(since)
    listed = _newest_posts(client, site, known, first_visit=since is None)
    bumped = _bumped_topics(client, site, known.bumped_at)
    for topic, cursor in _jobs(listed, bumped, known, site):
        yield from _topic(client, site, topic, cursor)


def recheck(client: Client, site: Site, native_ids: Sequence[str]) -> Iterator[Page]:
    """The topics of these records as they are now; parsing the pages gives ``gone`` for each that is no longer shown."""
    by_topic: dict[str, list[str]] = {}
    for native_id in native_ids:
        by_topic.setdefault(native_id.partition("/")[0], []).append(native_id)
    for topic, asked in by_topic.items():
        yield from _topic(client, site, int(topic), None, asked=asked)


def parse(page: Page) -> Iterator[Record | Dead]:
    """Posts of a topic, of a list, or a single one; see ``scrapers.discourse.posts``."""
    return posts.parse(page)


def read(path: Path, site: Site) -> Iterator[Page]:
    """A folder of post files (``/posts/{id}.json``), one page per topic; or files that hold a topic or a list, a page each.

    Files are recognised by what they hold. UsageError where there is none.
    """
    files = sorted(p for p in path.rglob("*.json") if p.is_file()) if path.is_dir() else [path]
    if not files or not all(f.is_file() for f in files):
        raise UsageError(f"{path}: no .json files; expected Discourse posts or topics as JSON")
    topics: dict[int, list[Path]] = {}
    for file in files:
        topic = posts.topic_of(file.read_bytes())
        if topic is None:
            yield _file_page(site, f"file:{file.name}", [file])
        else:
            topics.setdefault(topic, []).append(file)
    for topic, members in sorted(topics.items()):
        for batch in _batches(members):
            yield _file_page(site, f"{site.base_url}/t/{topic}", batch, joined=True)


# Fetching


def _newest_posts(client: Client, site: Site, known: _Known, *, first_visit: bool) -> dict[int, _Post]:
    """The newest posts by id: down to the oldest one remembered, or on a first visit until they touch ``max_topics`` topics."""
    floor = min(known.recent, default=max(1, known.last_id - site.overlap + 1))
    guard = PageGuard(client.pace.max_pages)
    patience = min(client.pace.max_pages, FIRST_VISIT_PAGES)
    listed: dict[int, _Post] = {}
    before: int | None = None
    for asked in range(1, client.pace.max_pages + 1):
        response = client.get(f"{site.base_url}/posts.json", params={} if before is None else {"before": before}, headers=JSON)
        found = _listed(response)
        if not found and before is None:
            raise PayloadError(
                f"{site.base_url}/posts.json shows no posts: is the forum private, or is this another site?", reason="empty_listing"
            )
        listed |= {p.id: p for p, category in found if not site.categories or category in site.categories}
        lowest = min((p.id for p, _ in found), default=0)
        enough = len({p.topic for p in listed.values()}) >= site.max_topics or asked >= patience
        if lowest <= floor or (first_visit and enough):
            break
        before = lowest if before is None or lowest < before else before - WINDOW
        guard.check(cursor=before, body_sha256=response.sha256)
    return {i: p for i, p in listed.items() if i >= floor}


def _listed(response: Response) -> list[tuple[_Post, int | None]]:
    """Posts of a ``/posts.json``, each with its category; PayloadError where it is something else."""
    body = response.json()
    found = body.get("latest_posts") if isinstance(body, dict) else None
    if not isinstance(found, list):
        raise PayloadError(f"{response.url}: no latest_posts in it", reason="bad_listing")
    numbers = [(p, posts.whole(p.get("id")), posts.whole(p.get("topic_id"))) for p in found if isinstance(p, dict)]
    return [
        (_Post(i, topic, posts.whole(p.get("version")) or 1), posts.whole(p.get("category_id"))) for p, i, topic in numbers if i and topic
    ]


def _bumped_topics(client: Client, site: Site, watermark: str) -> list[tuple[str, int]]:
    """(moment, topic id) of the topics bumped after the watermark, oldest first; without a watermark the newest page only, for its moments.

    Moments are the server's, as it writes them (ISO 8601, UTC, so they sort as text); one more than a day ahead of us is not believed.
    """
    guard = PageGuard(client.pace.max_pages)
    bumped: dict[int, str] = {}
    for number in range(client.pace.max_pages):
        response = client.get(f"{site.base_url}/latest.json", params={"order": "activity", "page": number}, headers=JSON)
        topics, more = _topics(response)
        limit = (response.fetched_at + timedelta(days=1)).astimezone(UTC).isoformat()
        moments = {posts.whole(t.get("id")) or 0: str(t.get("bumped_at") or "") for t in topics if _wanted(t, site)}
        bumped |= {topic: moment for topic, moment in moments.items() if topic and watermark < moment < limit}
        reached = any(not t.get("pinned") and not t.get("pinned_globally") and str(t.get("bumped_at") or "") <= watermark for t in topics)
        if not watermark or reached or not more or not topics:
            break
        guard.check(cursor=number + 1, body_sha256=response.sha256)
    return sorted((moment, topic) for topic, moment in bumped.items())


def _topics(response: Response) -> tuple[list[dict[str, Any]], bool]:
    body = response.json()
    listing = body.get("topic_list") if isinstance(body, dict) else None
    topics = listing.get("topics") if isinstance(listing, dict) else None
    if not isinstance(topics, list):
        raise PayloadError(f"{response.url}: no topic_list in it", reason="bad_listing")
    return [t for t in topics if isinstance(t, dict)], bool(listing.get("more_topics_url")) if isinstance(listing, dict) else False


def _wanted(topic: Mapping[str, Any], site: Site) -> bool:
    return not site.categories or posts.whole(topic.get("category_id")) in site.categories


def _jobs(listed: Mapping[int, _Post], bumped: list[tuple[str, int]], known: _Known, site: Site) -> list[tuple[int, dict[str, Json]]]:
    """Which topics to fetch, in order, each with the cursor that holds once it is stored."""
    first_news: dict[int, int] = {}
    vanished = [p for i, p in known.recent.items() if i not in listed]
    for post in [*listed.values(), *vanished]:
        if post.id not in listed or known.recent.get(post.id) != post:
            first_news[post.topic] = min(post.id, first_news.get(post.topic, post.id))
    queue = sorted(first_news.items(), key=lambda item: item[1])
    newest = max([known.last_id, *listed])
    later = [(moment, topic) for moment, topic in bumped if topic not in first_news] if known.bumped_at else []
    ends = [first - 1 for _, first in queue[1:]] + [newest]
    jobs = [(topic, known.cursor(end, "", listed, site.overlap)) for (topic, _), end in zip(queue, ends, strict=False)]
    jobs += [(topic, known.cursor(newest, moment, listed, site.overlap)) for moment, topic in later]
    if jobs:
        jobs[-1] = (jobs[-1][0], known.cursor(newest, bumped[-1][0] if bumped else "", listed, site.overlap))
    return jobs


def _topic(client: Client, site: Site, topic: int, cursor: Mapping[str, Json] | None, *, asked: Sequence[str] = ()) -> Iterator[Page]:
    """The pages of one topic; only the last one has the cursor. A topic that is gone gives one page with that status."""
    context = _context(site) | ({"asked": ";".join(asked)} if asked else {})
    url = f"{site.base_url}/t/{topic}.json"
    response = client.get(url, params={"include_raw": "true"}, headers=JSON, accept_status=posts.GONE)
    head, shown, rest = posts.outline(response.body, topic)
    if len(rest) > site.max_posts:
        rest = rest[: site.max_posts // 2] + rest[-site.max_posts // 2 :]
        head["skips"] = True
    chunks = [rest[i : i + CHUNK] for i in range(0, len(rest), CHUNK)]
    marks = {"topic": json.dumps(head, ensure_ascii=False), "first": "true"}
    yield response.page(
        SOURCE, site.name, context=context | marks | ({} if chunks else {"last": "true"}), cursor=None if chunks else cursor
    )
    for number, chunk in enumerate(chunks, 1):
        query = "&".join(["include_raw=true", *(f"post_ids[]={i}" for i in chunk)])
        response = client.get(f"{site.base_url}/t/{topic}/posts.json?{query}", headers=JSON)
        ends = {"last": "true"} if number == len(chunks) else {}
        marks = {"topic": json.dumps(head, ensure_ascii=False), "after": str(shown)}
        yield response.page(SOURCE, site.name, context=context | marks | ends, cursor=cursor if ends else None)
        shown = posts.outline(response.body, topic)[1] or shown


# Files


def _context(site: Site) -> dict[str, str]:
    """What a parser cannot read off a body."""
    return {
        "base_url": site.base_url,
        "licence": site.licence,
        "licence_evidence": site.licence_evidence,
        "export_class": site.export_class,
    }


def _batches(files: Sequence[Path]) -> Iterator[list[Path]]:
    """Files in order, a few MiB at a time."""
    batch: list[Path] = []
    size = 0
    for file in files:
        length = file.stat().st_size
        if batch and size + length > MAX_FILE_PAGE:
            yield batch
            batch, size = [], 0
        batch.append(file)
        size += length
    if batch:
        yield batch


def _file_page(site: Site, url: str, files: Sequence[Path], *, joined: bool = False) -> Page:
    bodies = [f.read_bytes().removeprefix(b"\xef\xbb\xbf") for f in files]
    body = b"[" + b",\n".join(bodies) + b"]" if joined else bodies[0]
    saved_at = datetime.fromtimestamp(max(f.stat().st_mtime for f in files), UTC)
    return Page(SOURCE, site.name, url, 200, {}, body, saved_at, _context(site))
