"""A canary as key, token and password: nowhere but on the wire."""

from __future__ import annotations

import base64
import gzip
import html
import json
import logging
import re
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus, unquote_plus

import pytest

from thresher.archive.reader import read_pages
from thresher.archive.writer import ArchiveWriter
from thresher.errors import NetworkError
from thresher.secrets import redact_url

CANARY = "cAnArY-0123456789"


@pytest.fixture
def archive(tmp_path: Path) -> ArchiveWriter:
    return ArchiveWriter(tmp_path / "archive", "run-1", datetime(2026, 3, 1, tzinfo=UTC))


def _archived(archive: ArchiveWriter) -> bytes:
    archive.close()
    return gzip.decompress(archive.path.read_bytes())


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"https://h.example/a?site=x&key={CANARY}&b=1", "https://h.example/a?site=x&key=REDACTED&b=1"),
        (f"https://h.example/a?access_token={CANARY}#f", "https://h.example/a?access_token=REDACTED#f"),
        (f"https://h.example/a?apiKey={CANARY}&apiSig={CANARY}", "https://h.example/a?apiKey=REDACTED&apiSig=REDACTED"),
        (f"https://h.example/a?API_KEY={CANARY};client%5Fsecret={CANARY}", "https://h.example/a?API_KEY=REDACTED;client%5Fsecret=REDACTED"),
        (f"https://me:{CANARY}@h.example/a", "https://h.example/a"),
        ("https://h.example/a?keyword=key&monkey=1", "https://h.example/a?keyword=key&monkey=1"),
        ("https://h.example/@somebody/key=1", "https://h.example/@somebody/key=1"),
        ("file:///data/a b.jsonl#12", "file:///data/a b.jsonl#12"),
    ],
)
def test_a_url_is_shown_without_its_secrets(url: str, shown: str) -> None:
    assert redact_url(url) == shown
    assert redact_url(shown) == shown


def test_the_key_reaches_the_server_and_nothing_else(server: Any, open_client: Any, archive: ArchiveWriter, caplog: Any) -> None:
    caplog.set_level(logging.DEBUG)
    echo = {"Link": f"</a?key={CANARY}>; rel=next", "Content-Type": "application/json"}
    server.on("/a", server.reply(503), server.reply(302, headers={"Location": f"/b?key={CANARY}"}))
    server.on("/b", server.reply(200, f'{{"echo": "{CANARY}"}}'.encode(), echo))
    response = open_client(opening={"archive": archive}).get(
        server.url + "/a", params={"key": CANARY}, headers={"Authorization": f"Bearer {CANARY}x"}
    )
    archive.write_page(response.page("test", "site"))
    assert CANARY in server.seen[0].path
    assert server.seen[2].path == f"/b?key={CANARY}"
    assert CANARY not in repr(response)
    assert CANARY not in caplog.text
    assert CANARY.encode() not in _archived(archive)
    assert [page for _, _, page in read_pages(archive.path)] == [response.page("test", "site")]


@pytest.mark.parametrize("fault", ["401", "500", "cut", "blocked", "large", "budget"])
def test_no_error_tells_the_key(server: Any, open_client: Any, archive: ArchiveWriter, caplog: Any, fault: str) -> None:
    caplog.set_level(logging.DEBUG)
    replies = {
        "401": server.reply(401, f"bad key {CANARY}".encode()),
        "500": server.reply(500, CANARY.encode()),
        "cut": server.reply(200, CANARY.encode(), length=500),
        "blocked": server.reply(302, headers={"Location": f"http://10.0.0.1/?key={CANARY}"}),
        "large": server.reply(200, b"x", length=10**9),
        "budget": server.reply(500),
    }
    url = server.on("/a", replies[fault])
    with pytest.raises(NetworkError) as caught:
        open_client(tries=2, pace={"max_requests": 1 if fault == "budget" else 9}, opening={"archive": archive}).get(
            url, params={"key": CANARY}
        )
    told = "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value)) + caplog.text
    assert CANARY not in told
    assert CANARY.encode() not in _archived(archive)


def test_a_login_is_archived_without_its_answer(server: Any, open_client: Any, archive: ArchiveWriter) -> None:
    server.on("/api/v1/access_token", server.reply(200, f'{{"access_token": "{CANARY}"}}'.encode()))
    server.on("/other", server.reply(200, f'{{"refresh_token" : "{CANARY}"}}'.encode()))
    client = open_client(opening={"archive": archive})
    assert client.post(server.url + "/api/v1/access_token", data={"password": CANARY}).json() == {"access_token": "REDACTED"}
    assert client.post(server.url + "/other", data={"a": 1}).json() == {"refresh_token": CANARY}
    text = _archived(archive)
    assert text.count(b"WARC-Type: response") == 2
    assert CANARY.encode() not in text


