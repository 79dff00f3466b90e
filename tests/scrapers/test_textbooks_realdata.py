"""Four whole books: every exercise, every solution, and mathematics that is sound. Slow tests share one parse."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from scrapers.textbooks import Site, parse, read
from thresher.formats.latex import FUNCTIONS, OVER, RELATIONS, SYMBOLS, UNDER
from thresher.model import Dead, Exercise, Record

SITE = Site(name="books", repository="openstax/books")
TRUTH = {
    "openstax_college-physics-2e_cnxml": (3867, 1526),
    "openstax_college-algebra-2e_cnxml": (6087, 3403),
    "openstax_anatomy-and-physiology-2e_cnxml": (1226, 1226),
    "openstax_calculo-volumen-1_cnxml": (3029, 1795),
}
FORMULA = re.compile(r"\\\((.*?)\\\)|\\\[(.*?)\\\]", re.DOTALL)
SECONDS_PER_EXERCISE = 1 / 1000


class Parsed:
    def __init__(self, records: dict[str, list[Record]], dead: list[Dead], seconds: float) -> None:
        self.records = records
        self.dead = dead
        self.seconds = seconds

    def everything(self) -> list[Record]:
        return [r for records in self.records.values() for r in records]


@pytest.fixture(scope="module")
def books(realdata: Path) -> Parsed:
    pages = {name: list(read(realdata / "textbooks" / name, SITE)) for name in TRUTH}
    begun = time.process_time()
    results = {name: [r for page in found for r in parse(page)] for name, found in pages.items()}
    seconds = time.process_time() - begun
    records = {name: [r for r in found if isinstance(r, Record)] for name, found in results.items()}
    return Parsed(records, [r for found in results.values() for r in found if isinstance(r, Dead)], seconds)


def exercise(record: Record) -> Exercise:
    assert isinstance(record.detail, Exercise)
    return record.detail


def formulas(text: str) -> list[str]:
    return [a or b for a, b in FORMULA.findall(text)]


def balanced(latex: str) -> bool:
    """Whether braces, environments and \\left/\\right close in the order in which they open."""
    opened: list[str] = []
    for token in re.findall(r"\\(?:begin|end)\{\w+\}|\\(?:left|right)(?![a-zA-Z])|\\.|[{}]", latex, re.DOTALL):
        if token in {"{", r"\left"} or token.startswith(r"\begin{"):
            opened.append(token)
        elif token in {"}", r"\right"} or token.startswith(r"\end{"):
            partner = {"}": "{", r"\right": r"\left"}.get(token, token.replace("end", "begin", 1))
            if not opened or opened.pop() != partner:
                return False
    return not opened


@pytest.mark.parametrize("name", TRUTH)
def test_every_exercise_and_every_solution_is_there(books: Parsed, name: str) -> None:
    records = books.records[name]
    exercises, solved = TRUTH[name]
    assert len(records) == exercises
    assert sum(bool(exercise(r).solution) for r in records) == solved
    assert len({r.native_id for r in records}) == exercises


def test_nothing_in_the_books_is_unknown(books: Parsed) -> None:
    assert books.dead == []


def test_multiple_choice_has_its_answer(books: Parsed) -> None:
    anatomy = [exercise(r) for r in books.records["openstax_anatomy-and-physiology-2e_cnxml"]]
    assert sum(bool(e.choices) for e in anatomy) == 714
    assert sum(bool(e.answer) for e in anatomy) == 714
    physics = [exercise(r) for r in books.records["openstax_college-physics-2e_cnxml"]]
    assert sum(bool(e.answer) for e in physics) == 204
    assert all(e.answer in e.choices for e in (*anatomy, *physics) if e.answer)


def test_shared_instructions_reach_their_exercises(books: Parsed) -> None:
    algebra = [exercise(r) for r in books.records["openstax_college-algebra-2e_cnxml"]]
    assert sum(bool(e.stem) for e in algebra) > 4000


def test_licence_is_read_off_the_collections(books: Parsed) -> None:
    assert {(r.licence, r.export_class) for r in books.everything()} == {("CC-BY-NC-SA-4.0", "full")}


def test_mathematics_is_well_formed(books: Parsed) -> None:
    seen = [f for r in books.everything() for f in formulas(r.text)]
    assert len(seen) > 15_000
    assert [f for f in seen if not balanced(f)] == []
    assert [f for f in seen if not f.strip() or re.search(r"(?<!\\)\\$", f)] == []
    assert [f for f in seen if re.search(r"[^\x00-\x7f]", re.sub(r"\\text\{[^{}]*\}", "", f))] == []


def test_commands_never_run_into_letters(books: Parsed) -> None:
    used = {c for r in books.everything() for f in formulas(r.text) for c in re.findall(r"\\([A-Za-z]+)", f)}
    known = {
        c for latex in (*SYMBOLS.values(), *RELATIONS.values(), *OVER.values(), *UNDER.values()) for c in re.findall(r"[A-Za-z]+", latex)
    }
    structure = {
        "frac",
        "genfrac",
        "sqrt",
        "text",
        "mathrm",
        "mathbf",
        "overset",
        "underset",
        "cancel",
        "quad",
        "begin",
        "end",
        "left",
        "right",
    }
    assert used - known - structure - FUNCTIONS == set()


def test_text_is_clean(books: Parsed) -> None:
    for record in books.everything():
        words = FORMULA.sub("M", record.text)
        assert not re.search(r"&(?:amp|lt|gt|nbsp|#)|[\x00-\x08\x0b-\x1f\ue000-\uf8ff\u200b]", words), record.native_id
        assert not re.search(r"\S  +\S", words), record.native_id
        assert not re.search(r"[A-Za-z]{2,}\\\(", record.text), record.native_id
        assert exercise(record).problem or exercise(record).figures, record.native_id


def test_parsing_is_fast(books: Parsed) -> None:
    assert books.seconds < SECONDS_PER_EXERCISE * len(books.everything())
