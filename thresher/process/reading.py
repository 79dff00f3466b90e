"""Transcripts from files: OpenAI chat messages (a list, an object with ``messages``, or JSON lines of these) and Inspect logs (``.eval``,
or ``.json`` with ``samples``), each sample a transcript. Reasoning is taken from content parts and from ``reasoning_content``."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from thresher.errors import PayloadError
from thresher.process.steps import Step, Transcript

_THOUGHTS = {"reasoning": "reasoning", "thinking": "thinking"}
_TEXTS = {"text": "text", "input_text": "text", "output_text": "text", "refusal": "refusal"}
_SAMPLES = "samples/"


def transcripts(path: Path) -> Iterator[Transcript]:
    """Each run in a file. PayloadError names what in it is none, OSError where the file cannot be read."""
    if zipfile.is_zipfile(path):
        yield from _log(path)
        return
    data = path.read_bytes()
    lines = [line for line in data.splitlines() if line.strip()]
    if path.suffix == ".jsonl":
        for number, line in enumerate(lines, 1):
            yield from _of(_json(line, f"{path}, line {number}"), f"{path.name}:{number}", f"{path}, line {number}")
    else:
        yield from _of(_json(data, str(path)), path.name, str(path))


def _log(path: Path) -> Iterator[Transcript]:
    with zipfile.ZipFile(path) as log:
        for name in sorted(name for name in log.namelist() if name.startswith(_SAMPLES) and name.endswith(".json")):
            place = f"{path}, {name}"
            try:
                data = log.read(name)
            except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
                raise PayloadError(f"{place}: cannot be unpacked: {error}") from error
            yield _sample(_json(data, place), place)


def _of(stated: Any, name: str, place: str) -> Iterator[Transcript]:
    if isinstance(stated, Mapping) and isinstance(stated.get("samples"), list):
        yield from (_sample(sample, place) for sample in stated["samples"])
    elif isinstance(stated, Mapping):
        yield Transcript(str(stated.get("id") or name), tuple(steps(stated.get("messages"), place)))
    else:
        yield Transcript(name, tuple(steps(stated, place)))


def _sample(stated: Any, place: str) -> Transcript:
    if not isinstance(stated, Mapping):
        raise PayloadError(f"{place}: a sample is no object")
    return Transcript(f"{stated.get('id')} epoch {stated.get('epoch', 1)}", tuple(steps(stated.get("messages"), place)))


def _json(data: bytes, place: str) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise PayloadError(f"{place}: not valid JSON: {error}") from error


def steps(messages: Any, place: str) -> Iterator[Step]:
    """The steps of a list of messages. PayloadError names the message that is none."""
    if not isinstance(messages, list) or not messages:
        raise PayloadError(f"{place}: holds no list of messages; give OpenAI chat messages or an Inspect log")
    for number, message in enumerate(messages):
        where = f"{place}, message {number}"
        if not isinstance(message, Mapping) or not isinstance(message.get("role"), str):
            raise PayloadError(f"{where}: has no role")
        yield from _assistant(message, number, where) if message["role"] == "assistant" else _other(message, number, where)


def _other(message: Mapping[str, Any], number: int, where: str) -> Iterator[Step]:
    text = "\n".join(text for kind, text in _parts(message.get("content"), where) if kind == "said")
    if message["role"] in ("tool", "function"):
        name = str(message.get("function") or message.get("name") or "")
        error = message.get("error")
        if isinstance(error, Mapping):
            text = text or str(error.get("message", ""))
        yield Step(number, "result", text, name, str(message.get("tool_call_id") or name), bool(error))
    else:
        yield Step(number, "asked", text)


def _assistant(message: Mapping[str, Any], number: int, where: str) -> Iterator[Step]:
    made = []
    if isinstance(message.get("reasoning_content"), str) and message["reasoning_content"].strip():
        made.append(Step(number, "thought", message["reasoning_content"]))
    for kind, text in _parts(message.get("content"), where):
        if text.strip():
            made.append(Step(number, "thought" if kind == "thought" else "said", text))
    made += _calls(message, number, where)
    yield from made or [Step(number, "empty", "")]


def _parts(content: Any, where: str) -> Iterator[tuple[str, str]]:
    """Texts and thoughts in order; pictures and the like are passed over."""
    if content is None:
        return
    if isinstance(content, str):
        yield "said", content
        return
    if not isinstance(content, list) or not all(isinstance(part, Mapping) for part in content):
        raise PayloadError(f"{where}: its content is neither a text nor a list of parts")
    for part in content:
        for kind, keys in (("said", _TEXTS), ("thought", _THOUGHTS)):
            if part.get("type") in keys:
                yield kind, str(part.get(keys[part["type"]]) or "")


def _calls(message: Mapping[str, Any], number: int, where: str) -> Iterator[Step]:
    calls = message.get("tool_calls") or ()
    if legacy := message.get("function_call"):
        calls = [{"function": legacy, "id": legacy.get("name", "") if isinstance(legacy, Mapping) else ""}]
    for call in calls:
        if not isinstance(call, Mapping):
            raise PayloadError(f"{where}: a tool call is no object")
        function = call.get("function")  # OpenAI: an object; Inspect: the name
        stated = function if isinstance(function, Mapping) else {"name": function, "arguments": call.get("arguments")}
        given = stated.get("arguments")
        text = given if isinstance(given, str) else json.dumps(given or {}, ensure_ascii=False)
        yield Step(number, "call", text, str(stated.get("name") or ""), str(call.get("id") or stated.get("name") or ""))
