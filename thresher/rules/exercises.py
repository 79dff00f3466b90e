"""Textbook exercises: a problem that stands alone, with the book's solution as its key.

An empty grid and a picture that only illustrates are left out. A picture that the problem needs is given by the book's own description
where that says enough, and the item is tagged; else it refuses the exercise. What the book says in another exercise or a worked example of
the same module, and the problem goes on from, is given before it. Options are shown as
``A) text``; the target of a multiple-choice exercise is the right option in the same form, ``B) lungs``, with the letter and the text
alone as aliases.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from thresher.cues import fold
from thresher.model import Candidate, Exercise, Message, Record, Refusal
from thresher.rules.exercise_captions import without_captions, without_descriptions, without_label
from thresher.rules.exercise_citations import cited
from thresher.rules.exercise_keys import LETTERS, key
from thresher.rules.exercise_pictures import described, draws_only, illustration_left_out
from thresher.rules.exercise_pointers import PREVIOUS, leans_elsewhere, part_of_another, pieces_needed, stands
from thresher.rules.exercise_tasks import (
    MATHEMATICS,
    NUMBER,
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

DESCRIBED = "picture:described"
"""The tag of an item whose picture is given by the book's own description of it."""
_UNRESOLVED = "[reference]"
"""How a link without words to another module is written."""
_ASIDE = re.compile(r"\s*\([^()\n]{0,12}\[reference\](?:\(\w\))?\.?\)")
"""``(see [reference])``: nobody can."""
_RESULT = re.compile(
    r"\b(?:results?|answers?|resultados?|respuestas?|r[ée]sultats?|ergebnis|risultat[oi]|wynik\w{0,2})\s(?:\w{1,5}\s){0,3}"
    r"(?:\w+\s)?(?:previous|preceding|prior|anterior|pr[ée]c[ée]dent|vorig|poprzedni)"
)
"""Of the exercise before."""
_LONG_WORD = re.compile(r"[^\W\d_]{5,}")
_FIGURE = re.compile(r"figure \d[\d.]*")
_OWN_NUMBERS, _WHOLE_STORY = 3, 25
"""Numbers and words of a problem that is whole without the picture above it."""
_JOINED = re.compile(r"[\s,;]*(?:and|or|y|e|et|und|i)?\s*")
"""Between two links that are cited together."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is left of an exercise when what it does not need is taken away: the instruction of its neighbours, pictures."""

    stem: str
    problem: str
    choices: tuple[str, ...]
    pieces: tuple[str, ...] = ()

    @property
    def statement(self) -> str:
        return "\n\n".join(filter(None, (self.stem, *self.pieces, self.problem)))

    @property
    def whole(self) -> str:
        return "\n".join([self.statement, *self.choices])

    def without_descriptions(self) -> _Asked:
        """The words that ask, without those that only describe: pictures, and worked examples that are given along with their solutions."""
        pieces = tuple(p if _is_exercise(p) else p.partition("\n")[0] + "\n" for p in self.pieces)
        return _Asked(
            without_descriptions(self.stem), without_descriptions(self.problem), self.choices, tuple(map(without_descriptions, pieces))
        )


def _is_exercise(piece: str) -> bool:
    return piece.startswith("Exercise") or f"{piece.partition(':')[0]}:\n".lower().endswith(PREVIOUS)


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
    problem = without_label(_without_heading(exercise.problem, rules))
    stem = _needed_stem(exercise.stem, problem, cues)
    asked = _Asked(stem, problem, exercise.choices)
    with_pieces = replace(asked, pieces=pieces_needed(exercise.pieces, asked.statement, cues))
    if _pictured_unseen(exercise, record):
        return refuse(record, "needs_picture")
    seen = _in_words(with_pieces, cues)
    if seen is None and with_pieces.pieces and not pieces_needed(exercise.pieces, asked.statement, cues, recapped=False):
        seen = _in_words(asked, cues)
    if seen is None:
        return refuse(record, "needs_picture")
    asked = seen
    if reason := _cannot_stand(asked, record, exercise, rules, cues):
        return refuse(record, *reason)
    target, aliases = key(exercise, cues)
    prompt = "\n\n".join(filter(None, [_without_asides(asked.statement), options(asked.choices)]))
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
        tags=(DESCRIBED,) if PICTURE.search(prompt) else (),
    )


def _in_words(asked: _Asked, cues: ExerciseCues) -> _Asked | None:
    """What is asked without its pictures, or with their descriptions where these say enough; None where a picture is to be seen."""
    if PICTURE.search(asked.whole) is None:
        return asked
    if PICTURE.search("\n".join(asked.choices)):
        return None
    stem = illustration_left_out(asked.stem, cues, shared=True)
    own = illustration_left_out(asked.problem, cues, shared=False, stem=stem or "")
    if stem is None and not asked.pieces and _is_apart(asked):
        asked, stem = replace(asked, stem=""), ""
    pieces = [_piece_in_words(p, stem or "", cues) for p in asked.pieces]
    bare = None
    if stem is not None and own and None not in pieces:
        bare = replace(asked, stem=stem, problem=own, pieces=tuple(p for p in pieces if p))
        if not leans_elsewhere(fold(bare.statement), cues):
            return bare
    return asked if described(asked.statement) else bare


