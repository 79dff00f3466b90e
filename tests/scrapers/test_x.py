"""X: what posts give, how they are searched and looked at again, and that nothing passes the budget."""

from __future__ import annotations

import gzip
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from sample.faults import BodyFault, Charset, Visit, parsed, visit
from scrapers import x
from scrapers.common.queries import Query
from scrapers.x.budget import Budget
from scrapers.x.site import TOKEN_VARIABLE
from thresher.errors import BudgetExhausted, PayloadError, SettingsError, StoreError
from thresher.model import Page, Quote, Record, Unread
from thresher.net.client import Client

FIXTURES = Path(__file__).parents[1] / "fixtures" / "x"
REALDATA = Path(os.environ.get("THRESHER_REALDATA", "/nowhere")) / "x_v2"
SITE = x.Site(name="x")
ASKED = Query(words='"asked chatgpt" wrong', language="en", why="made up for a test")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BASE = 1_900_000_000_000_000_000


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, "a-bearer-token")


@pytest.fixture
def page() -> Page:
    (page,) = x.read(FIXTURES / "search.json", SITE)
    return page


def answer(body: Any, **context: str) -> Page:
    return Page("x", "x", "https://example.org/2/tweets", 200, {}, json.dumps(body).encode(), NOW, context)


def post(text: str = "ChatGPT is wrong", number: int = 1, **more: Any) -> dict[str, Any]:
    return {"id": str(number), "text": text, "author_id": "11", "conversation_id": str(number)} | more


def only(*posts: Mapping[str, Any], **more: Any) -> Record:
    (record,) = parsed(x, answer({"data": list(posts), **more})).records.values()
    return record


# What a page gives


def test_a_long_post_is_whole_and_names_links_and_entities_are_as_people_read_them(page: Page) -> None:
    record = parsed(x, page).records[str(BASE + 501)]
    assert record.text.startswith('I asked ChatGPT: "Which river flows through Würzburg?" It said the Danube & the Rhine. It is the Main.')
    assert record.text.endswith("It is the Main. https://example.org/rivers")
    assert (record.role, record.thread_id, record.parent_id) == ("comment", str(BASE + 499), str(BASE + 500))
    assert (record.author_key, record.language, record.export_class) == ("11", "en", "id_only")
    assert record.url == f"https://x.com/i/status/{BASE + 501}"
    assert record.marks["links"] == ["https://example.org/rivers"]


def test_a_quoted_post_is_somebody_elses_words(page: Page) -> None:
    record = parsed(x, page).records[str(BASE + 502)]
    assert record.text == "Mine says so, too. #fail\n\n> Claude told me that 91 is prime.\n> It is 7 times 13."
    assert record.quotes == (Quote("Claude told me that 91 is prime.\nIt is 7 times 13.", of=str(BASE + 77)),)
    assert "links" not in record.marks


def test_pictures_say_what_their_authors_wrote_beside_them(page: Page) -> None:
    record = parsed(x, page).records[str(BASE + 503)]
    assert record.text == ("Gemini and its calendar, says @someone\n\n[image: I ask which month comes after May. It says July.]\n[image]")
    assert record.marks["images"] == 2


def test_an_edited_post_is_known_by_its_first_id_and_an_older_version_is_none(page: Page) -> None:
    record = parsed(x, page).records[str(BASE + 504)]
    assert (record.status, record.url) == ("edited", f"https://x.com/i/status/{BASE + 505}")
    older = post(number=1, edit_history_tweet_ids=["1", "2"])
    assert not parsed(x, answer({"data": [older]})).records


def test_what_is_answered_is_a_record_and_a_retweet_or_what_is_quoted_is_none(page: Page) -> None:
    records = parsed(x, page).records
    assert set(records) == {str(BASE + n) for n in (501, 502, 503, 504, 507, 500)}
    assert records[str(BASE + 500)].parent_id == str(BASE + 499)


def test_a_hit_that_another_hit_answers_comes_twice_and_counts_once() -> None:
    first, second = post(number=1), post(number=2, referenced_tweets=[{"type": "replied_to", "id": "1"}])
    visited = parsed(x, answer({"data": [second, first], "includes": {"tweets": [first]}}))
    assert (set(visited.records), visited.dead) == ({"1", "2"}, [])


