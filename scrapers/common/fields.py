"""Strict reading: which fields a source uses, which it leaves out on purpose, and the telling of all others.

Sites add fields all the time, so an unknown one is no error; but it may be the new name of one that was used, or something worth having.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from thresher.model import Unread

MAX_NAME = 60
"""A name is somebody else's text: longer ones are cut before they are shown."""


class Fields:
    """The fields of one type of object, given as words of a text."""

    def __init__(self, name: str, *, used: str, ignored: str) -> None:
        self.name = name
        self.known = frozenset((*used.split(), *ignored.split()))

    def unread(self, objects: Iterable[object]) -> Counter[str]:
        """How often each field came that is neither used nor ignored, as ``name.field``; what is no object has no fields."""
        counts: Counter[str] = Counter()
        for thing in objects:
            if isinstance(thing, dict) and not thing.keys() <= self.known:
                counts.update(f"{self.name}.{str(key)[:MAX_NAME]}" for key in thing.keys() - self.known)
        return counts


def told(*counts: Counter[str]) -> Iterator[Unread]:
    """What ``parse`` yields at the end of a page: one Unread where any field was, else nothing."""
    together = sum(counts, Counter[str]())
    if together:
        yield Unread(dict(sorted(together.items())))
