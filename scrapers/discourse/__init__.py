"""Discourse forums: topics with all their posts, through the JSON that every Discourse gives to anonymous readers.

``walk`` asks, ``posts`` understands, ``files`` reads what somebody saved.
"""

from scrapers.discourse.files import read
from scrapers.discourse.posts import parse
from scrapers.discourse.site import Site
from scrapers.discourse.walk import fetch, recheck

__all__ = ["Site", "fetch", "parse", "read", "recheck"]
