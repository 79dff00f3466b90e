"""Failure clusters of one category: phrases that mean the same failure, kept together as they arrive.

The nearness of two groups is the mean cosine between the phrases of the one and those of the other (average linkage), so that no chain of
neighbours makes a blob. A newcomer goes to the nearest cluster or opens one. Then the clusters near it are looked at again: taken apart
into their phrases (large ones into two halves and what lies off) and put together anew, two groups at a time, always the two that are
each other's nearest, as long as they are near enough. So clusters merge, and split when they have grown apart, and what comes out depends
little on the order of arrival. The work is bounded by the sizes of the clusters near a newcomer.

Pure and exact: vectors are on a grid of whole numbers, so the same phrases give the same clusters on any machine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from dedupe.settings import Clusters
from thresher.text import content_hash

Whole = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]

GRID = 2048
"""Steps per unit. Every step is a float16, so a vector comes back from the database as it went in; sums of products stay whole in
float64 up to millions of phrases."""
BLOCK = 256
"""Newcomers that are taken together."""
MOST_SINGLE = 2500
"""Phrases that are put together anew at once; beyond, clusters are halved, the largest first."""
_HALVINGS = 8
_ROUNDS = 3
_NEAREST = 3


class Members(NamedTuple):
    """The phrases of a group, sorted, with their vectors as rows."""

    phrases: tuple[str, ...]
    vectors: Whole


@dataclass(frozen=True, slots=True)
class Cluster:
    """What is known of a cluster without its members: how many phrases, and the sum of their vectors."""

    cluster_id: str
    phrases: int
    total: Whole


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to a cluster: ``other_id`` is where a merged one went, or where a split one came from."""

    event: Literal["opened", "merged", "split", "closed"]
    cluster_id: str
    other_id: str | None = None


def on_grid(vectors: npt.NDArray[Any]) -> Whole:
    """Unit vectors as whole numbers."""
    whole: Whole = np.rint(np.asarray(vectors, np.float64) * GRID).astype(np.int64)
    return whole


