"""What a reader is: posts in, readings out. Readers stand in a chain, the cheapest first; the next is asked where it is unsure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from thresher.model import Candidate, Reading, Record, Refusal
from thresher.readers.weights import Thresholds


@dataclass(frozen=True, slots=True)
class Post:
    """A record that somebody wrote for others, and what the rules alone would make of it."""

    record: Record
    outcome: Candidate | Refusal


class Reader(Protocol):
    """Pure and deterministic, or archived so that asking again gives the same: a rebuild must end in the same tables."""

    name: str
    version: str

    def read(self, posts: Sequence[Post], before: Sequence[Reading | None]) -> list[Reading | None]:
        """One reading for each post; None where this reader cannot tell. ``before`` is what the reader before it says."""
        ...


SURE = 0.9
"""From here on no further reader is asked whether it is a failure."""


class Chain:
    """Readers one after the other, and the thresholds by which their readings become outcomes. A reader after the first is asked where
    ``fails`` is neither small nor large, or where no prompt was found."""

    def __init__(self, readers: Sequence[Reader], thresholds: Thresholds) -> None:
        self.readers = tuple(readers)
        self.thresholds = thresholds

    @property
    def version(self) -> str:
        """Changes where a record might be read in another way."""
        return "+".join(f"{reader.name}-{reader.version}" for reader in self.readers)

    def read(self, posts: Sequence[Post]) -> dict[str, Reading]:
        """The last word on each post, by the key of its record; a post that no reader could read is missing."""
        last: list[Reading | None] = [None] * len(posts)
        for reader in self.readers:
            asked = [i for i, reading in enumerate(last) if self._open(reading)]
            for i, reading in zip(asked, reader.read([posts[i] for i in asked], [last[i] for i in asked]), strict=True):
                last[i] = reading or last[i]
        return {reading.record_key: reading for reading in last if reading is not None}

    def _open(self, reading: Reading | None) -> bool:
        least = self.thresholds
        if reading is None:
            return True
        unclear = reading.prompt is None or reading.prompt.confidence < least.prompt
        return least.lead / 2 <= reading.fails and (reading.fails < SURE or unclear)
