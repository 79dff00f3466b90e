"""Small books in every format but CNXML: what a record of each carries, and that every exercise is a record or dead."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from scrapers.textbooks import Site, parse, read
from scrapers.textbooks.bundles import unpack
from thresher.errors import PayloadError, SettingsError, UsageError
from thresher.model import Dead, Exercise, Page, Record

BOOKS = Path(__file__).parent.parent / "fixtures" / "books"
SITE = Site(name="boats", repository="harbour/boats", branch="trunk")
FORMATS = ("pretext", "latex", "myst", "xhtml", "libretexts")


def parsed(path: Path, site: Site = SITE) -> dict[str, Record | Dead]:
    return {part.native_id: part for page in read(path, site) for part in parse(page)}


@pytest.fixture(scope="module")
def books() -> dict[str, dict[str, Record | Dead]]:
    return {name: parsed(BOOKS / name) for name in FORMATS}


def record(books: dict[str, dict[str, Record | Dead]], name: str, native_id: str) -> Record:
    part = books[name][native_id]
    assert isinstance(part, Record)
    return part


def detail(books: dict[str, dict[str, Record | Dead]], name: str, native_id: str) -> Exercise:
    exercise = record(books, name, native_id).detail
    assert isinstance(exercise, Exercise)
    return exercise


@pytest.mark.parametrize(
    ("name", "exercises", "solved", "dead"),
    [
        ("pretext", 9, 5, {"unknown_element": 1, "empty_problem": 1}),
        ("latex", 6, 3, {"solution_without_exercise": 1, "unknown_element": 1}),
        ("myst", 4, 4, {"bad_cell": 1, "solution_without_exercise": 1, "exercise_without_end": 1}),
        ("xhtml", 4, 3, {}),
        ("libretexts", 3, 1, {}),
    ],
)
def test_every_exercise_is_a_record_or_dead(
    books: dict[str, dict[str, Record | Dead]], name: str, exercises: int, solved: int, dead: dict[str, int]
) -> None:
    records = [r for r in books[name].values() if isinstance(r, Record)]
    assert len(records) == exercises
    assert sum(bool(r.detail.solution) for r in records if isinstance(r.detail, Exercise)) == solved
    assert Counter(d.reason for d in books[name].values() if isinstance(d, Dead)) == dead


@pytest.mark.parametrize(
    ("name", "native_id", "licence", "evidence", "url"),
    [
        ("pretext", "source/speed/two-parts", "CC-BY-SA-4.0", "colophon:", "/blob/trunk/source/speed.xml#two-parts"),
        ("latex", "chapters/load/exercise-1", "CC-BY-4.0", "boats.tex:", "/blob/trunk/chapters/load.tex#L4"),
        ("myst", "lessons/load/float", "CC-BY-NC-4.0", "_config.yml:", "https://boats.example.org/read/lessons/load.html#float"),
        ("xhtml", "speed/last", "CC-BY-SA-4.0", "LICENSE:", "/blob/trunk/speed.xhtml#L14"),
        ("libretexts", "3.2_Waves/exercise-1", "CC-BY-NC-SA-4.0", "3.2_Waves.html:", "/blob/trunk/3.2_Waves.html#L4"),
    ],
)
def test_licence_and_address_come_from_the_book(
    books: dict[str, dict[str, Record | Dead]], name: str, native_id: str, licence: str, evidence: str, url: str
) -> None:
    one = record(books, name, native_id)
    assert (one.licence, one.export_class) == (licence, "full")
    assert one.licence_evidence.startswith(evidence)
    assert one.url.endswith(url)
    assert "Ada Quay" in one.attribution or name == "xhtml"
    assert one.url in one.attribution
    assert one.language.startswith("en")


def test_where_the_book_is_read_may_be_set() -> None:
    site = SITE.model_copy(update={"web_url": "https://boats.example.org/html/", "publisher": "Harbour Press"})
    one = parsed(BOOKS / "xhtml", site)["speed/Exercise-1_002e1"]
    assert isinstance(one, Record)
    assert one.url == "https://boats.example.org/html/speed.xhtml#Exercise-1_002e1"
    assert "Harbour Press" in one.attribution


def test_answers_are_linked_across_files(books: dict[str, dict[str, Record | Dead]]) -> None:
    assert detail(books, "latex", "chapters/speed/exercise-2").solution == r"\(12\); \(x = 2\), \(y = 1\)."
    assert detail(books, "latex", "chapters/speed/long").solution == r"\(18\) nautical miles."
    assert detail(books, "myst", "lessons/speed/long-way").solution == r"\(18\) nautical miles."
    assert detail(books, "xhtml", "speed/Exercise-1_002e1").solution == "1 and 2"
    assert detail(books, "xhtml", "speed/Exercise-1_002e2").solution == "It tears again."


def test_a_shared_introduction_is_the_stem(books: dict[str, dict[str, Record | Dead]]) -> None:
    for own in ("solve-linear", "exercise-3"):
        assert detail(books, "pretext", f"source/speed/{own}").stem == r"Solve each equation for \(v\) in \(\mathbb{R}\)."
    assert detail(books, "pretext", "source/speed/two-parts").stem == ""


def test_tasks_keep_their_letters_with_what_they_share(books: dict[str, dict[str, Record | Dead]]) -> None:
    both = detail(books, "pretext", "source/speed/two-parts")
    assert both.problem == (
        "Two Boats\n\nTwo boats leave one pier at 4 and 6 knots.\n\n(a) How far apart are they after an hour on the same course?\n"
        "(b) And on opposite courses?\n\nAssume still water."
    )
    assert both.solution == "(a) 2 nautical miles\n(b) 10 nautical miles"


def test_commands_of_the_book_are_put_in_full(books: dict[str, dict[str, Record | Dead]]) -> None:
    for name, native_id in (("pretext", "source/speed/check-way"), ("latex", "chapters/speed/long"), ("myst", "lessons/speed/long-way")):
        assert r"\(6\,\mathrm{kn}\)" in detail(books, name, native_id).problem


def test_what_an_exercise_points_to_is_shown_or_named(books: dict[str, dict[str, Record | Dead]]) -> None:
    assert detail(books, "pretext", "source/speed/check-way").problem.endswith(r"Equation 1: \[s = vt\]")
    assert detail(books, "myst", "lessons/speed/long-way").problem.endswith("Equation 1:\n\\[s = vt\\]")
    assert record(books, "pretext", "source/load/rq-float").marks["refers_to"] == ["Theorem \u201cFloating\u201d"]
    assert record(books, "latex", "chapters/speed/exercise-4").marks["refers_to"] == ["Exercise 1"]
    assert record(books, "myst", "lessons/speed/program").marks["refers_to"] == ["in the last lesson"]
    assert record(books, "xhtml", "speed/Exercise-1_002e2").marks["refers_to"] == ["Exercise 1.1", "Figure 2.1"]


def test_hints_are_no_solutions(books: dict[str, dict[str, Record | Dead]]) -> None:
    assert record(books, "pretext", "source/speed/solve-linear").marks["hint"] == "Divide."
    assert record(books, "libretexts", "3.2_Waves/exercise-1").marks["hint"] == "Halve."
    assert "Multiply" not in record(books, "myst", "lessons/speed/long-way").text


def test_choices_are_kept_with_the_right_one(books: dict[str, dict[str, Record | Dead]]) -> None:
    choice = detail(books, "pretext", "source/load/choice")
    assert (choice.choices, choice.answer) == (("oak", "balsa"), "balsa")


def test_pictures_are_told(books: dict[str, dict[str, Record | Dead]]) -> None:
    assert "[figure: A mast with two sails.]" in detail(books, "pretext", "source/load/drawn").problem
    assert detail(books, "xhtml", "speed/Exercise-1_002e2").figures == ("sail.png",)
    assert record(books, "latex", "chapters/load/exercise-3").marks["images"] == 1


def test_a_notebook_gives_its_cells_and_nothing_that_they_put_out(books: dict[str, dict[str, Record | Dead]]) -> None:
    assert detail(books, "myst", "lessons/load/float").problem == "What floats?\n\n```python\nweight = 3\n```"
    assert not any("SECRET" in r.text for r in books["myst"].values() if isinstance(r, Record))


def test_code_keeps_its_lines(books: dict[str, dict[str, Record | Dead]]) -> None:
    code = "```python\nfor i in range(2):\n    print(i)\n```"
    assert code in detail(books, "pretext", "source/load/program").problem
    assert code.replace("range(2)", "(1, 2)") in detail(books, "xhtml", "speed/Exercise-1_002e1").problem


def test_parts_in_two_columns_stand_in_their_order(books: dict[str, dict[str, Record | Dead]]) -> None:
    assert detail(books, "latex", "chapters/speed/exercise-3").problem.endswith("(a) One.\n(b) Two.\n(c) Three.\n(d) Four.")


def test_a_book_is_one_page_of_its_files_as_they_are() -> None:
    (page,) = read(BOOKS / "pretext", SITE)
    files = unpack(page.body)
    assert list(files) == ["source/main.ptx", "source/speed.xml", "source/load.xml"]
    assert files["source/load.xml"] == (BOOKS / "pretext" / "source" / "load.xml").read_bytes()
    assert page.body == next(iter(read(BOOKS / "pretext", SITE))).body
    assert list(parse(page)) == list(parse(page))


@pytest.mark.parametrize(
    ("file", "exercises"),
    [
        ("pretext/source/main.ptx", 9),
        ("latex/boats.tex", 6),
        ("myst/lessons/speed.md", 3),
        ("myst/lessons/load.ipynb", 1),
        ("xhtml/speed.xhtml", 3),
    ],
)
def test_one_file_of_a_book_is_read(file: str, exercises: int) -> None:
    assert sum(isinstance(r, Record) for r in parsed(BOOKS / file).values()) == exercises


def test_only_the_folder_that_is_set_is_looked_into(tmp_path: Path) -> None:
    for name in ("pretext", "xhtml"):
        shutil.copytree(BOOKS / name, tmp_path / name)
    (tmp_path / "LICENSE").write_bytes((tmp_path / "xhtml" / "LICENSE").read_bytes())
    (tmp_path / "xhtml" / "LICENSE").unlink()
    records = [r for r in parsed(tmp_path, SITE.model_copy(update={"folder": "xhtml"})).values() if isinstance(r, Record)]
    assert {r.native_id.split("/")[0] for r in records} == {"xhtml"}
    assert {r.licence for r in records} == {"CC-BY-SA-4.0"}


def test_a_folder_without_books_ends_in_what_was_looked_for(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("# No book\n")
    (tmp_path / "paper.tex").write_text("\\documentclass{article}\\begin{document}No exercise.\\end{document}")
    for path in (tmp_path, tmp_path / "notes.md"):
        with pytest.raises(UsageError, match=r"project\.ptx.*_toc\.yml.*documentclass.*xhtml"):
            list(read(path, SITE))


def test_an_unknown_book_names_those_that_are_there() -> None:
    with pytest.raises(SettingsError, match=r"source/main\.ptx"):
        list(read(BOOKS / "pretext", SITE.model_copy(update={"books": ("other.ptx",)})))


@pytest.mark.parametrize("body", [b"", b"no tar", b"\0" * 600])
def test_a_page_that_is_no_book_is_one_dead_letter(body: bytes) -> None:
    (page,) = read(BOOKS / "latex", SITE)
    with pytest.raises(PayloadError):
        list(parse(Page(page.source, page.site, page.url, 200, {}, body, page.fetched_at, page.context)))


@pytest.mark.parametrize(
    ("name", "file", "lost"),
    [
        ("pretext", "source/load.xml", "load"),
        ("myst", "lessons/load.ipynb", "load"),
        ("latex", "chapters/load.tex", "load"),
        ("xhtml", "load.xhtml", "load"),
    ],
)
def test_a_broken_file_costs_itself(tmp_path: Path, name: str, file: str, lost: str) -> None:
    book = Path(shutil.copytree(BOOKS / name, tmp_path / name))
    (book / file).write_bytes(b"{<\0\xff" * 20)
    whole, rest = parsed(BOOKS / name), parsed(book)
    kept = {k for k, r in whole.items() if isinstance(r, Record) and lost not in k}
    assert kept <= {k for k, r in rest.items() if isinstance(r, Record)}
    assert kept


def test_a_file_that_is_too_large_is_left_out_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scrapers.textbooks.bundles.MAX_FILE_BYTES", 1400)
    rest = parsed(BOOKS / "pretext")
    assert [d.native_id for d in rest.values() if isinstance(d, Dead) and d.reason == "too_large"] == ["source/speed.xml"]
