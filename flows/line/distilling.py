"""Claims put into short phrases by a language model, where one is configured, behind the OpenAI chat API.

Each claim is asked about once in its life: what came of it, a phrase of the model or the decision to take that of the rules, is a line of
``archive/phrases.jsonl`` before it is used, so that a killed pass and a rebuild take it from there. An answer counts only if it is the
JSON that was asked for, of a known category, short, and with evidence that stands word for word in the claim.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dedupe.failures import kinds, phrases
from dedupe.failures.phrases import Phrase
from dedupe.settings import Distiller
from store.failures import StoredClaim
from thresher.cues import fold
from thresher.disk import append_lines, read_lines
from thresher.errors import BudgetExhausted, ThresherError
from thresher.net.client import Client
from thresher.net.settings import Pace

log = logging.getLogger("thresher.distilling")

FILE = "phrases.jsonl"
_MOST_WORDS = 2000
"""Characters of a prompt that the model is shown."""
_FAILURES_IN_A_ROW = 5
"""After so many the model is not asked again in this pass."""

_TASK = """Somebody complains that a language model failed. Say what failed as a phrase of at most {words} words that would be the \
same for everybody who met this failure: a verb in the third person and its object, without product names, numbers, \
first person or politeness. \
Answer with one JSON object and nothing else:
{{"phrase": "...", "category": one of {categories}, "evidence": words copied exactly from the complaint that show the failure}}"""


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    phrase: str = Field(min_length=3, max_length=120)
    category: str
    evidence: str = Field(min_length=1, max_length=400)


@dataclass
class Distilled:
    """The phrase of each claim by its hash, and who made it; how many were asked about now, and for how many no usable answer came."""

    phrases: dict[str, tuple[Phrase, str]] = field(default_factory=dict)
    asked: int = 0
    unusable: int = 0


class Answers:
    """What came of claims that were asked about before."""

    def __init__(self, archive: Path) -> None:
        self._path = archive / FILE
        self._lines: dict[str, dict[str, Any]] = {line["claim"]: line for line in read_lines(self._path, check)}

    def of(self, claim_hash: str) -> tuple[Phrase, str] | None:
        """The phrase and its maker; None where the claim was never asked about, or the rules were to say it."""
        line = self._lines.get(claim_hash)
        return (Phrase(line["phrase"], line["category"]), line["made_by"]) if line and line["phrase"] else None

    def settled(self, claim_hash: str) -> bool:
        """Whether the claim was asked about."""
        return claim_hash in self._lines

    def keep(self, claim_hash: str, phrase: Phrase | None, made_by: str) -> None:
        """Bring what came of a claim to the disk; None leaves it to the rules for good."""
        text, category = (phrase.text, phrase.category) if phrase else ("", "")
        self._lines[claim_hash] = {"claim": claim_hash, "phrase": text, "category": category, "made_by": made_by}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        append_lines(self._path, [self._lines[claim_hash]])


def check(line: dict[str, Any]) -> None:
    """KeyError or TypeError for an answer that lacks something."""
    if not all(type(line[name]) is str for name in ("claim", "phrase", "category", "made_by")):
        raise TypeError("claim, phrase, category and made_by are texts")


def distil_all(
    claims: list[StoredClaim], rules: Mapping[str, Phrase], answers: Answers, settings: Distiller, client: Client | None
) -> Distilled:
    """The phrase of every claim: what was answered before, else what the model says, else that of ``rules``. Without a client nothing
    is asked."""
    made = Distilled()
    by_rules = f"rules {phrases.version()}, kinds {kinds.version()}"
    in_a_row = 0
    for claim in claims:
        may_ask = in_a_row < _FAILURES_IN_A_ROW and made.asked < settings.max_requests
        if client is not None and may_ask and not answers.settled(claim.claim_hash):
            made.asked += 1
            phrase = _asked(claim, settings, client)
            in_a_row = 0 if phrase else in_a_row + 1
            made.unusable += phrase is None
            answers.keep(claim.claim_hash, phrase, settings.model)
        made.phrases[claim.claim_hash] = answers.of(claim.claim_hash) or (rules[claim.claim_hash], by_rules)
    return made


def _asked(claim: StoredClaim, settings: Distiller, client: Client) -> Phrase | None:
    """What the model says, or None where it gives nothing that can be used."""
    task = _TASK.format(words=phrases.MAX_WORDS, categories=json.dumps(phrases.categories()))
    body = {
        "model": settings.model,
        "temperature": 0,
        "response_format": {"type": "json_object"},
        "messages": [
            {"role": "system", "content": task},
            {"role": "user", "content": f"The model was asked:\n{claim.prompt[:_MOST_WORDS]}\n\nThe complaint:\n{claim.words}"},
        ],
    }
    key = os.environ.get(settings.key_variable, "")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        answer = client.post(f"{settings.base_url.rstrip('/')}/chat/completions", json_body=body, headers=headers)
        return _usable(json.loads(answer.body)["choices"][0]["message"]["content"], claim.words)
    except BudgetExhausted:
        return None
    except (ThresherError, ValueError, LookupError, TypeError) as error:
        log.warning("no usable phrase for claim %s: %s", claim.claim_hash, type(error).__name__)
        return None


def _usable(content: str, words: str) -> Phrase:
    """ValueError where the answer is not what was asked for."""
    try:
        answer = _Answer.model_validate_json(content)
    except ValidationError as error:
        raise ValueError("not the JSON that was asked for") from error
    text = " ".join(fold(answer.phrase).split()).strip(" .")
    if answer.category not in phrases.categories():
        raise ValueError("an unknown category")
    if not 2 <= len(text.split()) <= phrases.MAX_WORDS:
        raise ValueError("not a short phrase")
    if " ".join(fold(answer.evidence).split()) not in " ".join(fold(words).split()):
        raise ValueError("evidence that is not in the claim")
    return Phrase(text, answer.category)


def bound(client: Client, settings: Distiller) -> Client:
    """The door on the account of the distiller."""
    return client.bind("distiller", Pace(min_interval_s=0, max_requests=4 * settings.max_requests, max_minutes=600))
