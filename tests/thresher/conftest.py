"""The rules as they are shipped, a server that misbehaves as told, and a time that passes only when somebody sleeps."""

from __future__ import annotations

import random
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from thresher.net.client import Client, Clock
from thresher.net.settings import Network, Pace
from thresher.rules import Rules

RULES_FILE = Path(__file__).parents[2] / "config" / "rules.toml"


@pytest.fixture(scope="session")
def rules_file() -> Path:
    return RULES_FILE


@pytest.fixture(scope="session")
def rules(rules_file: Path) -> Rules:
    return Rules.load(rules_file)


def spent(call: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    began = time.process_time()
    call()
    return time.process_time() - began


@pytest.fixture(scope="session")
def cpu_s() -> Callable[[Callable[[], object]], float]:
    """CPU seconds that a call takes: the least of three, as other work on the machine only adds to them. They are good for ratios of two
    calls in one test; how many a machine needs says nothing."""
    return lambda call: min(spent(call) for _ in range(3))


UNMEASURABLE_S = 0.05
"""Below this a clock says nothing."""


@pytest.fixture(scope="session")
def grows_evenly(cpu_s: Callable[[Callable[[], object]], float]) -> Callable[[Callable[[], object], Callable[[], object]], bool]:
    """Whether a call on four times as much costs about four times as much: quadratic work is sixteen."""
    return lambda small, large: spent(large) < UNMEASURABLE_S or cpu_s(large) < 9 * cpu_s(small) + UNMEASURABLE_S


Reply = bytes | Callable[[socket.socket, threading.Event], None]


@dataclass
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    in_flight: int


@dataclass
class FaultServer:
    """HTTP/1.1 on a raw socket. ``on(path, reply, reply, ...)`` scripts a path: the replies in turn, the last one for ever. A reply is
    all the bytes that go over the wire, or a function of (socket, stopped) that does as it likes. The connection is closed after each."""

    tls: ssl.SSLContext | None = None
    seen: list[Seen] = field(default_factory=list)
    accepted: int = 0

    def __post_init__(self) -> None:
        self._script: dict[str, list[Reply]] = {}
        self._lock = threading.Lock()
        self._flying = 0
        self.stopped = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=32)
        self.port = self._listener.getsockname()[1]
        self.host = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.host}"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def on(self, path: str, *replies: Reply) -> str:
        self._script[path] = list(replies)
        return self.url + path

    @property
    def paths(self) -> list[str]:
        return [s.path for s in self.seen]

    @staticmethod
    def reply(status: int = 200, body: bytes = b"", headers: dict[str, str] | None = None, *, length: int | None = None) -> bytes:
        head = {"Content-Length": str(len(body) if length is None else length), "Connection": "close", **(headers or {})}
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        return f"HTTP/1.1 {status} Told\r\n{lines}\r\n".encode("latin-1") + body

    def stop(self) -> None:
        self.stopped.set()
        self._listener.close()
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), 0.1).close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while not self.stopped.is_set():
            try:
                conn, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            thread = threading.Thread(target=self._serve, args=(conn,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, conn: socket.socket) -> None:
        try:
            with self.tls.wrap_socket(conn, server_side=True) if self.tls else conn as sock:
                sock.settimeout(5)
                self._answer(sock)
        except OSError:
            pass
        finally:
            conn.close()

    def _answer(self, conn: socket.socket) -> None:
        data = b""
        while b"\r\n\r\n" not in data:
            chunk = conn.recv(65536)
            if not chunk:
                return
            data += chunk
        head, _, body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, path, _ = first.split(" ")
        headers = {n.lower(): v for n, _, v in (line.partition(": ") for line in lines)}
        while len(body) < int(headers.get("content-length", 0)):
            body += conn.recv(65536)
        with self._lock:
            self._flying += 1
            self.seen.append(Seen(method, path, headers, body, self._flying))
            replies = self._script.get(path.partition("?")[0], [self.reply(404)])
            reply = replies.pop(0) if len(replies) > 1 else replies[0]
        try:
            if callable(reply):
                reply(conn, self.stopped)
            else:
                with self._lock:
                    self._flying -= 1
                    conn.sendall(reply)
                return
        except OSError:
            pass
        with self._lock:
            self._flying -= 1


class FakeTime:
    """Sleeping makes it pass, and is remembered."""

    def __init__(self) -> None:
        self.sleeps: list[float] = []
        self._t = 1000.0
        self._start = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
        self._lock = threading.Lock()

    @property
    def clock(self) -> Clock:
        return Clock(monotonic=lambda: self._t, now=self.now, sleep=self.sleep)

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._t - 1000.0)

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        with self._lock:
            self.sleeps.append(seconds)
            self._t += seconds


@pytest.fixture
def server() -> Iterator[FaultServer]:
    made = FaultServer()
    yield made
    made.stop()


@pytest.fixture
def make_server() -> Iterator[Callable[..., FaultServer]]:
    made: list[FaultServer] = []

    def make(**options: Any) -> FaultServer:
        made.append(FaultServer(**options))
        return made[-1]

    yield make
    for one in made:
        one.stop()


@pytest.fixture
def fake_time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def open_client(server: FaultServer, fake_time: FakeTime) -> Iterator[Callable[..., Client]]:
    """A client bound to the source ``test`` that may reach ``server``; keywords go to Network, ``pace`` and ``opening`` (for Client.open)
    apart."""
    opened: list[Client] = []

    def make(*, pace: dict[str, Any] | None = None, opening: dict[str, Any] | None = None, **network: Any) -> Client:
        settings = {"contact": "ops@example.org", "allow_addresses": (server.host,), **network}
        root = Client.open(Network(**settings), **{"clock": fake_time.clock, "rng": random.Random(7), **(opening or {})})
        opened.append(root)
        return root.bind("test", Pace(**{"min_interval_s": 0.0, **(pace or {})}))

    yield make
    for client in opened:
        client.close()
