"""Open textbooks: every exercise with its instruction, options and solution.

A site is one repository with one or several books. ``kinds`` says by its files how they are written: in CNXML (OpenStax), PreTeXt, MyST,
LaTeX or HTML; ``thresher.formats`` reads each. Which modules belong to a CNXML book, and under which licence, is read off its collection
file (``contents``). ``pages`` gets modules and whole books (``bundles``), ``exercises`` and ``records`` make records of them.
"""

from scrapers.textbooks.exercises import parse
from scrapers.textbooks.pages import fetch, read
from scrapers.textbooks.site import Site

__all__ = ["Site", "fetch", "parse", "read"]
