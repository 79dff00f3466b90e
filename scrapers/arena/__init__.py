"""Arena logs: two models answered, somebody voted. From the Hugging Face Hub, or from files.

A page is a chunk of rows as JSON lines; which of the known layouts they have is in the page's context, or seen from their columns
(``layouts``). ``walk`` reads the Hub, ``files`` reads files, ``cases`` understands rows.
"""

from scrapers.arena.cases import parse
from scrapers.arena.files import read
from scrapers.arena.site import Site
from scrapers.arena.walk import fetch

__all__ = ["Site", "fetch", "parse", "read"]
