"""Visits to a subreddit, newest first.

A walk reads r/NAME/new from the newest post back into what it already knows (Reddit shows about the last 1,000 and no more), then the
comments of every post that is new or has more of them than before, then asks what became of posts that are no longer shown: that is how
edits and deletions are noticed.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from scrapers.common.page import portions
from scrapers.common.walk import Step, cursor_on_last, follow
from scrapers.reddit.answers import body_json, things
from scrapers.reddit.posts import is_blanked
from scrapers.reddit.site import SOURCE, Site
from thresher.errors import PayloadError
from thresher.model import Dead, Json, Page
from thresher.net.client import Client

if TYPE_CHECKING:
    from scrapers.reddit.api import Api

MAX_IDS = 100
"""In one request to ``/api/info``."""


@dataclass
class _Walk:
    """Where a site stands. ``known`` maps the newest posts, newest first, to how many comments each had; ``pending`` are posts whose
    comments are still to be fetched; ``unread`` are those whose answer was none (an outage page, say), for the next visit; ``comments`` are
    the newest comments; ``gap`` is the time that the listing no longer reached, in seconds since 1970."""

    watermark: float = 0.0
    known: dict[str, int] = field(default_factory=dict)
    pending: dict[str, None] = field(default_factory=dict)
    unread: dict[str, None] = field(default_factory=dict)
    comments: dict[str, None] = field(default_factory=dict)
    gap: dict[str, float] | None = None

    @classmethod
    def at(cls, cursor: Mapping[str, Json] | None) -> _Walk:
        cursor = cursor or {}
        pending, comments = (dict.fromkeys(cursor.get(key, [])) for key in ("pending", "comments"))
        return cls(float(cursor.get("watermark", 0.0)), dict(cursor.get("known", {})), pending, comments=comments)

    def cursor(self) -> dict[str, Json]:
        cursor: dict[str, Json] = {"watermark": self.watermark, "known": dict(self.known)}
        cursor |= {"pending": list(self.pending | self.unread), "comments": list(self.comments)}
        return cursor | ({"gap": self.gap} if self.gap else {})


def fetch(client: Client, site: Site, *, since: Mapping[str, Any] | None) -> Iterator[Page]:
    """New posts, their comments, and what became of older posts. A run that is cut short goes on with the comments that it had not fetched.

    Raises SettingsError without credentials, HttpStatusError for a subreddit that is private or gone.
    """
    api = _api(client, site)
    walk = _Walk.at(since)
    hidden = yield from _newest(api, client, site, walk)
    yield from _look_again(api, walk, [*hidden, *(walk.comments if site.comments else ())])
    while site.comments and walk.pending:
        thread = next(iter(walk.pending))
        pages = api.thread(thread, more=site.more)
        del walk.pending[thread]
        if any(map(_is_no_answer, pages)):
            walk.unread[thread] = None
        walk.comments = _newest_of({name: None for page in pages for name in _comments_of(page)} | walk.comments, site.known_comments)
        yield from cursor_on_last(pages, walk.cursor)


def recheck(client: Client, site: Site, threads: Mapping[str, str]) -> Iterator[Page]:
    """What posts and comments are now, by fullname: ``parse`` gives their edits, deletions and removals, and ``gone`` for those that
    Reddit no longer has."""
    api = _api(client, site)
    for names in portions(threads, MAX_IDS):
        yield api.info(names)


def _api(client: Client, site: Site) -> Api:
    from scrapers.reddit.api import Api  # PRAW takes a tenth of a second to import, and files are read without it

    return Api(client, source=SOURCE, site=site.name, reddit_url=site.reddit_url, oauth_url=site.oauth_url)


def _newest(api: Api, client: Client, site: Site, walk: _Walk) -> Generator[Page, None, list[str]]:
    """The listing back into known ground. Advances the walk, and returns the known posts that the listing no longer shows."""
    before = _Walk(walk.watermark, walk.known)
    seen: dict[str, int] = {}

    def known(posts: Sequence[_Listed]) -> bool:
        return all(post.name in before.known and post.created < before.watermark - site.overlap_h * 3600 for post in posts)

    def ask(after: str | None) -> Step[Page]:
        page = api.new(after=after)
        posts, following = _posts_of(page)
        if not posts and not seen and before.known:
            raise PayloadError(f"r/{site.name}/new is empty although {len(before.known)} posts of it are known", reason="empty_listing")
        return Step(page, posts, None if posts and known(posts) else following)

    def pages() -> Iterator[Page]:
        oldest = float("inf")
        for step in follow(ask, None, client.pace.max_pages):
            seen.update((post.name, post.comments) for post in step.entries)
            oldest = min([oldest, *(post.created for post in step.entries)])
            walk.watermark = max([walk.watermark, *(min(post.created, step.answer.fetched_at.timestamp()) for post in step.entries)])
            if step.following is None and before.known and oldest > before.watermark and not any(name in before.known for name in seen):
                walk.gap = {"from": before.watermark, "to": oldest}
            yield replace(step.answer, context={**step.answer.context, "gap": json.dumps(walk.gap)}) if walk.gap else step.answer

    def advanced() -> dict[str, Json]:
        walk.pending = dict.fromkeys([name for name, comments in seen.items() if comments != before.known.get(name, 0)]) | walk.pending
        walk.known = dict(list((seen if walk.gap else seen | before.known).items())[: site.known])
        return walk.cursor()

    yield from cursor_on_last(pages(), advanced)
    return [name for name in before.known if name not in seen]


def _look_again(api: Api, walk: _Walk, names: list[str]) -> Iterator[Page]:
    """Comments, and posts that the listing no longer shows: edited, deleted, removed, or with more comments than before."""
    for chunk in portions(names, MAX_IDS):
        page = api.info(chunk)
        for post in _posts_of(page)[0]:
            if post.name in walk.known and post.comments != walk.known[post.name]:
                walk.pending[post.name], walk.known[post.name] = None, post.comments
        there = set(_comments_of(page))
        walk.comments = {name: None for name in walk.comments if name not in chunk or name in there}
        yield replace(page, cursor=walk.cursor())


def _is_no_answer(page: Page) -> bool:
    """Whether Reddit said that all is well and sent something else. Another status is an answer: the thread is gone or private."""
    try:
        list(things(body_json(page)))
    except PayloadError:
        return page.status == 200
    return False


def _comments_of(page: Page) -> list[str]:
    """The comments of an answer that are still there; none where the answer cannot be read (``parse`` says so)."""
    try:
        comments = [thing[1] for thing in things(body_json(page)) if not isinstance(thing, Dead) and thing[0] == "t1"]
    except PayloadError:
        return []
    return [data["name"] for data in comments if isinstance(data.get("name"), str) and not is_blanked(data)]


def _newest_of(names: dict[str, None], most: int) -> dict[str, None]:
    """Ids of comments count up with time, in base 36."""
    return dict.fromkeys(sorted(names, key=lambda name: (len(name), name), reverse=True)[:most])


class _Listed(NamedTuple):
    """What a listing says of a post."""

    name: str
    comments: int
    created: float


def _posts_of(page: Page) -> tuple[list[_Listed], str | None]:
    """The posts of a listing, and the fullname after which the next page begins."""
    body = body_json(page)
    posts = []
    for thing in things(body):
        if not isinstance(thing, Dead) and thing[0] == "t3":
            name, comments, created = (thing[1].get(key) for key in ("name", "num_comments", "created_utc"))
            if isinstance(name, str) and isinstance(created, int | float):
                posts.append(_Listed(name, comments if isinstance(comments, int) else 0, float(created)))
    after = body.get("data", {}).get("after") if isinstance(body, dict) else None
    return posts, after if isinstance(after, str) and after else None
