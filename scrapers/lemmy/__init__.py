"""Lemmy: communities about language models, each at the instance that it lives on, with their posts and all comments.

``walk`` asks, ``views`` understands, ``files`` reads what somebody saved.
"""

from scrapers.lemmy.files import read
from scrapers.lemmy.site import Site
from scrapers.lemmy.views import parse
from scrapers.lemmy.walk import fetch, recheck

__all__ = ["Site", "fetch", "parse", "read", "recheck"]
