"""Reddit: the newest posts of a subreddit with their comments, through PRAW.

A walk reads r/NAME/new from the newest post back into what it already knows (Reddit shows about the last 1,000 and no more), then the
comments of every post that is new or has more of them than before, then asks what became of posts that are no longer shown: that is how
edits and deletions are noticed.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from scrapers.reddit.api import Api
from scrapers.reddit.things import body_json, gone, is_blanked, is_escaped, record, things
from thresher.errors import PayloadError, UsageError
from thresher.model import Dead, Json, Page, Record
from thresher.net.client import Client, PageGuard

SOURCE = "reddit"
MAX_FILE_BYTES = 50 * 2**20
VANISHED_SHARE = 0.2
"""When more than this share of what was asked for is missing from one answer, the answer is not believed."""
VANISHED_FEW = 3


class Site(BaseModel):
    """One subreddit."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str = Field(pattern=r"^[A-Za-z0-9_]{2,21}$")
    reddit_url: str = "https://www.reddit.com"
    oauth_url: str = "https://oauth.reddit.com"
    comments: bool = True
    more: int = Field(8, ge=0, le=64)
    """Further requests for the collapsed comments of one post."""
    known: int = Field(300, ge=100, le=1000)
    """How many of the newest posts are remembered and looked at again."""
    known_comments: int = Field(1000, ge=0, le=5000)
    """How many of the newest comments are looked at again at each visit, a hundred in one request."""
    overlap_h: float = Field(2.0, ge=0)
    """How far a walk reads back beyond the newest post of the walk before: posts may appear late."""


@dataclass
class _Walk:
    """Where a site stands. ``known`` maps the newest posts, newest first, to how many comments each had; ``pending`` are posts whose
    comments are still to be fetched; ``comments`` are the newest comments; ``gap`` is the time that the listing no longer reached, in
    seconds since 1970."""

    watermark: float = 0.0
    known: dict[str, int] = field(default_factory=dict)
    pending: dict[str, None] = field(default_factory=dict)
    comments: dict[str, None] = field(default_factory=dict)
    gap: dict[str, float] | None = None

    @classmethod
    def at(cls, cursor: Mapping[str, Json] | None) -> _Walk:
        cursor = cursor or {}
        pending, comments = (dict.fromkeys(cursor.get(key, [])) for key in ("pending", "comments"))
        return cls(float(cursor.get("watermark", 0.0)), dict(cursor.get("known", {})), pending, comments)

    def cursor(self) -> dict[str, Json]:
        held: dict[str, Json] = {"watermark": self.watermark, "known": dict(self.known)}
        held |= {"pending": list(self.pending), "comments": list(self.comments)}
        return held | ({"gap": self.gap} if self.gap else {})


def fetch(client: Client, site: Site, *, since: Mapping[str, Any] | None) -> Iterator[Page]:
    """New posts, their comments, and what became of older posts. A run that is cut short goes on with the comments that it had not fetched.

    Raises SettingsError without credentials, HttpStatusError for a subreddit that is private or gone.
    """
    api = Api(client, source=SOURCE, site=site.name, reddit_url=site.reddit_url, oauth_url=site.oauth_url)
    walk = _Walk.at(since)
    hidden = yield from _newest(api, client, site, walk)
    yield from _look_again(api, walk, [*hidden, *(walk.comments if site.comments else ())])
    while site.comments and walk.pending:
        thread = next(iter(walk.pending))
        *pages, last = api.thread(thread, more=site.more)
        yield from pages
        del walk.pending[thread]
        walk.comments = _newest_of(
            {name: None for page in [*pages, last] for name in _comments_of(page)} | walk.comments, site.known_comments
        )
        yield replace(last, cursor=walk.cursor())


def recheck(client: Client, site: Site, native_ids: Iterable[str]) -> Iterator[Page]:
    """What posts and comments are now, by fullname: ``parse`` gives their edits, deletions and removals, and ``gone`` for those that
    Reddit no longer has."""
    api = Api(client, source=SOURCE, site=site.name, reddit_url=site.reddit_url, oauth_url=site.oauth_url)
    for names in _chunks(list(native_ids), 100):
        yield api.info(names)


def _newest(api: Api, client: Client, site: Site, walk: _Walk) -> Generator[Page, None, list[str]]:
    """The listing back into known ground. Advances the walk, and returns the known posts that the listing no longer shows."""
    before, seen, after = _Walk(walk.watermark, walk.known), dict[str, int](), None
    oldest, newest = float("inf"), walk.watermark
    guard = PageGuard(client.pace.max_pages)
    while True:
        page = api.new(after=after)
        posts, after = _posts_of(page)
        if not posts and not seen and before.known:
            raise PayloadError(f"r/{site.name}/new is empty although {len(before.known)} posts of it are known", reason="empty_listing")
        seen |= {name: comments for name, comments, _ in posts}
        oldest = min([oldest, *(created for _, _, created in posts)])
        newest = max([newest, *(min(created, page.fetched_at.timestamp()) for _, _, created in posts)])
        known = all(name in before.known and created < before.watermark - site.overlap_h * 3600 for name, _, created in posts)
        if after is None or (known and posts):
            break
        guard.check(cursor=after, body_sha256=page.sha256, empty=not posts)
        yield page
    if before.known and oldest > before.watermark and not any(name in before.known for name in seen):
        walk.gap = {"from": before.watermark, "to": oldest}
        page = replace(page, context={**page.context, "gap": json.dumps(walk.gap)})
    walk.watermark = newest
    walk.pending = dict.fromkeys([name for name, comments in seen.items() if comments != before.known.get(name, 0)]) | walk.pending
    walk.known = dict(list((seen if walk.gap else seen | before.known).items())[: site.known])
    yield replace(page, cursor=walk.cursor())
    return [name for name in before.known if name not in seen]


