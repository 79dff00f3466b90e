"""What searching sources ask for: the queries of ``config/queries.toml``, shared by all of them.

A source that searches makes its ``Site`` a ``Searching`` one (``scrapers.common.searching``).
"""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from thresher.settings import Section


class Query(Section):
    """Words with which people complain about assistants, in the form that every search takes: all words must stand in a post, those in
    double quotes side by side (``"asked chatgpt" wrong``)."""

    words: str = Field(min_length=3, max_length=120)
    language: str = Field(pattern=r"^[a-z]{2,3}$")
    """ISO 639 code of the words; sites that can be asked for one language are asked for this one."""
    why: str = Field(min_length=10)
    """What complaints it finds that the others do not."""

    @model_validator(mode="after")
    def _closed(self) -> Self:
        if self.words.count('"') % 2 or '""' in self.words:
            raise ValueError(f"a double quote is not closed, or nothing stands in it: {self.words}")
        return self


class Queries(Section):
    """``queries.toml``."""

    queries: tuple[Query, ...] = ()

    @model_validator(mode="after")
    def _once(self) -> Self:
        words = [query.words.casefold() for query in self.queries]
        if twice := sorted({w for w in words if words.count(w) > 1}):
            raise ValueError(f"asked for twice: {', '.join(twice)}")
        return self
