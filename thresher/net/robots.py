"""robots.txt, as RFC 9309 has it."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable

import httpx2
from protego import Protego

PRODUCT = "thresher"
"""The name under which a robots.txt can address us."""
SIZE_CAP = 500 * 1024
"""Bytes that are read; the RFC asks for at least so many, and the rest is ignored."""


class Rules:
    """What one host's robots.txt says to us."""

    def __init__(self, text: str | None) -> None:
        self._parsed = Protego.parse(text) if text is not None else None

    def allows(self, url: str) -> bool:
        """Whether we may fetch the URL; nothing, where robots.txt could not be had."""
        return self._parsed is not None and bool(self._parsed.can_fetch(url, PRODUCT))

    @property
    def unreachable(self) -> bool:
        """Whether robots.txt could not be had."""
        return self._parsed is None

    @property
    def delay_s(self) -> float:
        """The crawl delay, 0 where there is none."""
        delay = self._parsed.crawl_delay(PRODUCT) if self._parsed is not None else None
        return float(delay) if delay is not None and math.isfinite(delay) and delay > 0 else 0.0


class RobotsCache:
    """The rules of each origin, asked for once in a run. ``ask`` gives (status, body) of a robots.txt, or None where it cannot be
    reached."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._rules: dict[str, Rules] = {}

    def forget_unreachable(self) -> None:
        """Ask anew where robots.txt could not be had."""
        with self._lock:
            self._rules = {address: rules for address, rules in self._rules.items() if not rules.unreachable}

    def rules(self, url: httpx2.URL, ask: Callable[[str], tuple[int, bytes] | None]) -> Rules:
        """The rules for this URL's origin. 4xx allows everything; 5xx and an unreachable host disallow everything."""
        address = str(url.copy_with(raw_path=b"/robots.txt", fragment=None))
        with self._lock:
            lock = self._locks.setdefault(address, threading.Lock())
        with lock:
            if address not in self._rules:
                self._rules[address] = _judge(ask(address))
            return self._rules[address]


def _judge(answer: tuple[int, bytes] | None) -> Rules:
    if answer is None:
        return Rules(None)
    status, body = answer
    if 200 <= status < 300:
        return Rules(body[:SIZE_CAP].decode("utf-8-sig", "replace"))
    return Rules("") if 400 <= status < 500 else Rules(None)
