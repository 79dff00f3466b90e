"""Visits to a community, newest posts first.

A visit lists the posts down to the oldest one that it remembers, which shows what was edited and where comments came or went, reads all
comments of those posts, and asks after each remembered post that is not listed any more. Comments are read in pages without
``max_depth``: with it an instance gives some three hundred and drops the rest.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Self

from scrapers.common.page import json_of, whole
from scrapers.common.walk import Step, cursor_on_last, follow
from scrapers.lemmy.site import SOURCE, Site
from scrapers.lemmy.views import parent_of, views_of
from thresher.errors import PayloadError
from thresher.model import Json, Page
from thresher.net.client import Client, Response

LIMIT = 50
"""The most that an instance gives in one answer."""
MAX_UNREAD = 200
NO_MORE = frozenset({400, 404})
"""With what status an instance says that it does not have a post; versions differ."""


class _Post(NamedTuple):
    """What a listing says of a post: its address, when it was published, and what changes when it or its comments do."""

    address: str
    published: str
    version: str
    pinned: bool
    comments: int


@dataclass
class _Walk:
    """Where the community stands: the newest posts by their number at the instance, those whose comments are still to be read, and those
    whose comments could not be, for the next visit."""

    known: dict[int, _Post] = field(default_factory=dict)
    pending: dict[int, None] = field(default_factory=dict)
    unread: dict[int, None] = field(default_factory=dict)

    @classmethod
    def at(cls, since: Mapping[str, Any] | None) -> Self:
        since = since or {}
        known = {int(number): _Post(*post) for number, post in since.get("known", {}).items()}
        return cls(known, dict.fromkeys(map(int, since.get("pending", ()))))

    def cursor(self) -> dict[str, Json]:
        pending = list(self.unread | self.pending)[-MAX_UNREAD * 10 :]
        return {"known": {str(number): list(post) for number, post in self.known.items()}, "pending": pending}


class _Api:
    """The instance, in the words of its version."""

    def __init__(self, client: Client, site: Site) -> None:
        self._client = client
        self._site = site
        response = client.get(f"{site.instance_url}/api/v3/site", accept_status=frozenset({404}))
        version = "1." if response.status == 404 else _version(response)
        self.newest = version.startswith("1.")
        self._base = f"{site.instance_url}/api/{'v4' if self.newest else 'v3'}"

    def posts(self, at: Any) -> Response:
        """A page of the listing; ``at`` is None, a cursor, or a page's number where the instance has no cursors."""
        query: dict[str, str | int] = {"community_name": self._site.community, "limit": LIMIT, "type_": "all" if self.newest else "All"}
        query |= {"sort": "new" if self.newest else "New"} | self._place(at)
        return self._client.get(f"{self._base}/post/list", params=query)

    def comments(self, post: int, at: Any) -> Response:
        """A page of a post's comments, the oldest first."""
        query: dict[str, str | int] = {"post_id": post, "limit": LIMIT, "type_": "all" if self.newest else "All"}
        query |= {"sort": "old" if self.newest else "Old"} | self._place(at)
        return self._client.get(f"{self._base}/comment/list", params=query, accept_status=NO_MORE)

    def one(self, thing: str, number: int, address: str) -> Page:
        """A post or a comment by its number: the page says which was asked for."""
        response = self._client.get(f"{self._base}/{thing}", params={"id": number}, accept_status=NO_MORE)
        return response.page(SOURCE, self._site.name, context={"asked": address, "thing": thing})

    def resolve(self, address: str) -> int | None:
        """The number of a post or comment here; None where the address does not end in one."""
        host, _, number = address.rpartition("/")
        return whole(number) if host.startswith(self._site.instance_url) else None

    @staticmethod
    def _place(at: Any) -> dict[str, str | int]:
        return {} if at is None else {"page": at} if isinstance(at, int) else {"page_cursor": str(at)}


def _version(response: Response) -> str:
    body = json_of(response)
    version = body.get("version") if isinstance(body, dict) else None
    if not isinstance(version, str):
        raise PayloadError(f"{response.url} does not say its version: is this a Lemmy?", reason="not_lemmy")
    return version


def fetch(client: Client, site: Site, *, since: Mapping[str, Any] | None) -> Iterator[Page]:
    """New and changed posts, all comments of these, and what became of posts that are not listed any more.

    Raises PayloadError where a community shows no posts at all, HttpStatusError where there is no such community.
    """
    api = _Api(client, site)
    walk = _Walk.at(since)
    hidden: dict[int, _Post] = {}
    yield from _newest(api, client, site, walk, hidden)
    for number, post in hidden.items():
        yield api.one("post", number, post.address)
    while walk.pending:
        post_id = next(iter(walk.pending))
        del walk.pending[post_id]
        yield from cursor_on_last(_comments(api, client, site, post_id, walk), walk.cursor)


