"""What is asked of a model, and what came of it: a question always ends in one of five outcomes, never in an exception."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel

from thresher.models.settings import Model

Outcome = Literal["answered", "refused", "silent", "over_budget", "unavailable"]
"""``answered``: in the form that was asked for. ``refused``: the model or its provider declined. ``silent``: it was asked, and nothing
usable came (broken JSON, no choices, cut off, too slow). ``over_budget``: not asked. ``unavailable``: the endpoint could not be asked, or
told us so."""

MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Question:
    """Messages for a model. ``form`` is what the answer has to be; without one its text is the answer. ``about`` are the keys of the
    records that it quotes: when one of them is taken down, the answer goes too. ``purpose`` says who asks, with a version. ``sample``
    tells askings of the same words apart, where several answers are wanted."""

    messages: tuple[tuple[str, str], ...]
    form: type[BaseModel] | None = None
    max_output_tokens: int = 1024
    about: tuple[str, ...] = ()
    purpose: str = ""
    sample: str = ""

    @property
    def schema(self) -> dict[str, Any] | None:
        """The form as strict JSON schema: every property required, and no other allowed."""
        return None if self.form is None else strict(self.form.model_json_schema())

    def hash_for(self, model: Model) -> str:
        """The same for the same question to the same model, wherever it is served."""
        asked = [model.served_id, self.messages, self.schema, self.max_output_tokens, model.temperature, model.extra]
        asked += [self.sample] if self.sample else []
        return hashlib.sha256(json.dumps(asked, sort_keys=True, ensure_ascii=True).encode()).hexdigest()

    @property
    def most_input_tokens(self) -> int:
        """No tokenizer makes more tokens of a text than it has bytes; with some for what stands between the messages."""
        sent = sum(len(content.encode()) + 16 for _, content in self.messages)
        return sent + (len(json.dumps(self.schema)) if self.form else 0) + 64


def strict(schema: dict[str, Any]) -> dict[str, Any]:
    """A JSON schema as strict servers want it: closed objects, all keys required, without titles, defaults and prose."""
    plain = {k: v for k, v in schema.items() if k not in {"title", "default"}}
    if "properties" in plain:
        plain["properties"] = {name: strict(inner) for name, inner in plain["properties"].items()}
        plain |= {"required": list(plain["properties"]), "additionalProperties": False}
        plain.pop("description", None)
    for key in ("items",):
        if isinstance(plain.get(key), dict):
            plain[key] = strict(plain[key])
    for key in ("anyOf", "allOf"):
        if key in plain:
            plain[key] = [strict(inner) for inner in plain[key]]
    if "$defs" in plain:
        plain["$defs"] = {name: strict(inner) for name, inner in plain["$defs"].items()}
    return plain


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the server counts them; ``cached`` are among ``sent``. None where it told nothing."""

    sent: int = 0
    cached: int = 0
    answered: int = 0

    @property
    def tokens(self) -> int:
        """All that count against a limit."""
        return self.sent + self.answered

    @classmethod
    def of(cls, raw: object) -> Usage | None:
        """The ``usage`` of a response; None where it makes no sense."""
        if not isinstance(raw, Mapping):
            return None
        sent, answered = (_count(raw.get(name)) for name in ("prompt_tokens", "completion_tokens"))
        if sent is None or answered is None:
            return None
        details = raw.get("prompt_tokens_details")
        cached = _count(details.get("cached_tokens")) if isinstance(details, Mapping) else None
        cached = _count(raw.get("prompt_cache_hit_tokens")) if cached is None else cached
        return cls(sent, min(cached or 0, sent), answered)


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def cost(model: Model, usage: Usage) -> Decimal:
    """In US dollars, by our own table."""
    cached_price = model.input_price if model.cached_price is None else model.cached_price
    fresh = usage.sent - usage.cached
    return (fresh * model.input_price + usage.cached * cached_price + usage.answered * model.output_price) / MILLION


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a question. ``value`` is its ``form`` where it was answered; ``detail`` says in a few words what went wrong;
    ``from_archive`` where nobody was asked this time, and it cost nothing; ``charged`` is what was ever paid for
    it, tries that were lost among it; ``at`` when it was kept."""

    outcome: Outcome
    request_hash: str
    detail: str = ""
    text: str = ""
    value: Any = None
    served_id: str = ""
    finish_reason: str = ""
    usage: Usage = field(default_factory=Usage)
    usd: Decimal = Decimal(0)
    seconds: float = 0.0
    from_archive: bool = False
    charged: Decimal = Decimal(0)
    at: str = ""