def test_what_is_withheld_leaves_nothing(page: Page) -> None:
    record = parsed(x, page).records[str(BASE + 507)]
    assert (record.status, record.text, record.author_key, record.export_class) == ("removed", "", None, "none")


def test_what_was_asked_for_and_is_not_there_is_gone() -> None:
    body = {"errors": [{"resource_id": "7", "title": "Not Found Error"}]}
    (record,) = parsed(x, answer(body, asked=json.dumps({"9": "7"}))).records.values()
    assert (record.native_id, record.status) == ("7", "gone")


def test_what_is_passed_on_is_told_by_its_words_where_nothing_else_says_it() -> None:
    assert not parsed(x, answer({"data": [post("RT @ann: ChatGPT cannot count")]})).records


def test_a_sentence_of_the_site_in_the_place_of_a_post_is_no_text_of_its_author() -> None:
    record = only(
        post("@ann_x's account is temporarily unavailable because it violates the Twitter Media Policy. Learn more. https://t.co/abc")
    )
    assert (record.status, record.text) == ("removed", "")
    assert only(post("@ann_x's account is wrong about ChatGPT. Learn more.")).status == "live"


@pytest.mark.parametrize("full", ["https://twitter.com/ann/status/5/photo/1", "https://x.com/i/web/status/5/video/1"])
def test_a_link_that_stands_for_a_picture_is_no_part_of_the_text(full: str) -> None:
    urls = {"urls": [{"url": "https://t.co/abc", "expanded_url": full}]}
    record = only(post("It says July https://t.co/abc", entities=urls, attachments={"media_keys": ["3_1"]}))
    assert (record.text, record.marks.get("links")) == ("It says July\n\n[image]", None)


@pytest.mark.parametrize(("said", "language"), [("in", "id"), ("de", "de"), ("und", ""), ("qme", ""), (None, "")])
def test_languages_are_called_as_everywhere_else(said: Any, language: str) -> None:
    assert only(post(lang=said)).language == language


def test_fields_that_nobody_knows_are_told(page: Page) -> None:
    assert parsed(x, page).unread == []
    assert parsed(x, answer({"data": [post(mood="sad")]})).unread == [Unread({"post.mood": 1})]


@pytest.mark.parametrize(
    "body", [[1], {"title": "Unauthorized", "detail": "no"}, 17, {"data": [{"id": "1", "name": "a user"}]}, {"meta": 1}]
)
def test_what_holds_no_posts_is_a_dead_letter(body: Any) -> None:
    with pytest.raises(PayloadError, match="no posts in it"):
        list(x.parse(answer(body)))


def test_whatever_an_answer_holds_gives_records_or_says_why_not(body_fault: BodyFault, page: Page) -> None:
    body_fault.check(x, page)


def test_letters_are_those_that_were_written(charset: Charset) -> None:
    charset.check(x, answer({"data": [post("I asked it")]}))


def recordings() -> Iterable[Page]:
    """The recorded answers, of which many hold no posts."""
    yield from x.read(REALDATA / "twarc_csv", SITE)
    for file in sorted((REALDATA / "tweepy_cassettes").glob("*.yaml")):
        for exchange in yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)["interactions"]:
            body = exchange["response"]["body"]["string"] or b""
            raw = body if isinstance(body, bytes) else body.encode()
            yield replace(answer(None), body=gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw, url=exchange["request"]["uri"])


@pytest.mark.skipif(not REALDATA.is_dir(), reason="THRESHER_REALDATA does not name the recorded payloads")
def test_every_recorded_post_that_is_no_retweet_or_older_version_is_a_record() -> None:
    answers, records, withheld = 0, 0, 0
    for page in recordings():
        try:
            visited = parsed(x, page)
        except ValueError:
            continue
        if not visited.records:
            continue
        answers += 1
        body = json.loads(page.body)
        shown = body["data"] if isinstance(body["data"], list) else [body["data"]]
        retweets = [p["id"] for p in shown for r in p.get("referenced_tweets", ()) if r["type"] == "retweeted"]
        originals = [p for p in shown if p["id"] not in retweets and not p["text"].startswith("RT @")]
        latest = [p for p in originals if p["id"] == p.get("edit_history_tweet_ids", [p["id"]])[-1]]
        assert {p.get("edit_history_tweet_ids", [p["id"]])[0] for p in latest} <= set(visited.records)
        assert (visited.dead, visited.unread) == ([], [])
        records += len(visited.records)
        withheld += sum(r.status == "removed" for r in visited.records.values())
        assert not any("t.co/" in r.text for r in visited.records.values() if "entities" in json.dumps(shown))
    assert (answers, records, withheld) == (19, 437, 58)


