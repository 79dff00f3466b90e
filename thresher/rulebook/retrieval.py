"""What a judge is given of the rulebook for one item: the rules in scope, the principles above them, and the nearest decided cases.

Rules are in scope by a phrase, tag or kind of failure that they share with the item, or by nearness of what was asked; a few more by
nearness of what was answered. An answer adds rules and takes none away, since whoever writes it may wish to. The tree above
each comes with it. What a judge then says is checked by ``checking.faults`` against the same version.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from thresher.rulebook.evidence import Evidence
from thresher.rulebook.model import Case, Rule, Rulebook
from thresher.rulebook.searching import LONGEST, Encode, Floats, Views

_SHARED = {"phrase": 0.5, "tag": 0.1, "failure": 0.1}
"""What sharing adds to the cosine, by which rules are ordered: a phrase names the very breach, a tag or kind belongs to many rules."""
_PRECEDENTS_FROM = 0.4
"""Cosine between requests below which a decided case is about something else."""


class Law(NamedTuple):
    """What was found for one item. ``rules`` are in their order of precedence, principles among them; ``precedents`` nearest first."""

    version: int
    digest: str
    rules: tuple[Rule, ...]
    precedents: tuple[Case, ...]


class Retriever:
    """A version of a rulebook, encoded once, asked for many items. Without a model ``encode`` may be ``searching.word_encoder``."""

    def __init__(self, book: Rulebook, encode: Encode) -> None:
        self.book = book
        self._encode = encode
        self._rules = [rule for rule in book.rules.values() if rule.layer == "legislation"]
        self._views = Views.of(self._rules, encode) if self._rules else None
        self._asked: Floats | None = encode([rule.asked or rule.text for rule in self._rules]) if self._rules else None
        self._cases = book.precedents
        self._of_cases: Floats | None = encode([case.asked[:LONGEST] for case in self._cases]) if self._cases else None

    def law(self, item: Evidence, responses: Sequence[str] = (), *, rules: int = 8, precedents: int = 3) -> Law:
        """The law for an item and the responses to be judged: at most so many rules for what was asked and half as many for
        what was answered, and so many cases; those above them, and those that the cases cite, are not counted."""
        prompt = self._encode([item.prompt[:LONGEST]])
        cases = self._nearest(prompt, precedents)
        chosen = self._in_scope(item, prompt, responses, rules)
        chosen += [self.book.rules[one] for case in cases for one in dict.fromkeys(case.rules) if one in self.book.rules]
        chosen = list({rule.id: rule for rule in chosen}.values())
        above = {upper.id: upper for rule in chosen for upper in self.book.above(rule.id)}
        return Law(
            self.book.version,
            self.book.digest,
            tuple(in_order(self.book, [*above.values(), *(rule for rule in chosen if rule.id not in above)])),
            tuple(cases),
        )

    def _in_scope(self, item: Evidence, prompt: Floats, responses: Sequence[str], count: int) -> list[Rule]:
        if self._views is None or self._asked is None:
            return []
        asked = np.where([rule.by_request for rule in self._rules], (prompt @ self._asked.T)[0], 0.0)
        chosen = self._best(item, asked, count)
        if responses:
            answered = self._views.nearness(self._encode([text[:LONGEST] for text in responses])).max(axis=0)
            near = self._best(item, answered, len(self._rules))
            chosen += [at for at in near if at not in chosen][: count // 2]
        return [self._rules[at] for at in chosen]

    def _best(self, item: Evidence, near: Floats, count: int) -> list[int]:
        scores = {
            at: float(near[at]) + _shared(rule, item) for at, rule in enumerate(self._rules) if not rule.items or item.kind in rule.items
        }
        return sorted(scores, key=lambda at: (-scores[at], self._rules[at].id))[:count]

    def _nearest(self, prompt: Floats, count: int) -> list[Case]:
        if self._of_cases is None:
            return []
        near = (prompt @ self._of_cases.T)[0]
        best = np.argsort(-near, kind="stable")[:count]
        return [self._cases[int(at)] for at in best if near[at] >= _PRECEDENTS_FROM]


def in_order(book: Rulebook, rules: Sequence[Rule]) -> list[Rule]:
    """Rules so that none stands before one that precedes it; else in the order in which they came."""
    left, ordered = list(rules), list[Rule]()
    while left:
        free = next((rule for rule in left if not any(book.precedes(other.id, rule.id) for other in left if other.id != rule.id)), left[0])
        left.remove(free)
        ordered.append(free)
    return ordered


def _shared(rule: Rule, item: Evidence) -> float:
    kinds = {"phrase": (rule.phrases, item.phrases), "tag": (rule.tags, item.tags), "failure": (rule.failures, item.failures)}
    return sum(_SHARED[name] for name, (own, given) in kinds.items() if set(own) & set(given))
