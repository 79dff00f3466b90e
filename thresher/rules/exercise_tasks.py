"""What the text of an exercise asks: whether it asks at all, what an instruction gives beside its task, which part of it a problem needs.

Pure functions of text and the cues of its language. ``folded`` texts are lower-case (``thresher.cues.fold``), of the same length as the
text.
"""

from __future__ import annotations

import re
from functools import lru_cache

from thresher.cues import fold
from thresher.rules.settings import ExerciseCues

MATHEMATICS = re.compile(r"\\\((.{0,4000}?)\\\)|\\\[(.{0,8000}?)\\\]", re.DOTALL)
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
PICTURE = re.compile(r"\[figure\b|!\[", re.IGNORECASE)
SENTENCES = re.compile(r"(?<=[.!?])\s+|\n+")
"""Between two of them."""
WHOLE_WORDS = 8
"""Words from which on a problem with a task says what it is about."""
_STOP_INSIDE = re.compile(r"(?P<stop>[.,;:])\s?\\\)")
_FORMULA_WORDS = re.compile(r"\\(?:text|mathrm|textrm|mbox)\{([^{}]{0,200})\}")
_SCRIPTS = re.compile(r"[\^_]\{[^{}]*\}|\s+")
_DIGIT = re.compile(r"\d")
_RELATION = re.compile(r"[=<>]|\\(?:leq|geq|in)\b")
_SHORT = 8
"""Characters of a formula without a number that names a variable or a place (``x = a``) and gives no data."""
_AND = "and|then|or|also|please|y|e|o|et|ou|und|oder|sie|i|oraz|luego|después|puis|poi|dann"
_TO = "to|para|per|pour|zu|aby"
_OPENS = r"(?:\A|[.:;,\n)\]?!\u00bf\u00a1][*_]{{0,3}}\s{{0,3}}|(?<!\w)(?:{words})\s)[*_(]{{0,3}}\w+\Z"
_CLAUSE = re.compile(_OPENS.format(words=_AND))
_PURPOSE = re.compile(_OPENS.format(words=f"{_AND}|{_TO}"))
"""A word that begins a clause, and one that begins a clause or says what for."""
_GIVES = re.compile(rf"[|`]|{PICTURE.pattern}", re.IGNORECASE)
"""A table, code, or a picture."""
_GERUND = re.compile(r"\W{0,3}(\w{2,14})ing\s+\w")
_SENTENCE = re.compile(r"\w[.:!?](?:\s|\Z)|\\\(|\n\|")
_BLANK = re.compile(r"_{3,}|…{2,}|\.{4,}")
_SHORT_PROBLEM = 10
_OF_WHAT = re.compile(
    r"\b(?:of|de|di|von)\s(?!(?:the|this|that|these|those|your|its|their|each|all|both|l[aeo]s?|est[aeo]s?|su|cada|der|den)\b)\w"
)
"""Names the thing itself, ``the symmetries of a square``, and not one that stands elsewhere, ``the mean of the data``."""


def prose(statement: str) -> str:
    """The words of a statement, those in its formulas too, without its mathematics."""
    if "\\(" not in statement and "\\[" not in statement and "\\text" not in statement and "\\m" not in statement:
        return f"{statement} "
    words_in_formulas = " ".join(_FORMULA_WORDS.findall(statement)) if "\\text" in statement or "\\m" in statement else ""
    return f"{MATHEMATICS.sub(' ', statement)} {words_in_formulas}"


def asks(statement: str, cues: ExerciseCues) -> bool:
    """Whether a statement asks for something: a question mark, a blank to fill, or a word of instruction outside mathematics."""
    if "?" in statement or _BLANK.search(statement) is not None:
        return True
    folded = fold(prose(statement))
    return cues.instructions.search(folded) is not None or _names_task(folded, cues)


def _names_task(folded: str, cues: ExerciseCues) -> bool:
    """Whether a text begins with an English task as a heading has it: ``Dividing polynomials``."""
    match = _GERUND.match(folded)
    return match is not None and any(cues.instructions.match(f"{match[1]}{ending} ") for ending in ("", "e"))


