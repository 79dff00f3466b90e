"""In which order the queue is looked at, and what is said of an item to explain its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

from curation.learning import Learned
from curation.opinions import standing
from store.verdicts import LIFE

Item = Mapping[str, Any]
Order = Literal["urgent", "useful", "doubtful"]
ORDERS: tuple[Order, ...] = get_args(Order)
"""``urgent``: what was seen failing, much reported first. ``useful``: most likely to be accepted first. ``doubtful``: least likely first.
Without enough verdicts the last two are as the first."""


def orders(items: Iterable[Item], learned: Learned | None) -> dict[Order, list[str]]:
    """The ids of items in each order. An item that came after the last learning is taken for an average one."""
    urgent: list[str] = [item["item_id"] for item in sorted(items, key=rank)]
    if learned is None:
        return dict.fromkeys(ORDERS, urgent)
    chances, share = learned.chances, learned.share
    useful = sorted(urgent, key=lambda item_id: -chances.get(item_id, share))
    doubtful = sorted(urgent, key=lambda item_id: chances.get(item_id, share))
    return {"urgent": urgent, "useful": useful, "doubtful": doubtful}


def accepted(item: Item) -> bool | None:
    """What persons last said of an item: accepted (``active``) or ``rejected``; None for anything else."""
    life = standing([verdict for verdict in item["verdicts"] if verdict["verdict"] in LIFE])
    return {"active": True, "rejected": False}.get(life[-1]["verdict"]) if life else None


def rank(item: Item) -> tuple[int, int, str]:
    """Where an item stands among the urgent: what was seen failing before what is claimed, much reported before once."""
    cluster = item["cluster"]["reports"] if item["cluster"] else 0
    return _urgency(item)[0], -max(cluster, int(item["report_count"])), item["item_id"]


def why(item: Item) -> str:
    """Why an item stands where it stands among the urgent, for the reviewer."""
    text = _urgency(item)[1]
    return f"{text}; {item['cluster']['reports']} reports of this failure" if item["cluster"] and item["cluster"]["reports"] > 1 else text


def _urgency(item: Item) -> tuple[int, str]:
    reports, sources = int(item["report_count"]), int(item["source_count"])
    if item["key_status"] == "disputed":
        return 0, "its key is disputed"
    if item["tier"] in ("witnessed", "reproduced") and reports > 1:
        return 1, f"seen failing, {reports} reports from {sources} {'source' if sources == 1 else 'sources'}"
    if item["tier"] in ("witnessed", "reproduced"):
        return 2, "the failing answer is on record"
    if reports > 1:
        return 3, f"{reports} reports from {sources} {'source' if sources == 1 else 'sources'}"
    if item["tier"] == "claimed":
        return 4, "somebody says that a model failed"
    if item["key_status"] == "sourced":
        return 5, "has the key of its source, and nobody has looked"
    return 6, "nothing is known of it but its text"
