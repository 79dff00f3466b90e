"""Two rankings of a board, and what moved between them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class Place:
    """Where a model stands; rank 1 is the best."""

    model: str
    rank: int
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """A model in two rankings; None where it is not in one of them."""

    model: str
    before: Place | None
    now: Place | None

    @property
    def ranks(self) -> int:
        """Ranks won (positive) or lost; 0 for a model that is in one ranking alone."""
        return self.before.rank - self.now.rank if self.before and self.now else 0

    @property
    def score(self) -> float | None:
        """How the score changed, where both rankings say it."""
        if self.before is None or self.now is None or self.before.score is None or self.now.score is None:
            return None
        return round(self.now.score - self.before.score, 6)


def to_compare(days: Sequence[date], apart: int) -> tuple[date, date] | None:
    """The newest day, and the newest one that lies at least so many days before it, else the oldest; None where there is but one."""
    ordered = sorted(days)
    if len(ordered) < 2:
        return None
    early = [day for day in ordered[:-1] if day <= ordered[-1] - timedelta(days=apart)]
    return (early[-1] if early else ordered[0]), ordered[-1]


def moves(before: Sequence[Place], now: Sequence[Place]) -> list[Move]:
    """Every model of either ranking, by its rank now, those that are gone last."""
    was: Mapping[str, Place] = {place.model: place for place in before}
    here = {place.model: place for place in now}
    stayed = [Move(place.model, was.get(place.model), place) for place in sorted(now, key=lambda p: (p.rank, p.model))]
    gone = [Move(place.model, place, None) for place in sorted(before, key=lambda p: (p.rank, p.model)) if place.model not in here]
    return stayed + gone
