"""What to look at next, and why: every item in memory, filtered, counted and put in order; what reviewers say of them."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from curation.agreement import Agreement, agreement
from curation.learning import Learned, Table, learn, tabulate, told
from curation.opinions import TAKEN_BACK, as_seen, opinions, refuse_more, sort_of, standing, state
from curation.order import ORDERS, Order, accepted, orders, why
from curation.wording import Item, edit_of, reword, settle
from store import edits
from store.edits import EDITED, Edit
from store.verdicts import KEY, LIFE, USE, Verdict
from thresher.errors import UsageError

FACETS = ("state", "kind", "tier", "source", "key_status", "language", "tag", "licence", "cluster")
"""By what a person filters. ``state`` is that of ``curation.opinions.state``."""
_MOST_VALUES = 12
"""Values of a facet that are shown, the commonest."""


_UNSAID = {LIFE: "proposed", KEY: "unverified", USE: "either"}
"""What an item is while nobody said anything of that sort."""


class Changed(Exception):
    """Somebody else decided, or the item changed, since it was shown. ``items`` are as they are now."""

    def __init__(self, items: Sequence[Item]) -> None:
        super().__init__(f"{len(items)} items changed since they were shown")
        self.items = list(items)


@dataclass(frozen=True, slots=True)
class Shown:
    """An item as the reviewer saw it: its version, and the last verdict on it (empty where there was none)."""

    item_id: str
    version: int
    last: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of the queue, whether more follows, how long the whole is, and how many items each value of each facet has in it."""

    ids: list[str]
    more: bool
    total: int
    facets: dict[str, list[tuple[str, int]]]


