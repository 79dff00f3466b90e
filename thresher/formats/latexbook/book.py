"""Which files of a repository are a LaTeX book, and what it says of itself."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from thresher.errors import PayloadError
from thresher.formats.books.exercise import About, Book, BookExercise, Files, Read
from thresher.formats.books.licence import licence_in
from thresher.formats.books.macros import Macro, argument, macros_in
from thresher.formats.latexbook.exercise import exercises
from thresher.formats.latexbook.render import Writer
from thresher.formats.latexbook.source import Document, assemble
from thresher.formats.latexbook.structure import Words, pieces, plain_title, words_in
from thresher.model import Dead

_CLASS = re.compile(rb"^[^%\n]*\\documentclass", re.MULTILINE)
_STANDALONE = re.compile(rb"\\documentclass\s*(?:\[[^\]]*\])?\s*\{(?:standalone|beamer|letter|subfiles)\}")
_NO_SOURCE = re.compile(r"(?:^|/)(?:fig(?:ure)?s?|images?|tikz|img|slides?|build|node_modules|\.[^/]*)/", re.IGNORECASE)
_LOOKED_INTO = 120
_FIELD = re.compile(r"\\(title|author)\s*(?:\[[^\]]*\]\s*)?(?=\{)")
_BABEL = re.compile(r"\\usepackage\s*\[([^\]]*)\]\s*\{babel\}|\\set(?:main|default)language\s*(?:\[[^\]]*\])?\s*\{(\w+)\}")
_LANGUAGES = {
    "english": "en", "american": "en", "british": "en", "UKenglish": "en", "USenglish": "en", "spanish": "es", "french": "fr",
    "francais": "fr", "german": "de", "ngerman": "de", "portuguese": "pt", "brazil": "pt", "brazilian": "pt", "italian": "it",
    "polish": "pl",
    "dutch": "nl", "russian": "ru", "catalan": "ca", "swedish": "sv",
}  # fmt: skip
_FRONT = 60_000
"""Characters at the head of a book in which its copyright page stands."""
_LINE_BREAK = re.compile(r"\\\\(?:\[[^\]]*\])?")


def mains(paths: Collection[str], read: Read) -> list[str]:
    """The files with ``\\documentclass`` whose documents hold exercises, the largest first; what is part of a larger one is left out."""
    files = [p for p in sorted(paths, key=lambda p: (p.count("/"), p)) if p.endswith((".tex", ".ltx")) and not _NO_SOURCE.search(p)]
    documents: list[tuple[str, Document]] = []
    for path in files[:_LOOKED_INTO]:
        body = read(path)
        if body is not None and _CLASS.search(body) and not _STANDALONE.search(body):
            document = assemble(path, read)
            if any(p.kind == "exercise" for p in pieces(document.text, words_in(document.text))):
                documents.append((path, document))
    documents.sort(key=lambda d: (-d[1].size, d[0]))
    covered: set[str] = set()
    chosen = []
    for path, document in documents:
        own = {f for f in document.files if f != path}
        if path not in covered and not (own and own <= covered):
            chosen.append(path)
            covered |= set(document.files)
    return chosen


def files(main: str, paths: Collection[str], read: Read) -> list[str]:
    """The files that a book is made of, the one that it begins in first."""
    there = frozenset(paths)
    return list(dict.fromkeys(assemble(main, lambda p: read(p) if p in there else None).files)) or [main]


def read_book(main: str, files: Files) -> Book:
    """The book that begins in ``main``. PayloadError where that file is missing."""
    document = assemble(main, files.get)
    if not document.files:
        raise PayloadError(f"{main} is not in the repository", reason="missing_file")
    macros = macros_in("\n".join([*document.styles, document.text]))
    words = words_in("\n".join([*document.styles, document.text]))
    about = _about(document, macros)
    return Book(about, _parts(document, words, macros, about.title))


def _parts(document: Document, words: Words, macros: dict[str, Macro], title: str) -> Iterator[BookExercise | Dead]:
    yield from document.dead
    yield from exercises(document, words, macros, title)


def _about(document: Document, macros: dict[str, Macro]) -> About:
    text = document.text
    stated = {m[1]: a[0] for m in _FIELD.finditer(text[:_FRONT]) if (a := argument(text, m.end())) is not None}
    babel = _BABEL.search(text[:_FRONT])
    spoken = (babel[1] or babel[2] or "").split(",")[-1].strip().removeprefix("main=") if babel else ""
    # Below a name stands where somebody works.
    people = (_LINE_BREAK.split(person)[0] for person in stated.get("author", "").split("\\and"))
    author = ", ".join(filter(None, (_words(person, macros) for person in people)))
    return About(
        title=_words(stated.get("title", ""), macros),
        language=_LANGUAGES.get(spoken, ""),
        authors=author,
        licence=licence_in(plain_title(text[:_FRONT])),
        licence_file=document.files[0],
    )


def _words(latex: str, macros: dict[str, Macro]) -> str:
    """A title or a name in plain words: its first line is the name, a second line of a title follows behind a colon."""
    lines = [part for part in _LINE_BREAK.split(latex) if part.strip()]
    try:
        words = [Writer(macros, {}, frozenset(), {}).text(line).replace("*", "") for line in lines]
    except ValueError:
        return ""
    return ": ".join(w for w in words if w)[:300]
