"""What every layout of an arena log shares: the row with its joined parts, literals that must be mapped, turns of talk, times, texts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from scrapers.common.page import from_epoch, from_iso
from thresher.model import Battle, ExportClass, Json, Message, Response, Shown, Vote
from thresher.text import clean, content_hash

Row = Mapping[str, Any]

BOTH_BAD: Final = 1.0
NEGATIVE: Final = 0.8
CLEAR_LOSER: Final = 0.6
LOSER: Final = 0.4
SLIGHT_LOSER: Final = 0.2
"""How strong a signal of failure is: nobody here was seen to check the response, so none is a proof."""

BOTTOM: Final = 0.2
"""A mark in the lowest fifth of its scale (1 or 2 of 10) is a failure by the judge's own word."""


class Unmapped(Exception):
    """A literal that no mapping knows: a layout that has changed."""

    def __init__(self, field_name: str, value: object) -> None:
        super().__init__(f"{field_name} is {str(value)[:60]!r}, which this layout does not know")


class Refused(Exception):
    """A row that the layout leaves out on purpose; ``reason`` is the word under which it is counted."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Case:
    """One row, understood."""

    native_id: str
    battle: Battle
    language: str = ""
    created_at: datetime | None = None
    judge_id: str | None = None
    """Who voted, as the log names that person; hashed before it is stored."""
    thread_id: str = ""
    marks: Mapping[str, Json] = field(default_factory=dict)
    status: str = "live"
    export_class: ExportClass | None = None
    """Where a row may leave less than its layout."""


PAIR: Final[Mapping[object, Vote]] = {
    "model_a": "first",
    "model_b": "second",
    "tie": "tie",
    "tie (bothbad)": "both_bad",
    "both_bad": "both_bad",
    None: "none",
    "": "none",
}

_ROLES: Final = {
    "user": "user", "human": "user", "prompter": "user", "assistant": "assistant", "gpt": "assistant", "chatgpt": "assistant",
    "bing": "assistant", "bard": "assistant", "model": "assistant", "ai": "assistant", "bot": "assistant", "chatbot": "assistant",
    "function_call": "assistant", "tool_call": "assistant", "system": "system", "developer": "system", "tool": "tool",
    "observation": "tool", "function": "tool", "function_response": "tool", "tool_response": "tool", "tool_result": "tool",
}  # fmt: skip
"""By the role in lower case. What a model calls is its own turn, what comes back is a turn of the tool."""


def role_of(name: Any) -> str:
    """The role of a turn, or Unmapped."""
    role: str = mapped(_ROLES, "role", name.strip().lower() if isinstance(name, str) else name)
    return role


def mapped(table: Mapping[Any, Any], field_name: str, value: Any) -> Any:
    """``table[value]``, or Unmapped."""
    try:
        return table[value]
    except (KeyError, TypeError):
        raise Unmapped(field_name, value) from None


def strength_of(vote: Vote) -> float:
    """The signal in a vote between two."""
    return {"both_bad": BOTH_BAD, "first": LOSER, "second": LOSER, "tie": 0.0, "none": 0.0}[vote]


def text_of(content: Any) -> tuple[str, int]:
    """The text of one turn, cleaned, and how many pictures or files it holds beside."""
    if content is None:
        return "", 0
    if isinstance(content, str):
        return clean(content), 0
    if isinstance(content, Mapping):
        return text_of(content["answer"] if "answer" in content else content["text"])
    texts, others = [], 0
    for part in content:
        if isinstance(part, str):
            texts.append(part)
        elif part.get("type", "text") == "text":
            texts.append(part.get("text") or "")
        else:
            others += 1
    return clean("\n".join(texts)), others


def turns_of(conversation: Any) -> tuple[tuple[Message, ...], int]:
    """A conversation as messages, and how many pictures or files were in it. It may be a list of turns, or JSON of one."""
    if isinstance(conversation, str):
        conversation = json.loads(conversation)
    messages, others = [], 0
    for turn in conversation:
        text, beside = text_of(turn[next((name for name in _SAID if turn.get(name)), next(name for name in _SAID if name in turn))])
        role = role_of(turn[next(name for name in _SPEAKER if name in turn)])
        if calls := turn.get("tool_calls") or turn.get("function_call"):
            text = "\n\n".join(part for part in (text, clean(json.dumps(calls, ensure_ascii=False))) if part)
        messages.append(Message(role, text))
        others += beside
    return tuple(messages), others


_SPEAKER: Final = ("role", "from", "speaker", "author", "sender")
_SAID: Final = ("content", "value", "text", "parts")


def is_talk(value: Any) -> bool:
    """Whether a value is a list of turns, or JSON of one, each with a speaker and with what was said."""
    if isinstance(value, str) and value.lstrip()[:2] == "[{":
        try:
            value = json.loads(value)
        except ValueError:
            return False
    return isinstance(value, list) and bool(value) and all(isinstance(turn, dict) and _is_turn(turn) for turn in value[:4])


def _is_turn(turn: Row) -> bool:
    return any(name in turn for name in _SPEAKER) and any(name in turn for name in _SAID)


def shared_prompt(sides: Sequence[tuple[Message, ...]]) -> int:
    """How many messages all sides begin with, cut so that the last of them is the user's."""
    length = min(len(side) for side in sides)
    same = next((i for i in range(length) if any(side[i] != sides[0][i] for side in sides)), length)
    while same and sides[0][same - 1].role != "user":
        same -= 1
    return same


