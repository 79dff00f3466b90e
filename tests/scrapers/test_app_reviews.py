"""Reviews of apps: what either store gives, how it is asked, and what is believed to be gone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from sample.faults import BodyFault, Charset, SiteFault, Visit, parsed, visit
from scrapers import app_reviews
from scrapers.app_reviews.site import TOKEN_VARIABLE
from thresher.errors import PayloadError, SettingsError
from thresher.model import Candidate, Page
from thresher.net.client import Client
from thresher.rules import Rules, judge

FIXTURES = Path(__file__).parents[1] / "fixtures" / "app_reviews"
SITE = app_reviews.Site(name="chatgpt@us.apple", app="7")
OpenClient = Callable[..., Client]


@pytest.fixture(scope="module")
def rules() -> Rules:
    return Rules.load(Path(__file__).parents[2] / "config" / "rules.toml")


def saved(name: str, **context: str) -> Page:
    (page,) = app_reviews.read(FIXTURES / name, SITE)
    return replace(page, context=context)


def test_a_review_of_apple_has_its_words_and_no_name() -> None:
    visited = parsed(app_reviews, saved("apple.json"))
    assert list(visited.records) == ["9003", "9002", "9001"]
    review = visited.records["9003"]
    assert (review.role, review.title, review.marks["stars"], review.marks["score"]) == ("post", "Cannot count", 1, 14)
    assert (review.created_at, review.export_class) == (datetime(2026, 3, 3, 15, tzinfo=UTC), "id_only")
    assert "Gull Keeper" not in str(visited.records)
    assert (visited.dead, visited.unread) == ([], [])


def test_a_review_of_google_play_has_its_title_before_the_tab_and_no_word_of_the_developer() -> None:
    visited = parsed(app_reviews, saved("google_play.json"))
    sums, praise = visited.records.values()
    assert (sums.title, sums.text[:14], sums.marks["stars"]) == ("Wrong sums", 'I asked it "Wh', 1)
    assert (praise.title, praise.text, praise.language) == ("", "Sehr hilfreich im Alltag, danke", "de")
    assert "sorry" not in str(visited.records)
    assert "Tern Fisher" not in str(visited.records)
    assert (visited.dead, visited.unread) == ([], [])


@pytest.mark.parametrize(("name", "native_id"), [("apple.json", "9003"), ("google_play.json", "gp:AOq1")])
def test_a_review_that_says_what_was_asked_is_a_complaint_and_praise_is_none(name: str, native_id: str, rules: Rules) -> None:
    records = parsed(app_reviews, saved(name)).records
    made = {i: [o for o in judge([r], rules) if isinstance(o, Candidate)] for i, r in records.items()}
    assert [i for i, candidates in made.items() if candidates] == [native_id]
    assert made[native_id][0].kind == "complaint"


def test_one_review_alone_none_and_the_app_itself() -> None:
    feed = json.loads(saved("apple.json").body)
    app, first, *_ = feed["feed"]["entry"]
    for entry, ids in ((first, ["9003"]), (None, []), (app, [])):
        page = replace(saved("apple.json"), body=json.dumps({"feed": {**feed["feed"], "entry": entry}}).encode())
        assert list(parsed(app_reviews, page).records) == ids


@pytest.mark.parametrize("name", ["apple.json", "google_play.json"])
def test_whatever_an_answer_holds_gives_records_or_says_why_not(body_fault: BodyFault, name: str) -> None:
    body_fault.check(app_reviews, saved(name))


@pytest.mark.parametrize("name", ["apple.json", "google_play.json"])
def test_texts_are_read_in_whatever_letters(charset: Charset, name: str) -> None:
    charset.check(app_reviews, saved(name))


def test_an_app_of_apple_is_a_number() -> None:
    with pytest.raises(ValidationError, match="stands behind id"):
        app_reviews.Site(name="x", app="org.example.assistant")


# Apple


class Feed:
    """Apple's feed, two reviews on a page: the newest first."""

    listing = "/us/rss/customerreviews/page=1/id=7/sortby=mostrecent/json"

    def __init__(self) -> None:
        self.ids: list[int] = []

    def fill(self, pages: int) -> None:
        self.ids = list(range(9000 + 2 * pages, 9000, -1))

    def answer(self, request: Request) -> Response:
        match = re.search(r"/page=(\d+)/", request.path)
        assert match is not None
        at = 2 * (int(match[1]) - 1)
        entries = [
            {"id": {"label": str(i)}, "content": {"label": f"Review {i}"}, "im:rating": {"label": "1"}} for i in self.ids[at : at + 2]
        ]
        return Response(json.dumps({"feed": {"entry": entries} if entries else {}}), content_type="application/json")

    def entries(self, body: Any) -> list[Any]:
        return list(body["feed"]["entry"])


def at(httpserver: HTTPServer, **more: Any) -> app_reviews.Site:
    return app_reviews.Site(**{"name": "chatgpt@us.apple", "app": "7", "store_url": httpserver.url_for("").rstrip("/"), **more})


def test_the_feed_is_whole_or_the_visit_says_why(endure: Callable[..., Visit], httpserver: HTTPServer) -> None:
    numbered = "pages have numbers, which end at the tenth"
    endure(app_reviews, Feed(), at(httpserver), not_here={"cyclic cursor": numbered, "item on two pages": numbered})


