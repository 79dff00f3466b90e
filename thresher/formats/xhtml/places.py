"""Where exercises and answers stand in a page, by class, id, anchor and heading."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from lxml.etree import _Element

from thresher.formats.books.document import plain
from thresher.formats.books.words import ANSWER, EXERCISES_HEADING
from thresher.formats.xhtml.page import HEADINGS, classes, names

_EXERCISE_CLASSES = frozenset({
    "exercise", "exercise-like", "exerciselike", "exercise-item", "exercise-block", "exercise-container", "box-exercise", "xca", "problem",
    "ltx_theorem_exercise", "ltx_theorem_problem", "theorem-exercise", "project-like-exercise", "admonition-exercise", "inline-exercise",
})  # fmt: skip
"""Classes of one exercise; the last but two are those of LaTeXML, ``box-exercise`` is LibreTexts'."""
_ANSWER_CLASSES = frozenset({
    "answer", "solution", "answer-like", "solution-like", "ltx_theorem_solution", "box-solution", "admonition-solution",
    "exercise-solution",
    "exercise-answer", "answers", "mt-answer",
})  # fmt: skip
_HINT_CLASSES = frozenset({"hint", "hint-like", "box-hint"})
_ID_WORDS = "exercise|exer|exo|problem|prob|question|xca|checkpoint|ejercicio|exercice|aufgabe|uebung|exercicio|esercizio"
_EXERCISE_ID = re.compile(rf"(?:{_ID_WORDS})(?!s|[-_]?set)(?=[\w.:-]*\d)[-_.:\w]*", re.IGNORECASE)
_ANSWER_ID = re.compile(rf"(?:[\w.:-]*[-_.:])?(?:{ANSWER})(?:[-_.:]?[\w.:-]*\d[\w.:-]*|(?<=[-_.:]\w{{3}})|)", re.IGNORECASE)
_HAS_ANSWER_WORD = re.compile(rf"(?:^|[-_.:\d])(?:{ANSWER})(?:$|[-_.:\d])", re.IGNORECASE)
_ANSWER_LABEL = re.compile(rf"(?:show\s+|hide\s+)?(?:{ANSWER})(?:\s+\S{{1,12}})?\s*[.:]?", re.IGNORECASE)
_HINT_LABEL = re.compile(
    r"(?:show\s+)?(?:hint|pista|indication|hinweis|dica|suggerimento|wskaz[óo]wka)s?(?:\s+\S{1,12})?\s*[.:]?", re.IGNORECASE
)
_LABELLED = re.compile(rf"[\s*]*(?:{_ID_WORDS}s?|ejercicio|exercice|\u00dcbung|exerc\u00edcio)\s+(?:\d|\\\()", re.IGNORECASE)
_BLOCKS = frozenset({"div", "section", "article", "li", "blockquote", "p", "aside", "dd", "td", "details", "fieldset"})
_LIMITS = frozenset({"body", "html", "main", "article", "section", "table", "tbody", "tr"})
"""What an exercise that an anchor begins does not grow beyond."""
_OWN = frozenset({"pre", "ul", "ol", "table", "figure", "blockquote", "dl", "div"})
"""Blocks that belong to the paragraph before them."""


@dataclass(eq=False)
class Place:
    """One exercise: the elements that it stands in, the names by which links know it, its answers and hints inside and beside it."""

    elements: list[_Element]
    names: list[str]
    answers: list[_Element] = field(default_factory=list)
    hints: list[_Element] = field(default_factory=list)
    listed: bool = False
    """Whether nothing marks it but its list."""
    order: int = 0
    """Its place among the elements of the page."""


@dataclass(eq=False)
class Apart:
    """An answer that stands outside of every exercise, with the names that link it to one: ids of its own and what it points to."""

    element: _Element
    own: list[str]
    targets: list[str]
    after: Place | None
    """The exercise right before it."""


