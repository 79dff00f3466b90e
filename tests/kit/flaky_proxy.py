"""Proxies before the sites of the sample world that spoil answers by a seed, so that a night with faults can be had again."""

from __future__ import annotations

import http.client
import random
import socket
import struct
import threading
from collections import Counter
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal
from urllib.parse import urlsplit

Fault = Literal["unavailable", "busy", "cut", "reset", "maintenance", "damaged gzip"]
FAULTS: tuple[Fault, ...] = ("unavailable", "busy", "cut", "reset", "maintenance", "damaged gzip")
POLL_S = 0.05
_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding"})


class FlakyProxies:
    """One proxy for each of ``urls`` (name to address); a context manager.

    A ``rate`` of 0.1 spoils one request in ten. Which one, and how, follows from the seed, the night, the request, and how often it was
    asked that night; so it does not depend on the order in which the sources ask side by side.
    """

    def __init__(self, urls: Mapping[str, str], *, seed: int, rate: float) -> None:
        self.night = 1
        self.rate = rate
        self.spoiled: Counter[Fault] = Counter()
        """How many answers were spoiled so far, by kind."""
        self._seed = seed
        self._asked: Counter[tuple[int, str, str, str]] = Counter()
        self._lock = threading.Lock()
        self._servers = {name: _Server(("127.0.0.1", 0), _handler(self, name, url)) for name, url in urls.items()}

    @property
    def urls(self) -> dict[str, str]:
        """Where the sites are reached through the proxies."""
        return {name: f"http://127.0.0.1:{server.server_address[1]}" for name, server in self._servers.items()}

    def fault(self, host: str, method: str, path: str) -> Fault | None:
        """What goes wrong with this request, if anything."""
        with self._lock:
            asked = (self.night, host, method, path)
            self._asked[asked] += 1
            dice = random.Random(f"{self._seed} {asked} {self._asked[asked]}")
            if dice.random() >= self.rate:
                return None
            fault = dice.choice(FAULTS)
            self.spoiled[fault] += 1
            return fault

    def __enter__(self) -> FlakyProxies:
        for server in self._servers.values():
            threading.Thread(target=server.serve_forever, args=(POLL_S,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for server in self._servers.values():
            server.shutdown()
            server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Connections that break are what this is for."""


def _handler(proxies: FlakyProxies, host: str, url: str) -> type[BaseHTTPRequestHandler]:
    upstream = urlsplit(url).netloc

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _forward(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length) if length else None
            fault = proxies.fault(host, self.command, self.path)
            if fault == "reset":
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.close_connection = True
            elif fault == "unavailable":
                self._answer(503, {}, b"try again later")
            elif fault == "busy":
                self._answer(429, {"Retry-After": "1"}, b"slow down")
            elif fault == "maintenance":
                self._answer(200, {"Content-Type": "text/html"}, b"<html><title>Back soon</title></html>")
            elif fault == "damaged gzip":
                self._answer(200, {"Content-Type": "application/json", "Content-Encoding": "gzip"}, b"\x1f\x8b\x08 not gzip")
            else:
                self._pass_on(body, cut=fault == "cut")

        def _pass_on(self, body: bytes | None, *, cut: bool) -> None:
            connection = http.client.HTTPConnection(upstream)
            try:
                # the Host header stays the proxy's own: sites name themselves by it
                connection.request(self.command, self.path, body, dict(self.headers))
                answer = connection.getresponse()
                content = answer.read()
            finally:
                connection.close()
            kept = {name: value for name, value in answer.getheaders() if name.lower() not in _HOP_BY_HOP}
            self._answer(answer.status, kept, content, cut=cut)

        def _answer(self, status: int, headers: Mapping[str, str], body: bytes, *, cut: bool = False) -> None:
            self.send_response_only(status)
            for name, value in headers.items():
                if name.lower() != "content-length":
                    self.send_header(name, value)
            if status not in {204, 304}:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "HEAD":
                return
            self.wfile.write(body[: len(body) // 2] if cut else body)
            self.close_connection = self.close_connection or cut

        do_GET = do_HEAD = do_POST = _forward

        def log_message(self, format: str, *args: Any) -> None:
            """Silent."""

    return Handler
