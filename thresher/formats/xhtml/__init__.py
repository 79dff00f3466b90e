"""Books as pages of HTML: XHTML as books are published in, and saved pages of LibreTexts, each with the licence that it states.

``page``       bytes to a tree with plain names
``render``     elements to Markdown-like text with LaTeX
``places``     where exercises and answers stand, by class, id and anchor
``exercise``   the exercises of all pages with the answers of all pages
``book``       which files are a book, and what it says of itself
"""

from thresher.formats.xhtml.book import files, mains, read_book

__all__ = ["files", "mains", "read_book"]
