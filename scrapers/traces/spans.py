"""OpenTelemetry's GenAI spans (semantic conventions 1.37 to 1.41, and 0.1 of their own repository), as OTLP writes them in JSON.

The conversation is that of the last inference of a trace, whose input holds all that went before it. Content is recorded only where the
instrumentation was told to (``gen_ai.input.messages``, ``gen_ai.output.messages``, ``gen_ai.system_instructions``), on the span or on its
event ``gen_ai.client.inference.operation.details``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from scrapers.arena.rows import Refused, moment
from scrapers.traces.steps import Step, Trace, as_text
from thresher.text import clean

Span = Mapping[str, Any]

_INFERENCES: Final = frozenset({"chat", "text_completion", "generate_content", "invoke_agent", "invoke_workflow"})
_EVALUATION: Final = "gen_ai.evaluation.result"
_FAILS: Final = frozenset({"fail", "failed", "incorrect", "wrong", "bad", "not_relevant", "irrelevant", "unfaithful", "no"})
"""Labels of an evaluation that say so; the conventions leave the words to the evaluator."""
_ERRORS: Final = frozenset({2, "2", "STATUS_CODE_ERROR"})


def spans_of(export: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The spans of one export (``resourceSpans``); those without a trace are nobody's."""
    for resource in _dicts(export.get("resourceSpans")):
        for scope in _dicts(resource.get("scopeSpans")):
            yield from (span for span in _dicts(scope.get("spans")) if span.get("traceId"))


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def trace(row: Mapping[str, Any]) -> Trace:
    """The trace of the spans in ``row``. Refused where none of them is of a model, or none holds what was said."""
    spans = sorted(_dicts(row["spans"]), key=lambda span: int(span.get("endTimeUnixNano") or 0))
    told = [(span, _told(span)) for span in spans]
    models = [(span, said) for span, said in told if said.get("gen_ai.operation.name") in _INFERENCES or "gen_ai.input.messages" in said]
    if not models:
        raise Refused("no_model", "no span of the trace is an inference of a model")
    recorded = [(span, said) for span, said in models if said.get("gen_ai.input.messages")]
    if not recorded:
        raise Refused(
            "no_content", "no span holds what was said; the instrumentation must be told to record it on spans (capture message content)"
        )
    # of an inference and the agent around it the agent ends later and tells less
    inferences = [one for one in recorded if not str(one[1].get("gen_ai.operation.name")).startswith("invoke")]
    span, said = (inferences or recorded)[-1]
    errors = {str(tool["gen_ai.tool.call.id"]): _error(one, tool) for one, tool in told if tool.get("gen_ai.tool.call.id")}
    reader = _Reader(errors)
    for message in [*_list(said["gen_ai.input.messages"]), *_list(said.get("gen_ai.output.messages"))[:1]]:
        reader.add(message)
    failure = next((reason for one, about in reversed(told) if (reason := _evaluated(one) or _ended(one, about, span))), "")
    everywhere = {name: value for _, about in told for name, value in about.items()}
    marks = {
        "layout": "otel_spans",
        "spans": len(spans),
        **({"failure": failure} if failure else {}),
        **({"conversation": str(one)} if (one := everywhere.get("gen_ai.conversation.id")) else {}),
        **({"agent": str(one)} if (one := said.get("gen_ai.agent.name")) else {}),
    }
    system = [as_text(part.get("content")) for part in _list(said.get("gen_ai.system_instructions"))]
    return Trace(
        str(row["trace_id"]), reader.steps, str(said.get("gen_ai.response.model") or said.get("gen_ai.request.model") or ""),
        "\n\n".join([*system, *reader.system]), failure, user=_user(everywhere),
        created_at=moment(int(span.get("startTimeUnixNano") or 0) or None), pictures=reader.pictures, marks=marks,
    )  # fmt: skip


