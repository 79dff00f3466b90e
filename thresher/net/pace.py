"""Politeness: one request at a time for each host, with a pause between, and a budget for each source."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from thresher.errors import BudgetExhausted, RateLimited, ShareUsed, Stopped
from thresher.net.clock import Clock
from thresher.net.settings import Pace


class Budget:
    """What one source may use in one run: requests, redirects and robots.txt and second tries included, and minutes."""

    def __init__(self, source: str, pace: Pace, clock: Clock) -> None:
        self._source = source
        self._pace = pace
        self._clock = clock
        self._lock = threading.Lock()
        self._requests = 0
        self._ends = clock.monotonic() + pace.max_minutes * 60

    @property
    def requests(self) -> int:
        """How many were sent."""
        return self._requests

    @property
    def used(self) -> bool:
        """Whether no further request will be let out."""
        return self._requests >= self._pace.max_requests or self._clock.monotonic() >= self._ends

    def spend(self, url: str) -> None:
        """Count one request, or raise BudgetExhausted before it is sent."""
        with self._lock:
            if self._requests >= self._pace.max_requests:
                raise BudgetExhausted(
                    f"{self._source}: all {self._pace.max_requests} requests of this run are used", url=url, source=self._source
                )
            self._requests += 1

    def check_wait(self, wait_s: float, url: str) -> None:
        """Raise BudgetExhausted rather than wait past the end of the source's time."""
        if self._clock.monotonic() + wait_s > self._ends:
            raise BudgetExhausted(
                f"{self._source}: the {self._pace.max_minutes:g} minutes of this run are used", url=url, source=self._source
            )

    def share(self, among: int) -> Budget:
        """What one of so many sites may use of what is left, at least one request: spent from here, too."""
        return self if among <= 1 else _Share(self, among)


class _Share(Budget):
    """One site's part. Ends with ShareUsed, where the whole ends with BudgetExhausted."""

    def __init__(self, whole: Budget, among: int) -> None:
        left_s = max(0.0, whole._ends - whole._clock.monotonic())
        left = max(1, (whole._pace.max_requests - whole._requests) // among)
        super().__init__(whole._source, Pace(max_requests=left), whole._clock)
        self._ends = whole._clock.monotonic() + left_s / among
        self._whole = whole

    def spend(self, url: str) -> None:
        if self._requests >= self._pace.max_requests:
            raise ShareUsed(f"{self._pace.max_requests} requests, its share of what {self._source} had left, are used", url=url)
        self._whole.spend(url)
        self._requests += 1

    def check_wait(self, wait_s: float, url: str) -> None:
        self._whole.check_wait(wait_s, url)
        if self._clock.monotonic() + wait_s > self._ends:
            raise ShareUsed(f"its share of the minutes that {self._source} had left is used", url=url)


class HostGate:
    """The queue in front of one host. Whoever waits out a 429 holds everyone else up."""

    def __init__(self, clock: Clock, wait_cap_s: float, stop: threading.Event | None) -> None:
        self._clock = clock
        self._wait_cap_s = wait_cap_s
        self._stop = stop
        self._lock = threading.Lock()
        self._started: float | None = None
        self._closed_until = 0.0
        self._told = False

    @contextmanager
    def turn(self, interval_s: float, budget: Budget, url: str) -> Iterator[None]:
        """Inside, this thread alone talks to the host; entered no sooner than the interval and the host's own wishes allow.

        A host that told us to stay away for longer than the cap raises RateLimited, without a request.
        """
        with self._lock:
            self._wait(interval_s, budget, url)
            budget.spend(url)
            self._started = self._clock.monotonic()
            yield

    def _wait(self, interval_s: float, budget: Budget, url: str) -> None:
        while True:
            if self._stop is not None and self._stop.is_set():
                raise Stopped("stopped on request", url=url)
            now = self._clock.monotonic()
            closed_s = self._closed_until - now
            if closed_s > self._wait_cap_s and self._told:
                raise RateLimited(
                    f"the host wants a wait of {closed_s:.0f} s, more than wait_cap_s = {self._wait_cap_s:.0f}", wait_s=closed_s, url=url
                )
            wait_s = max(closed_s, interval_s - (now - self._started) if self._started is not None else 0.0, 0.0)
            budget.check_wait(wait_s, url)
            if wait_s <= 0:
                return
            self._clock.sleep(wait_s)
            if self._clock.monotonic() <= now:
                return

    def close_for(self, wait_s: float, *, told: bool) -> None:
        """No request to this host for so long; ``told`` when the server itself said it."""
        until = self._clock.monotonic() + wait_s
        if until >= self._closed_until:
            self._closed_until, self._told = until, told


class Gates:
    """The gate of each ``host:port`` that a run has met."""

    def __init__(self, clock: Clock, wait_cap_s: float, stop: threading.Event | None = None) -> None:
        self._clock = clock
        self._wait_cap_s = wait_cap_s
        self._stop = stop
        self._lock = threading.Lock()
        self._gates: dict[str, HostGate] = {}

    def of(self, host: str) -> HostGate:
        """The one gate of this host, for every thread and every source."""
        with self._lock:
            return self._gates.setdefault(host, HostGate(self._clock, self._wait_cap_s, self._stop))
