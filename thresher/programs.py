"""Programs as text: without their comments, which name authors and tell of verdicts, and as what is left of them without strings.

Comments are told from strings by one pattern for each family of languages, in a time that grows with the length alone. The lexers of
Pygments, which know many more languages, take minutes for 64,000 characters that are written to that end, and programs come from anybody.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from thresher.text import clean

_TEXT: Final = r"\"(?:\\.|[^\"\\\n])*\"?"
_LONG_TEXT: Final = r"'(?:\\.|[^'\\\n])*'?"
_LETTER: Final = r"'(?:\\[^\n]{1,9}?|[^'\\\n])'"
_LINE: Final = r"//(?:\\\n|[^\n])*"
_BLOCK: Final = r"/\*(?:.*?\*/|.*)"
_RAW: Final = r"R\"(?P<mark>[^\s()\\\"]{0,16})\((?:.*?\)(?P=mark)\"|.*)"
_NUMBER: Final = r"(?<!\w)\d[\w']*"
"""In C++ and Rust an apostrophe parts the digits of a number and begins a lifetime, and neither opens a text."""


def _family(comment: str, text: str) -> re.Pattern[str]:
    return re.compile(rf"(?P<comment>{comment})|(?P<text>{text})|{_NUMBER}", re.DOTALL | re.MULTILINE)


_C: Final = _family(rf"{_LINE}|{_BLOCK}", rf"{_RAW}|{_TEXT}|{_LETTER}")
_C_SHARP: Final = _family(rf"{_LINE}|{_BLOCK}|^[ \t]*#(?:end)?region[^\n]*", rf"@\"(?:\"\"|[^\"])*\"?|{_TEXT}|{_LETTER}")
_SCRIPT: Final = _family(rf"{_LINE}|{_BLOCK}", rf"{_TEXT}|{_LONG_TEXT}|`(?:\\.|[^`\\])*`?")
_PYTHON: Final = _family(
    r"#[^\n]*|^[ \t]*(?P<doc>[rRuUbB]?(?:\"\"\"(?:.*?\"\"\"|.*)|'''(?:.*?'''|.*)))",
    rf"\"\"\"(?:.*?\"\"\"|.*)|'''(?:.*?'''|.*)|{_TEXT}|{_LONG_TEXT}",
)
_PASCAL: Final = _family(r"//[^\n]*|\{(?!\$)[^}]*\}?|\(\*(?:.*?\*\)|.*)", r"'(?:''|[^'\n])*'?")
_FAMILIES: Final = {
    **dict.fromkeys(("c", "c++", "g++", "clang++", "java", "kotlin", "rust", "scala", "d"), _C),
    **dict.fromkeys(("c#", "msc#"), _C_SHARP),
    **dict.fromkeys(("go", "javascript", "node.js"), _SCRIPT),
    **dict.fromkeys(("python", "pypy", "ruby"), _PYTHON),
    **dict.fromkeys(("delphi", "fpc", "pascalabc.net"), _PASCAL),
}
"""By a word of a judge's name for a language (``GNU C++17 (64)``, ``PyPy 3-64``), without its version."""
_VERSION: Final = re.compile(r"[\d.\-]*$")


def without_comments(program: str, language: str) -> str | None:
    """The program without comments and without texts that stand alone at the beginning of a line (Python's docstrings); its other lines
    are as they were. None where the language is not covered, so that nobody can tell a comment from the program."""

    def kept(match: re.Match[str]) -> str:
        if match["comment"] is None:
            return match[0]
        doc = match.groupdict().get("doc")
        return f"{match[0].partition(doc)[0]}''" if doc else " " if match[0].startswith(("/*", "(*", "{")) else ""

    told = _through(program, language, kept)
    return None if told is None else clean(told)


def code_alone(program: str, language: str) -> str:
    """What is left without comments and without what stands in texts; empty where the language is not covered."""

    def kept(match: re.Match[str]) -> str:
        return "" if match["comment"] is not None else '""' if match["text"] is not None else match[0]

    return _through(program, language, kept) or ""


def _through(program: str, language: str, change: Callable[[re.Match[str]], str]) -> str | None:
    family = _family_of(language)
    return None if family is None else family.sub(change, program.replace("\r\n", "\n").replace("\r", "\n"))


def _family_of(language: str) -> re.Pattern[str] | None:
    words = (_VERSION.sub("", word) for word in language.lower().split())
    return next((_FAMILIES[word] for word in words if word in _FAMILIES), None)
