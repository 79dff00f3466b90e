"""What a row of a snapshot asks, and which rows share a configuration.

Runners score all rows of a configuration alike, and an empty target makes scorers such as ``match`` and ``includes`` call every answer
right: rows with a key and rows without one are never in the same. A preference leaves as what a judge is asked.
"""

from __future__ import annotations

from typing import Any, Final

from store.snapshot.licences import Family
from thresher.pairwise import judge_prompt, winner
from thresher.text import content_hash

UNKEYED: Final[dict[Family, str]] = {"default": "unkeyed", "cc-by-sa": "cc-by-sa-unkeyed", "nc": "nc-unkeyed"}
"""The configuration of each family's rows without a key."""

PREFERENCE: Final = "preference"


def config_of(family: Family | None, target: str) -> str | None:
    """The configuration of a row by its licence and by the target that it leaves with."""
    if family is None:
        return None
    return family if target.strip() else UNKEYED[family]


def asked(item: dict[str, Any]) -> dict[str, Any]:
    """The columns of what a model is asked, and the key; of a preference the letter of the better response, where the vote is a key."""
    if item["kind"] != PREFERENCE or len(item["choices"]) != 2:
        return {"messages": item["messages"], "input": item["prompt"], "target": item["target"]}
    prompt = judge_prompt(item["messages"], item["choices"])
    letter = winner(item["choices"], item["target"]) if item["key_status"] != "none" else ""
    return {"messages": [{"role": "user", "content": prompt}], "input": prompt, "target": letter}


def votes(item: dict[str, Any]) -> dict[str, Any]:
    """Of a preference, the hashes of both responses in the order shown and the letter of the better one: what leaves where they may not."""
    if item["kind"] != PREFERENCE:
        return {"response_hashes": [], "better": ""}
    return {"response_hashes": [content_hash(text) for text in item["choices"]], "better": winner(item["choices"], item["target"])}
