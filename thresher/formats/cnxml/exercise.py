"""The exercises of one module, whole: instruction, problem, options, solution, number, section."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lxml.etree import _Element

from thresher.formats.books.document import plain
from thresher.formats.books.exercise import BookExercise, numbered_ids
from thresher.formats.books.text import UnknownElement, tidy
from thresher.formats.cnxml.choices import Options, find_options
from thresher.formats.cnxml.document import cnx
from thresher.formats.cnxml.numbers import number_exercises
from thresher.formats.cnxml.pieces import Pieces
from thresher.formats.cnxml.references import References
from thresher.formats.cnxml.render import Writer
from thresher.formats.cnxml.stems import Stem, Stems
from thresher.formats.mathml import UnknownMathML
from thresher.model import Dead, Exercise

_EXERCISE, _PROBLEM, _SOLUTION, _TITLE, _SECTION = (cnx(t) for t in ("exercise", "problem", "solution", "title", "section"))
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")


def exercises(root: _Element, module: str, *, book: str = "", heading: str = "") -> Iterator[BookExercise | Dead]:
    """Every ``<exercise>`` of a module in document order, each as BookExercise or as Dead; none costs another. ``heading`` is the module's
    place and title in the book, the first part of each section path."""
    elements = list(root.iter(_EXERCISE))
    if not elements:
        return
    numbers = number_exercises(elements)
    references = References(root, numbers)
    stems = Stems(references)
    pieces = Pieces(elements, numbers, references, stems)
    titles = {section: plain(section.find(_TITLE)) for section in root.iter(_SECTION)}
    for position, (el, native_id) in enumerate(zip(elements, _ids(elements, module), strict=True), start=1):
        try:
            yield _exercise(el, native_id, position, numbers[el], book, [heading, *_around(el, titles)], references, stems, pieces)
        except _Unusable as error:
            yield Dead(str(error), f"exercise {native_id}", native_id)
        except UnknownMathML as error:
            yield Dead("unknown_mathml", str(error), native_id)
        except UnknownElement as error:
            yield Dead("unknown_element", str(error), native_id)
        except RecursionError:
            yield Dead("too_deep", "elements are nested too deeply to be read", native_id)


class _Unusable(ValueError):
    """An exercise without a problem; the text is the reason."""


def _ids(elements: list[_Element], module: str) -> list[str]:
    """Module and exercise id; the ordinal in the module where the id is missing or already taken."""
    names = [el.get("id") or f"exercise-{n}" for n, el in enumerate(elements, start=1)]
    return [f"{module}/{name}" for name in numbered_ids(names)]


def _exercise(
    el: _Element,
    native_id: str,
    position: int,
    number: str,
    book: str,
    path: list[str],
    references: References,
    stems: Stems,
    pieces: Pieces,
) -> BookExercise:
    problem = el.find(_PROBLEM)
    if problem is None:
        raise _Unusable("no_problem")
    solutions = [s for s in el if s.tag == _SOLUTION]
    stem = stems.of(el)
    answer_writer = Writer(references)
    solution = tidy("\n\n".join(answer_writer.text(s) for s in solutions))
    options = find_options(problem, solution, _classes(el), Writer(references).text)
    whole = Writer(references)
    heads = [h for h in (whole.text(t) for t in el if t.tag == _TITLE) if h]
    text = tidy("\n\n".join([*heads, whole.text(problem)]))
    asked, choices = (_without_options(problem, options, heads, references), options.items) if options is not None else (text, ())
    if not text and not whole.figures:
        raise _Unusable("empty_problem")
    aside = _aside(whole, stem, references)
    answers = tuple(choices[i] for i in options.answers) if options is not None else ()
    detail = Exercise(
        problem=_joined(asked, aside.text),
        solution=solution,
        stem=stem.text,
        choices=choices,
        answer=answers[0] if len(answers) == 1 else "",
        number=number,
        section=" > ".join(filter(None, path)),
        book=book,
        figures=tuple(dict.fromkeys(f for f in (*stem.figures, *whole.figures, *aside.figures) if f)),
        link_only=_only_links(text, whole, options is not None),
        pieces=pieces.of(el, text, whole.pieces),
    )
    return BookExercise(
        native_id=native_id,
        position=position,
        text=_joined(stem.text, text, aside.text, f"Solution: {solution}" if solution else ""),
        detail=detail,
        container=_container(el),
        links=tuple(dict.fromkeys(url for url, _ in (*stem.links, *whole.links))),
        refers_to=tuple(dict.fromkeys((*stem.elsewhere, *whole.elsewhere))),
        answers=answers if len(answers) > 1 else (),
    )


def _without_options(problem: _Element, options: Options, heads: list[str], references: References) -> str:
    writer = Writer(references, skip=frozenset(options.elements))
    return tidy("\n\n".join([*heads, writer.text(problem)]))


def _joined(*parts: str) -> str:
    return "\n\n".join(p for p in parts if p)


@dataclass(frozen=True, slots=True)
class _Aside:
    text: str = ""
    figures: tuple[str, ...] = ()


def _aside(writer: Writer, stem: Stem, references: References) -> _Aside:
    """Figures, tables and equations from elsewhere in the module that the problem points to, and the tables beside it, so that it stands
    alone."""
    keys = [k for k in dict.fromkeys(writer.targets) if k not in stem.rendered and k not in writer.rendered]
    elements = [e for k in keys if (e := references.shown(k)) is not None]
    elements += [e for e in stem.beside if e not in elements]
    if not elements:
        return _Aside()
    shown = Writer(references)
    return _Aside(shown.blocks(elements), tuple(shown.figures))


def _only_links(text: str, writer: Writer, has_options: bool) -> bool:
    """Whether every sentence does nothing but send the reader to an address or a simulation, and asks nothing."""
    if not writer.links or has_options or "?" in text or "\\(" in text or "\\[" in text:
        return False
    words = [w for _, w in writer.links if w]
    sentences = [s for s in _SENTENCE.split(text) if any(c.isalpha() for c in s)]
    return all(s.startswith(("[simulation", "[video", "[audio")) or any(w in s for w in words) for s in sentences)


def _classes(el: _Element) -> frozenset[str]:
    """Classes of the exercise and of the sections around it."""
    names = [el.get("class") or "", el.get("type") or "", *((a.get("class") or "") for a in el.iterancestors(_SECTION))]
    return frozenset(" ".join(names).split())


def _container(el: _Element) -> str:
    for ancestor in el.iterancestors():
        if ancestor.tag in {cnx("example"), cnx("note")}:
            return str(ancestor.tag).rpartition("}")[2]
    return "section"


def _around(el: _Element, titles: Mapping[_Element, str]) -> list[str]:
    """The titles of the sections around an exercise, the outermost first."""
    return [titles[section] for section in el.iterancestors(_SECTION)][::-1]
