"""Visits to a forum on a loopback port: what is asked for, what is not, and which cursor holds when."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from sample import World
from sample.faults import BodyFault, Charset, Visit
from scrapers import discourse
from thresher.errors import HttpStatusError, PaginationError, PayloadError
from thresher.model import Page, Record
from thresher.net.client import Client
from thresher.net.settings import Network, Pace


class Forum:
    """``posts`` maps post ids to (topic id, post number); they can be changed between visits."""

    listing = "/posts.json"

    def __init__(self, server: HTTPServer) -> None:
        self.url = server.url_for("").rstrip("/")
        self.posts: dict[int, tuple[int, int]] = {}
        self.versions: dict[int, int] = {}
        self.bumped: dict[int, str] = {}
        self.windowed = False
        self.answers: dict[str, Callable[[], Response]] = {}
        self.asked: list[str] = []
        self.accept: set[str] = set()
        server.expect_request(re.compile("/.*")).respond_with_handler(self.answer)

    def fill(self, pages: int) -> None:
        self.posts.clear()
        self.bumped.clear()
        for topic in range(1, 50 * pages // 10 + 1):
            self.add(topic, range(1, 11), 10 * topic)

    def entries(self, body: Any) -> list[Any]:
        entries: list[Any] = body["latest_posts"]
        return entries

    def add(self, topic: int, numbers: range, first_id: int) -> None:
        self.posts |= {first_id + i: (topic, n) for i, n in enumerate(numbers)}
        self.bumped[topic] = f"2026-01-01T00:{topic:02}:00.000Z"

    def answer(self, request: Request) -> Response:
        self.asked.append(request.full_path.rstrip("?"))
        self.accept.add(request.headers["Accept"])
        if scripted := self.answers.get(request.path):
            return scripted()
        if request.path == "/posts.json":
            return self._json({"latest_posts": self._latest(request.args.get("before", type=int))})
        if request.path == "/latest.json":
            topics = [{"id": t, "bumped_at": moment} for t, moment in sorted(self.bumped.items(), key=lambda item: item[1], reverse=True)]
            at = int(request.args["page"]) * 3
            return self._json(
                {"topic_list": {"topics": topics[at : at + 3], "more_topics_url": "/latest?page=1" if at + 3 < len(topics) else None}}
            )
        topic = int(request.path.split("/")[2].removesuffix(".json"))
        ids = sorted(i for i, (t, _) in self.posts.items() if t == topic)
        if not ids:
            return self._json({"errors": ["gone"], "error_type": "not_found"}, 404)
        wanted = [int(i) for i in request.args.getlist("post_ids[]")] or ids[:20]
        stream = {"posts": [self._post(i) for i in wanted if i in self.posts], "stream": ids}
        head = {} if request.path.endswith("/posts.json") else {"title": f"Topic {topic}", "highest_post_number": self.posts[ids[-1]][1]}
        return self._json({"id": topic, **head, "post_stream": stream})

    def _latest(self, before: int | None) -> list[dict[str, Any]]:
        if self.windowed:
            top = before or max(self.posts)
            return [self._post(i) for i in sorted(self.posts, reverse=True) if top - 50 < i <= top]
        return [self._post(i) for i in sorted(self.posts, reverse=True) if before is None or i < before][:50]

    def _post(self, post: int) -> dict[str, Any]:
        topic, number = self.posts[post]
        version = self.versions.get(post, 1)
        return {
            "id": post,
            "topic_id": topic,
            "post_number": number,
            "version": version,
            "cooked": f"<p>{post} v{version}</p>",
            "category_id": topic % 2,
        }

    def _json(self, value: Any, status: int = 200) -> Response:
        return Response(json.dumps(value), status, content_type="application/json")

    def topics_asked(self) -> list[int]:
        found = [int(m[1]) for path in self.asked if (m := re.match(r"/t/(\d+)\.json", path))]
        self.asked.clear()
        return found


@pytest.fixture
def forum(httpserver: HTTPServer) -> Forum:
    forum = Forum(httpserver)
    forum.add(1, range(1, 4), 10)
    forum.add(2, range(1, 3), 20)
    forum.add(3, range(1, 6), 30)
    return forum


@pytest.fixture
def client(open_client: Callable[..., Client]) -> Client:
    return open_client("discourse", tries=1)


def test_whatever_goes_wrong_is_withstood_or_told(endure: Callable[..., Visit], forum: Forum) -> None:
    endure(discourse, forum, discourse.Site(name="f", base_url=forum.url), not_here={})


def test_whatever_an_answer_holds_gives_records_or_says_why_not(body_fault: BodyFault, client: Client, forum: Forum) -> None:
    pages, _ = visit(client, forum)
    body_fault.check(discourse, pages[0])


def test_an_answer_in_any_charset_gives_its_text_or_is_named(charset: Charset, client: Client, forum: Forum) -> None:
    charset.check(discourse, visit(client, forum)[0][0])


def visit(
    client: Client, forum: Forum, since: Mapping[str, Any] | None = None, **settings: Any
) -> tuple[list[Page], Mapping[str, Any] | None]:
    pages = list(discourse.fetch(client, discourse.Site(name="f", base_url=forum.url, **settings), since=since))
    cursors = [p.cursor for p in pages if p.cursor is not None]
    return pages, cursors[-1] if cursors else since


def records(pages: list[Page]) -> dict[str, Record]:
    return {r.native_id: r for p in pages for r in discourse.parse(p) if isinstance(r, Record)}


def test_first_visit_brings_whole_topics(client: Client, forum: Forum) -> None:
    pages, cursor = visit(client, forum)
    assert len(records(pages)) == 10
    assert forum.topics_asked() == [1, 2, 3]
    assert cursor is not None
    assert (cursor["last_id"], cursor["bumped_at"]) == (34, "2026-01-01T00:03:00.000Z")
    assert forum.accept == {"application/json"}


def test_unchanged_forum_costs_no_topic(client: Client, forum: Forum) -> None:
    _, cursor = visit(client, forum)
    forum.topics_asked()
    pages, again = visit(client, forum, cursor)
    assert (pages, again, forum.topics_asked()) == ([], cursor, [])


def test_cursor_of_every_page_holds_for_a_run_that_is_cut_short(client: Client, forum: Forum) -> None:
    pages, _ = visit(client, forum)
    for at, page in enumerate(pages):
        rest, _ = visit(client, forum, page.cursor)
        assert set(records(pages[: at + 1])) | set(records(rest)) == set(records(pages))
    forum.topics_asked()
    visit(client, forum, pages[1].cursor)
    assert forum.topics_asked() == [3]


def test_new_edited_and_vanished_posts_bring_their_topics(client: Client, forum: Forum) -> None:
    _, cursor = visit(client, forum)
    forum.topics_asked()
    forum.add(4, range(1, 2), 40)
    forum.versions[21] = 2
    del forum.posts[11]
    pages, cursor = visit(client, forum, cursor)
    assert forum.topics_asked() == [1, 2, 4]
    found = records(pages)
    assert (found["2/2"].text, found["1/2"].status, found["4/1"].text) == ("21 v2", "gone", "40 v1")
    assert visit(client, forum, cursor)[0] == []


def test_bumped_topic_with_old_posts_only_is_fetched_again(client: Client, forum: Forum) -> None:
    _, cursor = visit(client, forum, overlap=2)
    forum.topics_asked()
    forum.versions[11] = 2
    forum.bumped[1] = "2026-01-02T00:00:00.000Z"
    pages, cursor = visit(client, forum, cursor, overlap=2)
    assert records(pages)["1/2"].text == "11 v2"
    assert cursor is not None
    assert cursor["bumped_at"] == "2026-01-02T00:00:00.000Z"


def test_time_far_ahead_does_not_become_the_watermark(client: Client, forum: Forum) -> None:
    forum.bumped[2] = "2999-01-01T00:00:00.000Z"
    _, cursor = visit(client, forum)
    assert cursor is not None
    assert cursor["bumped_at"] == "2026-01-01T00:03:00.000Z"


def test_topic_that_vanished_gives_a_gone_record_and_the_rest_goes_on(client: Client, forum: Forum) -> None:
    _, cursor = visit(client, forum)
    forum.add(4, range(1, 2), 40)
    forum.posts = {i: p for i, p in forum.posts.items() if p[0] != 2}
    found = records(visit(client, forum, cursor)[0])
    assert (found["2/1"].status, found["2/1"].marks) == ("gone", {"thread_gone": True})
    assert found["4/1"].status == "live"


def test_long_topic_is_fetched_in_parts_and_only_the_last_has_a_cursor(client: Client, forum: Forum) -> None:
    forum.posts.clear()
    forum.add(1, range(1, 56), 100)
    pages, _ = visit(client, forum)
    assert [p.cursor is not None for p in pages] == [False, False, True]
    assert len(records(pages)) == 55
    assert {r.status for r in records(pages).values()} == {"live"}
    assert pages[1].url.count("post_ids") == 20


def test_gap_between_parts_is_a_gone_post(client: Client, forum: Forum) -> None:
    forum.posts.clear()
    forum.add(1, range(1, 46), 100)
    del forum.posts[120]
    found = records(visit(client, forum)[0])
    assert [k for k, r in found.items() if r.status == "gone"] == ["1/21"]


def test_very_long_topic_is_read_at_both_ends(client: Client, forum: Forum) -> None:
    forum.posts.clear()
    forum.add(1, range(1, 121), 100)
    found = records(visit(client, forum, max_posts=40)[0])
    assert len(found) == 60
    assert {r.status for r in found.values()} == {"live"}
    assert {"1/1", "1/120"} <= set(found)


def test_first_visit_stops_at_max_topics(client: Client, forum: Forum) -> None:
    for topic in range(10, 40):
        forum.add(topic, range(1, 11), topic * 10 + 1000)
    pages, cursor = visit(client, forum, max_topics=5)
    assert {r.thread_id for r in records(pages).values()} == {"35", "36", "37", "38", "39"}
    assert visit(client, forum, cursor)[0] == []


def test_listing_of_older_versions_is_walked_too(client: Client, forum: Forum) -> None:
    forum.windowed = True
    forum.add(4, range(1, 8), 85)
    assert len(records(visit(client, forum)[0])) == 17


def test_only_the_named_categories_are_followed(client: Client, forum: Forum) -> None:
    pages, _ = visit(client, forum, categories=(0,))
    assert {r.thread_id for r in records(pages).values()} == {"2"}


def test_forum_without_posts_is_an_error(client: Client, forum: Forum) -> None:
    forum.posts.clear()
    with pytest.raises(PayloadError, match="no posts"):
        visit(client, forum)


@pytest.mark.parametrize("body", [b"<html>Just a moment</html>", b"", b"null", b"[]", b'{"latest_posts": {}}'])
def test_listing_that_is_none_is_a_payload_error(client: Client, forum: Forum, body: bytes) -> None:
    forum.answers["/posts.json"] = lambda: Response(body)
    with pytest.raises(PayloadError):
        visit(client, forum)


def test_closed_forum_stops_the_site(client: Client, forum: Forum) -> None:
    forum.answers["/posts.json"] = lambda: Response('{"errors":["x"],"error_type":"not_logged_in"}', 403)
    with pytest.raises(HttpStatusError):
        visit(client, forum)


def test_topic_with_a_bad_body_costs_only_itself(client: Client, forum: Forum) -> None:
    forum.answers["/t/2.json"] = lambda: Response("<html>maintenance</html>")
    pages, _ = visit(client, forum)
    assert len(pages) == 3
    with pytest.raises(PayloadError):
        list(discourse.parse(pages[1]))


def test_topics_whose_answer_was_an_outage_page_are_read_on_the_next_visit(client: Client, forum: Forum) -> None:
    forum.add(4, range(1, 31), 40)
    for path in ("/t/2.json", "/t/4/posts.json"):
        forum.answers[path] = lambda: Response("<html><title>Back soon</title></html>")
    _, cursor = visit(client, forum)
    forum.answers.clear()
    forum.topics_asked()
    _, later = visit(client, forum, cursor)
    assert forum.topics_asked() == [2, 4]
    visit(client, forum, later)
    assert forum.topics_asked() == []


def test_listing_that_loops_is_stopped(client: Client, forum: Forum) -> None:
    forum.answers["/posts.json"] = lambda: Response('{"latest_posts":[{"id":90,"topic_id":1,"version":1}]}')
    with pytest.raises(PaginationError):
        visit(client, forum)


def test_recheck_tells_what_is_gone(client: Client, forum: Forum) -> None:
    del forum.posts[34]
    forum.posts = {i: p for i, p in forum.posts.items() if p[0] != 2}
    site = discourse.Site(name="f", base_url=forum.url)
    found = records(list(discourse.recheck(client, site, {"1/2": "1", "3/5": "3", "2/2": "2"})))
    assert {k: r.status for k, r in found.items() if r.status != "live"} == {"3/5": "gone", "2/1": "gone", "2/2": "gone"}
    assert found["1/2"].status == "live"


@pytest.mark.parametrize("faults", [False, True])
def test_two_nights_in_the_sample_world(faults: bool) -> None:
    with (
        World(faults=faults) as world,
        Client.open(Network(contact="ops@example.org", allow_addresses=(world.urls["discourse"].split("//")[1],))) as root,
    ):
        client = root.bind("discourse", Pace(min_interval_s=0))
        site = discourse.Site(name="wrenhouse", base_url=world.urls["discourse"])
        first = list(discourse.fetch(client, site, since=None))
        assert list(discourse.fetch(client, site, since=first[-1].cursor)) == []
        world.night = 2
        second = list(discourse.fetch(client, site, since=first[-1].cursor))
        assert list(discourse.fetch(client, site, since=second[-1].cursor)) == []
        before, after = records(first), records(second)
        assert {k for k, r in after.items() if r.status == "deleted" and before[k].status == "live"}
        assert set(after) - set(before)
