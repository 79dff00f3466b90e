"""Hacker News: what hits, trees and items give, and how it is searched, followed and looked at again."""

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
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from sample.faults import BodyFault, Charset, Visit, parsed, visit
from scrapers import hackernews
from scrapers.common.queries import Query
from thresher.errors import PayloadError, SettingsError
from thresher.model import Dead, Page, Quote, Record, Unread
from thresher.net.client import Client

FIXTURES = Path(__file__).parents[1] / "fixtures" / "hackernews"
REALDATA = Path(os.environ.get("THRESHER_REALDATA", "/nowhere")) / "hackernews" / "firebase_v0"
SITE = hackernews.Site(name="hackernews")
ASKED = Query(words='"asked chatgpt" wrong', language="en", why="made up for a test")
NOW = 1_772_452_800


@pytest.fixture
def page() -> Page:
    (page,) = hackernews.read(FIXTURES / "search.json", SITE)
    return page


def item(body: Any, **context: str) -> Page:
    when = datetime(2026, 4, 1, tzinfo=UTC)
    return Page("hackernews", "hackernews", "https://example.org/v0/item/7.json", 200, {}, json.dumps(body).encode(), when, context)


COMMENT = {"id": 7, "type": "comment", "by": "lena", "parent": 6, "text": "No, it is <i>not</i>.", "time": NOW, "kids": [8]}


# What a page gives


def test_hits_are_posts_and_comments_of_their_story(page: Page) -> None:
    records = parsed(hackernews, page).records
    assert list(records) == ["9003", "9004", "9006", "9007"]
    comment, asked, link, flagged = records.values()
    assert (comment.role, comment.thread_id, comment.parent_id, comment.author_key) == ("comment", "9001", "9002", "lena")
    assert comment.url == "https://news.ycombinator.com/item?id=9003"
    assert (asked.role, asked.thread_id, asked.parent_id, asked.marks["score"], asked.marks["comments"]) == ("post", "9004", None, 12, 3)
    assert (link.title, link.text, link.marks["links"]) == ('Chatbots that say "no"', "", ["https://example.org/no"])
    assert (flagged.status, flagged.text, flagged.author_key, flagged.export_class) == ("removed", "", None, "none")


def test_text_is_as_people_read_it_and_what_they_quote_is_nobody_elses_complaint(page: Page) -> None:
    comment = parsed(hackernews, page).records["9003"]
    assert comment.quotes == (Quote("It was right for me"),)
    assert comment.text.startswith('> It was right for me\n\nI asked ChatGPT: "Which river')
    assert "https://example.org/a-long-way-to-the-river-and-back" in comment.text
    assert "```\n  if a > b:\n\n    pass\n```" in comment.text
    assert comment.text.endswith("Thanks @someone.")


def test_quoted_paragraphs_are_one_quotation_and_comparisons_are_none() -> None:
    html = "&gt;one<p>&gt; <i>two</i><p><i>&gt; three</i><p>mine: a &gt; b<p><pre><code>  &gt; x\n</code></pre>"
    (record,) = parsed(hackernews, item({**COMMENT, "text": html})).records.values()
    assert record.quotes == (Quote("one\n\n*two*\n\n*three*"),)
    assert record.text.endswith("mine: a > b\n\n```\n  > x\n```")


def test_a_hit_and_the_item_of_the_sites_own_api_are_the_same_record(page: Page) -> None:
    hits = json.loads(page.body)["hits"]
    hit = hits[0]
    own = {
        "id": 9003,
        "type": "comment",
        "by": "lena",
        "parent": 9002,
        "text": hit["comment_text"],
        "time": hit["created_at_i"],
        "kids": [],
    }
    assert parsed(hackernews, item(own, story="9001")).records["9003"] == parsed(hackernews, page).records["9003"]
    story = {
        "id": 9004,
        "type": "story",
        "by": "mo",
        "text": hits[1]["story_text"],
        "time": hits[1]["created_at_i"],
        "score": 12,
        "descendants": 3,
    }
    story["title"] = hits[1]["title"]
    assert parsed(hackernews, item(story)).records["9004"] == parsed(hackernews, page).records["9004"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"id": 7, "type": "comment", "deleted": True, "parent": 6, "time": NOW}, "deleted"),
        ({**COMMENT, "dead": True}, "removed"),
        (None, "gone"),
    ],
)
def test_what_was_taken_away_has_neither_words_nor_author(body: Any, status: str) -> None:
    (record,) = parsed(hackernews, item(body, asked="7", story="5")).records.values()
    assert (record.native_id, record.status, record.text, record.author_key) == ("7", status, "", None)
    assert (record.thread_id, record.export_class) == ("5", "none")


