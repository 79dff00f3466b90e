"""What may be spent, in money and tokens. The most that a question can cost is set aside before it goes out, so no sum is ever passed."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Reserve:
    """What was set aside for one question."""

    usd: Decimal
    tokens: int


class Budget:
    """Shared by all who ask in a run. Thread-safe. None is no limit.

    An answer that was lost on its way (the connection broke, it came too late) may have been served and billed: it is charged as reserved.
    A server that reports more tokens than were reserved is believed, and everything after it has so much less.
    """

    def __init__(self, usd: Decimal | None = None, tokens: int | None = None) -> None:
        self.limit_usd, self.limit_tokens = usd, tokens
        self.spent_usd, self.spent_tokens = Decimal(0), 0
        self._held_usd, self._held_tokens = Decimal(0), 0
        self._under_way = 0
        self._changed = threading.Condition()

    def reserve(self, usd: Decimal, tokens: int) -> Reserve | None:
        """Set so much aside; None where that would pass a limit. Waits for questions under way, which mostly cost less than was set
        aside."""
        with self._changed:
            while not self._fits(usd, tokens):
                if not self._under_way:
                    return None
                self._changed.wait()
            self._held_usd += usd
            self._held_tokens += tokens
            self._under_way += 1
            return Reserve(usd, tokens)

    def _fits(self, usd: Decimal, tokens: int) -> bool:
        fits_money = self.limit_usd is None or self.spent_usd + self._held_usd + usd <= self.limit_usd
        return fits_money and (self.limit_tokens is None or self.spent_tokens + self._held_tokens + tokens <= self.limit_tokens)

    def settle(self, reserve: Reserve, usd: Decimal, tokens: int) -> None:
        """What it came to in the end."""
        with self._changed:
            self._held_usd -= reserve.usd
            self._held_tokens -= reserve.tokens
            self._under_way -= 1
            self.spent_usd += usd
            self.spent_tokens += tokens
            self._changed.notify_all()
