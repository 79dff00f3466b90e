"""Logs of Inspect (https://inspect.aisi.org.uk/eval-logs.html), version 2: a sample with its conversation, scores and error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from scrapers.arena.rows import Refused, moment
from scrapers.traces.steps import Did, Step, Trace, as_text
from thresher.text import clean

_ATTACHMENT: Final = "attachment://"
_WRONG: Final = frozenset({"I", "N", "0", "0.0", "false"})
"""Incorrect and no answer, as Inspect writes them, and the numbers that they count for."""
_RIGHT: Final = frozenset({"C", "1", "1.0", "true"})
_SAID: Final[Mapping[str, Did]] = {"user": "asked", "assistant": "said", "tool": "given"}


def trace(row: Mapping[str, Any]) -> Trace:
    """The trace of a sample. Refused where it holds no conversation."""
    evaluation, sample = row["eval"] or {}, row["sample"]
    attachments = sample.get("attachments") or {}
    reader = _Reader(attachments)
    messages = sample.get("messages") or _asked(sample.get("input"))
    for message in messages:
        reader.add(message)
    if not any(step.did == "asked" for step in reader.steps):
        raise Refused("empty_conversation", "a sample without a message of the user")
    scores = {name: _score(score) for name, score in (sample.get("scores") or {}).items()}
    failure = _failure(scores, sample)
    target = sample.get("target")
    marks = {
        "layout": "inspect_log",
        "task": str(evaluation.get("task") or ""),
        "epoch": sample.get("epoch", 1),
        **({"scores": scores} if scores else {}),
        **({"failure": failure} if failure else {}),
        **({"limit": str(limit.get("type"))} if isinstance(limit := sample.get("limit"), dict) else {}),
    }
    model = str((sample.get("output") or {}).get("model") or evaluation.get("model") or "")
    native_id = f"{evaluation.get('run_id') or evaluation.get('eval_id') or ''}/{sample['id']}/{sample.get('epoch', 1)}"
    return Trace(
        native_id, reader.steps, model, "\n\n".join(reader.system), failure, as_text(target) if isinstance(target, str) else "",
        created_at=moment(sample.get("started_at") or evaluation.get("created")), pictures=reader.pictures, marks=marks,
    )  # fmt: skip


def _asked(given: Any) -> list[dict[str, Any]]:
    """The input of a sample, where its evaluation came to no message."""
    return [{"role": "user", "content": given}] if isinstance(given, str) else list(given or [])


def _score(score: Any) -> str:
    """The value of a score as one word; empty for one that is many."""
    value = score.get("value") if isinstance(score, dict) else score
    return "" if isinstance(value, dict | list) or value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _failure(scores: Mapping[str, str], sample: Mapping[str, Any]) -> str:
    """Failed is what one scorer marks down and none marks right, and a sample that ended in an error before it was scored."""
    wrong = [f"{name}: {value}" for name, value in scores.items() if value in _WRONG]
    if wrong and not any(value in _RIGHT for value in scores.values()):
        return clean(", ".join(wrong))
    error = sample.get("error")
    return clean(f"error: {error.get('message')}"[:200]) if isinstance(error, dict) and not scores else ""


class _Reader:
    """Messages with their content as steps."""

    def __init__(self, attachments: Mapping[str, Any]) -> None:
        self._attachments = attachments
        self.steps: list[Step] = []
        self.system: list[str] = []
        self.pictures = 0

    def add(self, message: Mapping[str, Any]) -> None:
        role, content = message["role"], message.get("content")
        for part in [{"type": "text", "text": content}] if isinstance(content, str) else content or []:
            self._part(role, message, part)
        for call in message.get("tool_calls") or []:
            self.steps.append(Step("called", self._text(call.get("arguments")), str(call.get("function") or ""), str(call.get("id") or "")))
        if role == "tool" and not content and message.get("error"):
            self._part(role, message, {"type": "text", "text": ""})

    def _part(self, role: str, message: Mapping[str, Any], part: Mapping[str, Any]) -> None:
        match part.get("type"):
            case "text" if role == "system":
                self.system.append(self._text(part.get("text")))
            case "text" if role == "tool":
                error = message.get("error")
                said = clean(str(error.get("message") or error.get("type") or "error")) if isinstance(error, dict) else ""
                name, call = str(message.get("function") or ""), str(message.get("tool_call_id") or "")
                self.steps.append(Step("given", self._text(part.get("text")), name, call, said))
            case "text" if text := self._text(part.get("text")):
                self.steps.append(Step(_SAID[role], text))
            case "reasoning" if text := self._text(part.get("reasoning") or part.get("summary")):
                self.steps.append(Step("thought", text))
            case "tool_use":  # a search, or another tool that the provider ran itself: call and result in one
                name, call = str(part.get("name") or part.get("tool_type") or ""), str(part.get("id") or "")
                self.steps.append(Step("called", self._text(part.get("arguments")), name, call))
                self.steps.append(Step("given", self._text(part.get("result")), name, call, as_text(part.get("error"))))
            case "image" | "audio" | "video" | "document":
                self.pictures += role == "user"
            case _:
                pass

    def _text(self, value: Any) -> str:
        """A text, from the attachments of the sample where it was long."""
        if isinstance(value, str) and value.startswith(_ATTACHMENT):
            value = self._attachments.get(value.removeprefix(_ATTACHMENT), value)
        return as_text(value)
