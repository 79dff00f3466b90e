"""The limits of one endpoint: requests and tokens in a minute, and the waits that it asks for."""

from __future__ import annotations

import threading
from collections import deque

from thresher.net.clock import Clock

WINDOW_S = 60.0


class Pace:
    """The queue in front of an endpoint. Thread-safe; whoever waits holds up nobody who may go."""

    def __init__(self, requests: int, tokens: int, max_wait_s: float, clock: Clock) -> None:
        self._requests, self._tokens = requests, tokens
        self._max_wait_s = max_wait_s
        self._clock = clock
        self._lock = threading.Lock()
        self._recent: deque[tuple[float, int]] = deque()
        self._closed_until = 0.0

    def enter(self, tokens: int) -> float | None:
        """Wait until one more request of so many tokens is allowed, and count it. Where the endpoint asked for more than the longest wait,
        nothing is waited for: the seconds that it wants are returned, None means go."""
        while True:
            with self._lock:
                now = self._clock.monotonic()
                closed_s = self._closed_until - now
                if closed_s > self._max_wait_s:
                    return closed_s
                wait_s = max(closed_s, self._full_for(now, tokens))
                if wait_s <= 0:
                    self._recent.append((now, tokens))
                    return None
            self._clock.sleep(wait_s)

    def _full_for(self, now: float, tokens: int) -> float:
        """Seconds until the last minute has room; a request that is larger than the limit goes alone."""
        while self._recent and self._recent[0][0] <= now - WINDOW_S:
            self._recent.popleft()
        sent, used, wait_s = len(self._recent), sum(n for _, n in self._recent), 0.0
        for at, before in self._recent:
            if (not self._requests or sent < self._requests) and (not self._tokens or used + tokens <= self._tokens):
                break
            wait_s = at + WINDOW_S - now
            sent, used = sent - 1, used - before
        return wait_s

    def close_for(self, wait_s: float) -> None:
        """No request for so long, of nobody."""
        with self._lock:
            self._closed_until = max(self._closed_until, self._clock.monotonic() + wait_s)
