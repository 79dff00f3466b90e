"""Visits to X: a search for each query, then the conversations of what it brought, then what became of it.

The newest posts come first, because the budget may end anywhere. A search reaches back seven days and no further; what a visit does not
take in that time is not to be had any more. What a post answers comes beside it; roots of conversations are asked for a hundred at once,
answers by a search for the conversation. What still waits stands in the cursor.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from scrapers.common.page import json_of, portions, whole
from scrapers.common.queries import Query
from scrapers.common.walk import Step, cursor_on_last, follow
from scrapers.x.api import MOST, Api
from scrapers.x.posts import id_of, included_of, posts_of, referred, versions_of
from scrapers.x.site import SOURCE, Site
from thresher.errors import PayloadError
from thresher.model import Json, Page
from thresher.net.client import Client, Response

MAX_PENDING = 500
REACH = timedelta(days=7)
_MARGIN = timedelta(hours=1)
_EPOCH = datetime.fromtimestamp(1_288_834_974.657, UTC)
"""When X began to count: the upper bits of an id are the milliseconds since."""
_LANGUAGES = {"id": "in"}


@dataclass
class _Walk:
    """Up to which id each query is stored, the roots and the conversations still to be asked for, and the newest posts: as what each is
    known, and the id of its newest version."""

    until: dict[str, str] = field(default_factory=dict)
    roots: dict[str, None] = field(default_factory=dict)
    conversations: dict[str, None] = field(default_factory=dict)
    recent: dict[str, str] = field(default_factory=dict)

    @classmethod
    def at(cls, since: Mapping[str, Any] | None) -> _Walk:
        since = since or {}
        roots, conversations = (dict.fromkeys(since.get(name, ())) for name in ("roots", "conversations"))
        return cls(dict(since.get("until", {})), roots, conversations, dict(since.get("recent", {})))

    def cursor(self, site: Site) -> dict[str, Json]:
        newest = sorted(self.recent.items(), key=lambda entry: int(entry[0]), reverse=True)[: site.known]
        return {
            "until": dict(self.until),
            "roots": list(self.roots)[-MAX_PENDING:],
            "conversations": list(self.conversations)[-MAX_PENDING:],
            "recent": dict(newest),
        }


def fetch(client: Client, site: Site, *, since: Mapping[str, Any] | None) -> Iterator[Page]:
    """What the queries bring since the last visit, its conversations, then the newest posts of former visits again.

    Raises SettingsError without token, budget or queries, BudgetExhausted where the month's budget is used, PayloadError where a first
    visit finds nothing at all.
    """
    api = Api(client, site)
    walk = _Walk.at(since)
    former = dict(walk.recent)
    seen: set[str] = set()
    for query in site.asked:
        yield from cursor_on_last(_hits(api, site, query, walk, seen), lambda: walk.cursor(site))
    if since is None and not seen:
        raise PayloadError(f"{site.api_url} finds nothing for {len(site.asked)} queries: is it down?", reason="empty_listing")
    yield from _threads(api, site, walk, seen)
    again = {native_id: latest for native_id, latest in former.items() if native_id not in seen}
    yield from cursor_on_last(_look_again(api, walk, again), lambda: walk.cursor(site))


def recheck(client: Client, site: Site, threads: Mapping[str, str]) -> Iterator[Page]:
    """These posts as they are now: ``parse`` gives ``gone`` for those that are not there any more."""
    api = Api(client, site)
    walk = _Walk()
    yield from _look_again(api, walk, {native_id: native_id for native_id in threads if id_of(native_id)})


def _hits(api: Api, site: Site, query: Query, walk: _Walk, seen: set[str]) -> Iterator[Page]:
    """The hits of one query, newest first, down to what is stored or to ``max_pages``; advances the walk when they are there."""
    words = f"{query.words} -is:retweet lang:{_LANGUAGES.get(query.language, query.language)}"
    since_id = walk.until.get(query.words, "")
    if since_id and moment_of(since_id) < datetime.now(UTC) - REACH + _MARGIN:
        since_id = ""  # it is refused where it is older than what the search reaches
    newest = walk.until.get(query.words, "0")

    def ask(token: str) -> Step[Response]:
        response = api.search(words, since_id=since_id, token=token)
        return Step(response, *_listed(response))

    for number, step in enumerate(follow(ask, "", site.max_pages + 1), 1):
        for post in step.entries:
            newest = max(newest, str(post["id"]), key=int)
            _note(post, walk, seen)
        yield step.answer.page(SOURCE, site.name)
        if number >= site.max_pages:
            break
    if newest != "0":
        walk.until[query.words] = newest


def _note(post: Mapping[str, Any], walk: _Walk, seen: set[str]) -> None:
    """Remember a hit, and what is to be read around it."""
    native_id, conversation = versions_of(post)[0], id_of(post.get("conversation_id"))
    seen.add(native_id)
    is_new = native_id not in walk.recent
    walk.recent[native_id] = versions_of(post)[-1]
    if not is_new or not conversation:
        return
    metrics = post.get("public_metrics")
    if isinstance(metrics, dict) and (whole(metrics.get("reply_count")) or 0) > 0:
        walk.conversations[conversation] = None
    if conversation not in {native_id, referred(post, "replied_to")}:
        walk.roots[conversation] = None


def _threads(api: Api, site: Site, walk: _Walk, seen: set[str]) -> Iterator[Page]:
    """Roots, then answers, each page with the cursor that holds once it is stored."""
    while walk.roots:
        asked = [root for root in list(walk.roots)[:MOST] if root not in seen]
        page = api.posts({root: root for root in asked}) if asked else None
        walk.roots = dict.fromkeys(list(walk.roots)[MOST:])
        if page is not None:
            yield replace(page, cursor=walk.cursor(site))
    for conversation in list(walk.conversations)[: site.conversations]:
        response = api.search(f"conversation_id:{conversation} -is:retweet")
        del walk.conversations[conversation]
        yield response.page(SOURCE, site.name, cursor=walk.cursor(site))


def _look_again(api: Api, walk: _Walk, posts: Mapping[str, str]) -> Iterator[Page]:
    """These posts as they are now, each by its newest version; where there is a newer one, that is asked for too. One that is not there any
    more is forgotten."""
    asked = {latest: native_id for native_id, latest in posts.items()}
    while asked:
        newer: dict[str, str] = {}
        for portion in portions(asked.items(), MOST):
            page = api.posts(dict(portion))
            there = _versions(page)
            for latest, native_id in portion if there is not None else ():
                if latest not in (there or {}):
                    walk.recent.pop(native_id, None)
                elif (last := (there or {})[latest]) != latest:
                    newer[last] = native_id
                    walk.recent[native_id] = last
            yield page
        asked = {latest: native_id for latest, native_id in newer.items() if latest not in asked}


def _versions(page: Page) -> dict[str, str] | None:
    """The posts that an answer shows, each with the id of its newest version; None where it is no answer."""
    try:
        body = json_of(page)
        posts = posts_of(body)
    except PayloadError:
        return None
    return {str(post["id"]): versions_of(post)[-1] for post in (*posts, *included_of(body)) if isinstance(post, dict) and "id" in post}


def _listed(response: Response) -> tuple[list[dict[str, Any]], str | None]:
    """The posts of a search that have an id, and the token of the next page."""
    body = json_of(response)
    posts = [post for post in posts_of(body) if isinstance(post, dict) and id_of(post.get("id"))]
    meta = body.get("meta")
    token = meta.get("next_token") if isinstance(meta, dict) else None
    return posts, token if isinstance(token, str) and token else None


def moment_of(post_id: str) -> datetime:
    """When an id was given."""
    return _EPOCH + timedelta(milliseconds=min(int(post_id), 2**63) >> 22)
