"""Bombs, lies, drips and hangs."""

from __future__ import annotations

import gzip
import io
import resource
import socket
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable
from typing import Any

import brotli  # type: ignore[import-untyped]
import pytest
import zstandard

from thresher.errors import DeadlineExceeded, ResponseTooLarge, TransientError
from thresher.net.client import Client
from thresher.net.decode import PIECE, DecodeError, decode
from thresher.net.settings import Network, Pace
from thresher.net.transport import Deadline

MIB = 2**20


def _zlib(data: bytes, wbits: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
    return packer.compress(data) + packer.flush()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda d: gzip.compress(d, 9),
    "deflate": lambda d: _zlib(d, 15),
    "br": lambda d: brotli.compress(d, quality=5),
    "zstd": lambda d: zstandard.compress(d, 3),
}


def _bomb(encoding: str, size: int = 300 * MIB) -> bytes:
    """Zeros packed without ever holding them all."""
    block = b"\0" * MIB
    if encoding == "zstd":
        return zstandard.compress(block) * (size // MIB)
    if encoding == "br":
        packer = brotli.Compressor(quality=1)
        return b"".join(packer.process(block) for _ in range(size // MIB)) + bytes(packer.finish())
    squeezer = zlib.compressobj(9, zlib.DEFLATED, 31 if encoding == "gzip" else 15)
    return b"".join(squeezer.compress(block) for _ in range(size // MIB)) + squeezer.flush()


@pytest.mark.parametrize("encoding", PACKERS)
def test_every_encoding_is_unpacked(server: Any, open_client: Any, encoding: str) -> None:
    text = b"".join(b"line %d\n" % i for i in range(30_000))
    url = server.on("/a", server.reply(200, PACKERS[encoding](text), {"Content-Encoding": encoding}))
    assert open_client().get(url).body == text
    assert server.seen[0].headers["accept-encoding"] == "gzip, deflate, br, zstd"


@pytest.mark.parametrize("encoding", PACKERS)
def test_a_bomb_is_stopped(server: Any, open_client: Any, encoding: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    url = server.on("/a", server.reply(200, _bomb(encoding), {"Content-Encoding": encoding}))
    with pytest.raises(ResponseTooLarge, match="bomb"):
        open_client().get(url)
    assert len(server.seen) == 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024


def test_memory_stays_small_even_up_to_the_body_cap(server: Any, open_client: Any) -> None:
    """In a process of its own, since the peak of this one may lie behind it."""
    server.on("/a", server.reply(200, _bomb("gzip"), {"Content-Encoding": "gzip"}))
    code = (
        "import resource, sys; from thresher.net.client import Client; from thresher.errors import ResponseTooLarge\n"
        "from thresher.net.settings import Network\n"
        "c = Client.open(Network(contact='a@example.org', allow_addresses=(sys.argv[1],), max_ratio=1e6))\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try: c.get('http://' + sys.argv[1] + '/a')\n"
        "except ResponseTooLarge as exc: print(exc, '|', resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    out = subprocess.run([sys.executable, "-c", code, server.host], capture_output=True, text=True, check=True, timeout=60).stdout
    words, grown_kib = out.split("|")
    assert "max_body_bytes" in words
    assert int(grown_kib) < 100 * 1024


@pytest.mark.parametrize("encoding", PACKERS)
def test_no_step_of_unpacking_is_large(encoding: str) -> None:
    largest = max(len(piece) for piece in decode([_bomb(encoding, 20 * MIB)], encoding))
    assert largest <= (8 * MIB if encoding == "zstd" else 2 * PIECE)


@pytest.mark.parametrize("encoding", PACKERS)
def test_a_cut_stream_is_noticed(encoding: str) -> None:
    packed = PACKERS[encoding](bytes(range(256)) * 400)
    with pytest.raises(DecodeError):
        b"".join(decode([packed[: len(packed) // 2]], encoding))


@pytest.mark.parametrize("encoding", PACKERS)
@pytest.mark.parametrize("step", [1, 7, 65536])
def test_pieces_of_any_size_may_come(encoding: str, step: int) -> None:
    text = b"some text, " * 5000
    packed = PACKERS[encoding](text)
    assert b"".join(decode([packed[i : i + step] for i in range(0, len(packed), step)], encoding)) == text


@pytest.mark.parametrize("encoding", [*PACKERS, "identity", ""])
def test_an_empty_body_is_empty_under_every_encoding(encoding: str) -> None:
    assert b"".join(decode([], encoding)) == b""


def test_bare_deflate_two_members_and_two_layers_are_understood() -> None:
    assert b"".join(decode([_zlib(b"abc" * 100, -15)], "deflate")) == b"abc" * 100
    assert b"".join(decode([gzip.compress(b"one") + gzip.compress(b"two") + b"\0\0"], "gzip")) == b"onetwo"
    assert b"".join(decode([zstandard.compress(b"one") + zstandard.compress(b"two")], "zstd")) == b"onetwo"
    assert b"".join(decode([brotli.compress(gzip.compress(b"both"))], "gzip, br")) == b"both"


@pytest.mark.parametrize("encoding", ["compress", "gzip, gzip, gzip", "x" * 500])
def test_an_unknown_encoding_is_refused(encoding: str) -> None:
    with pytest.raises(DecodeError):
        decode([b"x"], encoding)


@pytest.mark.parametrize("encoding", PACKERS)
def test_damage_is_tried_again_and_given_up(server: Any, open_client: Any, encoding: str) -> None:
    url = server.on("/a", server.reply(200, b"this is not packed at all", {"Content-Encoding": encoding}))
    with pytest.raises(TransientError, match="DecodeError"):
        open_client(tries=2).get(url)
    assert len(server.seen) == 2


def test_a_body_cut_in_the_middle_of_gzip_is_tried_again(server: Any, open_client: Any) -> None:
    packed = gzip.compress(bytes(range(256)) * 40)
    cut = server.reply(200, packed[:100], {"Content-Encoding": "gzip"})
    whole = server.reply(200, packed, {"Content-Encoding": "gzip"})
    assert len(open_client().get(server.on("/a", cut, whole)).body) == 10240


def _real_time(server: Any, **network: Any) -> Client:
    return Client.open(Network(contact="a@example.org", allow_addresses=(server.host,), **network)).bind("test", Pace(min_interval_s=0))


@pytest.mark.parametrize(("most", "fits"), [(2000, True), (999, False)])
@pytest.mark.parametrize("headers", [{}, {"Content-Encoding": "gzip"}])
def test_a_request_may_have_a_cap_of_its_own(server: Any, open_client: Any, headers: dict[str, str], most: int, fits: bool) -> None:
    body = bytes(1000)
    url = server.on("/a", server.reply(200, gzip.compress(body) if headers else body, headers))
    if fits:
        assert open_client().get(url, max_bytes=most).body == body
    else:
        with pytest.raises(ResponseTooLarge, match="the cap of this request"):
            open_client().get(url, max_bytes=most)


def _dripping(sock: socket.socket, stopped: threading.Event, piece: bytes) -> None:
    """Piece after piece for half a minute: who waits for the end of it hears of a broken connection, and of no deadline."""
    for _ in range(600):
        if stopped.wait(0.05):
            return
        sock.sendall(piece)


def _assert_ends_by_the_deadline(client: Client, url: str) -> None:
    with pytest.raises(DeadlineExceeded, match=r"deadline_s = 0\.3"):
        client.get(url)


def test_a_deadline_is_over_when_its_seconds_are_and_not_before() -> None:
    deadline = Deadline()
    with deadline.of(3600):
        assert not deadline.passed
        assert deadline.left(5) == 5
        assert 3000 < deadline.left(7200) <= 3600
    with deadline.of(0):
        assert deadline.passed
        assert deadline.left(5) == 0.001
    assert not deadline.passed


def test_the_deadline_ends_a_slow_drip(server: Any) -> None:
    def drip(sock: socket.socket, stopped: threading.Event) -> None:
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        _dripping(sock, stopped, b"x")

    _assert_ends_by_the_deadline(_real_time(server, deadline_s=0.3), server.on("/a", drip))


def test_the_deadline_ends_a_drip_of_headers(server: Any) -> None:
    def drip(sock: socket.socket, stopped: threading.Event) -> None:
        sock.sendall(b"HTTP/1.1 200 OK\r\n")
        _dripping(sock, stopped, b"X-A: b\r\n")

    _assert_ends_by_the_deadline(_real_time(server, deadline_s=0.3), server.on("/a", drip))


def test_the_deadline_ends_endless_chunks(server: Any) -> None:
    def chunks(sock: socket.socket, stopped: threading.Event) -> None:
        sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        _dripping(sock, stopped, b"1\r\nx\r\n")

    _assert_ends_by_the_deadline(_real_time(server, deadline_s=0.3), server.on("/a", chunks))


def test_the_deadline_ends_a_silent_server(server: Any) -> None:
    _assert_ends_by_the_deadline(_real_time(server, deadline_s=0.3), server.on("/a", lambda sock, stopped: stopped.wait(30)))


def test_the_deadline_counts_redirects_together(server: Any) -> None:
    def late(sock: socket.socket, stopped: threading.Event) -> None:
        stopped.wait(0.12)
        sock.sendall(server.reply(302, headers={"Location": "/a"}))

    _assert_ends_by_the_deadline(_real_time(server, deadline_s=0.3, max_redirects=20), server.on("/a", late))


def test_a_connection_that_hangs_ends_in_time() -> None:
    """A listener whose queue is full answers no knock."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        host, port = full.getsockname()
        fillers = []
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex((host, port))
            fillers.append(filler)
        client = Client.open(Network(contact="a@example.org", allow_addresses=(f"{host}:{port}",), deadline_s=0.3)).bind(
            "test", Pace(min_interval_s=0)
        )
        try:
            _assert_ends_by_the_deadline(client, f"http://{host}:{port}/")
        finally:
            for filler in fillers:
                filler.close()


def test_a_large_honest_body_passes(server: Any, open_client: Any) -> None:
    text = io.BytesIO()
    for i in range(400_000):
        text.write(b"%d," % (i * 7919))
    url = server.on("/a", server.reply(200, gzip.compress(text.getvalue(), 1), {"Content-Encoding": "gzip"}))
    assert open_client().get(url).body == text.getvalue()