# How it is walked


class FakeApi:
    """The API. ``posts`` by id; ``shown`` counts what it gave, which is what would have been paid for."""

    listing = "/tweets/search/recent"

    def __init__(self) -> None:
        self.posts: dict[int, dict[str, Any]] = {}
        self.gone: set[int] = set()
        self.asked: list[tuple[str, Mapping[str, str]]] = []
        self.shown = 0
        self.beside = False
        self.now = datetime.now(UTC)

    @staticmethod
    def number(moment: datetime) -> int:
        return int(moment.timestamp() * 1000 - 1_288_834_974_657) << 22

    def fill(self, pages: int) -> None:
        for minute in range(100 * pages - (50 if pages else 0)):
            self.post(self.number(self.now - timedelta(minutes=minute)))

    def post(self, number: int, parent: int = 0, root: int = 0, replies: int = 0, **more: Any) -> str:
        references = {"referenced_tweets": [{"type": "replied_to", "id": str(parent)}]} if parent else {}
        metrics = {"public_metrics": {"reply_count": replies, "like_count": 0}}
        self.posts[number] = post(f"post {number}", number, conversation_id=str(root or number)) | references | metrics | more
        return str(number)

    def entries(self, body: Any) -> list[Any]:
        entries: list[Any] = body.get("data", [])
        return entries

    def answer(self, request: Request) -> Response:
        assert request.headers["Authorization"] == "Bearer a-bearer-token"
        self.asked.append((request.path, dict(request.args)))
        there = {n: p for n, p in sorted(self.posts.items(), reverse=True) if n not in self.gone}
        if request.path == "/tweets":
            ids = [int(i) for i in request.args["ids"].split(",")]
            shown = [there[i] for i in ids if i in there]
            body: dict[str, Any] = {"data": shown} if shown else {}
            missing = [{"resource_id": str(i), "title": "Not Found Error"} for i in ids if i not in there]
            body |= {"errors": missing} if missing else {}
        else:
            body = self._search(request.args, there)
        above = {r["id"] for p in body.get("data", ()) for r in p.get("referenced_tweets", ())}
        included = [there[int(i)] for i in above if int(i) in there]
        if self.beside:
            included = [post("beside", n) for n in range(2 * len(body.get("data", ())))]
        body |= {"includes": {"tweets": included}} if included else {}
        self.shown += len(body.get("data", ())) + len(included)
        return Response(json.dumps(body), content_type="application/json")

    def _search(self, args: Mapping[str, str], there: Mapping[int, dict[str, Any]]) -> dict[str, Any]:
        size, before, since = int(args["max_results"]), int(args.get("next_token", 2**63)), int(args.get("since_id", 0))
        assert 10 <= size <= 100
        conversation = re.match(r"conversation_id:(\d+)", args["query"])
        hits = [p for n, p in there.items() if since < n < before]
        if conversation:
            hits = [p for p in hits if p["conversation_id"] == conversation[1] and p["id"] != conversation[1]]
        shown = hits[:size]
        meta: dict[str, Any] = {"result_count": len(shown)}
        meta |= {"next_token": shown[-1]["id"]} if len(hits) > size else {}
        return ({"data": shown} if shown else {}) | {"meta": meta}

    def searches(self) -> list[Mapping[str, str]]:
        return [args for path, args in self.asked if path == self.listing]


@pytest.fixture
def site(httpserver: HTTPServer, tmp_path: Path) -> x.Site:
    return x.Site(
        name="x", api_url=httpserver.url_for("").rstrip("/"), queries=(ASKED,), ledger=tmp_path / "state" / "ledger.jsonl", max_pages=30,
        max_posts_a_month=100_000, max_usd_a_month=1000,
    )  # fmt: skip


@pytest.fixture
def fake(httpserver: HTTPServer) -> FakeApi:
    fake = FakeApi()
    httpserver.expect_request(re.compile("/.*")).respond_with_handler(fake.answer)
    return fake


OpenClient = Callable[..., Client]


def spent(site: x.Site) -> int:
    return site.max_posts_a_month - Budget(site).left()


