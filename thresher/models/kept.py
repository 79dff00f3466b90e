"""Every answer that a model gave, kept whole: one line of ``archive/model_answers.jsonl`` for each, on the disk before it is used.

What was paid for is never lost to a kill, and a rebuild asks nobody. A line holds the hash of the request (not the request: it is made
anew from the record), who asked, which records are quoted, the body of the response as it came, what it cost and when. An answer quotes
the post that it is about, so it leaves with it: ``forget``.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from thresher.disk import append_lines, keep_lines, read_lines

FILE = "model_answers.jsonl"
MOST_SILENCES = 3
"""A question that was asked so often without a usable answer is not paid for again."""


@dataclass(frozen=True, slots=True)
class Line:
    """One answer. ``outcome`` is ``answered``, ``refused``, ``silent``, or ``lost``, which was charged and says nothing of the question;
    ``response`` the body as it came, empty where none did."""

    request_hash: str
    outcome: str
    detail: str
    response: str
    model: str
    served_id: str
    finish_reason: str
    usage: Mapping[str, Any]
    usd: str
    seconds: float
    at: str
    purpose: str
    about: tuple[str, ...]

    def entry(self) -> dict[str, Any]:
        """As it is written."""
        return {name: getattr(self, name) for name in self.__slots__} | {"usage": dict(self.usage), "about": list(self.about)}


def check(line: dict[str, Any]) -> None:
    """KeyError, TypeError or ValueError for a line that lacks something."""
    names = ("request_hash", "outcome", "detail", "response", "model", "served_id", "finish_reason", "usd", "at", "purpose")
    if not all(type(line[name]) is str for name in names) or not isinstance(line["usage"], dict) or not isinstance(line["about"], list):
        raise TypeError("not an answer")
    float(line["seconds"])
    try:
        Decimal(line["usd"])
    except InvalidOperation as error:
        raise ValueError("usd is no number") from error


def forget(folder: Path, record_keys: Collection[str]) -> None:
    """Drop each answer that quotes one of these records, and lines that cannot be read."""
    if record_keys and (folder / FILE).exists():
        keep_lines(folder / FILE, check, lambda line: not set(line["about"]) & set(record_keys))


class Kept:
    """The answers in one file. Thread-safe. With ``path`` None nothing is kept beyond the process."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._settled: dict[str, dict[str, Any]] = {}
        self._silences: dict[str, int] = {}
        self._charged: dict[str, Decimal] = {}
        for line in read_lines(path, check) if path else ():
            self._note(line)

    def _note(self, line: dict[str, Any]) -> None:
        request_hash = line["request_hash"]
        self._charged[request_hash] = self._charged.get(request_hash, Decimal(0)) + Decimal(line["usd"])
        if line["outcome"] == "silent":
            self._silences[request_hash] = self._silences.get(request_hash, 0) + 1
        elif line["outcome"] != "lost":
            self._settled[request_hash] = line

    def of(self, request_hash: str) -> dict[str, Any] | None:
        """What was answered or refused to this request; None where it was never asked, or nothing usable came."""
        with self._lock:
            return self._settled.get(request_hash)

    def charged(self, request_hash: str) -> Decimal:
        """All that was paid for it, what was lost on its way among it."""
        with self._lock:
            return self._charged.get(request_hash, Decimal(0))

    def silences(self, request_hash: str) -> int:
        """How often it was asked in vain."""
        with self._lock:
            return self._silences.get(request_hash, 0)

    def make_sure_of_place(self) -> None:
        """StoreError before anything is paid for, where the answer could not be kept."""
        if self._path is not None:
            append_lines(self._path, [])

    def keep(self, line: Line) -> None:
        """Bring it to the disk. StoreError where that cannot be."""
        with self._lock:
            if self._path is not None:
                append_lines(self._path, [line.entry()])
            self._note(line.entry())
