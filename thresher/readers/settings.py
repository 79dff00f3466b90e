"""What may be set of the readers: ``readers.toml``."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Literal

from pydantic import Field

from thresher.errors import SettingsError
from thresher.models.settings import Answers, Model, Models
from thresher.settings import Section, validated


class LanguageModel(Section):
    """The language model as the last reader of posts; off while neither ``model`` nor ``endpoint`` is set. See docs/reading.md."""

    model: str = ""
    """A name of ``models.toml``. Or, in its place, the keys ``endpoint`` and ``served_id``, and what else of the model is needed here."""
    endpoint: str = ""
    """As in ``models.toml``: ``http://127.0.0.1:8000/v1``."""
    served_id: str = ""
    """As in ``models.toml``, like the keys from here to ``context_tokens``."""
    serves: tuple[str, ...] = ()
    """Other ids under which its answers may come back."""
    api_key_env: str = Field("", pattern=r"^([A-Z][A-Z0-9_]{0,79})?$")
    """The NAME of the environment variable that holds the key, in capitals; never the key."""
    input_price: Decimal = Field(Decimal(0), ge=0)
    """US dollars for a million tokens sent."""
    output_price: Decimal = Field(Decimal(0), ge=0)
    """For a million tokens answered."""
    cached_price: Decimal | None = Field(None, ge=0)
    """For a million tokens sent that the provider had in its cache."""
    answers: Answers = "json_schema"
    """How a structured answer is asked for: ``json_schema``, ``json_object`` or ``text``."""
    concurrency: int = Field(4, ge=1, le=256)
    """Posts that are read at once."""
    requests_per_minute: int = Field(0, ge=0)
    """0 for no limit."""
    tokens_per_minute: int = Field(0, ge=0)
    """0 for no limit."""
    timeout_s: float = Field(180.0, gt=0)
    """For one whole answer."""
    context_tokens: int = Field(32_768, ge=8192)
    """Most tokens of a question with its answer."""
    ask: Literal["unsure", "every"] = "unsure"
    """``unsure``: only the posts that the learned reader leaves open. ``every``: all posts that are read, for measuring."""
    ask_from: float = Field(0.05, ge=0, le=1)
    """Posts to which the learned reader gives a lower probability of a failure are not open. At .05 it loses fewer than one failure in
    a hundred and saves one question in ten on posts as they come; docs/reading.md has the table."""
    max_usd: Decimal = Field(Decimal(5), ge=0)
    """What a run may spend at most; posts beyond it keep the reading of the learned reader and are asked about in the next run."""
    max_tokens: int = Field(20_000_000, ge=0)
    """The same in tokens sent and answered."""


class Readers(Section):
    """Who reads posts after the learned reader."""

    language_model: LanguageModel = LanguageModel()

    def model(self, models: Models) -> Model | None:
        """The model that reads; None where it is off. SettingsError where it is named and not configured, or in two ways."""
        chosen = self.language_model
        if chosen.model and (chosen.endpoint or chosen.served_id):
            raise SettingsError("config/readers.toml: language_model.model names a model of models.toml: leave out endpoint and served_id")
        if chosen.model:
            return models.named(chosen.model)
        if not chosen.endpoint and not chosen.served_id:
            return None
        if not chosen.endpoint or not chosen.served_id:
            raise SettingsError("config/readers.toml: language_model needs both endpoint and served_id, or a model of models.toml")
        shared = {name: getattr(chosen, name) for name in LanguageModel.model_fields.keys() & Model.model_fields.keys()}
        name = re.sub(r"[^\w.:@/-]", "-", chosen.served_id)
        return validated(Model, {"name": name, **shared}, Path("config/readers.toml"), "language_model.")