def _user(said: Mapping[str, Any]) -> str | None:
    return next((str(said[name]) for name in ("user.id", "enduser.id", "user.hash") if said.get(name)), None)


class _Reader:
    """Messages with their parts as steps."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        self._errors = errors
        self._names: dict[str, str] = {}
        self.steps: list[Step] = []
        self.system: list[str] = []
        self.pictures = 0

    def add(self, message: Mapping[str, Any]) -> None:
        role = message["role"]
        for part in _dicts(message.get("parts")) or [{"type": "text", "content": message.get("content")}]:
            self._part(role, part)

    def _part(self, role: str, part: Mapping[str, Any]) -> None:
        call = str(part.get("id") or "")
        match part.get("type"):
            case "text" if role in {"system", "developer"}:
                self.system.append(as_text(part.get("content")))
            case "text" if text := as_text(part.get("content")):
                self.steps.append(Step("asked" if role == "user" else "given" if role == "tool" else "said", text))
            case "reasoning" if text := as_text(part.get("content")):
                self.steps.append(Step("thought", text))
            case "tool_call" | "server_tool_call":
                self._names[call] = str(part.get("name") or "")
                given = part.get("arguments", part.get("server_tool_call"))
                self.steps.append(Step("called", as_text(given), self._names[call], call))
            case "tool_call_response" | "server_tool_call_response":
                given = part.get("response", part.get("result", part.get("server_tool_call_response")))
                self.steps.append(Step("given", as_text(given), self._names.get(call, ""), call, self._errors.get(call, "")))
            case "blob" | "file" | "file_data" | "uri":
                self.pictures += role == "user"
            case _:
                pass


def _evaluated(span: Span) -> str:
    """What an evaluation says against the trace."""
    for event in _dicts(span.get("events")):
        if event.get("name") == _EVALUATION:
            about = _attributes(event)
            label, value = str(about.get("gen_ai.evaluation.score.label") or "").lower(), about.get("gen_ai.evaluation.score.value")
            if label in _FAILS or (not label and value is not None and float(value) == 0.0):
                return clean(f"{about.get('gen_ai.evaluation.name', 'evaluation')}: {label or value}")
    return ""


def _ended(span: Span, said: Mapping[str, Any], last: Span) -> str:
    """The error with which the agent or the last inference ended. An earlier inference was tried again, and that a tool fails is what
    agents meet every day."""
    return _error(span, said) if span is last or str(said.get("gen_ai.operation.name")).startswith("invoke") else ""


def _error(span: Span, said: Mapping[str, Any]) -> str:
    status = span.get("status")
    if not isinstance(status, dict) or status.get("code") not in _ERRORS:
        return ""
    return clean(str(status.get("message") or said.get("error.type") or "error"))


def _told(span: Span) -> dict[str, Any]:
    """The attributes of a span and of the event that holds its content."""
    told = _attributes(span)
    for event in _dicts(span.get("events")):
        if event.get("name") == "gen_ai.client.inference.operation.details":
            told = _attributes(event) | told
    return told


def _attributes(thing: Mapping[str, Any]) -> dict[str, Any]:
    return {str(one["key"]): _value(one.get("value")) for one in _dicts(thing.get("attributes")) if "key" in one}


def _value(value: Any) -> Any:
    """OTLP's AnyValue as JSON has it; 64-bit numbers come as text."""
    if not isinstance(value, dict) or not value:
        return None
    ((kind, inner), *_) = value.items()
    match kind:
        case "intValue":
            return int(inner)
        case "arrayValue":
            return [_value(one) for one in (inner or {}).get("values") or []]
        case "kvlistValue":
            return {str(one["key"]): _value(one.get("value")) for one in _dicts((inner or {}).get("values"))}
        case _:
            return inner


def _list(value: Any) -> Sequence[dict[str, Any]]:
    """Messages as structure, or as the text of JSON where a span can hold no structure."""
    return _dicts(json.loads(value) if isinstance(value, str) else value)