def has_task(text: str, cues: ExerciseCues, *, purpose: bool = False) -> bool:
    """Whether a text itself asks: by a question, or by a word of instruction that begins a clause and does more than give data.
    ``purpose`` counts what something is to be used for (``use a graph to estimate``)."""
    if "?" in text or _BLANK.search(text):
        return True
    folded = fold(_clauses(text))
    return any(
        begins_clause(folded, m, purpose=purpose) and cues.setting.match(folded, m.start()) is None and not _is_ambiguous(folded, m, cues)
        for m in cues.instructions.finditer(folded)
    )


def _is_ambiguous(folded: str, instruction: re.Match[str], cues: ExerciseCues) -> bool:
    """Whether a word of instruction is as often a noun or a question word and goes on as neither (``test``, not ``test the``)."""
    match = cues.ambiguous.match(folded, instruction.start())
    return match is not None and match.end() >= instruction.end()


def _clauses(text: str) -> str:
    """The words of a text with the comma or full stop that ends a formula inside its marks."""
    return prose(_STOP_INSIDE.sub(r"\\)\g<stop> ", text))


def gives_data(stem: str, cues: ExerciseCues) -> bool:
    """Whether an instruction holds something that its problems may need: a table, a picture, numbers, an equation, a condition."""
    folded = fold(stem)
    words = cues.addressees.without(folded)
    if "\n|" in stem or "\n- " in stem or PICTURE.search(stem) or NUMBER.search(prose(words)):
        return True
    if any(is_data(m.group(1) or m.group(2)) for m in MATHEMATICS.finditer(stem)):
        return True
    return any(begins_clause(words, m) for m in cues.setting.finditer(words))


def is_data(formula: str) -> bool:
    """Whether a formula gives a number or says what something equals."""
    bare = _SCRIPTS.sub("", formula)
    return _DIGIT.search(bare) is not None or (len(bare) >= _SHORT and _RELATION.search(bare) is not None)


def begins_clause(folded: str, match: re.Match[str], *, purpose: bool = False) -> bool:
    """Whether the first word of a match begins a clause, or with ``purpose`` says what for."""
    end = match.start() + len(match.group().split(" ", 1)[0])
    return (_PURPOSE if purpose else _CLAUSE).search(folded, max(0, match.start() - 14), end) is not None


@lru_cache(maxsize=1024)
def without_tasks(stem: str, cues: ExerciseCues) -> str:
    """What a problem with a task of its own may still need of an instruction: all of it where it asks for nothing, begins with data or
    holds a table or a list, else what is left without the sentences that ask and give none. Many exercises share one."""
    if not has_task(stem, cues, purpose=True):
        return stem
    if not gives_data(stem, cues):
        return ""
    sentences = SENTENCES.split(stem)
    if "\n" in stem or gives_data(sentences[0], cues):
        return stem
    return " ".join(s for s in sentences if gives_data(s, cues) or not has_task(s, cues, purpose=True))


def stands_alone(problem: str, cues: ExerciseCues) -> bool:
    """Whether a problem brings its own instruction and something to apply it to, so that it needs none that it shares."""
    if not has_task(problem, cues) or speaks_of_another(problem, cues):
        return False
    return len(prose(problem).split()) >= WHOLE_WORDS or MATHEMATICS.search(problem) is not None or NUMBER.search(problem) is not None


def speaks_of_another(problem: str, cues: ExerciseCues) -> str:
    """The words with which a problem goes on from one that it does not hold (``Do they all have the same domain?``)."""
    match = cues.unnamed.match(fold(problem).lstrip(" *_#(ⓐ)¿"))
    return match.group() if match else ""


def lacks_data(problem: str, cues: ExerciseCues) -> str:
    """The words of a short problem that asks for a value and says of what in no number, formula or table (``Find the median.``)."""
    if len(problem.split()) > _SHORT_PROBLEM or _GIVES.search(problem) or MATHEMATICS.search(problem) or NUMBER.search(problem):
        return ""
    folded = fold(problem).lstrip(" *_#(ⓐ)¿")
    match = cues.needs_data.match(folded)
    return match.group() if match and (" " in match.group() or _OF_WHAT.search(folded) is None) else ""


def tells(stem: str) -> bool:
    """Whether a stem tells something, in a sentence, of which its problems may speak; a heading does not."""
    return _SENTENCE.search(stem) is not None
