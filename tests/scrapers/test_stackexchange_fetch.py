"""Visits to an API on a loopback port: windows, answers, quota, errors, and which cursor holds when."""

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
from scrapers import stackexchange
from thresher.errors import BudgetExhausted, HttpStatusError, PaginationError, PayloadError
from thresher.model import Page, Record
from thresher.net.client import Client
from thresher.net.settings import Network, Pace

DAY = 86_400
NOW = 1_770_000_000
Ask = dict[str, str]


class Api:
    """``questions`` maps ids to (last activity, number of answers)."""

    listing = "/2.3/questions"

    def __init__(self, server: HTTPServer) -> None:
        self.url = server.url_for("/2.3")
        self.questions: dict[int, tuple[int, int]] = {}
        self.tags: dict[str, set[int]] = {}
        self.asked: list[tuple[str, Ask]] = []
        self.quota = 300
        self.scripted: Callable[[str, Ask], Response | None] = lambda path, ask: None
        server.expect_request(re.compile("/.*")).respond_with_handler(self.answer)

    def fill(self, pages: int) -> None:
        self.questions = {q: (NOW - 1000 + q, 1) for q in range(1, 9 * pages + 1)}

    def entries(self, body: Any) -> list[Any]:
        entries: list[Any] = body["items"]
        return entries

    def answer(self, request: Request) -> Response:
        path, ask = request.path.removeprefix("/2.3/"), dict(request.args)
        self.asked.append((path, ask))
        return self.scripted(path, ask) or self._json(self._items(path, ask), ask)

    def _items(self, path: str, ask: Ask) -> list[dict[str, Any]]:
        kind, _, rest = path.partition("/")
        ids = [int(i) for i in rest.removesuffix("/answers").split(";") if i]
        if kind == "answers":
            return [self._answer(a // 100, a % 100) for a in ids if a % 100 < self.questions.get(a // 100, (0, 0))[1]]
        if path.endswith("/answers"):
            return [self._answer(q, n) for q in ids for n in range(self.questions[q][1])]
        known = self.tags.get(ask["tagged"], set()) if "tagged" in ask else set(self.questions)
        found = [self._question(q) for q in sorted(known & set(ids) if ids else known)]
        found = [i for i in found if i["last_activity_date"] >= int(ask.get("min", 0))]
        return sorted(found, key=lambda i: (i["last_activity_date"], i["question_id"]), reverse=ask.get("order") == "desc")

    def _question(self, question: int) -> dict[str, Any]:
        activity, answers = self.questions[question]
        return {
            "question_id": question,
            "last_activity_date": activity,
            "answer_count": answers,
            "title": f"Q{question}",
            "body": f"<p>q {activity}</p>",
        }

    def _answer(self, question: int, number: int) -> dict[str, Any]:
        return {"question_id": question, "answer_id": question * 100 + number, "body": "<p>a</p>", "content_license": "CC BY-SA 4.0"}

    def _json(self, items: list[dict[str, Any]], ask: Ask) -> Response:
        self.quota -= 1
        size, at = int(ask["pagesize"]), (int(ask.get("page", 1)) - 1) * int(ask["pagesize"])
        body = {"items": items[at : at + size], "has_more": at + size < len(items), "quota_max": 300, "quota_remaining": self.quota}
        return Response(json.dumps(body), content_type="application/json")


@pytest.fixture
def api(httpserver: HTTPServer) -> Api:
    api = Api(httpserver)
    api.questions = {q: (NOW - 1000 + q, q % 3) for q in range(1, 26)}
    return api


@pytest.fixture
def client(open_client: Callable[..., Client]) -> Client:
    return open_client("stackexchange", tries=1)


def test_whatever_goes_wrong_is_withstood_or_told(endure: Callable[..., Visit], api: Api) -> None:
    endure(stackexchange, api, settings(api), not_here={})


def test_whatever_an_answer_holds_gives_records_or_says_why_not(body_fault: BodyFault, client: Client, api: Api) -> None:
    pages, _ = visit(client, settings(api))
    for page in pages[:2]:
        body_fault.check(stackexchange, page)


def test_an_answer_in_any_charset_gives_its_text_or_is_named(charset: Charset, client: Client, api: Api) -> None:
    charset.check(stackexchange, visit(client, settings(api))[0][0])


def settings(api: Api, **given: Any) -> stackexchange.Site:
    return stackexchange.Site(name="s", api_url=api.url, site_url="https://s.example.org", **{"page_size": 10, **given})


def visit(client: Client, site: stackexchange.Site, since: Mapping[str, Any] | None = None) -> tuple[list[Page], Mapping[str, Any] | None]:
    pages = list(stackexchange.fetch(client, site, since=since))
    cursors = [p.cursor for p in pages if p.cursor is not None]
    return pages, cursors[-1] if cursors else since


def records(pages: list[Page]) -> dict[str, Record]:
    return {r.native_id: r for p in pages for r in stackexchange.parse(p) if isinstance(r, Record)}


def test_first_visit_brings_questions_and_all_their_answers(client: Client, api: Api) -> None:
    pages, cursor = visit(client, settings(api))
    found = records(pages)
    assert sum(r.role == "question" for r in found.values()) == 25
    assert sum(r.role == "answer" for r in found.values()) == sum(a for _, a in api.questions.values())
    assert cursor == {"activity": {"": NOW - 975}}
    assert found["200"].attribution.startswith('s.example.org, "Q2", https://s.example.org/a/200')


def test_each_window_begins_where_the_last_one_ended(client: Client, api: Api) -> None:
    visit(client, settings(api))
    windows = [(int(ask["min"]), ask["page"]) for path, ask in api.asked if path == "questions" and "min" in ask]
    assert windows == [(NOW - 975 - 30 * DAY, "1"), (NOW - 990, "1"), (NOW - 981, "1")]


def test_question_that_moves_while_paging_is_not_missed(client: Client, api: Api) -> None:
    def move(path: str, ask: Ask) -> None:
        if path == "questions" and int(ask.get("min", 0)) == NOW - 990:
            api.questions[3] = (NOW, 2)

    api.scripted = move
    found = records(visit(client, settings(api))[0])
    assert len([r for r in found.values() if r.role == "question"]) == 25
    assert found["3"].text == f"q {NOW}"
    assert "301" in found


def test_many_questions_of_one_second_are_paged_through(client: Client, api: Api) -> None:
    api.questions = {q: (NOW, 0) for q in range(1, 36)}
    assert len(records(visit(client, settings(api))[0])) == 35


def test_first_visit_looks_back_some_days_and_stops_at_max_pages(client: Client, api: Api) -> None:
    api.questions[1] = (NOW - 40 * DAY, 0)
    pages, cursor = visit(client, settings(api, max_pages=1))
    assert "1" not in records(pages)
    assert len([r for r in records(pages).values() if r.role == "question"]) == 10
    rest, _ = visit(client, settings(api), cursor)
    assert len({k for k, r in (records(pages) | records(rest)).items() if r.role == "question"}) == 24


def test_next_visit_asks_from_the_watermark_with_an_overlap(client: Client, api: Api) -> None:
    _, cursor = visit(client, settings(api))
    api.asked.clear()
    pages, again = visit(client, settings(api, page_size=100), cursor)
    assert int(api.asked[0][1]["min"]) == NOW - 975 - 7200
    assert again == cursor
    assert len(api.asked) == 2
    assert len(pages) == 2


def test_cursor_stands_on_the_last_page_of_answers(client: Client, api: Api) -> None:
    pages, _ = visit(client, settings(api))
    assert [p.cursor is not None for p in pages] == [False, True] * 3
    for at, page in enumerate(pages):
        rest, _ = visit(client, settings(api), page.cursor)
        assert set(records(pages[: at + 1])) | set(records(rest)) == set(records(pages))


def test_each_tag_is_a_walk_of_its_own(client: Client, api: Api) -> None:
    api.tags = {"one": {1, 2}, "two": {2, 3}}
    pages, cursor = visit(client, settings(api, tagged=["one", "two", "none"]))
    assert {k for k, r in records(pages).items() if r.role == "question"} == {"1", "2", "3"}
    assert cursor == {"activity": {"one": NOW - 998, "two": NOW - 997}}


def test_site_without_questions_is_an_error(client: Client, api: Api) -> None:
    api.questions = {}
    with pytest.raises(PayloadError, match="no questions at all"):
        visit(client, settings(api))


def test_quiet_site_is_none(client: Client, api: Api) -> None:
    _, cursor = visit(client, settings(api))
    api.questions = {}
    pages, same = visit(client, settings(api), cursor)
    assert (records(pages), same) == ({}, cursor)


def test_moment_far_ahead_does_not_become_the_watermark(client: Client, api: Api) -> None:
    api.questions[30] = (NOW + 10**9, 0)
    _, cursor = visit(client, settings(api))
    assert cursor == {"activity": {"": NOW - 975}}


def test_low_quota_stops_after_whole_pages(client: Client, api: Api) -> None:
    api.quota = 14
    pages: list[Page] = []
    with pytest.raises(BudgetExhausted, match="9 more requests today"):
        pages.extend(stackexchange.fetch(client, settings(api), since=None))
    assert pages
    cursors = [p.cursor for p in pages if p.cursor]
    api.quota = 300
    rest, _ = visit(client, settings(api), cursors[-1])
    assert len([r for r in (records(pages) | records(rest)).values() if r.role == "question"]) == 25


def test_error_of_the_api_is_in_the_message(client: Client, api: Api) -> None:
    body = json.dumps({"error_id": 400, "error_name": "bad_parameter", "error_message": "No site found for name `s`"})
    api.scripted = lambda path, ask: Response(body, 400)
    with pytest.raises(HttpStatusError, match="bad_parameter \\(400\\): No site found"):
        visit(client, settings(api))


@pytest.mark.parametrize("body", [b"<html>Just a moment</html>", b"", b"[]", b'{"items": 3}'])
def test_answer_that_is_none_is_a_payload_error(client: Client, api: Api, body: bytes) -> None:
    api.scripted = lambda path, ask: Response(body)
    with pytest.raises(PayloadError):
        visit(client, settings(api))


def test_answers_without_end_are_stopped(client: Client, api: Api) -> None:
    body = json.dumps({"items": [{"answer_id": 10, "question_id": 1, "body": "a"}], "has_more": True})
    api.scripted = lambda path, ask: Response(body) if path.endswith("/answers") else None
    with pytest.raises(PaginationError):
        visit(client, settings(api))


def test_key_of_the_environment_is_sent_and_kept_nowhere(client: Client, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THRESHER_STACKEXCHANGE_KEY", "canary-7")
    pages, _ = visit(client, settings(api))
    assert all(ask["key"] == "canary-7" for _, ask in api.asked)
    assert "canary-7" not in repr(pages)


def test_recheck_tells_questions_from_answers_and_what_is_gone(client: Client, api: Api) -> None:
    found = records(list(stackexchange.recheck(client, settings(api), {"1": "1", "20": "20", "201": "20", "209": "20", "99": "99"})))
    assert {k: (r.role, r.status) for k, r in found.items()} == {
        "1": ("question", "live"),
        "20": ("question", "live"),
        "201": ("answer", "live"),
        "209": ("post", "gone"),
        "99": ("post", "gone"),
    }


@pytest.mark.parametrize("faults", [False, True])
def test_two_nights_in_the_sample_world(faults: bool) -> None:
    with (
        World(faults=faults) as world,
        Client.open(Network(contact="ops@example.org", allow_addresses=(world.urls["stackexchange"].split("//")[1],))) as root,
    ):
        client = root.bind("stackexchange", Pace(min_interval_s=0))
        site = stackexchange.Site(
            name="fieldwork", api_url=world.urls["stackexchange"] + "/2.3", site_url="https://fieldwork.exchange.example.org", page_size=10
        )
        first, cursor = visit(client, site)
        again, same = visit(client, site, cursor)
        assert same == cursor
        assert records(again).items() <= records(first).items()
        world.night = 2
        second, _ = visit(client, site, cursor)
        before, after = records(first), records(second)
        assert set(after) - set(before)
        assert [k for k in after if k in before and after[k].text != before[k].text]
        gone = [
            k
            for k, r in records(list(stackexchange.recheck(client, site, {k: r.thread_id for k, r in before.items()}))).items()
            if r.status == "gone"
        ]
        assert gone