class Category:
    """The clusters of one category under change. ``load`` gives the members of stored clusters; ``taken`` says whether an id was ever
    used. ``changed`` holds the members of every cluster that is no longer as stored, None for one that is gone."""

    def __init__(
        self, name: str, clusters: Sequence[Cluster], load: Callable[[Sequence[str]], Mapping[str, Members]],
        taken: Callable[[str], bool], settings: Clusters,
    ) -> None:  # fmt: skip
        self._name = name
        self._clusters = {c.cluster_id: c for c in clusters}
        self._load = load
        self._taken = taken
        self._settings = settings
        self._stale: frozenset[str] = frozenset()
        self.changed: dict[str, Members | None] = {}
        self.events: list[Event] = []
        for empty in [c.cluster_id for c in clusters if not c.phrases]:
            self._drop(empty, Event("closed", empty))

    def update(self, new: Members, stale: Iterable[str] = ()) -> None:
        """Take in phrases that are in no cluster, and look at ``stale`` clusters again. The order of ``new`` does not matter."""
        order = sorted(range(len(new.phrases)), key=lambda row: new.phrases[row])
        again = [i for i in sorted(stale) if i in self._clusters]
        self._stale |= frozenset(again)
        for start in range(0, max(len(order), 1), BLOCK):
            rows = order[start : start + BLOCK]
            self._take(Members(tuple(new.phrases[r] for r in rows), new.vectors[rows]), again if start == 0 else [])

    def restore(
        self, new: Members, moved: Mapping[str, str], homes: Mapping[str, str], stale: Iterable[str], events: Sequence[Event]
    ) -> None:
        """Put phrases where an earlier pass put them: ``moved`` says to which cluster, ``homes`` where each stored phrase is. ``events``
        are what that pass told, and take the place of what this one would tell."""
        known = {i for i in (*stale, *(homes[p] for p in moved if p in homes), *moved.values()) if i in self._clusters}
        vectors: dict[str, Whole] = dict(zip(new.phrases, new.vectors, strict=True))
        groups: dict[str, list[str]] = {i: [] for i in (*known, *moved.values())}
        for cluster_id, members in self._members(sorted(known)).items():
            vectors |= zip(members.phrases, members.vectors, strict=True)
            groups[cluster_id] += [phrase for phrase in members.phrases if phrase not in moved]
        for phrase, cluster_id in moved.items():
            groups[cluster_id].append(phrase)
        for cluster_id, phrases in sorted(groups.items()):
            if phrases:
                members = Members(tuple(sorted(phrases)), np.array([vectors[phrase] for phrase in sorted(phrases)]))
                self.changed[cluster_id] = members
                self._clusters[cluster_id] = Cluster(cluster_id, len(phrases), members.vectors.sum(axis=0))
            elif cluster_id in self._clusters:
                self._clusters.pop(cluster_id)
                self.changed[cluster_id] = None
        self.events = list(events)

    def _take(self, new: Members, stale: list[str]) -> None:
        near = self._near(new.vectors)
        looked_at = [self._clusters[i] for i in sorted(near | set(stale))]
        # And those near to these: a newcomer can be what brings two old clusters together.
        near |= self._near(np.array([c.total for c in looked_at]), [c.phrases for c in looked_at])
        touched = self._members(sorted(near | set(stale)))
        if new.phrases or touched:
            self._settle(touched, _put_together(touched, new, self._settings))

    def _near(self, totals: Whole, counts: Sequence[int] | None = None) -> set[str]:
        """The few clusters nearest to each row, as far as they are within reach."""
        if not len(totals) or not self._clusters:
            return set()
        ids = sorted(self._clusters)
        links = _links(totals, np.array(counts or [1] * len(totals)), np.array([self._clusters[i].total for i in ids]),
                       np.array([self._clusters[i].phrases for i in ids]))  # fmt: skip
        floor = self._settings.join_threshold - self._settings.reach
        best = np.argsort(-links, axis=1, kind="stable")[:, : _NEAREST + 1]
        return {ids[column] for row, columns in enumerate(best) for column in columns if links[row, column] >= floor}

    def _members(self, ids: Sequence[str]) -> dict[str, Members]:
        stored = self._load([i for i in ids if i not in self.changed])
        return {i: members if (members := self.changed.get(i)) is not None else stored[i] for i in ids}

    def _settle(self, old: Mapping[str, Members], groups: list[Members]) -> None:
        """Give the groups their ids and note what happened to the clusters that they were made of."""
        was = {phrase: i for i, members in old.items() for phrase in members.phrases}
        heirs = _heirs(old, groups, was)
        names: dict[int, str] = {}
        for at in range(len(groups)):
            # Several old clusters may live on in one group: it takes the id of the one that gave it most.
            wanting = sorted((i for i in old if heirs[i] == at), key=lambda i: (-sum(was.get(p) == i for p in groups[at].phrases), i))
            names[at] = wanting[0] if wanting else self._new_id(groups[at], was)
            for lost in wanting[1:]:
                self._drop(lost, Event("merged", lost, names[at]))
        for at, group in enumerate(groups):
            if names[at] not in old or names[at] in self._stale or old[names[at]].phrases != group.phrases:
                self.changed[names[at]] = group
            self._clusters[names[at]] = Cluster(names[at], len(group.phrases), group.vectors.sum(axis=0))

    def _drop(self, cluster_id: str, event: Event) -> None:
        self._clusters.pop(cluster_id)
        self.changed[cluster_id] = None
        self.events.append(event)

    def _new_id(self, group: Members, was: Mapping[str, str]) -> str:
        """Made of the first phrase of the group that has given no other cluster its name."""
        numbered = ((phrase, n) for n in range(1_000_000) for phrase in group.phrases)
        tried = (f"f{content_hash(self._name, phrase, str(n))[:15]}" for phrase, n in numbered)
        name = next(i for i in tried if i not in self._clusters and i not in self.changed and not self._taken(i))
        before = Counter(was[p] for p in group.phrases if p in was)
        source = min(before, key=lambda i: (-before[i], i)) if before else None
        self.events.append(Event("split" if source else "opened", name, source))
        self._clusters[name] = Cluster(name, len(group.phrases), group.vectors.sum(axis=0))
        return name


