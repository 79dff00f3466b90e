"""Bluesky: posts that a search for complaints brings, with what they answer and what answers them.

``api`` logs in and asks, ``walk`` decides what for, ``posts`` understands, ``files`` reads what somebody saved.
"""

from scrapers.bluesky.files import read
from scrapers.bluesky.posts import parse
from scrapers.bluesky.site import Site
from scrapers.bluesky.walk import fetch, recheck

__all__ = ["Site", "fetch", "parse", "read", "recheck"]
