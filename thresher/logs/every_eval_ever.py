"""Trials as rows of Every Eval Ever, schema ``instance_level_eval_0.2.2`` (evaleval/every_eval_ever, instance_level_eval.schema.json).

The record is closed, and every value of ``metadata`` and of ``additional_details`` is a text. A row needs a score, so trials that nobody
could score, borderline ones and those without a whole answer make none.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

from thresher.logs.trial import LoggedTrial

SCHEMA: Final = "instance_level_eval_0.2.2"


def row(trial: LoggedTrial, evaluation: str) -> dict[str, Any] | None:
    """The row of a trial; None where it has no verdict that the schema can say. ``evaluation`` names what the items are of."""
    if trial.error or trial.verdict not in ("pass", "fail"):
        return None
    passed = trial.verdict == "pass"
    turns = len(trial.messages)
    raw = trial.messages[-1].content if turns == 1 else "\n\n".join(f"{m.role}: {m.content}" for m in trial.messages)
    reference = [trial.target] if trial.target else []
    attribution = {
        "turn_idx": 0 if turns == 1 else turns, "source": "output.raw" if turns == 1 else f"messages[{turns}].content",
        "extracted_value": trial.evidence or trial.response,
        "extraction_method": "llm_judge" if trial.scorer.startswith("judge") else "custom", "is_terminal": True,
    }  # fmt: skip
    said = [*((m.role, m.content) for m in trial.messages), ("assistant", trial.response)]
    return {
        "schema_version": SCHEMA,
        "evaluation_id": f"{evaluation}/{trial.model}/{trial.log}",
        "model_id": trial.served_id or trial.model,
        "evaluation_name": evaluation,
        "sample_id": trial.item_id,
        "sample_hash": sample_hash(raw, reference),
        "interaction_type": "single_turn" if turns == 1 else "multi_turn",
        "input": {"raw": raw, "reference": reference, "choices": list(trial.choices) or None},
        "output": {"raw": [trial.response]} if turns == 1 else None,
        "messages": None if turns == 1 else [{"turn_idx": n, "role": role, "content": text} for n, (role, text) in enumerate(said)],
        "answer_attribution": [attribution],
        "evaluation": {"score": float(passed), "is_correct": passed, "num_turns": 1 + sum(m.role == "assistant" for m in trial.messages)},
        "token_usage": {
            "input_tokens": trial.usage.sent,
            "output_tokens": trial.usage.answered,
            "total_tokens": trial.usage.tokens,
            "input_tokens_cache_read": trial.usage.cached,
        },
        "performance": {
            "latency_ms": round(1000 * trial.seconds, 3),
            "additional_details": {"cost_usd": f"{trial.usd or 0:f}"},
        },
        "metadata": {
            **trial.metadata, "trial_id": trial.trial_id, "epoch": str(trial.epoch), "asked_at": trial.asked_at.isoformat(),
            "model_name": trial.model, "scorer": trial.scorer, "why": trial.why,
        },
    }  # fmt: skip


def sample_hash(raw: str, reference: list[str]) -> str:
    """SHA-256 of the JSON of input and references, with sorted keys and no blanks, as the converters of Every Eval Ever make it."""
    told = json.dumps({"raw": raw, "reference": reference}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(told.encode()).hexdigest()
