"""Sets for preference training: a chosen and a rejected answer, in the shapes that trainers take, and single answers marked good or bad.

- ``prompt`` (or ``question``, ``instruction`` and ``input``), ``chosen``, ``rejected`` as strings, with or without ``system``
- the same with ``chosen`` and ``rejected`` as lists of turns: the whole talk, or only the answer
- ``chosen`` and ``rejected`` alone, each a whole talk
- ``conversations`` or ``messages`` as the prompt, ``chosen`` and ``rejected`` one turn each

The two columns may have other names (``preferred_output`` and ``non_preferred_output``, say). Who chose is as a rule not said, and often it
was the mark of a model.
"""

from __future__ import annotations

import json
from typing import Any, Final

from scrapers.arena.pairs import said
from scrapers.arena.rows import Case, Refused, Row, is_talk, mapped, own_marks, pair, role_of, row_id, text_of, turns_of
from scrapers.arena.verdicts import BAD, GOOD, marked
from thresher.model import Battle, Message, Response
from thresher.text import clean

_TALKS: Final = ("conversations", "messages", "context", "history")
_ASKED: Final = ("prompt", "question", "instruction", "query", "input")


_SIDES: Final = (
    ("chosen", "rejected"), ("chosen_response", "rejected_response"), ("chosen_answer", "rejected_answer"), ("accepted", "rejected"),
    ("accepted_response", "rejected_response"), ("preferred", "rejected"), ("preferred", "dispreferred"), ("good", "bad"),
    ("preferred_response", "dispreferred_response"), ("preferred_output", "non_preferred_output"), ("better", "worse"), ("win", "lose"),
)  # fmt: skip


def _sides_of(row: Row) -> tuple[str, str] | None:
    return next((names for names in _SIDES if all(isinstance(row.get(name), str | list | dict) for name in names)), None)


def is_dpo(row: Row) -> bool:
    """Whether a row has a chosen and a rejected answer, as text, turns or one turn each. One of them may be empty."""
    return _sides_of(row) is not None


def dpo(row: Row) -> Case:
    """A pair for training."""
    asked = prompt_of(row)
    names = _sides_of(row)
    if names is None:
        raise Refused("no_pair", "a chosen and a rejected answer are not both there")
    sides = [_side(row[name], asked) for name in names]
    if not any(m.role == "user" for m in sides[0]):
        raise Refused("no_prompt", "neither a prompt column nor the chosen talk says what was asked")
    models = (str(row.get("chosen_model") or ""), str(row.get("rejected_model") or ""))
    battle = pair(sides[0], sides[1], models, "first", judge="unknown", shown="unknown")
    marks = own_marks(row, "score_chosen", "score_rejected", "chosen_score", "rejected_score", "source", "dataset", "category")
    return Case(native_id(row, *(row[name] for name in names)), battle, marks=marks)


def prompt_of(row: Row) -> tuple[Message, ...]:
    """What the columns beside the answers say was asked, with the system's message first; empty where they say nothing."""
    for name in _TALKS:
        if is_talk(row.get(name)):
            return _with_system(row, turns_of(row[name])[0])
    for name in _ASKED:
        value = row.get(name)
        if isinstance(value, dict):
            value = next((value[inner] for inner in ("messages", "full_text", "text") if value.get(inner)), None)
        if is_talk(value):
            return _with_system(row, turns_of(value)[0])
        if isinstance(value, str) and value.strip():
            if name == "prompt" and "Human:" in value[:12]:
                return _with_system(row, tuple(m for m in said(value) if m.content))
            extra = row.get("input") if name == "instruction" else ""
            return _with_system(row, (Message("user", clean("\n\n".join(part for part in (value, extra or "") if part))),))
    return ()


def _with_system(row: Row, asked: tuple[Message, ...]) -> tuple[Message, ...]:
    system = row.get("system") or row.get("system_prompt")
    if not isinstance(system, str) or not system.strip() or (asked and asked[0].role == "system"):
        return asked
    return (Message("system", clean(system)), *asked)


def _side(answer: Any, asked: tuple[Message, ...]) -> tuple[Message, ...]:
    """A whole talk: the answer after what was asked, unless it holds that itself."""
    if isinstance(answer, str):
        if answer.lstrip().startswith(("Human:", "Assistant:")) or (not asked and "\n\nAssistant:" in answer):
            talk = said(answer)
        elif answer.lstrip().startswith("[{"):
            return _side(json.loads(answer), asked)
        else:
            talk = (Message("assistant", clean(answer)),)
    elif isinstance(answer, dict):
        talk = turns_of([answer])[0]
    elif is_talk(answer):
        talk = turns_of(answer)[0]
    else:
        talk = (Message("assistant", text_of(answer)[0]),)
    if any(m.role == "user" for m in talk):
        system = asked[:1] if asked and asked[0].role == "system" and talk[0].role != "system" else ()
        return (*system, *talk)
    return (*asked, *talk)


def native_id(row: Row, *parts: Any) -> str:
    """The row's own id, or one made of its content."""
    own = next((row[name] for name in ("id", "prompt_id", "conversation_id", "uid", "idx") if isinstance(row.get(name), str | int)), None)
    return str(own) if own not in (None, "") and not isinstance(own, bool) else row_id(*parts, row.get("prompt"))


def single(row: Row) -> Case:
    """One answer that somebody marked good or bad (``prompt``, ``completion``, ``label``), as KTO takes them."""
    talk = _side(row["completion"], prompt_of(row))
    verdict = marked(row["label"])
    if verdict is None:
        mapped({}, "label", row["label"])
    failed = True if verdict == BAD else None
    response = Response(str(row.get("model") or ""), talk[-1].content, 1.0 if verdict == GOOD else 0.0, failed)
    if role_of(talk[-1].role) != "assistant" or len(talk) < 2:
        raise Refused("no_prompt", "what was asked is not in the row")
    battle = Battle(talk[:-1], (response,), "none", "unknown", 0.4 if failed else 0.0)
    return Case(native_id(row, row["completion"], row["label"]), battle)