def test_whatever_goes_wrong_is_withstood_or_told(endure: Callable[..., Visit], site: x.Site) -> None:
    endure(x, FakeApi(), site, not_here={})


def test_a_query_is_asked_for_its_language_without_retweets_and_once_for_what_is_new(
    open_client: OpenClient, fake: FakeApi, site: x.Site
) -> None:
    fake.fill(2)
    first = visit(x, open_client("x"), site)
    assert len(first.records) == 150
    assert fake.searches()[0]["query"] == '"asked chatgpt" wrong -is:retweet lang:en'
    fake.asked.clear()
    visit(x, open_client("x"), site, since=first.cursor)
    assert [args.get("since_id") for args in fake.searches()] == [str(max(fake.posts))]


def test_what_lies_beyond_the_reach_of_the_search_is_not_asked_for(open_client: OpenClient, fake: FakeApi, site: x.Site) -> None:
    fake.fill(1)
    old = str(FakeApi.number(datetime.now(UTC) - timedelta(days=8)))
    visit(x, open_client("x"), site, since={"until": {ASKED.words: old}})
    assert [args.get("since_id") for args in fake.searches()] == [None]


def test_a_visit_takes_the_newest_pages_only(open_client: OpenClient, fake: FakeApi, site: x.Site) -> None:
    fake.fill(3)
    visited = visit(x, open_client("x"), site.model_copy(update={"max_pages": 1}))
    assert set(visited.records) == {str(n) for n in sorted(fake.posts, reverse=True)[:100]}


def test_a_hit_brings_what_it_answers_its_root_and_its_answers(open_client: OpenClient, fake: FakeApi, site: x.Site) -> None:
    number = FakeApi.number(datetime.now(UTC))
    root, middle = fake.post(number + 1), fake.post(number + 2, parent=number + 1, root=number + 1)
    hit = fake.post(number + 3, parent=number + 2, root=number + 1, replies=1)
    reply = fake.post(number + 4, parent=number + 3, root=number + 1)
    search = fake._search

    def only_the_hit(args: Mapping[str, str], there: Mapping[int, dict[str, Any]]) -> dict[str, Any]:
        if args["query"].startswith("conversation_id:"):
            return search(args, there)
        return {"data": [there[int(hit)]], "meta": {"result_count": 1}}

    fake._search = only_the_hit  # type: ignore[method-assign]
    visited = visit(x, open_client("x"), site)
    assert set(visited.records) == {root, middle, hit, reply}
    assert {r.thread_id for r in visited.records.values()} == {root}
    fake.asked.clear()
    visit(x, open_client("x"), site, since=visited.cursor)
    assert not [args for args in fake.searches() if args["query"].startswith("conversation_id:")]


def test_what_was_deleted_or_edited_is_seen_at_the_next_visit(open_client: OpenClient, fake: FakeApi, site: x.Site) -> None:
    number = FakeApi.number(datetime.now(UTC) - timedelta(hours=1))
    gone, edited, kept = (fake.post(number + n) for n in range(3))
    first = visit(x, open_client("x"), site)
    fake.gone = {number}
    versions = [edited, str(number + 9)]
    fake.posts[number + 1]["edit_history_tweet_ids"] = versions
    fake.posts[number + 9] = post("edited", number + 9, edit_history_tweet_ids=versions)
    fake._search = lambda args, there: {"meta": {"result_count": 0}}  # type: ignore[method-assign]
    second = visit(x, open_client("x"), site, since=first.cursor)
    assert {i: (r.status, r.text) for i, r in second.records.items()} == {
        gone: ("gone", ""), edited: ("edited", "edited"), kept: ("live", f"post {kept}"),
    }  # fmt: skip
    assert second.cursor is not None
    assert second.cursor["recent"] == {kept: kept, edited: str(number + 9)}
    rechecked = [r for p in x.recheck(open_client("x"), site, {gone: "", edited: ""}) for r in x.parse(p) if isinstance(r, Record)]
    assert {r.native_id: r.status for r in rechecked} == {gone: "gone", edited: "edited"}


# What it costs


def test_what_was_shown_is_what_is_counted_over_all_visits(open_client: OpenClient, fake: FakeApi, site: x.Site) -> None:
    fake.fill(2)
    first = visit(x, open_client("x"), site)
    visit(x, open_client("x"), site, since=first.cursor)
    assert spent(site) == fake.shown > 150


