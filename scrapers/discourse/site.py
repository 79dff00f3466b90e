"""One forum, as its entry under ``[[sites]]`` says."""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field, model_validator

from scrapers.base import Place
from thresher.model import ExportClass

SOURCE = "discourse"
CHUNK = 20
"""Posts asked for at once beyond the first page of a topic: what the site's own pages ask for."""


class Site(Place):
    """One forum."""

    base_url: str = Field(pattern=r"^https?://\S+[^/\s]$")
    licence: str = "unknown"
    """Of the posts, as an SPDX name where there is one."""
    licence_evidence: str = ""
    """Where the forum says so, and when that was read."""
    export_class: ExportClass = "id_only"
    categories: tuple[int, ...] = ()
    """Only posts in these categories (ids as in ``/categories.json``, subcategories named one by one); empty takes all."""
    max_topics: int = Field(200, ge=1)
    """On the first visit."""
    max_posts: int = Field(500, ge=CHUNK)
    """Of one topic: its beginning and its newest posts."""
    overlap: int = Field(200, ge=0, le=2000)
    """How many of the newest posts are remembered and looked at again: posts may appear late, be edited, or vanish."""

    @classmethod
    def for_files(cls, name: str) -> dict[str, Any]:
        """A forum that exists nowhere: relative links of its posts are told apart from those of any other."""
        return {"base_url": f"https://{name.lower()}.invalid"}

    @property
    def context(self) -> dict[str, str]:
        """What a parser cannot read off a body."""
        return {
            "base_url": self.base_url,
            "licence": self.licence,
            "licence_evidence": self.licence_evidence,
            "export_class": self.export_class,
        }

    @model_validator(mode="after")
    def _licensed(self) -> Self:
        if self.export_class in {"full", "derived"} and (self.licence == "unknown" or not self.licence_evidence):
            raise ValueError(f"export_class {self.export_class!r} needs licence and licence_evidence")
        return self