def places(root: _Element) -> tuple[list[Place], list[Apart]]:
    """The exercises of a page in order, and the answers outside of them."""
    marked = [el for el in root.iter() if isinstance(el.tag, str) and _marks_exercise(el)]
    markers = {el for el in marked if not _holds_others(el, marked)}
    found = [Place(elements, _names_of(el, elements)) for el in marked if el in markers for elements in [_extent(el, markers)]]
    found = _in_order(root, [*_outermost(found), *_listed(root)])
    answers = {el: kind for el in root.iter() if isinstance(el.tag, str) and (kind := _kind(el))}
    inside = {d: place for place in found for el in place.elements for d in el.iter()}
    apart: list[Apart] = []
    last: Place | None = None
    for el in root.iter():
        last = next((p for p in (inside.get(el),) if p is not None), last)
        if el not in answers or any(a in answers for a in el.iterancestors()):
            continue
        place = inside.get(el)
        if place is not None:
            (place.answers if answers[el] == "answer" else place.hints).append(el)
        elif answers[el] == "answer":
            apart.append(Apart(el, _names_within(el), _targets(el), last if last is not None and _follows(el, last) else None))
    return found, apart


def _marks_exercise(el: _Element) -> bool:
    if el.tag in _BLOCKS and classes(el) & _EXERCISE_CLASSES and not classes(el) & _ANSWER_CLASSES:
        return True
    return any(_EXERCISE_ID.fullmatch(n) and not _HAS_ANSWER_WORD.search(n) for n in names(el)) and (
        el.tag in _BLOCKS or el.tag in HEADINGS or el.tag in {"a", "span", "strong", "b"}
    )


def _holds_others(el: _Element, marked: list[_Element]) -> bool:
    """Whether an element is a set of exercises: several that are marked stand in it, side by side."""
    if el.tag not in _BLOCKS:
        return False
    within = set(el.iterdescendants())
    inner = [m for m in marked if m in within and not any(a in within and a in marked for a in m.iterancestors())]
    return len(inner) > 1


def _extent(el: _Element, markers: set[_Element]) -> list[_Element]:
    """The elements of the exercise that a marker begins."""
    if el.tag in _BLOCKS and el.tag != "p":
        return [el]
    top = el
    while (parent := top.getparent()) is not None and parent.tag not in _LIMITS and _begins_with(parent, top):
        if sum(d in markers for d in parent.iter()) > 1:
            break
        top = parent
    if top.tag in _BLOCKS and top.tag != "p":
        return [top]
    if top.tag in HEADINGS:
        return [top, *_until(top, markers, heading=str(top.tag))]
    while top.tag != "p" and (parent := top.getparent()) is not None and parent.tag not in _LIMITS and top.tag not in _BLOCKS:
        top = parent
    return [top, *_until(top, markers, heading="")]


def _begins_with(parent: _Element, el: _Element) -> bool:
    """Whether nothing but white space and empty anchors stands before an element."""
    if (parent.text or "").strip():
        return False
    for sibling in parent:
        if sibling is el:
            return True
        if plain(sibling) or (sibling.tail or "").strip():
            return False
    return False


def _until(el: _Element, markers: set[_Element], *, heading: str) -> Iterator[_Element]:
    """What follows a marker up to the next one: behind a heading up to the next heading like it; behind a paragraph the blocks that are
    its own, and in a section of exercises all paragraphs."""
    whole = bool(heading) or _in_exercises(el)
    for sibling in el.itersiblings():
        if not isinstance(sibling.tag, str):
            continue
        if sibling in markers or any(d in markers for d in sibling.iterdescendants()):
            return
        if sibling.tag in HEADINGS and (not heading or sibling.tag <= heading):
            return
        if not whole and sibling.tag not in _OWN:
            return
        yield sibling


