"""What an exercise goes on from: the exercise before it, and the exercises, worked examples and notes of its module that it points to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lxml.etree import _Element

from thresher.formats.books.instructions import refers_back
from thresher.formats.books.text import tidy
from thresher.formats.cnxml.document import cnx
from thresher.formats.cnxml.numbers import exercise_name
from thresher.formats.cnxml.references import References
from thresher.formats.cnxml.render import Writer
from thresher.formats.cnxml.stems import Stems

_EXERCISE, _EXAMPLE, _NOTE, _PROBLEM, _SOLUTION = (cnx(t) for t in ("exercise", "example", "note", "problem", "solution"))
_DEEPEST = 4
"""Exercises in a row of which each goes on from the one before."""
_LONGEST = 6_000
"""Characters of all pieces together; what needs more is no item."""


class Pieces:
    """The pieces of each exercise of a module. A piece is a text under the words by which the exercise speaks of it (``Example 3:``);
    the exercise before is ``Exercise 7 (previous):``. Those that a piece needs itself stand before it. Worked examples and notes come
    with their solutions, which the book shows at their place; exercises without."""

    def __init__(self, elements: Sequence[_Element], numbers: Mapping[_Element, str], references: References, stems: Stems) -> None:
        self._references, self._stems, self._numbers = references, stems, numbers
        self._place = {el: i for i, el in enumerate(elements)}
        self._elements = elements

    def of(self, exercise: _Element, text: str, pointed: Sequence[tuple[str, str]]) -> tuple[str, ...]:
        """The pieces of an exercise with this text, the earliest first; ``pointed`` are words of it and the ids behind them. Empty where
        they are too long, or need more than their module holds."""
        pieces: dict[_Element, str] = {}
        whole = self._gather(exercise, exercise, text, pointed, pieces, _DEEPEST)
        return tuple(pieces.values()) if whole and sum(map(len, pieces.values())) <= _LONGEST else ()

    def _gather(
        self, of: _Element, exercise: _Element, text: str, pointed: Sequence[tuple[str, str]], pieces: dict[_Element, str], depth: int
    ) -> bool:
        wanted = [(el, words) for words, key in pointed if (el := self._references.piece(key)) is not None]
        wanted += [(el, f"{self._name(el)} (previous)") for el in self._before(exercise, text)]
        for el, words in wanted:
            if el is of or el in pieces or of in el.iterdescendants(_EXERCISE):
                continue
            writer = Writer(self._references)
            body = self._text(el, exercise, writer)
            # what a worked example leans on itself is of no matter: it comes with its solution
            if el.tag == _EXERCISE and (
                depth == 0 or writer.unresolved or not self._gather(of, el, body, writer.pieces, pieces, depth - 1)
            ):
                return False
            pieces[el] = f"{words}:\n{body}"
        return True

    def _name(self, el: _Element) -> str:
        inner = el if el.tag == _EXERCISE else next(el.iter(_EXERCISE), el)
        return exercise_name(self._numbers.get(inner, "")) if el.tag == _EXERCISE else self._numbers.get(inner, "Example").partition("(")[0]

    def _text(self, el: _Element, of: _Element, writer: Writer) -> str:
        if el.tag == _EXERCISE:
            own, other = self._stems.of(of).text if of.tag == _EXERCISE else "", self._stems.of(el).text
            parts = [other if other != own else "", *(writer.text(p) for p in el.iter(_PROBLEM))]
        else:
            parts = [writer.text(el)]
            for exercise in el.iter(_EXERCISE):
                parts += [writer.text(p) for p in exercise.iter(_PROBLEM)]
                parts += [f"Solution: {writer.text(s)}" for s in exercise if s.tag == _SOLUTION]
        aside = [e for k in dict.fromkeys(writer.targets) if k not in writer.rendered and (e := self._references.shown(k)) is not None]
        return tidy("\n\n".join(p for p in (*parts, writer.blocks(aside) if aside else "") if p))

    def _before(self, exercise: _Element, text: str) -> list[_Element]:
        """The exercises, or the worked example, right before, that a text speaks of."""
        back = refers_back(text)
        place = self._place.get(exercise)
        if back is None or place is None:
            return []
        if back.example:
            order = list(exercise.getroottree().getroot().iter(_EXERCISE, _EXAMPLE))
            around = set(exercise.iterancestors(_EXAMPLE))
            return [b for b in order[: order.index(exercise)] if b.tag == _EXAMPLE and b not in around][-1:]
        siblings = [e for e in self._elements[:place] if e.getparent() is exercise.getparent()]
        return siblings[-back.exercises :] if len(siblings) >= back.exercises else []
