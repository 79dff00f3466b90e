"""The key of an exercise: what of the book's solution can be compared with an answer."""

from __future__ import annotations

import re

from thresher.cues import fold
from thresher.model import Exercise
from thresher.rules.exercise_captions import without_captions, without_label
from thresher.rules.exercise_tasks import MATHEMATICS, NUMBER, PICTURE, SENTENCES
from thresher.rules.settings import ExerciseCues

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_WORD = re.compile(r"\w")
_MARKS_ONLY = re.compile(r"\W*(?:\w[.)]\W*)*")
"""Nothing, or the letters of parts whose pictures were taken away."""
_LETTER = re.compile(r"\(?([A-Ea-e])\)?\.?")
_CIRCLED_A = 0x24D0
_EQUATION = re.compile(r"[\d=<>]")
_POINTS_AT_PICTURE = re.compile(
    r"\b(?:shown|figure|graph|diagram|sketch|drawing|below|above|see|picture|mostrad|muestra|figura|gr[áa]fic|abajo|montr|ci-dessous"
    r"|sch[ée]ma|gezeigt|abbildung|abgebildet|unten|mostrat|sotto|abaixo|rysun|wykres|poni[żz]ej)"
)
_FEW = 3
"""Words that are no answer of their own."""


def key(exercise: Exercise, cues: ExerciseCues) -> tuple[str, tuple[str, ...]]:
    """Target and aliases; empty where the solution is missing, is a picture, or leaves the answer to the reader."""
    if exercise.choices and exercise.answer in exercise.choices:
        letter = LETTERS[exercise.choices.index(exercise.answer)] if len(exercise.choices) <= len(LETTERS) else ""
        return (f"{letter}) {exercise.answer}", (letter, exercise.answer)) if letter else (exercise.answer, ())
    pictured = PICTURE.search(exercise.solution) is not None
    solution = without_label(without_captions(exercise.solution).strip())
    if not _WORD.search(solution) or (pictured and (_MARKS_ONLY.fullmatch(solution) or _only_points(solution))):
        return "", ()
    return ("", ()) if leaves_open(solution, cues) or _names_no_option(solution, exercise) else (solution, ())


def _names_no_option(solution: str, exercise: Exercise) -> bool:
    """Whether a solution is the letter of an option that the exercise does not show."""
    match = _LETTER.fullmatch(solution)
    if match is None or exercise.choices:
        return False
    asked = f"{exercise.stem}\n{exercise.problem}"
    if chr(_CIRCLED_A + ord(match[1].lower()) - ord("a")) in asked:
        return False
    return re.search(rf"(?<!\w){match[1]}[).:]|\\[(\[][^\n]*?(?<![a-z\\]){match[1]}(?![a-z])", asked) is None


def only_pictured(solution: str) -> bool:
    """Whether a solution is pictures alone, or pictures under the letters of its parts."""
    return PICTURE.search(solution) is not None and _MARKS_ONLY.fullmatch(without_captions(solution)) is not None


def _only_points(solution: str) -> bool:
    """Whether a solution whose picture was taken away says no more than where it stood (``The graph is shown below.``)."""
    if MATHEMATICS.search(solution) or NUMBER.search(solution):
        return False
    sentences = [s for s in SENTENCES.split(solution) if _WORD.search(s)]
    return all(_POINTS_AT_PICTURE.search(fold(s)) for s in sentences)


def leaves_open(solution: str, cues: ExerciseCues) -> bool:
    """Whether a solution leaves the answer to the reader (``Answers may vary.``) and gives no more than a sample. One that says so of a
    part of it, or says what every answer should hold, is a key."""
    folded = fold(solution)
    if cues.sample.match(folded.lstrip(" *_(")):
        return True
    match = cues.no_key.search(folded[:400])
    if match is None:
        return False
    before = folded[: match.start()].strip(" .*_(")
    rest = folded[match.end() :].lstrip(" .,;:*_)\n")
    if len(before.split()) >= _FEW or _EQUATION.search(before):
        return False
    return not rest or cues.sample.match(rest) is not None or len(rest.split()) < _FEW
