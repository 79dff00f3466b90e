"""What a reader is: posts in, readings out. Readers stand in a chain, the cheapest first; the next is asked where it is unsure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from thresher.model import Candidate, Reading, Record, Refusal
from thresher.readers.weights import Thresholds


@dataclass(frozen=True, slots=True)
class Post:
    """A record that somebody wrote for others, and what the rules alone would make of it. ``context``: the post that it answers and the one
    that opened its thread, where these are others."""

    record: Record
    outcome: Candidate | Refusal
    context: tuple[Record, ...] = ()


class Reader(Protocol):
    """Pure and deterministic, or archived so that asking again gives the same: a rebuild must end in the same tables."""

    name: str
    version: str

    def read(self, posts: Sequence[Post], before: Sequence[Reading | None]) -> list[Reading | None]:
        """One reading for each post; None where this reader cannot tell. ``before`` is what the reader before it says."""
        ...


SURE = 0.9
"""From here on no further reader is asked whether it is a failure."""


@dataclass(frozen=True, slots=True)
class Step:
    """How a reader after the first is asked, and the thresholds by which its readings count: of posts that fail with a probability from
    ``ask_from`` on, unless failure and prompt are both as sure as ``SURE``; or of ``every`` post."""

    thresholds: Thresholds
    ask_from: float
    every: bool = False


class Chain:
    """Readers one after the other, and the thresholds by which their readings become outcomes. A reader after the first is asked where
    ``fails`` is neither small nor large, or where no prompt was found; one with a step of its own as that says."""

    def __init__(self, readers: Sequence[Reader], thresholds: Thresholds, steps: Mapping[str, Step] | None = None) -> None:
        self.readers = tuple(readers)
        self.thresholds = thresholds
        self._steps = dict(steps or {})

    def thresholds_for(self, reading: Reading | None) -> Thresholds:
        """Those of the reader who had the last word."""
        step = self._steps.get(reading.reader) if reading is not None else None
        return step.thresholds if step is not None else self.thresholds

    @property
    def version(self) -> str:
        """Changes where a record might be read in another way."""
        return "+".join(f"{reader.name}-{reader.version}" for reader in self.readers)

    def read(self, posts: Sequence[Post]) -> dict[str, Reading]:
        """The last word on each post, by the key of its record; a post that no reader could read is missing."""
        last: list[Reading | None] = [None] * len(posts)
        for reader in self.readers:
            asked = [i for i, reading in enumerate(last) if self._open(reading, self._steps.get(reader.name))]
            for i, reading in zip(asked, reader.read([posts[i] for i in asked], [last[i] for i in asked]), strict=True):
                last[i] = reading or last[i]
        return {reading.record_key: reading for reading in last if reading is not None}

    def _open(self, reading: Reading | None, step: Step | None) -> bool:
        least = self.thresholds
        if reading is None or (step is not None and step.every):
            return True
        if step is not None:
            sure = reading.prompt is not None and reading.prompt.confidence >= SURE and reading.fails >= SURE
            return reading.fails >= step.ask_from and not sure
        unclear = reading.prompt is None or reading.prompt.confidence < least.prompt
        return least.lead / 2 <= reading.fails and (reading.fails < SURE or unclear)
