"""PRAW and requests through the door."""

from __future__ import annotations

import gzip
import json
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import praw
import prawcore
import pytest

from thresher.archive.writer import ArchiveWriter
from thresher.errors import BlockedAddress, RateLimited, TransientError
from thresher.net.client import Client, Response

JSON = {"Content-Type": "application/json"}
TOKEN = "tOkEn-0123456789"
SECRET = "sEcReT-9876543210"


def _listing(*names: str, after: str | None = None) -> bytes:
    things = [{"kind": "t3", "data": {"id": n, "name": f"t3_{n}", "title": n, "subreddit": "examples"}} for n in names]
    return json.dumps({"kind": "Listing", "data": {"children": things, "after": after}}).encode()


def _reddit(server: Any, client: Client, seen: list[Response] | None = None) -> Any:
    server.on(
        "/api/v1/access_token", server.reply(200, json.dumps({"access_token": TOKEN, "expires_in": 3600, "scope": "*"}).encode(), JSON)
    )
    session = client.requests_session(on_response=seen.append if seen is not None else None)
    return praw.Reddit(
        client_id="invented",
        client_secret=SECRET,
        user_agent="linux:org.example.test:0.1 (by /u/nobody)",
        reddit_url=server.url,
        oauth_url=server.url,
        requestor_kwargs={"session": session},
        check_for_updates=False,
    )


@pytest.fixture
def archive(tmp_path: Path) -> ArchiveWriter:
    return ArchiveWriter(tmp_path, "run-1", datetime(2026, 3, 1, tzinfo=UTC))


def test_praw_lists_through_the_door(server: Any, open_client: Any, archive: ArchiveWriter, caplog: Any) -> None:
    caplog.set_level(logging.DEBUG, "thresher")
    server.on("/r/examples/new", server.reply(200, _listing("a", "b", after="t3_b"), JSON), server.reply(200, _listing("c"), JSON))
    seen: list[Response] = []
    reddit = _reddit(server, open_client(opening={"archive": archive}), seen)
    assert [s.id for s in reddit.subreddit("examples").new(limit=None)] == ["a", "b", "c"]
    assert server.paths[0] == "/api/v1/access_token"
    assert all("(by /u/nobody)" in s.headers["user-agent"] and "ops@example.org" in s.headers["user-agent"] for s in server.seen)
    assert [r.json()["data"]["after"] for r in seen] == ["t3_b", None]
    archive.close()
    text = gzip.decompress(archive.path.read_bytes())
    assert text.count(b"WARC-Type: response") == 3
    for secret in (TOKEN, SECRET):
        assert secret.encode() not in text
        assert secret not in caplog.text


def test_a_429_is_waited_out_by_the_door(server: Any, open_client: Any, fake_time: Any) -> None:
    spent = {"x-ratelimit-remaining": "0.0", "x-ratelimit-used": "100", "x-ratelimit-reset": "120"}
    server.on("/r/examples/new", server.reply(429, headers=spent), server.reply(200, _listing("a"), JSON))
    assert [s.id for s in _reddit(server, open_client()).subreddit("examples").new()] == ["a"]
    assert fake_time.sleeps == [120.0]


@pytest.mark.parametrize("value", ["", "nan", "abc", "-1", "1e400", "12.5", "99999999", "2026-03-01T12:00:00Z"])
def test_odd_rate_limit_headers_do_not_crash_praw_nor_make_it_sleep(server: Any, open_client: Any, fake_time: Any, value: str) -> None:
    odd = {**JSON, "x-ratelimit-remaining": "5", "x-ratelimit-used": value, "x-ratelimit-reset": value}
    server.on("/r/examples/new", server.reply(200, _listing("a", after="t3_a"), odd), server.reply(200, _listing("b"), JSON))
    assert [s.id for s in _reddit(server, open_client()).subreddit("examples").new(limit=None)] == ["a", "b"]
    assert fake_time.sleeps == []


