"""New, same or related: one decision for each newcomer, against canonical items only.

Newcomers are taken in the order of their ids, those with a target first: an item with a key becomes the canonical one. Each is compared
with the canonical items near it, those of the index and those newcomers before it that were found new, and is attached to the one best that
is the same (highest cosine, then smallest id). There are no chains: a duplicate is never compared with. All arithmetic is exact
(``dedupe.exact``), so the outcome does not depend on the order of ``new``, on block sizes or on threads, and equals comparing all with all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from dedupe.embeddings import Encoder, Floats
from dedupe.exact import Shorts, pairs_above, rounded
from dedupe.guard import Comparable, check
from thresher.errors import UsageError
from thresher.model import Decision
from thresher.settings import Dedupe

METHOD = "semantic"
BLOCK = 1024

Verdict = Literal["same", "related", "different"]
Lookup = Callable[[Sequence[str]], Mapping[str, Comparable]]


class Neighbours(Protocol):
    """What ``decide`` needs of an index: ``dedupe.index.Index`` is one."""

    def neighbours(self, vectors: Shorts, floor: float) -> Iterator[list[tuple[str, float]]]: ...


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was said of two texts; ``reason`` names the feature that decided."""

    verdict: Verdict
    score: float
    reason: str


def compare(a: Comparable, b: Comparable, score: float, settings: Dedupe) -> Comparison:
    """Judges one pair by its cosine and the guard. Symmetric.

    Below ``related_threshold`` the texts are different. Texts that are equal but for their form are the same from there on; a rewording
    is the same from ``same_threshold`` on.
    """
    if score < settings.related_threshold:
        return Comparison("different", score, "below related_threshold")
    found = check(a, b)
    if found.match == "apart":
        return Comparison("related", score, found.reason)
    if found.match == "reworded" and score < settings.same_threshold:
        return Comparison("related", score, "below same_threshold")
    return Comparison("same", score, found.reason)


def explain(a: str, b: str, encoder: Encoder, settings: Dedupe) -> Comparison:
    """What the dedupe would say of two texts, and why."""
    pair = rounded(encoder.encode([a, b]))
    pairs = pairs_above(pair[:1], pair[1:], -1.0)
    return compare(Comparable("a", a), Comparable("b", b), float(pairs.score[0]), settings)


def decide(
    new: Sequence[Comparable],
    vectors: Floats,
    index: Neighbours,
    lookup: Lookup,
    settings: Dedupe,
    encoder_id: str,
    block: int = BLOCK,
) -> Iterator[Decision]:
    """One Decision for each newcomer, those with a target first, else in the order of their ids; ``vectors[i]`` is of ``new[i]``.

    ``lookup`` gives the items behind ids of the index; an id that it does not know (removed since) is passed over. The index is only
    read: the caller adds the items that were decided ``new`` or ``related`` once they are stored. An empty text is new and is nobody's
    duplicate.
    """
    if len({item.item_id for item in new}) != len(new):
        raise UsageError("two newcomers have the same id: decide each item once")
    order = sorted(range(len(new)), key=lambda row: (not new[row].target, new[row].item_id))
    items = [new[row] for row in order]
    grid = rounded(vectors[order]) if order else np.zeros((0, 1), np.int16)
    canonical = [False] * len(items)
    floor = settings.related_threshold
    names = {item.item_id for item in items}
    for start in range(0, len(items), block):
        part = grid[start : start + block]
        known = [[hit for hit in near if hit[0] not in names][: settings.neighbours] for near in index.neighbours(part, floor)]
        stored = lookup(sorted({hit for near in known for hit, _ in near}))
        fresh: list[list[tuple[int, float]]] = [[] for _ in range(len(part))]
        pairs = pairs_above(part, grid[: start + len(part)], floor)
        for query, row, score in zip(pairs.query.tolist(), pairs.known.tolist(), pairs.score.tolist(), strict=True):
            if row < start + query:
                fresh[query].append((row, score))
        for place, item in enumerate(items[start : start + block]):
            near = [(stored[hit], score) for hit, score in known[place] if hit in stored]
            near += [(items[row], score) for row, score in fresh[place] if canonical[row]]
            near.sort(key=lambda pair: (-pair[1], pair[0].item_id))
            decision = _decide_one(item, near[: settings.neighbours], settings, encoder_id)
            canonical[start + place] = decision.verdict != "same"
            yield decision


def _decide_one(item: Comparable, near: Sequence[tuple[Comparable, float]], settings: Dedupe, encoder_id: str) -> Decision:
    best: tuple[Comparable, Comparison] | None = None
    for other, score in near:
        found = compare(item, other, score, settings)
        if found.verdict == "same":
            return Decision(item.item_id, "same", other.item_id, score, settings.same_threshold, METHOD, found.reason, encoder_id)
        if best is None and found.reason != "empty text":
            best = (other, found)
    if best is None:
        reason = "nothing near" if not near else "empty text"
        return Decision(item.item_id, "new", None, 0.0, settings.related_threshold, METHOD, reason, encoder_id)
    other, found = best
    return Decision(item.item_id, "related", other.item_id, found.score, settings.related_threshold, METHOD, found.reason, encoder_id)
