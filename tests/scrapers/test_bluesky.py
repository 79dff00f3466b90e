"""Bluesky: what posts and threads give, and how it is searched, followed and looked at again."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from sample.faults import BodyFault, Charset, Visit, parsed, visit
from scrapers import bluesky
from scrapers.bluesky.api import HANDLE_VARIABLE, PASSWORD_VARIABLE
from scrapers.common.page import from_iso
from scrapers.common.queries import Query
from thresher.errors import HttpStatusError, PayloadError, SettingsError
from thresher.model import Page, Quote, Record, Unread
from thresher.net.client import Client

FIXTURES = Path(__file__).parents[1] / "fixtures" / "bluesky"
REALDATA = Path(os.environ.get("THRESHER_REALDATA", "/nowhere")) / "bluesky"
SITE = bluesky.Site(name="bluesky")
ASKED = Query(words='"asked chatgpt" wrong', language="en", why="made up for a test")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(HANDLE_VARIABLE, raising=False)
    monkeypatch.delenv(PASSWORD_VARIABLE, raising=False)


@pytest.fixture
def page() -> Page:
    (page,) = bluesky.read(FIXTURES / "search.json", SITE)
    return page


@pytest.fixture
def thread() -> Page:
    (page,) = bluesky.read(FIXTURES / "thread.json", SITE)
    return page


def uri(author: str, key: str) -> str:
    return f"at://did:plc:{author}/app.bsky.feed.post/{key}"


def answer(body: Any, **context: str) -> Page:
    return Page("bluesky", "bluesky", "https://example.org/xrpc/x", 200, {}, json.dumps(body).encode(), NOW, context)


def post(text: str = "ChatGPT is wrong", **more: Any) -> dict[str, Any]:
    return {"uri": uri("mo", "1"), "author": {"did": "did:plc:mo"}, "record": {"text": text, **more}, "indexedAt": "2026-03-01T12:00:00Z"}


# What a page gives


def test_a_post_says_what_it_answers_and_its_links_and_names_are_written_out(page: Page) -> None:
    record = parsed(bluesky, page).records[uri("mo", "3aaa")]
    assert (record.role, record.thread_id, record.parent_id) == ("comment", uri("lena", "3root"), uri("kim", "3parent"))
    assert (record.author_key, record.url) == ("did:plc:mo", "https://bsky.app/profile/did:plc:mo/post/3aaa")
    assert record.text == (
        'Größe? I asked ChatGPT, @someone: "How many rivers flow through Würzburg?" It said: "Seven." It is one. '
        "https://example.org/rivers/of-wuerzburg #fail"
    )
    assert (record.marks["links"], record.marks["tags"]) == (["https://example.org/rivers/of-wuerzburg"], ["fail"])
    assert (record.export_class, record.created_at) == ("id_only", datetime(2026, 3, 1, 12, tzinfo=UTC))


def test_a_quoted_post_is_somebody_elses_words(page: Page) -> None:
    record = parsed(bluesky, page).records[uri("lou", "3bbb")]
    assert record.text == "Mine says so, too.\n\n> Claude told me that 91 is prime.\n> It is 7 times 13."
    assert record.quotes == (Quote("Claude told me that 91 is prime.\nIt is 7 times 13.", of=uri("kim", "3quoted")),)


def test_pictures_say_what_their_authors_wrote_beside_them(page: Page) -> None:
    records = parsed(bluesky, page).records
    picture, card = records[uri("ann", "3ccc")], records[uri("newsbot", "3fff")]
    assert picture.text == "Gemini and its calendar\n\n[image: I ask which month comes after May. It says July.]\n[image]"
    assert picture.marks["images"] == 2
    assert (card.text, card.marks["links"]) == ("Asked Claude for a sum, wrong again", ["https://example.org/story"])
    assert card.marks["post_type"] == "bot"


@pytest.mark.parametrize("key", ["shy/3ddd", "bad/3eee"])
def test_what_is_not_for_everybody_or_was_taken_down_leaves_nothing(page: Page, key: str) -> None:
    record = parsed(bluesky, page).records[uri(*key.split("/"))]
    assert (record.status, record.text, record.author_key, record.created_at, record.export_class) == ("removed", "", None, None, "none")


def test_a_label_that_was_taken_back_or_is_over_withholds_nothing_and_a_quoted_one_does() -> None:
    over = {"val": "!hide", "exp": "2026-02-01T00:00:00Z"}
    back = {"val": "!takedown", "neg": True}
    (record,) = parsed(bluesky, answer({"posts": [{**post(), "labels": [over, back]}]})).records.values()
    assert record.text == "ChatGPT is wrong"
    shy = {"did": "did:plc:shy", "labels": [{"val": "!no-unauthenticated"}]}
    embed = {"record": {"uri": uri("shy", "2"), "author": shy, "value": {"text": "secret"}}}
    (record,) = parsed(bluesky, answer({"posts": [{**post(), "embed": embed}]})).records.values()
    assert (record.text, record.quotes) == ("ChatGPT is wrong", ())


def test_a_thread_gives_all_its_posts_and_says_which_are_gone_or_blocked(thread: Page) -> None:
    visited = parsed(bluesky, thread)
    assert {i.rpartition("/")[2]: r.status for i, r in visited.records.items()} == {"3parent": "gone", "3aaa": "live", "3reply": "live"}
    assert [(letter.reason, letter.native_id) for letter in visited.dead] == [("blocked", uri("eve", "3blocked"))]


def test_a_post_is_the_same_record_through_a_search_a_feed_and_a_thread(page: Page, thread: Page) -> None:
    first = json.loads(page.body)["posts"][0]
    of_search, of_thread = (parsed(bluesky, p).records[uri("mo", "3aaa")] for p in (page, thread))
    of_feed = parsed(bluesky, answer({"feed": [{"post": first, "reason": {"$type": "app.bsky.feed.defs#reasonPin"}}]}))
    assert of_search == of_thread == of_feed.records[uri("mo", "3aaa")]


def test_reposts_are_not_posts(page: Page) -> None:
    first = json.loads(page.body)["posts"][0]
    repost = {"post": first, "reason": {"$type": "app.bsky.feed.defs#reasonRepost", "by": {}}}
    assert not parsed(bluesky, answer({"feed": [repost]})).records


def test_the_moment_of_a_post_is_not_later_than_it_was_seen() -> None:
    (record,) = parsed(bluesky, answer({"posts": [post(createdAt="2031-01-01T00:00:00Z")]})).records.values()
    assert record.created_at == datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        (5, 21, "\U0001f600 https://example.org/a-long-way ok"),
        (5, 400, "\U0001f600 example.org/a... ok"),  # outside of it
        (21, 5, "\U0001f600 example.org/a... ok"),
        (-3, 9, "\U0001f600 example.org/a... ok"),
    ],
)
def test_places_of_links_are_bytes_and_impossible_ones_are_left_out(start: int, end: int, text: str) -> None:
    link = {"$type": "app.bsky.richtext.facet#link", "uri": "https://example.org/a-long-way"}
    facets = [{"index": {"byteStart": start, "byteEnd": end}, "features": [link]}]
    (record,) = parsed(bluesky, answer({"posts": [post("\U0001f600 example.org/a... ok", facets=facets)]})).records.values()
    assert record.text == text


def test_places_in_posts_of_2023_are_units_of_utf16() -> None:
    entities = [{"index": {"start": 3, "end": 16}, "type": "link", "value": "https://example.org/a-long-way"}]
    (record,) = parsed(bluesky, answer({"posts": [post("\U0001f600 example.org/a ok", entities=entities)]})).records.values()
    assert record.text == "\U0001f600 https://example.org/a-long-way ok"


def test_fields_that_nobody_knows_are_told(page: Page) -> None:
    assert parsed(bluesky, page).unread == []
    assert parsed(bluesky, answer({"posts": [{**post(mood="sad"), "tone": 1}]})).unread == [Unread({"post.tone": 1, "record.mood": 1})]


@pytest.mark.parametrize("body", [[1], {"error": "NotFound", "message": "gone"}, 17, {"posts": None}, {"thread": "x"}])
def test_what_holds_no_posts_is_a_dead_letter(body: Any) -> None:
    with pytest.raises(PayloadError, match="no posts in it"):
        list(bluesky.parse(answer(body)))


def test_whatever_an_answer_holds_gives_records_or_says_why_not(body_fault: BodyFault, page: Page, thread: Page) -> None:
    body_fault.check(bluesky, page)
    body_fault.check(bluesky, thread)


def test_letters_are_those_that_were_written(charset: Charset) -> None:
    charset.check(bluesky, answer({"posts": [post("I asked it")]}))


def recordings() -> Iterable[Page]:
    """The recorded answers, of which most hold no posts."""
    for file in sorted((REALDATA / "bskyr_vcr").glob("*.yml")):
        for exchange in yaml.safe_load(file.read_text(encoding="utf-8"))["http_interactions"]:
            body = exchange["response"]["body"].get("string") or ""
            yield replace(answer(None), body=body.encode(), url=exchange["request"]["uri"])
    yield replace(answer(None), body=(REALDATA / "recorded_2026" / "bluesky_search.json").read_bytes())


@pytest.mark.skipif(not REALDATA.is_dir(), reason="THRESHER_REALDATA does not name the recorded payloads")
def test_every_recorded_post_is_a_record_and_every_field_is_known() -> None:
    pages, records, shown = 0, 0, 0
    for page in recordings():
        try:
            visited = parsed(bluesky, page)
            posts = json.loads(page.body)
        except ValueError:
            continue
        if not visited.records:
            continue
        pages += 1
        entries = posts.get("posts") or [entry["post"] for entry in posts["feed"] if not entry.get("reason")]
        shown += len(entries)
        records += len(visited.records)
        assert (visited.dead, visited.unread) == ([], [])
        for entry in entries:
            record = visited.records[entry["uri"]]
            bare = not record.text and not entry["record"]["text"]
            assert bare or record.status == "removed" or record.text[:5] == entry["record"]["text"].strip()[:5] or "@" in record.text[:8]
    assert (pages, records) == (6, shown)


# How it is walked


class FakeSite:
    """The API. ``posts`` by address, newest last; those in ``gone`` are not there any more."""

    listing = "/xrpc/app.bsky.feed.searchPosts"

    def __init__(self) -> None:
        self.posts: dict[str, dict[str, Any]] = {}
        self.gone: set[str] = set()
        self.asked: list[tuple[str, Mapping[str, str], str]] = []
        self.sessions: list[Any] = []
        self.password = ""
        self.expires_after = 10**6
        self.scroll = 10**6

    def fill(self, pages: int) -> None:
        """Four posts in each second."""
        for number in range(100 * pages - (50 if pages else 0)):
            self.post(number, NOW + timedelta(seconds=number // 4))

    def post(self, number: int, moment: datetime, parent: int | None = None, replies: int = 0) -> str:
        at = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        record: dict[str, Any] = {"$type": "app.bsky.feed.post", "text": f"post {number}", "createdAt": at}
        if parent is not None:
            record["reply"] = {"root": {"uri": uri("mo", str(parent))}, "parent": {"uri": uri("mo", str(parent))}}
        address = uri("mo", str(number))
        self.posts[address] = {
            "uri": address, "author": {"did": "did:plc:mo"}, "record": record, "indexedAt": at, "replyCount": replies,
        }  # fmt: skip
        return address

    def entries(self, body: Any) -> list[Any]:
        entries: list[Any] = body["posts"]
        return entries

    def answer(self, request: Request) -> Response:
        if request.path.endswith("createSession"):
            self.sessions.append(request.get_json())
            right = request.get_json()["password"] == self.password
            body: Any = (
                {"accessJwt": f"token-{len(self.sessions):06d}", "did": "did:plc:x"} if right else {"error": "AuthenticationRequired"}
            )
            return self._json(body, 200 if right else 401)
        self.asked.append((request.path, dict(request.args), request.headers.get("Authorization", "")))
        if self.password and not request.headers.get("Authorization"):
            return Response("<html>Forbidden</html>", 403, content_type="text/html")
        if len(self.asked) > self.expires_after and len(self.sessions) == 1:
            return self._json({"error": "ExpiredToken", "message": "Token has expired"}, 400)
        method = request.path.rpartition(".")[2]
        return {"searchPosts": self._search, "getPostThread": self._thread, "getPosts": self._posts}[method](request)

    @staticmethod
    def _json(body: Any, status: int = 200) -> Response:
        return Response(json.dumps(body), status, content_type="application/json")

    def _search(self, request: Request) -> Response:
        since, until = (from_iso(request.args.get(name)) for name in ("since", "until"))
        there = [p for p in self.posts.values() if p["uri"] not in self.gone]
        moments = [(from_iso(p["indexedAt"]) or NOW, p) for p in there]
        hits = [(m, p) for m, p in moments if (since is None or m >= since) and (until is None or m < until)]
        hits = sorted(hits, key=lambda hit: (hit[0], hit[1]["uri"]), reverse=True)
        shown = [p for _, p in hits[: int(request.args["limit"])]]
        return self._json({"posts": shown} | ({"cursor": "next"} if len(hits) > len(shown) and len(shown) < self.scroll else {}))

    def _thread(self, request: Request) -> Response:
        asked = request.args["uri"]
        if asked in self.gone or asked not in self.posts:
            return self._json({"error": "NotFound", "message": f"Post not found: {asked}"}, 400)
        kind = "app.bsky.feed.defs#threadViewPost"
        below = [p for p in self.posts.values() if (p["record"].get("reply") or {}).get("parent", {}).get("uri") == asked]
        node: dict[str, Any] = {"$type": kind, "post": self.posts[asked], "replies": [{"$type": kind, "post": p} for p in below]}
        reply = self.posts[asked]["record"].get("reply")
        if reply:
            node["parent"] = {"$type": kind, "post": self.posts[reply["parent"]["uri"]]}
        return self._json({"thread": node})

    def _posts(self, request: Request) -> Response:
        uris = request.args.getlist("uris")
        assert len(uris) <= 25
        return self._json({"posts": [self.posts[u] for u in uris if u in self.posts and u not in self.gone]})

    def searches(self) -> list[Mapping[str, str]]:
        return [args for path, args, _ in self.asked if path == self.listing]


@pytest.fixture
def site(httpserver: HTTPServer) -> bluesky.Site:
    url = httpserver.url_for("").rstrip("/")
    return bluesky.Site(name="bluesky", login_url=url, public_url=url, queries=(ASKED,), days=3650)


@pytest.fixture
def fake(httpserver: HTTPServer) -> FakeSite:
    fake = FakeSite()
    httpserver.expect_request(re.compile("/.*")).respond_with_handler(fake.answer)
    return fake


OpenClient = Callable[..., Client]


def test_whatever_goes_wrong_is_withstood_or_told(
    endure: Callable[..., Visit], site: bluesky.Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HANDLE_VARIABLE, "mo.example.org")
    monkeypatch.setenv(PASSWORD_VARIABLE, "abcd-efgh-ijkl")
    fake = FakeSite()
    fake.password = "abcd-efgh-ijkl"
    endure(bluesky, fake, site, not_here={})


@pytest.mark.parametrize("scroll", [10**6, 0])
def test_a_query_may_have_more_hits_than_its_cursors_reach(
    open_client: OpenClient, fake: FakeSite, site: bluesky.Site, scroll: int
) -> None:
    fake.fill(4)
    fake.scroll = scroll
    for number in range(5000, 5150):  # more in one moment than an answer holds: the rest of it is lost, the walk goes on
        fake.post(number, NOW + timedelta(hours=1))
    visited = visit(bluesky, open_client("bluesky"), site)
    assert visited.error is None
    assert {uri("mo", str(number)) for number in range(350)} <= set(visited.records)


def test_a_first_visit_looks_back_some_days_only(open_client: OpenClient, fake: FakeSite, site: bluesky.Site) -> None:
    fake.fill(5)
    visit(bluesky, open_client("bluesky"), site.model_copy(update={"days": 1}))
    assert len(fake.searches()) == 1


def test_a_hit_that_answers_or_is_answered_brings_its_thread(open_client: OpenClient, fake: FakeSite, site: bluesky.Site) -> None:
    root, hit, reply = fake.post(1, NOW, replies=1), fake.post(2, NOW, parent=1, replies=1), fake.post(3, NOW, parent=2)
    alone = fake.post(4, NOW)
    visited = visit(bluesky, open_client("bluesky"), site)
    assert set(visited.records) == {root, hit, reply, alone}
    assert [args["uri"] for path, args, _ in fake.asked if "Thread" in path].count(alone) == 0


def test_a_visit_that_is_cut_short_goes_on_with_the_threads_it_had_not_asked_for(
    open_client: OpenClient, fake: FakeSite, site: bluesky.Site
) -> None:
    fake.post(1, NOW, replies=2)
    fake.post(2, NOW, parent=1)
    fake.post(3, NOW, parent=1)
    pages = bluesky.fetch(open_client("bluesky"), site, since=None)
    cursor = [next(pages).cursor for _ in range(2)][-1]
    assert cursor is not None
    asked = [args["uri"] for path, args, _ in fake.asked if "Thread" in path]
    fake.asked.clear()
    visit(bluesky, open_client("bluesky"), site, since=cursor)
    later = [args["uri"] for path, args, _ in fake.asked if "Thread" in path]
    assert sorted(asked + later) == sorted(fake.posts)


def test_what_was_deleted_is_seen_at_the_next_visit(open_client: OpenClient, fake: FakeSite, site: bluesky.Site) -> None:
    addresses = [fake.post(number, NOW - timedelta(days=number)) for number in range(30)]
    first = visit(bluesky, open_client("bluesky"), site)
    fake.gone = {addresses[20], addresses[29]}
    second = visit(bluesky, open_client("bluesky"), site, since=first.cursor)
    assert {i for i, r in second.records.items() if r.status == "gone"} == fake.gone
    assert second.cursor is not None
    assert set(second.cursor["recent"]) == set(addresses) - fake.gone
    rechecked = [
        r
        for p in bluesky.recheck(open_client("bluesky"), site, dict.fromkeys(addresses, ""))
        for r in bluesky.parse(p)
        if isinstance(r, Record)
    ]
    assert len(rechecked) == 30
    assert {r.native_id for r in rechecked if r.status == "gone"} == fake.gone


def test_an_outage_while_it_is_looked_again_deletes_and_forgets_nothing(
    open_client: OpenClient, fake: FakeSite, site: bluesky.Site
) -> None:
    addresses = {fake.post(number, NOW - timedelta(days=number)) for number in range(3)}
    first = visit(bluesky, open_client("bluesky"), site.model_copy(update={"overlap_h": 0.0}))
    fake._posts = lambda request: Response("<html>Just a moment</html>", content_type="text/html")  # type: ignore[method-assign]
    second = visit(bluesky, open_client("bluesky"), site.model_copy(update={"overlap_h": 0.0}), since=first.cursor)
    assert {r.status for r in second.records.values()} == {"live"}
    assert [letter.reason for letter in second.dead] == ["bad_json"]
    assert second.cursor is not None
    assert set(second.cursor["recent"]) == addresses


def test_a_thread_whose_post_went_away_meanwhile_says_so(open_client: OpenClient, fake: FakeSite, site: bluesky.Site) -> None:
    hit = fake.post(1, NOW, replies=1)
    search = fake._search

    def taken_away(request: Request) -> Response:
        answered = search(request)
        fake.gone = {hit}
        return answered

    fake._search = taken_away  # type: ignore[method-assign]
    assert visit(bluesky, open_client("bluesky"), site).records[hit].status == "gone"


def test_a_later_visit_asks_for_news_only(open_client: OpenClient, fake: FakeSite, site: bluesky.Site) -> None:
    fake.fill(2)
    newest = max(post["indexedAt"] for post in fake.posts.values())
    first = visit(bluesky, open_client("bluesky"), site)
    fake.asked.clear()
    second = visit(bluesky, open_client("bluesky"), site.model_copy(update={"overlap_h": 0.0, "known": 5}), since=first.cursor)
    assert [args.get("since") for args in fake.searches()] == [newest]
    assert second.cursor is not None
    assert len(second.cursor["recent"]) == 5


# The log-in


def test_the_search_is_asked_with_an_app_password_that_goes_nowhere_else(
    open_client: OpenClient, fake: FakeSite, site: bluesky.Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HANDLE_VARIABLE, "@mo.example.org")
    monkeypatch.setenv(PASSWORD_VARIABLE, "abcd-efgh-ijkl")
    fake.password = "abcd-efgh-ijkl"
    fake.fill(1)
    visited = visit(bluesky, open_client("bluesky"), site)
    assert (visited.error, len(visited.records)) == (None, 50)
    assert fake.sessions == [{"identifier": "mo.example.org", "password": "abcd-efgh-ijkl"}]
    assert {key for _, _, key in fake.asked} == {"Bearer token-000001"}
    assert not any(b"token-000001" in page.body or "createSession" in page.url for page in visited.pages)


def test_a_session_that_ends_is_opened_again(
    open_client: OpenClient, fake: FakeSite, site: bluesky.Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HANDLE_VARIABLE, "mo.example.org")
    monkeypatch.setenv(PASSWORD_VARIABLE, "abcd-efgh-ijkl")
    fake.password, fake.expires_after = "abcd-efgh-ijkl", 1
    fake.post(1, NOW, replies=1)
    visited = visit(bluesky, open_client("bluesky"), site)
    assert (visited.error, len(fake.sessions), visited.records[uri("mo", "1")].status) == (None, 2, "live")


@pytest.mark.parametrize(
    ("handle", "password", "said"),
    [("", "", "set THRESHER_BLUESKY_HANDLE"), ("mo.example.org", "wrong-wrong", "refuses the log-in"), ("", "abcd-efgh", "is empty")],
)
def test_without_a_log_in_one_line_says_how(
    open_client: OpenClient, fake: FakeSite, site: bluesky.Site, monkeypatch: pytest.MonkeyPatch, handle: str, password: str, said: str
) -> None:
    monkeypatch.setenv(HANDLE_VARIABLE, handle)
    monkeypatch.setenv(PASSWORD_VARIABLE, password)
    fake.password = "abcd-efgh-ijkl"
    error = visit(bluesky, open_client("bluesky"), site).error
    assert isinstance(error, SettingsError)
    assert not isinstance(error, HttpStatusError)
    assert said in str(error)
    assert "\n" not in str(error)


def test_without_queries_nothing_is_asked(open_client: OpenClient, site: bluesky.Site) -> None:
    with pytest.raises(SettingsError, match=r"queries\.toml"):
        next(bluesky.fetch(open_client("bluesky"), site.model_copy(update={"queries": ()}), since=None))
