"""Multiple choice in the shapes in which books write it."""

from __future__ import annotations

import pytest

from thresher.formats.books.document import parse_xml
from thresher.formats.books.exercise import BookExercise
from thresher.formats.cnxml.document import CNXML, cnx
from thresher.formats.cnxml.exercise import exercises

ALPHA = "list-type='enumerated' number-style='lower-alpha'"


def read(problem: str, solution: str) -> BookExercise:
    answered = f"<solution><para>{solution}</para></solution>" if solution else ""
    body = f"<exercise id='e'><problem>{problem}</problem>{answered}</exercise>"
    (only,) = exercises(parse_xml(f'<document xmlns="{CNXML}"><content>{body}</content></document>'.encode(), root=cnx("document")), "m1")
    assert isinstance(only, BookExercise)
    return only


def items(*texts: str, attributes: str = ALPHA) -> str:
    return f"<para>Which one swims?</para><list {attributes}>{''.join(f'<item>{t}</item>' for t in texts)}</list>"


BIRDS = ("a hen", "a duck", "a kiwi")
LETTERED = ("a. a hen", "b. a duck", "c. a kiwi")


@pytest.mark.parametrize(
    ("problem", "solution"),
    [
        (items(*BIRDS), "b"),
        (items(*BIRDS), "(b)"),
        (items(*BIRDS), "(b) a duck"),
        (items(*BIRDS), "B. A duck."),
        (items(*BIRDS), "a duck"),
        (items(*BIRDS), "The correct answer is B."),
        (items(*BIRDS), "Answer: b"),
        (items(*BIRDS), "Option (b) is right because it has webbed feet."),
        (items(*BIRDS), "La respuesta correcta es la b."),
        (items(*BIRDS), "Die richtige Antwort ist B."),
        (items(*BIRDS), "Poprawna odpowiedź: B"),
        (items(*LETTERED, attributes="list-type='labeled-item'"), "b"),
        (items("A. a hen", "B. a duck", "C. a kiwi", attributes="list-type='bulleted' bullet-style='none'"), "B"),
        (items(*(f"<label>{x})</label>{t}" for x, t in zip("abc", BIRDS, strict=True)), attributes="list-type='labeled-item'"), "b"),
        (items(*BIRDS, attributes=""), "B"),
        (items(*BIRDS, attributes=""), "A duck."),
        ("<para>Which one swims?</para>" + "".join(f"<para>({x}) {t}</para>" for x, t in zip("abc", BIRDS, strict=True)), "(b)"),
    ],
)
def test_options_and_the_one_that_is_right(problem: str, solution: str) -> None:
    got = read(problem, solution).detail
    assert (got.problem, got.choices, got.answer) == ("Which one swims?", BIRDS, "a duck")


@pytest.mark.parametrize(
    ("problem", "solution"),
    [
        (items("Find the mass.", "Find the force."), "(a) 3 kg; (b) 4 N"),
        (items("Find the mass.", "Find the force."), "(a) 3 kg"),
        (items("3 + 4", "5 + 6"), "(a) 7"),
        (items(*BIRDS), "It is correct that a duck can swim and a hen cannot."),
        (items(*BIRDS), "d"),
        (items(*BIRDS, attributes=""), "Ducks have webbed feet."),
        ("<para>A. Milne wrote it.</para><para>Who was he?</para>", "A"),
        (items("salt", "pepper"), ""),
    ],
)
def test_parts_of_a_long_problem_are_no_options(problem: str, solution: str) -> None:
    assert read(problem, solution).detail.choices == ()


def test_a_name_keeps_its_initial() -> None:
    got = read(items("A. Volta", "A. Ampère", "G. Ohm"), "b").detail
    assert got.answer == "A. Ampère"


def test_circled_letters_are_options_where_the_book_names_one() -> None:
    marked = [f"<span class='token'>{mark}</span>{bird}" for mark, bird in zip("ⓐⓑⓒ", BIRDS, strict=True)]
    circled = items(*marked, attributes="list-type='enumerated' number-style='lower-alpha' class='circled'")
    got = read(circled, "B").detail
    assert (got.choices, got.answer) == (BIRDS, "a duck")
    assert read(circled, "ⓐ no ⓑ yes ⓒ no").detail.choices == ()
