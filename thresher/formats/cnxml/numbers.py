"""The number of each exercise.

Exercise sets (a section with a class of its own, such as ``section-exercises`` or ``problems-exercises``, with all its subsections) count
from 1, and so do other sections; worked examples and notes count over the module as ``Example 2`` and ``Try It 5``. Books whose design
counts over a whole chapter print other numbers: the design is not in the source.
"""

from __future__ import annotations

from collections.abc import Sequence

from lxml.etree import _Element

from thresher.formats.books.document import plain
from thresher.formats.cnxml.document import cnx

_SECTION, _EXAMPLE, _NOTE, _LABEL, _TITLE = (cnx(t) for t in ("section", "example", "note", "label", "title"))
_NOT_SETS = frozenset({"coreq-skills", "learning-objectives", "summary", "key-concepts"})


def exercise_set(el: _Element) -> _Element | None:
    """The outermost classed section around an element: the set that it is counted in."""
    found = None
    for ancestor in el.iterancestors(_SECTION):
        if (names := ancestor.get("class")) and not _NOT_SETS & set(names.split()):
            found = ancestor
    return found


def number_exercises(elements: Sequence[_Element]) -> dict[_Element, str]:
    """``12``, ``Example 2``, ``Example 2(b)`` for the second exercise of one example, ``Try It 5``."""
    numbers: dict[_Element, str] = {}
    counts: dict[object, int] = {}
    boxes: dict[_Element, tuple[str, int]] = {}
    for el in elements:
        box = next((a for a in el.iterancestors(_EXAMPLE, _NOTE)), None)
        if box is not None:
            if box not in boxes:
                name = _box_name(box)
                counts[name] = counts.get(name, 0) + 1
                boxes[box] = (f"{name} {counts[name]}", 0)
            label, inside = boxes[box]
            boxes[box] = (label, inside + 1)
            numbers[el] = label if inside == 0 else f"{label}({chr(97 + min(inside, 25))})"
            continue
        group = exercise_set(el)
        key = group if group is not None else next(el.iterancestors(_SECTION), None)
        counts[key] = counts.get(key, 0) + 1
        numbers[el] = str(counts[key])
    return numbers


def exercise_name(number: str) -> str:
    """What a text calls the exercise with this number: ``Exercise 12``, ``Try It 5``."""
    return number if number[:1].isalpha() else f"Exercise {number}".strip()


def _box_name(box: _Element) -> str:
    if box.tag == _EXAMPLE:
        return "Example"
    classes = (box.get("class") or "").split()
    name = plain(box.find(_LABEL)) or ("Try It" if "try" in classes else plain(box.find(_TITLE))) or "Note"
    return "Try It" if name.lower().startswith("try it") else name