def _look_again(api: Api, walk: _Walk, names: list[str]) -> Iterator[Page]:
    """Comments, and posts that the listing no longer shows: edited, deleted, removed, or with more comments than before."""
    for chunk in _chunks(names, 100):
        page = api.info(chunk)
        for name, comments, _ in _posts_of(page)[0]:
            if name in walk.known and comments != walk.known[name]:
                walk.pending[name], walk.known[name] = None, comments
        there = set(_comments_of(page))
        walk.comments = {name: None for name in walk.comments if name not in chunk or name in there}
        yield replace(page, cursor=walk.cursor())


def _comments_of(page: Page) -> list[str]:
    """The comments of an answer that are still there; none where the answer cannot be read (``parse`` says so)."""
    try:
        found = [thing[1] for thing in things(body_json(page)) if not isinstance(thing, Dead) and thing[0] == "t1"]
    except PayloadError:
        return []
    return [data["name"] for data in found if isinstance(data.get("name"), str) and not is_blanked(data)]


def _newest_of(names: dict[str, None], most: int) -> dict[str, None]:
    """Ids of comments count up with time, in base 36."""
    return dict.fromkeys(sorted(names, key=lambda name: (len(name), name), reverse=True)[:most])


def _posts_of(page: Page) -> tuple[list[tuple[str, int, float]], str | None]:
    """Of a listing: each post's fullname, number of comments and time, and the fullname after which the next page begins."""
    body = body_json(page)
    posts = []
    for thing in things(body):
        if not isinstance(thing, Dead) and thing[0] == "t3":
            name, comments, created = (thing[1].get(key) for key in ("name", "num_comments", "created_utc"))
            if isinstance(name, str) and isinstance(created, int | float):
                posts.append((name, comments if isinstance(comments, int) else 0, float(created)))
    after = body.get("data", {}).get("after") if isinstance(body, dict) else None
    return posts, after if isinstance(after, str) and after else None


def _chunks(names: list[str], size: int) -> Iterator[list[str]]:
    return (names[start : start + size] for start in range(0, len(names), size))


def read(path: Path, site: Site) -> Iterator[Page]:
    """Answers of the API kept in JSON files (one answer a file), or recordings with ``interactions`` as betamax and VCR write them. Token
    answers are skipped."""
    files = sorted(path.rglob("*.json")) if path.is_dir() else [path]
    if not files:
        raise UsageError(f"{path} holds no .json file")
    for file in files:
        if file.stat().st_size > MAX_FILE_BYTES:
            raise PayloadError(f"{file} is larger than {MAX_FILE_BYTES} bytes; one answer of the API never is", reason="too_large")
        body, when = file.read_bytes(), datetime.fromtimestamp(file.stat().st_mtime, UTC)
        try:
            recorded = json.loads(body).get("interactions")
        except (ValueError, AttributeError, RecursionError):
            recorded = None
        if isinstance(recorded, list):
            yield from (page for one in recorded if (page := _recorded(one, site, when)) is not None)
        else:
            yield Page(SOURCE, site.name, file.absolute().as_uri(), 200, {}, body, when, context={"listing": "file"})


def _recorded(interaction: Mapping[str, Any], site: Site, when: datetime) -> Page | None:
    """One request and its answer out of a recording."""
    url, answer = interaction["request"]["uri"], interaction["response"]
    if "/access_token" in url:
        return None
    status = answer["status"]["code"] if isinstance(answer["status"], dict) else answer["status"]
    headers = {name.lower(): value[0] if isinstance(value, list) and value else str(value) for name, value in answer["headers"].items()}
    body = answer["body"]
    if isinstance(body, dict) and "base64_string" in body:
        raw = base64.b64decode(body["base64_string"])
        raw = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    else:
        raw = (body["string"] if isinstance(body, dict) else body or "").encode("utf-8", "surrogatepass")
    kept = {name: headers[name] for name in ("content-type", "date") if name in headers}
    return Page(SOURCE, site.name, url, status, kept, raw, when, context={"listing": "recording"})


def parse(page: Page) -> Iterator[Record | Dead]:
    """Posts and comments of one answer. A gap in the listing is a Dead, so that it is counted and seen."""
    body = body_json(page)
    escaped = is_escaped(page, body)
    answered = set()
    for thing in things(body):
        found = thing if isinstance(thing, Dead) else record(page, thing, escaped=escaped)
        if found is not None:
            answered.add(found.native_id)
            yield found
    if "gap" in page.context:
        span = json.loads(page.context["gap"])
        times = " to ".join(datetime.fromtimestamp(span[end], UTC).isoformat() for end in ("from", "to"))
        yield Dead("listing_gap", f"the listing ended before it reached what was known; posts from {times} were never shown")
    asked = [name for name in page.context.get("asked", "").split(",") if name]
    yield from _vanished(page, asked, [name for name in asked if name not in answered])


def _vanished(page: Page, asked: list[str], missing: list[str]) -> Iterator[Record | Dead]:
    if len(missing) > max(VANISHED_FEW, VANISHED_SHARE * len(asked)):
        yield Dead("mass_disappearance", f"{len(missing)} of {len(asked)} things are missing from one answer; none is taken as gone")
    else:
        yield from (gone(page, name) for name in missing)
