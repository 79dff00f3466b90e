"""Visits to a repository and to the search, on a loopback port: order, limits, edits, deletions, and which cursor holds when."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from sample import World
from sample.faults import Visit, visit
from sample.sites.github_issues import TRACKER
from scrapers import github_issues
from scrapers.common.queries import Query
from thresher.archive.writer import ArchiveWriter
from thresher.errors import HttpStatusError, PayloadError, RateLimited
from thresher.model import Record
from thresher.net.client import Client, Clock
from thresher.net.settings import Network, Pace

OpenClient = Callable[..., Client]
ASKED = Query(words='"asked chatgpt" wrong', language="en", why="made up for a test")
MERGED = {"url": "https://api.github.com/repos/plum/agent/pulls/1"}


def moment(minute: int) -> str:
    return f"2026-03-{1 + minute // 1440:02}T{minute // 60 % 24:02}:{minute % 60:02}:00Z"


class FakeSite:
    """The API of one repository, plum/agent, and the search. ``issues`` and ``comments`` by number and id."""

    listing = "/repos/plum/agent/issues"

    def __init__(self) -> None:
        self.url = ""
        self.issues: dict[int, dict[str, Any]] = {}
        self.comments: dict[int, dict[str, Any]] = {}
        self.gone: dict[int, int] = {}
        self.hidden: dict[str, str] = {}
        self.asked: list[tuple[str, Mapping[str, str]]] = []

    def fill(self, pages: int) -> None:
        self.issues, self.comments = {}, {}
        for number in range(1, 100 * pages - (1 if pages else 0)):
            self.issue(number)

    def issue(self, number: int, **more: Any) -> None:
        home = "https://api.github.com/repos/plum/agent"
        self.issues[number] = {
            "number": number, "title": f"issue {number}", "body": f"text {number}", "comments": 0, "created_at": moment(number),
            "updated_at": moment(number), "user": {"id": 1, "login": "lena"}, "repository_url": home,
            "html_url": f"https://github.com/plum/agent/issues/{number}", **more,
        }  # fmt: skip

    def comment(self, comment: int, number: int, minute: int, kind: str = "issues") -> None:
        home = "https://api.github.com/repos/plum/agent"
        self.comments[comment] = {
            "id": comment, "node_id": f"IC_{comment}", "body": f"comment {comment}", "user": None, "created_at": moment(minute),
            "updated_at": moment(minute), "issue_url": f"{home}/issues/{number}",
            "html_url": f"https://github.com/plum/agent/{kind}/{number}#issuecomment-{comment}",
        }  # fmt: skip
        if kind == "issues":
            self.issues[number] |= {"comments": self.issues[number]["comments"] + 1, "updated_at": moment(minute)}

    def entries(self, body: Any) -> list[Any]:
        entries: list[Any] = body
        return entries

    def answer(self, request: Request) -> Response:
        self.asked.append((request.path, dict(request.args)))
        path = request.path.removeprefix(self.listing)
        if request.path == "/graphql":
            nodes = [
                {"id": i, "isMinimized": i in self.hidden, "minimizedReason": self.hidden.get(i)}
                for i in request.get_json()["variables"]["ids"]
            ]
            return self._json({"data": {"nodes": nodes}})
        if request.path == "/search/issues":
            return self._searched(request)
        if path == "":
            return self._listed(list(self.issues.values()), request)
        if path == "/comments":
            return self._listed(list(self.comments.values()), request)
        if match := re.fullmatch(r"/(\d+)/comments", path):
            under = [c for c in self.comments.values() if c["issue_url"].endswith(f"/{match[1]}")]
            return self._listed(under, request)
        number = int(path.rpartition("/")[2])
        thing = (self.comments if path.startswith("/comments/") else self.issues).get(number)
        return self._json(thing or {"message": "no"}, 200 if thing else self.gone.get(number, 404))

    def _searched(self, request: Request) -> Response:
        since = re.search(r"updated:>=(\S+)", request.args["q"])
        found = [i for i in self.issues.values() if not since or i["updated_at"] >= since[1]]
        answer = self._listed(found, request)
        body = {"total_count": len(found), "incomplete_results": False, "items": json.loads(answer.get_data())}
        return self._json(body, headers=dict(answer.headers))

    def _listed(self, things: list[dict[str, Any]], request: Request) -> Response:
        args = request.args
        key = "created_at" if args.get("sort") == "created" else "updated_at"
        things = [t for t in things if t["updated_at"] >= args.get("since", "")]
        descending = args.get("direction", args.get("order", "asc")) == "desc"
        things.sort(key=lambda t: (t[key], t.get("number", 0)), reverse=descending)
        size, page = int(args["per_page"]), int(args.get("page", 1))
        more = page * size < len(things)
        following = str(request.url).partition("?")[0] + "?" + urlencode({**args, "page": page + 1})
        links = {"Link": f'<{following}>; rel="next", <{following}>; rel="last"'} if more else {}
        return self._json(things[(page - 1) * size : page * size], headers=links)

    @staticmethod
    def _json(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        links = {name: value for name, value in (headers or {}).items() if name == "Link"}
        return Response(json.dumps(body), status, links, content_type="application/json")

    def times(self, path: str, **args: str) -> int:
        return sum(1 for asked, given in self.asked if asked == path and args.items() <= given.items())


@pytest.fixture(autouse=True)
def no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("THRESHER_GITHUB_TOKEN", raising=False)


@pytest.fixture
def site(httpserver: HTTPServer) -> github_issues.Site:
    return github_issues.Site(name="plum/agent", api_url=httpserver.url_for("").rstrip("/"))


@pytest.fixture
def everywhere(site: github_issues.Site) -> github_issues.Site:
    return github_issues.Site(name="search", search=True, api_url=site.api_url, queries=(ASKED,))


@pytest.fixture
def fake(httpserver: HTTPServer) -> FakeSite:
    fake = FakeSite()
    httpserver.expect_request(re.compile("/.*")).respond_with_handler(fake.answer)
    return fake


# A repository


def test_whatever_goes_wrong_is_withstood_or_told(endure: Callable[..., Visit], site: github_issues.Site) -> None:
    endure(github_issues, FakeSite(), site, not_here={})


def test_issues_and_comments_are_read_in_the_order_of_changes_and_each_page_has_the_cursor(
    open_client: OpenClient, fake: FakeSite, site: github_issues.Site
) -> None:
    fake.fill(3)
    fake.issue(400, pull_request=MERGED)
    fake.comment(1, 7, 5000)
    fake.comment(2, 400, 5001, kind="pull")
    visited = visit(github_issues, open_client("github_issues"), site)
    assert visited.error is None
    assert set(visited.records) == {str(n) for n in range(1, 299)} | {"7/1"}
    assert [page.cursor is not None for page in visited.pages] == [True] * 5 + [False, True]
    assert visited.cursor is not None
    assert (visited.cursor["issues"], visited.cursor["comments"]) == (moment(5000), moment(5001))
    assert visited.cursor["heard"] == {"1": 7}


def test_what_is_touched_while_it_is_read_hides_nothing(open_client: OpenClient, fake: FakeSite, site: github_issues.Site) -> None:
    """An issue of the first page moves to the end; with pages by number the first of the second page would be missed."""
    fake.fill(3)
    pages = github_issues.fetch(open_client("github_issues"), site, since=None)
    seen = [next(pages)]
    fake.issues[1]["updated_at"] = moment(6000)
    seen += list(pages)
    assert {r.native_id for p in seen for r in github_issues.parse(p) if isinstance(r, Record)} == {str(n) for n in range(1, 299)}


def test_many_changes_of_one_moment_are_read_by_the_next_page_that_the_api_names(
    open_client: OpenClient, fake: FakeSite, site: github_issues.Site
) -> None:
    fake.fill(3)
    for number in range(1, 299):
        fake.issues[number]["updated_at"] = moment(300)
    assert len(visit(github_issues, open_client("github_issues"), site).records) == 298


def test_a_run_reads_some_pages_and_the_next_one_goes_on(open_client: OpenClient, fake: FakeSite, site: github_issues.Site) -> None:
    fake.fill(4)
    few = site.model_copy(update={"max_pages": 1, "known": 0})
    first = visit(github_issues, open_client("github_issues"), few)
    second = visit(github_issues, open_client("github_issues"), few, since=first.cursor)
    assert (len(first.records), first.cursor and first.cursor["issues"]) == (100, moment(100))
    assert "180" not in first.records
    assert {str(n) for n in range(101, 140)} <= set(second.records)  # an hour is read again


def test_a_first_visit_looks_back_some_days_from_the_newest_change(
    open_client: OpenClient, fake: FakeSite, site: github_issues.Site
) -> None:
    fake.issue(1)
    fake.issue(2, updated_at=moment(3 * 1440))
    few = site.model_copy(update={"days": 1, "known": 0})
    assert list(visit(github_issues, open_client("github_issues"), few).records) == ["2"]


def test_deleted_transferred_and_hidden_issues_are_asked_for(open_client: OpenClient, fake: FakeSite, site: github_issues.Site) -> None:
    fake.fill(1)
    first = visit(github_issues, open_client("github_issues"), site)
    for number in (40, 41, 42):
        del fake.issues[number]
    fake.gone = {40: 410, 41: 404, 42: 451}
    second = visit(github_issues, open_client("github_issues"), site, since=first.cursor)
    assert {i: second.records[i].status for i in ("40", "41", "42")} == {"40": "deleted", "41": "gone", "42": "removed"}
    third = visit(github_issues, open_client("github_issues"), site, since=second.cursor)
    assert not {"40", "41", "42"} & set(third.records)


def test_a_deleted_comment_is_gone_even_where_another_one_came(open_client: OpenClient, fake: FakeSite, site: github_issues.Site) -> None:
    fake.fill(1)
    fake.comment(1, 7, 200)
    fake.comment(2, 7, 201)
    first = visit(github_issues, open_client("github_issues"), site)
    del fake.comments[1]
    fake.issues[7]["comments"] -= 1
    fake.comment(3, 7, 400)
    second = visit(github_issues, open_client("github_issues"), site, since=first.cursor)
    assert {i: second.records[i].status for i in ("7/1", "7/2", "7/3")} == {"7/1": "gone", "7/2": "live", "7/3": "live"}
    fake.asked.clear()
    third = visit(github_issues, open_client("github_issues"), site, since=second.cursor)
    assert "7/1" not in third.records
    assert fake.times(f"{fake.listing}/7/comments") == 0


def test_with_a_token_it_is_sent_and_hidden_comments_are_told(
    open_client: OpenClient, httpserver: HTTPServer, site: github_issues.Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THRESHER_GITHUB_TOKEN", "ghp_made_up_and_worth_nothing")
    fake, tokens = FakeSite(), []

    def answer(request: Request) -> Response:
        tokens.append(request.headers.get("Authorization"))
        return fake.answer(request)

    httpserver.expect_request(re.compile("/.*")).respond_with_handler(answer)
    fake.fill(1)
    fake.comment(1, 7, 200)
    fake.comment(2, 7, 201)
    fake.hidden = {"IC_1": "OFF-TOPIC", "IC_2": "RESOLVED"}
    records = visit(github_issues, open_client("github_issues"), site).records
    assert (records["7/1"].status, records["7/1"].text) == ("removed", "")
    assert (records["7/2"].status, records["7/2"].marks["minimized"]) == ("live", "resolved")
    assert set(tokens) == {"Bearer ghp_made_up_and_worth_nothing"}


def test_records_are_asked_for_again_issue_by_issue(open_client: OpenClient, fake: FakeSite, site: github_issues.Site) -> None:
    fake.fill(1)
    fake.comment(1, 7, 200)
    fake.gone = {200: 410}
    pages = list(github_issues.recheck(open_client("github_issues"), site, {"7": "7", "7/1": "7", "7/2": "7", "200": "200"}))
    statuses = [r.status for p in pages for r in github_issues.parse(p) if isinstance(r, Record)]
    assert statuses == ["live", "live", "gone", "deleted"]
    assert (fake.times(f"{fake.listing}/7"), fake.times(f"{fake.listing}/7/comments")) == (1, 1)


def test_comments_of_an_issue_that_is_not_there_any_more_went_with_it(
    open_client: OpenClient, fake: FakeSite, site: github_issues.Site
) -> None:
    fake.fill(1)
    fake.comment(1, 7, 200)
    fake.comment(1, 8, 201)
    del fake.issues[7]
    fake.gone = {7: 410}
    fake.issues[8] |= {"number": 3, "html_url": "https://github.com/plum/elsewhere/issues/3"}
    asked = {"7": "7", "7/1": "7", "8": "8", "8/1": "8"}
    pages = list(github_issues.recheck(open_client("github_issues"), site, asked))
    assert [(r.native_id, r.status) for p in pages for r in github_issues.parse(p) if isinstance(r, Record)] == [
        ("7", "deleted"), ("7/1", "deleted"), ("8", "gone"), ("8/1", "gone"),
    ]  # fmt: skip


def test_a_repository_without_issues_is_an_error(open_client: OpenClient, fake: FakeSite, site: github_issues.Site) -> None:
    with pytest.raises(PayloadError, match="is it the right repository"):
        next(github_issues.fetch(open_client("github_issues"), site, since=None))


def test_a_limit_that_lasts_longer_than_we_wait_ends_the_visit_and_what_came_is_kept(
    open_client: OpenClient, httpserver: HTTPServer, site: github_issues.Site
) -> None:
    fake = FakeSite()
    fake.fill(3)
    answered: list[str] = []

    def answer(request: Request) -> Response:
        answered.append(request.path)
        if len(answered) > 2:
            headers = {"x-ratelimit-remaining": "0", "x-ratelimit-limit": "60", "x-ratelimit-reset": "99999999999"}
            return Response('{"message": "API rate limit exceeded"}', 403, headers, content_type="application/json")
        return fake.answer(request)

    httpserver.expect_request(re.compile("/.*")).respond_with_handler(answer)
    visited = visit(github_issues, open_client("github_issues"), site)
    assert isinstance(visited.error, RateLimited)
    assert (len(visited.records), len(answered)) == (100, 3)
    assert visited.cursor is not None


@pytest.mark.parametrize("status", [403, 429])
def test_the_secondary_limit_is_waited_for(
    open_client: OpenClient, httpserver: HTTPServer, fake: FakeSite, site: github_issues.Site, waits: list[float], status: int
) -> None:
    fake.fill(1)
    body = '{"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}'
    httpserver.expect_oneshot_request(fake.listing).respond_with_data(body, status, content_type="application/json")
    assert len(visit(github_issues, open_client("github_issues"), site).records) == 98
    assert max(waits) > 59


def test_issues_that_are_turned_off_are_told(open_client: OpenClient, httpserver: HTTPServer, site: github_issues.Site) -> None:
    httpserver.expect_request(FakeSite.listing).respond_with_json({"message": "Issues are disabled for this repo"}, status=410)
    with pytest.raises(HttpStatusError, match="410"):
        next(github_issues.fetch(open_client("github_issues"), site, since=None))


# The search


def test_more_issues_are_found_than_the_search_shows_of_any_query_and_their_comments_come_with_them(
    open_client: OpenClient, fake: FakeSite, everywhere: github_issues.Site
) -> None:
    fake.fill(12)
    fake.comment(1, 7, 5000)
    visited = visit(github_issues, open_client("github_issues"), everywhere.model_copy(update={"max_pages": 20}))
    assert visited.error is None
    assert {f"plum/agent#{n}" for n in range(1, 1199)} | {"plum/agent#7/1"} == set(visited.records)
    assert all("page" not in args for _, args in fake.asked)
    assert all(args["q"].startswith('"asked chatgpt" wrong is:issue') for path, args in fake.asked if path == "/search/issues")


def test_a_later_search_asks_for_news_and_looks_at_known_issues_again(
    open_client: OpenClient, fake: FakeSite, everywhere: github_issues.Site
) -> None:
    fake.fill(1)
    few = everywhere.model_copy(update={"known": 2, "overlap_h": 0.0})
    first = visit(github_issues, open_client("github_issues"), few)
    del fake.issues[97]
    fake.gone = {97: 410}
    fake.asked.clear()
    second = visit(github_issues, open_client("github_issues"), few, since=first.cursor)
    assert {i: r.status for i, r in second.records.items()} == {"plum/agent#98": "live", "plum/agent#97": "deleted"}
    assert len(fake.asked) == 2


def test_comments_that_a_killed_search_had_not_read_are_read_by_the_next_one(
    open_client: OpenClient, fake: FakeSite, everywhere: github_issues.Site
) -> None:
    fake.fill(1)
    fake.comment(1, 7, 5000)
    cursor = next(github_issues.fetch(open_client("github_issues"), everywhere, since=None)).cursor
    again = visit(github_issues, open_client("github_issues"), everywhere, since=cursor)
    assert "plum/agent#7/1" in again.records


def test_nothing_at_all_on_a_first_visit_is_an_outage(open_client: OpenClient, fake: FakeSite, everywhere: github_issues.Site) -> None:
    with pytest.raises(PayloadError, match="finds nothing for 1 queries"):
        list(github_issues.fetch(open_client("github_issues"), everywhere, since=None))


# Conditional requests


def test_what_has_not_changed_is_not_sent_again(httpserver: HTTPServer, site: github_issues.Site, tmp_path: Path) -> None:
    """An answer of status 304 does not count towards the limit."""
    fake, statuses = FakeSite(), []
    fake.fill(1)

    def answer(request: Request) -> Response:
        response = fake.answer(request)
        response.set_etag(str(hash(response.get_data())))
        response.make_conditional(request.environ)
        statuses.append(response.status_code)
        return response

    httpserver.expect_request(re.compile("/.*")).respond_with_handler(answer)
    clock = Clock(sleep=lambda seconds: None)
    network = Network(contact="ops@example.org", allow_addresses=(f"{httpserver.host}:{httpserver.port}",))
    cursor = None
    for night in ("one", "two"):
        with ArchiveWriter(tmp_path, night, datetime.now(UTC)) as archive, Client.open(network, archive=archive, clock=clock) as root:
            client = root.bind("github_issues", Pace(min_interval_s=0))
            cursor = visit(github_issues, client, site, since=cursor).cursor
    assert statuses == [200] * 4 + [200, 304, 304]


def test_the_sample_world_is_read_on_both_nights(tmp_path: Path) -> None:
    with World() as world:
        site = github_issues.Site(name=TRACKER, api_url=world.urls["github_api"])
        address = world.urls["github_api"].removeprefix("http://")
        with Client.open(Network(contact="ops@example.org", allow_addresses=(address,))) as root:
            client = root.bind("github_issues", Pace(min_interval_s=0))
            first = visit(github_issues, client, site)
            world.night = 2
            second = visit(github_issues, client, site, since=first.cursor)
    assert sorted(first.records) == ["41", "41/7001", "41/7002", "42", "43", "45", "46", "47"]
    assert {i: r.status for i, r in second.records.items() if i not in first.records or r.status != "live"} == {
        "42/7003": "live", "48": "live", "47": "deleted", "41/7002": "gone",
    }  # fmt: skip
