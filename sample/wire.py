"""HTTP/1.1 on a loopback port: requests in, answers out, nothing about any particular site."""

from __future__ import annotations

import contextlib
import hashlib
import json
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

SECRET_HEADERS = frozenset({"authorization"})
POLL_S = 0.05
"""How long a server that is told to stop may take to notice."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as a site sees it; header names are lower-case, the path is unquoted."""

    method: str
    path: str
    query: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def one(self, name: str, default: str = "") -> str:
        """The last value of a query parameter."""
        return next((v for k, v in reversed(self.query) if k == name), default)

    def number(self, name: str, default: int) -> int:
        """A query parameter as a whole number; the default where it is none."""
        value = self.one(name)
        return int(value) if value.lstrip("-").isdigit() else default

    def form(self) -> dict[str, str]:
        """The fields of a form that was posted."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class Answer:
    """What a site says."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Seen:
    """One request that reached the world; ``host`` is the key in ``World.urls``. The value of an Authorization header is not kept."""

    method: str
    host: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    status: int


class Site(Protocol):
    """A site of the sample world."""

    def respond(self, asked: Asked) -> Answer:
        """The answer to one request."""
        ...

    def faults(self) -> list[Fault]:
        """What goes wrong once in the life of a world with faults."""
        ...


class Fault:
    """An answer that stands in for the real one once, at the (``after`` + 1)-th request that matches. ``alter`` gets the true answer."""

    def __init__(self, matches: Callable[[Asked], bool], alter: Callable[[Answer], Answer], after: int = 0) -> None:
        self.matches = matches
        self.alter = alter
        self.left = after
        self.spent = False
        self._lock = threading.Lock()

    def strikes(self, asked: Asked) -> bool:
        """Whether this request is the one; true at most once."""
        if self.spent or not self.matches(asked):
            return False
        with self._lock:
            if self.spent:
                return False
            self.left -= 1
            self.spent = self.left < 0
            return self.spent


def json_answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """A JSON answer; characters beyond ASCII are escaped, so that even half a surrogate pair can be sent."""
    body = json.dumps(value, separators=(",", ":")).encode()
    return Answer(status, body, {"Content-Type": "application/json; charset=utf-8", **(headers or {})})


def text_answer(text: str, status: int = 200, headers: Mapping[str, str] | None = None, kind: str = "text/plain") -> Answer:
    """A text or HTML answer in UTF-8."""
    return Answer(status, text.encode(), {"Content-Type": f"{kind}; charset=utf-8", **(headers or {})})


def tagged(answer: Answer, asked: Asked) -> Answer:
    """With an ETag, and 304 for a client that has it already."""
    tag = f'"{hashlib.sha256(answer.body).hexdigest()}"'
    known = asked.headers.get("if-none-match", "")
    headers = {**answer.headers, "ETag": tag}
    if known and tag in known.replace("W/", ""):
        return Answer(304, b"", headers)
    return Answer(answer.status, answer.body, headers)


def instead(answer: Answer) -> Callable[[Answer], Answer]:
    """For a Fault that replaces the true answer."""
    return lambda _: answer


class Server:
    """A site on its own port, in a thread of its own."""

    def __init__(self, host: str, site: Site, faults: Sequence[Fault], record: Callable[[Seen], None], port: int = 0) -> None:
        self._open: set[socket.socket] = set()
        self._server = _ThreadingServer(("127.0.0.1", port), _handler(host, site, faults, record, self._open))
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(POLL_S,), name=f"sample-{host}", daemon=True)

    @property
    def url(self) -> str:
        """Where it is reached, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listen and answer."""
        self._thread.start()

    def stop(self) -> None:
        """Close the port and every connection that is still open."""
        self._server.shutdown()
        self._thread.join()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._server.server_close()


class _ThreadingServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up early is no event here."""


def _handler(
    host: str, site: Site, faults: Sequence[Fault], record: Callable[[Seen], None], connections: set[socket.socket]
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version = "sample"
        sys_version = ""
        disable_nagle_algorithm = True

        def setup(self) -> None:
            super().setup()
            connections.add(self.connection)

        def finish(self) -> None:
            connections.discard(self.connection)
            super().finish()

        def _serve(self) -> None:
            asked = _asked(self)
            answer = site.respond(asked)
            for fault in faults:
                if fault.strikes(asked):
                    answer = fault.alter(answer)
                    break
            kept = {k: ("(kept out)" if k in SECRET_HEADERS else v) for k, v in asked.headers.items()}
            record(Seen(asked.method, host, asked.path, tuple(asked.query), kept, answer.status))
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            bodiless = answer.status in {204, 304}
            if not bodiless and "Content-Length" not in answer.headers:
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            if asked.method != "HEAD" and not bodiless:
                self.wfile.write(answer.body)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _serve

        def log_message(self, format: str, *args: Any) -> None:
            """Silent: ``World.requests`` is the log."""

    return Handler


def _asked(handler: BaseHTTPRequestHandler) -> Asked:
    parts = urlsplit(handler.path)
    length = int(handler.headers.get("Content-Length") or 0)
    return Asked(
        method=handler.command,
        path=unquote(parts.path),
        query=tuple(parse_qsl(parts.query, keep_blank_values=True)),
        headers={k.lower(): v for k, v in handler.headers.items()},
        body=handler.rfile.read(length) if length else b"",
    )