def test_a_tree_gives_every_comment_however_deep() -> None:
    node: dict[str, Any] = {
        "id": 3000,
        "type": "comment",
        "author": "a",
        "text": "deepest",
        "parent_id": 2999,
        "story_id": 1,
        "children": [],
    }
    for number in range(2999, 1, -1):
        node = {"id": number, "type": "comment", "author": "a", "text": "x", "parent_id": number - 1, "story_id": 1, "children": [node]}
    tree = {"id": 1, "type": "story", "author": "b", "title": "T", "url": None, "text": None, "story_id": 1, "children": [node]}
    nested = json.dumps({"id": 1, "type": "story", "author": "b", "title": "T", "children": [{**node, "children": []}, None]})
    visited = parsed(hackernews, replace(item(None), body=nested.encode()))
    assert (list(visited.records), [letter.reason for letter in visited.dead]) == (["1", "2"], ["not_an_item"])
    deep = hackernews.items.nodes(tree)
    assert sum(1 for _ in deep) == 3000


def test_fields_that_nobody_knows_are_told(page: Page) -> None:
    assert parsed(hackernews, page).unread == []
    assert parsed(hackernews, item({**COMMENT, "mood": "sad"})).unread == [Unread({"item.mood": 1})]


@pytest.mark.parametrize("body", [[1, 2], {"error": "down"}, 17, {"hits": None}])
def test_what_holds_no_items_is_a_dead_letter(body: Any) -> None:
    with pytest.raises(PayloadError, match="neither hits nor an item"):
        list(hackernews.parse(item(body)))


def test_whatever_an_answer_holds_gives_records_or_says_why_not(body_fault: BodyFault, page: Page) -> None:
    body_fault.check(hackernews, page)
    body_fault.check(hackernews, item(COMMENT))


def test_letters_are_those_that_were_written(charset: Charset) -> None:
    charset.check(hackernews, item(COMMENT))


@pytest.mark.skipif(not REALDATA.is_dir(), reason="THRESHER_REALDATA does not name the recorded payloads")
def test_recorded_items_are_records_and_lists_of_ids_are_dead_letters() -> None:
    results: list[Record | Dead | Unread] = []
    dead = []
    for page in hackernews.read(REALDATA, SITE):
        try:
            results += hackernews.parse(page)
        except PayloadError as error:
            dead.append(error.reason)
    records = {r.native_id: r for r in results if isinstance(r, Record)}
    assert dead == ["not_items"] * 4  # askstories, maxitem, topstories, updates
    assert len(records) == len(results) == 8
    assert records["3000"].status == "gone"
    assert records["1000"].title.endswith("s Mutilation\u2019: The Police in Chile Are Blinding Protesters")
    assert records["21301382"].text == "Every winter"
    assert records["21500985"].text == (
        "Not to totally change the subject, but...\n\n...can we talk about the Uyghurs of Xinjiang?\n\n"
        "Can that be what this thread is now about?"
    )


# How it is walked


