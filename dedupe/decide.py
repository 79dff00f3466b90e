"""New, same or related: one decision for each newcomer, against canonical items only.

Newcomers are taken in the order given. Each is compared with the canonical items near it, those of the index and those newcomers before
it that were found new, nearest first, and is attached to the first that is the same. There are no chains: a duplicate is never compared
with. All arithmetic on vectors is exact (``dedupe.vectors.exact``), so the outcome does not depend on block sizes or threads."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from dedupe.guard.check import Comparable, check
from dedupe.settings import Dedupe
from dedupe.vectors.encoder import Encoder
from dedupe.vectors.exact import Bytes, Floats, Pairs, pairs_above, rounded
from dedupe.vectors.index import Shortlist
from thresher.errors import UsageError
from thresher.model import Decision

BLOCK = 256

Verdict = Literal["same", "related", "different"]
Method = Literal["shortlist", "guard", "scorer"]
Lookup = Callable[[Sequence[str]], Mapping[str, Comparable]]


class Searchable(Protocol):
    """What ``decide`` needs of an index: ``dedupe.vectors.index.Index`` is one."""

    def search(self, queries: Bytes, floor: float, count: int) -> Shortlist: ...


class Scored(Protocol):
    """What a scorer says of a pair: how probable it is that both are one item, and the feature that weighed most."""

    @property
    def probability(self) -> float: ...

    @property
    def reason(self) -> str: ...


class PairScorer(Protocol):
    """Judges rewordings: ``dedupe.scorer.model.Scorer`` is one. ``first`` and ``second`` are the vectors (n, dim) of the pairs' sides."""

    def score(
        self, pairs: Sequence[tuple[Comparable, Comparable]], first: Floats, second: Floats, cosines: Sequence[float]
    ) -> Sequence[Scored]: ...


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was said of two texts: by which method, with what score (a cosine, or the scorer's probability) against what threshold.
    ``reason`` names the feature that decided."""

    verdict: Verdict
    score: float
    threshold: float
    method: Method
    reason: str


@dataclass(frozen=True, slots=True)
class Judge:
    """The guard and the scorer as one judge of pairs. Symmetric."""

    settings: Dedupe
    scorer: PairScorer | None
    """None for an encoder that it was not trained on: then rewordings are linked and never merged."""

    def compare(self, a: Comparable, b: Comparable, first: Bytes, second: Bytes, cosine: float) -> Comparison:
        """Below ``shortlist_threshold`` a pair is not looked at. Texts that are equal but for their form are the same from there on; of a
        rewording the scorer says. What is not the same is related from ``related_threshold`` on, or where the scorer finds it likelier
        than not."""
        settings = self.settings
        if cosine < settings.shortlist_threshold:
            return Comparison("different", cosine, settings.shortlist_threshold, "shortlist", "not near enough")
        finding = check(a, b)
        if finding.match == "form":
            return Comparison("same", cosine, settings.shortlist_threshold, "guard", finding.reason)
        near: Verdict = "related" if cosine >= settings.related_threshold else "different"
        if finding.match == "apart":
            return Comparison(near, cosine, settings.related_threshold, "guard", finding.reason)
        if self.scorer is None:
            return Comparison(near, cosine, settings.related_threshold, "shortlist", "reworded, and no scorer for this encoder")
        scored = self.scorer.score([(a, b)], _float(first), _float(second), [cosine])[0]
        verdict: Verdict = "same" if scored.probability >= settings.same_threshold else "related" if scored.probability >= 0.5 else near
        return Comparison(verdict, round(scored.probability, 4), settings.same_threshold, "scorer", scored.reason)


def _float(vector: Bytes) -> Floats:
    return vector[None, :].astype(np.float32)


def explain(a: Comparable, b: Comparable, encoder: Encoder, judge: Judge) -> Comparison:
    """What the dedupe would say of two items, and why."""
    pair = rounded(encoder.encode([a.prompt, b.prompt]))
    cosine = float(pairs_above(pair[:1], pair[1:], -1.0).score[0])
    return judge.compare(a, b, pair[0], pair[1], cosine)


@dataclass(frozen=True, slots=True)
class _Near:
    """One candidate of a newcomer."""

    item: Comparable
    vector: Bytes
    score: float


def decide(
    new: Sequence[Comparable], vectors: Bytes, index: Searchable, lookup: Lookup, judge: Judge, encoder_id: str, block: int = BLOCK,
    parted: Mapping[str, Collection[str]] | None = None,
) -> Iterator[Decision]:  # fmt: skip
    """One Decision for each newcomer, in the order given; ``vectors[i]`` is of ``new[i]``, on the grid.

    ``lookup`` gives the items behind ids of the index; an id that it does not know is passed over. The index is only read: the caller adds
    the items that were decided ``new`` or ``related``. An empty text is new and is nobody's duplicate. ``parted`` names for an item those
    that a person parted it from: it is not compared with them.
    """
    if len({item.item_id for item in new}) != len(new):
        raise UsageError("two newcomers have the same id: decide each item once")
    settings = judge.settings
    stored = _neighbours(index.search(vectors, settings.shortlist_threshold, settings.neighbours), lookup, len(new))
    rank = np.argsort(np.argsort([item.item_id for item in new]))
    canonical = np.zeros(len(new), np.bool_)
    for start in range(0, len(new), block):
        part = vectors[start : start + block]
        fresh = _earlier(pairs_above(part, vectors[: start + len(part)], settings.shortlist_threshold), start, rank)
        ends = np.searchsorted(fresh.query, np.arange(len(part) + 1))
        # Within the block in order: whether a newcomer is canonical, and so may be compared with, is known only after its own turn.
        for place, item in enumerate(new[start : start + block]):
            rows, scores = (column[ends[place] : ends[place + 1]] for column in (fresh.neighbour, fresh.score))
            apart = parted.get(item.item_id, ()) if parted else ()
            comparable = canonical[rows]
            if apart:
                comparable &= np.array([new[row].item_id not in apart for row in rows], np.bool_)
            chosen = np.flatnonzero(comparable)[: settings.neighbours]
            near = [other for other in stored[start + place] if other.item.item_id not in apart]
            near += [_Near(new[row], vectors[row], score) for row, score in zip(rows[chosen], scores[chosen].tolist(), strict=True)]
            near.sort(key=lambda other: (-other.score, other.item.item_id))
            decision = _decide_one(item, part[place], near[: settings.neighbours], judge, encoder_id)
            canonical[start + place] = decision.verdict != "same"
            yield decision


def _earlier(pairs: Pairs, start: int, rank: npt.NDArray[np.intp]) -> Pairs:
    """Of the pairs of a block those with an item before it, by query, best first, ties by id. Columns, since a flood of items that are
    all alike makes millions of them."""
    earlier = np.flatnonzero(pairs.neighbour < pairs.query + start)
    order = earlier[np.lexsort((rank[pairs.neighbour[earlier]], -pairs.score[earlier], pairs.query[earlier]))]
    return Pairs(pairs.query[order], pairs.neighbour[order], pairs.score[order])


def _neighbours(shortlist: Shortlist, lookup: Lookup, count: int) -> list[list[_Near]]:
    ids = [item_id.decode() for item_id in shortlist.ids]
    stored = lookup(sorted(set(ids)))
    near: list[list[_Near]] = [[] for _ in range(count)]
    for row, (query, item_id, score) in enumerate(zip(shortlist.query.tolist(), ids, shortlist.score.tolist(), strict=True)):
        if item_id in stored:
            near[query].append(_Near(stored[item_id], shortlist.vectors[row], score))
    return near


def _decide_one(item: Comparable, vector: Bytes, near: Sequence[_Near], judge: Judge, encoder_id: str) -> Decision:
    best: tuple[Comparable, Comparison] | None = None
    for other in near:
        comparison = judge.compare(item, other.item, vector, other.vector, other.score)
        if comparison.verdict == "same":
            return _decision(item, other.item, "same", comparison, encoder_id)
        if best is None and comparison.verdict == "related" and comparison.reason != "empty text":
            best = (other.item, comparison)
    if best is not None:
        return _decision(item, best[0], "related", best[1], encoder_id)
    reason = "nothing near" if item.prompt.strip() else "empty text"
    return Decision(item.item_id, "new", None, 0.0, judge.settings.shortlist_threshold, "shortlist", reason, encoder_id)


def _decision(
    item: Comparable, other: Comparable, verdict: Literal["same", "related"], comparison: Comparison, encoder_id: str
) -> Decision:
    return Decision(
        item.item_id, verdict, other.item_id, comparison.score, comparison.threshold, comparison.method, comparison.reason, encoder_id
    )
