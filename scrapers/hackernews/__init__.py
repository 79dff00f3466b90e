"""Hacker News: stories and comments that a search for complaints brings, with what they answer and what answers them.

``walk`` asks, ``items`` understands, ``files`` reads what somebody saved.
"""

from scrapers.hackernews.files import read
from scrapers.hackernews.items import parse
from scrapers.hackernews.site import Site
from scrapers.hackernews.walk import fetch, recheck

__all__ = ["Site", "fetch", "parse", "read", "recheck"]
