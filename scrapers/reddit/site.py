"""One subreddit, as its entry under ``[[sites]]`` says."""

from __future__ import annotations

from pydantic import Field

from scrapers.base import Place

SOURCE = "reddit"


class Site(Place):
    """One subreddit."""

    name: str = Field(pattern=r"^[A-Za-z0-9_]{2,21}$")
    reddit_url: str = "https://www.reddit.com"
    oauth_url: str = "https://oauth.reddit.com"
    comments: bool = True
    more: int = Field(8, ge=0, le=64)
    """Further requests for the collapsed comments of one post."""
    known: int = Field(300, ge=100, le=1000)
    """How many of the newest posts are remembered and looked at again."""
    known_comments: int = Field(1000, ge=0, le=5000)
    """How many of the newest comments are looked at again at each visit, a hundred in one request."""
    overlap_h: float = Field(2.0, ge=0)
    """How far a walk reads back beyond the newest post of the walk before: posts may appear late."""
