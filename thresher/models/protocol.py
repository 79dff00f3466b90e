"""The words of the chat API: the body of a request, in the dialect of its server, and what an answer holds."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, ValidationError

from thresher.models.answers import Question, Usage
from thresher.models.settings import Answers, Model

FINISHED = frozenset({"stop", "end_turn", "eos", ""})
"""Reasons for which an answer ends where it was to end; servers that give none are believed."""
_FILTERED = frozenset({"content_filter", "safety", "refusal"})
_THOUGHT = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)
_SPENT = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a server turned out to take of the API."""

    answers: Answers
    limit_key: str = "max_tokens"
    temperature: bool = True

    def without_what_is_refused(self, status: int, body: bytes) -> Dialect | None:
        """The dialect to try after a refusal that names what the server does not know; None where that is not the trouble."""
        if status not in (400, 422):
            return None
        said = body[:4000].lower()
        if b"max_completion_tokens" in said and self.limit_key == "max_tokens":
            return replace(self, limit_key="max_completion_tokens")
        if b"temperature" in said and self.temperature:
            return replace(self, temperature=False)
        if b"response_format" in said or b"json_schema" in said:
            weaker: dict[Answers, Answers] = {"json_schema": "json_object", "json_object": "text"}
            return replace(self, answers=weaker[self.answers]) if self.answers in weaker else None
        return None


def request_body(model: Model, question: Question, dialect: Dialect) -> bytes:
    """What is sent."""
    body: dict[str, Any] = {
        "model": model.served_id,
        "messages": [{"role": role, "content": content} for role, content in question.messages],
        dialect.limit_key: question.max_output_tokens,
    }
    if model.temperature is not None and dialect.temperature:
        body["temperature"] = model.temperature
    if question.schema is not None and dialect.answers == "json_schema":
        form = {"name": "answer", "strict": True, "schema": question.schema}
        body["response_format"] = {"type": "json_schema", "json_schema": form}
    elif question.schema is not None and dialect.answers == "json_object":
        body["response_format"] = {"type": "json_object"}
    return json.dumps({**body, **model.extra}, ensure_ascii=False).encode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Said:
    """What a body with status 200 holds. ``trouble`` says why nothing in it can be used, ``refusal`` in which words it was declined."""

    text: str = ""
    refusal: str = ""
    finish_reason: str = ""
    served_id: str = ""
    usage: Usage | None = None
    trouble: str = ""


def read_body(body: bytes) -> Said:
    """Never raises: what is not as the API says is ``trouble``."""
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        return Said(trouble="the body is no JSON, or was cut off")
    if not isinstance(payload, dict):
        return Said(trouble="the body is no JSON object")
    served, usage = payload.get("model"), Usage.of(payload.get("usage"))
    said = Said(served_id=served if isinstance(served, str) else "", usage=usage)
    choices = payload.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, dict) or not isinstance(choice.get("message"), dict):
        told = error_text(body)
        return replace(said, trouble=f"no choices came{': ' + told if told else ''}")
    finish = choice.get("finish_reason")
    said = replace(said, finish_reason=finish if isinstance(finish, str) else "")
    message = choice["message"]
    refusal, text = message.get("refusal"), _text(message.get("content"))
    if isinstance(refusal, str) and refusal.strip():
        return replace(said, refusal=refusal, text=text)
    if said.finish_reason in _FILTERED:
        return replace(said, refusal=f"stopped by {said.finish_reason}", text=text)
    if said.finish_reason not in FINISHED:
        return replace(said, text=text, trouble=f"the answer ends early ({said.finish_reason})")
    return replace(said, text=text, trouble="" if text.strip() else "the answer is empty")


def _text(content: object) -> str:
    """A text, or the texts of a list of parts."""
    if isinstance(content, list):
        return "".join(part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str))
    return content if isinstance(content, str) else ""


def value_of(text: str, form: type[BaseModel]) -> BaseModel | None:
    """The answer in its form: the first JSON object of the text that is one, whatever stands around it; None where there is none."""
    text = _THOUGHT.sub("", text)
    decoder, place = json.JSONDecoder(strict=False), text.find("{")
    while place >= 0:
        try:
            value, _ = decoder.raw_decode(text, place)
            return form.model_validate(value)
        except (ValidationError, ValueError, RecursionError):
            place = text.find("{", place + 1)
    return None


def obeys(text: str, form: type[BaseModel]) -> bool:
    """Whether the whole answer is the form and nothing else."""
    try:
        value = json.loads(text)
        form.model_validate(value)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and set(value) == set(form.model_fields)


def error_text(body: bytes) -> str:
    """What an error says, in the ways in which servers say it; the beginning of the body where it is said in none."""
    error = _error(body)
    for value in (error.get("message"), error.get("detail"), error.get("error")):
        if isinstance(value, str) and value.strip():
            return " ".join(value.split())[:300]
    return "" if error else " ".join(body[:200].decode("utf-8", "replace").split())


def is_spent(body: bytes) -> bool:
    """Whether the account has no money left: no wait helps."""
    error = _error(body)
    return bool(_SPENT & {str(error.get("code")), str(error.get("type"))})


def is_filtered(status: int, body: bytes) -> bool:
    """Whether the provider's filter stopped the question itself."""
    return status in (400, 403) and str(_error(body).get("code")) in {"content_filter", "content_policy_violation"}


def _error(body: bytes) -> Mapping[str, Any]:
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(payload, dict):
        return {}
    inner = payload.get("error")
    return inner if isinstance(inner, dict) else payload
