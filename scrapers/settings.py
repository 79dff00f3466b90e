"""What may be set of a source: one file in config/sources/."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from thresher.net.settings import Pace
from thresher.settings import Section

FillName = Literal["text", "title", "author", "created_at", "parent", "language", "licence", "solution", "vote"]
"""What a record can be filled with; see ``flows.line.expectations``."""


class Share(Section):
    """Of all records: at least, and where it makes sense at most."""

    min: float = Field(0.0, ge=0, le=1)
    max: float = Field(1.0, ge=0, le=1)


class Expect(Section):
    """What a source should bring. Anything else is an alarm: what came is kept, and the run says what to look at."""

    min_records: int = Field(0, ge=0)
    """In a first harvest of all sites."""
    max_records: int = Field(0, ge=0)
    """In a first harvest of all sites; 0 for no limit."""
    max_dead_share: float = Field(0.2, ge=0, le=1)
    """A larger share of dead letters fails the source and its cursor stays where it was."""
    max_vanished_share: float = Field(0.2, ge=0, le=1)
    """Of a site's records: if more of them (and more than 10) are not shown any more in one visit, none is deleted and its cursor stays
    where it was. 1 deletes them whatever their number."""
    fill: dict[FillName, Share] = Field(default_factory=dict)
    """The share of the records of a harvest that have an author, a date, ..."""


class Source(Section):
    """One file in config/sources/: what to harvest. ``sites`` is validated by the scraper's own ``Site`` model."""

    name: str
    """The name of the file, and of the module in scrapers/."""
    what: str = ""
    """In one line, what it brings; shown in the README's table."""
    rights: str = ""
    """In a few words, whose the texts are and what of them may leave in a snapshot; shown in the README's table."""
    enabled: bool = True
    """Whether a harvest without names takes it."""
    why_off: str = ""
    """Shown where ``enabled`` is false: what it needs."""
    needs: tuple[str, ...] = ()
    """Environment variables without which the source is off."""
    pace: Pace = Pace()
    expect: Expect = Expect()
    sites: tuple[dict[str, Any], ...] = Field(min_length=1)
    """One table ``[[sites]]`` for each place to harvest; its keys are those of the scraper's ``Site``."""
