"""robots.txt, where HTML or files are crawled."""

from __future__ import annotations

from typing import Any

import pytest

from thresher.errors import RateLimited, RobotsDisallowed


def test_what_is_disallowed_is_never_asked_for(server: Any, open_client: Any) -> None:
    server.on("/robots.txt", server.reply(200, b"User-agent: *\nDisallow: /private\n"))
    server.on("/public", server.reply(200, b"x"))
    client = open_client()
    assert client.get(server.url + "/public", crawl=True).body == b"x"
    with pytest.raises(RobotsDisallowed):
        client.get(server.url + "/private/a", crawl=True)
    assert server.paths == ["/robots.txt", "/public"]


def test_an_api_is_asked_without_robots(server: Any, open_client: Any) -> None:
    server.on("/robots.txt", server.reply(200, b"User-agent: *\nDisallow: /\n"))
    open_client().get(server.on("/a", server.reply(200, b"x")))
    assert server.paths == ["/a"]


def test_rules_for_our_own_name_stand_over_those_for_all(server: Any, open_client: Any) -> None:
    server.on("/robots.txt", server.reply(200, b"User-agent: *\nAllow: /\n\nUser-agent: Thresher\nDisallow: /\n"))
    with pytest.raises(RobotsDisallowed):
        open_client().get(server.on("/a", server.reply(200, b"x")), crawl=True)


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_4xx_allows(server: Any, open_client: Any, status: int) -> None:
    server.on("/robots.txt", server.reply(status))
    assert open_client().get(server.on("/a", server.reply(200, b"x")), crawl=True).body == b"x"


@pytest.mark.parametrize("reply", [b"HTTP/1.0 500 X\r\n\r\n", b"HTTP/1.0 503 X\r\n\r\n", b""])
def test_5xx_and_unreachable_disallow(server: Any, open_client: Any, reply: bytes) -> None:
    server.on("/robots.txt", reply)
    client = open_client()
    for _ in range(2):
        with pytest.raises(RobotsDisallowed):
            client.get(server.on("/a", server.reply(200, b"x")), crawl=True)
    assert set(server.paths) == {"/robots.txt"}
    assert len(server.seen) == 2


def test_429_for_robots_stops_the_source(server: Any, open_client: Any) -> None:
    server.on("/robots.txt", server.reply(429, headers={"Retry-After": "9999"}))
    with pytest.raises(RateLimited):
        open_client().get(server.url + "/a", crawl=True)


def test_a_megabyte_of_robots_is_read_up_to_the_cap(server: Any, open_client: Any) -> None:
    filler = b"# nothing\n" * 100_000
    server.on("/robots.txt", server.reply(200, b"User-agent: *\nDisallow: /early\n" + filler + b"Disallow: /late\n"))
    server.on("/late", server.reply(200, b"x"))
    client = open_client()
    assert client.get(server.url + "/late", crawl=True).body == b"x"
    with pytest.raises(RobotsDisallowed):
        client.get(server.url + "/early", crawl=True)


def test_robots_on_another_host_hold_for_the_first(server: Any, open_client: Any, make_server: Any) -> None:
    other = make_server()
    server.on("/robots.txt", server.reply(301, headers={"Location": other.url + "/robots.txt"}))
    other.on("/robots.txt", other.reply(200, b"User-agent: *\nDisallow: /a\n"))
    with pytest.raises(RobotsDisallowed):
        open_client(allow_addresses=(server.host, other.host)).get(server.url + "/a", crawl=True)
    assert server.paths == ["/robots.txt"]


def test_a_redirect_into_a_disallowed_place_is_not_followed(server: Any, open_client: Any, make_server: Any) -> None:
    other = make_server()
    server.on("/a", server.reply(302, headers={"Location": other.url + "/b"}))
    other.on("/robots.txt", other.reply(200, b"User-agent: *\nDisallow: /b\n"))
    with pytest.raises(RobotsDisallowed):
        open_client(allow_addresses=(server.host, other.host)).get(server.url + "/a", crawl=True)
    assert other.paths == ["/robots.txt"]


def test_the_crawl_delay_is_kept(server: Any, open_client: Any, fake_time: Any) -> None:
    server.on("/robots.txt", server.reply(200, b"User-agent: *\nCrawl-delay: 30\n"))
    url = server.on("/a", server.reply(200, b"x"))
    client = open_client(pace={"min_interval_s": 1})
    client.get(url, crawl=True)
    client.get(url, crawl=True)
    assert fake_time.sleeps == [30.0, 30.0]


@pytest.mark.parametrize(
    "text",
    [b"\xff\xfe\x00", b"<html>404</html>", b"Crawl-delay: nan\nUser-agent: *\nCrawl-delay: nan", b"User-agent: *\nCrawl-delay: -5", b""],
)
def test_odd_robots_allow(server: Any, open_client: Any, text: bytes) -> None:
    server.on("/robots.txt", server.reply(200, text))
    assert open_client().get(server.on("/a", server.reply(200, b"x")), crawl=True).body == b"x"