def spoken(messages: Sequence[Message]) -> str:
    """What followed the prompt. Alone an answer stands as it is; a longer talk has each turn named."""
    if len(messages) == 1:
        return messages[0].content
    return "\n\n".join(f"{m.role.capitalize()}: {m.content}" for m in messages)


def dialogue(
    messages: tuple[Message, ...], model: str, *, score: float | None = None, failed: bool | None = None
) -> tuple[tuple[Message, ...], tuple[Response, ...]]:
    """A talk with one model as what it was asked last, and what it answered to that."""
    if messages and messages[-1].role == "assistant":
        return messages[:-1], (Response(model, messages[-1].content, score, failed),)
    return messages, ()


def pair(
    a: tuple[Message, ...],
    b: tuple[Message, ...],
    models: tuple[str, str],
    vote: Vote,
    *,
    judge: str = "human",
    strength: float | None = None,
    rationale: str = "",
    shown: Shown = "first",
) -> Battle:
    """Two talks that begin alike, and the vote between them; an arena shows the first on the left."""
    if not a or not b:
        raise Refused("empty_conversation", "one side of the pair holds no message")
    same = shared_prompt([a, b])
    failed = True if vote == "both_bad" else None
    responses = (Response(models[0], spoken(a[same:]), failed=failed), Response(models[1], spoken(b[same:]), failed=failed))
    return Battle(a[:same], responses, vote, judge, strength_of(vote) if strength is None else strength, rationale, shown=shown)


def user_turn(*prompts: str) -> tuple[Message, ...]:
    """One user message out of parts that stand one below the other."""
    text = "\n\n".join(part for part in (clean(p) for p in prompts) if part)
    return (Message("user", text),) if text else ()


def own_marks(row: Row, *names: str) -> dict[str, Json]:
    """The columns that are marks of the log itself and say something."""
    return {name: row[name] for name in names if row.get(name) not in (None, "", [], {}, False)}


def unanswered(responses: tuple[Response, ...], model: str) -> dict[str, str]:
    """Whose answers the earlier ones are, where the talk ends with its user."""
    return {"model": model} if model and not responses else {}


USERS: Final = ("user_key", "user_id", "user")


def user_of(row: Row) -> str | None:
    """Who asked, as a log names that person."""
    return next((str(row[name]) for name in USERS if isinstance(row.get(name), str | int) and row[name] != ""), None)


def row_id(*parts: object) -> str:
    """A stable id for a row that has none of its own."""
    return content_hash(*(part if isinstance(part, str) else json.dumps(part, sort_keys=True, default=str) for part in parts))


def moment(value: Any) -> datetime | None:
    """A time as UTC: seconds, milliseconds, microseconds or nanoseconds since 1970, or ISO 8601 (without a zone it is taken as UTC)."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        for unit in (1e9, 1e6, 1e3):
            if abs(value) >= 1e9 * unit:
                value = value / unit
                break
        return from_epoch(value)
    return from_iso(value)


_CODES: Final = {
    "english": "en", "german": "de", "french": "fr", "spanish": "es", "portuguese": "pt", "italian": "it", "dutch": "nl",
    "russian": "ru", "chinese": "zh",
    "japanese": "ja", "korean": "ko", "arabic": "ar", "turkish": "tr", "polish": "pl", "ukrainian": "uk", "vietnamese": "vi",
    "indonesian": "id",
    "persian": "fa", "hebrew": "he", "czech": "cs", "swedish": "sv", "finnish": "fi", "danish": "da", "norwegian": "no", "greek": "el",
    "hungarian": "hu",
    "romanian": "ro", "thai": "th", "hindi": "hi", "bulgarian": "bg", "catalan": "ca", "latin": "la",
}  # fmt: skip


def language_of(name: Any) -> str:
    """The ISO 639-1 code of a language that a log names in English or by its code; empty where it is neither."""
    word = name.strip().lower() if isinstance(name, str) else ""
    if len(word) == 2 or (len(word) > 2 and word[2] in "-_"):
        return word[:2]
    return _CODES.get(word, "")
