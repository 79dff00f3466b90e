"""Where a model is weak: groups of items that it fails more or less than the others, the rules that it breaks, and what changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flows.line.gating import Gate, fails, gate
from store import evaluation
from store.evaluation import Wanted
from store.file.database import Connection
from thresher.contrasts import ALPHA, corrected, fisher
from thresher.errors import UsageError
from thresher.paired import sign_flip
from thresher.rulebook.ties import Tie
from thresher.scorers.citing import Cited
from thresher.shares import wilson

Path = tuple[str, ...]
"""Where a group stands in the tree: what it is a group by, and its names from the widest to its own."""


@dataclass(frozen=True, slots=True)
class Group:
    """Items with something in common. Groups of the same items are one, with the path of each."""

    paths: tuple[Path, ...]
    items: frozenset[str]


@dataclass(frozen=True, slots=True)
class Weakness:
    """How a group came out: ``p`` is that of the difference to all other items, corrected; None where too few were asked to tell."""

    group: Group
    failed: int
    rest_failed: int
    rest: int
    p: float | None

    @property
    def differs(self) -> bool:
        """Whether the model fails it more, or less, than the rest, beyond chance."""
        return self.p is not None and self.p <= ALPHA

    @property
    def weaker(self) -> bool:
        """Whether more of it fails than of the rest."""
        return self.failed * self.rest > self.rest_failed * len(self.group.items)

    def told(self) -> dict[str, Any]:
        """JSON-ready; without a rate where there are too few items."""
        of = len(self.group.items)
        row: dict[str, Any] = {"paths": [list(path) for path in self.group.paths], "items": of}
        if self.p is None:
            return {**row, "too_few": True}
        low, high = wilson(self.failed, of)
        return {**row, "failed": self.failed, "rate": self.failed / of, "low": low, "high": high, "rest": self.rest,
                "rest_failed": self.rest_failed, "p": self.p, "differs": self.differs, "weaker": self.weaker}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """How a group changed since the baseline: new failures and fixed ones; ``p`` as above, of one model against the other."""

    group: Group
    new_failures: int
    fixed: int
    p: float | None

    @property
    def differs(self) -> bool:
        """Whether more changed one way than the other, beyond chance."""
        return self.p is not None and self.p <= ALPHA

    def told(self) -> dict[str, Any]:
        """JSON-ready."""
        return {"paths": [list(path) for path in self.group.paths], "items": len(self.group.items), "new_failures": self.new_failures,
                "fixed": self.fixed, "p": self.p, "too_few": self.p is None, "differs": self.differs}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that verdicts cite against the model: on how many failed items, and a trial to look at."""

    rule_id: str
    items: int
    trial_id: str
    before: int | None
    """On how many the baseline broke it; None without one."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All that the trials of a model say of its weaknesses. ``skipped`` counts items by why they are in no rate."""

    model: str
    items: int
    failed: int
    weaknesses: tuple[Weakness, ...]
    broken: tuple[Broken, ...]
    judged_by_rules: int
    """Failed items of which a verdict cites rules."""
    skipped: dict[str, int]
    gate: Gate | None
    changes: tuple[Change, ...]

    def told(self) -> dict[str, Any]:
        """JSON-ready."""
        low, high = wilson(self.failed, self.items)
        return {
            "model": self.model, "items": self.items, "failed": self.failed, "rate": self.failed / self.items, "low": low, "high": high,
            "test": "Fisher's exact test of each group against all other items, two-sided, corrected after Tarone", "alpha": ALPHA,
            "skipped": self.skipped, "groups": [one.told() for one in self.weaknesses],
            "judged_by_rules": self.judged_by_rules,
            "broken": [{"rule": one.rule_id, "items": one.items, "trial": one.trial_id, "before": one.before} for one in self.broken],
            "baseline": self.gate and {key: value for key, value in self.gate.told().items() if key != "items_compared"},
            "changes": [one.told() for one in self.changes],
        }  # fmt: skip


def diagnose(con: Connection, model: str, baseline: str, tied: Iterable[Tie]) -> Diagnosis:
    """Of the last round of each item that may count: proposed or active, scored, its key not in question. UsageError without any."""
    asked, doubted = evaluation.last_rounds(con, model), evaluation.in_question(con)
    here = [item for item in evaluation.items(con, Wanted()) if item["item_id"] in asked]
    items = {item["item_id"]: item for item in here if item["item_id"] not in doubted}
    if not items:
        there = ", ".join(evaluation.models(con)) or "none"
        raise UsageError(f"{model} has no scored trial that counts: run `thresher evaluate {model}` first (models with trials: {there})")
    failed = {item_id for item_id in items if fails(asked[item_id])}
    compared = gate(con, model, baseline, Wanted()) if baseline else None
    memberships = list(_memberships(con, items, tied))
    skipped = {"waived, rejected or retired": len(asked) - len(here), "key in question": len(here) - len(items)}
    broken, judged = _broken(con, model, failed, asked, compared)
    return Diagnosis(
        model, len(items), len(failed), tuple(_weaknesses(groups(memberships, frozenset(items)), failed, len(items))), broken, judged,
        {reason: n for reason, n in skipped.items() if n}, compared, tuple(_changes(memberships, compared)),
    )  # fmt: skip


