"""Hacker News, as its entry under ``[[sites]]`` says."""

from __future__ import annotations

from pydantic import Field

from scrapers.common.searching import Searching

SOURCE = "hackernews"


class Site(Searching):
    """Hacker News. There is one; an entry more is another set of queries."""

    search_url: str = Field("https://hn.algolia.com/api/v1", pattern=r"^https?://\S+[^/\s]$")
    item_url: str = Field("https://hacker-news.firebaseio.com/v0", pattern=r"^https?://\S+[^/\s]$")
    days: int = Field(30, ge=1)
    """How far the first visit looks back."""
    overlap_h: float = Field(24.0, ge=0)
    """How far a visit looks back beyond the newest hit of the last one: the search learns of posts late."""
    parents: int = Field(3, ge=0, le=20)
    """How many steps of what a comment answers are fetched, beside the story that it stands under; each step is a request."""
    replies: int = Field(10, ge=0, le=100)
    """How many of the best comments under a post with a text of its own are fetched, each a request."""
    known: int = Field(200, ge=0, le=5000)
    """How many of the newest hits are looked at again at each visit, each a request."""
