"""A small invented repository of two books: every feature of a module, and what a record carries."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from scrapers.settings import Source
from scrapers.textbooks import Site, parse, read
from thresher.errors import PayloadError, SettingsError, UsageError
from thresher.model import Dead, Exercise, Page, Record

BOOKS = Path(__file__).parent.parent / "fixtures" / "textbooks"
SITE = Site(name="harbour", repository="harbour/osbooks-harbour", publisher="Harbour Press", genai_restricted=True)


def pages(path: Path = BOOKS, site: Site = SITE) -> list[Page]:
    return list(read(path, site))


def parsed(path: Path = BOOKS) -> dict[str, Record | Dead]:
    out: dict[str, Record | Dead] = {}
    for page in pages(path):
        if page.status == 200:
            out |= {r.native_id: r for r in parse(page)}
    return out


@pytest.fixture(scope="module")
def records() -> dict[str, Record | Dead]:
    return parsed()


def record(records: dict[str, Record | Dead], native_id: str) -> Record:
    found = records[native_id]
    assert isinstance(found, Record)
    return found


def detail(records: dict[str, Record | Dead], native_id: str) -> Exercise:
    found = record(records, native_id).detail
    assert isinstance(found, Exercise)
    return found


def test_every_exercise_is_a_record_or_dead(records: dict[str, Record | Dead]) -> None:
    assert len(records) == 20
    assert {k: v.reason for k, v in records.items() if isinstance(v, Dead)} == {
        "m90004/broken": "unknown_mathml",
        "m90004/strange": "unknown_element",
        "m90004/empty": "empty_problem",
        "m90004/none": "no_problem",
    }


def test_pages_come_in_book_order_with_the_missing_module() -> None:
    found = [(p.context["module"], p.status) for p in pages()]
    assert found == [("m90001", 200), ("m90002", 200), ("m90003", 200), ("m90004", 200), ("m90009", 404)]


def test_missing_module_is_refused_with_its_reason() -> None:
    (missing,) = [p for p in pages() if p.status == 404]
    with pytest.raises(PayloadError) as caught:
        list(parse(missing))
    assert caught.value.reason == "missing_module"


def test_worked_example_is_whole(records: dict[str, Record | Dead]) -> None:
    worked = record(records, "m90002/e-worked")
    assert worked.text == (
        "Work out a length.\n\nA Short Rope\n\nFind \\(L\\) in\n\nEquation 1: \\[L = \\frac{18}{2+4}\\]\n\n"
        "Solution: \\(L = 3\\) metres.\n\nOr by weighing it."
    )
    assert worked.title == "1.1 Knots and Lengths"
    assert worked.thread_id == "m90002"
    assert worked.marks["container"] == "example"
    exercise = detail(records, "m90002/e-worked")
    assert exercise.stem == "Work out a length."
    assert exercise.solution == "\\(L = 3\\) metres.\n\nOr by weighing it."
    assert exercise.number == "Example 1"
    assert exercise.section == "1 Ropes > 1.1 Knots and Lengths > Measuring a Rope"
    assert exercise.book == "Harbour Mathematics"


def test_note_counts_as_an_exercise_and_shows_what_it_points_to(records: dict[str, Record | Dead]) -> None:
    tried = record(records, "m90002/e-try")
    assert tried.text == "Repeat Example 1 for 20 in Equation 1.\n\nEquation 1: \\[L = \\frac{18}{2+4}\\]"
    assert tried.marks["refers_to"] == ["Example 1"]
    assert detail(records, "m90002/e-try").number == "Try It 1"


def test_prose_is_no_instruction(records: dict[str, Record | Dead]) -> None:
    assert record(records, "m90002/e-check").text == "Check Yourself\n\nIs a wet rope longer [note: Hemp only.]?"
    assert detail(records, "m90002/e-check").stem == ""


def test_instruction_comes_with_its_table(records: dict[str, Record | Dead]) -> None:
    table = "| Rope | Length and price | |\n| --- | --- | --- |\n| A | 3 m | $2 |\n| B | 5 m | |"
    assert detail(records, "m90002/e-1").stem == f"For the following exercises, simplify. Use the table.\n\nTable 1:\n{table}"
    assert detail(records, "m90002/e-1").problem == "\\((a-2)^{2}\\)"
    assert detail(records, "m90002/e-2").problem == (
        "Which rope does Figure 1 show, by Table 1?\n\nFigure 1: [figure: A knot with three turns.]\nThe bowline."
    )
    assert detail(records, "m90002/e-2").figures == ("knot.png",)


def test_only_pictures_of_the_problem_count(records: dict[str, Record | Dead]) -> None:
    drawn = detail(records, "m90002/e-3")
    assert drawn.stem == "For the following exercise, draw."
    assert drawn.figures == ("paper.png",)
    assert drawn.solution == "[figure: A drawing.]"
    assert detail(records, "m90002/e-4").stem == ""


def test_circled_parts_keep_their_marks(records: dict[str, Record | Dead]) -> None:
    assert detail(records, "m90002/e-4").problem == "ⓐ Add *x* and 1.\nⓑ Halve it."
    assert detail(records, "m90002/e-4").choices == ()


def test_repeated_and_missing_ids_are_told_apart(records: dict[str, Record | Dead]) -> None:
    assert record(records, "m90002/e-1-8").text == "No instruction reaches this one. See [reference] and Exercise 4."
    code = "```\nfor i in range(2):\n    print(i)\n```"
    assert record(records, "m90002/exercise-9").text == f"Water is H_{{2}}O\nat 10^{{3}} Pa. Fill in: ____.\n\n{code}"
    assert [detail(records, f"m90002/{i}").number for i in ("e-1", "e-4", "e-1-8", "exercise-9")] == ["1", "4", "5", "6"]


def test_multiple_choice(records: dict[str, Record | Dead]) -> None:
    assert detail(records, "m90003/mc-1").choices == ("a sail", "a mooring line", "an oar")
    assert detail(records, "m90003/mc-1").answer == "a mooring line"
    assert record(records, "m90003/mc-2").marks["answers"] == ["cork", "pine"]
    assert detail(records, "m90003/mc-3").choices == ("left", "up")
    assert detail(records, "m90003/parts").choices == ()


def test_link_without_a_question_is_link_only(records: dict[str, Record | Dead]) -> None:
    assert detail(records, "m90004/look").link_only
    assert not detail(records, "m90004/ask").link_only
    assert record(records, "m90004/ask").marks["links"] == ["https://tides.example.org/film"]


def test_licence_is_the_books_and_of_two_books_the_stricter(records: dict[str, Record | Dead]) -> None:
    free, restricted, both = (record(records, i) for i in ("m90004/ask", "m90002/e-1", "m90003/mc-1"))
    assert (free.licence, free.export_class) == ("CC-BY-4.0", "full")
    assert (restricted.licence, restricted.export_class) == ("CC-BY-NC-SA-4.0", "full")
    assert (both.licence, both.export_class) == ("CC-BY-NC-SA-4.0", "full")
    assert both.licence_evidence.startswith(
        "collections/harbour-mathematics.collection.xml: md:license http://creativecommons.org/licenses/by-nc-sa/4.0/"
    )


def test_attribution_names_book_publisher_source_licence_and_change(records: dict[str, Record | Dead]) -> None:
    url = "https://github.com/harbour/osbooks-harbour/blob/main/modules/m90002/index.cnxml#e-1"
    assert record(records, "m90002/e-1").url == url
    assert record(records, "m90002/e-1").attribution == (
        f"Harbour Mathematics, Harbour Press, {url}. CC-BY-NC-SA-4.0 (http://creativecommons.org/licenses/by-nc-sa/4.0/). "
        "Converted from CNXML to text and LaTeX."
    )


def test_publishers_wish_is_marked(records: dict[str, Record | Dead]) -> None:
    assert all(r.marks["genai_restricted"] is True for r in records.values() if isinstance(r, Record))
    silent = Site(name="harbour", repository="a/b")
    (first, *_) = (r for p in read(BOOKS, silent) if p.status == 200 for r in parse(p) if isinstance(r, Record))
    assert "genai_restricted" not in first.marks


def test_only_the_wanted_books_are_read() -> None:
    only = SITE.model_copy(update={"books": ("free-harbour-reader",)})
    assert [p.context["module"] for p in read(BOOKS, only)] == ["m90004", "m90003", "m90009"]


def test_unknown_book_is_a_mistake_in_the_settings() -> None:
    with pytest.raises(SettingsError, match="free-harbour-reader"):
        list(read(BOOKS, SITE.model_copy(update={"books": ("no-such-book",)})))


def test_settings_file_fits_the_model() -> None:
    settings = tomllib.loads((BOOKS.parent.parent.parent / "config" / "sources" / "textbooks.toml").read_text())
    sites = [Site(**s) for s in settings["sites"]]
    assert len({s.name for s in sites}) == len(sites) > 0
    assert Source(**settings).name == "textbooks"


def test_one_file_is_read_without_its_book() -> None:
    (page,) = pages(BOOKS / "modules" / "m90003" / "index.cnxml")
    (first, *_) = parse(page)
    assert isinstance(first, Record)
    assert (first.native_id, first.licence, first.export_class) == ("m90003/mc-1", "unknown", "none")


def test_folder_of_modules_is_read_without_its_book() -> None:
    assert [p.context["module"] for p in pages(BOOKS / "modules")] == ["m90001", "m90002", "m90003", "m90004"]


def test_clone_without_collections_has_unknown_licence(tmp_path: Path) -> None:
    module = tmp_path / "modules" / "m90002"
    module.mkdir(parents=True)
    (module / "index.cnxml").write_bytes((BOOKS / "modules" / "m90002" / "index.cnxml").read_bytes())
    assert {r.export_class for r in parsed(tmp_path).values() if isinstance(r, Record)} == {"none"}


def test_licence_in_the_module_itself_is_evidence(tmp_path: Path) -> None:
    body = (BOOKS / "modules" / "m90002" / "index.cnxml").read_text()
    stated = '<md:license url="https://creativecommons.org/licenses/by-sa/4.0/">Free</md:license></metadata>'
    (tmp_path / "m7.cnxml").write_text(body.replace("</metadata>", stated, 1))
    first = next(iter(parsed(tmp_path / "m7.cnxml").values()))
    assert isinstance(first, Record)
    assert (first.licence, first.export_class) == ("CC-BY-SA-4.0", "full")
    assert first.licence_evidence.startswith("modules/m7/index.cnxml: md:license")


def test_links_out_of_the_clone_are_never_followed(tmp_path: Path) -> None:
    secret = tmp_path / "outside" / "index.cnxml"
    secret.parent.mkdir()
    secret.write_bytes((BOOKS / "modules" / "m90002" / "index.cnxml").read_bytes().replace(b"Prose", b"SENTINEL"))
    modules = tmp_path / "clone" / "modules"
    modules.mkdir(parents=True)
    (modules / "m1").symlink_to(secret.parent)
    (modules / "m2").mkdir()
    (modules / "m2" / "index.cnxml").symlink_to(secret)
    with pytest.raises(UsageError, match="no books that can be read"):
        pages(tmp_path / "clone")


def test_book_that_lists_a_path_reads_nothing_outside(tmp_path: Path) -> None:
    (tmp_path / "collections").mkdir()
    listed = (BOOKS / "collections" / "free-harbour-reader.collection.xml").read_text().replace("m90009", "../../../../etc")
    (tmp_path / "collections" / "a.collection.xml").write_text(listed)
    assert [p.context["module"] for p in pages(tmp_path)] == ["m90004", "m90003"]


@pytest.mark.parametrize("broken", ["META-INF/books.xml", "collections/harbour-mathematics.collection.xml", "modules/m90002/index.cnxml"])
def test_one_broken_file_costs_no_other(tmp_path: Path, broken: str) -> None:
    for file in BOOKS.rglob("*.*ml"):
        copy = tmp_path / file.relative_to(BOOKS)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.read_bytes() if file.relative_to(BOOKS).as_posix() != broken else b"<document><unclosed>")
    refused, kept = [], []
    for page in pages(tmp_path):
        try:
            kept += [r.native_id for r in parse(page) if isinstance(r, Record)]
        except PayloadError as error:
            refused.append((page.context["path"], error.reason))
    assert (broken, "bad_xml") in refused
    assert "m90003/mc-1" in kept


def test_large_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scrapers.textbooks.pages.MAX_FILE_BYTES", 100)
    (page, *_) = pages(BOOKS / "modules")
    assert page.body == b""
    with pytest.raises(PayloadError) as caught:
        list(parse(page))
    assert caught.value.reason == "too_large"


def test_parse_is_pure() -> None:
    (page,) = [p for p in pages() if p.context["module"] == "m90002"]
    assert list(parse(page)) == list(parse(page))


def shelf(root: Path, *, listed: str, file: str, collection: str = "") -> Path:
    """A repository with one book of one module, whose collection file is listed under one name and stored under another."""
    for folder in ("META-INF", "collections", "modules/m1"):
        (root / folder).mkdir(parents=True)
    (root / "META-INF" / "books.xml").write_text(
        f'<container xmlns="https://openstax.org/namespaces/book-container"><book href="../collections/{listed}"/></container>'
    )
    (root / "collections" / file).write_text(
        '<col:collection xmlns:col="http://cnx.rice.edu/collxml" xmlns:md="http://cnx.rice.edu/mdml"><col:metadata>'
        "<md:title>B\xfccher</md:title><md:language>de</md:language>"
        '<md:license url="http://creativecommons.org/licenses/by/4.0/"/></col:metadata>'
        '<col:content><col:subcollection><md:title>Eins</md:title><col:content><col:module document="m1"/></col:content>'
        "</col:subcollection></col:content></col:collection>"
    )
    (root / "modules" / "m1" / "index.cnxml").write_text(
        f'<document xmlns="http://cnx.rice.edu/cnxml" {collection}><title>Zahlen</title><content><section><exercise id="e">'
        "<problem><para>Berechne die Summe von 3 und 4.</para></problem></exercise></section></content></document>"
    )
    return root


@pytest.mark.parametrize(
    ("listed", "file"),
    [
        ("\xfcbungen.collection.xml", "\xfcbungen.collection.xml"),
        ("\xfcbungen.collection.xml", "u\u0308bungen.collection.xml"),
        ("%C3%BCbungen.collection.xml", "\xfcbungen.collection.xml"),
        ("\u0444\u0438\u0437\u0438\u043a\u0430.collection.xml", "\u0444\u0438\u0437\u0438\u043a\u0430.collection.xml"),
        ("\u7269\u7406 1.collection.xml", "\u7269\u7406 1.collection.xml"),
    ],
)
def test_a_collection_may_be_named_in_any_alphabet(tmp_path: Path, listed: str, file: str) -> None:
    (only,) = parsed(shelf(tmp_path / "repo", listed=listed, file=file)).values()
    assert isinstance(only, Record)
    assert (only.licence, only.export_class, only.language, only.title) == ("CC-BY-4.0", "full", "de", "1.1 Zahlen")


@pytest.mark.parametrize(("said", "language"), [('xml:lang="pl"', "pl"), ("", "de")])
def test_a_module_without_its_book_tells_its_language(tmp_path: Path, said: str, language: str) -> None:
    root = shelf(tmp_path / "repo", listed="a.collection.xml", file="a.collection.xml", collection=said)
    (only,) = parsed(root / "modules").values()
    assert isinstance(only, Record)
    assert only.language == language


READABLE = [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("utf-16", "utf-16"), ("utf-16", "utf-8"), ("latin-1", "iso-8859-1"),
            ("cp1252", "windows-1252"), ("utf-7", "utf-7")]  # fmt: skip
WRONG = [("latin-1", "utf-8"), ("utf-8", "utf-16"), ("utf-8", "klingon-8")]
LETTERS = "na\u00efve Gr\u00f6\u00dfe"


def lettered(written: str, declared: str) -> Page:
    """A module with these letters in the title and in every paragraph."""
    page = next(page for page in pages() if page.context["module"] == "m90002")
    module = page.body.decode().replace("</para>", f" {LETTERS}</para>")
    return replace(page, body=f'<?xml version="1.0" encoding="{declared}"?>{module}'.encode(written, "xmlcharrefreplace"))


@pytest.mark.parametrize(("written", "declared"), READABLE)
def test_a_module_in_another_charset_gives_its_texts(written: str, declared: str) -> None:
    well, told = list(parse(lettered("utf-8", "utf-8"))), list(parse(lettered(written, declared)))
    assert any(isinstance(record, Record) and LETTERS in record.text for record in well)
    assert told == well


@pytest.mark.parametrize(("written", "declared"), WRONG)
def test_a_module_that_is_not_in_the_charset_that_it_names_is_refused(written: str, declared: str) -> None:
    with pytest.raises(PayloadError, match="not well-formed XML"):
        list(parse(lettered(written, declared)))


def test_steps_are_records_of_their_own_only_where_the_site_wants_them(tmp_path: Path) -> None:
    formula = r"\[\begin{aligned}2x+4 & = 10 \\ 2x & = 6 \\ x & = 3\end{aligned}\]"
    exercise = rf"\begin{{exercise}}Solve it.\begin{{solution}}{formula}\end{{solution}}\end{{exercise}}"
    book = rf"\documentclass{{book}}\begin{{document}}{exercise}\end{{document}}"
    (tmp_path / "book.tex").write_text(book)
    for wanted in (0, 1, 5):
        site = Site(name="b", repository="local/b", steps=wanted)
        found = [one.native_id for page in read(tmp_path, site) for one in parse(page) if isinstance(one, Record) and one.role == "step"]
        assert len(found) == min(wanted, 2)
