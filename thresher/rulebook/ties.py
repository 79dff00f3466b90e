"""Which items are cases of which rules, and how many each rule has: by what people reported, by what was asked, and by a person's word.

Two computed ways, chosen by reading ties (docs/rulebook.md has the figures). By *phrase*: a report of the item is clustered under a phrase
that the rule names. By *request*: what was asked comes near to what is asked in the rule's example, and nearer than to any other rule's;
``REQUEST_AND_SIGNAL`` where the item has a tag or a kind of failure of the rule too. A kind of failure or a tag alone ties nothing: one
kind belongs to twenty rules, and most of them are wrong. Other ways were worse: words of the claim against texts of rules (4 of 16 right).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from thresher.model import TIERS, Tier
from thresher.rulebook.evidence import Evidence, Word
from thresher.rulebook.model import Rule
from thresher.rulebook.searching import LONGEST, Encode

Basis = Literal["phrase", "request and signal", "request", "person"]

LEAST_REQUEST, LEAST_WITH_SIGNAL = 0.6, 0.5
"""Cosine of what was asked to the request of the example. From .6 on 22 of 25 ties without a signal were right, from .5 to .6 11 of 25;
with one, 14 of 17 from .5 on and 5 of 12 from .4 to .5."""
CONFIDENCE: Mapping[Basis, float] = {"phrase": 0.7, "request and signal": 0.8, "request": 0.7, "person": 1.0}
"""The share of ties on this basis that were right when read by eye, rounded down: 32 of 44 by phrase, of which 14 of 20 on recorded posts;
14 of 17 and 22 of 26 by request. The last is put lower, as its threshold was chosen on most of the same ties."""
_BATCH = 4096


class Tie(NamedTuple):
    """That an item is a case of a rule, on which basis and how surely, 0 to 1."""

    item_id: str
    rule_id: str
    basis: Basis
    confidence: float


def ties(rules: Sequence[Rule], items: Sequence[Evidence], encode: Encode | None = None, said: Iterable[Word] = ()) -> list[Tie]:
    """Each pair once, on its surest basis. A person's last word on a pair stands over what is computed, either way. Without an encoder
    nothing is tied by request."""
    there = {item.item_id for item in items}
    known = {rule.id for rule in rules}
    made: dict[tuple[str, str], Tie] = {}
    for tie in (*_by_phrase(rules, items), *(_by_request(rules, items, encode) if encode else ())):
        pair = (tie.item_id, tie.rule_id)
        if pair not in made or made[pair].confidence < tie.confidence:
            made[pair] = tie
    for word in said:
        pair = (word.item_id, word.rule_id)
        made.pop(pair, None)
        if word.holds and word.item_id in there and word.rule_id in known:
            made[pair] = Tie(*pair, "person", CONFIDENCE["person"])
    return [made[pair] for pair in sorted(made)]


def _by_phrase(rules: Sequence[Rule], items: Sequence[Evidence]) -> Iterator[Tie]:
    of_phrase: dict[str, list[Rule]] = {}
    for rule in rules:
        for phrase in rule.phrases:
            of_phrase.setdefault(phrase, []).append(rule)
    for item in items:
        for phrase in item.phrases:
            for rule in of_phrase.get(phrase, ()):
                if not rule.items or item.kind in rule.items:
                    yield Tie(item.item_id, rule.id, "phrase", CONFIDENCE["phrase"])


def _by_request(rules: Sequence[Rule], items: Sequence[Evidence], encode: Encode) -> Iterator[Tie]:
    asking = [rule for rule in rules if rule.asked and rule.by_request]
    if not asking or not items:
        return
    examples = encode([rule.asked for rule in asking])
    for begin in range(0, len(items), _BATCH):
        batch = items[begin : begin + _BATCH]
        near = encode([item.prompt[:LONGEST] for item in batch]) @ examples.T
        allowed = np.array([[not rule.items or item.kind in rule.items for rule in asking] for item in batch])
        near = np.where(allowed, near, -1.0)
        for item, row in zip(batch, near, strict=True):
            best = int(row.argmax())
            basis: Basis = "request and signal" if _signal(asking[best], item) else "request"
            if row[best] >= (LEAST_REQUEST if basis == "request" else LEAST_WITH_SIGNAL):
                yield Tie(item.item_id, asking[best].id, basis, CONFIDENCE[basis])


def _signal(rule: Rule, item: Evidence) -> bool:
    """Whether the item has a tag or a kind of failure of the rule."""
    return not {*rule.tags, *rule.failures}.isdisjoint((*item.tags, *item.failures))


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many cases each rule has, by tier, weakest evidence first; ``items`` and ``tied`` count the benchmark's."""

    rules: dict[str, dict[Tier, int]]
    items: int
    tied: int
    enough: int

    def cases(self, rule_id: str, least: Tier = TIERS[0]) -> int:
        """The cases of a rule with at least that evidence."""
        return sum(self.rules[rule_id][tier] for tier in TIERS[TIERS.index(least) :])

    def covered(self, least: Tier = TIERS[0]) -> int:
        """The rules that have enough of them."""
        return sum(self.cases(rule_id, least) >= self.enough for rule_id in self.rules)


def coverage(rules: Sequence[Rule], items: Sequence[Evidence], tied: Iterable[Tie], *, least: float, enough: int) -> Coverage:
    """Ties counted from a confidence on; every rule is there, those without a case too."""
    tiers = {item.item_id: item.tier for item in items}
    counts = {rule.id: Counter[str]() for rule in rules}
    seen = set()
    for tie in tied:
        if tie.confidence >= least and tie.rule_id in counts and tie.item_id in tiers:
            counts[tie.rule_id][tiers[tie.item_id]] += 1
            seen.add(tie.item_id)
    by_tier = {rule_id: {tier: of_rule[tier] for tier in TIERS} for rule_id, of_rule in counts.items()}
    return Coverage(by_tier, len(items), len(seen), enough)
