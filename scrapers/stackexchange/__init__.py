"""Stack Exchange: questions with their answers, through the API 2.3 or from a data dump's ``Posts.xml``.

``walk`` asks the API, ``files`` reads dumps and saved answers, ``api`` and ``dump`` understand them.
"""

from scrapers.stackexchange.files import parse, read
from scrapers.stackexchange.site import Site
from scrapers.stackexchange.walk import fetch, recheck

__all__ = ["Site", "fetch", "parse", "read", "recheck"]
