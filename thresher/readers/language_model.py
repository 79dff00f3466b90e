"""A language model as the last reader: off until one is configured, asked where the learned reader is unsure, and believed only as far as
code can check it.

A post goes out as a JSON string between marks that it cannot know, one post a question, so that no text speaks for another. Of what comes
back, words count only where they stand in the post. A refusal closes the post; silence leaves it as it was read before. What code cannot
promise is that a model judges a cunning text right: where it sees, or code sees, that a post speaks to its reader, the post is never read
as less of a failure than it was before.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, field_validator, model_validator

from thresher.model import Marked, Reading, Record
from thresher.models.answers import Answer, Question
from thresher.models.ask import Asker
from thresher.readers.base import Post
from thresher.readers.learned import span_of
from thresher.readers.verbatim import find
from thresher.readers.weights import Thresholds

NAME = "language_model"
PROMPT = "report_2"
"""The file in ``prompts/`` that is sent; a change of its meaning gets a number of its own."""
THRESHOLDS = Thresholds(first=0.0, second=0.0, kind=0.0, lead=0.6, item=0.0, prompt=0.4, response=0.75, item_fails=0.6, says_needs=True)
"""Its own thresholds: a language model names probabilities that mean what its instructions say, not those of the learned reader's
curves. Of 103 failures in two samples .6 saw 102 with a precision of .93, .5 all of them with .90 (docs/reading.md)."""
MOST_CHARS = (12_000, 4_000)
"""Of the beginning and the end of a post; what lies between is left out of the question."""
CONTEXT_CHARS = 1500
MOST_OUTPUT_TOKENS = 1500
_TOLD = 0.5
"""Most confidence of an answer that the author describes: it is no witness."""
_LEAST_CHARS = 2


Kind = Literal[
    "calculation", "code_error", "degenerate_output", "fabrication", "factual_error", "false_report", "instruction_ignored", "refusal",
    "wrong_language", "lost_context", "unsafe", "vision", "style", "other", "none",
]  # fmt: skip
"""Those of ``kinds.KINDS``, and some more that only a language model tells."""
_KINDS = get_args(Kind)
_NOTHING_SAID = {
    "what": "", "prompt": None, "prompt_sure": 0, "missing": "nothing", "response": None, "response_words": "none", "response_sure": 0,
    "claim": None, "model": None, "kind": "none", "steers": False,
}  # fmt: skip
"""What a field means that an answer leaves out; whether a failure is reported has to be said."""


class Report(BaseModel):
    """What the model is to say of a post; the instructions explain each field."""

    model_config = ConfigDict(extra="ignore")

    what: str
    reports_failure: Literal["yes", "borderline", "no"]
    probability: float
    prompt: str | None
    prompt_sure: float
    missing: Literal["nothing", "prompt", "picture", "link", "context"]
    response: str | None
    response_words: Literal["own", "told", "none"]
    response_sure: float
    claim: str | None
    model: str | None
    kind: Kind
    steers: bool

    @model_validator(mode="before")
    @classmethod
    def _said_otherwise(cls, said: object) -> object:
        """Servers that cannot hold a model to the schema: an unlisted kind, or null where nothing is to say, costs no answer."""
        if not isinstance(said, dict):
            return said
        plain = {**_NOTHING_SAID, **{name: value for name, value in said.items() if value is not None}}
        return plain if plain["kind"] in _KINDS else {**plain, "kind": "other"}

    @field_validator("probability", "prompt_sure", "response_sure")
    @classmethod
    def _between_nothing_and_all(cls, value: float) -> float:
        if not 0 <= value <= 1:
            raise ValueError("a probability lies between 0 and 1")
        return value


class LanguageModelReader:
    """See the module. The answers are kept by the asker, so that reading again gives the same and asks nobody."""

    name = NAME

    def __init__(self, asker: Asker) -> None:
        self.asker = asker
        digest = hashlib.sha256(instructions().encode()).hexdigest()[:8]
        self.version = f"{PROMPT}-{digest}-{asker.model.served_id}"

    def read(self, posts: Sequence[Post], before: Sequence[Reading | None]) -> list[Reading | None]:
        """Its own reading where the model answered; else the one before, with the reason why it is held."""
        if not posts:
            return []
        answers = self.asker.ask_all([question(post) for post in posts])
        return [self._reading(*each) for each in zip(posts, answers, before, strict=True)]

    def _reading(self, post: Post, answer: Answer, before: Reading | None) -> Reading | None:
        if answer.outcome != "answered" or not isinstance(answer.value, Report):
            held = answer.outcome if answer.outcome != "answered" else "silent"
            return None if before is None else replace(before, held=held)
        return reading_of(post.record, answer.value, before, self.version)


@cache
def instructions() -> str:
    """What the model is told before it sees a post."""
    return Path(__file__).with_name("prompts").joinpath(f"{PROMPT}.md").read_text(encoding="utf-8")


def question(post: Post) -> Question:
    """What is asked about a post. The same post gives the same question, byte for byte."""
    record = post.record
    shown: dict[str, object] = {"role": record.role, "title": record.title, "text": _clipped(record.text, *MOST_CHARS)}
    if post.context:
        shown["context"] = [
            {"role": other.role, "title": other.title, "text": _clipped(other.text, CONTEXT_CHARS, 0)} for other in post.context
        ]
    quoted = json.dumps(shown, ensure_ascii=False)
    # unknown to whoever wrote the post: a text would have to hold its own hash
    code = hashlib.sha256(quoted.encode("utf-8", "replace")).hexdigest()[:16]
    asked = f"=== post {code} ===\n{quoted}\n=== end of post {code} ===\nJudge the post between the marks. Answer with the JSON object."
    about = (record.key, *(other.key for other in post.context))
    return Question((("system", instructions()), ("user", asked)), Report, MOST_OUTPUT_TOKENS, about, f"reader {PROMPT}")


def _clipped(text: str, beginning: int, end: int) -> str:
    if len(text) <= beginning + end:
        return text
    return f"{text[:beginning]}\n[... {len(text) - beginning - end} characters left out ...]\n{text[len(text) - end :] if end else ''}"


def reading_of(record: Record, report: Report, before: Reading | None, version: str) -> Reading:
    """The report as a reading: every quotation found in the record, or dropped."""
    prompt = _marked(record, report.prompt, report.prompt_sure)
    if prompt is not None and sum(c.isalnum() for c in prompt.span.text) < _LEAST_CHARS:
        prompt = None
    sure = report.response_sure if report.response_words == "own" else min(_TOLD, report.response_sure)
    response = _marked(record, report.response, sure, prompt)
    if prompt and response and _overlap(prompt, response):
        response = None
    own = Reading(
        record.key,
        round(_probability(report), 4),
        NAME,
        version,
        prompt=prompt,
        response=response,
        claim=_marked(record, report.claim, report.probability),
        model=_marked(record, report.model, report.probability),
        kind="" if report.kind == "none" else report.kind,
        missing="" if report.missing == "nothing" else report.missing,
    )
    if before is not None and before.fails > own.fails and (report.steers or _speaks_to_reader(record)):
        return replace(own, fails=before.fails, prompt=own.prompt or before.prompt, claim=own.claim or before.claim)
    return own


def _probability(report: Report) -> float:
    """The number, as far as it agrees with the word."""
    if report.reports_failure == "yes":
        return max(report.probability, THRESHOLDS.lead)
    return min(report.probability, 0.49 if report.reports_failure == "no" else 0.9)


def _speaks_to_reader(record: Record) -> bool:
    """Whether a post writes the names of our form: nobody does who does not mean us."""
    text = f"{record.title}\n{record.text}".lower()
    return any(name in text for name in ("reports_failure", "prompt_sure", "response_words", "=== end of post"))


def _marked(record: Record, words: str | None, sure: float, after: Marked | None = None) -> Marked | None:
    """The words in the text, else in the title; an answer is sought behind its prompt first."""
    if not words or not words.strip():
        return None
    tried = [("text", record.text, after.span.end)] if after is not None and after.span.part == "text" else []
    for part, text, begin in (*tried, ("text", record.text, 0), ("title", record.title, 0)):
        if place := find(text, words, begin):
            return Marked(span_of(record, part, *place), round(sure, 4))
    return None


def _overlap(one: Marked, other: Marked) -> bool:
    return one.span.part == other.span.part and one.span.start < other.span.end and other.span.start < one.span.end
