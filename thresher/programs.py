"""Programs as text: without their comments, which name authors and tell of verdicts, and as what is left of them without strings.

The lexers are Pygments'. A language is called as judges call it (``GNU C++17 (64)``, ``PyPy 3-64``).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, String, _TokenType
from pygments.util import ClassNotFound

from thresher.text import clean

_LEXERS: Final = (
    ("c++", "cpp"), ("g++", "cpp"), ("pypy", "python"), ("python 2", "python2"), ("python", "python"), ("javascript", "javascript"),
    ("node", "javascript"), ("java", "java"), ("kotlin", "kotlin"), ("c#", "csharp"), ("f#", "fsharp"), ("delphi", "delphi"),
    ("fpc", "delphi"), ("pascal", "delphi"), ("rust", "rust"), ("haskell", "haskell"), ("ruby", "ruby"), ("perl", "perl"),
    ("scala", "scala"), ("ocaml", "ocaml"), ("php", "php"), ("go", "go"), ("d", "d"), ("gnu c", "c"), ("c", "c"), ("ada", "ada"),
)  # fmt: skip
"""The beginning of a judge's name for a language, or a part of it from three letters on, and the lexer; the first that fits counts."""


def lexer_name(language: str) -> str:
    """The name of Pygments' lexer for what a judge calls ``language``; empty where none is known."""
    told = language.strip().lower()
    first = told.split(" ")[0].rstrip("0123456789")
    for name, lexer in _LEXERS:
        if told == name or first == name or told.startswith(f"{name} ") or (len(name) > 2 and name in told):
            return lexer
    return ""


def without_comments(program: str, language: str) -> str | None:
    """The program without comments, its lines otherwise as they were; directives of a preprocessor stay. None where the language is not
    known, so that nobody can tell a comment from the program."""
    tokens = _tokens(program, language)
    if tokens is None:
        return None
    return clean("".join(value if not _is_comment(kind) else "\n" * value.count("\n") for kind, value in tokens))


def code_alone(program: str, language: str) -> str:
    """What is left without comments and without what stands in strings; empty where the language is not known."""
    tokens = _tokens(program, language)
    return "" if tokens is None else "".join('""' if kind in String else value for kind, value in tokens if not _is_comment(kind))


def _is_comment(kind: _TokenType) -> bool:
    return kind in Comment and kind not in Comment.Preproc and kind not in Comment.PreprocFile


def _tokens(program: str, language: str) -> Iterator[tuple[_TokenType, str]] | None:
    lexer = _lexer(lexer_name(language))
    return None if lexer is None else lexer.get_tokens(program.replace("\r\n", "\n").replace("\r", "\n"))


@lru_cache
def _lexer(name: str) -> Lexer | None:
    try:
        return get_lexer_by_name(name) if name else None
    except ClassNotFound:
        return None
