"""OpenStax books: collections of CNXML modules, read without entities, network or DTD.

``document``    bytes to a tree, safely
``collection``  a book's table of contents, its licence
``render``      elements to Markdown-like text with LaTeX
``references``  what an internal link points to
``exercise``    the exercises of one module, whole
"""
