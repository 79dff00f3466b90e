"""How a subreddit is walked: through PRAW, over the door, against a Reddit on a loopback port."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from sample import World
from sample.faults import BodyFault, Charset, Visit, visit
from scrapers import reddit
from thresher.errors import HttpStatusError, NetworkError, PaginationError, PayloadError, RateLimited, SettingsError, TransientError
from thresher.model import Dead, Page, Record
from thresher.net.client import Client
from thresher.net.settings import Network, Pace

NEWEST = 1762000000
CAP = 1000
"""So many posts a listing of Reddit shows."""


class FakeReddit:
    """One subreddit, ``modelwatch``: posts newest first, each ``(name, created, text, comments)``."""

    listing = "/r/modelwatch/new"

    def __init__(self, server: HTTPServer) -> None:
        self.posts: list[tuple[str, int, str]] = []
        self.comments: dict[str, list[tuple[str, str]]] = {}
        self.unlisted: set[str] = set()
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.agents: set[str] = set()
        self.override: Callable[[str], Response | None] = lambda path: None
        self.log_in: Callable[[int], Response | None] = lambda number: None
        self.log_ins = 0
        for method in ("GET", "POST"):
            server.expect_request(_Any(), method=method).respond_with_handler(self.answer)

    def fill(self, pages: int) -> None:
        self.posts = []
        self.add(100 * pages)

    def entries(self, body: Any) -> list[Any]:
        entries: list[Any] = body["data"]["children"]
        return entries

    def add(self, count: int, *, newest: int = NEWEST, step: int = 60, prefix: str = "a") -> None:
        self.posts = [(f"t3_{prefix}{count - n:05d}", newest - step * n, "A text.") for n in range(count)] + self.posts

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]

    def answer(self, request: Request) -> Response:
        self.agents.add(request.headers["User-Agent"])
        if request.path == "/api/v1/access_token":
            self.log_ins += 1
            return self.log_in(self.log_ins) or _json(
                {"access_token": "made-up-token", "token_type": "bearer", "expires_in": 86400, "scope": "*"}
            )
        assert request.headers["Authorization"] == "bearer made-up-token"
        self.asked.append((request.path, dict(request.args)))
        if (instead := self.override(request.path)) is not None:
            return instead
        if request.path == "/r/modelwatch/new":
            return _json(self._listing(request.args.get("after")))
        if request.path == "/api/info":
            wanted = set(request.args["id"].split(","))
            posts = [self._post(*post) for post in self.posts if post[0] in wanted]
            return _json(_listing([*posts, *(c for post in self.posts for c in self._tree(post[0]) if c["data"]["name"] in wanted)]))
        thread = "t3_" + request.path.split("/")[2]
        return _json([_listing([self._post(*post) for post in self.posts if post[0] == thread]), _listing(self._tree(thread))])

    def _listing(self, after: str | None) -> dict[str, Any]:
        shown = [post for post in self.posts if post[0] not in self.unlisted][:CAP]
        start = next((n + 1 for n, post in enumerate(shown) if post[0] == after), len(shown)) if after else 0
        some = shown[start : start + 100]
        return _listing([self._post(*post) for post in some], some[-1][0] if start + 100 < len(shown) else None)

    def _post(self, name: str, created: int, text: str) -> dict[str, Any]:
        data = {
            "name": name,
            "id": name[3:],
            "title": "A title",
            "selftext": text,
            "is_self": True,
            "author": "otter",
            "created_utc": float(created),
        }
        return {"kind": "t3", "data": {**data, "edited": False, "num_comments": len(self.comments.get(name, ()))}}

    def _tree(self, thread: str) -> list[dict[str, Any]]:
        return [
            {
                "kind": "t1",
                "data": {
                    "name": name,
                    "id": name[3:],
                    "body": body,
                    "link_id": thread,
                    "parent_id": thread,
                    "author": "heron",
                    "replies": "",
                },
            }
            for name, body in self.comments.get(thread, ())
        ]


class _Any(str):
    """A path that equals every path."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str)

    __hash__ = str.__hash__


