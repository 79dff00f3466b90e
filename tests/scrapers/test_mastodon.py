"""Mastodon: what timelines and threads give, who is left alone, and how instances are read and looked at again."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from sample.faults import BodyFault, Charset, Visit, parsed, visit
from scrapers import mastodon
from scrapers.common.queries import Query
from scrapers.mastodon.site import token_variable
from thresher.errors import PayloadError, SettingsError
from thresher.model import Page, Quote, Record, Unread
from thresher.net.client import Client
from thresher.net.settings import Network, Pace

FIXTURES = Path(__file__).parents[1] / "fixtures" / "mastodon"
REALDATA = Path(os.environ.get("THRESHER_REALDATA", "/nowhere")) / "mastodon" / "mastodon_py_cassettes"
SITE = mastodon.Site(name="fediverse", instances=("mastodon.example",), tags=("chatgpt",))
ASKED = Query(words='"asked chatgpt" wrong', language="en", why="made up for a test")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOME = "https://mastodon.example/users"


@pytest.fixture
def page() -> Page:
    (page,) = mastodon.read(FIXTURES / "timeline.json", SITE)
    return replace(
        page, context={"places": json.dumps({"501": ["https://other.example/users/eve/statuses/500", f"{HOME}/lena/statuses/499"]})}
    )


@pytest.fixture
def context() -> Page:
    (page,) = mastodon.read(FIXTURES / "context.json", SITE)
    root = f"{HOME}/lena/statuses/499"
    return replace(page, context={"addresses": json.dumps({"501": f"{HOME}/mo/statuses/501"}), "root": root})


def answer(body: Any, **context: str) -> Page:
    return Page("mastodon", "fediverse", "https://mastodon.example/api/v1/x", 200, {}, json.dumps(body).encode(), NOW, context)


def status(**more: Any) -> dict[str, Any]:
    account = {"acct": "mo", "url": "https://mastodon.example/@mo"}
    return {"id": "1", "uri": f"{HOME}/mo/statuses/1", "content": "<p>ChatGPT is wrong</p>", "account": account} | more


# What a page gives


def test_a_post_says_what_it_answers_and_links_tags_and_names_are_as_people_read_them(page: Page) -> None:
    record = parsed(mastodon, page).records[f"{HOME}/mo/statuses/501"]
    assert (record.role, record.parent_id) == ("comment", "https://other.example/users/eve/statuses/500")
    assert (record.thread_id, record.author_key) == (f"{HOME}/lena/statuses/499", "https://mastodon.example/@mo")
    assert record.url == "https://mastodon.example/@mo/501"
    assert record.text == (
        '@someone I asked #ChatGPT: "Which river flows through Würzburg?"\n\n'
        "It said the Danube.\nIt is the Main. https://www.example.org/rivers-of-the-world"
    )
    assert (record.marks["links"], record.marks["tags"]) == (["https://www.example.org/rivers-of-the-world"], ["chatgpt"])


def test_a_quoted_post_is_somebody_elses_words_and_a_content_warning_is_the_title(page: Page) -> None:
    record = parsed(mastodon, page).records[f"{HOME}/lou/statuses/502"]
    assert record.text == "Mine says so, too.\n\n> Claude told me that 91 is prime.\n>\n> It is 7 times 13."
    assert record.quotes == (
        Quote("Claude told me that 91 is prime.\n\nIt is 7 times 13.", of="https://other.example/users/kim/statuses/77"),
    )
    assert (record.title, record.marks["nsfw"]) == ("AI, arithmetic", True)


def test_edits_pictures_polls_and_bots_are_said(page: Page) -> None:
    records = parsed(mastodon, page).records
    edited, bot = records[f"{HOME}/ann/statuses/503"], records[f"{HOME}/feed/statuses/506"]
    assert (edited.status, edited.edited_at) == ("edited", datetime(2026, 3, 1, 10, 5, tzinfo=UTC))
    assert edited.text == (
        "Gemini and its calendar\n\n- June\n- July\n\n[image: I ask which month comes after May. It says July.]\n[image]"
    )
    assert edited.marks["images"] == 2
    assert (bot.marks["post_type"], bot.marks["links"]) == ("bot", ["https://example.org/story"])


def test_what_somebody_only_passed_on_is_no_post(page: Page) -> None:
    assert f"{HOME}/pat/statuses/505" not in parsed(mastodon, page).records


@pytest.mark.parametrize(
    ("account", "more", "refusal"),
    [
        ({"noindex": True}, {}, "noindex"),
        ({"indexable": False}, {}, "not indexable"),
        ({"discoverable": False}, {}, "not discoverable"),
        ({"note": '<p>Gardener. <a class="mention hashtag">#<span>NoBot</span></a></p>'}, {}, "#nobot"),
        ({"fields": [{"name": "rules", "value": "#noAI"}]}, {}, "#noai"),
        ({}, {"visibility": "unlisted"}, "unlisted"),
        ({}, {"visibility": "private"}, "private"),
    ],
)
def test_whoever_does_not_want_to_be_collected_leaves_nothing(account: dict[str, Any], more: dict[str, Any], refusal: str) -> None:
    person = {"acct": "mo", "url": "https://mastodon.example/@mo", **account}
    (record,) = parsed(mastodon, answer([status(account=person, **more)])).records.values()
    assert (record.status, record.text, record.title, record.author_key, record.export_class) == ("removed", "", "", None, "none")
    assert record.marks == {"withheld": refusal}
    quoting = status(id="2", uri=f"{HOME}/a/statuses/2", quote={"state": "accepted", "quoted_status": status(account=person, **more)})
    (record,) = parsed(mastodon, answer([quoting])).records.values()
    assert (record.text, record.quotes) == ("ChatGPT is wrong", ())


@pytest.mark.parametrize("account", [{"indexable": None}, {"discoverable": None}, {"note": "I like #nobility and #bots"}])
def test_what_an_account_does_not_say_is_no_refusal(account: dict[str, Any]) -> None:
    (record,) = parsed(mastodon, answer([status(account={"url": "https://mastodon.example/@mo", **account})])).records.values()
    assert record.status == "live"


def test_a_quotation_that_was_taken_back_is_not_shown() -> None:
    (record,) = parsed(mastodon, answer([status(quote={"state": "revoked", "quoted_status": status()})])).records.values()
    assert record.quotes == ()


def test_a_thread_gives_what_stands_above_and_below(context: Page) -> None:
    records = parsed(mastodon, context).records
    root = f"{HOME}/lena/statuses/499"
    assert {i: (r.role, r.parent_id, r.thread_id) for i, r in records.items()} == {
        root: ("post", None, root),
        "https://other.example/users/eve/statuses/500": ("comment", root, root),
        "https://other.example/users/kim/statuses/507": ("comment", f"{HOME}/mo/statuses/501", root),
    }


def test_a_post_that_is_not_there_any_more_is_gone() -> None:
    page = replace(answer({"error": "Record not found"}, asked=f"{HOME}/mo/statuses/1"), status=404)
    (record,) = parsed(mastodon, page).records.values()
    assert (record.native_id, record.status) == (f"{HOME}/mo/statuses/1", "gone")


def test_fields_that_nobody_knows_are_told(page: Page) -> None:
    assert parsed(mastodon, page).unread == []
    assert parsed(mastodon, answer([status(mood="sad")])).unread == [Unread({"status.mood": 1})]


@pytest.mark.parametrize("body", [{"error": "down"}, 17, {"statuses": None}, [{"name": "a tag"}], {"ancestors": []}])
def test_what_holds_no_posts_is_a_dead_letter(body: Any) -> None:
    with pytest.raises(PayloadError, match="no posts in it"):
        list(mastodon.parse(answer(body)))


def test_whatever_an_answer_holds_gives_records_or_says_why_not(body_fault: BodyFault, page: Page, context: Page) -> None:
    body_fault.check(mastodon, page)
    body_fault.check(mastodon, context)


def test_letters_are_those_that_were_written(charset: Charset) -> None:
    charset.check(mastodon, answer([status()]))


def recordings() -> Iterable[Page]:
    """The recorded answers, of which many hold no posts."""
    for file in sorted(REALDATA.glob("*.yaml")):
        for exchange in yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)["interactions"]:
            code, body = exchange["response"]["status"]["code"], exchange["response"]["body"]["string"] or ""
            raw = body if isinstance(body, bytes) else body.encode()
            yield replace(answer(None), body=raw, url=exchange["request"]["uri"], status=code)


@pytest.mark.skipif(not REALDATA.is_dir(), reason="THRESHER_REALDATA does not name the recorded payloads")
def test_every_recorded_post_is_a_record_and_every_field_is_known() -> None:
    answers, records, withheld = 0, 0, 0
    for page in recordings():
        try:
            visited = parsed(mastodon, page)
        except ValueError:
            continue
        if not visited.records:
            continue
        answers += 1
        body = json.loads(page.body)
        listed = (
            body if isinstance(body, list) else [body] if "uri" in body else body.get("statuses") or body["ancestors"] + body["descendants"]
        )
        assert set(visited.records) == {entry["uri"] for entry in listed if not entry["reblog"]}
        assert (visited.dead, visited.unread) == ([], [])
        records += len(visited.records)
        withheld += sum(r.status == "removed" for r in visited.records.values())
    assert (answers, records, withheld) == (155, 325, 164)


# How it is walked


class FakeInstance:
    """An instance. ``statuses`` by number."""

    listing = "/api/v1/timelines/tag/chatgpt"

    def __init__(self, url: str) -> None:
        self.url = url
        self.statuses: dict[int, dict[str, Any]] = {}
        self.gone: set[int] = set()
        self.asked: list[str] = []
        self.keys: set[str] = set()
        self.broken: frozenset[str] = frozenset()

    def fill(self, pages: int) -> None:
        for number in range(1000, 1000 + 40 * pages - (20 if pages else 0)):
            self.post(number, NOW + timedelta(seconds=number))

    def post(self, number: int, moment: datetime, parent: int | None = None, home: str = "", **more: Any) -> str:
        uri = f"{home or self.url}/users/mo/statuses/{number}"
        at = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        answered = None if parent is None else str(parent)
        self.statuses[number] = (
            status(id=str(number), uri=uri, content=f"<p>post {number}</p>", created_at=at, in_reply_to_id=answered) | more
        )
        if parent is not None:
            self.statuses[parent]["replies_count"] = 1
        return uri

    def entries(self, body: Any) -> list[Any]:
        entries: list[Any] = body
        return entries

    def answer(self, request: Request) -> Response:
        self.asked.append(request.full_path.rstrip("?"))
        self.keys.add(request.headers.get("Authorization", ""))
        if request.path in self.broken:
            return Response('{"error": "made up"}', 401, content_type="application/json")
        if request.path.startswith("/api/v1/timelines") or request.path == "/api/v2/search":
            return self._listing(request)
        number, _, what = request.path.removeprefix("/api/v1/statuses/").partition("/")
        if int(number) not in self.statuses or int(number) in self.gone:
            return Response('{"error": "Record not found"}', 404, content_type="application/json")
        return self._json(self._context(int(number)) if what else self.statuses[int(number)])

    @staticmethod
    def _json(body: Any, **headers: str) -> Response:
        return Response(json.dumps(body), headers=headers, content_type="application/json")

    def _listing(self, request: Request) -> Response:
        before = int(request.args.get("max_id", 10**9))
        newest = [s for n, s in sorted(self.statuses.items(), reverse=True) if n < before and n not in self.gone]
        shown = newest[: int(request.args["limit"])]
        if request.path == "/api/v2/search":
            return self._json({"statuses": shown, "accounts": [], "hashtags": []})
        link = f'<{self.url}{request.path}?limit=40&max_id={shown[-1]["id"] if shown else 0}>; rel="next", <{self.url}/x>; rel="prev"'
        return self._json(shown, **({"Link": link} if shown else {}))

    def _context(self, number: int) -> dict[str, Any]:
        above, at = [], self.statuses[number]
        while at["in_reply_to_id"] is not None:
            at = self.statuses[int(at["in_reply_to_id"])]
            above.insert(0, at)
        below = [s for s in self.statuses.values() if s["in_reply_to_id"] == str(number)]
        return {"ancestors": above, "descendants": below}


@pytest.fixture
def site(httpserver: HTTPServer) -> mastodon.Site:
    return mastodon.Site(name="fediverse", instances=(httpserver.url_for("").rstrip("/"),), tags=("chatgpt",), days=3650)


@pytest.fixture
def fake(httpserver: HTTPServer) -> FakeInstance:
    fake = FakeInstance(httpserver.url_for("").rstrip("/"))
    httpserver.expect_request(re.compile("/.*")).respond_with_handler(fake.answer)
    return fake


OpenClient = Callable[..., Client]


def test_whatever_goes_wrong_is_withstood_or_told(endure: Callable[..., Visit], site: mastodon.Site) -> None:
    endure(mastodon, FakeInstance(site.instances[0]), site, not_here={})


def test_a_timeline_is_read_by_its_links_down_to_what_is_stored(open_client: OpenClient, fake: FakeInstance, site: mastodon.Site) -> None:
    fake.fill(3)
    first = visit(mastodon, open_client("mastodon"), site)
    assert len(first.records) == 100
    assert [page.cursor is not None for page in first.pages] == [False, False, True]
    fake.asked.clear()
    fresh = fake.post(2000, NOW + timedelta(days=3))
    second = visit(mastodon, open_client("mastodon"), site.model_copy(update={"overlap_h": 0.0, "known": 0}), since=first.cursor)
    assert fresh in second.records
    assert len([path for path in fake.asked if path.startswith(fake.listing)]) == 1


def test_a_first_visit_looks_back_some_days_only(open_client: OpenClient, fake: FakeInstance, site: mastodon.Site) -> None:
    fake.fill(5)
    visit(mastodon, open_client("mastodon"), site.model_copy(update={"days": 1}))
    assert len(fake.asked) == 1


def test_a_reply_brings_what_it_answers_and_is_known_to_stand_there(
    open_client: OpenClient, fake: FakeInstance, site: mastodon.Site
) -> None:
    root = fake.post(1, NOW)
    middle, hit = fake.post(2, NOW, parent=1), fake.post(3, NOW, parent=2)
    shown = FakeInstance._listing

    def only_the_hit(self: FakeInstance, request: Request) -> Response:
        answered = shown(self, request)
        body = [s for s in json.loads(answered.get_data()) if s["id"] == "3"]
        return self._json(body)

    fake._listing = lambda request: only_the_hit(fake, request)  # type: ignore[method-assign]
    visited = visit(mastodon, open_client("mastodon"), site)
    assert {i: (r.parent_id, r.thread_id) for i, r in visited.records.items()} == {
        root: (None, root), middle: (root, root), hit: (middle, root),
    }  # fmt: skip
    again = visit(mastodon, open_client("mastodon"), site, since=visited.cursor)
    assert again.records[hit] == visited.records[hit]
    fake._listing = lambda request: fake._json([])  # type: ignore[method-assign]
    alone = visit(mastodon, open_client("mastodon"), site, since=visited.cursor)
    assert alone.records[hit] == visited.records[hit]


def test_a_post_that_is_answered_brings_its_answers_some_of_them_at_the_next_visit(
    open_client: OpenClient, fake: FakeInstance, site: mastodon.Site
) -> None:
    for number in (10, 20, 30):
        fake.post(number, NOW + timedelta(seconds=number))
        fake.post(number + 1, NOW, parent=number, visibility="unlisted")
    first = visit(mastodon, open_client("mastodon"), site.model_copy(update={"threads": 2}))
    assert first.cursor is not None
    assert len(first.cursor["pending"]) == 1
    fake.asked.clear()
    visit(mastodon, open_client("mastodon"), site.model_copy(update={"threads": 2}), since=first.cursor)
    assert len([path for path in fake.asked if path.endswith("/context")]) == 1


def test_whoever_refuses_is_not_asked_after(open_client: OpenClient, fake: FakeInstance, site: mastodon.Site) -> None:
    fake.post(1, NOW)
    refused = fake.post(2, NOW, parent=1, account={"url": "https://mastodon.example/@no", "noindex": True})
    visited = visit(mastodon, open_client("mastodon"), site.model_copy(update={"threads": 0}))
    assert visited.records[refused].status == "removed"
    assert not [path for path in fake.asked if "/statuses/" in path]
    assert visited.cursor is not None
    assert refused not in visited.cursor["recent"]


def test_what_was_deleted_or_edited_is_seen_at_the_next_visit(open_client: OpenClient, fake: FakeInstance, site: mastodon.Site) -> None:
    gone, edited = fake.post(1, NOW), fake.post(2, NOW)
    fake.post(3, NOW + timedelta(days=40))
    first = visit(mastodon, open_client("mastodon"), site)
    fake.gone = {1}
    fake.statuses[2] |= {"content": "<p>edited</p>", "edited_at": "2026-03-02T12:00:00.000Z"}
    fake.listing = "/nowhere"
    listing = fake._listing
    fake._listing = lambda request: fake._json(json.loads(listing(request).get_data())[:1])  # type: ignore[method-assign]
    second = visit(mastodon, open_client("mastodon"), site, since=first.cursor)
    assert (second.records[gone].status, second.records[edited].status, second.records[edited].text) == ("gone", "edited", "edited")
    assert second.cursor is not None
    assert gone not in second.cursor["recent"]
    ids = [gone, edited, "https://elsewhere.example/users/a/statuses/2"]
    rechecked = [
        r
        for p in mastodon.recheck(open_client("mastodon"), site, dict.fromkeys(ids, ""))
        for r in mastodon.parse(p)
        if isinstance(r, Record)
    ]
    assert [(r.native_id, r.status) for r in rechecked] == [(gone, "gone"), (edited, "edited")]


def test_a_post_that_two_instances_show_is_one_and_is_looked_at_where_it_was_written(
    httpserver: HTTPServer, fake: FakeInstance, site: mastodon.Site
) -> None:
    with HTTPServer() as second:
        home = FakeInstance(second.url_for("").rstrip("/"))
        second.expect_request(re.compile("/.*")).respond_with_handler(home.answer)
        root, uri = home.post(8, NOW), home.post(9, NOW, parent=8)
        fake.post(6, NOW, uri=root)
        fake.post(7, NOW, parent=6, uri=uri)
        allowed = (f"{httpserver.host}:{httpserver.port}", f"{second.host}:{second.port}")
        client = Client.open(Network(contact="ops@example.org", allow_addresses=allowed))
        with client:
            both = site.model_copy(update={"instances": (fake.url, home.url)})
            visited = visit(mastodon, client.bind("mastodon", Pace(min_interval_s=0)), both)
    assert visited.error is None
    assert {i: r.parent_id for i, r in visited.records.items()} == {root: None, uri: root}
    assert [path for path in home.asked if "context" in path] == []
    assert visited.cursor is not None
    assert visited.cursor["recent"][uri] == [home.url, "9", NOW.isoformat(), root, root]


def test_an_instance_that_fails_costs_its_own_part(
    open_client: OpenClient, httpserver: HTTPServer, fake: FakeInstance, site: mastodon.Site
) -> None:
    fake.fill(1)
    two = site.model_copy(update={"instances": ("http://nowhere.invalid", *site.instances)})
    visited = visit(mastodon, open_client("mastodon", tries=1), two)
    assert len(visited.records) == 20
    assert "nowhere.invalid" in str(visited.error)


def test_with_a_token_an_instance_is_searched_too(
    open_client: OpenClient, fake: FakeInstance, site: mastodon.Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(token_variable(site.instances[0]), "a-token-of-mine")
    fake.fill(3)
    searching = site.model_copy(update={"tags": (), "queries": (ASKED,)})
    visited = visit(mastodon, open_client("mastodon"), searching)
    assert (visited.error, len(visited.records)) == (None, 100)
    assert fake.keys == {"Bearer a-token-of-mine"}
    assert all("in%3Apublic" in path or "in:public" in path for path in fake.asked)


def test_where_nothing_is_to_be_asked_for_one_line_says_what_to_set(open_client: OpenClient, site: mastodon.Site) -> None:
    error = visit(mastodon, open_client("mastodon"), site.model_copy(update={"tags": ()})).error
    assert isinstance(error, SettingsError)
    assert "name hashtags" in str(error)


@pytest.mark.parametrize("keys", [{"instances": ["no instance!"]}, {"instances": []}, {"instances": ["a.example"], "tags": ["#chatgpt"]}])
def test_an_entry_that_names_no_instance_or_tag_is_refused(keys: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        mastodon.Site(name="x", **keys)