def _in_exercises(el: _Element) -> bool:
    """Whether the last heading before an element says that exercises follow."""
    place: _Element | None = el
    while place is not None:
        for sibling in place.itersiblings(preceding=True):
            if sibling.tag in HEADINGS:
                return EXERCISES_HEADING.fullmatch(plain(sibling).strip(" .:")) is not None
        place = place.getparent()
    return False


def _outermost(found: list[Place]) -> list[Place]:
    """Without those that stand in another (an anchor in a block that is marked itself), whose names the outer one takes over."""
    out: list[Place] = []
    covered: dict[_Element, Place] = {}
    for place in found:
        outer = covered.get(place.elements[0])
        if outer is not None:
            outer.names += [n for n in place.names if n not in outer.names]
            continue
        out.append(place)
        covered.update({d: place for el in place.elements for d in el.iter()})
    return out


def _in_order(root: _Element, found: list[Place]) -> list[Place]:
    """Marked exercises and items of lists as they come; an item that is an exercise already, stands in one or holds some is none."""
    covered = {d for place in found if not place.listed for el in place.elements for d in el.iter()}
    holding = {a for place in found if not place.listed for a in place.elements[0].iterancestors()}
    kept = [p for p in found if not p.listed or (p.elements[0] not in covered and p.elements[0] not in holding)]
    order = {el: n for n, el in enumerate(root.iter())}
    for place in kept:
        place.order = order[place.elements[0]]
    return sorted(kept, key=lambda p: p.order)


def _listed(root: _Element) -> Iterator[Place]:
    """The items of the numbered lists below a heading of exercises."""
    for heading in root.iter(*HEADINGS):
        if not EXERCISES_HEADING.fullmatch(plain(heading).strip(" .:")):
            continue
        scope = [s for s in heading.itersiblings() if isinstance(s.tag, str)]
        end = next((i for i, s in enumerate(scope) if s.tag in HEADINGS and s.tag <= heading.tag), len(scope))
        for part in scope[:end]:
            tops = [o for o in part.iter("ol") if not any(a.tag in {"ol", "li"} for a in o.iterancestors())]
            for item in (i for o in tops for i in o if i.tag == "li"):
                yield Place([item], names(item), listed=True)


def _kind(el: _Element) -> Literal["answer", "hint", ""]:
    own = classes(el)
    if own & _ANSWER_CLASSES and el.tag not in {"a", "span", "button"}:
        return "answer"
    if own & _HINT_CLASSES and el.tag not in {"a", "span", "button"}:
        return "hint"
    if el.tag in {"div", "section", "li", "p", "blockquote"} and any(
        _ANSWER_ID.fullmatch(n) and any(c.isdigit() for c in n) for n in names(el)
    ):
        return "answer"
    label = _label(el)
    if label and _ANSWER_LABEL.fullmatch(label):
        return "answer"
    return "hint" if label and _HINT_LABEL.fullmatch(label) else ""


def _label(el: _Element) -> str:
    """The words over what can be unfolded: ``<details><summary>Answer``, ``<dl><dt>Answer``."""
    if el.tag == "details":
        return plain(el.find("summary"))
    if el.tag == "dd":
        before = el.getprevious()
        return plain(before) if before is not None and before.tag == "dt" else ""
    return ""


def _names_of(el: _Element, elements: list[_Element]) -> list[str]:
    """The names of a marker first, then those of all that stands in the exercise."""
    return list(dict.fromkeys([*names(el), *(n for e in elements for d in e.iter() for n in names(d))]))


def _names_within(el: _Element) -> list[str]:
    return [n for d in el.iter() for n in names(d)]


def _targets(el: _Element) -> list[str]:
    return [href for d in el.iter("a") if "#" in (href := d.get("href") or "")]


def _follows(el: _Element, place: Place) -> bool:
    """Whether an answer stands right behind an exercise, nothing but white space and other answers between."""
    last = place.elements[-1]
    before = el.getprevious()
    while before is not None and before is not last and (not plain(before) or _kind(before)):
        before = before.getprevious()
    return before is last
