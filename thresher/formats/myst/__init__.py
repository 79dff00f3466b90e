"""Books in MyST Markdown and notebooks (Jupyter Book, MyST): read with markdown-it, never executed, outputs left out.

``source``     a file to a tree of Markdown, cell by cell for notebooks
``render``     a tree to Markdown-like text with LaTeX
``exercise``   ``exercise`` and ``solution`` directives, linked by their labels over all files
``book``       which files are a book, and what it says of itself
"""

from thresher.formats.myst.book import files, mains, read_book

__all__ = ["files", "mains", "read_book"]
