"""One repository, or a search over all, as its entry under ``[[sites]]`` says."""

from __future__ import annotations

import re
from typing import Any, Self

from pydantic import Field, model_validator

from scrapers.common.searching import Searching

SOURCE = "github_issues"
_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}")


class Site(Searching):
    """One repository (``name = "owner/name"``), or with ``search`` the issues of any repository that the queries find."""

    search: bool = False
    api_url: str = Field("https://api.github.com", pattern=r"^https?://\S+[^/\s]$")
    days: int = Field(30, ge=1)
    """How far the first visit looks back from the newest change."""
    overlap_h: float = Field(1.0, ge=0)
    """How far a visit looks back beyond the newest change of the last one."""
    max_pages: int = Field(5, ge=1)
    """Of each listing or query in one run, a hundred issues or comments each; the next run goes on where this one stopped."""
    known: int = Field(100, ge=0, le=2000)
    """How many of the newest issues are looked at again at each visit: of a repository a hundred in one request, of a search one."""
    known_comments: int = Field(1000, ge=0, le=10_000)
    """How many of the newest comments are remembered, to tell which one was deleted where an issue has fewer than before."""

    @classmethod
    def for_files(cls, name: str) -> dict[str, Any]:
        """Files may hold issues of any repository; each says of which."""
        return {"search": True}

    @model_validator(mode="after")
    def _repository(self) -> Self:
        if not self.search and not _REPOSITORY.fullmatch(self.name):
            raise ValueError(f"name = {self.name!r} is no repository: write it as owner/name, or set search = true")
        return self

    @property
    def searches(self) -> bool:
        """A repository is listed."""
        return self.search

    @property
    def context(self) -> dict[str, str]:
        """What a parser cannot read off a body: as which repository its issues are known, whatever it is called today."""
        return {} if self.search else {"repository": self.name}
