"""An exercise as a record needs it, and what a book says of itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from thresher.formats.books.licence import Licence
from thresher.model import Dead, Exercise

Read = Callable[[str], bytes | None]
"""A file of a repository by its path from the root; None where there is none."""
Files = Mapping[str, bytes]
"""The files of one book by their paths from the root of the repository."""


@dataclass(frozen=True, slots=True)
class BookExercise:
    """One exercise with what a record needs beside it."""

    native_id: str
    position: int
    text: str
    detail: Exercise
    container: str
    """What it stands in: ``example``, ``note``, ``section``, ``reading-questions``."""
    links: tuple[str, ...] = ()
    refers_to: tuple[str, ...] = ()
    """What the problem points to and does not show: ``Example 3``, another module."""
    answers: tuple[str, ...] = ()
    """All options that the solution names, where it names several."""
    hint: str = ""
    """What the book says to those who are stuck; no answer, though it may hold one."""
    path: str = ""
    """The file that it is written in, where a page holds several."""
    line: int = 0
    """Its line in that file, counted from 1; 0 where it is not known."""
    anchor: str = ""
    """Its name in the published page."""
    heading: str = ""
    """The title of the chapter or section that it stands in, where a page holds several."""
    licence: Licence | None = None
    """That of its own page, where pages have their own."""


@dataclass(frozen=True, slots=True)
class About:
    """What a book says of itself; empty where it says nothing."""

    title: str = ""
    language: str = ""
    authors: str = ""
    web_url: str = ""
    """Where the book is read."""
    licence: Licence = field(default_factory=Licence)
    licence_file: str = ""


@dataclass(frozen=True, slots=True)
class Book:
    """A book that was read: what it says of itself, and its exercises, each whole or dead, with what of its files cannot be read."""

    about: About
    exercises: Iterator[BookExercise | Dead]


def joined(*parts: str) -> str:
    """Parts that are not empty, a blank line between two."""
    return "\n\n".join(p for p in parts if p)


def solution_line(solution: str) -> str:
    """How a record shows the solution; code begins a line of its own."""
    gap = "\n\n" if solution.startswith(("```", "\\[", "|")) else " "
    return f"Solution:{gap}{solution}" if solution else ""


def numbered_ids(names: list[str]) -> list[str]:
    """Names made unique: one that was there already gets its place in the list."""
    seen: set[str] = set()
    out = []
    for n, name in enumerate(names, start=1):
        key = name if name not in seen else f"{name}-{n}"
        seen.add(key)
        out.append(key)
    return out