def _without_asides(statement: str) -> str:
    return _ASIDE.sub("", statement) if _UNRESOLVED in statement else statement


def _is_apart(asked: _Asked) -> bool:
    """Whether a long problem with numbers of its own shares no word with an instruction that gives no more than a picture."""
    words = _FIGURE.sub("", fold(without_captions(asked.stem)))
    if NUMBER.search(words) or MATHEMATICS.search(words):
        return False
    problem, stem = (set(_LONG_WORD.findall(fold(t))) for t in (asked.problem, asked.stem))
    own = len(NUMBER.findall(asked.problem)) >= _OWN_NUMBERS and len(asked.problem.split()) >= _WHOLE_STORY
    return own and "?" in asked.problem and not problem & stem


def _piece_in_words(piece: str, stem: str, cues: ExerciseCues) -> str | None:
    name, _, body = piece.partition("\n")
    bare = illustration_left_out(body, cues, shared=False, stem=stem)
    return None if bare is None else f"{name}\n{bare}"


def _cannot_stand(asked: _Asked, record: Record, exercise: Exercise, rules: Rules, cues: ExerciseCues) -> tuple[Reason, str] | None:
    """Why an exercise is none for a reader who has nothing else of the book, with the words that say so."""
    asked = asked.without_descriptions()
    statement, folded = asked.statement, fold(asked.whole)
    if exercise.link_only or cues.link_cues.search(folded, 0, len(statement)):
        return "link_only", ""
    if _refers_elsewhere(folded[: len(statement)], record, exercise, cues):
        return "not_self_contained", "refers_to"
    if letter := part_of_another(asked.problem, asked.stem, cues):
        return "not_self_contained", f"part {letter}"
    if words := leans_elsewhere(folded, cues):
        return "not_self_contained", words
    if any(_went_undrawn(piece, asked.problem, cues) for piece in asked.pieces):
        return "not_self_contained", "result of a drawing"
    if not asked.pieces and (words := speaks_of_another(asked.problem, cues)) and not tells(asked.stem):
        return "not_self_contained", words
    if not asked.stem and not asked.choices and not asked.pieces and (words := lacks_data(asked.problem, cues)):
        return "not_self_contained", words
    if not asked.choices and not asks(statement, cues):
        return "not_self_contained", "no instruction"
    if not MATHEMATICS.search(statement) and count_words(prose(asked.whole)) < rules.limits.min_exercise_words:
        return "too_short", ""
    if cues.drawing.search(folded) is None:
        return None
    alone = asked.problem.lstrip(" *_ⓐ")
    drawn = alone if cues.drawing.match(fold(alone)) else statement
    return ("asks_for_picture", "") if draws_only(drawn, exercise.solution, cues) else None


def _went_undrawn(piece: str, problem: str, cues: ExerciseCues) -> bool:
    """Whether a problem goes on from the result of the exercise before, and that is a drawing."""
    body = piece.partition("\n")[2]
    return piece.partition("\n")[0].endswith(PREVIOUS.strip()) and _RESULT.search(fold(problem)) is not None and draws_only(body, "", cues)


def _refers_elsewhere(folded: str, record: Record, exercise: Exercise, cues: ExerciseCues) -> bool:
    """Whether a link that the book resolves elsewhere stands in what is left of an exercise, and is more than cited."""
    referred = record.marks.get("refers_to")
    words = {fold(str(w)) for w in referred} if isinstance(referred, list) else set()
    places = sorted((*m.span(), w) for w in {*words, _UNRESOLVED} if w and not stands(w, folded) for m in re.finditer(re.escape(w), folded))
    if not places:
        return bool(words) and not exercise.stem and not any(stands(w, folded) for w in words)
    after_cited, leaning, only_cited = -1, set(), set()
    for start, end, name in places:
        joined = after_cited >= 0 and _JOINED.fullmatch(folded, after_cited, start) is not None
        if joined or cited(folded, start, end, cues):
            after_cited = end
            only_cited.add(name)
        else:
            leaning.add(name)
    # the words of a link are often words of the sentence too
    return _UNRESOLVED in leaning or not leaning <= only_cited


def _needed_stem(stem: str, problem: str, cues: ExerciseCues) -> str:
    """The instruction that an exercise shares. Where the problem says itself what is to be done, only what gives data is left of it."""
    rest = without_tasks(stem, cues) if stem else ""
    return rest if rest == stem or stands_alone(without_captions(problem), cues) else stem


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
