"""Logs of Inspect as trials, ``.eval`` or ``.json``, written by whatever task.

A sample is an item by ``item_id`` in its metadata, else by its own id. Texts that Inspect keeps apart (``attachment://``) are put back in
their places. Scores in a log are not looked at: our own scorers say what an answer is worth.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from thresher.errors import UsageError
from thresher.logs.inspect_zip import MOST_BYTES, member
from thresher.logs.trial import LoggedTrial
from thresher.model import Message
from thresher.models.answers import Usage

_ATTACHMENT: Final = re.compile(r"attachment://([0-9a-f]{32})")
_OURS: Final = re.compile(r"[0-9a-f]{16}")
_CUT: Final = {
    "max_tokens": "the answer ends early (max_tokens)",
    "model_length": "the answer ends early (model_length)",
    "content_filter": "stopped by content_filter",
}
"""Reasons of Inspect for which an answer is none of the model's, or not whole."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A sample that cannot be read, and why."""

    why: str


def read_log(path: Path) -> Iterator[LoggedTrial | Unreadable]:
    """Every sample of a log, in its order. UsageError where the file is no log of Inspect."""
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                yield from _of_zip(path, archive)
        else:
            yield from _of_json(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise UsageError(f"{path}: cannot be read ({error})") from error


def _of_zip(path: Path, archive: zipfile.ZipFile) -> Iterator[LoggedTrial | Unreadable]:
    names = archive.namelist()
    header: dict[str, Any] = {}
    for name in ("header.json", "_journal/start.json"):  # a run that was killed has only the second
        if name in names and not header:
            try:
                header = _object(member(archive, name, path))
            except (ValueError, RecursionError, zipfile.BadZipFile) as error:
                raise UsageError(f"{path}: {name} cannot be read ({error})") from error
    about = _spec(header, path)
    for name in names:
        if name.startswith("samples/") and name.endswith(".json"):
            try:
                yield _trial(about, _object(member(archive, name, path)))
            except (KeyError, TypeError, ValueError, AttributeError, RecursionError, zipfile.BadZipFile) as error:
                yield Unreadable(f"a sample cannot be read: {_reason(error)}")


def _of_json(path: Path) -> Iterator[LoggedTrial | Unreadable]:
    if path.stat().st_size > 16 * MOST_BYTES:
        raise UsageError(
            f"{path}: is larger than {16 * MOST_BYTES // 2**20:,} MB; `inspect log convert --to eval` makes it a log of samples"
        )
    try:
        log = _object(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: is no log of Inspect ({error})") from error
    about = _spec(log, path)
    samples = log.get("samples") or []
    for sample in samples if isinstance(samples, list) else []:
        try:
            yield _trial(about, sample)
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            yield Unreadable(f"a sample cannot be read: {_reason(error)}")


def _object(content: bytes) -> dict[str, Any]:
    value = json.loads(content)
    if not isinstance(value, dict):
        raise ValueError("no JSON object")
    return value


def _reason(error: Exception) -> str:
    return f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else " ".join(str(error).split())[:120]


def _spec(header: Mapping[str, Any], path: Path) -> Mapping[str, Any]:
    spec = header.get("eval")
    if not isinstance(spec, dict) or not isinstance(spec.get("model"), str) or not spec["model"]:
        raise UsageError(f"{path}: is no log of Inspect: nothing in it says which model was asked")
    return spec


def _trial(about: Mapping[str, Any], sample: Mapping[str, Any]) -> LoggedTrial:
    """KeyError, TypeError, ValueError or AttributeError for what is not as Inspect writes it."""
    attached = sample.get("attachments") or {}
    metadata = sample.get("metadata") or {}
    output = sample.get("output") or {}
    choice = (output.get("choices") or [{}])[0]
    finish = choice.get("stop_reason") or ""
    log = str(about.get("eval_id") or about.get("run_id") or about["created"])
    epoch = int(sample["epoch"])
    given = metadata.get("trial_id")
    own = hashlib.sha256(f"{log} {sample['id']} {epoch}".encode("utf-8", "replace")).hexdigest()[:16]
    messages = tuple(
        _turns([m for m in sample.get("messages") or [] if m.get("role") != "assistant" or m.get("source") == "input"], attached)
    )
    spent, usd = _usage(output, sample, about["model"])
    return LoggedTrial(
        trial_id=given if isinstance(given, str) and _OURS.fullmatch(given) else own,
        log=log,
        item_id=str(metadata.get("item_id") or sample["id"]),
        epoch=epoch,
        model=about["model"],
        served_id=str(output.get("model") or about["model"]),
        messages=messages or tuple(_turns(_as_messages(sample["input"]), attached)),
        response=_text((choice.get("message") or {}).get("content"), attached),
        asked_at=_moment(sample.get("started_at") or about["created"]),
        choices=tuple(_whole(str(text), attached) for text in sample.get("choices") or ()),
        finish_reason=str(finish),
        usage=spent,
        usd=usd,
        seconds=_finite(output.get("time") or sample.get("working_time") or 0.0),
        error=_error(sample, output, finish),
    )


def _error(sample: Mapping[str, Any], output: Mapping[str, Any], finish: str) -> str:
    """Why it counts for nothing: the sample ended in an error or at a limit, which Inspect scores as wrong."""
    if error := sample.get("error"):
        return f"error: {' '.join(str(error.get('message', '')).split())[:200]}"
    if limit := sample.get("limit"):
        return f"the limit of {limit.get('type', 'the run')} cut it"
    if finish in _CUT:
        return _CUT[finish]
    return str(output.get("error") or "") or ("" if output.get("choices") else "no answer is in the log")


def _as_messages(given: object) -> list[dict[str, Any]]:
    return [{"role": "user", "content": given}] if isinstance(given, str) else list(given) if isinstance(given, list) else []


def _turns(messages: list[dict[str, Any]], attached: Mapping[str, str]) -> Iterator[Message]:
    for message in messages:
        yield Message(str(message["role"]), _text(message.get("content"), attached))


def _text(content: object, attached: Mapping[str, str]) -> str:
    """A text, or the texts of its parts; reasoning and pictures are no part of an answer."""
    if isinstance(content, list):
        parts = (part.get("text") for part in content if isinstance(part, dict) and part.get("type", "text") == "text")
        return "".join(_whole(part, attached) for part in parts if isinstance(part, str))
    return _whole(content, attached) if isinstance(content, str) else ""


def _whole(text: str, attached: Mapping[str, str]) -> str:
    return _ATTACHMENT.sub(lambda match: str(attached.get(match[1], match[0])), text)


def _usage(output: Mapping[str, Any], sample: Mapping[str, Any], model: str) -> tuple[Usage, Decimal | None]:
    """Tokens and what the log says that they cost. Inspect counts what came from a cache, or went into one, apart from the other input."""
    told = output.get("usage") or (sample.get("model_usage") or {}).get(model) or {}
    cached = int(told.get("input_tokens_cache_read") or 0)
    sent = int(told.get("input_tokens") or 0) + cached + int(told.get("input_tokens_cache_write") or 0)
    usd = told.get("total_cost")
    return Usage(sent, cached, int(told.get("output_tokens") or 0)), None if usd is None else Decimal(str(_finite(usd)))


def _finite(value: Any) -> float:
    """JSON of Python may hold NaN and infinities."""
    number = float(value)
    if not math.isfinite(number) or number < 0:
        raise ValueError(f"{value!r} is no cost and no time")
    return number


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