def _heirs(old: Mapping[str, Members], groups: Sequence[Members], was: Mapping[str, str]) -> dict[str, int]:
    """The group that most phrases of each old cluster went to."""
    votes: dict[str, Counter[int]] = {i: Counter() for i in old}
    for at, group in enumerate(groups):
        for phrase in group.phrases:
            if phrase in was:
                votes[was[phrase]][at] += 1
    return {i: min(v, key=lambda at: (-v[at], at)) for i, v in votes.items()}


def _put_together(old: Mapping[str, Members], new: Members, settings: Clusters) -> list[Members]:
    """The phrases of all given clusters and the newcomers as groups, each sorted, in the order of their first phrases."""
    budget = MOST_SINGLE - len(new.phrases)
    rows: list[tuple[str, Whole]] = list(zip(new.phrases, new.vectors, strict=True))
    parts: list[list[int]] = [[row] for row in range(len(rows))]
    for _, members in sorted(old.items(), key=lambda c: (len(c[1].phrases), c[0])):
        start, size = len(rows), len(members.phrases)
        rows += zip(members.phrases, members.vectors, strict=True)
        if size <= settings.dissolve_at_most and size <= budget:
            budget -= size
            parts += [[row] for row in range(start, start + size)]
        else:
            parts += [[start + row for row in part] for part in _halves(members.vectors, settings.join_threshold)]
    if not rows:
        return []
    phrases, vectors = [p for p, _ in rows], np.array([v for _, v in rows])
    parts.sort(key=lambda part: min(phrases[row] for row in part))
    groups = agglomerate(vectors, parts, settings.join_threshold)
    groups = _reassigned(vectors, groups, settings.join_threshold)
    ordered = sorted(sorted(group, key=lambda row: phrases[row]) for group in groups)
    made = [Members(tuple(phrases[row] for row in group), vectors[group]) for group in ordered]
    return sorted(made, key=lambda m: m.phrases)


def _links(a: Whole, a_counts: npt.NDArray[Any], b: Whole, b_counts: npt.NDArray[Any]) -> Reals:
    """The mean cosine between the phrases of each group of ``a`` and of each of ``b``, from the sums of their vectors."""
    products: Reals = a.astype(np.float64) @ b.astype(np.float64).T
    links: Reals = products / (GRID * GRID * a_counts[:, None] * b_counts[None, :])
    return links


def agglomerate(vectors: Whole, parts: Sequence[Sequence[int]], threshold: float) -> list[list[int]]:
    """Put parts (lists of rows) together, the two nearest first, while the mean cosine between them is at least ``threshold``. Two that
    are nearest of all are each other's nearest."""
    groups: list[list[int]] = [list(part) for part in parts]
    sizes = np.array([len(part) for part in groups], np.float64)
    totals = np.array([vectors[part].sum(axis=0) for part in groups])
    links = _links(totals, sizes, totals, sizes)
    np.fill_diagonal(links, -np.inf)
    nearest = links.argmax(axis=1)
    best = links[np.arange(len(groups)), nearest]
    while len(groups) > 1:
        i = int(best.argmax())
        if not best[i] >= threshold:
            break
        i, j = sorted((i, int(nearest[i])))
        # The mean over the pairs of both, from the two means: no pair is looked at again.
        merged = (sizes[i] * links[i] + sizes[j] * links[j]) / (sizes[i] + sizes[j])
        merged[[i, j]] = -np.inf
        links[i], links[:, i], links[j], links[:, j] = merged, merged, -np.inf, -np.inf
        groups[i] += groups[j]
        groups[j] = []
        sizes[i] += sizes[j]
        # Only those that lost their nearest, or found a nearer one, need a new one.
        rows = np.flatnonzero((nearest == i) | (nearest == j) | (merged > best))
        nearest[rows] = links[rows].argmax(axis=1)
        best[rows] = links[rows, nearest[rows]]
        best[j] = -np.inf
        nearest[i] = links[i].argmax()
        best[i] = links[i, nearest[i]]
    return [group for group in groups if group]


