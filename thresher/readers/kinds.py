"""Which kind of failure a post reports, by its meaning and its form, where the reader can tell; and what is lacking to ask again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

KINDS = (
    "calculation",
    "code_error",
    "degenerate_output",
    "fabrication",
    "factual_error",
    "false_report",
    "instruction_ignored",
    "refusal",
    "wrong_language",
)
"""*calculation* is any wrong result of counting, computing or reasoning; *degenerate_output* repeats, never ends or makes no sense;
*fabrication* invents sources, names or functions; *false_report* says that something was done, read or tested that was not."""

MISSING: Mapping[str, str] = {
    "no_prompt_found": "prompt",
    "prompt_behind_link": "link",
    "prompt_in_picture": "picture",
    "needs_picture": "picture",
    "not_self_contained": "context",
}
"""What ``Reading.missing`` says for the reason of a lead; what is not here leans on something that the post does not hold."""


def chances(standard: npt.NDArray[np.float64], vector: npt.NDArray[np.float32], arrays: Mapping[str, Any]) -> npt.NDArray[np.float64]:
    """(len(KINDS),) how probable each kind is, each asked for by itself; ``standard`` are the weighed signals."""
    scores = arrays["kinds"] @ np.concatenate((standard, vector)) + arrays["kind_bias"]
    probable: npt.NDArray[np.float64] = 1.0 / (1.0 + np.exp(-np.clip(scores.astype(np.float64), -30, 30)))
    return probable


def kind_of(chance: npt.NDArray[np.float64], least: float) -> str:
    """The most probable kind; empty where none is probable enough."""
    best = int(chance.argmax())
    return KINDS[best] if chance[best] >= least else ""