def visits(httpserver: HTTPServer, open_client: OpenClient, *listings: list[int]) -> list[Visit]:
    """A visit of the feed for each of these listings, one after another."""
    feed, done = Feed(), []
    httpserver.expect_request(re.compile("/.*")).respond_with_handler(feed.answer)
    for ids in listings:
        feed.ids = ids
        done.append(visit(app_reviews, open_client("app_reviews"), at(httpserver), done[-1].cursor if done else None))
    return done


def statuses(visited: Visit) -> dict[str, str]:
    return {native_id: record.status for native_id, record in visited.records.items() if record.status != "live"}


def test_a_review_is_gone_when_two_visits_in_a_row_do_not_show_it(httpserver: HTTPServer, open_client: OpenClient) -> None:
    whole, without = [9004, 9003, 9002, 9001], [9004, 9002, 9001]
    assert [statuses(v) for v in visits(httpserver, open_client, whole, without, without, without)] == [{}, {}, {"9003": "gone"}, {}]


def test_a_feed_that_leaves_a_review_out_once_takes_nothing(httpserver: HTTPServer, open_client: OpenClient) -> None:
    whole, without = [9004, 9003, 9002, 9001], [9004, 9002, 9001]
    assert [statuses(v) for v in visits(httpserver, open_client, whole, without, whole, without)] == [{}, {}, {}, {}]


def test_what_lies_below_the_tenth_page_is_not_gone(httpserver: HTTPServer, open_client: OpenClient) -> None:
    first, later = list(range(9020, 9000, -1)), list(range(9030, 9010, -1))
    done = visits(httpserver, open_client, first, later, later, later)
    assert [statuses(v) for v in done] == [{}, {}, {}, {}]
    assert len(done[0].pages) == 10


# Google Play


class Play:
    """Google Play's API for one app, two reviews on a page."""

    listing = "/applications/org.example.assistant/reviews"

    def fill(self, pages: int) -> None:
        self.ids = [f"gp:{number}" for number in range(2 * pages)]

    def answer(self, request: Request) -> Response:
        if request.headers.get("Authorization") != "Bearer ya29.made-up":
            return Response('{"error": {"code": 401}}', 401, content_type="application/json")
        if request.path != self.listing:
            native_id = request.path.rpartition("/")[2]
            known = native_id in self.ids
            return Response(json.dumps(self.review(native_id) if known else {"error": {"code": 404}}), 200 if known else 404)
        start = int(request.args.get("token", "0"))
        body: dict[str, Any] = {"reviews": [self.review(i) for i in self.ids[start : start + 2]]}
        if start + 2 < len(self.ids):
            body["tokenPagination"] = {"nextPageToken": str(start + 2)}
        return Response(json.dumps(body), content_type="application/json")

    @staticmethod
    def review(native_id: str) -> dict[str, Any]:
        return {
            "reviewId": native_id,
            "comments": [{"userComment": {"text": f"Bad\tReview {native_id}", "lastModified": {"seconds": "1772600000"}}}],
        }

    def entries(self, body: Any) -> list[Any]:
        reviews: list[Any] = body["reviews"]
        return reviews


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, "ya29.made-up")


def of_play(httpserver: HTTPServer) -> app_reviews.Site:
    return at(httpserver, name="assistant@play", store="google_play", app="org.example.assistant")


@pytest.mark.usefixtures("token")
def test_the_reviews_of_a_week_are_whole_or_the_visit_says_why(
    endure: Callable[..., Visit], httpserver: HTTPServer, site_fault: SiteFault
) -> None:
    endure(app_reviews, Play(), of_play(httpserver), not_here={"empty": "a week without reviews is an ordinary one"})


@pytest.mark.usefixtures("token")
def test_a_single_review_is_asked_for_again_and_one_that_is_not_there_is_gone(httpserver: HTTPServer, open_client: OpenClient) -> None:
    play = Play()
    play.fill(1)
    httpserver.expect_request(re.compile("/.*")).respond_with_handler(play.answer)
    pages = app_reviews.recheck(open_client("app_reviews"), of_play(httpserver), {"gp:1": "gp:1", "gp:7": "gp:7"})
    records = [record for page in pages for record in parsed(app_reviews, page).records.values()]
    assert [(r.native_id, r.status) for r in records] == [("gp:1", "live"), ("gp:7", "gone")]
    assert list(app_reviews.recheck(open_client("app_reviews"), at(httpserver), {"9001": "9001"})) == []


def test_without_a_token_google_play_is_not_asked(httpserver: HTTPServer, open_client: OpenClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)
    visited = visit(app_reviews, open_client("app_reviews"), of_play(httpserver))
    assert isinstance(visited.error, SettingsError)
    assert TOKEN_VARIABLE in str(visited.error)
    assert httpserver.log == []


def test_an_error_of_the_store_says_nothing_of_a_review() -> None:
    with pytest.raises(PayloadError, match="backend"):
        list(app_reviews.parse(replace(saved("google_play.json"), status=503, body=b'{"error": "backend"}', context={"asked": "gp:1"})))


def test_recorded_reviews_are_read(realdata: Path) -> None:
    (page,) = app_reviews.read(realdata / "app_reviews", SITE)
    visited = parsed(app_reviews, page)
    assert (len(visited.records), visited.dead, visited.unread) == (4, [], [])
    assert {r.marks["stars"] for r in visited.records.values()} <= {1, 2, 3, 4, 5}
