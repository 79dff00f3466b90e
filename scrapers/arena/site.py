"""One dataset, as its entry under ``[[sites]]`` says."""

from __future__ import annotations

from pydantic import Field, field_validator

from scrapers.arena.layouts import KNOWN_SETS, LAYOUTS
from scrapers.base import Place
from scrapers.common.hub import ENDPOINT

SOURCE = "arena"


class Site(Place):
    """One dataset."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    dataset: str = ""
    """``org/name`` on the Hub; empty for a log that only comes from files."""
    revision: str = "main"
    """A commit, or a branch whose newest commit is taken and written down at each visit."""
    config: str = ""
    split: str = "train"
    layout: str = ""
    """The name of a known layout, or of the set that it is known from; empty to see it from the columns."""
    files: tuple[str, ...] = ()
    """Patterns of paths inside the dataset, for those whose card does not say where the rows are."""
    endpoint: str = ENDPOINT
    """Another Hub; the environment's HF_ENDPOINT stands in for the default one."""
    max_rows: int = Field(5000, ge=1)
    """At one visit; the next one goes on from there."""

    @field_validator("layout")
    @classmethod
    def _is_known(cls, name: str) -> str:
        if name and name not in LAYOUTS and name not in KNOWN_SETS:
            raise ValueError(f"there is no layout {name!r}; there are: {', '.join(sorted([*LAYOUTS, *KNOWN_SETS]))}")
        return name