def _json(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(json.dumps(value), status=status, content_type="application/json", headers=headers)


def _listing(children: list[Any], after: str | None = None) -> dict[str, Any]:
    return {"kind": "Listing", "data": {"children": children, "after": after}}


@pytest.fixture
def there(httpserver: HTTPServer) -> FakeReddit:
    return FakeReddit(httpserver)


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THRESHER_REDDIT_CLIENT_ID", "made-up-id")
    monkeypatch.setenv("THRESHER_REDDIT_CLIENT_SECRET", "made-up-secret")


@pytest.fixture
def client(open_client: Callable[..., Client]) -> Client:
    return open_client("reddit", tries=3)


@pytest.fixture
def site(httpserver: HTTPServer) -> reddit.Site:
    return reddit.Site(name="modelwatch", reddit_url=httpserver.url_for(""), oauth_url=httpserver.url_for(""))


NOT_HERE = {
    "empty": "a subreddit may be empty at first; for one that was not see test_an_empty_listing_of_a_known_subreddit_is_an_error",
    "wrong charset": "requests, which PRAW stands on, believes the charset that is declared; what comes of it is a PayloadError",
    "304": "PRAW sends no conditions, and takes a 304 for an answer without a body",
}


def test_whatever_goes_wrong_is_withstood_or_told(endure: Callable[..., Visit], there: FakeReddit, site: reddit.Site) -> None:
    endure(reddit, there, site, not_here=NOT_HERE)


def test_whatever_an_answer_holds_gives_records_or_says_why_not(
    body_fault: BodyFault, there: FakeReddit, client: Client, site: reddit.Site
) -> None:
    there.fill(1)
    there.comments = {there.posts[0][0]: [("t1_c1", "A comment."), ("t1_c2", "Another.")]}
    pages = list(reddit.fetch(client, site, since=None))
    for page in (pages[0], pages[-1]):
        body_fault.check(reddit, page)


def test_an_answer_in_any_charset_gives_its_text_or_is_named(
    charset: Charset, there: FakeReddit, client: Client, site: reddit.Site
) -> None:
    there.fill(1)
    charset.check(reddit, next(reddit.fetch(client, site, since=None)))


def walk(client: Client, site: reddit.Site, since: Any = None) -> tuple[list[Page], dict[str, Record], list[Dead], Any]:
    pages, found, dead, cursor = [], {}, [], since
    for page in reddit.fetch(client, site, since=since):
        pages.append(page)
        for result in reddit.parse(page):
            if isinstance(result, Dead):
                dead.append(result)
            elif isinstance(result, Record):
                found[result.native_id] = result
        cursor = page.cursor if page.cursor is not None else cursor
    return pages, found, dead, json.loads(json.dumps(cursor))


def test_missing_credentials_are_named(client: Client, site: reddit.Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("THRESHER_REDDIT_CLIENT_SECRET")
    with pytest.raises(
        SettingsError, match=r"THRESHER_REDDIT_CLIENT_ID and THRESHER_REDDIT_CLIENT_SECRET .* THRESHER_REDDIT_CLIENT_SECRET is missing"
    ):
        next(reddit.fetch(client, site, since=None))


def test_a_first_visit_brings_posts_and_their_comments(there: FakeReddit, client: Client, site: reddit.Site) -> None:
    there.add(230)
    there.comments = {"t3_a00229": [("t1_c1", "One."), ("t1_c2", "Two.")]}
    pages, found, dead, cursor = walk(client, site)
    assert (len(found), dead) == (232, [])
    assert [page.context["listing"] for page in pages] == ["new"] * 3 + ["comments"]
    assert (cursor["watermark"], cursor["pending"], cursor["comments"]) == (NEWEST, [], ["t1_c2", "t1_c1"])
    assert list(cursor["known"])[:2] == ["t3_a00230", "t3_a00229"]


def test_a_second_visit_to_an_unchanged_subreddit_asks_little_and_brings_the_same(
    there: FakeReddit, client: Client, site: reddit.Site
) -> None:
    there.add(900)
    there.comments = {"t3_a00900": [("t1_c1", "One.")]}
    _, first, _, cursor = walk(client, site)
    there.asked.clear()
    _, second, dead, again = walk(client, site, cursor)
    assert (dead, again) == ([], cursor)
    assert all(first[name] == record for name, record in second.items())
    assert len(there.asked) <= 5


def test_new_posts_are_found_and_the_walk_stops_in_known_ground(there: FakeReddit, client: Client, site: reddit.Site) -> None:
    there.add(900)
    *_, cursor = walk(client, site)
    there.add(5, newest=NEWEST + 600, prefix="b")
    there.asked.clear()
    _, found, dead, cursor = walk(client, site, cursor)
    assert {f"t3_b{n:05d}" for n in range(1, 6)} <= found.keys()
    assert (dead, cursor["watermark"], there.paths().count("/r/modelwatch/new")) == ([], NEWEST + 600, 3)


def test_a_post_that_appears_late_is_not_missed(there: FakeReddit, client: Client, site: reddit.Site) -> None:
    there.add(300)
    *_, cursor = walk(client, site)
    there.posts.insert(50, ("t3_late", NEWEST - 3000, "I was held back."))
    _, found, *_ = walk(client, site, cursor)
    assert "t3_late" in found


def test_a_known_post_that_was_deleted_does_not_break_the_walk(there: FakeReddit, client: Client, site: reddit.Site) -> None:
    there.add(150)
    *_, cursor = walk(client, site)
    there.unlisted = {"t3_a00150", "t3_a00149"}
    there.posts[0] = ("t3_a00150", NEWEST, "[deleted]")
    there.posts[1] = ("t3_a00149", NEWEST - 60, "[removed]")
    there.add(1, newest=NEWEST + 60, prefix="b")
    _, found, dead, _ = walk(client, site, cursor)
    assert (found["t3_a00150"].status, found["t3_a00149"].status, found["t3_b00001"].status) == ("deleted", "removed", "live")
    assert not dead
    assert not any("before" in asked for _, asked in there.asked)


def test_a_comment_that_was_edited_or_deleted_is_noticed_without_its_thread(there: FakeReddit, client: Client, site: reddit.Site) -> None:
    there.add(3)
    there.comments = {"t3_a00003": [("t1_c1", "One."), ("t1_c2", "Two.")]}
    *_, cursor = walk(client, site)
    there.comments["t3_a00003"] = [("t1_c1", "[deleted]"), ("t1_c2", "Two and a half.")]
    _, found, _, cursor = walk(client, site, cursor)
    assert (found["t1_c1"].status, found["t1_c1"].text, found["t1_c2"].text) == ("deleted", "", "Two and a half.")


def test_threads_with_more_comments_than_before_are_read_again(there: FakeReddit, client: Client, site: reddit.Site) -> None:
    there.add(3)
    there.comments = {"t3_a00001": [("t1_c1", "One.")]}
    *_, cursor = walk(client, site)
    there.comments["t3_a00001"].append(("t1_c2", "Two."))
    _, found, *_ = walk(client, site, cursor)
    assert "t1_c2" in found


def test_a_listing_that_ends_before_known_ground_leaves_a_gap_that_is_counted(there: FakeReddit, client: Client, site: reddit.Site) -> None:
    there.add(200)
    *_, cursor = walk(client, site)
    there.add(1500, newest=NEWEST + 60 * 1600, prefix="b")
    _, found, dead, cursor = walk(client, site, cursor)
    assert [one.reason for one in dead] == ["listing_gap"]
    oldest = NEWEST + 60 * 1600 - 60 * (CAP - 1)
    assert cursor["gap"] == {"from": NEWEST, "to": oldest}
    assert sum(name.startswith("t3_b") for name in found) == CAP
    *_, dead, cursor = walk(client, site, cursor)
    assert dead == []
    assert "gap" not in cursor


def test_a_subreddit_without_many_posts_leaves_no_gap(there: FakeReddit, client: Client, site: reddit.Site) -> None:
    there.add(30)
    *_, cursor = walk(client, site)
    there.add(2, newest=NEWEST + 900, prefix="b")
    assert walk(client, site, cursor)[2] == []


def test_an_interrupted_visit_goes_on_with_the_threads_it_had_not_read(there: FakeReddit, client: Client, site: reddit.Site) -> None:
    there.add(5)
    there.comments = {f"t3_a0000{n}": [(f"t1_c{n}", "One.")] for n in range(1, 6)}
    whole = walk(client, site)[1]
    there.asked.clear()
    visiting = reddit.fetch(client, site, since=None)
    before = list(itertools.islice(visiting, 3))
    visiting.close()  # type: ignore[attr-defined]
    there.asked.clear()
    _, rest, _, cursor = walk(client, site, before[-1].cursor)
    found = {r.native_id for page in before for r in reddit.parse(page)} | set(rest)
    assert found == set(whole)
    assert cursor["pending"] == []
    assert sum(path.startswith("/comments/") for path in there.paths()) == 3


def test_a_time_in_the_future_does_not_move_the_watermark_there(there: FakeReddit, client: Client, site: reddit.Site) -> None:
    there.add(3, newest=253370000000, step=1)
    *_, cursor = walk(client, site)
    assert cursor["watermark"] <= datetime.now(UTC).timestamp()


def test_an_empty_listing_of_a_known_subreddit_is_an_error(there: FakeReddit, client: Client, site: reddit.Site) -> None:
    there.add(5)
    *_, cursor = walk(client, site)
    there.posts.clear()
    with pytest.raises(PayloadError, match="empty although 5 posts"):
        walk(client, site, cursor)


def test_a_listing_that_loops_is_stopped(there: FakeReddit, client: Client, site: reddit.Site) -> None:
    there.add(1)
    there.override = lambda path: _json(_listing([there._post(*there.posts[0])], "t3_again")) if path.endswith("/new") else None
    with pytest.raises(PaginationError) as caught:
        walk(client, site)
    assert caught.value.reason == "pagination_loop"


def test_a_thread_that_is_gone_is_a_dead_letter_and_the_others_are_read(there: FakeReddit, client: Client, site: reddit.Site) -> None:
    there.add(3)
    there.comments = {f"t3_a0000{n}": [(f"t1_c{n}", "One.")] for n in range(1, 4)}
    there.override = lambda path: _json({"message": "Not Found", "error": 404}, 404) if path.startswith("/comments/a00002") else None
    pages = list(reddit.fetch(client, site, since=None))
    assert [page.status for page in pages] == [200, 200, 404, 200]
    with pytest.raises(PayloadError, match="answered 404"):
        list(reddit.parse(pages[2]))
    assert pages[-1].cursor is not None
    assert pages[-1].cursor["pending"] == []


def test_a_thread_whose_answer_was_an_outage_page_is_read_on_the_next_visit(there: FakeReddit, client: Client, site: reddit.Site) -> None:
    there.add(3)
    there.comments = {f"t3_a0000{n}": [(f"t1_c{n}", "One.")] for n in range(1, 4)}
    outage = Response("<html><title>Back soon</title></html>", 200)
    there.override = lambda path: outage if path.startswith("/comments/a00002") else None
    *_, last = reddit.fetch(client, site, since=None)
    assert last.cursor is not None
    assert last.cursor["pending"] == ["t3_a00002"]
    there.override = lambda path: None
    _, found, dead, cursor = walk(client, site, last.cursor)
    assert ("t1_c2" in found, dead, cursor["pending"]) == (True, [], [])


def test_a_thread_that_praw_cannot_read_is_handed_on_as_it_came(there: FakeReddit, client: Client, site: reddit.Site) -> None:
    there.add(2)
    there.comments = {f"t3_a0000{n}": [(f"t1_c{n}", "One.")] for n in (1, 2)}
    there.override = lambda path: _json({"surprise": True}) if path.startswith("/comments/a00002") else None
    pages = list(reddit.fetch(client, site, since=None))
    assert [page.body for page in pages][1] == b'{"surprise": true}'
    assert len(pages) == 3


@pytest.mark.parametrize(
    ("status", "body", "error", "words"),
    [
        (403, {"reason": "private", "message": "Forbidden", "error": 403}, HttpStatusError, "private, quarantined"),
        (404, {"message": "Not Found", "error": 404}, HttpStatusError, "no such subreddit"),
        (451, {"message": "Unavailable", "error": 451}, HttpStatusError, "answered 451"),
        (400, {"message": "Bad Request", "error": 400}, HttpStatusError, "answered 400"),
        (400, {"fields": ["id"], "explanation": "no", "message": "Bad Request", "reason": "BAD"}, HttpStatusError, "answered 400"),
        (413, {"message": "Too large", "error": 413}, HttpStatusError, "answered 413"),
        (503, {"message": "Service Unavailable", "error": 503}, TransientError, "503"),
        (429, {"message": "Too Many Requests", "error": 429}, RateLimited, "429"),
    ],
)
def test_what_praw_raises_becomes_one_of_our_errors(
    there: FakeReddit, client: Client, site: reddit.Site, status: int, body: dict[str, Any], error: type[NetworkError], words: str
) -> None:
    there.override = lambda path: _json(body, status)
    with pytest.raises(error, match=words):
        walk(client, site)
    assert len(there.asked) <= 3


def test_a_missing_subreddit_redirects_to_a_search(there: FakeReddit, client: Client, site: reddit.Site) -> None:
    there.override = lambda path: Response(status=302, headers={"Location": "/subreddits/search?q=modelwatch"})
    with pytest.raises(HttpStatusError, match="no such subreddit"):
        walk(client, site)


def test_html_in_place_of_json_is_a_payload_error(there: FakeReddit, client: Client, site: reddit.Site) -> None:
    there.override = lambda path: Response("<html>whoa there, pardner!</html>", content_type="text/html")
    with pytest.raises(PayloadError, match="not JSON"):
        walk(client, site)


def test_refused_credentials_say_which_variables_to_check(client: Client, httpserver: HTTPServer, site: reddit.Site) -> None:
    httpserver.expect_request("/api/v1/access_token").respond_with_json({"message": "Unauthorized", "error": 401}, status=401)
    with pytest.raises(HttpStatusError, match="check THRESHER_REDDIT_CLIENT_ID and THRESHER_REDDIT_CLIENT_SECRET"):
        next(reddit.fetch(client, site, since=None))


def test_a_wait_that_the_server_asks_for_is_kept(there: FakeReddit, client: Client, site: reddit.Site, waits: list[float]) -> None:
    there.add(2)
    answers = iter([_json({"error": 429}, 429, {"Retry-After": "7", "x-ratelimit-reset": "nonsense", "x-ratelimit-remaining": "0.0"})])
    there.override = lambda path: next(answers, None)
    assert len(walk(client, site)[1]) == 2
    assert sum(waits) == pytest.approx(7, abs=0.01)


def test_rate_limit_headers_that_are_no_numbers_do_not_end_a_walk(there: FakeReddit, client: Client, site: reddit.Site) -> None:
    there.add(2)
    body = _listing([there._post(*post) for post in there.posts])
    there.override = lambda path: _json(
        body, headers={"x-ratelimit-remaining": "many", "x-ratelimit-used": "", "x-ratelimit-reset": "soon"}
    )
    assert len(walk(client, site)[1]) == 2


def test_every_request_says_who_we_are_in_reddits_own_way(
    there: FakeReddit, client: Client, site: reddit.Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THRESHER_REDDIT_USERNAME", "u/operator_of_this")
    there.add(2)
    walk(client, site)
    assert len(there.agents) == 1
    (agent,) = there.agents
    assert agent.startswith("python:thresher:")
    assert "(by /u/operator_of_this)" in agent
    assert "ops@example.org" in agent


REFUSALS: dict[str, Callable[[], Response | None]] = {
    "the account is gone": lambda: _json({"message": "Unauthorized", "error": 401}, 401),
    "the grant is no longer valid": lambda: _json({"error": "invalid_grant"}),
    "the log-in is forbidden": lambda: _json({"message": "Forbidden", "error": 403}, 403),
    "a page in the place of a token": lambda: Response("<html>Log in</html>", 200, content_type="text/html"),
    "new tokens that nobody takes": lambda: None,
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_token_that_expires_on_the_way_and_is_not_renewed_stops_the_visit_and_keeps_what_came(
    there: FakeReddit, client: Client, site: reddit.Site, waits: list[float], monkeypatch: pytest.MonkeyPatch, refusal: str
) -> None:
    monkeypatch.setattr("random.random", lambda: 0.0)  # prawcore sleeps so long before its second try
    there.add(250)
    there.log_in = lambda number: REFUSALS[refusal]() if number > 1 else None
    there.override = lambda path: _json({"message": "Unauthorized", "error": 401}, 401) if there.paths().count(path) > 1 else None
    visited = visit(reddit, client, site)
    assert isinstance(visited.error, HttpStatusError | PayloadError)
    assert not visited.error.retryable
    assert "THRESHER_REDDIT_CLIENT_ID" in str(visited.error)
    assert len(visited.records) == 100
    assert visited.cursor is None, "the next visit would not read what this one did not"
    assert waits == []
    assert there.log_ins <= 3
    assert len(there.asked) <= 4


def test_no_token_is_ever_in_a_page(there: FakeReddit, client: Client, site: reddit.Site) -> None:
    there.add(2)
    for page in walk(client, site)[0]:
        assert b"made-up" not in page.body
        assert "access_token" not in page.url


def test_things_are_looked_at_again_by_name(there: FakeReddit, client: Client, site: reddit.Site) -> None:
    there.add(150)
    names = [name for name, *_ in there.posts] + ["t3_unheard", "t1_unheard"]
    found = {
        r.native_id: r
        for page in reddit.recheck(client, site, dict.fromkeys(names, ""))
        for r in reddit.parse(page)
        if isinstance(r, Record)
    }
    assert len(found) == 152
    assert found["t1_unheard"].status == "gone"
    assert there.paths() == ["/api/info"] * 2


def test_two_nights_of_the_sample_world(monkeypatch: pytest.MonkeyPatch) -> None:
    with World() as world:
        for name, value in world.environment().items():
            monkeypatch.setenv(name, value)
        url = world.urls["reddit"]
        where = reddit.Site(name="modelfails", reddit_url=url, oauth_url=url)
        network = Network(contact="ops@example.org", allow_addresses=(url.removeprefix("http://"),))
        with Client.open(network) as root:
            client = root.bind("reddit", Pace(min_interval_s=0))
            _, first, dead, cursor = walk(client, where)
            assert not dead
            assert {record.role for record in first.values()} == {"post", "comment"}
            world.night = 2
            _, second, dead, _ = walk(client, where, cursor)
            assert not dead
            assert {"deleted", "removed"} & {record.status for record in second.values()}
