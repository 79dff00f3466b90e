"""Single steps of a worked solution, with the question whether the step is right.

A step is a row of an aligned formula, beside the row that it follows from. Only steps that code proves are taken: the same value at every
point, or, of linear equations, the same root. Half of them are shown as the book has them. In the others one thing is changed by a rule
that is named on the item, and only where code proves the changed step wrong; such an item is synthetic and says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from thresher.model import Candidate, Exercise, Message, Record, Refusal
from thresher.rules.exercises import judge_exercise, options
from thresher.rules.outcome import candidate, refuse
from thresher.rules.settings import Rules
from thresher.scorers.algebra import Undefined, agree, context, symbols, value
from thresher.scorers.formula import Tree, parse
from thresher.scorers.tokens import UnreadableFormula
from thresher.text import content_hash

_ALIGNED: Final = re.compile(r"\\\[\\begin\{aligned\}(.{1,2000}?)\\end\{aligned\}\\\]", re.DOTALL)
_ROW: Final = re.compile(r"\s*\\\\\s*")
_WORDS: Final = re.compile(r"\\(?:text|mbox|quad|qquad)\b")
_NUMBER: Final = re.compile(r"(?<![\^.,\d])(?<!\^\{)\d{1,4}(?![\d.,])")
"""A whole number that is no exponent: another exponent may leave the root where it was."""
_SIGN: Final = re.compile(r"(?<=[\w})])\s?[+-]\s?(?=[\w({\\])")
"""Between two terms."""
CHOICES: Final = ("The last step is right.", "The last step is wrong.")


@dataclass(frozen=True, slots=True)
class Step:
    """``working`` is the solution up to and without the step, ``sides`` are left and right of the row, the left one empty where it goes on
    from the row before."""

    working: str
    before: tuple[str, str]
    sides: tuple[str, str]

    def follows(self, sides: tuple[str, str]) -> bool | None:
        """Whether a row with these sides follows from the one before; None where code cannot say."""
        try:
            (left, right), (other_left, other_right) = (_sides(self.before), _sides(sides))
        except UnreadableFormula:
            return None
        if right is None or other_right is None:
            return None
        if left is None or other_left is None:
            return agree(right, other_right) if other_left is None else None
        root, other_root = _root(left, right), _root(other_left, other_right)
        return None if root is None or other_root is None or root[0] != other_root[0] else abs(root[1] - other_root[1]) < _SAME


_SAME: Final = 1e-20
_TRIED: Final = (0, 1, 2, 7, -1, -13, 500, -900)
"""Where an equation is looked at, to see whether it is linear."""


def steps_of(solution: str) -> Iterator[Step]:
    """The steps of a solution that are proved to be right and say something new, in order."""
    for block in _ALIGNED.finditer(solution):
        rows = [_row(row) for row in _ROW.split(block[1])]
        for at in range(1, len(rows)):
            before, sides = rows[at - 1], rows[at]
            if before is None or sides is None or before[1] == sides[1]:
                continue
            shown = " \\\\ ".join(_ROW.split(block[1])[:at])
            working = f"{solution[: block.start()]}\\[\\begin{{aligned}}{shown}\\end{{aligned}}\\]"
            step = Step(working, before, sides)
            if step.follows(sides):
                yield step


def _row(row: str) -> tuple[str, str] | None:
    """Left and right of the sign of equality, without the book's words beside it; None for another row."""
    cells = [cell.strip() for cell in row.split("&")]
    while cells and (not cells[-1] or _WORDS.search(cells[-1])):
        cells.pop()
    sides = " ".join(cells).split("=")
    return (sides[0].strip(), sides[1].strip().rstrip(".,;")) if len(sides) == 2 and sides[1].strip() else None


def _sides(sides: tuple[str, str]) -> tuple[Tree | None, Tree | None]:
    left, right = (parse(side) if side else None for side in sides)
    return left, right


def _root(left: Tree, right: Tree) -> tuple[str, float] | None:
    """The unknown of a linear equation in one unknown, and its value; None for any other equation."""
    names = symbols(left) | symbols(right)
    if len(names) != 1:
        return None
    (name,) = names
    try:
        gaps = {at: value(left, {name: context().mpf(at)}) - value(right, {name: context().mpf(at)}) for at in _TRIED}
    except Undefined:
        return None
    slope = gaps[1] - gaps[0]
    straight = all(abs(gap - gaps[0] - slope * at) < _SAME for at, gap in gaps.items())
    return (name, -gaps[0] / slope) if straight and abs(slope) > _SAME else None


def corrupted(step: Step, seed: str) -> tuple[str, tuple[str, str]] | None:
    """The name of a rule, and the step with one thing changed by it, so that it is proved to be wrong; None where no change does that. The
    same for the same ``seed``."""
    changes: list[tuple[str, tuple[str, str]]] = []
    for side in (0, 1):
        text = step.sides[side]
        found = [("number", m.start(), m.end(), str(int(m[0]) + 1)) for m in _NUMBER.finditer(text)]
        found += [("sign", m.start(), m.end(), m[0].translate({43: 45, 45: 43})) for m in _SIGN.finditer(text)]
        for rule, start, end, put in found:
            changed = text[:start] + put + text[end:]
            changes.append((rule, (changed, step.sides[1]) if side == 0 else (step.sides[0], changed)))
    changes.sort(key=lambda change: content_hash(seed, *change[1]))
    return next((change for change in changes if step.follows(change[1]) is False), None)


def judge_step(record: Record, rules: Rules) -> Candidate | Refusal:
    """A candidate of kind step, or the reason why its exercise cannot stand alone."""
    exercise, number = record.detail, record.marks.get("step")
    if not isinstance(exercise, Exercise) or not isinstance(number, int):
        return refuse(record, "wrong_detail", "step")
    whole = judge_exercise(replace(record, role="exercise"), rules)
    if isinstance(whole, Refusal):
        return whole
    steps = list(steps_of(exercise.solution))
    if number >= len(steps):
        return refuse(record, "wrong_detail", "step")
    step = steps[number]
    wrong = corrupted(step, record.key) if int(content_hash(record.key)[:2], 16) % 2 else None
    rule, sides = wrong or ("", step.sides)
    text = rules.tasks.step.replace("{working}", step.working).replace("{step}", f"\\[{sides[0]} = {sides[1]}\\]".replace("[ = ", "[= "))
    place = 1 if wrong else 0
    return candidate(
        [record],
        rules.version,
        kind="step",
        messages=[Message("user", f"{whole.prompt}\n\n{text}\n\n{options(CHOICES)}")],
        rule=f"step/{rule or 'as_printed'}",
        target=f"{'AB'[place]}) {CHOICES[place]}",
        aliases=("AB"[place], CHOICES[place]),
        choices=CHOICES,
        key_status="sourced",
        language=whole.language,
        tags=(*whole.tags, *((f"corrupted:{rule}", "synthetic") if wrong else ())),
    )
