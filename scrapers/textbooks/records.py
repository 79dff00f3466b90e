"""An exercise of any format as a Record, with its rights and its address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

from thresher.formats.books.exercise import BookExercise
from thresher.formats.books.licence import Licence
from thresher.model import Exercise, Json, Page, Record
from thresher.text import clean


@dataclass(frozen=True, slots=True)
class Setting:
    """What all exercises of a page, or of a part of it, have in common."""

    thread_id: str
    title: str
    language: str
    licence: Licence
    evidence: str
    credit: str
    """Book and publisher or authors, as an attribution names them."""
    converted: str
    """What was changed, as an attribution says it."""


def record(exercise: BookExercise, page: Page, setting: Setting, url: str) -> Record:
    """The record of one exercise whose address is ``url``."""
    detail = _clean(exercise.detail)
    terms = setting.licence
    stated = f"{terms.spdx} ({terms.url})" if terms.url else terms.spdx
    return Record(
        source=page.source,
        site=page.site,
        native_id=exercise.native_id,
        url=url,
        role="exercise",
        text=clean(exercise.text),
        title=clean(setting.title),
        thread_id=setting.thread_id,
        position=exercise.position,
        language=setting.language,
        detail=detail,
        marks=_marks(exercise, page.context, detail),
        licence=terms.spdx,
        licence_evidence=setting.evidence,
        export_class=terms.export_class,
        attribution=f"{setting.credit}, {url}. {stated}. {setting.converted}",
    )


def steps(exercise: Record, page: Page) -> Iterator[Record]:
    """Single steps of the exercise's solution as records of their own, as many as its site wants."""
    most = int(page.context.get("steps") or 0)
    if not most or not isinstance(exercise.detail, Exercise) or not exercise.detail.solution:
        return
    from thresher.rules.steps import steps_of  # brings the mathematics, which who wants no steps does without

    for number, step in enumerate(islice(steps_of(exercise.detail.solution), most)):
        text = f"{exercise.text}\n\nStep: {' = '.join(step.sides)}"
        native_id = f"{exercise.native_id}/step-{number}"
        yield replace(exercise, native_id=native_id, role="step", text=text, marks={**exercise.marks, "step": number})


def _marks(exercise: BookExercise, context: Mapping[str, str], detail: Exercise) -> dict[str, Json]:
    marks: dict[str, Json] = {"container": exercise.container, "images": len(detail.figures)}
    lists = (("links", exercise.links), ("refers_to", exercise.refers_to), ("answers", exercise.answers))
    marks |= {name: list(values) for name, values in lists if values}
    if exercise.hint:
        marks["hint"] = clean(exercise.hint)
    if context.get("genai_restricted"):
        marks["genai_restricted"] = True
    return marks


def _clean(detail: Exercise) -> Exercise:
    return replace(
        detail,
        problem=clean(detail.problem),
        solution=clean(detail.solution),
        stem=clean(detail.stem),
        choices=tuple(clean(c) for c in detail.choices),
        answer=clean(detail.answer),
        section=clean(detail.section),
        book=clean(detail.book),
        pieces=tuple(clean(piece) for piece in detail.pieces),
    )
