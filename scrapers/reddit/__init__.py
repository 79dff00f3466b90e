"""Reddit: the newest posts of a subreddit with their comments, through PRAW.

``walk`` asks through ``api``, ``answers`` and ``posts`` understand, ``files`` reads saved answers and recordings.
"""

from scrapers.reddit.files import read
from scrapers.reddit.posts import parse
from scrapers.reddit.site import Site
from scrapers.reddit.walk import fetch, recheck

__all__ = ["Site", "fetch", "parse", "read", "recheck"]
