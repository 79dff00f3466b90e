"""One community, as its entry under ``[[sites]]`` says. The entries are the list of instances that may be asked: no other one is."""

from __future__ import annotations

import re
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from scrapers.base import Place

SOURCE = "lemmy"
_COMMUNITY = re.compile(r"[A-Za-z0-9_]{1,80}@[a-z0-9.-]+(:\d+)?")


class Site(Place):
    """One community. A post is seen by many instances under other numbers each; it is known by its address at home (``ap_id``), and the
    community by its own, so that it is the same wherever it is read."""

    name: str
    """As Lemmy writes it behind the exclamation mark: ``chatgpt@lemmy.world``."""
    instance_url: str = Field(
        default_factory=lambda data: f"https://{data.get('name', '').partition('@')[2]}", pattern=r"^https?://\S+[^/\s]$"
    )
    """Where it is read; by default where it lives."""
    max_posts: int = Field(500, ge=1)
    """On the first visit."""
    known: int = Field(200, ge=0, le=2000)
    """How many of the newest posts are looked at again at each visit, fifty in one request."""
    max_comments: int = Field(1000, ge=0)
    """Of one post, the oldest first, fifty in one request."""

    @classmethod
    def for_files(cls, name: str) -> dict[str, Any]:
        """An instance that exists nowhere: saved answers may be of any community."""
        return {"instance_url": f"https://{name.lower()}.invalid"}

    @model_validator(mode="after")
    def _community(self) -> Self:
        if not _COMMUNITY.fullmatch(self.name) and not self.instance_url.endswith(".invalid"):
            raise ValueError(f"name = {self.name!r} is no community: write it with its instance, such as chatgpt@lemmy.world")
        return self

    @property
    def community(self) -> str:
        """How the instance that is asked calls it."""
        name, _, home = self.name.partition("@")
        return name if urlsplit(self.instance_url).netloc == home else self.name
