"""Time as the door sees it, so that a test can bring its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Clock:
    """``monotonic`` measures waits and budgets, ``now`` stamps responses and reads the dates that servers send, ``sleep`` waits.

    The deadline of a response is not among them: it is the sockets' and always runs on real time.
    """

    monotonic: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = _utc_now
    sleep: Callable[[float], None] = time.sleep