def test_every_hop_and_error_is_archived_before_it_is_seen(server: Any, open_client: Any, archive: ArchiveWriter) -> None:
    server.on("/a", server.reply(500, b"oops"), server.reply(302, headers={"Location": "/b"}))
    server.on("/b", server.reply(404, b"nowhere"))
    with pytest.raises(NetworkError):
        open_client(opening={"archive": archive}).get(server.url + "/a")
    text = _archived(archive)
    assert [text.count(line) for line in (b"HTTP/1.1 500 ", b"HTTP/1.1 302 ", b"HTTP/1.1 404 ")] == [1, 1, 1]
    assert b"nowhere" in text


ODD = "cA*n((A+R/y==) 0123&<x"
"""A key such as Stack Exchange's, which an address, JSON and HTML each write in another way."""
LOG_IN = "client-4711:" + ODD
BASIC = base64.b64encode(LOG_IN.encode()).decode()


@pytest.mark.parametrize(
    "echo",
    [
        ODD,
        quote(ODD),
        quote(ODD, safe=""),
        quote_plus(ODD),
        re.sub("%..", lambda m: m[0].lower(), quote(ODD)),
        quote(ODD, safe="(*/"),
        quote(quote(ODD)),
        json.dumps(ODD)[1:-1],
        ODD.replace("/", "\\/"),
        html.escape(ODD),
        "".join(f"&#{ord(c)};" for c in ODD),
        "".join(f"\\u{ord(c):04x}" for c in ODD),
        "".join(f"%{ord(c):02X}" for c in ODD),
        base64.b64encode(ODD.encode()).decode(),
        base64.b64encode(f"x{ODD}".encode()).decode(),
        base64.urlsafe_b64encode(f"xy{ODD}z".encode()).decode(),
        LOG_IN,
        BASIC,
        quote(LOG_IN),
    ],
)
@pytest.mark.parametrize("carried", ["query", "basic"])
def test_a_secret_that_is_echoed_in_another_writing_is_not_kept(
    server: Any, open_client: Any, archive: ArchiveWriter, caplog: Any, echo: str, carried: str
) -> None:
    caplog.set_level(logging.DEBUG)
    server.on("/a", server.reply(403, f"<html>no: {echo} is wrong</html>".encode(), {"X-Echo": quote(echo)}))
    sent = {"params": {"key": ODD}} if carried == "query" else {"headers": {"Authorization": f"Basic {BASIC}"}}
    with pytest.raises(NetworkError) as caught:
        open_client(opening={"archive": archive}).get(server.url + "/a", **sent)
    told = "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value)) + caplog.text
    kept = _archived(archive).decode("utf-8", "replace")
    for where in (told, kept):
        assert "(A+R/y" not in html.unescape(unquote_plus(unquote_plus(where)))
        assert echo not in where or (carried == "query" and echo == BASIC)
    assert "is wrong" in kept


def test_a_redirect_does_not_carry_a_secret_to_another_host(
    server: Any, make_server: Any, open_client: Any, archive: ArchiveWriter, caplog: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    other = make_server()
    other.on("/b", other.reply(404, b"nothing"))
    server.on("/a", server.reply(302, headers={"Location": f"{other.url}/b?back={quote(LOG_IN, safe='')}&who={BASIC}"}))
    client = open_client(allow_addresses=(server.host, other.host), opening={"archive": archive})
    with pytest.raises(NetworkError) as caught:
        client.get(server.url + "/a", headers={"Authorization": f"Basic {BASIC}"})
    assert "Authorization" in server.seen[0].headers or "authorization" in server.seen[0].headers
    told = "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value)) + caplog.text
    told += _archived(archive).decode("utf-8", "replace") + repr(other.seen)
    assert len(other.seen) == 1
    assert BASIC not in told
    assert ODD not in unquote_plus(told)


def test_what_only_looks_like_a_part_of_the_secret_stays(server: Any, open_client: Any) -> None:
    url = server.on("/a", server.reply(200, b'{"text": "100%28 & more cA*n 0123 \\u0041"}'))
    assert open_client().get(url, params={"key": ODD}).body == b'{"text": "100%28 & more cA*n 0123 \\u0041"}'
