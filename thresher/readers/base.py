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


@dataclass(frozen=True, slots=True)
class Step:
    """A reader after the first: the thresholds by which its readings count, and the probability of a failure, as the reader before sees it,
    from which on it is asked. However sure that one is, it may have the wrong prompt."""

    thresholds: Thresholds
    ask_from: float


class Chain:
    """Readers one after the other, and the thresholds by which their readings become outcomes. A reader after the first has a step of its
    own; one without is asked about every post, and counts by the thresholds of the first."""

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
            step = self._steps.get(reader.name)
            asked = [i for i, reading in enumerate(last) if step is None or reading is None or reading.fails >= step.ask_from]
            for i, reading in zip(asked, reader.read([posts[i] for i in asked], [last[i] for i in asked]), strict=True):
                last[i] = reading or last[i]
        return {reading.record_key: reading for reading in last if reading is not None}
