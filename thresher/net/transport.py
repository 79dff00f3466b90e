"""HTTP over connections that go to checked addresses and end at a deadline."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore2
import httpx2

from thresher.net.address import AddressGuard

IDLE_S = 20.0
"""Without a byte for so long, a connection counts as broken and the request as worth another try; a model that thinks has longer."""

LOOK_S = 0.25
"""How often a wait for bytes is left to see whether they are still wanted."""


class Deadline:
    """When the response that this thread is reading must be complete, in real time. ``stop``, once set, ends every response."""

    def __init__(self, stop: threading.Event | None = None) -> None:
        self._local = threading.local()
        self._stop = stop

    @property
    def stopped(self) -> bool:
        """Whether no response is wanted any more."""
        return self._stop is not None and self._stop.is_set()

    @contextmanager
    def of(self, seconds: float) -> Iterator[None]:
        """Everything that this thread reads and writes inside ends within ``seconds``."""
        self._local.at = time.monotonic() + seconds
        try:
            yield
        finally:
            self._local.at = None

    def left(self, cap_s: float) -> float:
        """Seconds that the next step may take, never zero: a socket takes that for *do not block*."""
        at: float | None = getattr(self._local, "at", None)
        return cap_s if at is None else max(0.001, min(cap_s, at - time.monotonic()))

    @property
    def passed(self) -> bool:
        """Whether it is over."""
        at: float | None = getattr(self._local, "at", None)
        return at is not None and time.monotonic() >= at


class _TimedStream(httpcore2.NetworkStream):
    """A connection whose every step ends with the deadline. A slow drip keeps each step short and still meets it."""

    def __init__(self, stream: httpcore2.NetworkStream, deadline: Deadline, idle_s: float) -> None:
        self._stream = stream
        self._deadline = deadline
        self._idle_s = idle_s

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        idle_at = time.monotonic() + self._idle_s
        while True:
            if self._deadline.stopped:
                raise httpcore2.ReadError("stopped on request")
            if self._deadline.passed:
                raise httpcore2.ReadTimeout("the deadline of the response has passed")
            try:
                return self._stream.read(max_bytes, timeout=self._deadline.left(max(0.001, min(LOOK_S, idle_at - time.monotonic()))))
            except httpcore2.ReadTimeout:
                if time.monotonic() >= idle_at:
                    raise

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if self._deadline.passed:
            raise httpcore2.WriteTimeout("the deadline of the response has passed")
        self._stream.write(buffer, timeout=self._deadline.left(self._idle_s))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, timeout=self._deadline.left(self._idle_s))
        return _TimedStream(stream, self._deadline, self._idle_s)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _CheckedBackend(httpcore2.NetworkBackend):
    """Resolves, judges, and connects to what was judged; TLS still asks for the name, since the pool hands it to ``start_tls``."""

    def __init__(self, guard: AddressGuard, deadline: Deadline, connect_timeout_s: float, idle_s: float) -> None:
        self._guard = guard
        self._deadline = deadline
        self._connect_timeout_s = connect_timeout_s
        self._idle_s = idle_s
        self._sockets = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        try:
            addresses = self._guard.addresses(host, port, self._deadline.left(self._connect_timeout_s))
        except TimeoutError as exc:
            raise httpcore2.ConnectTimeout(str(exc)) from exc
        except OSError as exc:
            raise httpcore2.ConnectError(str(exc)) from exc
        failure: Exception = httpcore2.ConnectError(f"{host} has no address")
        for address in addresses[:4]:
            try:
                stream = self._sockets.connect_tcp(
                    address, port, timeout=self._deadline.left(self._connect_timeout_s), socket_options=socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as exc:
                failure = exc
                if self._deadline.passed:
                    break
            else:
                return _TimedStream(stream, self._deadline, self._idle_s)
        raise failure


@contextmanager
def _as_httpx2() -> Iterator[None]:
    """httpcore2's errors under httpx2's names, which are the same words."""
    try:
        yield
    except (httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.UnsupportedProtocol) as exc:
        raise getattr(httpx2, type(exc).__name__, httpx2.TransportError)(str(exc) or type(exc).__name__) from exc


class _Stream(httpx2.SyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx2():
            yield from self._stream

    def close(self) -> None:
        self._stream.close()


class CheckedTransport(httpx2.BaseTransport):
    """httpx2's transport, over checked addresses. Proxies of the environment are ignored: behind one, no address could be checked."""

    def __init__(
        self,
        guard: AddressGuard,
        deadline: Deadline,
        connect_timeout_s: float,
        ssl_context: ssl.SSLContext | None = None,
        *,
        idle_s: float = IDLE_S,
    ) -> None:
        self._pool = httpcore2.ConnectionPool(
            ssl_context=ssl_context or httpx2.create_ssl_context(),
            max_connections=64,
            max_keepalive_connections=16,
            keepalive_expiry=30.0,
            network_backend=_CheckedBackend(guard, deadline, connect_timeout_s, idle_s),
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        with _as_httpx2():
            answer = self._pool.handle_request(
                httpcore2.Request(
                    method=request.method,
                    url=httpcore2.URL(
                        scheme=request.url.raw_scheme, host=request.url.raw_host, port=request.url.port, target=request.url.raw_path
                    ),
                    headers=request.headers.raw,
                    content=request.stream,
                )
            )
        return httpx2.Response(
            status_code=answer.status, headers=answer.headers, stream=_Stream(answer.stream), extensions=answer.extensions
        )

    def close(self) -> None:
        self._pool.close()
