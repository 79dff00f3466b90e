"""What is wrong with a rulebook as such: rules that contradict, overlap, lack an example, name what is not there, or that nobody cites."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Literal, NamedTuple

import numpy as np

from thresher.rulebook.model import Rulebook
from thresher.rulebook.searching import Floats

Weight = Literal["error", "warning", "note"]


class Finding(NamedTuple):
    """One thing that is wrong, and how bad it is: an ``error`` makes verdicts ambiguous."""

    weight: Weight
    kind: str
    rules: tuple[str, ...]
    detail: str

    def __str__(self) -> str:
        return f"{self.weight}: {self.kind}: {', '.join(self.rules)}: {self.detail}"


def contradictions(book: Rulebook) -> Iterator[Finding]:
    """What leaves the precedence undecided: ids that there are not, and rules that override each other, at once or in a circle."""
    for rule in book.rules.values():
        for key in ("under", "over", "yields"):
            for other in getattr(rule, key):
                if other not in book.rules:
                    yield Finding("error", "unknown rule", (rule.id,), f"{key} names {other}, which version {book.version} does not have")
                elif other == rule.id:
                    yield Finding("error", "overrides itself", (rule.id,), f"it stands in its own {key}")
    for circle in _circles(book):
        said = "each overrides the other" if len(circle) == 2 else "each overrides the next, and the last the first"
        yield Finding("error", "contradiction", circle, said)
    for rule in book.rules.values():
        if rule.id in {upper.id for above in book.above(rule.id) for upper in book.above(above.id)}:
            yield Finding("error", "circle", (rule.id,), "the rules that it serves serve it")


def gaps(book: Rulebook, *, tags: Collection[str] | None = None, phrases: Collection[str] | None = None) -> Iterator[Finding]:
    """What is lacking: examples, principles, and tags or phrases that nothing carries; ``tags`` and ``phrases`` are all that there are."""
    for rule in book.rules.values():
        missing = [key for key in ("asked", "keeps", "breaks") if not getattr(rule, key)]
        if missing:
            yield Finding("warning", "no example", (rule.id,), f"lacks {', '.join(missing)}")
        elif rule.keeps.strip() == rule.breaks.strip():
            yield Finding("error", "no example", (rule.id,), "the response that keeps it is the one that breaks it")
        if rule.layer == "legislation" and not rule.under:
            yield Finding("warning", "no principle", (rule.id,), "state under which principle it stands")
        for key, there in (("tags", tags), ("phrases", phrases)):
            if there is not None and (astray := [one for one in getattr(rule, key) if one not in there]):
                yield Finding("warning", f"unknown {key}", (rule.id,), f"nothing carries {', '.join(astray)}")
    served = {upper for rule in book.rules.values() for upper in rule.under}
    for rule in book.rules.values():
        if rule.layer == "constitution" and rule.id not in served:
            yield Finding("warning", "idle principle", (rule.id,), "no rule stands under it")


def overlaps(book: Rulebook, vectors: Floats, least: float) -> Iterator[Finding]:
    """Pairs of rules whose texts mean nearly the same, nearest first, where neither overrides the other. ``vectors`` has a unit row for the
    text of each rule, in the order of ``book.rules``."""
    ids = list(book.rules)
    cosines = np.triu(vectors @ vectors.T, 1)
    near = [(float(cosines[a, b]), ids[a], ids[b]) for a, b in zip(*np.nonzero(cosines >= least), strict=True)]
    for cosine, first, second in sorted(near, reverse=True):
        if not book.precedes(first, second) and not book.precedes(second, first):
            yield Finding("warning", "overlap", (first, second), f"cosine {cosine:.2f}; merge them, or say which yields")


def practice(book: Rulebook, cited: Collection[str] = ()) -> Iterator[Finding]:
    """What use shows: cases that cite what is no longer there, and rules that neither a case nor a verdict (``cited``) ever cited."""
    for case in book.precedents:
        if gone := [rule_id for rule_id in case.rules if rule_id not in book.rules]:
            yield Finding("warning", "case without rule", (case.id,), f"cites {', '.join(gone)}, which is repealed; overrule the case")
    used = {rule_id for case in book.cases for rule_id in case.rules} | set(cited)
    for rule in book.rules.values():
        if rule.id not in used:
            yield Finding("note", "never cited", (rule.id,), "no case or verdict cites it yet")


def _circles(book: Rulebook) -> list[tuple[str, ...]]:
    """The groups of rules of which each reaches each other by overrides (Tarjan's strong components, found by mutual reach)."""
    reach = {rule_id: _reach(book, rule_id) for rule_id in book.rules}
    groups: list[tuple[str, ...]] = []
    placed: set[str] = set()
    for rule_id in book.rules:
        if rule_id not in placed and rule_id in reach[rule_id]:
            group = tuple(other for other in book.rules if other in reach[rule_id] and rule_id in reach[other])
            placed.update(group)
            if len(group) > 1:
                groups.append(group)
    return groups


def _reach(book: Rulebook, rule_id: str) -> set[str]:
    seen: set[str] = set()
    open_ends = [rule_id]
    while open_ends:
        for lower in book.overrides[open_ends.pop()] - seen:
            seen.add(lower)
            open_ends.append(lower)
    return seen
