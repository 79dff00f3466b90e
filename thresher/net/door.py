"""The one way out: every hop checked, paced, capped, archived; tries again where that can help."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

import httpx2

from thresher import secrets
from thresher.errors import (
    BlockedAddress,
    DeadlineExceeded,
    HttpStatusError,
    NetworkError,
    RateLimited,
    ResponseTooLarge,
    RobotsDisallowed,
    RobotsUnreachable,
    Stopped,
    TransientError,
)
from thresher.failpoint import failpoint
from thresher.net import delay
from thresher.net.address import AddressGuard, host_key
from thresher.net.clock import Clock
from thresher.net.decode import ACCEPT_ENCODING, DecodeError
from thresher.net.exchange import Answer, exchange
from thresher.net.pace import Budget, Gates, HostGate
from thresher.net.response import Response, kept_headers
from thresher.net.robots import SIZE_CAP, RobotsCache
from thresher.net.settings import Network, Pace
from thresher.net.transport import Deadline

log = logging.getLogger(__name__)

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_UNCHANGED = 304
_ROBOTS_TRIES = 2
_SHOWN_BODY = 500


class ResponseSink(Protocol):
    """Where every response goes before anyone sees it; ``thresher.archive.writer.ArchiveWriter`` is one."""

    def write_response(self, *, url: str, status: int, headers: Mapping[str, str], body: bytes, fetched_at: datetime) -> object:
        """Keep it."""
        ...

    def former(self, url: str) -> FormerAnswer | None:
        """What a GET of this address was answered before, with status 200 and validators; None where nothing is at hand."""
        ...


class FormerAnswer(Protocol):
    """An answer that may still hold."""

    @property
    def headers(self) -> Mapping[str, str]:
        """As it came, under lower-case names."""
        ...

    @property
    def body(self) -> bytes:
        """Decompressed, without secrets."""
        ...


class Meter(Protocol):
    """Counts what each try of a request may cost, where answers are paid for."""

    def begin(self) -> None:
        """A try is about to be sent; raises what keeps it from being sent."""
        ...

    def free(self) -> None:
        """The try was answered by a refusal, which costs nothing. Not called for one that broke: it may have been answered."""
        ...


@dataclass(frozen=True, slots=True)
class Ask:
    """One request as the caller means it. ``follow`` False gives redirects back as they are."""

    method: str
    url: httpx2.URL
    headers: Mapping[str, str]
    body: bytes = b""
    crawl: bool = False
    follow: bool = True
    accept_status: frozenset[int] = frozenset()
    tries: int | None = None
    truncate_at: int | None = None
    max_bytes: int | None = None
    """A cap of this request alone, below those of the door."""
    meter: Meter | None = None
    hidden: tuple[str, ...] = ()
    """The secrets with which the first request of a chain of redirects went out."""

    @property
    def shown(self) -> str:
        """The address without secrets."""
        return secrets.scrub_text(str(self.url), self.hidden)


@dataclass(frozen=True, slots=True)
class Visitor:
    """On whose account a request goes."""

    source: str
    pace: Pace
    budget: Budget


@dataclass(frozen=True, slots=True)
class _Hop:
    """One answer with what it says about trying again."""

    response: Response
    location: str
    limited: bool
    retryable: bool
    wait_s: float | None


class _Broken(Exception):
    """The connection or the body broke: worth another try."""


class Door:
    """Shared by all clients of a run, so that pacing is too. Thread-safe."""

    def __init__(
        self,
        network: Network,
        *,
        guard: AddressGuard,
        transport: httpx2.BaseTransport,
        deadline: Deadline,
        archive: ResponseSink | None,
        clock: Clock,
        rng: random.Random,
        stop: threading.Event | None,
    ) -> None:
        self.network = network
        self.clock = clock
        self._guard = guard
        self._transport = transport
        self._deadline = deadline
        self._archive = archive
        self._rng = rng
        self._gates = Gates(clock, network.wait_cap_s, stop)
        self._robots = RobotsCache()

    def begin(self) -> None:
        """A source begins, perhaps for another time: a host that was down may be there again."""
        self._robots.forget_unreachable()

    def close(self) -> None:
        """Close every connection."""
        self._transport.close()

    def fetch(self, ask: Ask, visitor: Visitor) -> Response:
        """The answer, or a NetworkError that carries the redacted URL and the source."""
        ask = replace(ask, hidden=secrets.sent_secrets(str(ask.url), ask.headers, ask.body))
        try:
            return self._fetch(ask, visitor)
        except NetworkError as exc:
            exc.args = tuple(secrets.scrub_text(arg, ask.hidden) if isinstance(arg, str) else arg for arg in exc.args)
            exc.url = secrets.scrub_text(exc.url, ask.hidden) if exc.url else ask.shown
            exc.source = exc.source or visitor.source
            raise

    def _fetch(self, ask: Ask, visitor: Visitor) -> Response:
        tries = ask.tries or self.network.tries
        for attempt in range(1, tries + 1):
            last = attempt == tries
            try:
                hop = self._follow(ask, visitor, attempt, last=last)
            except _Broken as exc:
                if last:
                    raise TransientError(f"failed {tries} times, last: {exc}") from exc
                log.info("broken, trying again: %s", exc, extra={"source": visitor.source, "attempt": attempt})
                continue
            if not hop.limited and not hop.retryable:
                return self._final(hop.response, ask)
            log.info(
                "status %d, trying again: %s", hop.response.status, hop.response.url, extra={"source": visitor.source, "attempt": attempt}
            )
            if hop.wait_s is not None and hop.wait_s > self.network.wait_cap_s:
                raise self._rate_limited(hop, hop.wait_s)
            if last:
                return self._given_up(hop, ask, tries)
        raise AssertionError("unreachable: tries is at least 1")

    def _final(self, response: Response, ask: Ask) -> Response:
        if 200 <= response.status < 300 or response.status in ask.accept_status:
            return response
        raise HttpStatusError(
            f"status {response.status} from {response.url}", status=response.status, body=response.body[:_SHOWN_BODY], url=response.url
        )

    def _given_up(self, hop: _Hop, ask: Ask, tries: int) -> Response:
        if hop.response.status in ask.accept_status:
            return hop.response
        if hop.limited:
            raise self._rate_limited(hop, hop.wait_s or self._backoff(tries))
        raise TransientError(f"failed {tries} times, last: status {hop.response.status} from {hop.response.url}", url=hop.response.url)

    def _rate_limited(self, hop: _Hop, wait_s: float) -> RateLimited:
        words = f"status {hop.response.status} from {hop.response.url}: the server wants a wait of {wait_s:.0f} s; run this source later"
        return RateLimited(words, wait_s=wait_s, url=hop.response.url)

    def _follow(self, ask: Ask, visitor: Visitor, attempt: int, *, last: bool) -> _Hop:
        """The first answer that is no redirect. All hops share one deadline; the waits in front of them do not count."""
        left_s = self.network.deadline_s
        for _ in range(self.network.max_redirects + 1):
            self._guard.check_url(ask.url)
            interval_s = self._permission(ask, visitor)
            gate = self._gates.of(host_key(ask.url))
            with gate.turn(interval_s, visitor.budget, ask.shown):
                began = time.monotonic()
                with self._deadline.of(left_s):
                    hop = self._hop(ask, gate, attempt, last=last)
                left_s -= time.monotonic() - began
            if not hop.location or not ask.follow:
                return hop
            if left_s <= 0:
                raise DeadlineExceeded(f"redirects used up deadline_s = {self.network.deadline_s:g}")
            ask = _redirected(ask, hop)
        raise HttpStatusError(f"more than {self.network.max_redirects} redirects", status=hop.response.status, url=hop.response.url)

    def _permission(self, ask: Ask, visitor: Visitor) -> float:
        """The pause before the next request to this host; RobotsDisallowed where crawling is forbidden."""
        if not ask.crawl:
            return visitor.pace.min_interval_s
        agent = {name: value for name, value in ask.headers.items() if name.lower() == "user-agent"}
        rules = self._robots.rules(ask.url, lambda address: self._ask_robots(address, agent, visitor))
        shown = ask.shown
        if rules.unreachable:
            raise RobotsUnreachable(f"robots.txt cannot be had, so nothing is crawled: {shown}", url=shown)
        if not rules.allows(str(ask.url)):
            raise RobotsDisallowed(f"robots.txt forbids {shown}", url=shown)
        return max(visitor.pace.min_interval_s, rules.delay_s)

    def _ask_robots(self, address: str, agent: Mapping[str, str], visitor: Visitor) -> tuple[int, bytes] | None:
        ask = Ask("GET", httpx2.URL(address), agent, tries=min(_ROBOTS_TRIES, self.network.tries), truncate_at=SIZE_CAP)
        try:
            response = self.fetch(ask, visitor)
        except HttpStatusError as exc:
            return exc.status, b""
        except (TransientError, DeadlineExceeded, BlockedAddress, ResponseTooLarge) as exc:
            log.info("robots.txt cannot be had, so nothing is crawled: %s", exc, extra={"source": visitor.source})
            return None
        return response.status, response.body

    def _hop(self, ask: Ask, gate: HostGate, attempt: int, *, last: bool) -> _Hop:
        former = self._former(ask)
        headers = {"Accept": "*/*", **_conditions(former), **ask.headers, "Accept-Encoding": ACCEPT_ENCODING}
        request = httpx2.Request(ask.method, ask.url, headers=headers, content=ask.body or None)
        hidden = (*ask.hidden, *secrets.sent_secrets(str(ask.url), ask.headers, ask.body))
        if ask.meter is not None:
            ask.meter.begin()
        try:
            answer = exchange(self._transport, request, self.network, truncate_at=ask.truncate_at, max_bytes=ask.max_bytes)
        except (httpx2.TransportError, DecodeError) as exc:
            raise self._broken(exc, ask, gate, attempt, last=last, hidden=hidden) from None
        if ask.meter is not None and answer.status >= 300:
            ask.meter.free()
        unchanged = answer.status == _UNCHANGED and former is not None
        response = self._still(former, ask) if unchanged and former else self._seen(answer, ask, hidden)
        told = delay.read(answer.status, kept_headers(answer.headers.items()), answer.body, self.clock.now())
        retryable = delay.is_retryable(answer.status)
        if told.wait_s is not None:
            gate.close_for(told.wait_s, told=True)
        elif (told.limited or retryable or answer.looks_cut) and not last:
            gate.close_for(self._backoff(attempt), told=False)
        if answer.looks_cut and not told.limited:
            raise _Broken(f"the JSON of {response.url} is cut after {len(answer.body)} bytes")
        location = answer.headers.get("location", "") if answer.status in _REDIRECTS else ""
        return _Hop(response, location, told.limited, retryable, told.wait_s)

    def _broken(self, exc: Exception, ask: Ask, gate: HostGate, attempt: int, *, last: bool, hidden: tuple[str, ...]) -> Exception:
        shown = ask.shown
        if self._deadline.stopped:
            return Stopped("stopped on request", url=shown)
        if self._deadline.passed:
            return DeadlineExceeded(f"the response was not complete after deadline_s = {self.network.deadline_s:g}: {shown}", url=shown)
        if isinstance(exc, httpx2.UnsupportedProtocol | httpx2.LocalProtocolError):
            return BlockedAddress(f"not a request that can be sent: {shown}", url=shown)
        if not last:
            gate.close_for(self._backoff(attempt), told=False)
        return _Broken(f"{type(exc).__name__} at {shown}: {secrets.scrub_text(str(exc), hidden)[:200]}")

    def _former(self, ask: Ask) -> FormerAnswer | None:
        """What the same request was answered before; a part of a file has no validators of its own."""
        if self._archive is None or ask.method != "GET" or any(name.lower() == "range" for name in ask.headers):
            return None
        return self._archive.former(str(ask.url))

    def _still(self, former: FormerAnswer, ask: Ask) -> Response:
        """The former answer as of now. It is in the archive already."""
        return Response(secrets.redact_url(str(ask.url)), 200, former.headers, former.body, self.clock.now())

    def _seen(self, answer: Answer, ask: Ask, hidden: tuple[str, ...]) -> Response:
        """The answer without secrets, archived."""
        headers = {name: secrets.scrub_text(value, hidden) for name, value in kept_headers(answer.headers.items()).items()}
        body = secrets.scrub(answer.body, hidden)
        response = Response(secrets.scrub_text(str(ask.url), hidden), answer.status, headers, body, self.clock.now())
        if self._archive is not None:
            kept = b"" if secrets.is_token_exchange(ask.method, str(ask.url), body) else body
            self._archive.write_response(
                url=response.url, status=response.status, headers=headers, body=kept, fetched_at=response.fetched_at
            )
            failpoint("archive.response")
        return response

    def _backoff(self, attempt: int) -> float:
        """Doubling, with so much jitter that each wait is still longer than the one before; at least a second."""
        grown_s = self.network.backoff_base_s * 2.0 ** (attempt - 1) * self._rng.uniform(0.7, 1.3)
        return max(delay.FLOOR_S, min(self.network.backoff_cap_s, grown_s))


def _conditions(former: FormerAnswer | None) -> dict[str, str]:
    """The headers that ask for an answer only where it is another one (RFC 9110, 13.1)."""
    names = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}
    return {names[name]: former.headers[name] for name in names if name in former.headers} if former is not None else {}


def _redirected(ask: Ask, hop: _Hop) -> Ask:
    """The next request. Credentials stay behind when the origin changes (http to https of one host apart)."""
    shown = hop.response.url
    try:
        url = ask.url.join(hop.location)
        if not _same_host(ask.url, url):  # what was for this host alone is not carried to another one in the address either
            url = ask.url.join(secrets.scrub_text(hop.location, ask.hidden))
    except httpx2.InvalidURL as exc:
        raise BlockedAddress(f"{shown} redirects to what is no URL", url=shown) from exc
    if not url.fragment and ask.url.fragment:
        url = url.copy_with(fragment=ask.url.fragment)
    stays = _same_host(ask.url, url)
    headers = {n: v for n, v in ask.headers.items() if stays or not secrets.is_secret_header(n)}
    status = hop.response.status
    if ask.method == "POST" and status in (307, 308) and not stays:
        raise HttpStatusError(f"{shown} redirects a POST to another host", status=status, url=shown)
    if ask.method == "POST" and status in (301, 302, 303):
        headers = {n: v for n, v in headers.items() if n.lower() != "content-type"}
        return replace(ask, method="GET", url=url, headers=headers, body=b"")
    return replace(ask, url=url, headers=headers)


def _same_host(one: httpx2.URL, other: httpx2.URL) -> bool:
    if (one.scheme, host_key(one)) == (other.scheme, host_key(other)):
        return True
    upgrade = (one.scheme, other.scheme) == ("http", "https")
    return upgrade and one.raw_host == other.raw_host and one.port is None and other.port is None
