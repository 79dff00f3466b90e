"""The instruction that a group of exercises shares ("For the following exercises, ..."), with the figures and tables that come with it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from lxml.etree import _Element

from thresher.formats.books.document import plain
from thresher.formats.books.instructions import mentions_table, reach, speaks_to_exercises, speaks_to_next
from thresher.formats.cnxml.document import cnx
from thresher.formats.cnxml.numbers import exercise_set
from thresher.formats.cnxml.references import References
from thresher.formats.cnxml.render import Writer
from thresher.formats.mathml import MATH

_EXERCISE, _PARA, _TITLE, _LABEL, _TABLE, _LINK = (cnx(t) for t in ("exercise", "para", "title", "label", "table", "link"))
_WORD = re.compile(r"[^\W\d_]{3}")
_STOP = re.compile(r"[.?!:]")
_SECTION, _NOTE, _EXAMPLE, _PROBLEM = (cnx(t) for t in ("section", "note", "example", "problem"))


@dataclass(frozen=True, slots=True)
class Stem:
    """An instruction as text; ``rendered`` are the ids of the figures and tables shown in it, ``beside`` the tables that stand next to the
    exercise and are its own."""

    text: str = ""
    figures: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    elsewhere: tuple[str, ...] = ()
    rendered: frozenset[str] = frozenset()
    beside: tuple[_Element, ...] = ()


_NO_STEM = Stem()


class Stems:
    """The stem of each exercise of a module. An instruction holds until the next one or the end of its section, or for as many exercises
    as it says ("the following exercise", "the next two problems"); notes, figures and worked examples between do not end it. It replaces
    the one before."""

    def __init__(self, references: References) -> None:
        self._references = references
        self._known: dict[_Element, dict[_Element, Stem]] = {}

    def of(self, exercise: _Element) -> Stem:
        """The stem of this exercise, empty where it has none."""
        parent = exercise.getparent()
        if parent is None:
            return _NO_STEM
        if parent not in self._known:
            self._known[parent] = self._read(parent)
        stem = self._known[parent].get(exercise, _NO_STEM)
        if not stem.text and parent.tag == _NOTE and not _has_words(exercise):
            above = _paragraph_above(parent)
            return self._render([above]) if above is not None else stem
        return stem

    def _read(self, parent: _Element) -> dict[_Element, Stem]:
        if parent.tag == _PARA:
            return {e: self._render([parent]) for e in parent if e.tag == _EXERCISE}
        stems: dict[_Element, Stem] = {}
        run: list[_Element] = []
        current, left = _NO_STEM, 0
        shared: list[_Element] = []
        before: _Element | None = None
        lasting = _is_classed(parent)
        trusted = lasting or _mostly_exercises(parent)
        for el in parent:
            if el.tag == _EXERCISE:
                run = _hand_over(run, before, stems)
                if instruction := _instruction(run, trusted):
                    limit = _limit(instruction)
                    # what a counted group is told on its way adds to what it was told before
                    shared = [*shared, *instruction] if left > 0 and not limit else instruction
                    current, left = self._render(shared), limit or max(left, 0)
                elif not trusted and any(e.tag == _PARA for e in run):
                    current, left = _NO_STEM, 0
                tables = () if instruction else tuple(e for e in run if e.tag == _TABLE)
                stems[el] = replace(current, beside=tables) if tables and _lacks_table(el) else current
                run, before = [], el
                if inside := _instruction_inside(el):
                    shared, left = inside, _limit(inside)
                    current = self._render(inside)
                left -= 1
                if left == 0:
                    current = _NO_STEM
            elif el.tag == _SECTION:
                _hand_over(run, before, stems)
                run, current, left, before = [], _NO_STEM, 0, None
            elif el.tag in {_NOTE, _EXAMPLE}:
                if not lasting:
                    run, current, left = [], _NO_STEM, 0
            elif el.tag not in {_TITLE, _LABEL}:
                run.append(el)
        _hand_over(run, before, stems)
        return stems

    def _render(self, elements: list[_Element]) -> Stem:
        writer = Writer(self._references)
        text = writer.blocks(elements)
        aside = [e for k in dict.fromkeys(writer.targets) if k not in writer.rendered and (e := self._references.shown(k)) is not None]
        if aside:
            more = Writer(self._references)
            text = f"{text}\n\n{more.blocks(aside)}"
            writer.figures += more.figures
            writer.rendered |= set(writer.targets)
        return Stem(text, tuple(writer.figures), tuple(writer.links), tuple(writer.elsewhere), frozenset(writer.rendered))


def _has_words(exercise: _Element) -> bool:
    """Whether a problem says anything beside its mathematics. A formula with the words that go on from it says nothing: ``S_20 for the
    series``."""
    problem = exercise.find(_PROBLEM)
    if problem is None:
        return True
    words = _outside_mathematics(problem)
    first = next((c for c in problem.iter(MATH, _PARA) if c.tag == MATH or (c.text or "").strip()), None)
    return _WORD.search(words) is not None and (first is None or first.tag != MATH or _STOP.search(words) is not None)


def _outside_mathematics(el: _Element) -> str:
    inside = (("" if child.tag == MATH else _outside_mathematics(child)) + (child.tail or "") for child in el)
    return (el.text or "") + "".join(inside)


def _paragraph_above(box: _Element) -> _Element | None:
    """The paragraph above a row of boxes."""
    before = box.getprevious()
    while before is not None and before.tag == _NOTE:
        before = before.getprevious()
    return before if before is not None and before.tag == _PARA else None


def _is_classed(parent: _Element) -> bool:
    """Whether an element is an exercise set or a box, where every paragraph speaks to the exercises."""
    classed = parent.tag == _SECTION and bool(parent.get("class"))
    return classed or parent.tag in {_NOTE, _EXAMPLE} or exercise_set(parent) is not None


def _mostly_exercises(parent: _Element) -> bool:
    tags = [el.tag for el in parent]
    return tags.count(_EXERCISE) >= max(1, tags.count(_PARA))


def _hand_over(run: list[_Element], before: _Element | None, stems: dict[_Element, Stem]) -> list[_Element]:
    """What follows an exercise without the tables that are its own: those right behind a problem that speaks of a table and has none."""
    count = next((i for i, e in enumerate(run) if e.tag != _TABLE), len(run))
    if not count or before is None or not _lacks_table(before) or stems[before].beside or "|" in stems[before].text:
        return run
    stems[before] = replace(stems[before], beside=tuple(run[:count]))
    return run[count:]


def _lacks_table(exercise: _Element) -> bool:
    """Whether a problem speaks of a table, shows none and links to none."""
    problem = exercise.find(_PROBLEM)
    if problem is None or next(problem.iter(_TABLE), None) is not None or any(k.get("target-id") for k in problem.iter(_LINK)):
        return False
    return mentions_table(plain(problem))


def _instruction(run: list[_Element], trusted: bool) -> list[_Element]:
    """The part of a run of blocks that is the instruction: from its first paragraph on; in running prose, from the one that says so. A
    table right before it belongs to it where it speaks of one and none follows."""
    for i, el in enumerate(run):
        if el.tag == _PARA and (trusted or speaks_to_exercises(plain(el))):
            tables = _tables_before(run, i) if mentions_table(plain(el)) and not any(e.tag == _TABLE for e in run[i:]) else []
            return [*tables, *run[i:]]
    return []


def _tables_before(run: list[_Element], i: int) -> list[_Element]:
    return [e for e in run[:i] if e.tag == _TABLE]


def _instruction_inside(exercise: _Element) -> list[_Element]:
    """What the first of several exercises says for all of them: the blocks of its problem that begin with an instruction to so many, but
    for the last, which asks."""
    problem = exercise.find(_PROBLEM)
    blocks = [] if problem is None else list(problem)
    first = plain(blocks[0]) if len(blocks) > 1 and blocks[0].tag == _PARA else ""
    return blocks[:-1] if speaks_to_next(first) and reach(first) > 1 else []


def _limit(instruction: Iterable[_Element]) -> int:
    """For how many exercises the instruction holds; 0 is all."""
    return next((n for el in instruction if el.tag == _PARA and (n := reach(plain(el)))), 0)
