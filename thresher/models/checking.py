"""One small question to a model, to see whether it can be used and how."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel

from thresher.models.answers import Question
from thresher.models.ask import Asker
from thresher.models.protocol import obeys
from thresher.models.settings import Model


class Sum(BaseModel):
    """What is asked for."""

    sum: int
    parity: Literal["even", "odd"]


QUESTION = Question(
    (
        ("system", 'Answer with one JSON object and nothing else: {"sum": a whole number, "parity": "even" or "odd"}.'),
        ("user", "What is 17 + 25, and is it even or odd?"),
    ),
    Sum,
    max_output_tokens=1024,
    purpose="check",
)
_HINTS = {
    "status 401": "The endpoint does not take the key: look at the variable that api_key_env names.",
    "status 403": "The endpoint does not take the key, or not for this model.",
    "status 402": "The account has no money left.",
    "status 404": "No such address or model: is endpoint right up to /v1, and served_id one that GET /v1/models lists?",
    "status 429": "Too fast, or the quota is used: set requests_per_minute and tokens_per_minute, or wait.",
    "cannot be reached": "Is the server running, and are host and port of endpoint right?",
    "no whole answer came": "The server took the question and gave no answer: is the model loaded? timeout_s says how long is waited.",
    "the answer ends early": "It was cut off: a model that thinks before it answers needs extra = {...} that limits its thinking.",
}


def check_model(model: Model) -> dict[str, Any]:
    """Ask once, with one more try, and nothing is kept. JSON-ready; ``usable`` where the answer came in the form that was asked for."""
    impatient = model.model_copy(update={"tries": min(2, model.tries), "max_wait_s": min(5.0, model.max_wait_s)})
    with Asker(impatient) as asker:
        answer = asker.ask(QUESTION)
        dialect = asker.dialect
    schema = "not seen"
    if answer.outcome == "answered":
        kept_to = "kept to" if obeys(answer.text, Sum) else "the JSON was found in other text"
        schema = kept_to if dialect.answers == "json_schema" else f"unknown to the server, asked by {dialect.answers}: {kept_to}"
    right = answer.outcome != "answered" or (answer.value.sum, answer.value.parity) == (42, "even")
    hints = [hint for beginning, hint in _HINTS.items() if answer.detail.startswith(beginning)]
    hints += [] if right else ["It answered that 17 + 25 is something else than 42: too weak a model to read posts."]
    priced = bool(model.input_price or model.output_price)
    return {
        "model": model.name, "url": model.url, "usable": answer.outcome == "answered", "outcome": answer.outcome,
        "detail": answer.detail, "asked": bool(asker.tally.asked), "served_id": answer.served_id, "seconds": round(answer.seconds, 3),
        "sent_tokens": answer.usage.sent, "answered_tokens": answer.usage.answered, "usd": float(answer.usd), "priced": priced,
        "schema": schema, "hints": hints,
    }  # fmt: skip
