"""What people use a product for, and where it fails: talks as a tree of clusters in which nobody can be told.

The rules of privacy are those of Clio (Tamkin et al. 2024), kept by code: a cluster is named only where at least ``min_users`` distinct
users talked of it, it is named by single words which as many of them wrote, and how often they were let down is said only where as many
were. No text of anybody is shown. What is in smaller clusters, or in those that share no word, is a count in the group that it is near to.
Pure.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dedupe.failures.clusters import GRID, Category, Members, Whole, agglomerate
from dedupe.settings import Clusters, Usage
from thresher.redaction.span import TAG

_WORD = re.compile(r"[^\W\d_]{3,30}")
_NAMED_BY = 4
"""Words in the name of a cluster."""
_LIFT = 2.0
"""A word of a name is more than so many times as frequent among the users of a cluster as among others."""
_NOBODY = ""
"""Talks whose log names no user count as those of one person: of many nobody knows."""


@dataclass(frozen=True, slots=True)
class Talk:
    """``text`` is what was asked first, without personal data; ``user`` is a keyed hash, ``way`` how the user was let down, if at all."""

    text: str
    user: str | None
    way: str = ""


@dataclass(frozen=True, slots=True)
class Facet:
    """One cluster. ``failed`` is the count of talks by the way in which their users were let down, as far as it may be said;
    ``smaller`` counts the talks of those parts that are too small to be shown."""

    words: tuple[str, ...]
    talks: int
    users: int
    failed: Mapping[str, int]
    parts: tuple[Facet, ...] = ()
    smaller: int = 0


@dataclass(slots=True)
class _Cluster:
    talks: list[Talk]
    total: Whole
    """The sum of the vectors of its texts."""
    words: tuple[str, ...]
    """Its name; one without a name tells nobody anything."""


def facets(talks: Sequence[Talk], vectors: Mapping[str, Whole], settings: Usage) -> Facet:
    """The tree; its root is all talks. ``vectors`` are those of the texts, on the grid of ``dedupe.failures.clusters``. Where all talks
    together are of fewer users than may be told of, it is a count of talks alone, of 0 users."""
    if len(_users(talks)) < settings.min_users:
        return Facet((), len(talks), 0, {}, smaller=len(talks))
    by_text: dict[str, list[Talk]] = defaultdict(list)
    for talk in talks:
        by_text[talk.text].append(talk)
    writers = _writers(talks)
    large: list[_Cluster] = []
    small: list[_Cluster] = []
    for members in _clusters(sorted(by_text), vectors, settings):
        in_it = [talk for text in members.phrases for talk in by_text[text]]
        words = _name(in_it, writers, settings.min_users) if len(_users(in_it)) >= settings.min_users else ()
        (large if words else small).append(_Cluster(in_it, members.vectors.sum(axis=0), words))
    groups, rest = _grouped(large, small, settings)
    parts = _sorted(_branch(group, writers, settings.min_users) for group in groups)
    return replace(_leaf(talks, (), settings.min_users), parts=parts, smaller=rest)


def _clusters(texts: Sequence[str], vectors: Mapping[str, Whole], settings: Usage) -> list[Members]:
    """Texts that mean alike, by the way in which failures are clustered."""
    if not texts:
        return []
    category = Category("usage", [], lambda _: {}, lambda _: False, Clusters(join_threshold=settings.join_threshold))
    category.update(Members(tuple(texts), np.array([vectors[text] for text in texts])))
    return [members for _, members in sorted(category.changed.items()) if members is not None]


def _grouped(large: Sequence[_Cluster], small: Iterable[_Cluster], settings: Usage) -> tuple[list[list[_Cluster]], int]:
    """Clusters that may be shown, put together into groups, each with the small ones that are nearest to it behind them; and how many talks
    are near to none."""
    if not large:
        return [], sum(len(cluster.talks) for cluster in small)
    means = np.array([np.rint(_unit(cluster.total) * GRID) for cluster in large], np.int64)
    rows = agglomerate(means, [[row] for row in range(len(large))], settings.group_threshold)
    groups = [[large[row] for row in group] for group in rows]
    centres = np.array([_unit(np.sum([_unit(large[row].total) for row in group], axis=0)) for group in rows])
    rest = 0
    for cluster in small:
        near = centres @ _unit(cluster.total)
        if near.max() >= settings.group_threshold:
            groups[int(near.argmax())].append(cluster)
        else:
            rest += len(cluster.talks)
    return groups, rest


def _unit(vector: Whole) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return vector / max(float(np.linalg.norm(vector)), 1e-9)


def _branch(group: Sequence[_Cluster], writers: Mapping[str, set[str]], min_users: int) -> Facet:
    talks = [talk for cluster in group for talk in cluster.talks]
    parts = _sorted(_leaf(cluster.talks, cluster.words, min_users) for cluster in group if cluster.words)
    whole = _leaf(talks, _name(talks, writers, min_users) or parts[0].words, min_users)
    return whole if len(group) == 1 else replace(whole, parts=parts, smaller=len(talks) - sum(part.talks for part in parts))


def _leaf(talks: Sequence[Talk], words: tuple[str, ...], min_users: int) -> Facet:
    return Facet(words, len(talks), len(_users(talks)), _failed(talks, min_users))


def _users(talks: Iterable[Talk]) -> set[str]:
    return {talk.user or _NOBODY for talk in talks}


def _failed(talks: Iterable[Talk], min_users: int) -> dict[str, int]:
    """Talks by the way in which their users were let down, the most first; only ways that enough users met."""
    by_way: dict[str, list[str]] = defaultdict(list)
    for talk in talks:
        if talk.way:
            by_way[talk.way].append(talk.user or _NOBODY)
    counts = {way: len(users) for way, users in by_way.items() if len(set(users)) >= min_users}
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def _writers(talks: Iterable[Talk]) -> dict[str, set[str]]:
    """Who wrote each word."""
    users: dict[str, set[str]] = defaultdict(set)
    for talk in talks:
        for word in set(_WORD.findall(TAG.sub(" ", talk.text).lower())):
            users[word].add(talk.user or _NOBODY)
    return users


def _name(talks: Sequence[Talk], writers: Mapping[str, set[str]], min_users: int) -> tuple[str, ...]:
    """The words that many users of the cluster wrote and few others: share x log(share here / share elsewhere), as c-TF-IDF weighs them,
    with users in the place of occurrences. So words that everybody writes need be listed nowhere. Empty where no word may be said."""
    here = _users(talks)
    elsewhere = len(set().union(*writers.values()) - here)
    weights: dict[str, float] = {}
    for word, users in _writers(talks).items():
        if len(users) >= min_users:
            share = len(users) / len(here)
            ratio = share * (elsewhere + 2) / (len(writers[word] - here) + 0.5)  # smoothed: elsewhere may be nobody
            if ratio > _LIFT:
                weights[word] = round(share * math.log(ratio), 6)
    return tuple(sorted(weights, key=lambda word: (-weights[word], word))[:_NAMED_BY])


def _sorted(parts: Iterable[Facet]) -> tuple[Facet, ...]:
    return tuple(sorted(parts, key=lambda part: (-part.talks, part.words)))
