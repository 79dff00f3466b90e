"""Codeforces: programming problems with their tests, and programs that its judge accepted or rejected.

``walk`` asks the public API for the list of problems, ``files`` reads datasets of statements and programs, ``rows`` understands both.
"""

from scrapers.codeforces.files import read
from scrapers.codeforces.rows import parse
from scrapers.codeforces.site import Site
from scrapers.codeforces.walk import fetch, recheck

__all__ = ["Site", "fetch", "parse", "read", "recheck"]