def _memberships(con: Connection, items: Mapping[str, Mapping[str, Any]], tied: Iterable[Tie]) -> Iterator[tuple[Path, str]]:
    """Each group by its path, with an item of it."""
    for item_id, item in items.items():
        yield ("kind", item["kind"]), item_id
        yield ("source", item["source"]), item_id
        yield ("source", item["source"], item["site"]), item_id
        yield from ((("tag", tag), item_id) for tag in item["tags"])
    for row in evaluation.clusters(con):
        if row["item_id"] in items:
            yield ("failure", row["category"]), row["item_id"]
            yield ("failure", row["category"], f"{row['label']} ({row['cluster_id'][:12]})"), row["item_id"]
    for tie in tied:
        if tie.item_id in items:
            yield ("rule", tie.rule_id.split(".")[0]), tie.item_id
            yield ("rule", tie.rule_id.split(".")[0], tie.rule_id), tie.item_id


def groups(memberships: Iterable[tuple[Path, str]], everything: frozenset[str]) -> list[Group]:
    """In the order of the tree; without those that are all of ``everything``. What has the same items is tested once."""
    members: dict[Path, set[str]] = {}
    for path, item_id in memberships:
        members.setdefault(path, set()).add(item_id)
    same: dict[frozenset[str], list[Path]] = {}
    for path in sorted(members):
        if items := everything & members[path]:
            same.setdefault(items, []).append(path)
    return [Group(tuple(paths), items) for items, paths in same.items() if items != everything]


def _weaknesses(tested: Sequence[Group], failed: set[str], everything: int) -> Iterator[Weakness]:
    hits = [len(group.items & failed) for group in tested]
    chances = [fisher(k, len(group.items), len(failed), everything) for group, k in zip(tested, hits, strict=True)]
    for group, k, p in zip(tested, hits, corrected(chances), strict=True):
        yield Weakness(group, k, len(failed) - k, everything - len(group.items), p)


def _changes(memberships: Iterable[tuple[Path, str]], compared: Gate | None) -> Iterator[Change]:
    """A family of comparisons of its own: exact McNemar, the sign test on the items that changed. Items are its units and not clusters as
    in the gate, since a group may be one cluster."""
    if compared is None:
        return
    rows = {row.item["item_id"]: row.change for row in compared.rows}
    tested = groups(memberships, frozenset(rows))
    counts = [Counter(rows[item_id] for item_id in group.items) for group in tested]
    chances = [
        (sign_flip([1] * told["new"] + [-1] * told["fixed"])[1], min(1.0, 2.0 ** (1 - told["new"] - told["fixed"]))) for told in counts
    ]
    for group, told, p in zip(tested, counts, corrected(chances), strict=True):
        yield Change(group, told["new"], told["fixed"], p)


def _broken(
    con: Connection, model: str, failed: set[str], asked: Mapping[str, Mapping[str, Any]], compared: Gate | None
) -> tuple[tuple[Broken, ...], int]:
    """What failing verdicts of the last rounds cite, the most broken first, and on how many items any does."""
    by_rule = _cited(con, model, {item_id: asked[item_id]["round"] for item_id in failed})
    before = {}
    if compared is not None:
        before = _cited(con, compared.baseline, {row.item["item_id"]: row.old["round"] for row in compared.rows if fails(row.old)})
    told = [Broken(rule_id, len(trials), min(trials.values()), len(before.get(rule_id, ())) if compared else None)
            for rule_id, trials in by_rule.items()]  # fmt: skip
    told.sort(key=lambda one: (-one.items, one.rule_id))
    return tuple(told), len({item_id for trials in by_rule.values() for item_id in trials})


def _cited(con: Connection, model: str, rounds: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Of each rule the items on which a failing verdict of this round cites it, with a trial."""
    by_rule: dict[str, dict[str, str]] = {}
    for row in evaluation.failing_trials(con, model):
        if rounds.get(row["item_id"]) == row["round"]:
            for rule_id in Cited.of(row["evidence"], row["scorer_version"]).rules:
                by_rule.setdefault(rule_id, {}).setdefault(row["item_id"], row["trial_id"])
    return by_rule
