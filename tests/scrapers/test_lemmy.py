"""Lemmy: what views give, whatever the version, and how a community is walked."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from sample.faults import BodyFault, Charset, Visit, parsed, visit
from scrapers import lemmy
from thresher.errors import PayloadError
from thresher.model import Page, Quote, Record, Unread
from thresher.net.client import Client

FIXTURES = Path(__file__).parents[1] / "fixtures" / "lemmy"
REALDATA = Path(os.environ.get("THRESHER_REALDATA", "/nowhere")) / "lemmy"
SITE = lemmy.Site(name="chatbots@plum.example")
P, C = "https://plum.example/post/", "https://plum.example/comment/"


def saved(name: str) -> Page:
    (page,) = lemmy.read(FIXTURES / name, SITE)
    return replace(page, url="https://plum.example/api/v3/comment/list")


def answer(body: Any, status: int = 200, **context: str) -> Page:
    when = datetime(2026, 4, 1, tzinfo=UTC)
    return Page("lemmy", SITE.name, "https://plum.example/api/v3/post", status, {}, json.dumps(body).encode(), when, context)


# What a page gives


def test_posts_are_known_by_the_address_at_home() -> None:
    records = parsed(lemmy, saved("posts.json")).records
    asked = records[f"{P}3"]
    assert (asked.role, asked.thread_id, asked.parent_id, asked.url) == ("post", f"{P}3", None, f"{P}3")
    assert (asked.title, asked.author_key) == ("ChatGPT cannot spell", "https://plum.example/u/user1")
    assert (asked.status, asked.edited_at) == ("edited", datetime(2026, 3, 3, 10, 30, tzinfo=UTC))
    assert (asked.marks["score"], asked.marks["comments"], asked.marks["images"]) == (13, 2, 1)
    assert asked.quotes == (Quote("How many letters s are in Mississippi?"),)


def test_names_are_hidden_and_spoilers_opened() -> None:
    text = parsed(lemmy, saved("posts.json")).records[f"{P}3"].text
    assert "@someone tried it too" in text
    assert text.endswith("and @someone\n\nthe whole talk\nThere are four.")


def test_pictures_adult_posts_and_bots_are_marked() -> None:
    records = parsed(lemmy, saved("posts.json")).records
    assert (records[f"{P}2"].marks["images"], records[f"{P}2"].marks["nsfw"]) == (1, True)
    assert (records[f"{P}1"].marks["links"], records[f"{P}1"].marks["post_type"]) == (["https://example.org/news"], "bot")


def test_comments_know_what_they_answer() -> None:
    records = parsed(lemmy, saved("comments.json")).records
    assert {i: (r.thread_id, r.parent_id) for i, r in records.items()} == {
        f"{C}12": (f"{P}3", f"{P}3"),
        f"{C}13": (f"{P}3", f"{C}12"),
        f"{C}14": (f"{P}3", f"{C}13"),
        f"{C}15": (f"{P}3", f"{P}3"),
        "https://pear.example/comment/990017": (f"{P}3", f"{C}9"),
    }
    told = parsed(lemmy, replace(saved("comments.json"), context={"parents": '{"9": "https://fig.example/comment/1"}'}))
    assert told.records["https://pear.example/comment/990017"].parent_id == "https://fig.example/comment/1"


def test_what_was_taken_away_has_neither_words_nor_author() -> None:
    records = parsed(lemmy, saved("posts.json")).records | parsed(lemmy, saved("comments.json")).records
    gone = {i: (r.status, r.text, r.title, r.author_key, r.export_class) for i, r in records.items() if r.status in {"deleted", "removed"}}
    assert gone == {
        f"{P}4": ("deleted", "", "", None, "none"),
        f"{P}5": ("removed", "", "", None, "none"),
        f"{C}14": ("deleted", "", "", None, "none"),
        f"{C}15": ("removed", "", "", None, "none"),
    }


def test_a_post_that_an_instance_does_not_have_is_gone_and_another_error_says_nothing_of_it() -> None:
    (record,) = parsed(lemmy, answer({"error": "couldnt_find_post"}, 404, asked=f"{P}9", thing="post")).records.values()
    assert (record.native_id, record.status, record.thread_id) == (f"{P}9", "gone", f"{P}9")
    with pytest.raises(PayloadError, match="instance_is_private"):
        list(lemmy.parse(answer({"error": "instance_is_private"}, 400, asked=f"{P}9")))


def as_v4(view: Any) -> Any:
    """The same view as Lemmy 1.0 writes it."""
    view = json.loads(json.dumps(view))
    for thing in (view.get("post"), view.get("comment")):
        for name in ("published", "updated") if thing else ():
            if name in thing:
                thing[f"{name}_at"] = thing.pop(name)
    counts = view.pop("counts")
    (view.get("comment") or view["post"]).update({n: counts[n] for n in ("score", "comments", "upvotes", "downvotes") if n in counts})
    view["creator"]["ap_id"] = view["creator"].pop("actor_id")
    return view


@pytest.mark.parametrize(("name", "key"), [("posts.json", "posts"), ("comments.json", "comments")])
def test_both_versions_of_the_api_give_the_same_records(name: str, key: str) -> None:
    old = saved(name)
    body = {"items": [as_v4(view) for view in json.loads(old.body)[key]], "next_page": None, "prev_page": None}
    new = parsed(lemmy, replace(old, body=json.dumps(body).encode()))
    assert new.records == parsed(lemmy, old).records
    assert (new.dead, new.unread) == ([], [])


def test_a_post_seen_through_another_instance_is_the_same_record() -> None:
    view = json.loads(saved("posts.json").body)["posts"][0]
    elsewhere = json.loads(json.dumps(view))
    elsewhere["post"] |= {"id": 88123, "local": False, "creator_id": 4411, "community_id": 99}
    elsewhere["creator"] |= {"id": 4411, "local": False}
    elsewhere["community"] |= {"id": 99, "local": False}
    assert parsed(lemmy, answer(elsewhere)).records == parsed(lemmy, answer(view)).records
    read_there = lemmy.Site(name=SITE.name, instance_url="https://fig.example")
    assert (SITE.community, read_there.community) == ("chatbots", "chatbots@plum.example")


def test_fields_that_nobody_knows_are_told() -> None:
    assert parsed(lemmy, saved("posts.json")).unread == parsed(lemmy, saved("comments.json")).unread == []
    view = json.loads(saved("comments.json").body)["comments"][0]
    view["comment"]["mood"] = "sad"
    assert parsed(lemmy, answer(view)).unread == [Unread({"comment.mood": 1})]


@pytest.mark.parametrize("name", ["posts.json", "comments.json"])
def test_whatever_an_answer_holds_gives_records_or_says_why_not(body_fault: BodyFault, name: str) -> None:
    body_fault.check(lemmy, saved(name))


def test_letters_are_those_that_were_written(charset: Charset) -> None:
    charset.check(lemmy, saved("comments.json"))


@pytest.mark.parametrize("name", ["chatbots", "chat bots@plum.example", "chatbots@https://plum.example"])
def test_a_community_is_named_with_its_instance(name: str) -> None:
    with pytest.raises(ValidationError, match=r"such as chatgpt@lemmy\.world"):
        lemmy.Site(name=name)


@pytest.mark.skipif(not REALDATA.is_dir(), reason="THRESHER_REALDATA does not name the recorded payloads")
def test_the_recorded_post_is_a_record() -> None:
    (page,) = lemmy.read(REALDATA, SITE)
    visited = parsed(lemmy, page)
    (record,) = visited.records.values()
    assert (visited.dead, record.native_id, record.status) == ([], "https://sh.itjust.works/post/5716352", "live")
    assert record.title == "Announcing Muffed for Lemmy - An open source Lemmy client written in flutter"
    assert record.text.startswith("Muffed is an open source Lemmy client")
    assert "**Download now from the Github repo:**" in record.text
    assert record.created_at == datetime(2023, 9, 23, 10, 41, 41, 254290, UTC)


# How it is walked


class FakeSite:
    """An instance of version ``version``; ``posts`` are views by number, ``comments`` views by post."""

    listing = "/api/v3/post/list"

    def __init__(self) -> None:
        self.version = "0.19.5"
        self.posts: dict[int, dict[str, Any]] = {}
        self.comments: dict[int, list[dict[str, Any]]] = {}
        self.asked: list[tuple[str, Mapping[str, str]]] = []

    def fill(self, pages: int) -> None:
        self.posts, self.comments = {}, {}
        for number in range(1, 50 * pages + 1):
            self.post(number)

    def post(self, number: int, **more: Any) -> None:
        moment = f"2026-03-01T10:{number // 60:02}:{number % 60:02}Z"
        post = {"id": number, "name": f"post {number}", "body": f"text {number}", "published": moment, "ap_id": f"{P}{number}", **more}
        self.posts[number] = {"post": post, "creator": {"id": 1}, "community": {"id": 5}, "counts": {"comments": 0, "score": 1}}

    def comment(self, post: int, number: int, path: str) -> None:
        comment = {"id": number, "content": f"comment {number}", "path": path, "ap_id": f"https://fig.example/comment/{number}"}
        view = {"comment": comment, "creator": {"id": 2}, "post": {"ap_id": f"{P}{post}"}, "community": {"id": 5}, "counts": {}}
        self.comments.setdefault(post, []).append(view)
        self.posts[post]["counts"]["comments"] += 1

    def entries(self, body: Any) -> list[Any]:
        entries: list[Any] = body["posts"]
        return entries

    def answer(self, request: Request) -> Response:
        path = request.path.partition("/api/")[2]
        self.asked.append((path, dict(request.args)))
        api, _, method = path.partition("/")
        if method == "site":
            return self._json({"version": self.version})
        if method == "post":
            view = self.posts.get(int(request.args["id"]))
            return self._json({"post_view": view} if view else {"error": "couldnt_find_post"}, 200 if view else 404)
        if method == "post/list":
            shown = [view for view in self.posts.values() if not view["post"].get("deleted")]
            views = sorted(shown, key=lambda v: (bool(v["post"].get("featured_community")), v["post"]["published"]), reverse=True)
        else:
            views = self.comments.get(int(request.args["post_id"]), [])
        return self._json(self._paged(views, request.args, "items" if api == "v4" else method.partition("/")[0] + "s"))

    def _paged(self, views: list[Any], args: Mapping[str, str], key: str) -> dict[str, Any]:
        """By cursor, but comments of v3 and all of 0.18 by number."""
        numbered = self.version.startswith("0.18") or key == "comments"
        start = (int(args.get("page", 1)) - 1) * 50 if numbered else int(args.get("page_cursor", "P0")[1:])
        following = None if start + 50 >= len(views) else f"P{start + 50}"
        return {key: views[start : start + 50], **({} if numbered else {"next_page": following})}

    @staticmethod
    def _json(body: Any, status: int = 200) -> Response:
        return Response(json.dumps(body), status, content_type="application/json")

    def times(self, path: str) -> int:
        return sum(1 for asked, _ in self.asked if asked == path)


OpenClient = Callable[..., Client]


@pytest.fixture
def site(httpserver: HTTPServer) -> lemmy.Site:
    return lemmy.Site(name="chatbots@plum.example", instance_url=httpserver.url_for("").rstrip("/"))


@pytest.fixture
def fake(httpserver: HTTPServer) -> FakeSite:
    fake = FakeSite()
    httpserver.expect_request(re.compile("/.*")).respond_with_handler(fake.answer)
    return fake


def test_whatever_goes_wrong_is_withstood_or_told(endure: Callable[..., Visit], site: lemmy.Site) -> None:
    endure(lemmy, FakeSite(), site, not_here={})


@pytest.mark.parametrize("version", ["0.18.4", "0.19.5", "1.0.0-beta.1"])
def test_every_version_is_read_to_its_end(open_client: OpenClient, fake: FakeSite, site: lemmy.Site, version: str) -> None:
    fake.version = version
    fake.fill(3)
    del fake.posts[1]
    for number in range(1001, 1101):
        fake.comment(7, number, f"0.{number}")
    fake.comment(7, 1101, "0.1001.1101")
    visited = visit(lemmy, open_client("lemmy"), site)
    assert visited.error is None
    assert len(visited.records) == 149 + 101
    assert visited.records["https://fig.example/comment/1101"].parent_id == "https://fig.example/comment/1001"
    assert not any("max_depth" in args for _, args in fake.asked)
    assert [page.cursor is not None for page in visited.pages] == [False, False, True, False, False, True]


def test_a_first_visit_ends_at_its_limit(open_client: OpenClient, fake: FakeSite, site: lemmy.Site) -> None:
    fake.fill(4)
    assert len(visit(lemmy, open_client("lemmy"), site.model_copy(update={"max_posts": 100})).records) == 100


def test_an_unchanged_community_costs_its_listing_and_a_pinned_post_hides_nothing(
    open_client: OpenClient, fake: FakeSite, site: lemmy.Site
) -> None:
    fake.fill(5)
    fake.posts[1]["post"]["featured_community"] = True
    fake.comment(7, 1001, "0.1001")
    first = visit(lemmy, open_client("lemmy"), site)
    fake.asked.clear()
    fake.post(251)
    second = visit(lemmy, open_client("lemmy"), site, since=first.cursor)
    assert second.error is None
    assert f"{P}251" in second.records
    # 200 posts are remembered: four pages, and a fifth that begins below them
    assert (fake.times("v3/post/list"), fake.times("v3/comment/list"), fake.times("v3/post")) == (5, 0, 0)


def test_edits_new_comments_and_deletions_are_seen(open_client: OpenClient, fake: FakeSite, site: lemmy.Site) -> None:
    fake.fill(1)
    first = visit(lemmy, open_client("lemmy"), site)
    fake.posts[10]["post"] |= {"body": "text 10, edited", "updated": "2026-03-02T10:00:00Z"}
    fake.comment(11, 1001, "0.1001")
    fake.posts[12]["post"] |= {"deleted": True, "body": ""}
    del fake.posts[13]
    second = visit(lemmy, open_client("lemmy"), site, since=first.cursor)
    changed = {i: (r.status, r.text) for i, r in second.records.items() if i not in first.records or r != first.records[i]}
    assert changed == {
        f"{P}10": ("edited", "text 10, edited"),
        f"{P}11": ("live", "text 11"),  # its number of comments
        "https://fig.example/comment/1001": ("live", "comment 1001"),
        f"{P}12": ("deleted", ""),
        f"{P}13": ("gone", ""),
    }
    third = visit(lemmy, open_client("lemmy"), site, since=second.cursor)
    assert {f"{P}12", f"{P}13"}.isdisjoint(third.records)


def test_a_visit_that_is_cut_short_goes_on_with_the_comments_that_it_had_not_read(
    open_client: OpenClient, fake: FakeSite, site: lemmy.Site
) -> None:
    fake.fill(1)
    fake.comment(5, 1001, "0.1001")
    fake.comment(6, 1002, "0.1002")
    pages = lemmy.fetch(open_client("lemmy"), site, since=None)
    cursor = [next(pages).cursor for _ in range(2)][-1]
    assert cursor is not None
    again = visit(lemmy, open_client("lemmy"), site, since=cursor)
    assert "https://fig.example/comment/1001" in again.records
    assert "https://fig.example/comment/1002" not in again.records


def test_comments_that_cannot_be_read_are_asked_for_again(open_client: OpenClient, fake: FakeSite, site: lemmy.Site) -> None:
    fake.fill(1)
    fake.comment(5, 1001, "0.1001")
    views, fake.comments[5] = fake.comments[5], "down"  # type: ignore[assignment]
    first = visit(lemmy, open_client("lemmy"), site)
    assert [letter.reason for letter in first.dead] == ["not_views"]
    fake.comments[5] = views
    second = visit(lemmy, open_client("lemmy"), site, since=first.cursor)
    assert "https://fig.example/comment/1001" in second.records


def test_records_are_asked_for_again_by_their_address(open_client: OpenClient, fake: FakeSite, httpserver: HTTPServer) -> None:
    home = httpserver.url_for("").rstrip("/")
    fake.post(3, ap_id=f"{home}/post/3")
    pages = lemmy.recheck(
        open_client("lemmy"), lemmy.Site(name=SITE.name, instance_url=home), {p: p for p in (f"{home}/post/3", f"{home}/post/4", f"{P}5")}
    )
    records = [part for page in pages for part in lemmy.parse(page) if isinstance(part, Record)]
    assert [(r.native_id, r.status) for r in records] == [(f"{home}/post/3", "live"), (f"{home}/post/4", "gone")]


def test_comments_are_asked_for_again_with_all_of_their_post_also_those_written_elsewhere(
    open_client: OpenClient, fake: FakeSite, httpserver: HTTPServer
) -> None:
    home = httpserver.url_for("").rstrip("/")
    site = lemmy.Site(name=SITE.name, instance_url=home)
    post = f"{home}/post/3"
    fake.post(3, ap_id=post)
    for number in range(1001, 1062):
        fake.comment(3, number, f"0.{number - 1}.{number}" if number > 1001 else "0.1001")
    for view in fake.comments[3]:
        view["post"]["ap_id"] = post
    first = visit(lemmy, open_client("lemmy"), site).records
    gone = fake.comments[3].pop(30)["comment"]["ap_id"]
    pages = lemmy.recheck(open_client("lemmy"), site, {address: post for address in first})
    again = {r.native_id: r for page in pages for r in lemmy.parse(page) if isinstance(r, Record)}
    assert {address: r for address, r in first.items() if address != gone and r.parent_id != gone}.items() <= again.items()
    assert (again[gone].status, again[gone].role) == ("gone", "comment")
    assert [r.native_id for r in again.values() if r.status == "gone"] == [gone]
    del fake.posts[3]
    pages = lemmy.recheck(open_client("lemmy"), site, {address: post for address in first})
    assert {r.status for page in pages for r in lemmy.parse(page) if isinstance(r, Record)} == {"gone"}


@pytest.mark.parametrize("status", [400, 429])
def test_an_instance_that_is_asked_too_fast_is_waited_for(
    open_client: OpenClient, httpserver: HTTPServer, fake: FakeSite, site: lemmy.Site, waits: list[float], status: int
) -> None:
    fake.fill(1)
    body = "" if status == 429 else '{"error": "rate_limit_error"}'
    httpserver.expect_oneshot_request(fake.listing).respond_with_data(body, status, content_type="application/json")
    assert len(visit(lemmy, open_client("lemmy"), site).records) == 50
    assert waits
