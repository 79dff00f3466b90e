"""What a site answered before, so that it can be asked whether that has changed: which validators an address had, and where in the archive
its answer is.

It is a help and no record: a line that is lost costs a whole answer the next time. What the archive no longer holds as it was (a takedown,
damage) is asked for anew, so a run never believes that it has what it has not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from thresher.archive.warc import digest, members, parse
from thresher.disk import may_be_written, read_lines
from thresher.errors import ArchiveError

FILE = "answers.jsonl"
MOST = 50_000
"""Addresses that are remembered, those that were answered last."""


class Former(NamedTuple):
    """An answer that may still hold; ``headers`` are those that it came with."""

    headers: Mapping[str, str]
    body: bytes


class _Place(NamedTuple):
    file: str
    offset: int
    sha256: str

    @classmethod
    def of(cls, line: Mapping[str, Any]) -> _Place:
        """What a line says; KeyError, TypeError or ValueError where it lacks something."""
        return cls(str(line["file"]), int(line["offset"]), str(line["sha256"]))


def _check(line: Mapping[str, Any]) -> None:
    str(line["url"]), _Place.of(line)


class Answers:
    """The answers in the archive of this folder that came with validators. Not thread-safe."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._changed = False
        self._places: dict[str, _Place] = {str(line["url"]): _Place.of(line) for line in read_lines(folder / FILE, _check)}

    def note(self, url: str, headers: Mapping[str, str], body: bytes, file: str, offset: int) -> None:
        """An answer with status 200 is at this place. One without validators takes the place of one that had them."""
        former = self._places.pop(url, None)
        if body and ("etag" in headers or "last-modified" in headers):
            self._places[url] = _Place(file, offset, digest(body))
        self._changed |= self._places.get(url) != former

    def former(self, url: str) -> Former | None:
        """What this address answered last, if the archive holds it as it came."""
        place = self._places.get(url)
        if place is None:
            return None
        try:
            member = next(members(self._folder / place.file, place.offset), None)
            record = parse(member) if member is not None else None
        except (OSError, ArchiveError, ValueError, StopIteration):
            return None
        if record is None or record.kind != "response" or record.status != 200 or digest(record.body) != place.sha256:
            return None
        return Former({name.lower(): value for name, value in record.http_headers}, record.body)

    def save(self) -> None:
        """Write down what is new, in a new file that takes the old one's place. StoreError where that cannot be."""
        if not self._changed:
            return
        lines = ({"url": url, **place._asdict()} for url, place in list(self._places.items())[-MOST:])
        partial = self._folder / f"{FILE}.partial"
        with may_be_written(partial):
            partial.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
            partial.replace(self._folder / FILE)
        self._changed = False
