"""Logs of talks without a vote between two: LMSYS-Chat-1M, WildChat, OpenAssistant's trees."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from scrapers.arena.rows import (
    LOSER,
    NEGATIVE,
    Case,
    Refused,
    Row,
    dialogue,
    language_of,
    mapped,
    moment,
    own_marks,
    turns_of,
    unanswered,
    user_of,
)
from thresher.model import Battle, Message, Response, Vote
from thresher.text import clean

FAILS_TASK: Final = 0.5
"""From this mean of its reviewers' ``fails_task`` labels (0 or 1 each) on, an OpenAssistant reply counts as failing."""


def lmsys_chat_1m(row: Row) -> Case:
    """lmsys/lmsys-chat-1m. ``redacted`` says that names were masked (NAME_1)."""
    flagged = any(bool((one or {}).get("flagged")) for one in row.get("openai_moderation") or [])
    return _talk(row, str(row["conversation_id"]), {**own_marks(row, "redacted"), **({"unsafe": True} if flagged else {})})


def wildchat(row: Row) -> Case:
    """allenai/WildChat-1M and -4.8M. Who asked (hashed address, headers, place) is never taken."""
    return _talk(row, str(row["conversation_hash"]), own_marks(row, "toxic", "redacted"), moment(row.get("timestamp")))


def _talk(row: Row, native_id: str, marks: dict[str, Any], when: Any = None) -> Case:
    messages, pictures = turns_of(row["conversation"])
    if not messages:
        raise Refused("empty_conversation", "a talk without a message")
    asked, responses = dialogue(messages, str(row["model"]))
    marks = {
        "turns": sum(m.role == "user" for m in messages),
        **marks,
        **({"images": pictures} if pictures else {}),
        **unanswered(responses, str(row["model"])),
    }
    return Case(native_id, Battle(asked, responses, "none", "human"), language_of(row.get("language")), when, user_of(row), marks=marks)


def is_tree(row: Row) -> bool:
    """Whether a row is a whole tree: a prompt with replies below it."""
    return isinstance(row["prompt"], dict) and "text" in row["prompt"]


def oasst_trees(rows: Iterable[Row]) -> Iterator[Row]:
    """Rows of whole trees (``*.trees.jsonl``) as rows of prompts with all their replies."""
    for row in rows:
        try:
            prompts = list(oasst2_trees(list(_below(row["prompt"], str(row["message_tree_id"]), None))))
        except (AttributeError, KeyError, TypeError, RecursionError):
            prompts = [row]  # no prompt with its replies: what is missing is told where rows are converted
        yield from prompts


def _below(message: Row, tree: str, parent: str | None) -> Iterator[Row]:
    """A message of a tree and all below it, as the rows of the flat sets."""
    yield {**message, "message_tree_id": tree, "parent_id": parent, "replies": None}
    for reply in message.get("replies") or []:
        yield from _below(reply, tree, str(message["message_id"]))


def oasst2_trees(rows: Iterable[Row]) -> Iterator[Row]:
    """Rows of messages as rows of prompts with all their replies: ``path`` leads from the root to the prompt. Deleted messages are left
    out."""
    messages: dict[str, Row] = {}
    replies: dict[str, list[Row]] = {}
    for row in rows:
        if not row.get("deleted"):
            messages[str(row["message_id"])] = row
            if row["role"] == "assistant" and row.get("parent_id"):
                replies.setdefault(str(row["parent_id"]), []).append(row)
    for parent, answers in replies.items():
        path: list[Row] = []
        here = messages.get(parent)
        while here is not None and len(path) < len(messages):  # ids that lead in a circle end somewhere
            path.append(here)
            here = messages.get(str(here["parent_id"])) if here.get("parent_id") else None
        yield {"path": path[::-1], "replies": answers, "prompt_id": parent}


def oasst2(row: Row) -> Case:
    """One prompt of an OpenAssistant tree with its replies, ranked by people (0 is best). Most replies were written by people."""
    path, replies = row["path"], sorted(row["replies"], key=lambda reply: (reply.get("rank") is None, reply.get("rank") or 0))
    if not path or path[0].get("parent_id"):
        raise Refused("no_prompt", "the messages before this reply are not in the log")
    turns = tuple(Message(mapped({"prompter": "user", "assistant": "assistant"}, "role", m["role"]), clean(m["text"])) for m in path)
    responses = tuple(Response(str(r.get("model_name") or "human"), clean(r["text"]), _label(r, "quality"), _fails(r)) for r in replies)
    ranks = [reply["rank"] for reply in replies if reply.get("rank") is not None]
    vote: Vote = "first" if len(replies) == 2 and ranks == [0, 1] else "none"
    strength = NEGATIVE if any(r.failed for r in responses) else LOSER if len(ranks) > 1 else 0.0
    marks = {"ranks": ranks, "human_written": not all(r.get("synthetic") for r in replies), "turns": sum(m.role == "user" for m in turns)}
    prompt = path[-1]
    return Case(
        str(row["prompt_id"]),
        Battle(turns, responses, vote, "human", strength),
        language=language_of(prompt.get("lang")),
        created_at=moment(prompt.get("created_date")),
        thread_id=str(prompt["message_tree_id"]),
        judge_id=prompt.get("user_id"),
        marks=marks,
    )


def _label(reply: Row, name: str) -> float | None:
    labels = reply.get("labels") or {}
    if isinstance(labels, dict) and isinstance(labels.get(name), dict):  # as the trees have them
        return float(labels[name]["value"])
    if isinstance(labels, list):
        labels = {"name": [one["name"] for one in labels], "value": [one["value"] for one in labels]}
    if name not in (labels.get("name") or []):
        return None
    return float(labels["value"][labels["name"].index(name)])


def _fails(reply: Row) -> bool | None:
    return True if (_label(reply, "fails_task") or 0.0) >= FAILS_TASK or reply.get("review_result") is False else None


_PERSONAL: Final = frozenset({"hashed_ip", "header", "state", "country", "client_country"})


def without_persons(row: dict[str, Any]) -> dict[str, Any]:
    """A row without the columns that tell who and where its user was, at any depth."""
    return {key: _scrubbed(value) for key, value in row.items() if key not in _PERSONAL}


def _scrubbed(value: Any) -> Any:
    if isinstance(value, dict):
        return without_persons(value)
    return [_scrubbed(one) for one in value] if isinstance(value, list) else value
