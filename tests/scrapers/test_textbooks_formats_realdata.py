"""Whole books in PreTeXt, LaTeX, MyST and XHTML: every exercise, every solution, sound mathematics, no command of the book's own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scrapers.textbooks import Site, parse, read
from thresher.model import Dead, Exercise, Record

SITE = Site(name="books", repository="example/books")
TRUTH = {
    "aata_pretext": (913, 0, "GFDL-1.2-or-later"),
    "aata_1997_latex": (688, 208, "GFDL-1.2-or-later"),
    "quantecon_python_programming_myst": (19, 18, "unknown"),
    "sicp_xhtml": (143, 0, "CC-BY-SA-4.0"),
}
"""Exercises, those with an answer in the source, licence. Of the 208 items at the back of the LaTeX book each belongs to an exercise."""
FORMULA = re.compile(r"\\\((.*?)\\\)|\\\[(.*?)\\\]", re.DOTALL)
OWN = re.compile(
    r"\\(?:identity|notdivide|notsubset|lcm|gf|inn|aut|Hom|cis|chr|Null|transpose|notmid|bfi|histf|exrule|Bbb|label|ref|amp)(?![A-Za-z])"
)
"""Commands that these books define, and what no reader of one exercise can follow."""


@pytest.fixture(scope="module")
def books(realdata: Path) -> dict[str, list[Record | Dead]]:
    return {name: [r for page in read(realdata / "textbooks" / name, SITE) for r in parse(page)] for name in TRUTH}


def records(books: dict[str, list[Record | Dead]], name: str) -> list[tuple[Record, Exercise]]:
    return [(r, r.detail) for r in books[name] if isinstance(r, Record) and isinstance(r.detail, Exercise)]


@pytest.mark.parametrize("name", TRUTH)
def test_every_exercise_and_every_solution_is_there(books: dict[str, list[Record | Dead]], name: str) -> None:
    exercises, solved, licence = TRUTH[name]
    found = records(books, name)
    assert [p for p in books[name] if isinstance(p, Dead)] == []
    assert len(found) == len({r.native_id for r, _ in found}) == exercises
    assert sum(bool(e.solution) for _, e in found) == solved
    assert {r.licence for r, _ in found} == {licence}


def test_hints_of_the_book_are_kept_apart(books: dict[str, list[Record | Dead]]) -> None:
    assert sum("hint" in r.marks for r, _ in records(books, "aata_pretext")) == 213


def test_every_answer_at_the_back_stands_in_the_chapter_that_it_names(books: dict[str, list[Record | Dead]]) -> None:
    solved = {(r.native_id.split("/")[0], e.number): e.solution for r, e in records(books, "aata_1997_latex") if e.solution}
    assert solved["permute", "4"] == r"\((a_1, a_{n}, a_{n-1}, \ldots, a_2)\)."
    assert solved["integers", "15"].startswith(r"(a) \((14)14 + (-5)39 = 1\).")


@pytest.mark.parametrize("name", TRUTH)
def test_mathematics_is_sound_and_in_full(books: dict[str, list[Record | Dead]], name: str) -> None:
    for record, _ in records(books, name):
        for match in FORMULA.finditer(record.text):
            latex = match[1] or match[2] or ""
            bare = re.sub(r"\\.", "", latex)
            assert bare.count("{") == bare.count("}"), (record.native_id, latex)
            assert latex.count("\\begin{") == latex.count("\\end{"), (record.native_id, latex)
            assert not OWN.search(latex), (record.native_id, latex)


@pytest.mark.parametrize("name", TRUTH)
def test_text_is_clean(books: dict[str, list[Record | Dead]], name: str) -> None:
    for record, exercise in records(books, name):
        words = re.sub(r"```.*?```|`[^`\n]*`", "C", FORMULA.sub("M", record.text), flags=re.DOTALL)
        assert not re.search(
            r"&(?:amp|lt|gt|nbsp|#)|[\x00-\x08\x0b-\x1f]|\\[a-zA-Z]{2,}|<(?:m|p|em|xref)\b|\{(?:ref|math|exercise)\}", words
        ), (
            record.native_id,
            words,
        )
        assert exercise.problem, record.native_id