def test_a_spent_window_holds_the_next_request(server: Any, open_client: Any, fake_time: Any) -> None:
    spent = {**JSON, "x-ratelimit-remaining": "0.0", "x-ratelimit-used": "100", "x-ratelimit-reset": "33"}
    server.on("/r/examples/new", server.reply(200, _listing("a", after="t3_a"), spent), server.reply(200, _listing("b"), JSON))
    assert [s.id for s in _reddit(server, open_client()).subreddit("examples").new(limit=None)] == ["a", "b"]
    assert fake_time.sleeps == [33.0]


def test_a_wait_over_the_cap_surfaces_as_rate_limited(server: Any, open_client: Any) -> None:
    server.on("/r/examples/new", server.reply(429, headers={"Retry-After": "5000"}))
    with pytest.raises(prawcore.RequestException) as caught:
        list(_reddit(server, open_client()).subreddit("examples").new())
    assert isinstance(caught.value.original_exception, RateLimited)


def test_prawcore_does_not_multiply_our_tries(server: Any, open_client: Any) -> None:
    server.on("/r/examples/new", server.reply(503))
    with pytest.raises(prawcore.RequestException) as caught:
        list(_reddit(server, open_client(tries=3)).subreddit("examples").new())
    assert isinstance(caught.value.original_exception, TransientError)
    assert server.paths.count("/r/examples/new?limit=100&raw_json=1") == 3


@pytest.mark.parametrize(
    ("status", "challenge", "raised"),
    [
        (403, None, prawcore.Forbidden),
        (403, "Basic realm=x, charset=utf-8", prawcore.Forbidden),
        (403, 'Bearer error="insufficient_scope"', prawcore.InsufficientScope),
        (404, None, prawcore.NotFound),
        (400, None, prawcore.BadRequest),
        (414, None, prawcore.URITooLong),
        (451, None, prawcore.UnavailableForLegalReasons),
        (302, None, prawcore.Redirect),
    ],
)
def test_final_statuses_become_prawcores_errors(
    server: Any, open_client: Any, status: int, challenge: str | None, raised: type[Exception]
) -> None:
    headers = {"Location": "/subreddits/search"} | ({"WWW-Authenticate": challenge} if challenge else {})
    server.on("/r/examples/new", server.reply(status, b"{}", headers))
    with pytest.raises(raised):
        list(_reddit(server, open_client()).subreddit("examples").new())


@pytest.mark.parametrize("challenge", [None, "odd", 'Bearer realm="reddit", error="invalid_token"'])
def test_an_expired_token_is_renewed_once_and_the_listing_goes_on(
    server: Any, open_client: Any, monkeypatch: pytest.MonkeyPatch, challenge: str | None
) -> None:
    monkeypatch.setattr("random.random", lambda: 0.0)  # prawcore sleeps so long before its second try
    headers = {"WWW-Authenticate": challenge} if challenge else {}
    server.on("/r/examples/new", server.reply(401, b"{}", headers), server.reply(200, _listing("a"), JSON))
    assert [s.id for s in _reddit(server, open_client()).subreddit("examples").new()] == ["a"]
    assert server.paths.count("/api/v1/access_token") == 2


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b"{}", b'{"reason": "x", "fields": []}'])
def test_a_400_of_any_shape_is_a_bad_request(server: Any, open_client: Any, body: bytes) -> None:
    server.on("/r/examples/new", server.reply(400, body))
    with pytest.raises(prawcore.BadRequest):
        list(_reddit(server, open_client()).subreddit("examples").new())


def test_requests_follows_redirects_hop_by_hop_through_the_door(server: Any, open_client: Any) -> None:
    server.on("/a", server.reply(302, headers={"Location": "/b"}))
    server.on("/b", server.reply(200, "grüße".encode(), {"Content-Type": "text/plain; charset=utf-8"}))
    session = open_client().requests_session()
    answer = session.get(server.url + "/a", params={"x": 1})
    assert (answer.text, answer.status_code, len(answer.history)) == ("grüße", 200, 1)
    server.on("/c", server.reply(302, headers={"Location": "http://10.0.0.1/"}))
    with pytest.raises(BlockedAddress):
        session.get(server.url + "/c")
