"""What may be set of language models: ``models.toml``."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from thresher.errors import SettingsError
from thresher.settings import Section

Answers = Literal["json_schema", "json_object", "text"]
PATH = "/chat/completions"


class Model(Section):
    """One language model behind an OpenAI-compatible endpoint. Prices are in US dollars for a million tokens."""

    name: str = Field(min_length=1, pattern=r"^[\w.:@/-]+$")
    """What thresher calls it."""
    endpoint: str
    """``https://api.example.com/v1``, ``http://127.0.0.1:8000/v1``, or the whole address up to /chat/completions. Only this host is asked,
    also where it is a private address, and no redirect is followed."""
    served_id: str = Field(min_length=1)
    """What the endpoint calls it; sent as ``model``."""
    serves: tuple[str, ...] = ()
    """Other ids under which its answers may come back. One that begins with ``served_id`` (a dated version) is always taken; an answer
    under any other id is not used."""
    family: str = ""
    """Who made it, such as ``llama``: a judge is of another family than the judged."""
    succeeds: tuple[str, ...] = ()
    """Names of earlier models, as people call them, in whose place this one is asked at night where they are blamed."""
    released: date | None = None
    """Day of release."""
    shutdown: date | None = None
    """Day from which on it cannot be asked any more."""
    input_price: Decimal = Field(Decimal(0), ge=0)
    """For a million tokens sent."""
    output_price: Decimal = Field(Decimal(0), ge=0)
    """For a million tokens answered, those of hidden reasoning included."""
    cached_price: Decimal | None = Field(None, ge=0)
    """For a million tokens sent that the provider had in its cache; without it they cost ``input_price``."""
    api_key_env: str = Field("", pattern=r"^([A-Z][A-Z0-9_]{0,79})?$")
    """The NAME of the environment variable that holds the key; never the key. Of a variable that begins with THRESHER_ the flows take the
    Prefect Secret block of that name too (``thresher-model-key`` for THRESHER_MODEL_KEY)."""
    requests_per_minute: int = Field(0, ge=0)
    """0 for no limit."""
    tokens_per_minute: int = Field(0, ge=0)
    """Sent and answered together; 0 for no limit."""
    concurrency: int = Field(4, ge=1, le=256)
    """Questions that are under way at once."""
    context_tokens: int = Field(32_768, ge=1024)
    """Most tokens of a question with its answer; a question that may not fit is not asked."""
    answers: Answers = "json_schema"
    """How a structured answer is asked for. A server that refuses ``json_schema`` is asked by ``json_object``, and then in words alone."""
    temperature: float | None = Field(0.0, ge=0, le=2)
    """Sent where the server takes it."""
    extra: dict[str, Any] = Field(default_factory=dict)
    """Further keys of the request, such as ``{reasoning_effort = "low"}``."""
    timeout_s: float = Field(180.0, gt=0)
    """For one whole answer."""
    tries: int = Field(4, ge=1, le=20)
    """Of one question where another try can help, the first among them."""
    max_wait_s: float = Field(60.0, gt=0)
    """The longest wait before another try; a server that wants a longer one is not asked again until it is over."""

    @field_validator("endpoint")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
            raise ValueError("give an address such as https://api.example.com/v1, without a key or password in it")
        return value

    @property
    def url(self) -> str:
        """Where questions go."""
        base = self.endpoint.rstrip("/")
        if base.endswith(PATH):
            return base
        return base + PATH if urlsplit(base).path else f"{base}/v1{PATH}"

    def key(self, environ: Mapping[str, str] | None = None) -> str:
        """The key, empty where none is needed. SettingsError where its variable is not set."""
        if not self.api_key_env:
            return ""
        key = (os.environ if environ is None else environ).get(self.api_key_env, "")
        if not key:
            raise SettingsError(f"model {self.name} needs its key in the environment variable {self.api_key_env}, which is not set")
        return key.strip()

    def answers_as(self, served: str) -> bool:
        """Whether an answer under this id is one of this model. Servers that name no id are believed; some name the file of the model."""
        ours = {i.lower() for i in (self.served_id, *self.serves)}
        whole = served.lower()
        theirs = {whole, re.split(r"[/\\]", whole)[-1]}
        return not whole or any(name == i or name.startswith((i + "-", i + ":", i + "@", i + ".")) for i in ours for name in theirs)


class Models(Section):
    """All models that may be asked. None is on until it is configured."""

    models: tuple[Model, ...] = ()
    """Each under ``[[models]]``; see below."""

    @model_validator(mode="after")
    def _have_names_of_their_own(self) -> Models:
        names = [model.name for model in self.models]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"the name {twice[0]!r} is taken twice")
        return self

    def named(self, name: str) -> Model:
        """The model of this name; SettingsError says which there are."""
        for model in self.models:
            if model.name == name:
                return model
        there = ", ".join(model.name for model in self.models) or "none yet; see the examples in it"
        raise SettingsError(f"config/models.toml has no model {name!r}; configured are: {there}")
