"""The brake stands where deletions are landed: whatever the source, and however it tells of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from flows.line.brake import holds, settle_site
from flows.line.landing import land_pages
from flows.line.opening import open_run
from flows.line.workspace import Workspace
from scrapers import base
from scrapers.settings import Expect
from store.vanishing import Vanishing
from thresher.model import Page

CONFIG = Path(__file__).resolve().parents[3] / "config"
COUNT = 30


def reddit(texts: list[str], **context: str) -> Page:
    children = [
        {"kind": "t3", "data": {"name": f"t3_{n}", "title": f"Title {n}", "selftext": text, "author": "ada", "created_utc": 1.7e9 + n}}
        for n, text in enumerate(texts)
    ]
    body = {"kind": "Listing", "data": {"children": children}}
    return page("reddit", "https://oauth.reddit.com/api/info?raw_json=1", body, context)


def stackexchange(ids: list[int], **context: str) -> Page:
    items = [{"question_id": n, "title": f"Title {n}", "body": f"<p>Question {n}</p>", "creation_date": 1700000000} for n in ids]
    return page("stackexchange", "https://api.stackexchange.com/2.3/questions", {"items": items}, context)


def hackernews(texts: list[str]) -> Page:
    hits = [
        {"objectID": str(n), "_tags": ["comment"], "author": "ada", "created_at_i": 1700000000, "story_id": 1, "comment_text": text}
        for n, text in enumerate(texts, 2)
    ]
    return page("hackernews", "https://hn.algolia.com/api/v1/search_by_date", {"hits": hits}, {})


def lemmy(count: int, removed: int = 0) -> Page:
    def view(n: int) -> dict[str, Any]:
        post = {"ap_id": f"https://plum.example/post/{n}", "name": f"Title {n}", "body": f"Text {n}", "removed": n < removed}
        return {"post": post, "creator": {"id": 1}}

    return page("lemmy", "https://plum.example/api/v3/post/list", {"posts": [view(n) for n in range(count)]}, {})


def github(numbers: list[int], **context: str) -> Page:
    issues = [{"number": n, "title": f"Title {n}", "body": f"Text {n}", "user": None} for n in numbers]
    return page("github_issues", "https://api.github.com/repos/plum/agent/issues", issues, {"repository": "plum/agent", **context})


def bluesky(numbers: range, **context: str) -> Page:
    def post(n: int) -> dict[str, Any]:
        return {"uri": f"at://did:plc:ada/app.bsky.feed.post/{n}", "author": {"did": "did:plc:ada"}, "record": {"text": f"Text {n}"}}

    return page("bluesky", "https://bsky.social/xrpc/app.bsky.feed.getPosts", {"posts": [post(n) for n in numbers]}, context)


def mastodon(refusing: int) -> Page:
    def status(n: int) -> dict[str, Any]:
        account = {"url": "https://plum.example/@ada", "noindex": n < refusing}
        return {"id": str(n), "uri": f"https://plum.example/users/ada/statuses/{n}", "content": f"<p>Text {n}</p>", "account": account}

    return page("mastodon", "https://plum.example/api/v1/timelines/tag/plum", [status(n) for n in range(COUNT)], {})


def x(numbers: range, **context: str) -> Page:
    body = {"data": [{"id": str(n), "text": f"Text {n}", "author_id": "1"} for n in numbers]} if numbers else {"errors": [{}]}
    return page("x", "https://api.x.com/2/tweets", body, context)


def page(source: str, url: str, body: Any, context: dict[str, str]) -> Page:
    return Page(source, "place", url, 200, {}, json.dumps(body).encode(), datetime.now(UTC), context, cursor={"at": hash(json.dumps(body))})


FIRST = {
    "reddit": lambda: reddit([f"Text {n}" for n in range(COUNT)]),
    "stackexchange": lambda: stackexchange(list(range(1, COUNT + 1))),
    "hackernews": lambda: hackernews([f"Text {n}" for n in range(COUNT)]),
    "lemmy": lambda: lemmy(COUNT),
    "github_issues": lambda: github(list(range(1, COUNT + 1))),
    "bluesky": lambda: bluesky(range(COUNT)),
    "mastodon": lambda: mastodon(0),
    "x": lambda: x(range(COUNT)),
}
THEN: dict[str, Callable[[int], Page]] = {
    "reddit, [removed]": lambda n: reddit(["[removed]"] * n + [f"Text {i}" for i in range(n, COUNT)]),
    "reddit, [deleted]": lambda n: reddit(["[deleted]"] * n),
    "reddit, not answered": lambda n: reddit([], asked=",".join(f"t3_{i}" for i in range(n))),
    "hackernews, [flagged]": lambda n: hackernews(["[flagged]"] * n + [f"Text {i}" for i in range(n, COUNT)]),
    "lemmy, removed": lambda n: lemmy(COUNT, removed=n),
    "github_issues, not answered": lambda n: github([], asked=";".join(str(i) for i in range(1, n + 1))),
    "bluesky, not answered": lambda n: bluesky(range(0), asked=" ".join(f"at://did:plc:ada/app.bsky.feed.post/{i}" for i in range(n))),
    "mastodon, noindex": mastodon,
    "x, not answered": lambda n: x(range(0), asked=json.dumps({str(i): str(i) for i in range(n)})),
    "stackexchange, not answered": lambda n: stackexchange([], asked=";".join(str(i) for i in range(1, n + 1))),
}


@pytest.fixture
def work(tmp_path: Path) -> Workspace:
    return Workspace.open(tmp_path, CONFIG)


def night(work: Workspace, source: str, pages: Iterator[Page]) -> str:
    with open_run(work, "test") as run:
        assert land_pages(run, base.load(source), pages).error is None
        return settle_site(run, source, "place", Expect())


@pytest.mark.parametrize("told", THEN)
@pytest.mark.parametrize(("vanished", "left"), [(COUNT, COUNT), (11, COUNT), (10, COUNT - 10)])
def test_every_source_stops_at_the_same_brake(work: Workspace, told: str, vanished: int, left: int) -> None:
    source = told.partition(",")[0]
    assert night(work, source, iter([FIRST[source]()])) == ""
    with work.database.reader() as con:
        cursor = con.execute("SELECT value FROM cursors").fetchall()
    alarm = night(work, source, iter([THEN[told](vanished)]))
    assert bool(alarm) == (left == COUNT), alarm
    with work.database.reader() as con:
        live = con.execute("SELECT count(*) FROM records WHERE is_latest AND status IN ('live', 'edited') AND text <> ''").fetchall()
        assert live == [(left,)]
        assert (con.execute("SELECT value FROM cursors").fetchall() == cursor) == bool(alarm)


@pytest.mark.parametrize(
    ("seen", "held"),
    [
        (Vanishing(10, 10, 12, 2), False),
        (Vanishing(12, 12, 12, 0), True),
        (Vanishing(2, 2, 2, 0), False),
        (Vanishing(3, 3, 3, 0), True),
        (Vanishing(200, 200, 1000, 800), False),
        (Vanishing(201, 201, 1000, 799), True),
        (Vanishing(60, 60, 10_000, 5), True),
        (Vanishing(60, 60, 10_000, 200), False),
    ],
)
def test_the_brake_looks_at_the_share_of_the_site_and_of_what_the_visit_saw(seen: Vanishing, held: bool) -> None:
    assert holds(seen, 0.2) is held
    assert not holds(seen, 1.0)