@dataclass
class Queue:
    """All items, and the leads that a person could complete. Every method may be called from any thread."""

    leads: list[Item] = field(default_factory=list)
    wanted: int = 1
    """Opinions of each item, each by another reviewer and given blind."""
    _items: dict[str, Item] = field(default_factory=dict)
    _lines: dict[str, dict[str, Any]] = field(default_factory=dict)
    _orders: dict[Order, list[str]] = field(default_factory=lambda: {order: [] for order in ORDERS})
    _learned: Learned | None = None
    _learned_from: dict[str, bool] = field(default_factory=dict)
    _table: Table | None = None
    """Of the items as they are now; None where it must be made anew."""
    _states: int = 0
    """How often the items were replaced or refreshed."""
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def replace(self, items: Iterable[Item]) -> None:
        """Another state of the benchmark. Verdicts that it lacks, since no run has taken them up yet, stay."""
        with self._lock:
            before, self._lines = self._lines, {}
            self._items = {item["item_id"]: item for item in items}
            for item in self._items.values():
                stored, item["verdicts"] = item["verdicts"], []
                reword(item)
                self._take(stored)
            self._take(before.values())
            self._arrange()

    def refresh(self, item_ids: Iterable[str], items: Iterable[Item]) -> None:
        """Some items as they are now; those of the ids that are not among them are items no more."""
        with self._lock:
            for item_id in item_ids:
                self._items.pop(item_id, None)
            for item in items:
                self._items[item["item_id"]] = item
                stored, item["verdicts"] = item["verdicts"], []
                reword(item)
                known = {verdict["verdict_id"] for verdict in stored}
                late = [line for line in self._lines.values() if line["item_id"] == item["item_id"] and line["verdict_id"] not in known]
                for verdict in (*stored, *late):
                    self._lines.pop(verdict["verdict_id"], None)
                self._take((*stored, *late))
            self._arrange()

    def _arrange(self) -> None:
        self._states += 1
        self._table, self._orders = None, orders(self._items.values(), self._learned)

    def take(self, lines: Iterable[Mapping[str, Any]]) -> None:
        """Verdicts, as lines of the journal; those that are there already are passed over."""
        with self._lock:
            self._take(lines)

    def _take(self, lines: Iterable[Mapping[str, Any]]) -> None:
        for line in lines:
            verdict = {
                "verdict_id": line["verdict_id"], "item_id": line["item_id"], "version": line["version"], "author": line["author"],
                "given_at": line.get("given_at") or line["at"], "verdict": line["verdict"], "reason": line["reason"],
                **({name: line.get(name) for name in edits.TEXTS} if line["verdict"] == EDITED else {}),
            }  # fmt: skip
            if verdict["verdict_id"] in self._lines:
                continue
            self._lines[verdict["verdict_id"]] = verdict
            if (item := self._items.get(verdict["item_id"])) is not None:
                item["verdicts"].append(verdict)
                settle(item, verdict["verdict"])

    def learn(self) -> None:
        """Put the learned orders right, where items or verdicts changed since they were learned. Takes seconds for 100,000 items, in which
        requests are answered as before: not for a request to wait for, and for one thread alone."""
        with self._lock:
            verdicts = {item_id: word for item_id, item in self._items.items() if item["verdicts"] and (word := accepted(item)) is not None}
            table, items, state = self._table, list(self._items.values()), self._states
            if table is not None and verdicts == self._learned_from:
                return
        table = table or tabulate(items)
        learned = learn(table, verdicts)
        made = orders(items, learned)
        with self._lock:
            self._learned, self._learned_from = learned, verdicts
            if state == self._states:
                self._table, self._orders = table, made
            else:  # other items came meanwhile: the next call makes their table
                self._orders = orders(self._items.values(), learned)

    def learning(self) -> dict[str, Any]:
        """As ``curation.learning.told``, of the verdicts that the learned orders rest on."""
        with self._lock:
            return told(list(self._learned_from.values()), self._learned)

    def __len__(self) -> int:
        return len(self._items)

    def items(self, ids: Iterable[str], reviewer: str = "") -> list[Item]:
        """What the page shows this reviewer of items, with ``why`` each is where it is; unknown ids are passed over."""
        with self._lock:
            reasons = self._learned.why if self._learned else lambda _: ""
            return [_shown(self._seen(item_id, reviewer)) | {"learned": reasons(item_id)} for item_id in ids if item_id in self._items]

    def _seen(self, item_id: str, reviewer: str) -> Item:
        return as_seen(self._items[item_id], reviewer, self.wanted)

    def agreement(self) -> Agreement:
        """Of what reviewers said without seeing one another's words."""
        with self._lock:
            return agreement(opinions(item, max(2, self.wanted)).blind for item in self._items.values() if item["verdicts"])

    def page(
        self, wanted: Mapping[str, str], words: str = "", after: str = "", limit: int = 500, reviewer: str = "", order: Order = "urgent"
    ) -> Page:
        """The items that have every wanted value of a facet and all words, in order; those after an item, whether it is still among them or
        was decided meanwhile. After an item that is gone they begin anew."""
        with self._lock:
            chosen = self.chosen(wanted, words, reviewer, order)
            counted: dict[str, Counter[str]] = {facet: Counter() for facet in FACETS}
            for item_id in chosen:
                for facet, counter in counted.items():
                    counter.update(self._values(item_id, facet, reviewer))
            facets = {facet: counter.most_common(_MOST_VALUES) for facet, counter in counted.items()}
            whole = self._orders[order]
            passed = set(whole[: whole.index(after) + 1]) if after in self._items else ()
            rest = [item_id for item_id in chosen if item_id not in passed]
            return Page(rest[:limit], len(rest) > limit, len(chosen), facets)

    def _values(self, item_id: str, facet: str, reviewer: str) -> Sequence[str]:
        if facet == "state":
            return (state(self._items[item_id], reviewer, self.wanted),)
        return _values(self._seen(item_id, reviewer), facet)

    def chosen(self, wanted: Mapping[str, str], words: str = "", reviewer: str = "", order: Order = "urgent") -> list[str]:
        """The ids of all such items, in order."""
        needles = words.casefold().split()
        with self._lock:
            return [
                item_id
                for item_id in self._orders[order]
                if all(value in self._values(item_id, facet, reviewer) for facet, value in wanted.items())
                and all(needle in self._items[item_id]["search"] for needle in needles)
            ]

    def refuse_changed(self, shown: Sequence[Shown], reviewer: str) -> None:
        """Changed where one of these is not what the reviewer saw."""
        with self._lock:
            seen = {one: self._seen(one.item_id, reviewer) for one in shown if one.item_id in self._items}
            changed = [item for one, item in seen.items() if (one.version, one.last) != _state(item)]
            if changed:
                raise Changed([_shown(item) for item in changed])

    def refuse_more(self, item_ids: Iterable[str], word: str, reviewer: str) -> None:
        """UsageError where of one of these items no other opinion is wanted."""
        with self._lock:
            for item_id in item_ids if self.wanted > 1 and word in LIFE else ():
                if item_id in self._items:
                    refuse_more(self._items[item_id], reviewer, self.wanted)

    def before(self, verdict_ids: Sequence[str], reviewer: str) -> list[Verdict | Edit]:
        """What says again what held before each of these verdicts and edits.

        Changed where a later one of the same sort was given; KeyError for a verdict that nobody gave.
        """
        with self._lock:
            undone = [self._before(verdict_id, reviewer) for verdict_id in verdict_ids]
            if later := [self._seen(given.item_id, reviewer) for given, is_last in undone if not is_last]:
                raise Changed([_shown(item) for item in later])
            return [given for given, _ in undone]

    def _before(self, verdict_id: str, reviewer: str) -> tuple[Verdict | Edit, bool]:
        given = self._lines[verdict_id]
        item = self._items[given["item_id"]]
        sort = sort_of(given["verdict"])
        left = standing([verdict for verdict in item["verdicts"] if verdict["verdict"] in sort])
        mine = [verdict for verdict in left if verdict["author"] == reviewer] if self.wanted > 1 else left
        is_last = bool(mine) and mine[-1]["verdict_id"] == verdict_id
        others = [verdict for verdict in left if verdict["verdict_id"] != verdict_id]
        earlier = others[-1] if others else None
        if given["verdict"] == EDITED:
            return edit_of(item, earlier, reviewer, TAKEN_BACK), is_last
        word = earlier["verdict"] if earlier else _UNSAID[sort]
        return Verdict(item["item_id"], word, reviewer, TAKEN_BACK, item["version"]), is_last

    def roles(self, item_id: str) -> list[str]:
        """Who says the messages of an item."""
        with self._lock:
            return [message["role"] for message in self._items[item_id]["messages"]]

    def edited(self, item_id: str, reviewer: str, reason: str, texts: Mapping[str, Any]) -> list[Edit | Verdict]:
        """What says that an item is so from now on: the texts that are given (of ``edits.TEXTS``), else as it is now. Who writes a key says
        what it is worth. UsageError where no item can be made of it, or where nothing would change."""
        with self._lock:
            item = self._items[item_id]
            now = next((verdict for verdict in reversed(item["verdicts"]) if verdict["verdict"] == EDITED), None)
            before = edit_of(item, now, reviewer, reason)
            edit = edits.settled(replace(before, **texts), item["harvested"], item["choices"])
            if replace(edit, reason="") == replace(before, reason=""):
                raise UsageError("nothing was changed")
            if edit.target is None or edit.target == before.target:
                return [edit]
            word, why = ("verified", "wrote the key") if edit.target else ("unverified", "took the key away")
            return [edit, Verdict(item_id, word, reviewer, why, item["version"] + 1)]

    def progress(self, reviewer: str) -> dict[str, int]:
        """How many items there are, how many wait, how many this reviewer has decided."""
        with self._lock:
            waiting = sum(state(item, reviewer, self.wanted) == "open" for item in self._items.values())
            mine = sum(any(v["author"] == reviewer for v in item["verdicts"]) for item in self._items.values())
            return {"items": len(self._items), "open": waiting, "mine": mine}


def _state(item: Item) -> tuple[int, str]:
    return item["version"], item["verdicts"][-1]["verdict_id"] if item["verdicts"] else ""


def _shown(item: Item) -> Item:
    """``harvested`` only where the item is not as its source has it."""
    hidden = {"search"} if any(verdict["verdict"] == EDITED for verdict in item["verdicts"]) else {"search", "harvested"}
    return {key: value for key, value in item.items() if key not in hidden} | {"why": why(item), "last": _state(item)[1]}


def _values(item: Item, facet: str) -> Sequence[str]:
    if facet == "tag":
        return item["tags"] or ()
    if facet == "cluster":
        return (item["cluster"]["label"],) if item["cluster"] else ()
    return (str(item[facet]),)