def _reassigned(vectors: Whole, groups: list[list[int]], threshold: float) -> list[list[int]]:
    """Move each phrase to the group that it is nearest to, itself left out, and put it alone where none is near, a few rounds long."""
    for _ in range(_ROUNDS):
        sizes = np.array([len(g) for g in groups], np.float64)
        totals = np.array([vectors[g].sum(axis=0) for g in groups])
        home = np.empty(len(vectors), np.intp)
        for at, group in enumerate(groups):
            home[group] = at
        links = _links(vectors, np.ones(len(vectors)), totals, sizes)
        rows = np.arange(len(vectors))
        own = np.einsum("ij,ij->i", vectors, vectors) / (GRID * GRID)
        # Left out of its own group by arithmetic; a phrase that is alone moves where anything is near enough.
        alone = sizes[home] == 1
        links[rows, home] = np.where(alone, threshold, (links[rows, home] * sizes[home] - own) / np.maximum(sizes[home] - 1, 1))
        wanted = np.where(links.max(axis=1) > links[rows, home], links.argmax(axis=1), home)
        if (wanted == home).all():
            return groups
        groups = [group for at in range(len(groups)) if (group := np.flatnonzero(wanted == at).tolist())]
    return groups


def _halves(vectors: Whole, threshold: float) -> list[list[int]]:
    """A large cluster as its two halves (2-means from its two outermost phrases) and, each alone, the phrases that lie off both."""
    units = vectors.astype(np.float64)
    first = int((units @ units.sum(axis=0)).argmin())
    second = int((units @ units[first]).argmin())
    centres = vectors[[first, second]]
    sizes = np.ones(2)
    links = _links(vectors, np.ones(len(vectors)), centres, sizes)
    for _ in range(_HALVINGS):
        side = links.argmax(axis=1)
        sizes = np.maximum(np.bincount(side, minlength=2), 1).astype(np.float64)
        centres = np.array([vectors[side == at].sum(axis=0) for at in (0, 1)])
        again = _links(vectors, np.ones(len(vectors)), centres, sizes)
        if (again.argmax(axis=1) == side).all():
            break
        links = again
    off = _links(vectors, np.ones(len(vectors)), centres, sizes).max(axis=1) < threshold
    halves = [np.flatnonzero((side == at) & ~off).tolist() for at in (0, 1)]
    return [half for half in halves if half] + [[int(row)] for row in np.flatnonzero(off)]


def medoid(members: Members, weights: Sequence[int]) -> str:
    """The phrase that is nearest to all that were said: what a cluster is called. ``weights`` are how often each was said."""
    middle = (members.vectors * np.asarray(weights)[:, None]).sum(axis=0)
    scores = (members.vectors * middle).sum(axis=1)
    return members.phrases[min(range(len(scores)), key=lambda row: (-int(scores[row]), members.phrases[row]))]


def similarities(members: Members) -> list[float]:
    """The cosine of each phrase to the centroid, to four decimals."""
    middle = members.vectors.sum(axis=0).astype(np.float64)
    vectors = members.vectors.astype(np.float64)
    lengths = np.linalg.norm(vectors, axis=1) * max(float(np.linalg.norm(middle)), 1.0)
    cosines: list[float] = np.round(np.minimum(vectors @ middle / lengths, 1.0), 4).tolist()
    return cosines


def anchored(vectors: Whole, anchors: Whole, categories: Sequence[str], floor: float, otherwise: str) -> list[str]:
    """The category of the anchor nearest to each vector, where its cosine is at least ``floor``."""
    if not len(vectors):
        return []
    links = _links(vectors, np.ones(len(vectors)), anchors, np.ones(len(anchors)))
    best = links.argmax(axis=1)
    return [categories[at] if links[row, at] >= floor else otherwise for row, at in enumerate(best)]
