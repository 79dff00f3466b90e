"""How an item reads after what persons said of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from store import edits
from store.edits import EDITED, Edit
from store.verdicts import KEY, LIFE

Item = dict[str, Any]


def settle(item: Item, word: str) -> None:
    """What ``items_current`` says after this verdict."""
    if word in LIFE:
        item["status"] = word if item["status"] != "retired" or word == "retired" else item["status"]
    else:
        reword(item)


def reword(item: Item) -> None:
    """How the item reads after all that was said of it. A key of which nobody says anything any more is worth what its source gave it."""
    edited = [verdict for verdict in item["verdicts"] if verdict["verdict"] == EDITED]
    item.update(edits.applied(item["harvested"], edited[-1] if edited else None, len(edited)))
    said = next((verdict["verdict"] for verdict in reversed(item["verdicts"]) if verdict["verdict"] in KEY), "unverified")
    item["key_status"] = item["key_status"] if said == "unverified" else said
    item["search"] = _search_text(item)


def edit_of(item: Item, texts: Mapping[str, Any] | None, reviewer: str, reason: str) -> Edit:
    """An edit that says these texts of an item."""
    said = dict(texts or dict.fromkeys(edits.TEXTS))
    messages = said["messages"] and tuple(message["content"] for message in said["messages"])
    tags = None if said["tags"] is None else tuple(said["tags"])
    return Edit(item["item_id"], reviewer, reason, item["version"], messages or None, said["target"], said["rubric"], tags)


def _search_text(item: Item) -> str:
    texts = [message["content"] for message in item["messages"]] + [item["target"], item["item_id"], item["native_id"]]
    return "\n".join(texts).casefold()
