"""Failure lists in the shape of MisguidedAttention: prompts with what a right answer does, outputs of models, and outputs that a judge held
against those criteria. The criteria were written by people; who judged was a model, which the files do not name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from scrapers.arena.rows import NEGATIVE, Case, Row, own_marks, row_id, user_turn
from thresher.model import Battle, Response
from thresher.text import clean

JUDGE: Final = "a model"
_FAILED: Final = 0.2
"""A total from 0 to 1 at or below this; of five points, one."""


def prompt(row: Row) -> Case:
    """A prompt and the criteria that a right answer meets, one on a line."""
    criteria, mistakes = _criteria(row)
    asked = user_turn(row["prompt"])
    battle = Battle(asked, (), "none", "human", reference=criteria, reference_by="human", rubric=_mistakes(mistakes))
    return Case(f"prompt:{row['prompt_id']}", battle, thread_id=row_id(asked[0].content), marks=own_marks(row, "category", "title", "type"))


def has_criteria(row: Row) -> bool:
    """Whether a row says what a right answer does."""
    return bool(row.get("expected_behavior") or row.get("criteria"))


def _criteria(row: Row) -> tuple[str, list[str]]:
    """What a right answer does, as lines, and the mistakes that are often made. Criteria of weight 0 are asked for interest only."""
    given = row.get("expected_behavior") or row.get("criteria") or []
    weights = row.get("weight") or [1] * len(given)
    told = [_said(one) for one, weight in zip(given, [*weights, *[1] * len(given)], strict=False) if weight]
    return "\n".join(one for one in told if one), [_said(one) for one in row.get("common_mistakes") or []]


def _said(criterion: Any) -> str:
    if isinstance(criterion, dict):
        criterion = next(
            (criterion[name] for name in ("behavior", "criterion", "criteria", "mistake", "question") if criterion.get(name)), ""
        )
    return clean(str(criterion))


def _mistakes(mistakes: list[str]) -> str:
    return "Common mistakes:\n" + "\n".join(f"- {one}" for one in mistakes if one) if any(mistakes) else ""


def each_output(rows: Iterable[Row]) -> Iterator[Row]:
    """A row for each output of a model."""
    for row in rows:
        outputs = row["output"] if isinstance(row["output"], list) else [row["output"]]
        for number, output in enumerate(outputs, 1):
            yield {**row, "output": output, "_number": number}


def output(row: Row) -> Case:
    """What a model answered; nobody judged it here."""
    asked = user_turn(row["prompt"])
    battle = Battle(asked, (Response(str(row["llm"]), clean(str(row["output"] or ""))),), "none", "human")
    native_id = row_id("output", row["prompt_id"], row["llm"], row["_number"], str(row["output"]))
    return Case(native_id, battle, thread_id=row_id(asked[0].content), marks={"prompt_id": row["prompt_id"]})


def evaluation(row: Row) -> Case:
    """One output held against the criteria. It fails where it meets none of those that count, or its total is at the bottom."""
    criteria, mistakes = _criteria(row)
    asked = user_turn(row["original_question"])
    met = [bool(one["met"]) for one in row.get("expected_behavior") or row.get("criteria") or [] if isinstance(one, dict) and "met" in one]
    share = _total(row, met)
    failed = (bool(met) and not any(met)) or (share is not None and share <= _FAILED and not all(met or [False]))
    prompt_id, model = (*map(str, row.get("_keys") or ()), "", "")[:2]
    model = str(row.get("llm") or model)
    response = Response(model, clean(str(row["original_response"] or "")), share, failed or None)
    strength = NEGATIVE if failed else 0.0
    said = clean(str(row.get("overall_comment") or ""))
    battle = Battle(asked, (response,), "none", JUDGE, strength, said, criteria, "human", _mistakes(mistakes))
    marks = {"prompt_id": prompt_id, "met": sum(met), "criteria": len(met)}
    native_id = row_id("evaluation", prompt_id, model, str(row["original_response"]), met, row.get("overall_comment") or "")
    return Case(native_id, battle, thread_id=row_id(asked[0].content), marks=marks)


def _total(row: Row, met: list[bool]) -> float | None:
    """The mark as a share of its scale: ``total_score`` from 0 to 1, else ``overall_score`` from 1 to 5, else what was met."""
    for name, low, high in (("total_score", 0.0, 1.0), ("overall_score", 1.0, 5.0)):
        value = row.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
            return (value - low) / (high - low)
    return sum(met) / len(met) if met else None
