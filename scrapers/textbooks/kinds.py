"""How the books of a repository are written: the one place where that is decided, by its files."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from scrapers.textbooks.contents import is_cnxml
from thresher.formats import latexbook, myst, pretext, xhtml
from thresher.formats.books.exercise import Book, Files, Read


@dataclass(frozen=True, slots=True)
class Kind:
    """A format of books: ``mains`` finds the files in which books begin, ``files`` those that one is made of, ``read_book`` reads it."""

    name: str
    signs: str
    """What is looked for, as a person is told."""
    mains: Callable[[Collection[str], Read], list[str]]
    files: Callable[[str, Collection[str], Read], list[str]]
    read_book: Callable[[str, Files], Book]
    suffixes: tuple[str, ...]
    """Of the files whose change may change a book."""


CNXML = "CNXML"
CNXML_SIGNS = "collections/*.collection.xml or modules/*/index.cnxml (OpenStax, CNXML)"
KINDS = (
    Kind("PreTeXt", "project.ptx or a file with the root <pretext> (PreTeXt)", pretext.mains, pretext.files, pretext.read_book,
         (".xml", ".ptx", ".tex")),
    Kind("MyST", "_toc.yml, myst.yml, or Markdown with {exercise} directives (MyST, Jupyter Book)", myst.mains, myst.files, myst.read_book,
         (".md", ".ipynb", ".yml", ".yaml")),
    Kind("LaTeX", "a .tex file with \\documentclass and exercises (LaTeX)", latexbook.mains, latexbook.files, latexbook.read_book,
         (".tex", ".ltx", ".sty", ".cls")),
    Kind("HTML", ".xhtml or .html pages with exercises, by class or id (XHTML, LibreTexts)", xhtml.mains, xhtml.files, xhtml.read_book,
         (".xhtml", ".html", ".htm")),
)  # fmt: skip
"""The first that fits is taken: formats that are put together of others' files come first."""
BY_NAME = {kind.name: kind for kind in KINDS}
SUFFIXES = tuple(dict.fromkeys(s for kind in KINDS for s in kind.suffixes))
_ABOUT_RIGHTS = re.compile(r"(?:[^/]*/)?(?:licen[cs]e|copying|copyright|readme)(?:[.-][\w.]*)?", re.IGNORECASE)


def recognise(paths: Collection[str], read: Read) -> tuple[str, list[str]]:
    """The name of the kind, empty where there is none, and the files in which its books begin (none for CNXML, whose collections say
    more)."""
    if is_cnxml(paths):
        return CNXML, []
    for kind in KINDS:
        if found := kind.mains(paths, read):
            return kind.name, found
    return "", []


def looked_for() -> str:
    """What a repository of books would hold, for the person who named one that does not."""
    return "; ".join([CNXML_SIGNS, *(kind.signs for kind in KINDS)])


def may_matter(path: str) -> bool:
    """Whether a change of this file may change a book or its licence."""
    return path.endswith(SUFFIXES) or _ABOUT_RIGHTS.fullmatch(path) is not None


def rights_files(paths: Collection[str], main: str) -> list[str]:
    """Files beside a book, at the root or above it, that state a licence: ``LICENSE`` before ``README``."""
    folder = main.rpartition("/")[0].partition("/")[0]
    there = [p for p in sorted(paths) if _ABOUT_RIGHTS.fullmatch(p) and p.rpartition("/")[0] in {"", folder}]
    return sorted(there, key=lambda p: ("readme" in p.lower(), p.count("/"), p))
