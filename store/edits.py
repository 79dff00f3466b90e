"""How persons rewrote items. The source's words stay in ``items``; an edit says how the item is from now on; the last one counts.

Nobody can harvest an edit again, so it stands in ``verdicts.jsonl``, written before the database is. It is made of the words of a post:
where a source deletes a post that reports the item, or somebody takes it down, the edit goes with it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from store.file.database import Connection
from store.rows import dumps
from thresher.errors import UsageError
from thresher.redaction import redact
from thresher.text import clean

BY_A_PERSON = "edited_by_a_person"
"""The tag of an item whose messages, key or rubric are not as its source has them."""
EDITED = "edited"
"""The word of the verdict by which an item was edited."""
TEXTS = ("messages", "target", "rubric", "tags")

Harvested = Mapping[str, Any]
"""An item as its source has it: ``version``, ``messages`` (as dicts), ``target``, ``aliases``, ``rubric``, ``tags`` and ``key_status``."""


@dataclass(frozen=True, slots=True)
class Edit:
    """How an item is from now on; None where it is as its source has it. ``version`` is the one that was on the screen."""

    item_id: str
    author: str
    reason: str = ""
    version: int = 0
    messages: tuple[str, ...] | None = None
    """The contents of its messages, in their order: who says what does not change."""
    target: str | None = None
    rubric: str | None = None
    tags: tuple[str, ...] | None = None


def settled(edit: Edit, harvested: Harvested, choices: Sequence[str]) -> Edit:
    """The edit as it may be kept: redacted, and None where it says what the source says. UsageError where no item could be made of it."""
    asked = [message["content"] for message in harvested["messages"]]
    messages = None if edit.messages is None else tuple(_kept(text) for text in edit.messages)
    if messages is not None and (len(messages) != len(asked) or not all(text.strip() for text in messages)):
        raise UsageError("a message cannot be empty, and none can be added or left out")
    target = None if edit.target is None else edit.target if edit.target in choices else _kept(edit.target).strip()
    if target and choices and target not in choices:
        raise UsageError("the key of this item is one of its options")
    rubric = None if edit.rubric is None else _kept(edit.rubric).strip()
    tags = None if edit.tags is None else tuple(sorted({_kept(tag).strip() for tag in edit.tags} - {"", BY_A_PERSON}))
    return replace(
        edit,
        reason=_kept(edit.reason),
        messages=None if messages is None or list(messages) == asked else messages,
        target=None if target == harvested["target"] else target,
        rubric=None if rubric == harvested["rubric"] else rubric,
        tags=None if tags is None or list(tags) == sorted(harvested["tags"]) else tags,
    )


def _kept(text: str) -> str:
    return redact(clean(text))[0]


def applied(harvested: Harvested, edit: Mapping[str, Any] | None, edits: int) -> dict[str, Any]:
    """What ``items_current`` says of an item after its last edit (the fields of ``TEXTS``), of so many; ``key_status`` is without what
    persons said of the key."""
    said = edit or dict.fromkeys(TEXTS)
    messages, target = said["messages"], said["target"]
    tags = harvested["tags"] if said["tags"] is None else said["tags"]
    rewritten = any(said[name] is not None for name in ("messages", "target", "rubric"))
    return {
        "version": harvested["version"] + edits,
        "messages": harvested["messages"] if messages is None else messages,
        "target": harvested["target"] if target is None else target,
        "aliases": harvested["aliases"] if target is None else [],
        "rubric": harvested["rubric"] if said["rubric"] is None else said["rubric"],
        "tags": [*tags, BY_A_PERSON] if rewritten else list(tags),
        "key_status": harvested["key_status"] if target is None else "none",
    }


def line_of(edit: Edit, roles: Sequence[str], verdict_id: str, at: str) -> dict[str, Any]:
    """The line of the journal for one edit; ``roles`` are those of the item's messages."""
    messages = edit.messages and [{"role": role, "content": text} for role, text in zip(roles, edit.messages, strict=True)]
    return {
        "type": EDITED, "verdict_id": verdict_id, "item_id": edit.item_id, "version": edit.version, "author": edit.author, "at": at,
        "verdict": EDITED, "reason": edit.reason, "messages": messages or None, "target": edit.target, "rubric": edit.rubric,
        "tags": None if edit.tags is None else list(edit.tags),
    }  # fmt: skip


def check(line: Mapping[str, Any]) -> None:
    """KeyError or TypeError for a line that is no edit."""
    for name in ("target", "rubric"):
        if line[name] is not None and type(line[name]) is not str:
            raise TypeError(f"{name} is no text")
    if line["tags"] is not None and not (type(line["tags"]) is list and all(type(tag) is str for tag in line["tags"])):
        raise TypeError("tags are no list of texts")
    for message in line["messages"] or ():
        if type(message["role"]) is not str or type(message["content"]) is not str:
            raise TypeError("a message is no text")


def insert(con: Connection, line: Mapping[str, Any]) -> None:
    """One line of the journal into the database; nothing where it is there already, and no texts where its item left since."""
    if not con.execute("SELECT 1 FROM items WHERE item_id = ?", [line["item_id"]]).fetchall():
        line = without_texts(line)
    con.execute(
        "INSERT INTO edits SELECT ?, ?, ?, ?, ?, ?, ? WHERE NOT EXISTS (FROM edits WHERE verdict_id = ?)",
        [
            line["verdict_id"], line["item_id"], datetime.fromisoformat(line["at"]), line["messages"] and dumps(line["messages"]),
            line["target"], line["rubric"], line["tags"], line["verdict_id"],
        ],
    )  # fmt: skip


def of(con: Connection) -> dict[str, dict[str, Any]]:
    """The texts of every edit, by the id of its verdict."""
    rows = con.execute("SELECT verdict_id, messages, target, rubric, tags FROM edits").fetchall()
    return {row[0]: dict(zip(TEXTS, (row[1] and json.loads(row[1]), *row[2:]), strict=True)) for row in rows}


def forget(con: Connection) -> None:
    """Nothing is kept of the texts of edits of the items in the table ``touched``: they are as their sources have them again. That somebody
    edited them stays."""
    con.execute("UPDATE edits SET messages = NULL, target = NULL, rubric = NULL, tags = NULL WHERE item_id IN (FROM touched)")
    con.execute("UPDATE verdicts SET reason = '' WHERE verdict = ? AND item_id IN (FROM touched)", [EDITED])


def emptied(con: Connection) -> set[str]:
    """The ids of the verdicts of edits of which no text is left."""
    rows = con.execute(
        "SELECT verdict_id FROM edits WHERE messages IS NULL AND target IS NULL AND rubric IS NULL AND tags IS NULL"
    ).fetchall()
    return {row[0] for row in rows}


def without_texts(line: Mapping[str, Any]) -> dict[str, Any]:
    """The line of an edit of which no text is left."""
    return {**line, **dict.fromkeys(TEXTS), "reason": ""}
