"""More than one opinion on an item: who has given one, who may see what, and whether they differ.

Of each item the first opinions are given blind: a reviewer sees what others say of it only after saying it too, or when as many
have as the rule asks for. What is said after that is said with all of it in view, and settles a difference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from store import edits
from store.verdicts import KEY, LIFE, MERGED, UNMERGED, USE
from thresher.errors import UsageError

Verdict = Mapping[str, Any]
TAKEN_BACK = "taken back"
"""The reason of a verdict that says again what held before another."""


@dataclass(frozen=True, slots=True)
class Opinions:
    """``blind`` are the words that were given before anybody could see another's, by reviewer; ``settled`` that somebody decided after."""

    blind: Mapping[str, str]
    settled: bool

    def complete(self, wanted: int) -> bool:
        """Whether there are as many as the rule asks for."""
        return len(self.blind) >= wanted

    def differ(self, wanted: int) -> bool:
        """Whether they are complete, not all the same, and nobody has decided since."""
        return self.complete(wanted) and len(set(self.blind.values())) > 1 and not self.settled


def opinions(item: Mapping[str, Any], wanted: int) -> Opinions:
    """What was said of the life of an item, of which so many opinions are wanted."""
    blind: dict[str, str] = {}
    settled = False
    for verdict in standing([verdict for verdict in item["verdicts"] if verdict["verdict"] in LIFE]):
        if len(blind) < wanted:
            blind[verdict["author"]] = verdict["verdict"]
        else:
            settled = True
    return Opinions(blind, settled)


def refuse_more(item: Mapping[str, Any], reviewer: str, wanted: int) -> None:
    """UsageError where this reviewer's opinion is one too many. Who gave one may change it; a difference waits for anybody to settle it."""
    said = opinions(item, wanted)
    if said.complete(wanted) and reviewer not in said.blind and not said.differ(wanted):
        names = ", ".join(sorted(said.blind))
        raise UsageError(f"{item['item_id'][:8]} has its {wanted} opinions ({names}) and nothing to settle: no other is wanted")


def standing(alike: Sequence[Verdict]) -> list[Verdict]:
    """Verdicts of one sort, oldest first, without those that were taken back and what took them back."""
    left: list[Verdict] = []
    for verdict in alike:
        if verdict["reason"] != TAKEN_BACK or not left:
            left.append(verdict)
            continue
        own = [place for place, other in enumerate(left) if other["author"] == verdict["author"]]
        left.pop(own[-1] if own else -1)
    return left


def sort_of(word: str) -> tuple[str, ...]:
    """The words of which the last one counts."""
    return next(sort for sort in (LIFE, KEY, USE, (edits.EDITED,), (MERGED, UNMERGED)) if word in sort)


def as_seen(item: dict[str, Any], reviewer: str, wanted: int) -> dict[str, Any]:
    """The item without what this reviewer must not see yet."""
    if wanted == 1 or not item["verdicts"]:
        return item
    said = opinions(item, wanted)
    if reviewer in said.blind or said.complete(wanted):
        return item
    seen = [verdict for verdict in item["verdicts"] if verdict["author"] == reviewer or verdict["verdict"] not in (*LIFE, *KEY)]
    edited = [verdict for verdict in item["verdicts"] if verdict["verdict"] == edits.EDITED]
    key = edits.applied(item["harvested"], edited[-1] if edited else None, len(edited))["key_status"]
    return item | {"verdicts": seen, "status": "retired" if item["status"] == "retired" else "proposed", "key_status": key}


def state(item: Mapping[str, Any], reviewer: str, wanted: int) -> str:
    """``open`` where this reviewer is asked, ``awaited`` where others are, ``disagreed`` where opinions differ, else the item's status.

    What was taken back was never said: such an item is ``open`` again."""
    if not item["verdicts"]:
        return "open"
    said = opinions(item, wanted)
    if said.differ(wanted):
        return "disagreed"
    if not said.complete(wanted):
        return "awaited" if reviewer in said.blind else "open"
    return str(item["status"])
