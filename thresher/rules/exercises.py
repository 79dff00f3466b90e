"""Textbook exercises: a problem that stands alone, with the book's solution as its key.

A picture that the problem needs refuses it: an alternative text was written for those who cannot see, not as a statement of the problem,
and either leaves out what is asked or gives it away. An empty grid and a picture that only illustrates are left out. Options are shown as
``A) text``; the target of a multiple-choice exercise is the right option in the same form, ``B) lungs``, with the letter and the text
alone as aliases.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from thresher.cues import fold
from thresher.model import Candidate, Exercise, Message, Record, Refusal
from thresher.rules.exercise_keys import LETTERS, key
from thresher.rules.exercise_pictures import draws_only, illustration_left_out
from thresher.rules.exercise_pointers import cites, leans_elsewhere, part_of_another
from thresher.rules.exercise_tasks import (
    MATHEMATICS,
    PICTURE,
    asks,
    lacks_data,
    prose,
    speaks_of_another,
    stands_alone,
    tells,
    without_tasks,
)
from thresher.rules.language import language_of
from thresher.rules.outcome import Reason, candidate, refuse
from thresher.rules.settings import ExerciseCues, Rules
from thresher.rules.standing import count_words

_UNRESOLVED = "[reference]"
"""How a link without words to another module is written."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is left of an exercise when what it does not need is taken away: the instruction of its neighbours, pictures."""

    stem: str
    problem: str
    choices: tuple[str, ...]

    @property
    def statement(self) -> str:
        return f"{self.stem}\n\n{self.problem}".strip()

    @property
    def whole(self) -> str:
        return "\n".join([self.statement, *self.choices])


def judge_exercise(record: Record, rules: Rules) -> Candidate | Refusal:
    """A candidate of kind exercise, or the reason why the exercise cannot stand alone."""
    exercise = record.detail
    if not isinstance(exercise, Exercise):
        return refuse(record, "wrong_detail", "exercise")
    if not exercise.problem.strip():
        return refuse(record, "empty")
    language = (record.language or language_of(f"{exercise.stem}\n{exercise.problem}") or "en").partition("-")[0].lower()
    cues = rules.exercises.get(language)
    if cues is None:
        return refuse(record, "language_not_covered", language)
    problem = _without_heading(exercise.problem, rules)
    asked = _Asked(_needed_stem(exercise.stem, problem, cues), problem, exercise.choices)
    if PICTURE.search(asked.whole) or _pictured_unseen(exercise, record):
        stem = illustration_left_out(asked.stem, cues, shared=True)
        own = illustration_left_out(asked.problem, cues, shared=False)
        if stem is None or not own or PICTURE.search("\n".join(asked.choices)) or _pictured_unseen(exercise, record):
            return refuse(record, "needs_picture")
        asked = _Asked(stem, own, asked.choices)
    if reason := _cannot_stand(asked, record, exercise, rules, cues):
        return refuse(record, *reason)
    target, aliases = key(exercise, cues)
    prompt = "\n\n".join(filter(None, [asked.statement, options(asked.choices)]))
    return candidate(
        [record],
        rules.version,
        kind="exercise",
        messages=[Message("user", prompt)],
        rule="exercise/choice" if exercise.choices else "exercise/free",
        target=target,
        aliases=aliases,
        choices=exercise.choices,
        key_status="sourced" if target else "none",
        language=record.language or language_of(prompt),
    )


def _cannot_stand(asked: _Asked, record: Record, exercise: Exercise, rules: Rules, cues: ExerciseCues) -> tuple[Reason, str] | None:
    """Why an exercise is none for a reader who has nothing else of the book, with the words that say so."""
    statement, folded = asked.statement, fold(asked.whole)
    if exercise.link_only or cues.link_cues.search(folded, 0, len(statement)):
        return "link_only", ""
    if _refers_elsewhere(folded[: len(statement)], record, exercise, cues):
        return "not_self_contained", "refers_to"
    if letter := part_of_another(asked.problem, asked.stem, cues):
        return "not_self_contained", f"part {letter}"
    if words := leans_elsewhere(folded, cues):
        return "not_self_contained", words
    if not tells(asked.stem) and (words := speaks_of_another(asked.problem, cues)):
        return "not_self_contained", words
    if not asked.stem and not asked.choices and (words := lacks_data(asked.problem, cues)):
        return "not_self_contained", words
    if not asks(statement, cues):
        return "not_self_contained", "no instruction"
    if not MATHEMATICS.search(statement) and count_words(prose(asked.whole)) < rules.limits.min_exercise_words:
        return "too_short", ""
    if cues.drawing.search(folded) is None:
        return None
    alone = asked.problem.lstrip(" *_ⓐ")
    drawn = alone if cues.drawing.match(fold(alone)) else statement
    return ("asks_for_picture", "") if draws_only(drawn, exercise.solution, cues) else None


def _refers_elsewhere(folded: str, record: Record, exercise: Exercise, cues: ExerciseCues) -> bool:
    """Whether a link that the book resolves elsewhere stands in what is left of an exercise, and is more than cited."""
    referred = record.marks.get("refers_to")
    if not isinstance(referred, list) or not referred:
        return False
    words = {fold(_UNRESOLVED), *(fold(str(w)) for w in referred)}
    places = [m.start() for w in words if w for m in re.finditer(re.escape(w), folded)]
    return any(not cites(folded, place, cues) for place in places) if places else not exercise.stem


def _needed_stem(stem: str, problem: str, cues: ExerciseCues) -> str:
    """The instruction that an exercise shares. Where the problem says itself what is to be done, only what gives data is left of it."""
    rest = without_tasks(stem, cues) if stem else ""
    return rest if rest == stem or stands_alone(problem, cues) else stem


def _pictured_unseen(exercise: Exercise, record: Record) -> bool:
    """Whether there is a picture that no text shows."""
    if not exercise.figures and not record.marks.get("images"):
        return False
    return not PICTURE.search("\n".join([exercise.stem, exercise.problem, *exercise.choices]))


def _without_heading(problem: str, rules: Rules) -> str:
    """A problem without the label of its kind in the book (``Integrated Concepts``)."""
    first, _, rest = problem.partition("\n")
    return rest.strip() if rest and first.strip(" *_#").lower() in rules.headings else problem


def options(choices: tuple[str, ...]) -> str:
    """The options as lettered lines."""
    return "\n".join(f"{letter}) {choice}" for letter, choice in zip(LETTERS, choices, strict=False))
