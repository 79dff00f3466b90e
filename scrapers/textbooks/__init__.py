"""Textbooks in CNXML (OpenStax): every exercise with its instruction, options and solution.

A site is one repository with one or several books. Which modules belong to a book, and under which licence, is read off its
collection file (``contents``). ``pages`` gets the modules, ``exercises`` understands them.
"""

from scrapers.textbooks.exercises import parse
from scrapers.textbooks.pages import fetch, read
from scrapers.textbooks.site import Site

__all__ = ["Site", "fetch", "parse", "read"]