@pytest.mark.parametrize(
    "limits",
    [
        {"max_posts_a_month": 777},
        {"max_posts_a_month": 31},
        {"max_usd_a_month": 2.5},
        {"max_usd_a_month": 0.01},
        {"max_posts_a_month": 500, "max_usd_a_month": 2.0},
    ],
)
@pytest.mark.parametrize("beside", [False, True])
def test_no_budget_is_ever_passed(open_client: OpenClient, fake: FakeApi, site: x.Site, limits: dict[str, Any], beside: bool) -> None:
    fake.fill(8)
    fake.beside = beside
    site = site.model_copy(update=limits)
    cursor = None
    for _ in range(4):
        visited = visit(x, open_client("x"), site, since=cursor)
        cursor = visited.cursor or cursor
        fake.now += timedelta(seconds=1)
        fake.fill(8)
    assert isinstance(visited.error, BudgetExhausted)
    assert fake.shown <= site.max_posts_a_month
    assert fake.shown * site.usd_a_post <= site.max_usd_a_month
    assert (fake.shown > 0) == (site.max_usd_a_month >= 30 * site.usd_a_post), "what a budget covers is asked for"


def test_runs_beside_each_other_share_one_budget(site: x.Site) -> None:
    site = site.model_copy(update={"max_posts_a_month": 1000})

    def reserves(_: int) -> bool:
        budget = Budget(site)
        budget.next_most(300)
        try:
            budget.begin()
        except BudgetExhausted:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(reserves, range(8))) == 3


def test_a_killed_run_has_spent_what_it_had_reserved(site: x.Site) -> None:
    budget = Budget(site)
    budget.next_most(300)
    budget.begin()
    assert spent(site) == 300
    budget.settle(7)
    assert spent(site) == 7


def test_an_answer_that_broke_may_have_been_paid_for_and_a_refusal_was_not(
    open_client: OpenClient, httpserver: HTTPServer, site: x.Site
) -> None:
    fake = FakeApi()
    fake.fill(1)
    spoiled = [Response("down", 503), Response('{"data": [{"id": "1", "te', content_type="application/json")]

    def answered(request: Request) -> Response:
        return spoiled.pop(0) if spoiled else fake.answer(request)

    httpserver.expect_request(re.compile("/.*")).respond_with_handler(answered)
    assert visit(x, open_client("x"), site).error is None
    assert spent(site) == 300 + fake.shown


def test_a_month_that_is_over_costs_nothing_and_a_clock_that_goes_back_does_not_open_it_again(site: x.Site) -> None:
    moments = [datetime(2026, 3, 31, 23, tzinfo=UTC)]
    budget = Budget(site, now=lambda: moments[-1])
    budget.next_most(site.max_posts_a_month)
    budget.begin()
    assert budget.left() == 0
    moments.append(datetime(2026, 4, 1, tzinfo=UTC))
    assert budget.left() == site.max_posts_a_month
    budget.begin()
    moments.append(datetime(2026, 2, 1, tzinfo=UTC))
    assert budget.left() == 0


def test_a_ledger_that_was_damaged_stops_everything(open_client: OpenClient, fake: FakeApi, site: x.Site) -> None:
    fake.fill(1)
    visit(x, open_client("x"), site)
    lines = site.ledger_file.read_text().splitlines()
    site.ledger_file.write_text("\n".join([lines[0].replace('"posts": 300', '"posts": 1'), *lines[1:]]) + "\n")
    fake.asked.clear()
    assert isinstance(visit(x, open_client("x"), site).error, StoreError)
    assert not fake.asked


@pytest.mark.parametrize("lacking", [{"max_posts_a_month": 0}, {"max_usd_a_month": 0.0}])
def test_without_a_budget_or_a_token_nothing_is_asked(
    open_client: OpenClient, fake: FakeApi, site: x.Site, monkeypatch: pytest.MonkeyPatch, lacking: dict[str, Any]
) -> None:
    error = visit(x, open_client("x"), site.model_copy(update=lacking)).error
    assert isinstance(error, SettingsError)
    assert "max_usd_a_month" in str(error)
    monkeypatch.setenv(TOKEN_VARIABLE, "")
    error = visit(x, open_client("x"), site).error
    assert isinstance(error, SettingsError)
    assert TOKEN_VARIABLE in str(error)
    assert not fake.asked
