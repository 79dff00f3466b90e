"""X: posts that a recent search for complaints brings, with what they answer and what answers them, within a budget.

``api`` asks, ``budget`` counts what that costs, ``walk`` decides what for, ``posts`` understands, ``files`` reads what somebody saved.
"""

from scrapers.x.files import read
from scrapers.x.posts import parse
from scrapers.x.site import Site
from scrapers.x.walk import fetch, recheck

__all__ = ["Site", "fetch", "parse", "read", "recheck"]
