"""The order in which a benchmark observes: moments that only go forward, whatever the machine's clock says."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

TICK = timedelta(microseconds=1)
"""The resolution of TIMESTAMPTZ."""
SAID_FROM = timedelta(minutes=1)
"""A clock that stands behind by less is not worth a word: machines differ by that much."""


def utc_now() -> datetime:
    """By the machine's clock."""
    return datetime.now(UTC)


class ObservationClock:
    """A hybrid logical clock (Kulkarni et al. 2014): the machine's time, unless that is not after everything observed before.

    What is observed later must win over what was observed earlier. A machine whose clock once stood a year ahead, or stands a day behind
    now, would turn that round for as long: deletions and edits would count as older than what they replace. Thread-safe.
    """

    def __init__(self, last: datetime | None, now: Callable[[], datetime] = utc_now) -> None:
        """``last`` is the latest moment that is stored."""
        self._now = now
        self._last = last
        self._lock = threading.Lock()
        self.behind = max(timedelta(0), last - now()) if last else timedelta(0)
        """How far the machine's clock stands behind what is stored."""

    def tick(self) -> datetime:
        """The moment of an observation, after all that came before."""
        with self._lock:
            moment = self._now()
            if self._last is not None and moment <= self._last:
                moment = self._last + TICK
            self._last = moment
            return moment

    def warning(self) -> str:
        """What to tell a person; empty where the clock is right."""
        if self.behind < SAID_FROM:
            return ""
        return (
            f"this machine's clock ({self._now():%Y-%m-%d %H:%M} UTC) stands {_in_words(self.behind)} behind what the benchmark observed "
            f"last: one of them was wrong. What is observed now still counts as later; set the clock, or ignore this if it was ahead before"
        )


def _in_words(span: timedelta) -> str:
    return f"{span.days} days" if span.days > 1 else f"{span.total_seconds() / 3600:.1f} hours"