class FakeSite:
    """Search and item API. ``hits`` and ``items`` by id."""

    listing = "/search_by_date"

    def __init__(self) -> None:
        self.hits: dict[int, dict[str, Any]] = {}
        self.items: dict[int, Any] = {}
        self.asked: list[tuple[str, Mapping[str, str]]] = []

    def fill(self, pages: int) -> None:
        """Comments under story 1, four of them in each second."""
        for number in range(100, 100 + 100 * pages - (50 if pages else 0)):
            self.comment(number, NOW + number // 4, parent=1)
        self.items[1] = {"id": 1, "type": "story", "by": "a", "title": "Maps", "url": "https://example.org", "time": NOW}

    def comment(self, number: int, moment: int, parent: int) -> None:
        self.hits[number] = {
            "objectID": str(number), "_tags": ["comment"], "author": "a", "created_at_i": moment, "story_id": 1, "parent_id": parent,
            "comment_text": f"comment {number}",
        }  # fmt: skip
        self.items[number] = {"id": number, "type": "comment", "by": "a", "text": f"comment {number}", "parent": parent, "time": moment}

    def entries(self, body: Any) -> list[Any]:
        entries: list[Any] = body["hits"]
        return entries

    def answer(self, request: Request) -> Response:
        self.asked.append((request.path, dict(request.args)))
        if request.path.startswith("/item/"):
            body: Any = self.items.get(int(request.path.removeprefix("/item/").removesuffix(".json")))
        else:
            bounds = re.findall(r"created_at_i(<=|>=)(\d+)", request.args.get("numericFilters", ""))
            low, high = (next((int(n) for sign, n in bounds if sign == wanted), None) for wanted in (">=", "<="))
            hits = [h for h in self.hits.values() if (low or 0) <= h["created_at_i"] <= (high or 10**12)]
            hits = sorted(hits, key=lambda h: (-h["created_at_i"], -int(h["objectID"])))[: int(request.args["hitsPerPage"])]
            body = {"hits": hits, "nbHits": len(hits)}
        return Response(json.dumps(body), content_type="application/json")

    def searches(self) -> list[Mapping[str, str]]:
        return [args for path, args in self.asked if path == self.listing]

    def items_asked(self) -> list[int]:
        return [int(path.removeprefix("/item/").removesuffix(".json")) for path, _ in self.asked if path.startswith("/item/")]


@pytest.fixture
def site(httpserver: HTTPServer) -> hackernews.Site:
    url = httpserver.url_for("").rstrip("/")
    return hackernews.Site(name="hackernews", search_url=url, item_url=url, queries=(ASKED,), days=3650)


@pytest.fixture
def fake(httpserver: HTTPServer) -> FakeSite:
    fake = FakeSite()
    httpserver.expect_request(re.compile("/.*")).respond_with_handler(fake.answer)
    return fake


OpenClient = Callable[..., Client]


def test_whatever_goes_wrong_is_withstood_or_told(endure: Callable[..., Visit], site: hackernews.Site) -> None:
    endure(hackernews, FakeSite(), site, not_here={})


def test_a_query_may_have_more_hits_than_the_search_shows_of_any(open_client: OpenClient, fake: FakeSite, site: hackernews.Site) -> None:
    fake.fill(12)
    for number in range(5000, 5150):  # more in one second than an answer holds: the rest of that second is lost, the walk goes on
        fake.comment(number, NOW + 400, parent=1)
    visited = visit(hackernews, open_client("hackernews"), site)
    assert visited.error is None
    assert set(map(str, range(100, 1250))) <= set(visited.records)
    assert all("page" not in args for args in fake.searches())
    assert [page.cursor is not None for page in visited.pages] == [False] * (len(visited.pages) - 2) + [True, True]


def test_a_first_visit_looks_back_some_days_only(open_client: OpenClient, fake: FakeSite, site: hackernews.Site) -> None:
    fake.fill(5)
    visit(hackernews, open_client("hackernews"), site.model_copy(update={"days": 1}))
    assert len(fake.searches()) == 1


def test_a_comment_brings_what_it_answers_and_its_story(open_client: OpenClient, fake: FakeSite, site: hackernews.Site) -> None:
    fake.fill(0)
    for number in range(10, 15):
        fake.comment(number, NOW, parent=number - 1 if number > 10 else 1)
    fake.hits = {14: fake.hits[14]}
    visited = visit(hackernews, open_client("hackernews"), site.model_copy(update={"parents": 2}))
    assert list(visited.records) == ["14", "1", "13", "12"]
    assert {r.thread_id for r in visited.records.values()} == {"1"}


def test_a_post_with_a_text_brings_its_best_replies(open_client: OpenClient, fake: FakeSite, site: hackernews.Site) -> None:
    story = {"objectID": "1", "_tags": ["story"], "author": "a", "created_at_i": NOW, "title": "T", "story_text": "Why?", "story_id": 1}
    for number in (2, 3, 4):
        fake.comment(number, NOW, parent=1)
    fake.hits = {1: story}
    fake.items[1] = {"id": 1, "type": "story", "by": "a", "title": "T", "text": "Why?", "time": NOW, "kids": [4, 2, 3]}
    visited = visit(hackernews, open_client("hackernews"), site.model_copy(update={"replies": 2}))
    assert list(visited.records) == ["1", "4", "2"]


def test_a_visit_that_is_cut_short_goes_on_with_what_it_had_not_asked_for(
    open_client: OpenClient, fake: FakeSite, site: hackernews.Site
) -> None:
    fake.fill(0)
    for number in range(10, 15):
        fake.comment(number, NOW, parent=number - 1 if number > 10 else 1)
    fake.hits = {14: fake.hits[14]}
    pages = hackernews.fetch(open_client("hackernews"), site, since=None)
    cursor = [next(pages).cursor for _ in range(2)][-1]
    assert cursor is not None
    again = visit(hackernews, open_client("hackernews"), site, since=cursor)
    assert {"13", "12", "11"} <= set(again.records)
    assert fake.items_asked().count(1) == 1


def test_what_was_deleted_or_edited_is_seen_at_the_next_visit(open_client: OpenClient, fake: FakeSite, site: hackernews.Site) -> None:
    fake.fill(0)
    for number in (20, 21, 22):
        fake.comment(number, NOW, parent=1)
    first = visit(hackernews, open_client("hackernews"), site)
    fake.items |= {20: {"id": 20, "deleted": True, "type": "comment", "parent": 1}, 21: None}
    fake.items[22]["text"] = "comment 22, edited"
    fake.hits.clear()
    second = visit(hackernews, open_client("hackernews"), site, since=first.cursor)
    assert {i: (r.status, r.text) for i, r in second.records.items()} == {
        "22": ("live", "comment 22, edited"), "21": ("gone", ""), "20": ("deleted", ""),
    }  # fmt: skip
    assert second.cursor is not None
    assert set(second.cursor["recent"]) == {"22"}
    asked = {"21": "1", "22": second.records["22"].thread_id}
    rechecked = [r for p in hackernews.recheck(open_client("hackernews"), site, asked) for r in hackernews.parse(p)]
    assert [r.status for r in rechecked if isinstance(r, Record)] == ["gone", "live"]
    assert rechecked[1] == second.records["22"]


def test_a_later_visit_asks_for_news_only(open_client: OpenClient, fake: FakeSite, site: hackernews.Site) -> None:
    fake.fill(2)
    newest = max(hit["created_at_i"] for hit in fake.hits.values())
    first = visit(hackernews, open_client("hackernews"), site)
    fake.asked.clear()
    second = visit(hackernews, open_client("hackernews"), site.model_copy(update={"overlap_h": 0.0, "known": 5}), since=first.cursor)
    assert [args["numericFilters"] for args in fake.searches()] == [f"created_at_i>={newest}"]
    assert second.cursor is not None
    assert len(second.cursor["recent"]) == 5


def test_an_item_that_cannot_be_read_is_asked_for_again(
    open_client: OpenClient, httpserver: HTTPServer, fake: FakeSite, site: hackernews.Site
) -> None:
    fake.fill(0)
    fake.comment(20, NOW, parent=1)
    story, fake.items[1] = fake.items[1], {"sorry": "we are down"}
    fake.items[1] = [1]
    first = visit(hackernews, open_client("hackernews"), site)
    fake.items[1] = story
    second = visit(hackernews, open_client("hackernews"), site, since=first.cursor)
    assert ("1" in first.records, "1" in second.records) == (False, True)


def test_without_queries_nothing_is_asked(open_client: OpenClient, site: hackernews.Site) -> None:
    with pytest.raises(SettingsError, match=r"queries\.toml"):
        next(hackernews.fetch(open_client("hackernews"), site.model_copy(update={"queries": ()}), since=None))
