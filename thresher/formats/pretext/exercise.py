"""The exercises of a PreTeXt book, each once: introduction of its group, statement, tasks, answer, solution, hint."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lxml.etree import _Element

from thresher.formats.books.document import plain
from thresher.formats.books.exercise import BookExercise, joined, numbered_ids, solution_line
from thresher.formats.books.instructions import reach, speaks_to_exercises
from thresher.formats.books.macros import Macro
from thresher.formats.books.marks import letter, roman
from thresher.formats.books.text import UnknownElement, tidy
from thresher.formats.pretext.include import ORDINAL, PATH, XML_ID
from thresher.formats.pretext.render import Writer
from thresher.formats.pretext.targets import Targets
from thresher.model import Dead, Exercise

_ANSWERS = ("answer", "solution")
"""A short answer stands before the way to it."""
_ASIDE = frozenset(
    {*_ANSWERS, "hint", "response", "task", "title", "idx", "choices", "blocks", "matches", "cardsort", "areas", "evaluation"}
)
"""What stands in an exercise and is no part of its statement."""
_WIDGETS = frozenset({"blocks", "matches", "cardsort", "areas", "matching", "interactive", "webwork-reps"})
"""Exercises that are done with the mouse."""
_SETS = ("exercises", "subexercises", "reading-questions", "worksheet", "exercisegroup")
_DIVISIONS = frozenset({
    "part", "chapter", "appendix", "section", "subsection", "subsubsection", "exercises", "subexercises", "reading-questions", "worksheet",
    "handout", "paragraphs", "article",
})  # fmt: skip
_HEADINGS = ("chapter", "appendix", "section", "article")


def exercises(root: _Element, macros: Mapping[str, Macro], book: str) -> Iterator[BookExercise | Dead]:
    """Every ``<exercise>`` of a book in its order, each whole or dead; none costs another. One that is included twice comes once."""
    elements = _once(root)
    numbers = _numbers(elements)
    targets = Targets(root, numbers)
    ids = numbered_ids([f"{(el.get(PATH) or '').rpartition('.')[0]}/{_own_id(el)}" for el in elements])
    for position, (el, native_id) in enumerate(zip(elements, ids, strict=True), start=1):
        try:
            yield _Reader(targets, macros, book, numbers).read(el, native_id, position)
        except UnknownElement as error:
            yield Dead("unknown_element", str(error), native_id)
        except _Unusable as error:
            yield Dead(str(error), f"exercise {native_id}", native_id)
        except RecursionError:
            yield Dead("too_deep", "elements are nested too deeply to be read", native_id)


class _Unusable(ValueError):
    """An exercise without a problem; the text is the reason."""


def _once(root: _Element) -> list[_Element]:
    """The exercises, without the second copies of what is included twice. One in another (as books wrap their projects) is its own."""
    seen: set[tuple[str | None, str | None]] = set()
    out = []
    for el in root.iter("exercise"):
        mark = (el.get(PATH), el.get(ORDINAL))
        if mark not in seen:
            seen.add(mark)
            out.append(el)
    return out


def _own_id(el: _Element) -> str:
    return el.get(XML_ID) or el.get("label") or f"exercise-{el.get(ORDINAL)}"


def _numbers(elements: list[_Element]) -> dict[_Element, str]:
    """``number`` where the source states it; else counted within the set of exercises, and over the chapter outside of sets."""
    counts: dict[_Element | None, int] = {}
    numbers: dict[_Element, str] = {}
    for el in elements:
        inside = next((a for a in el.iterancestors("exercises", "reading-questions", "worksheet")), None)
        place = inside if inside is not None else next(el.iterancestors(*_HEADINGS), None)
        counts[place] = counts.get(place, 0) + 1
        numbers[el] = el.get("number") or (str(counts[place]) if inside is not None else f"Checkpoint {counts[place]}")
    return numbers


@dataclass(frozen=True, slots=True)
class _Part:
    """What one exercise, or one task of it, asks and answers."""

    asked: str = ""
    answer: str = ""
    hint: str = ""


class _Reader:
    """Reads one exercise."""

    def __init__(self, targets: Targets, macros: Mapping[str, Macro], book: str, numbers: Mapping[_Element, str]) -> None:
        self._targets, self._macros, self._book, self._numbers = targets, macros, book, numbers
        self._asked = self._writer()

    def _writer(self) -> Writer:
        return Writer(self._targets, self._macros)

    def read(self, el: _Element, native_id: str, position: int) -> BookExercise:
        """The exercise; _Unusable where it asks nothing."""
        stem, stem_writer = self._stem(el)
        part = self._part(el, 0)
        choices, answers = self._choices(el)
        title = el.find("title")
        head = self._asked.text(title) if title is not None else ""
        if not part.asked and not self._asked.figures and not choices:
            raise _Unusable("widget" if any(d.tag in _WIDGETS for d in el.iter()) else "empty_problem")
        aside = self._aside(stem_writer)
        problem = joined(head, part.asked, aside)
        solution = part.answer or ("\n\n".join(answers) if choices else "")
        heading = next((plain(a.find("title")) for a in el.iterancestors(*_HEADINGS)), "")
        figures = (*stem_writer.figures, *self._asked.figures)
        return BookExercise(
            native_id=native_id,
            position=position,
            text=joined(stem, problem, "\n".join(choices), solution_line(solution)),
            detail=Exercise(
                problem=problem,
                solution=solution,
                stem=stem,
                choices=choices,
                answer=answers[0] if len(answers) == 1 else "",
                number=self._numbers[el],
                section=" > ".join(_titles(el)),
                book=self._book,
                figures=tuple(dict.fromkeys(figures)),
                link_only=False,
            ),
            container=next((str(a.tag) for a in el.iterancestors() if a.tag in {"reading-questions", "worksheet", "exercises"}), "section"),
            links=tuple(dict.fromkeys(u for u, _ in (*stem_writer.links, *self._asked.links))),
            refers_to=tuple(dict.fromkeys(w for w in (*stem_writer.elsewhere, *self._asked.elsewhere) if w)),
            answers=answers if len(answers) > 1 else (),
            hint=part.hint,
            path=el.get(PATH) or "",
            anchor=el.get(XML_ID) or el.get("label") or "",
            heading=heading,
        )

    def _part(self, el: _Element, depth: int) -> _Part:
        """What an exercise or a task asks: introduction, statement or bare paragraphs, its tasks behind their letters, conclusion."""
        source = el if el.find("webwork") is None else el.find("webwork")
        assert source is not None
        if source.tag == "webwork" and source.find("statement") is None and source.find("task") is None and source.find("stage") is None:
            raise _Unusable("webwork_elsewhere")
        own = [c for c in source if c.tag not in _ASIDE and c.tag not in {"conclusion", "webwork", "setup", "pg-code"}]
        asked = self._asked.blocks(own)
        tasks = [self._part(t, depth + 1) for t in source if t.tag in {"task", "stage"}]
        marks = [_mark(depth, n) for n in range(1, len(tasks) + 1)]
        asked = joined(asked, "\n".join(_marked(m, t.asked) for m, t in zip(marks, tasks, strict=True)))
        asked = joined(asked, self._asked.blocks([c for c in source if c.tag == "conclusion"]))
        answer, hint = self._apart(source, _ANSWERS), self._apart(source, ("hint",))
        answer = joined(answer, "\n".join(_marked(m, t.answer) for m, t in zip(marks, tasks, strict=True) if t.answer))
        hint = joined(hint, "\n".join(_marked(m, t.hint) for m, t in zip(marks, tasks, strict=True) if t.hint))
        return _Part(asked, answer, hint)

    def _apart(self, el: _Element, names: tuple[str, ...]) -> str:
        """Answers and hints, which have pictures and references of their own."""
        return joined(*(self._writer().text(c) for name in names for c in el if c.tag == name))

    def _choices(self, el: _Element) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The options of a multiple-choice exercise, and those that are right."""
        box = el.find("choices")
        if box is None:
            correct = (el.find("statement") if el.find("statement") is not None else el).get("correct")  # type: ignore[union-attr]
            if correct not in {"yes", "no"}:
                return (), ()
            return ("True", "False"), ("True" if correct == "yes" else "False",)
        rows = [(self._choice(c), c.get("correct") == "yes") for c in box if c.tag == "choice"]
        return tuple(text for text, _ in rows if text), tuple(text for text, right in rows if right and text)

    def _choice(self, el: _Element) -> str:
        statement = el.find("statement")
        parts = [statement] if statement is not None else [c for c in el if c.tag != "feedback"]
        return " ".join((self._asked.blocks(parts) or self._asked.text(el)).split())

    def _stem(self, el: _Element) -> tuple[str, Writer]:
        """The introduction of the group that an exercise stands in, and that of its set where it speaks to the exercises; not that of a
        whole chapter."""
        writer = self._writer()
        texts: list[str] = []
        for place in reversed(list(el.iterancestors(*_SETS))):
            introduction = place.find("introduction")
            if introduction is None:
                continue
            said = plain(introduction)
            limit = reach(said)
            if place.tag == "exercisegroup" or (speaks_to_exercises(said) and (not limit or _place_in(el, place) <= limit)):
                texts.append(writer.text(introduction))
        return joined(*texts), writer

    def _aside(self, stem: Writer) -> str:
        """Figures, tables and equations from elsewhere in the book that the problem points to, so that it stands alone."""
        keys = [k for k in dict.fromkeys((*stem.targets, *self._asked.targets)) if k not in stem.rendered | self._asked.rendered]
        elements = [e for k in keys if (e := self._targets.shown(k)) is not None]
        return self._asked.blocks([_equation(e) for e in elements]) if elements else ""


def _equation(el: _Element) -> _Element:
    """One line of a display is shown with the lines around it."""
    parent = el.getparent()
    return parent if el.tag == "mrow" and parent is not None else el


def _place_in(el: _Element, place: _Element) -> int:
    return next((n for n, e in enumerate(place.iter("exercise"), start=1) if e is el), 0)


def _mark(depth: int, n: int) -> str:
    """``(a)``, and ``(i)`` for a task of a task."""
    return f"({letter(n) if depth % 2 == 0 else roman(n)})"


def _marked(mark: str, text: str) -> str:
    return tidy(f"{mark} {text}") if text else mark


def _titles(el: _Element) -> list[str]:
    return [t for a in reversed(list(el.iterancestors())) if a.tag in _DIVISIONS and (t := _SPACES.sub(" ", plain(a.find("title"))))]


_SPACES = re.compile(r"\s+")
