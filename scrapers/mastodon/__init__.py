"""Mastodon: posts of the instances that are listed, by hashtag and by search, with the threads that they stand in.

``api`` asks one instance, ``walk`` decides what for, ``statuses`` understands, ``consent`` says who does not want it, ``files`` reads what
somebody saved.
"""

from scrapers.mastodon.files import read
from scrapers.mastodon.site import Site
from scrapers.mastodon.statuses import parse
from scrapers.mastodon.walk import fetch, recheck

__all__ = ["Site", "fetch", "parse", "read", "recheck"]
