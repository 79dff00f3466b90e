"""Two parts of a set of items that nothing connects, so that who trains on the one learns nothing of the other by heart.

What must stay together is put together first: items that share a group (a thread, a failure cluster, ...) or are a pair form components,
over any number of steps. Components go to the parts whole, the largest first and each to the part that lacks more, so large ones are in
both, and the small ones at the end bring the share near to what is wanted.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Part = Literal["train", "test"]


@dataclass(frozen=True, slots=True)
class Relation:
    """Something that two items of different parts must not have in common: the items that share each value of it."""

    name: str
    groups: Mapping[str, Collection[str]]

    @classmethod
    def of_values(cls, name: str, values: Iterable[tuple[str, str]]) -> Relation:
        """From (item, value); what one item has alone connects nothing."""
        groups: dict[str, set[str]] = {}
        for item, value in values:
            groups.setdefault(value, set()).add(item)
        return cls(name, {value: sorted(items) for value, items in sorted(groups.items()) if len(items) > 1})

    @classmethod
    def of_pairs(cls, name: str, pairs: Iterable[tuple[str, str]]) -> Relation:
        """From the pairs themselves."""
        return cls(name, {" ".join(sorted(pair)): sorted(pair) for pair in pairs})

    def within(self, items: Collection[str]) -> Relation:
        """Of these items alone."""
        kept = {value: [item for item in group if item in items] for value, group in self.groups.items()}
        return Relation(self.name, {value: group for value, group in kept.items() if len(group) > 1})

    def crossing(self, parts: Mapping[str, Part]) -> tuple[str, str] | None:
        """An item to train on and one to test on that it connects, if there are such."""
        for items in self.groups.values():
            of_part = {parts[item]: item for item in items if item in parts}
            if len(of_part) == 2:
                return of_part["train"], of_part["test"]
        return None


@dataclass(frozen=True, slots=True)
class Leak:
    """An item to be trained on, one that must not be, and the way from the one to the other: each item with its relation to the next."""

    trainable: str
    eval_only: str
    way: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        steps = "".join(f"{item[:12]} -{relation}- " for item, relation in self.way)
        return f"{self.trainable[:12]} is marked trainable and {self.eval_only[:12]} eval_only: {steps}{self.eval_only[:12]}"


def components(items: Collection[str], relations: Sequence[Relation]) -> list[list[str]]:
    """The items that are connected, each component sorted, the largest first."""
    above = {item: item for item in items}

    def top(item: str) -> str:
        while above[item] != item:
            above[item] = item = above[above[item]]
        return item

    for relation in relations:
        for group in relation.groups.values():
            first, *others = [item for item in group if item in above] or [""]
            for other in others:
                a, b = sorted((top(first), top(other)))
                above[b] = a
    together: dict[str, list[str]] = {}
    for item in sorted(items):
        together.setdefault(top(item), []).append(item)
    return sorted(together.values(), key=lambda component: (-len(component), component[0]))


def leak(relations: Sequence[Relation], trainable: Collection[str], eval_only: Collection[str]) -> Leak | None:
    """The shortest way from an item that has to be trained on to one that must not be; None where there is none."""
    near: dict[str, list[tuple[str, str]]] = {}
    for relation in relations:
        for value, group in relation.groups.items():
            for item in group:
                near.setdefault(item, []).append((relation.name, value))
    groups = {(relation.name, value): group for relation in relations for value, group in relation.groups.items()}
    came: dict[str, tuple[str, str] | None] = dict.fromkeys(sorted(trainable))
    waiting, passed = deque(came), set[tuple[str, str]]()
    while waiting:
        item = waiting.popleft()
        if item in eval_only:
            return _way(item, came)
        for key in near.get(item, ()):
            if key not in passed:
                passed.add(key)
                for other in groups[key]:
                    if other not in came:
                        came[other] = (item, key[0])
                        waiting.append(other)
    return None


def _way(end: str, came: Mapping[str, tuple[str, str] | None]) -> Leak:
    way, item = [], end
    while (step := came[item]) is not None:
        item = step[0]
        way.append(step)
    return Leak(item, end, tuple(reversed(way)))


def parts(
    connected: Sequence[Sequence[str]], share: float, seed: int, trainable: Collection[str], eval_only: Collection[str]
) -> dict[str, Part]:
    """The part of each item: what is marked as it is marked, the rest so that about ``share`` of all items is trained on. The seed decides
    between components of one size."""
    sizes: dict[Part, int] = {"train": 0, "test": 0}
    chosen = dict[str, Part]()
    free = []

    def put(component: Sequence[str], part: Part) -> None:
        chosen.update(dict.fromkeys(component, part))
        sizes[part] += len(component)

    for component in connected:
        if any(item in eval_only for item in component):
            put(component, "test")
        elif any(item in trainable for item in component):
            put(component, "train")
        else:
            free.append(component)
    free.sort(key=lambda component: (-len(component), hashlib.sha256(f"{seed} {component[0]}".encode()).digest()))
    for component in free:
        put(component, "train" if sizes["train"] * (1 - share) <= sizes["test"] * share else "test")
    return chosen
