"""The instruction that a group of exercises shares ("For the following exercises, ..."), with the figures and tables that come with it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml.etree import _Element

from thresher.formats.cnxml.document import cnx, plain
from thresher.formats.cnxml.numbers import exercise_set
from thresher.formats.cnxml.references import References
from thresher.formats.cnxml.render import Writer

_EXERCISE, _PARA, _TITLE, _LABEL = (cnx(t) for t in ("exercise", "para", "title", "label"))
_SECTION, _NOTE, _EXAMPLE = (cnx(t) for t in ("section", "note", "example"))
_BREAKS = frozenset({_SECTION, _NOTE, _EXAMPLE})
_NOUN = r"(?:exercises?|problems?|questions?)"
_INSTRUCTION = re.compile(rf"\b(?:following|next)\s+(?:\w+\s+){{0,2}}{_NOUN}|\b{_NOUN}\s+(?:that follow|below)", re.IGNORECASE)
_NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_COUNT = re.compile(rf"\b(?:following|next)\s+(?:(?:set of)\s+)?(?:({'|'.join(_NUMBERS)}|\d{{1,2}})\s+)?({_NOUN})\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Stem:
    """An instruction as text; ``rendered`` are the ids of the figures and tables shown in it."""

    text: str = ""
    figures: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    elsewhere: tuple[str, ...] = ()
    rendered: frozenset[str] = frozenset()


_NO_STEM = Stem()


class Stems:
    """The stem of each exercise of a module. An instruction holds until the next one or the end of its section, or for as many exercises
    as it says ("the following exercise", "the next two problems"). It replaces the one before."""

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
        return self._known[parent].get(exercise, _NO_STEM)

    def _read(self, parent: _Element) -> dict[_Element, Stem]:
        if parent.tag == _PARA:
            return {e: self._render([parent]) for e in parent if e.tag == _EXERCISE}
        stems: dict[_Element, Stem] = {}
        run: list[_Element] = []
        current, left = _NO_STEM, 0
        trusted = _is_set(parent)
        for el in parent:
            if el.tag == _EXERCISE:
                if run:
                    instruction = _instruction(run, trusted)
                    if instruction:
                        current, left = self._render(instruction), _limit(instruction)
                    elif not trusted:
                        current = _NO_STEM
                    run = []
                stems[el] = current
                left -= 1
                if left == 0:
                    current = _NO_STEM
            elif el.tag in _BREAKS:
                run, current = [], _NO_STEM
            elif el.tag not in {_TITLE, _LABEL}:
                run.append(el)
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


def _is_set(parent: _Element) -> bool:
    """Whether paragraphs here speak to the exercises: inside an exercise set, a box, or a section that is mostly exercises."""
    classed = parent.tag == _SECTION and bool(parent.get("class"))
    if classed or parent.tag in {_NOTE, _EXAMPLE} or exercise_set(parent) is not None:
        return True
    tags = [el.tag for el in parent]
    return tags.count(_EXERCISE) >= max(1, tags.count(_PARA))


def _instruction(run: list[_Element], trusted: bool) -> list[_Element]:
    """The part of a run of blocks that is the instruction: from its first paragraph on; in running prose, from the one that says so."""
    for i, el in enumerate(run):
        if el.tag == _PARA and (trusted or _INSTRUCTION.search(plain(el))):
            return run[i:]
    return []


def _limit(instruction: list[_Element]) -> int:
    """For how many exercises the instruction holds; 0 is all."""
    found = (_COUNT.search(plain(el)) for el in instruction if el.tag == _PARA)
    match = next((m for m in found if m), None)
    if match is None:
        return 0
    if count := (match.group(1) or "").lower():
        return int(count) if count.isdecimal() else _NUMBERS.index(count) + 1
    return 0 if match.group(2).lower().endswith("s") else 1