def recheck(client: Client, site: Site, threads: Mapping[str, str]) -> Iterator[Page]:
    """Each post, and where comments of it are asked after all of its comments. Only of posts that were written at this instance: of others
    no number is known here."""
    api = _Api(client, site)
    wanted: dict[str, list[str]] = {}
    for address, thread in threads.items():
        wanted.setdefault(thread, []).append(address)
    for thread, addresses in wanted.items():
        number = api.resolve(thread)
        if number is None:
            continue
        comments = [address for address in addresses if address != thread]
        page = api.one("post", number, thread)
        away = page.status in NO_MORE
        yield replace(page, context={**page.context, "asked": " ".join([thread, *comments])}) if away else page
        if comments and not away:
            yield from _comments(api, client, site, number, _Walk(), comments)


def _newest(api: _Api, client: Client, site: Site, walk: _Walk, hidden: dict[int, _Post]) -> Iterator[Page]:
    """The listing. Pinned posts stand first however old they are, so they say nothing of how far down it is."""
    before = dict(walk.known)
    floor = min((post.published for post in before.values() if not post.pinned), default="")
    seen: dict[int, _Post] = {}

    def ask(at: Any) -> Step[Response]:
        response = api.posts(at)
        views, following = _listed(response, at)
        if not views and at is None:
            raise PayloadError(f"{site.name} shows no posts: is there such a community?", reason="empty_listing")
        posts = [post for _, post in views if not post.pinned]
        deep = bool(posts) and min(post.published for post in posts) < floor
        enough = len(seen) + len(views) >= site.max_posts if not before else deep
        return Step(response, views, None if enough else following)

    def pages() -> Iterator[Page]:
        for step in follow(ask, None, client.pace.max_pages):
            seen.update(step.entries)
            yield step.answer.page(SOURCE, site.name)

    def advanced() -> dict[str, Json]:
        # posts below the floor are older than what is remembered: they share a page with the last ones that are
        fresh = {i: post for i, post in seen.items() if i in before or post.published >= floor}
        changed = [i for i, post in fresh.items() if (post.comments or i in before) and _version_of(before, i) != post.version]
        walk.pending = dict.fromkeys(changed) | walk.pending if site.max_comments else {}
        newest = sorted((seen | before).items(), key=lambda item: item[1].published, reverse=True)[: site.known]
        walk.known = {i: post for i, post in newest if i in seen}
        hidden.update({i: post for i, post in before.items() if i not in seen})
        return walk.cursor()

    yield from cursor_on_last(pages(), advanced)


def _version_of(posts: Mapping[int, _Post], number: int) -> str:
    return posts[number].version if number in posts else ""


def _comments(api: _Api, client: Client, site: Site, post: int, walk: _Walk, asked: Sequence[str] = ()) -> Iterator[Page]:
    """All comments of a post, each page with the addresses of what its comments answer on earlier ones. The last page says which were
    ``asked`` after and did not come, where all there are were read."""
    addresses: dict[int, str] = {}

    def ask(at: Any) -> Step[Response]:
        response = api.comments(post, at)
        try:
            views, following = _read(response, at)
        except PayloadError:
            if response.status == 200:
                walk.unread[post] = None
            return Step(response, [])
        return Step(response, views, None if len(addresses) + len(views) >= site.max_comments else following)

    for step in follow(ask, None, client.pace.max_pages):
        comments = [view["comment"] for view in step.entries if isinstance(view.get("comment"), dict)]
        here = {number: c["ap_id"] for c in comments if (number := whole(c.get("id"))) and isinstance(c.get("ap_id"), str)}
        parents = {str(p): addresses[p] for c in comments if (p := parent_of(c)) and p not in here and p in addresses}
        addresses |= here
        context = {"parents": json.dumps(parents)} if parents else {}
        ended = step.following is None and step.answer.status == 200 and post not in walk.unread and len(addresses) < site.max_comments
        missing = " ".join(a for a in asked if a not in addresses.values()) if ended else ""
        yield step.answer.page(SOURCE, site.name, context=context | ({"asked": missing} if missing else {}))


def _read(response: Response, at: Any) -> tuple[list[dict[str, Any]], Any]:
    """The views of a page, and where the next one begins: where a cursor stands, else by number while pages are full."""
    body = json_of(response)
    views = [view for view in views_of(body) if isinstance(view, dict)]
    cursor = body.get("next_page")
    if isinstance(cursor, str) and cursor:
        return views, cursor
    numbered = "next_page" not in body and not isinstance(at, str) and len(views) >= LIMIT
    return views, (at or 1) + 1 if numbered else None


def _listed(response: Response, at: Any) -> tuple[list[tuple[int, _Post]], Any]:
    views, following = _read(response, at)
    return [entry for view in views if (entry := _entry(view)) is not None], following


def _entry(view: Mapping[str, Any]) -> tuple[int, _Post] | None:
    post, counts = view.get("post"), view.get("counts")
    if not isinstance(post, dict) or not isinstance(post.get("ap_id"), str) or (number := whole(post.get("id"))) is None:
        return None
    counts = counts if isinstance(counts, dict) else post
    changed = [post.get("updated_at", post.get("updated")), counts.get("comments")]
    changed.append(counts.get("newest_comment_time_at", counts.get("newest_comment_time")))
    published = str(post.get("published_at", post.get("published")) or "")
    version = " ".join(str(part or "") for part in changed)
    return number, _Post(post["ap_id"], published, version, post.get("featured_community") is True, whole(counts.get("comments")) or 0)
