"""PreTeXt put together safely, and its exercises each once."""

from __future__ import annotations

from collections import Counter

import pytest

from thresher.errors import PayloadError
from thresher.formats.books.exercise import BookExercise
from thresher.formats.pretext import mains, read_book
from thresher.model import Dead

XI = 'xmlns:xi="http://www.w3.org/2001/XInclude"'
EXERCISE = '<exercise xml:id="{0}"><statement><p>What is {0}?</p></statement></exercise>'


def book(body: str, **files: str | bytes) -> list[BookExercise | Dead]:
    """What a book holds whose main file has this in its ``<book>``; other files by name, ``_`` for a dot."""
    main = f"<pretext {XI}><book><title>B</title>{body}</book></pretext>"
    others = {name.replace("_", "."): text if isinstance(text, bytes) else text.encode() for name, text in files.items()}
    return list(read_book("src/main.ptx", {"src/main.ptx": main.encode(), **{f"src/{n}": b for n, b in others.items()}}).exercises)


def ids(parts: list[BookExercise | Dead]) -> list[str]:
    return [p.native_id for p in parts if isinstance(p, BookExercise)]


def reasons(parts: list[BookExercise | Dead]) -> list[str]:
    return [p.reason for p in parts if isinstance(p, Dead)]


def only(body: str) -> BookExercise:
    (exercise,) = book(f"<chapter>{body}</chapter>")
    assert isinstance(exercise, BookExercise)
    return exercise


@pytest.mark.parametrize(
    "href",
    ["/etc/passwd", "../../../etc/passwd", "file:///etc/passwd", "https://example.org/a.xml", "..\\..\\secret", "%2e%2e/%2e%2e/x.xml", ""],
)
def test_nothing_outside_of_the_repository_is_included(href: str) -> None:
    parts = book(f'<xi:include href="{href}"/>{EXERCISE.format("one")}')
    assert reasons(parts) == ["include_outside"]
    assert ids(parts) == ["src/main/one"]


def test_files_that_include_one_another_end() -> None:
    loop = f'<chapter {XI}>{EXERCISE.format("{0}")}<xi:include href="{{1}}"/></chapter>'
    parts = book('<xi:include href="a.xml"/>', a_xml=loop.format("a", "b.xml"), b_xml=loop.format("b", "a.xml"))
    assert ids(parts) == ["src/a/a", "src/b/b"]
    assert reasons(parts) == ["include_cycle"]


def test_includes_that_multiply_are_stopped() -> None:
    files = {f"f{n}_xml": f"<chapter {XI}>" + f'<xi:include href="f{n + 1}.xml"/>' * 10 + "</chapter>" for n in range(9)}
    parts = book('<xi:include href="f0.xml"/>', **files, f9_xml=f"<chapter>{EXERCISE.format('deep')}</chapter>")
    assert ids(parts) == ["src/f9/deep"]
    assert "include_too_much" in reasons(parts)


def test_entities_of_a_file_are_never_expanded() -> None:
    bomb = '<!DOCTYPE c [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><chapter><p>&b;</p></chapter>'
    outside = '<!DOCTYPE c [<!ENTITY a SYSTEM "file:///etc/passwd">]><chapter><p>&a;</p></chapter>'
    parts = book(f'<xi:include href="a.xml"/><xi:include href="b.xml"/>{EXERCISE.format("one")}', a_xml=bomb, b_xml=outside)
    assert reasons(parts) == ["entities", "entities"]
    assert ids(parts) == ["src/main/one"]


def test_what_is_missing_or_broken_is_told_and_a_fallback_takes_its_place() -> None:
    fallback = f'<xi:include href="gone.xml"><xi:fallback>{EXERCISE.format("instead")}</xi:fallback></xi:include>'
    parts = book(f'<xi:include href="gone.xml"/><xi:include href="bad.xml"/>{fallback}', bad_xml="<chapter><unclosed>")
    assert Counter(reasons(parts)) == {"missing_file": 1, "bad_xml": 1}
    assert ids(parts) == ["src/main/instead"]


def test_an_exercise_that_is_included_twice_comes_once() -> None:
    parts = book('<xi:include href="a.xml"/>' * 3, a_xml=f"<chapter>{EXERCISE.format('a')}{EXERCISE.format('b')}</chapter>")
    assert ids(parts) == ["src/a/a", "src/a/b"]


def test_two_exercises_with_one_name_are_told_apart() -> None:
    assert ids(book(f"<chapter>{EXERCISE.format('a')}{EXERCISE.format('a')}</chapter>")) == ["src/main/a", "src/main/a-2"]


def test_a_text_is_included_where_code_is_shown() -> None:
    parts = book(
        '<exercise><p>What does it print?</p><program><code><xi:include href="p.py" parse="text"/></code></program></exercise>',
        p_py="print(1 &lt; 2)\x07",
    )
    assert isinstance(parts[0], BookExercise)
    assert "print(1 &lt; 2)" in parts[0].text


@pytest.mark.parametrize(
    ("inside", "text"),
    [
        ("<me>x^2</me>. Then", "\\[x^2.\\]\n\nThen"),
        ("<md><mrow>a \\amp = b</mrow><mrow>c \\amp \\lt d</mrow></md>", r"\[\begin{aligned} a & = b \\ c & < d \end{aligned}\]"),
        ("<md><mrow>a</mrow><intertext>so</intertext><mrow>b</mrow></md>", r"\[\begin{gathered} a \\ \text{so} \\ b \end{gathered}\]"),
        ("5<ndash/>6 <q>x</q> <fillin/> <em>now</em>", "5\u20136 \u201cx\u201d ______ *now*"),
        ("the <m>n</m>th <term>knot</term>", r"the \(n\)th **knot**"),
        ("<quantity><mag>9.8</mag><unit base='meter'/><per base='second' exp='2'/></quantity>", "9.8 meter/second^{2}"),
        ('<ol marker="i."><li>one</li><li>two</li></ol>', "i. one\nii. two"),
        ("<tabular><row header='yes'><cell>a</cell></row><row><cell><m>b</m></cell></row></tabular>", "| a |\n| --- |\n| \\(b\\) |"),
    ],
)
def test_the_words_of_a_statement(inside: str, text: str) -> None:
    assert only(f"<exercise><statement><p>{inside}</p></statement></exercise>").detail.problem == text


def test_deep_nesting_costs_one_exercise() -> None:
    deep = "<exercise><p>" + "<em>" * 200 + "x" + "</em>" * 200 + "</p></exercise>"
    parts = book(f"<chapter>{deep}{EXERCISE.format('one')}</chapter>")
    assert "src/main/one" in ids(parts)


def test_a_book_is_found_by_its_root_where_no_project_names_it() -> None:
    files = {"src/b.xml": b"<pretext/>", "src/c.xml": b"<chapter/>", "output/b.xml": b"<pretext/>"}
    assert mains(files, files.get) == ["src/b.xml"]


def test_a_main_file_that_is_no_book_is_refused() -> None:
    with pytest.raises(PayloadError, match="expected 'pretext'"):
        read_book("a.xml", {"a.xml": b"<article/>"})
