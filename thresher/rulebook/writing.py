"""Amendments and cases as files: TOML that a person reads and diffs, written whole or not at all.

A writer holds a lock on the folder from the reading of the rulebook to the renaming of the new file, so that two writers make two versions.
A kill leaves at most a ``.partial`` file, which nobody reads and the next writer deletes.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from thresher.disk import may_be_written, sync
from thresher.errors import UsageError
from thresher.failpoint import failpoint
from thresher.rulebook.model import Amendment, Case, Chapter, Rule, Scope

_PARTIAL = ".partial"
_OF_CHAPTER = ("layer", "chapter")


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Alone among those who write to a rulebook; another one waits."""
    if not folder.is_dir():
        raise UsageError(f"{folder}: there is no rulebook here")
    with may_be_written(folder):
        descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def write_new(path: Path, text: str) -> None:
    """A file that is there as a whole or not at all, and on the disk when this returns. Only under ``locked``."""
    partial = path.with_name(path.name + _PARTIAL)
    with may_be_written(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        for left in path.parent.glob(f"*{_PARTIAL}"):
            left.unlink()
        with partial.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        failpoint("rulebook.written")
        partial.rename(path)
        failpoint("rulebook.renamed")
        sync(path.parent)
        sync(path.parent.parent)


def of_amendment(amendment: Amendment) -> str:
    """The file of an amendment."""
    head = _keys(amendment.model_dump(exclude={"rules"}), kept=("version", "author", "at", "reason", "upon"))
    return "\n\n".join([head, *(of_rule(rule) for rule in amendment.rules)]) + "\n"


def of_chapter(chapter: Chapter) -> str:
    """The file of a chapter; each rule states its own scope."""
    head = _keys(chapter.model_dump(exclude={"rules"}), kept=("chapter", "layer", "title"))
    return "\n\n".join([head, *(of_rule(rule) for rule in chapter.rules)]) + "\n"


def of_rule(rule: Rule) -> str:
    """A rule under ``[[rule]]``; what it states nothing of is left out."""
    stated = rule.model_dump(exclude=set(_OF_CHAPTER))
    order = ("id", "text", *Scope.model_fields, "phrases", "over", "yields", "rank", "asked", "keeps", "breaks")
    return "[[rule]]\n" + _keys({key: stated[key] for key in order}, kept=("id", "text"))


def of_case(case: Case) -> str:
    """The file of a case."""
    order = ("id", "item", "asked", "verdict", "rules", "reason", "by", "at", "version")
    stated = case.model_dump()
    head = _keys({key: stated[key] for key in order}, kept=order)
    bodies = ("[[response]]\n" + _keys(response, kept=("text",), prose=()) for response in stated["responses"])
    return "\n\n".join([head, *bodies]) + "\n"


def _keys(stated: Mapping[str, Any], kept: tuple[str, ...], prose: tuple[str, ...] = ("text", "reason", "about")) -> str:
    """``kept`` are written though they be empty. ``prose`` is read as one line however it is broken; all else is kept to the letter."""
    return "\n".join(f"{key} = {_value(value, key in prose)}" for key, value in stated.items() if value or key in kept)


def _value(value: Any, is_prose: bool) -> str:
    if is_prose and isinstance(value, str) and len(value) > 80 and "\n" not in value:
        return (
            '"""\n' + _escaped(re.sub(r"(?<=[.!?:]) (?=[A-Z])", "\n", value)) + '\n"""'
        )  # a sentence a line: what changed shows in a diff
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_string, value)) + "]"
    return value.isoformat() if hasattr(value, "isoformat") else json.dumps(value)


def _string(value: str) -> str:
    """A basic string of TOML, which is one of JSON but for DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _escaped(value: str) -> str:
    """For between triple quotes: line breaks stay."""
    return "\n".join(_string(line)[1:-1] for line in value.split("\n"))
