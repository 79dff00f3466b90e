"""What may be set of a source: one file in config/sources/."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from thresher.net.settings import Pace
from thresher.settings import Section


class Expect(Section):
    """What a first harvest of this source should bring; fewer records raise an alarm."""

    min_records: int = Field(0, ge=0)
    max_dead_share: float = Field(0.2, ge=0, le=1)
    """A larger share of dead letters fails the source and its cursor stays where it was."""


class Source(Section):
    """One file in config/sources/: what to harvest. ``sites`` is validated by the scraper's own ``Site`` model."""

    name: str
    enabled: bool = True
    why_off: str = ""
    """Shown where ``enabled`` is false: what it needs."""
    needs: tuple[str, ...] = ()
    """Environment variables without which the source is off."""
    pace: Pace = Pace()
    expect: Expect = Expect()
    sites: tuple[dict[str, Any], ...] = Field(min_length=1)
