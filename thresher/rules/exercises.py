"""Textbook exercises: a problem that stands alone, with the book's solution as its key.

Any picture in the problem refuses it: an alternative text was written for those who cannot see, not as a statement of the problem, and
either leaves out what is asked or gives it away. Options are shown as ``A) text``; the target of a multiple-choice exercise is the right
option in the same form, ``B) lungs``, with the letter and the text alone as aliases. A solution that shows a picture is no key.
"""

from __future__ import annotations

import re

from thresher.cues import fold
from thresher.model import Candidate, Exercise, Message, Record, Refusal
from thresher.rules.language import language_of
from thresher.rules.outcome import candidate, refuse
from thresher.rules.settings import Rules
from thresher.rules.standing import count_words

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MATHEMATICS = re.compile(r"\\\((.{0,4000}?)\\\)|\\\[(.{0,8000}?)\\\]", re.DOTALL)
_FORMULA_WORDS = re.compile(r"\\(?:text|mathrm|textrm|mbox)\{([^{}]{0,200})\}")
_TABLE = re.compile(r"tables?\s(\d{1,4}(?:\.\d{1,4})?)\)?")
_POINTS_AT_TABLE = re.compile(r"table|data|list|below$|above$|^refer to$")
_FIGURE = re.compile(r"\[figure\b|!\[", re.IGNORECASE)
_CAPTION = re.compile(r"(?:figure\s[\d.-]{1,8}:?\s*)?\[figure\b(?:[^\[\]]|\[[^\[\]]{0,200}\]){0,3000}\]", re.IGNORECASE)
_DRAWS = re.compile(r"(?:\A|[.:;,\n)]\s{0,3}|(?<!\w)(?:to|and|then|or|also|please)\s)[*_]{0,2}\w+\Z")
_SENTENCE = re.compile(r"\w[.:!?](?:\s|\Z)|\\\(|\n\|")
_BLANK = re.compile(r"_{3,}|…{2,}|\.{4,}")


def judge_exercise(record: Record, rules: Rules) -> Candidate | Refusal:
    """A candidate of kind exercise, or the reason why the exercise cannot stand alone."""
    exercise = record.detail
    if not isinstance(exercise, Exercise):
        return refuse(record, "wrong_detail", "exercise")
    if not exercise.problem.strip():
        return refuse(record, "empty")
    if exercise.figures or record.marks.get("images"):
        return refuse(record, "needs_picture")
    statement = f"{exercise.stem}\n\n{_without_heading(exercise.problem, rules)}".strip()
    folded = fold("\n".join([statement, *exercise.choices]))
    if exercise.link_only or rules.link_cues.search(fold(statement)):
        return refuse(record, "link_only")
    if record.marks.get("refers_to"):
        return refuse(record, "not_self_contained", "refers_to")
    if words := leans_elsewhere(folded, rules):
        return refuse(record, "not_self_contained", words)
    if words := _continues(exercise, rules):
        return refuse(record, "not_self_contained", words)
    if not asks(statement, rules):
        return refuse(record, "not_self_contained", "no instruction")
    prose = "\n".join([statement, *exercise.choices])
    if not _MATHEMATICS.search(statement) and count_words(_prose(prose)) < rules.limits.min_exercise_words:
        return refuse(record, "too_short")
    alone = _without_heading(exercise.problem, rules).lstrip(" *_ⓐ")
    if _asks_for_drawing(alone if rules.drawing.match(fold(alone)) else statement, exercise.solution, rules):
        return refuse(record, "asks_for_picture")
    target, aliases = _key(exercise, rules)
    prompt = "\n\n".join(filter(None, [statement, options(exercise.choices)]))
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


def leans_elsewhere(folded: str, rules: Rules) -> str:
    """The words with which a problem points at something that it does not hold; empty where there are none. A table that stands in the
    problem may be pointed at."""
    has_table = "\n|" in folded
    for match in rules.elsewhere.finditer(folded):
        words = match.group()
        numbered = _TABLE.fullmatch(words)
        if numbered and any(f"table {numbered.group(1)}{mark}" in folded for mark in (":\n", ": |")):
            continue
        if has_table and not numbered and _POINTS_AT_TABLE.search(words):
            continue
        return words
    return ""


def _continues(exercise: Exercise, rules: Rules) -> str:
    """The words with which a problem goes on from one that it does not hold (``Do they all have the same domain?``). A stem that tells
    something, in a sentence, may be what they speak of; a heading is not."""
    if _SENTENCE.search(exercise.stem):
        return ""
    match = rules.unnamed.match(fold(exercise.problem).lstrip(" *_#(ⓐ)"))
    return match.group() if match else ""


def _asks_for_drawing(statement: str, solution: str, rules: Rules) -> bool:
    """Whether the answer can only be drawn: the book's solution is a picture and no word, or there is none and nothing but a drawing is
    asked."""
    folded = fold(_prose(statement))
    if not any(_DRAWS.search(folded, m.start() - 12 if m.start() > 12 else 0, m.end()) for m in rules.drawing.finditer(folded)):
        return False
    if solution.strip():
        return _FIGURE.search(solution) is not None and re.search(r"\w", _CAPTION.sub("", solution)) is None
    return "?" not in statement and rules.beside_drawing.search(folded) is None


def _without_heading(problem: str, rules: Rules) -> str:
    """A problem without the label of its kind in the book (``Integrated Concepts``)."""
    first, _, rest = problem.partition("\n")
    return rest.strip() if rest and first.strip(" *_#").lower() in rules.headings else problem


def options(choices: tuple[str, ...]) -> str:
    """The options as lettered lines."""
    return "\n".join(f"{letter}) {choice}" for letter, choice in zip(_LETTERS, choices, strict=False))


def asks(statement: str, rules: Rules) -> bool:
    """Whether a statement asks for something: a question mark, a blank to fill, or a word of instruction outside mathematics."""
    return "?" in statement or _BLANK.search(statement) is not None or rules.instructions.search(fold(_prose(statement))) is not None


def _prose(statement: str) -> str:
    if "\\(" not in statement and "\\[" not in statement and "\\text" not in statement and "\\m" not in statement:
        return f"{statement} "
    words_in_formulas = " ".join(_FORMULA_WORDS.findall(statement)) if "\\text" in statement or "\\m" in statement else ""
    return f"{_MATHEMATICS.sub(' ', statement)} {words_in_formulas}"


def _key(exercise: Exercise, rules: Rules) -> tuple[str, tuple[str, ...]]:
    """Target and aliases; empty where the solution is missing, is a picture, or leaves the answer to the reader."""
    if exercise.choices and exercise.answer in exercise.choices:
        letter = _LETTERS[exercise.choices.index(exercise.answer)] if len(exercise.choices) <= len(_LETTERS) else ""
        return (f"{letter}) {exercise.answer}", (letter, exercise.answer)) if letter else (exercise.answer, ())
    solution = exercise.solution.strip()
    if not re.search(r"\w", solution) or _FIGURE.search(solution) or rules.no_key.search(fold(solution[:400])):
        return "", ()
    return solution, ()
