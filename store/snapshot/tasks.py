"""What a row of a snapshot asks, and by its way of scoring which rows share a configuration.

Runners score all rows of a configuration alike, and an empty target makes scorers such as ``match`` and ``includes`` call every answer
right: each way of scoring has configurations of its own, and rows that nothing can be scored by are in none of them. A preference leaves
as what a judge is asked.
"""

from __future__ import annotations

from typing import Any, Final, get_args

from store.snapshot.licences import Family
from thresher.pairwise import judge_prompt, winner
from thresher.scorers.ways import PREFERENCE, WAYS, Way, way_and_answer, without_options
from thresher.text import content_hash

_FAMILIES: Final[tuple[Family, ...]] = get_args(Family)


def config_of(family: Family | None, way: Way) -> str | None:
    """The configuration of a row by its licence and by how it is scored."""
    if family is None:
        return None
    return way if family == "default" else f"{family}-{way}"


def way_of(config: str) -> Way | None:
    """How the rows of a configuration are scored; None for one without texts."""
    return next((way for way in WAYS if config in {config_of(family, way) for family in _FAMILIES}), None)


CONFIGS: Final[tuple[str, ...]] = tuple(config for family in _FAMILIES for way in WAYS if (config := config_of(family, way)))
"""Of rows with text, the freest licence first."""


def asked(item: dict[str, Any]) -> dict[str, Any]:
    """The columns of what a model is asked, and the key; of a preference the letter of the better response, where the vote is a key."""
    if item["kind"] != PREFERENCE or len(item["choices"]) != 2:
        return {"messages": item["messages"], "input": item["prompt"], "target": item["target"]}
    prompt = judge_prompt(item["messages"], item["choices"])
    letter = winner(item["choices"], item["target"]) if item["key_status"] != "none" else ""
    return {"messages": [{"role": "user", "content": prompt}], "input": prompt, "target": letter}


def scored(row: dict[str, Any]) -> tuple[Way, dict[str, str]]:
    """How a row is scored, with the columns ``question`` and ``answer`` that scorers read.

    ``answer`` is never empty but in ``unkeyed``; ``question`` is the input without its options, in ``choice`` alone.
    """
    if row["kind"] == PREFERENCE:  # its target is a letter by now
        return (PREFERENCE, _columns(answer=row["target"])) if row["target"] else ("unkeyed", _columns())
    way, answer = way_and_answer(row["kind"], row["target"], row["choices"], row["rubric"], language=row["language"])
    return way, _columns(without_options(row["input"], row["choices"]) if way == "choice" else "", answer)


def _columns(question: str = "", answer: str = "") -> dict[str, str]:
    return {"question": question, "answer": answer}


def votes(item: dict[str, Any]) -> dict[str, Any]:
    """Of a preference, the hashes of both responses in the order shown and the letter of the better one: what leaves where they may not."""
    if item["kind"] != PREFERENCE:
        return {"response_hashes": [], "better": ""}
    return {"response_hashes": [content_hash(text) for text in item["choices"]], "better": winner(item["choices"], item["target"])}
