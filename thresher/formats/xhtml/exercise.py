"""The exercises of all pages of a book, with the answers of all pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml.etree import _Element

from thresher.formats.books.exercise import BookExercise, joined, numbered_ids, solution_line
from thresher.formats.books.licence import Licence
from thresher.formats.books.listings import Listing, listing_of, needed
from thresher.formats.books.text import code_block, tidy
from thresher.formats.books.words import ANSWER, EXERCISE
from thresher.formats.mathml import UnknownMathML
from thresher.formats.xhtml.page import HEADINGS, names, title_of
from thresher.formats.xhtml.places import Apart, Place, places
from thresher.formats.xhtml.render import Writer, program
from thresher.model import Dead, Exercise

_NUMBER = r"(?P<number>\d[\w.]*(?:\(\w\))?|[A-Z]?\.?\d[\w.]*|\\\(\\PageIndex\{(?P<index>[\w.]+)\}\\\))"
_LABEL = re.compile(rf"[\s*#]*(?:{EXERCISE})\s+{_NUMBER}\s*[*]*\s*[.:]?\s*[*]*\s*(?=\s|\Z|[^\w])", re.IGNORECASE)
_BARE_NUMBER = re.compile(r"[\s*(]*(?P<number>\d{1,3})[*]*[.)][*]*\s+")
_ANSWER_LABEL = re.compile(
    rf"[\s*#]*(?:{ANSWER})(?:\s+(?:to|of|de|zu)\s+\w+)?(?:\s+{_NUMBER.replace('number', 'n').replace('index', 'i')})?"
    r"\s*[*]*\s*[.:]?\s*[*]*(?=\s|\Z)",
    re.IGNORECASE,
)
_ANSWER_PREFIX = re.compile(rf"(?:^|[-_.:])(?:{ANSWER})(?:[-_.:]|(?=\d)|$)", re.IGNORECASE)
_EXERCISE_PREFIX = re.compile(
    r"^(?:exercise|exer|exo|problem|prob|question|xca|checkpoint|ejercicio|exercice|aufgabe|uebung)[-_.:]?", re.IGNORECASE
)


@dataclass(eq=False)
class Leaf:
    """One page of a book that was read."""

    path: str
    root: _Element
    exercises: list[Place]
    answers: list[Apart]
    licence: Licence
    title: str


def leaf(path: str, root: _Element, licence: Licence, title: str) -> Leaf:
    """A page with what stands in it."""
    return Leaf(path, root, *places(root), licence, title)


def exercises(leaves: list[Leaf], book: str) -> Iterator[BookExercise | Dead]:
    """Every exercise of a book in the order of its pages, as BookExercise or as Dead; none costs another."""
    _link(leaves)
    position = 0
    before: list[Listing] = []
    for page in leaves:
        programs = _programs(page)
        notes = {n: el for el in page.root.iter() if isinstance(el.tag, str) for n in names(el)}
        stem = page.path.rpartition(".")[0]
        ids = numbered_ids([f"{stem}/{p.names[0] if p.names else f'exercise-{n}'}" for n, p in enumerate(page.exercises, start=1)])
        for place, native_id in zip(page.exercises, ids, strict=True):
            position += 1
            here = [listing for at, listing in programs if at < place.order]
            try:
                yield _exercise(place, page, notes, native_id, position, book, [*before, *here])
            except UnknownMathML as error:
                yield Dead("unknown_mathml", str(error), native_id)
            except RecursionError:
                yield Dead("too_deep", "elements are nested too deeply to be read", native_id)
            except _Empty:
                yield Dead("empty_problem", f"exercise {native_id}", native_id)
        before += [listing for _, listing in programs]


class _Empty(ValueError):
    """An exercise that asks nothing."""


def _link(leaves: list[Leaf]) -> None:
    """Gives every answer outside to its exercise: the one that it points to, the one whose name its own holds, or the one before it."""
    by_place = {(leaf.path.rpartition("/")[2], n): p for leaf in leaves for p in leaf.exercises for n in p.names[:1]}
    by_name: dict[str, Place | None] = {}
    for page in leaves:
        for exercise in page.exercises:
            for name in exercise.names:
                by_name[name] = None if name in by_name and by_name[name] is not exercise else exercise
                by_name.setdefault(_folded(name), exercise)
    for page in leaves:
        for answer in page.answers:
            pointed = (by_place.get((href.rpartition("#")[0].rpartition("/")[2] or page.path.rpartition("/")[2], href.rpartition("#")[2]))
                       for href in answer.targets)  # fmt: skip
            named = (by_name.get(_folded(_ANSWER_PREFIX.sub("-", n).strip("-_.:"))) for n in answer.own if _ANSWER_PREFIX.search(n))
            place = next((p for p in (*pointed, *named, answer.after) if p is not None), None)
            if place is not None:
                place.answers.append(answer.element)


def _programs(page: Leaf) -> list[tuple[int, Listing]]:
    """The programs of the running text that define something, with their places in the page."""
    inside = {d for place in page.exercises for el in [*place.elements, *place.answers] for d in el.iter("pre")}
    found = ((at, listing_of(*program(el))) for at, el in enumerate(page.root.iter()) if el.tag == "pre" and el not in inside)
    return [(at, listing) for at, listing in found if listing is not None]


def _folded(name: str) -> str:
    """What is left of a name without the word for exercise: ``1-2`` of ``exercise-1-2``."""
    return f"={_EXERCISE_PREFIX.sub('', name).lower()}"


def _exercise(
    place: Place, page: Leaf, notes: dict[str, _Element], native_id: str, position: int, book: str, before: list[Listing]
) -> BookExercise:
    aside = [*place.answers, *place.hints]
    labels = [dt for el in aside if el.tag == "dd" and (dt := el.getprevious()) is not None]
    writer = Writer(notes, skip=[*aside, *labels])
    problem = writer.blocks(place.elements)
    number = ""
    if match := _LABEL.match(problem) or _BARE_NUMBER.match(problem):
        number = (match.groupdict().get("index") or match["number"]).rstrip(".")
        problem = tidy(problem[match.end() :].lstrip(" :.*" if problem[match.end() :].lstrip(" :.").startswith("**") else " :."))
    if not problem:
        raise _Empty
    beside, leans_on = needed(problem, before)
    problem = joined(problem, *(tidy(code_block(listing.code, listing.language)) for listing in beside))
    solution = joined(*(_answer(Writer(notes), el) for el in place.answers))
    hint = joined(*(_answer(Writer(notes), el) for el in place.hints))
    return BookExercise(
        native_id=native_id,
        position=position,
        text=joined(problem, solution_line(solution)),
        detail=Exercise(
            problem=problem,
            solution=solution,
            number=number,
            section=" > ".join(_titles(place.elements[0])) or page.title,
            book=book,
            figures=tuple(dict.fromkeys(writer.figures)),
        ),
        container="section",
        links=tuple(dict.fromkeys(u for u, _ in writer.links if u)),
        refers_to=tuple(dict.fromkeys([*writer.elsewhere, *leans_on])),
        hint=hint,
        path=page.path,
        line=int(place.elements[0].sourceline or 0),  # type: ignore[call-overload]  # an int, whatever the stubs say
        anchor=place.names[0] if place.names else "",
        heading=page.title,
        licence=page.licence,
    )


def _answer(writer: Writer, el: _Element) -> str:
    """The text of an answer without the word that says that it is one."""
    summary = [c for c in el if c.tag == "summary"]
    text = Writer(writer._notes, skip=summary).blocks([el]) if summary else writer.blocks([el])
    return tidy(_ANSWER_LABEL.sub("", text, count=1)) if _ANSWER_LABEL.match(text) else text


def _titles(el: _Element) -> list[str]:
    """The headings over an element, the highest first."""
    out: list[tuple[str, str]] = []
    place: _Element | None = el
    while place is not None:
        for sibling in place.itersiblings(preceding=True):
            for heading in [sibling] if sibling.tag in HEADINGS else []:
                if not out or str(heading.tag) < out[-1][0]:
                    out.append((str(heading.tag), title_of(heading)))
        place = place.getparent()
    return [title for _, title in reversed(out) if title]
