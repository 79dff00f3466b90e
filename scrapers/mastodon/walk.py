"""Visits to the instances: the timeline of each hashtag and, with a token, a search for each query; the threads of what they brought; then
what became of it.

Timelines and searches are read newest first, down to what is stored. What a post answers is needed to say where it stands, so the thread
of a reply is asked for before its page is given on; threads of posts that are answered wait in the cursor. An instance that fails costs
its own part: the others are read, and the visit ends with its error.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from scrapers.common.page import from_iso, json_of, whole
from scrapers.common.walk import Step, cursor_on_last, follow, next_link
from scrapers.mastodon.api import LIMIT, NOT_THERE, Instance, listed
from scrapers.mastodon.consent import refusal_of
from scrapers.mastodon.site import SOURCE, Site
from scrapers.mastodon.statuses import Place, address_of, statuses_of
from thresher.errors import BudgetExhausted, PayloadError, SettingsError, ThresherError
from thresher.model import Json, Page
from thresher.net.client import Client, Response

MAX_PENDING = 2000
_Ask = Callable[[str], Step[Response]]
"""Asks for a page of a listing: the first one for an empty text, else where the one before leads to."""


class _Seen(NamedTuple):
    """A post: where it is looked at, under which number, when it was written (ISO 8601), and where it stands."""

    instance: str
    number: str
    moment: str
    parent: str = ""
    root: str = ""


@dataclass
class _Walk:
    """Up to which moment each timeline and query of an instance is stored, the posts whose answers are still to be asked for, and the
    newest posts, all by their addresses."""

    until: dict[str, str] = field(default_factory=dict)
    pending: dict[str, None] = field(default_factory=dict)
    recent: dict[str, _Seen] = field(default_factory=dict)

    @classmethod
    def at(cls, since: Mapping[str, Any] | None) -> _Walk:
        since = since or {}
        recent = {str(uri): _Seen(*seen) for uri, seen in since.get("recent", {}).items()}
        return cls(dict(since.get("until", {})), dict.fromkeys(since.get("pending", ())), recent)

    def cursor(self, site: Site) -> dict[str, Json]:
        newest = sorted(self.recent.items(), key=lambda entry: entry[1].moment, reverse=True)
        kept = {uri: list(seen) for uri, seen in newest[: site.known * len(site.instances)]}
        waiting = [uri for uri in self.pending if uri in kept]
        return {"until": dict(self.until), "pending": waiting[-MAX_PENDING:], "recent": kept}


def fetch(client: Client, site: Site, *, since: Mapping[str, Any] | None) -> Iterator[Page]:
    """What is new at each instance, then what became of the newest posts of former visits.

    Raises SettingsError where nothing is to be asked for; at its end the first error of an instance, a PayloadError where one shows nothing
    at all on its first visit.
    """
    walk = _Walk.at(since)
    former = dict(walk.recent)
    seen: set[str] = set()
    first_error: ThresherError | None = None
    for instance in (Instance(client, url) for url in site.instances):
        try:
            yield from _instance(client, site, instance, walk, seen)
            again = {uri: post for uri, post in former.items() if post.instance == instance.url and uri not in seen}
            yield from cursor_on_last(_look_again(instance, site, walk, again), lambda: walk.cursor(site))
        except (BudgetExhausted, SettingsError):
            raise
        except ThresherError as error:
            first_error = first_error or error
    if first_error is not None:
        raise first_error


def recheck(client: Client, site: Site, threads: Mapping[str, str]) -> Iterator[Page]:
    """These posts as they are now, where they were written at an instance that may be asked; of others no number is known."""
    instances = {urlsplit(url).netloc: Instance(client, url) for url in site.instances}
    for uri in threads:
        address = urlsplit(uri)
        number = address.path.rpartition("/")[2]
        if address.netloc in instances and number.isalnum():
            yield _one(instances[address.netloc], site, uri, number, {})


def _instance(client: Client, site: Site, instance: Instance, walk: _Walk, seen: set[str]) -> Iterator[Page]:
    """The timelines, the searches, and the answers of an instance."""
    listings: list[tuple[str, _Ask]] = [(f"{instance.url} #{tag}", partial(_timeline, instance, tag)) for tag in site.tags]
    if instance.searches and site.queries:
        listings += [(f"{instance.url} {query.words}", partial(_search, instance, query.words)) for query in site.asked]
    if not listings:
        raise SettingsError(f"{instance.url}: nothing to ask for: name hashtags (tags = [...]) in its entry, or set a token for its search")
    is_first = not any(name.startswith(f"{instance.url} ") for name in walk.until)
    pages = 0
    for name, ask in listings:
        steps = _down_to(site, client, ask, walk, name)
        for page in cursor_on_last(_pages(instance, site, steps, walk, seen), lambda: walk.cursor(site)):
            pages += 1
            yield page
    if is_first and not pages:
        raise PayloadError(f"{instance.url} shows no posts: does it show its timelines without a log-in?", reason="empty_listing")
    waiting = [uri for uri in walk.pending if uri in walk.recent and walk.recent[uri].instance == instance.url]
    for uri in waiting[: site.threads]:
        post = walk.recent[uri]
        response = instance.context(post.number)
        del walk.pending[uri]
        if response.status not in NOT_THERE:
            yield replace(_context_page(response, site, post.number, uri, post.root or uri), cursor=walk.cursor(site))


def _timeline(instance: Instance, tag: str, at: str) -> Step[Response]:
    response = instance.following(at) if at else instance.timeline(tag)
    return Step(response, listed(response), next_link(response.headers, instance.url))


def _search(instance: Instance, words: str, at: str) -> Step[Response]:
    """Searches have no links: the next page is what is older than the last post of this one."""
    response = instance.search(words, at)
    statuses = listed(response)
    return Step(response, statuses, str(statuses[-1].get("id")) if len(statuses) >= LIMIT else None)


def _down_to(site: Site, client: Client, ask: _Ask, walk: _Walk, name: str) -> Iterator[Step[Response]]:
    """The pages of a listing down to what is stored; advances the walk when they are all there."""
    stored = from_iso(walk.until.get(name))
    newest = stored

    def bounded(at: str) -> Step[Response]:
        step = ask(at)
        floor = stored - timedelta(hours=site.overlap_h) if stored else step.answer.fetched_at - timedelta(days=site.days)
        moments = [moment for status in step.entries if (moment := from_iso(status.get("created_at")))]
        deep = bool(moments) and moments[-1] < floor
        return replace(step, following=None) if deep else step

    for step in follow(bounded, "", client.pace.max_pages):
        newest = _newest(step, newest)
        yield step
    if newest is not None:
        walk.until[name] = newest.isoformat()


def _newest(step: Step[Response], newest: datetime | None) -> datetime | None:
    """The newest moment so far; one that lies ahead of us is nonsense."""
    latest = step.answer.fetched_at + timedelta(days=1)
    moments = [moment for status in step.entries if (moment := from_iso(status.get("created_at"))) and moment <= latest]
    return max([*moments, *([newest] if newest else [])], default=None)


def _pages(instance: Instance, site: Site, steps: Iterator[Step[Response]], walk: _Walk, seen: set[str]) -> Iterator[Page]:
    """The pages of a listing, each with the threads of its replies behind it."""
    for step in steps:
        if not step.entries:
            continue
        threads: list[Page] = []
        places: dict[str, list[str]] = {}
        for status in step.entries:
            uri, number = address_of(status), str(status.get("id") or "")
            if not uri or not number or isinstance(status.get("reblog"), dict):
                continue
            seen.add(uri)
            if refusal_of(status):
                continue
            is_new = uri not in walk.recent
            place = Place(walk.recent[uri].parent, walk.recent[uri].root) if not is_new else None
            if is_new and status.get("in_reply_to_id") is not None:
                thread = _thread(instance, site, status, uri, number)
                if thread is not None:
                    page, place = thread
                    threads.append(page)
            elif is_new and (whole(status.get("replies_count")) or 0) > 0:
                walk.pending[uri] = None
            if place is not None and place.parent:
                places[number] = [place.parent, place.root]
            if is_new or urlsplit(uri).netloc == urlsplit(instance.url).netloc:
                moment = from_iso(status.get("created_at"))
                where = place or Place("", "")
                walk.recent[uri] = _Seen(instance.url, number, moment.isoformat() if moment else "", where.parent, where.root)
        yield step.answer.page(SOURCE, site.name, context={"places": json.dumps(places)} if places else {})
        yield from threads


def _thread(instance: Instance, site: Site, status: Mapping[str, Any], uri: str, number: str) -> tuple[Page, Place] | None:
    """The thread of a reply, and where it stands in it; None where the instance does not have it."""
    response = instance.context(number)
    above: list[Any] = []
    if response.status not in NOT_THERE:
        try:
            body = json_of(response)
            statuses_of(body)
            above = [thing for thing in body["ancestors"] if isinstance(thing, dict)]
        except (PayloadError, KeyError, TypeError):
            return None
    parent = next((address_of(thing) for thing in above if str(thing.get("id")) == str(status.get("in_reply_to_id"))), "")
    if not parent:
        return None
    root = address_of(above[0]) or parent
    return _context_page(response, site, number, uri, root), Place(parent, root)


def _context_page(response: Response, site: Site, number: str, uri: str, root: str) -> Page:
    return response.page(SOURCE, site.name, context={"addresses": json.dumps({number: uri}), "root": root})


def _look_again(instance: Instance, site: Site, walk: _Walk, posts: Mapping[str, _Seen]) -> Iterator[Page]:
    """These posts as they are now; one that is not there any more is forgotten."""
    for uri, post in posts.items():
        page = _one(instance, site, uri, post.number, {post.number: [post.parent, post.root]} if post.parent else {})
        if page.status in NOT_THERE:
            walk.recent.pop(uri, None)
        yield page


def _one(instance: Instance, site: Site, uri: str, number: str, places: Mapping[str, list[str]]) -> Page:
    context = {"asked": uri} | ({"places": json.dumps(places)} if places else {})
    return instance.status(number).page(SOURCE, site.name, context=context)
