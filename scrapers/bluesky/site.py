"""Bluesky, as its entry under ``[[sites]]`` says."""

from __future__ import annotations

from pydantic import Field

from scrapers.common.searching import Searching

SOURCE = "bluesky"


class Site(Searching):
    """Bluesky. There is one network; an entry more is another set of queries."""

    login_url: str = Field("https://bsky.social", pattern=r"^https?://\S+[^/\s]$")
    """The server of the account that searches; it hands on what is asked to the one that knows all posts."""
    public_url: str = Field("https://public.api.bsky.app", pattern=r"^https?://\S+[^/\s]$")
    """What is asked where no account is in the environment. It answers everything but searches, which it refuses now and then."""
    days: int = Field(30, ge=1)
    """How far the first visit looks back."""
    overlap_h: float = Field(6.0, ge=0)
    """How far a visit looks back beyond the newest hit of the last one: servers that were away hand in their posts late."""
    parents: int = Field(10, ge=0, le=80)
    """How many steps of what a post answers come with it."""
    replies: int = Field(1, ge=0, le=10)
    """How many steps of what answers it."""
    known: int = Field(500, ge=0, le=5000)
    """How many of the newest hits are looked at again at each visit, 25 in one request."""
