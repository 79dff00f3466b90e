"""The door as a scraper sees it, over real sockets."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from thresher.archive.amend import rewrite
from thresher.archive.writer import ArchiveWriter
from thresher.errors import (
    BudgetExhausted,
    HttpStatusError,
    PayloadError,
    RateLimited,
    ResponseTooLarge,
    SettingsError,
    TransientError,
)
from thresher.net.client import Client
from thresher.net.settings import Network, Pace

JSON = {"Content-Type": "application/json"}


def test_a_page_comes_back_whole_with_the_headers_that_matter(server: Any, open_client: Any, fake_time: Any) -> None:
    url = server.on("/a", server.reply(200, b'{"a": 1}', {**JSON, "ETag": '"x"', "Set-Cookie": "sid=1", "Server": "s"}))
    response = open_client().get(url, params={"page": 2, "q": "a b"})
    assert (response.status, response.json()) == (200, {"a": 1})
    assert response.headers == {"content-type": "application/json", "etag": '"x"'}
    assert response.fetched_at == fake_time.now()
    assert response.url == f"{url}?page=2&q=a+b"
    page = response.page("test", "site", context={"c": "1"}, cursor={"after": 3})
    assert (page.sha256, page.context, page.cursor) == (response.sha256, {"c": "1"}, {"after": 3})


def test_parameters_are_added_to_a_query_that_is_there(server: Any, open_client: Any) -> None:
    url = server.on("/a", server.reply(200, b"{}"))
    open_client().get(url + "?x=1", params={"y": 2})
    assert server.paths == ["/a?x=1&y=2"]


def test_every_request_carries_the_agent_with_the_contact(server: Any, open_client: Any) -> None:
    server.on("/robots.txt", server.reply(200, b"User-agent: *\nAllow: /\n"))
    server.on("/a", server.reply(302, headers={"Location": "/b"}))
    server.on("/b", server.reply(503), server.reply(200, b"x"))
    open_client().get(server.url + "/a", crawl=True)
    assert server.paths == ["/robots.txt", "/a", "/b", "/a", "/b"]
    assert all("thresher/" in s.headers["user-agent"] and "contact: ops@example.org" in s.headers["user-agent"] for s in server.seen)


def test_a_caller_may_name_itself_and_the_contact_is_added(server: Any, open_client: Any) -> None:
    url = server.on("/a", server.reply(200, b"x"))
    open_client().get(url, headers={"user-agent": "linux:app:1 (by /u/someone)"})
    assert server.seen[0].headers["user-agent"] == "linux:app:1 (by /u/someone) (contact: ops@example.org)"


@pytest.mark.parametrize("contact", ["", "  "])
def test_nothing_starts_without_a_contact(contact: str) -> None:
    with pytest.raises(SettingsError, match="THRESHER_NETWORK_CONTACT"):
        Client.open(Network(contact=contact))


def test_a_contact_that_would_break_the_header_is_refused() -> None:
    with pytest.raises(SettingsError, match="printable ASCII"):
        Client.open(Network(contact="a@example.org\r\nX: y"))


def test_three_server_errors_then_success_is_four_requests_with_growing_jittered_waits(
    server: Any, open_client: Any, fake_time: Any
) -> None:
    url = server.on("/a", *[server.reply(500)] * 3, server.reply(200, b"ok"))
    assert open_client().get(url).body == b"ok"
    assert len(server.seen) == 4
    assert len(fake_time.sleeps) == 3
    assert all(low <= s <= high for s, (low, high) in zip(fake_time.sleeps, [(1.4, 2.6), (2.8, 5.2), (5.6, 10.4)], strict=True))


def test_an_endless_503_is_given_up_after_the_tries(server: Any, open_client: Any) -> None:
    url = server.on("/a", server.reply(503))
    with pytest.raises(TransientError, match="failed 5 times, last: status 503") as caught:
        open_client().get(url)
    assert len(server.seen) == 5
    assert (caught.value.source, caught.value.url, caught.value.retryable) == ("test", url, True)


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 410, 418, 451, 501])
def test_a_final_status_is_not_tried_again(server: Any, open_client: Any, status: int) -> None:
    url = server.on("/a", server.reply(status, b"why"))
    with pytest.raises(HttpStatusError) as caught:
        open_client().get(url)
    assert (caught.value.status, caught.value.body, caught.value.url, len(server.seen)) == (status, b"why", url, 1)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524])
def test_a_passing_trouble_is_tried_again(server: Any, open_client: Any, status: int) -> None:
    url = server.on("/a", server.reply(status), server.reply(200, b"ok"))
    assert open_client().get(url).body == b"ok"


def test_a_status_that_the_caller_expects_is_returned(server: Any, open_client: Any) -> None:
    url = server.on("/a", server.reply(404, b"gone"))
    assert open_client().get(url, accept_status=frozenset({404})).status == 404


WHEN = "Sun, 01 Mar 2026 10:00:00 GMT"


def test_what_did_not_change_is_not_sent_again_and_not_archived_again(server: Any, open_client: Any, tmp_path: Path) -> None:
    tagged = server.reply(200, b"x" * 5000, {"ETag": '"v1"', "Last-Modified": WHEN})
    url = server.on("/a", tagged, server.reply(304), server.reply(200, b"y", {"ETag": '"v2"'}), server.reply(304))
    bodies, sizes = [], []
    for night in range(4):
        with ArchiveWriter(tmp_path, f"night{night}", datetime(2026, 3, night + 1, tzinfo=UTC)) as archive:
            empty = archive.path.stat().st_size
            answer = open_client(opening={"archive": archive}).get(url)
            bodies.append((answer.status, answer.body))
            sizes.append(archive.path.stat().st_size - empty)
    assert bodies == [(200, b"x" * 5000), (200, b"x" * 5000), (200, b"y"), (200, b"y")]
    assert [size > 0 for size in sizes] == [True, False, True, False]
    asked = [(seen.headers.get("if-none-match"), seen.headers.get("if-modified-since")) for seen in server.seen]
    assert asked == [(None, None), ('"v1"', WHEN), ('"v1"', WHEN), ('"v2"', None)]


DAMAGES = {
    "the archive is gone": lambda folder: (folder / "night0.warc.gz").unlink(),
    "a byte of it is flipped": lambda folder: flip(folder / "night0.warc.gz"),
    "it was taken out": lambda folder: rewrite(
        folder / "night0.warc.gz", is_dirty=lambda page: False, cleaned=lambda page: page, unwanted=lambda url: True
    ),
    "the notes are torn": lambda folder: (folder / "answers.jsonl").write_text('{"url": "http'),
    "the notes are of another make": lambda folder: (folder / "answers.jsonl").write_text('{"url": 1}\n[]\n{"url": "a", "file": "b"}\n'),
}


def flip(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 0xFF
    path.write_bytes(raw)


@pytest.mark.parametrize("name", DAMAGES)
def test_what_the_archive_does_not_hold_any_more_is_asked_for_anew(server: Any, open_client: Any, tmp_path: Path, name: str) -> None:
    url = server.on("/a", server.reply(200, bytes(range(256)) * 20, {"ETag": '"v1"'}))
    for night in range(2):
        with ArchiveWriter(tmp_path, f"night{night}", datetime(2026, 3, night + 1, tzinfo=UTC)) as archive:
            assert open_client(opening={"archive": archive}).get(url).body == bytes(range(256)) * 20
        if night == 0:
            DAMAGES[name](tmp_path)
    assert "if-none-match" not in server.seen[1].headers


def test_a_part_of_a_file_and_what_is_posted_are_never_conditional(server: Any, open_client: Any, tmp_path: Path) -> None:
    url = server.on("/a", server.reply(200, b"x", {"ETag": '"v1"'}))
    with ArchiveWriter(tmp_path, "night", datetime(2026, 3, 1, tzinfo=UTC)) as archive:
        client = open_client(opening={"archive": archive})
        client.get(url)
        client.get(url, headers={"Range": "bytes=0-0"})
        client.post(url, data=b"x")
    assert not any("if-none-match" in seen.headers for seen in server.seen)


def test_a_304_that_nobody_asked_for_is_an_error(server: Any, open_client: Any) -> None:
    with pytest.raises(HttpStatusError):
        open_client().get(server.on("/a", server.reply(304)))


def test_429_is_waited_out_as_told_and_tried_once_more(server: Any, open_client: Any, fake_time: Any) -> None:
    url = server.on("/a", server.reply(429, headers={"Retry-After": "7"}), server.reply(200, b"ok"))
    assert open_client().get(url).body == b"ok"
    assert (fake_time.sleeps, len(server.seen)) == ([7.0], 2)


def test_a_wait_over_the_cap_stops_at_once_and_keeps_the_host_closed(server: Any, open_client: Any, fake_time: Any) -> None:
    url = server.on("/a", server.reply(429, headers={"Retry-After": "99999999"}))
    client = open_client()
    with pytest.raises(RateLimited) as caught:
        client.get(url)
    assert caught.value.wait_s == 99999999
    with pytest.raises(RateLimited):
        client.get(server.url + "/b")
    assert (server.paths, fake_time.sleeps) == (["/a"], [])


def test_endless_429_ends_as_rate_limited(server: Any, open_client: Any) -> None:
    with pytest.raises(RateLimited) as caught:
        open_client(tries=3).get(server.on("/a", server.reply(429, headers={"Retry-After": "5"})))
    assert (caught.value.wait_s, caught.value.source, len(server.seen)) == (5.0, "test", 3)


def test_backoff_in_a_200_holds_the_next_request_to_this_host(server: Any, open_client: Any, fake_time: Any) -> None:
    url = server.on("/a", server.reply(200, b'{"items": [], "backoff": 12}', JSON))
    client = open_client()
    client.get(url)
    assert fake_time.sleeps == []
    client.get(url)
    assert fake_time.sleeps == [12.0]


def test_codeforces_says_too_fast_in_a_200(server: Any, open_client: Any) -> None:
    failed = server.reply(200, b'{"status":"FAILED","comment":"Call limit exceeded"}', JSON)
    assert open_client().get(server.on("/a", failed, server.reply(200, b'{"status":"OK","result":[]}', JSON))).json()["status"] == "OK"


def test_while_one_waits_out_a_429_nobody_else_asks_this_host(server: Any, open_client: Any, fake_time: Any) -> None:
    order: list[str] = []
    waiting, other_started = threading.Event(), threading.Event()
    slept = fake_time.sleep

    def sleep(seconds: float) -> None:
        waiting.set()
        assert other_started.wait(5)
        order.append(f"slept {seconds:g}")
        slept(seconds)

    fake_time.sleep = sleep
    server.on("/a", server.reply(429, headers={"Retry-After": "7"}), server.reply(200, b"a"))
    server.on("/b", server.reply(200, b"b"))
    client = open_client()
    first = threading.Thread(target=lambda: order.append(client.get(server.url + "/a").body.decode()))
    first.start()
    assert waiting.wait(5)

    def other() -> None:
        other_started.set()
        order.append(client.get(server.url + "/b").body.decode())

    second = threading.Thread(target=other)
    second.start()
    first.join(5)
    second.join(5)
    assert order[0] == "slept 7"
    assert sorted(order[1:]) == ["a", "b"]


def test_requests_to_one_host_keep_their_distance_across_sources(server: Any, open_client: Any, fake_time: Any) -> None:
    url = server.on("/a", server.reply(200, b"x"))
    one = open_client(pace={"min_interval_s": 2.0})
    other = Client(one._door, "other", Pace(min_interval_s=3.0), one._visitor.budget, "x", {})
    one.get(url)
    one.get(url)
    other.get(url)
    assert fake_time.sleeps == [2.0, 3.0]


def test_eight_threads_have_one_request_in_flight(server: Any, open_client: Any) -> None:
    lull = threading.Event()

    def slowly(sock: Any, _: Any) -> None:
        lull.wait(0.01)
        sock.sendall(server.reply(200, b"x"))

    url = server.on("/a", slowly)
    client = open_client()
    threads = [threading.Thread(target=client.get, args=(url,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(server.seen) == 8
    assert max(s.in_flight for s in server.seen) == 1


def test_the_budget_of_requests_counts_redirects_and_second_tries(server: Any, open_client: Any) -> None:
    server.on("/a", server.reply(302, headers={"Location": "/b"}))
    server.on("/b", server.reply(500))
    client = open_client(pace={"max_requests": 3})
    with pytest.raises(BudgetExhausted, match="all 3 requests"):
        client.get(server.url + "/a")
    assert (len(server.seen), client.requests_sent) == (3, 3)


def test_the_budget_of_minutes_is_not_waited_over(server: Any, open_client: Any, fake_time: Any) -> None:
    url = server.on("/a", server.reply(429, headers={"Retry-After": "100"}))
    with pytest.raises(BudgetExhausted, match="1 minutes"):
        open_client(pace={"max_minutes": 1}).get(url)
    assert fake_time.sleeps == []


def test_binding_a_source_again_continues_its_budget(server: Any, open_client: Any) -> None:
    url = server.on("/a", server.reply(200, b"x"))
    client = open_client(pace={"max_requests": 1})
    client.get(url)
    with pytest.raises(BudgetExhausted):
        client.bind("test", client.pace).get(url)


def test_a_stop_lets_no_further_request_out(server: Any, open_client: Any) -> None:
    stop = threading.Event()
    client = open_client(opening={"stop": stop})
    stop.set()
    with pytest.raises(BudgetExhausted, match="stopped"):
        client.get(server.url + "/a")
    assert server.seen == []


def test_a_post_sends_a_form_and_json(server: Any, open_client: Any) -> None:
    url = server.on("/a", server.reply(200, b"{}"))
    client = open_client()
    client.post(url, data={"a": "1 2", "b": 3})
    client.post(url, json_body={"q": [1]})
    assert [(s.method, s.body, s.headers["content-type"]) for s in server.seen] == [
        ("POST", b"a=1+2&b=3", "application/x-www-form-urlencoded"),
        ("POST", json.dumps({"q": [1]}).encode(), "application/json"),
    ]


@pytest.mark.parametrize("body", [b"", b"<html>busy</html>", b'{"a": NaN}', b'{"a": ', b"[" * 150 + b"]" * 150, b"[" * 100_000])
def test_what_is_no_json_is_bad_json(server: Any, open_client: Any, body: bytes) -> None:
    with pytest.raises(PayloadError) as caught:
        open_client().get(server.on("/a", server.reply(200, body, {"Content-Type": "text/plain"}))).json()
    assert caught.value.reason == "bad_json"


def test_json_in_no_encoding_of_unicode_says_so(server: Any, open_client: Any) -> None:
    with pytest.raises(PayloadError) as caught:
        open_client().get(server.on("/a", server.reply(200, b"\xff\xfe{", {"Content-Type": "text/plain"}))).json()
    assert caught.value.reason == "bad_encoding"


@pytest.mark.parametrize("body", [b"null", b"[]", b'"\\ud800"', b"1"])
def test_any_json_value_is_json(server: Any, open_client: Any, body: bytes) -> None:
    assert open_client().get(server.on("/a", server.reply(200, body, JSON))).json() == json.loads(body)


def test_a_body_shorter_than_announced_is_tried_again(server: Any, open_client: Any) -> None:
    cut = server.reply(200, b"half", length=100)
    assert open_client().get(server.on("/a", cut, server.reply(200, b"whole"))).body == b"whole"


def test_json_longer_than_announced_is_cut_and_tried_again(server: Any, open_client: Any) -> None:
    url = server.on("/a", server.reply(200, b'{"items": [1, 2, 3]}', JSON, length=12))
    with pytest.raises(TransientError, match="cut after 12 bytes"):
        open_client(tries=3).get(url)
    assert len(server.seen) == 3


def test_json_may_end_in_white_space(server: Any, open_client: Any) -> None:
    assert open_client().get(server.on("/a", server.reply(200, b"\n {}" + b" \r\n" * 100, JSON))).json() == {}


def test_a_server_that_hangs_up_without_a_word_is_tried_again(server: Any, open_client: Any) -> None:
    assert open_client().get(server.on("/a", b"", b"garbage\r\n\r\n", server.reply(200, b"ok"))).body == b"ok"


def test_a_host_that_refuses_connections_is_transient(server: Any, open_client: Any, make_server: Any) -> None:
    gone = make_server()
    gone.stop()
    with pytest.raises(TransientError, match="ConnectError"):
        open_client(tries=2, allow_addresses=(gone.host,)).get(gone.url)


def test_announcing_too_much_is_refused_before_it_is_read(server: Any, open_client: Any) -> None:
    with pytest.raises(ResponseTooLarge, match="announced"):
        open_client().get(server.on("/a", server.reply(200, b"x", length=10**9)))


def test_the_wire_cap_holds_for_a_body_of_unknown_length(server: Any, open_client: Any) -> None:
    def endless(sock: Any, stopped: threading.Event) -> None:
        sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not stopped.is_set():
            sock.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")

    with pytest.raises(ResponseTooLarge, match="max_wire_bytes"):
        open_client(max_wire_bytes=2**20).get(server.on("/a", endless))
