"""Talks with one model as people and programs save them: ShareGPT in its variants, OpenAI's messages, ChatGPT's own export;
the export of a Claude account and Gemini's requests are lists of turns like others."""

from __future__ import annotations

from typing import Any, Final

from scrapers.arena.rows import (
    USERS,
    Case,
    Refused,
    Row,
    dialogue,
    is_talk,
    language_of,
    moment,
    own_marks,
    role_of,
    row_id,
    text_of,
    turns_of,
    unanswered,
    user_of,
)  # fmt: skip
from scrapers.arena.verdicts import BAD, marked
from thresher.model import Battle, Message

_TALKS: Final = ("messages", "conversations", "conversation", "items", "dialogue", "dialog", "chat", "chat_messages", "contents")
_MARKS: Final = ("label", "rating", "feedback", "thumbs", "vote")
_TIMES: Final = ("create_time", "timestamp", "created_at", "created", "ts", "time")
_IDS: Final = ("id", "conversation_id", "chat_id", "uuid", "uid", "hash")
COLUMNS: Final = frozenset(
    (*_TALKS, *_MARKS, *_TIMES, *_IDS, *USERS, "system", "system_prompt", "model", "model_name", "language", "consent")
)
"""What of a row with a list of turns is read at all."""


def is_chat(row: Row) -> bool:
    """Whether a row holds a list of turns under one of the names for it."""
    return any(is_talk(row.get(name)) for name in _TALKS)


def chat(row: Row) -> Case:
    """A list of turns, each with who speaks (``role``, ``from``) and what is said (``content``, ``value``). A mark beside it is about the
    last answer; who gave it is not said."""
    turns = next(row[name] for name in _TALKS if is_talk(row.get(name)))
    messages, pictures = turns_of(turns)
    system = row.get("system") or row.get("system_prompt")
    if isinstance(system, str) and system.strip() and messages and messages[0].role != "system":
        messages = (Message("system", text_of(system)[0]), *messages)
    if not messages:
        raise Refused("empty_conversation", "a talk without a message")
    verdict = next((found for name in _MARKS if (found := marked(row.get(name))) is not None), None)
    failed = True if verdict == BAD else None
    model = str(row.get("model") or row.get("model_name") or "")
    asked, responses = dialogue(messages, model, failed=failed)
    native_id = next((str(row[name]) for name in _IDS if isinstance(row.get(name), str | int) and row[name] != ""), "") or row_id(
        [(m.role, m.content) for m in messages]
    )
    marks = {
        "turns": sum(m.role == "user" for m in messages),
        **own_marks(row, *_MARKS),
        **({"tools": True} if any(m.role == "tool" for m in messages) else {}),
        **({"images": pictures} if pictures else {}),
        **unanswered(responses, model),
    }
    battle = Battle(asked, responses, "none", "unknown" if failed else "human", 0.4 if failed else 0.0)
    when = next((moment(row[name]) for name in _TIMES if row.get(name)), None)
    return Case(native_id, battle, language_of(row.get("language")), when, user_of(row), marks=marks)


def chatgpt_export(row: Row) -> Case:
    """One talk of ``conversations.json``, the export of a ChatGPT account: a tree of messages, of which the branch that the user saw last
    is read. What the tools and the system put between is left out; pictures are counted."""
    mapping = row["mapping"]
    branch: list[Row] = []
    here = row.get("current_node") or _last(mapping)
    while here is not None and here in mapping and len(branch) <= len(mapping):
        branch.append(mapping[here])
        here = mapping[here].get("parent")
    messages: list[Message] = []
    pictures, model = 0, ""
    for node in reversed(branch):
        message = node.get("message")
        if not message or message["author"]["role"] not in {"user", "assistant"}:
            continue
        text, beside = _parts(message.get("content") or {})
        pictures += beside
        model = (message.get("metadata") or {}).get("model_slug") or model
        if text or beside:
            messages.append(Message(role_of(message["author"]["role"]), text))
    if not messages:
        raise Refused("empty_conversation", "a talk without a message")
    asked, responses = dialogue(tuple(messages), str(model))
    marks = {
        "turns": sum(m.role == "user" for m in messages),
        **({"images": pictures} if pictures else {}),
        **unanswered(responses, str(model)),
    }
    native_id = str(row.get("conversation_id") or row.get("id") or row_id([m.content for m in messages]))
    return Case(native_id, Battle(asked, responses, "none", "human"), created_at=moment(row.get("create_time")), marks=marks)


def _last(mapping: Row) -> str | None:
    """The node to which the first of all children leads, where the export does not say which was seen last."""
    here: str | None = next((key for key, node in mapping.items() if not node.get("parent")), None)
    for _ in range(len(mapping)):
        children = mapping[here].get("children") if here is not None and here in mapping else None
        if not children:
            break
        here = children[-1]
    return here


def _parts(content: dict[str, Any]) -> tuple[str, int]:
    """The text of a message, and how many pictures or files it holds; what a model thought or ran is none of its words."""
    if content.get("content_type") not in {"text", "multimodal_text", "code", None}:
        return "", 0
    parts = content.get("parts")
    if parts is None:
        return text_of(content.get("text") or "")
    texts = [part if isinstance(part, str) else part.get("text") for part in parts if part is not None]
    return text_of("\n".join(text for text in texts if text))[0], sum(text is None for text in texts)
