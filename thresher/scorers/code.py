"""Scoring without asking anybody. Each scorer accepts what it can show to be right and fails what it can show to be wrong; what is between
has no verdict, and a judge is next."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from thresher.rules.exercise_keys import LETTERS
from thresher.scorers.base import Score, Task, Verdict
from thresher.scorers.checks import Check, checks_of
from thresher.scorers.choice import option_named
from thresher.scorers.equality import same as same_formula
from thresher.scorers.final import Final as FinalAnswer
from thresher.scorers.final import final_answer, without_thought
from thresher.scorers.keys import Comma, Parts, Single, comma_of, formulas_in, key_of, labelled, single
from thresher.scorers.quantities import Quantity
from thresher.scorers.quantities import same as same_quantity
from thresher.scorers.running import key_tests, passes
from thresher.scorers.ways import COMPARED, PREFERENCE
from thresher.text import normalise

VERSION: Final = "2"
"""Of all scorers here: changes where one of them might give the same response another verdict."""

_ARTICLE = re.compile(r"\A(?:a|an|the|el|la|los|las|le|les|der|die|das)\s+", re.IGNORECASE)
_OPPOSED: Final = ({"yes", "true", "sí", "si", "verdadero", "cierto", "ja", "oui"}, {"no", "false", "falso", "nein", "non"})
_CONCLUDES = re.compile(
    r"\A[\W_]*(?:so|thus|therefore|hence|in total|altogether|finally|the (?:result|total|answer|value|solution))\b", re.IGNORECASE
)
_LAST_VALUE = re.compile(
    r"(?:=|\bis|\bare|\bequals|\bof|:|\u2248|\bapproximately|\babout)\s*((?:\\\(|\$)?[^=]*?)\s*[.!]?\s*\Z", re.IGNORECASE
)


def score(task: Task, response: str, order: Sequence[int] = ()) -> Score:
    """What a program can say of a response. ``order`` is that of ``asking.asked``. Never raises."""
    if task.way == "unkeyed":
        return _score("none", None, "the item has nothing to score by")
    if not without_thought(response):
        return _score("empty", "fail", "the response is empty")
    if task.way in ("choice", PREFERENCE):
        return _choice(task, response, order)
    if key_tests(task):
        verdict, why, evidence = passes(task, response)
        return _score("tests", verdict, why, evidence)
    checks, rest = checks_of(task.rubric)
    if checks:
        return _checks(checks, response, more=bool(rest or task.target))
    key = key_of(task)
    if isinstance(key, Parts):
        return _parts(task, key, response)
    if key is not None:
        return _single(task, key, final_answer(response))
    if task.way == "keyed":
        return _words(task, final_answer(response))
    return _score("none", None, "only a judge can tell", judge_next=True)


def _checks(checks: Sequence[Check], response: str, *, more: bool) -> Score:
    said = without_thought(response)
    kept = [(check, check.holds(said)) for check in checks]
    for check, holds in kept:
        if holds is False:
            return _score("checks", "fail", f"it does not keep to: {check.text}")
    for check, holds in kept:
        if holds is None:
            return _score("checks", None, f"whether it keeps to {check.text} cannot be told", judge_next=True)
    if more:
        return _score("checks", None, "it keeps to the checks; a judge looks at the rest", judge_next=True)
    return _score("checks", "pass", "it keeps to every check")


def by_code(task: Task) -> bool:
    """Whether a program can score it: its way, tests, a key of several parts or with units, or checks that its rubric asks for."""
    if task.way in COMPARED or task.way == "unkeyed":
        return task.way != "unkeyed"
    return bool(key_tests(task) or key_of(task) is not None or checks_of(task.rubric)[0])


def _choice(task: Task, response: str, order: Sequence[int]) -> Score:
    order = order or range(len(task.choices))
    place, words = option_named(response, [task.choices[place] for place in order])
    if place is None:
        return _score("choice", None, "it names no option, or more than one", words, judge_next=task.way == "choice")
    letter = LETTERS[order[place]]
    if letter == task.answer:
        return _score("choice", "pass", f"it names option {letter}, the key", words)
    return _score("choice", "fail", f"it names option {letter}, the key is {task.answer}", words)


def _single(task: Task, key: Single, final: FinalAnswer | None) -> Score:
    scorer = "quantity" if isinstance(key, Quantity) else "formula"
    given = None if final is None else _given(final, key, comma_of(task.language))
    if final is None or given is None:
        return _score(scorer, None, "it ends in nothing that can be compared with the key", final.text if final else "", judge_next=True)
    verdict, why = _same(key, given, task)
    return _of(scorer, verdict, why, final)


def _of(scorer: str, verdict: bool | None, why: str, final: FinalAnswer) -> Score:
    """A last line that the response does not call its answer may pass, but what fails there may be something else than the answer."""
    if verdict is None or (verdict is False and not (final.marked or final.whole)):
        return _score(scorer, None, why, final.text, judge_next=True)
    return _score(scorer, "pass" if verdict else "fail", why, final.text)


def _given(final: FinalAnswer, key: Single, comma: Comma) -> Single | None:
    """The answer as what the key is; of a sentence, what it says at its end."""
    formula = not isinstance(key, Quantity)
    read = single(final.text, comma, formula=formula)
    if read is not None and isinstance(read, Quantity) != formula:
        return read
    if not (final.marked or final.whole or _CONCLUDES.match(final.text)):
        return read
    said = _LAST_VALUE.search(final.text.replace("**", ""))
    if said and not _closed(said.string[: said.start(1)]):
        return read
    return (single(said[1].strip(), comma, formula=formula) if said else None) or read


def _closed(text: str) -> bool:
    """Whether no bracket is open: a sign may stand before it."""
    return sum(map(text.count, "([{")) == sum(map(text.count, ")]}"))


def _same(key: Single, given: Single, task: Task) -> tuple[bool | None, str]:
    if isinstance(key, Quantity):
        return same_quantity(key, given) if isinstance(given, Quantity) else (None, "it is no single number")
    if isinstance(given, Quantity):
        return None, "a number with a unit, where the key is a formula"
    asked = [tree for message in task.messages for tree in formulas_in(message.content)]
    return same_formula(key, given, asked)


def _parts(task: Task, key: Parts, response: str) -> Score:
    """Every part right passes; one part shown to be wrong fails."""
    final = final_answer(response)
    said = without_thought(response)
    given = labelled(final.text) if final is not None and final.marked else None
    given = given or labelled(said, ending=True)
    if given is None or set(given) != set(key.answers):
        return _score("parts", None, "its parts are not those of the key", judge_next=True)
    verdicts: dict[str, tuple[bool | None, str]] = {}
    for letter, answer in key.answers.items():
        read = FinalAnswer(given[letter], marked=True) if "\n" not in given[letter] else final_answer(given[letter])
        value = None if read is None else _given(read, answer, comma_of(task.language))
        verdict, why = (None, "nothing that can be compared") if value is None else _same(answer, value, task)
        sure = verdict is not False or (read is not None and read.marked)
        verdicts[letter] = (verdict if sure else None, why)
    wrong = [letter for letter, (verdict, _) in verdicts.items() if verdict is False]
    open_ = [letter for letter, (verdict, _) in verdicts.items() if verdict is None]
    if wrong:
        return _score("parts", "fail", f"part {wrong[0]} is {verdicts[wrong[0]][1]}", given[wrong[0]])
    if open_:
        return _score("parts", None, f"part {open_[0]}: {verdicts[open_[0]][1]}", given[open_[0]], judge_next=True)
    return _score("parts", "pass", "every part is right", final.text if final else "")


def _words(task: Task, final: FinalAnswer | None) -> Score:
    """The words of the key, or one of its other spellings. Other words may say the same, so that only yes and no, true and false fail."""
    if final is None:
        return _score("words", None, "it ends in prose", judge_next=True)
    given = _bare(final.text)
    keys = {_bare(text) for text in (task.answer, *task.aliases) if _bare(text)}
    if given in keys:
        return _score("words", "pass", "the words of the key", final.text)
    sides = [{n for n, side in enumerate(_OPPOSED) if text.split(",")[0].split(" ")[0] in side} for text in (given, _bare(task.answer))]
    if (final.marked or final.whole) and all(sides) and sides[0] != sides[1]:
        return _score("words", "fail", "the opposite of the key", final.text)
    return _score("words", None, "other words than the key's", final.text, judge_next=True)


def _bare(text: str) -> str:
    text = re.sub(r"\\(?:text|textbf|mathrm)\s*\{([^{}]*)\}|\\[()\[\]]|[*_`$\"\u201c\u201d]", lambda m: m[1] or "", text)
    return normalise(_ARTICLE.sub("", text.strip(" .!\n"))).strip(" .!'")


def _score(scorer: str, verdict: Verdict | None, why: str, evidence: str = "", *, judge_next: bool = False) -> Score:
    return Score(verdict, why, evidence, scorer, VERSION, judge_next)
