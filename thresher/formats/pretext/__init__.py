"""Books in PreTeXt (https://pretextbook.org): one XML document put together of many files, read without entities, network or DTD.

``include``   the document put together, nothing from outside of the repository
``render``    elements to Markdown-like text with LaTeX
``targets``   what a cross-reference points to
``exercise``  the exercises, each once
``book``      which files are a book, and what it says of itself
"""

from thresher.formats.pretext.book import files, mains, read_book

__all__ = ["files", "mains", "read_book"]
