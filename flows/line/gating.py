"""Whether one model may follow another: their last rounds on the same items, compared."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from store import evaluation
from store.evaluation import Wanted
from store.file.database import Connection
from thresher.errors import UsageError
from thresher.model import TIERS
from thresher.paired import ALPHA, Comparison, Pair, compare

FAILING = 2
"""Trials of a round that fail before the item counts as failed, as for ``reproduced``; of a round of one trial, that one."""

_CONDITION = re.compile(r"\s*(tier|kind|source|status|key_status|language|tag|cluster|reports)\s*(>=|<=|!=|==|=|>|<)\s*(\S+)\s*")
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt, "=": operator.eq, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
_ORDERED = {"tier", "reports"}


@dataclass(frozen=True, slots=True)
class Condition:
    """A new failure on an item for which this holds blocks: ``tier>=reproduced``, ``kind=exercise``, ``reports>=3``."""

    text: str
    name: str
    sign: str
    value: str

    @classmethod
    def of(cls, text: str, stated: str = "--block") -> Condition:
        """UsageError where it says nothing that can be held against an item; ``stated`` is where it stands."""
        match = _CONDITION.fullmatch(text)
        if match is None:
            raise UsageError(
                f"{stated} {text!r}: write NAME SIGN VALUE, such as 'tier>=reproduced'; names are tier, kind, source, status, key_status, "
                "language, tag, cluster and reports"
            )
        name, sign, value = match.groups()
        if name not in _ORDERED and sign not in ("=", "==", "!="):
            raise UsageError(f"{stated} {text!r}: {name} has no order; use = or !=")
        if name == "tier" and value not in TIERS:
            raise UsageError(f"{stated} {text!r}: {value!r} is no tier; there are: {', '.join(TIERS)}")
        if name == "reports" and not value.isdigit():
            raise UsageError(f"{stated} {text!r}: {value!r} is no number")
        return cls(text.strip(), name, sign, value)

    def holds(self, item: Mapping[str, Any]) -> bool:
        """Whether it holds of an item of ``evaluation.items``."""
        compared = _OPERATORS[self.sign]
        if self.name == "tier":
            return compared(TIERS.index(item["tier"]), TIERS.index(self.value))
        if self.name == "reports":
            return compared(int(item["report_count"]), int(self.value))
        if self.name == "tag":
            return (self.value in item["tags"]) is (self.sign != "!=")
        if self.name == "cluster":
            return item["cluster_id"].startswith(self.value) is (self.sign != "!=")
        return compared(item[self.name], self.value)


@dataclass(frozen=True, slots=True)
class Row:
    """How the two models did on one item: k of n failed. ``change`` is new, fixed, both_fail or both_pass; ``flaky`` where some trials of
    either model fail and some do not."""

    item: Mapping[str, Any]
    change: str
    new: Mapping[str, Any]
    old: Mapping[str, Any]
    new_answers: Sequence[Mapping[str, Any]] = ()
    old_answers: Sequence[Mapping[str, Any]] = ()
    blocked_by: tuple[str, ...] = ()

    @property
    def flaky(self) -> bool:
        """Whether another round may end otherwise."""
        return any(0 < told["k"] < told["n"] for told in (self.new, self.old))


@dataclass(frozen=True, slots=True)
class Gate:
    """What stands against the new model (``reasons``; nothing where it may pass) and all that was looked at. ``skipped`` counts items that
    were not compared, by reason; ``usd`` is what all trials of each model have cost."""

    model: str
    baseline: str
    comparison: Comparison
    rows: tuple[Row, ...]
    reasons: tuple[str, ...]
    skipped: dict[str, int]
    usd: dict[str, float]
    clusters: int

    @property
    def passes(self) -> bool:
        """Whether nothing blocks."""
        return not self.reasons

    def of(self, change: str, *, flaky: bool | None = None) -> list[Row]:
        """The items that changed so."""
        return [row for row in self.rows if row.change == change and flaky in (None, row.flaky)]

    def told(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "model": self.model, "baseline": self.baseline, "passes": self.passes, "reasons": list(self.reasons),
            **asdict(self.comparison), "clusters": self.clusters, "skipped": self.skipped, "usd": self.usd,
            "items_compared": [
                {"item_id": row.item["item_id"], "change": row.change, "flaky": row.flaky, "tier": row.item["tier"],
                 "cluster_id": row.item["cluster_id"], "blocked_by": list(row.blocked_by),
                 **{f"{side}_{name}": told[name] for side, told in (("new", row.new), ("old", row.old))
                    for name in ("k", "n", "served_id", "last_asked")}}
                for row in self.rows
            ],
        }  # fmt: skip


def gate(con: Connection, model: str, baseline: str, wanted: Wanted, blocks: Sequence[Condition] = ()) -> Gate:
    """Compare the last rounds of two models. Blocks where the new one is worse (``paired.Comparison.worse``), and where an item on which a
    condition holds is a new failure that is not flaky. UsageError where no item was asked of both."""
    items = evaluation.items(con, wanted)
    new, old, doubted = evaluation.last_rounds(con, model), evaluation.last_rounds(con, baseline), evaluation.in_question(con)
    skipped = {"no scored trial of either": 0, f"no scored trial of {model}": 0, f"no scored trial of {baseline}": 0, "key in question": 0}
    rows = []
    for item in items:
        item_id = item["item_id"]
        if item_id not in new or item_id not in old:
            both = item_id not in new and item_id not in old
            skipped["no scored trial of either" if both else f"no scored trial of {model if item_id not in new else baseline}"] += 1
        elif item_id in doubted:
            skipped["key in question"] += 1
        else:
            rows.append(_row(con, item, (model, new[item_id]), (baseline, old[item_id]), blocks))
    if not rows:
        there = ", ".join(evaluation.models(con)) or "none"
        raise UsageError(
            f"no item has trials of both {model} and {baseline}: run `thresher evaluate {model} {baseline}` first (models with trials: "
            f"{there})"
        )
    comparison = compare([Pair(fails(row.new), fails(row.old), row.item["cluster_id"]) for row in rows])
    usd = {name: float(evaluation.spent(con, name)) for name in (model, baseline)}
    clusters = len({row.item["cluster_id"] for row in rows} - {""})
    skipped = {reason: n for reason, n in skipped.items() if n}
    return Gate(model, baseline, comparison, tuple(rows), tuple(_reasons(comparison, rows)), skipped, usd, clusters)


def _row(
    con: Connection, item: Mapping[str, Any], new: tuple[str, Mapping[str, Any]], old: tuple[str, Mapping[str, Any]],
    blocks: Sequence[Condition],
) -> Row:  # fmt: skip
    failed = fails(new[1]), fails(old[1])
    change = {(True, False): "new", (False, True): "fixed", (True, True): "both_fail", (False, False): "both_pass"}[failed]
    row = Row(item, change, new[1], old[1])
    if change != "new":
        return row
    blocked = tuple(block.text for block in blocks if not row.flaky and block.holds(item))
    answers = [evaluation.last_answers(con, name, item["item_id"]) for name, _ in (new, old)]
    return Row(item, change, new[1], old[1], answers[0], answers[1], blocked)


def fails(told: Mapping[str, Any]) -> bool:
    """Whether the item counts as failed in this round: as for ``reproduced``."""
    return bool(told["k"] >= min(FAILING, told["n"]))


def _reasons(comparison: Comparison, rows: Sequence[Row]) -> list[str]:
    reasons = []
    if comparison.worse:
        reasons.append(
            f"it is worse: {comparison.new_failures} new failures and {comparison.fixed} fixed ones, p = {comparison.p_worse:.4f} "
            f"(at most {ALPHA:g} blocks)"
        )
    for text in dict.fromkeys(text for row in rows for text in row.blocked_by):
        hit = [row.item["item_id"][:12] for row in rows if text in row.blocked_by]
        reasons.append(f"{len(hit)} new failures with {text}: {', '.join(hit[:5])}{' ...' if len(hit) > 5 else ''}")
    return reasons
