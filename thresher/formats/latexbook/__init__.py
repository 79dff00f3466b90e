"""Books in LaTeX: exercises in environments of their own or in the lists of sections of exercises, answers beside them or at the back.

``source``     a document put together of its files, each line with where it came from
``structure``  chapters, environments and lists, found without reading the text in them
``render``     a piece of LaTeX to Markdown-like text; pylatexenc parses it
``commands``   the commands that are known
``formulas``   mathematics that stands alone
``columns``    parts in two columns, put in order
``exercise``   the exercises with their answers
``book``       which files are a book, and what it says of itself
"""

from thresher.formats.latexbook.book import files, mains, read_book

__all__ = ["files", "mains", "read_book"]
