"""Elements to text, and modules to exercises."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from lxml import etree

from thresher.errors import PayloadError
from thresher.formats.books.document import parse_xml
from thresher.formats.books.exercise import BookExercise
from thresher.formats.books.marks import letter, roman
from thresher.formats.books.text import UnknownElement
from thresher.formats.cnxml.document import CNXML, cnx
from thresher.formats.cnxml.exercise import exercises
from thresher.formats.cnxml.references import References
from thresher.formats.cnxml.render import Writer
from thresher.formats.mathml import NS
from thresher.model import Dead


def module(content: str) -> bytes:
    return f'<document xmlns="{CNXML}" xmlns:m="{NS}"><title>T</title><content>{content}</content></document>'.encode()


def text(content: str) -> str:
    root = parse_xml(module(content), root=cnx("document"))
    return Writer(References(root, {})).text(root[1])


def found(content: str) -> list[BookExercise | Dead]:
    return list(exercises(parse_xml(module(content), root=cnx("document")), "m1"))


def one(content: str) -> BookExercise:
    (only,) = found(content)
    assert isinstance(only, BookExercise)
    return only


def exercise(problem: str, solution: str = "", attributes: str = 'id="e"') -> str:
    answered = f"<solution><para>{solution}</para></solution>" if solution else ""
    return f"<exercise {attributes}><problem>{problem}</problem>{answered}</exercise>"


def stems(content: str) -> list[str]:
    return [f.detail.stem for f in found(content) if isinstance(f, BookExercise)]


@pytest.mark.parametrize(
    ("cnxml", "expected"),
    [
        ("<para>One  line\n broken.</para><para>Another.</para>", "One line broken.\n\nAnother."),
        ("<para>A <emphasis>b</emphasis> <emphasis effect='italics'> c</emphasis>d</para>", "A **b** *c*d"),
        ("<para>H<sub>2</sub>O, Ca<sup>2+</sup></para>", "H_{2}O, Ca^{2+}"),
        ("<para>a<newline/>b</para>", "a\nb"),
        ("<para><title>Head</title>Body</para>", "Head\nBody"),
        ("<para>the<m:math><m:mi>x</m:mi></m:math>axis, <m:math><m:mi>n</m:mi></m:math>th</para>", r"the \(x\) axis, \(n\)th"),
        ("<para>for <m:math><m:mi>x</m:mi></m:math> .</para>", r"for \(x\)."),
        ("<equation id='q'><m:math><m:mi>x</m:mi></m:math></equation>", r"\[x\]"),
        ("<list><item>a</item><item>b</item></list>", "- a\n- b"),
        ("<list list-type='enumerated'><item>a</item><item>b<list><item>c</item></list></item></list>", "1. a\n2. b\n   - c"),
        (
            "<list><item>a<list><item>b<newline/>c<code display='block'>if d:\n  e    f</code></item></list></item></list>",
            "- a\n   - b\n      c\n      ```\n      if d:\n        e    f\n      ```",
        ),
        ("<list list-type='enumerated' number-style='upper-roman' start-value='3'><item>a</item></list>", "(III) a"),
        ("<list list-type='enumerated' number-style='lower-alpha' mark-suffix=')'><item>a</item></list>", "a) a"),
        ("<list list-type='labeled-item'><item><label>Plan A:</label>pay</item></list>", "Plan A: pay"),
        ("<list list-type='enumerated'><item><para><span class='token'>ⓐ</span>go</para></item></list>", "ⓐ go"),
        (
            "<para>a <link url='https://a.example.org'>page</link> or <link url='https://b.example.org'/></para>",
            "a page or https://b.example.org",
        ),
        ("<media alt='A boat.'><image src='x/boat.png'/></media>", "[figure: A boat.]"),
        ("<figure><media alt=''><image src='x.png'/></media><caption>Boats.</caption></figure>", "[figure]\nBoats."),
        ("<media alt='tides'><iframe src='https://sim.example.org'/></media>", "[simulation: tides]"),
        ("<code display='block'>if a:\n    b</code>", "```\nif a:\n    b\n```"),
        ("<para>run <code>ls  -l</code></para>", "run `ls -l`"),
        ("<para>say <code>z<sup>2</sup> - b<sub>10</sub></code></para>", "say `z^2 - b_{10}`"),
        ("<para><code>q = <m:math><m:msub><m:mi>k</m:mi><m:mn>0</m:mn></m:msub></m:math></code></para>", "`q = k_0`"),
        ("<para><emphasis effect='italics'>n</emphasis>*<emphasis effect='italics'>F</emphasis>(2)</para>", "n*F(2)"),
        ("<para><emphasis effect='italics'>a</emphasis><emphasis effect='italics'>b</emphasis></para>", "ab"),
        ("<para>kept</para><commentary><para>left out</para></commentary>", "kept"),
    ],
)
def test_elements_as_text(cnxml: str, expected: str) -> None:
    assert text(cnxml) == expected


def test_table_spans_columns_and_rows() -> None:
    spec = "".join(f'<colspec colname="c{i}"/>' for i in (1, 2, 3))
    head = '<thead><row><entry namest="c1" nameend="c2">wide</entry><entry>z</entry></row></thead>'
    first = '<row><entry morerows="1">tall</entry><entry>b</entry><entry>c</entry></row>'
    body = f"<tbody>{first}<row><entry>e</entry><entry>f</entry></row></tbody>"
    assert text(f'<table><tgroup cols="3">{spec}{head}{body}</tgroup></table>').splitlines() == [
        "| wide | | z |",
        "| --- | --- | --- |",
        "| tall | b | c |",
        "| | e | f |",
    ]


def test_unknown_element_raises() -> None:
    with pytest.raises(UnknownElement):
        text("<para>a <blink>b</blink></para>")


@pytest.mark.parametrize(("n", "expected"), [(1, "a"), (26, "z"), (27, "aa")])
def test_letters(n: int, expected: str) -> None:
    assert letter(n) == expected


def test_roman_numerals() -> None:
    assert [roman(n) for n in (1, 4, 9, 14, 40)] == ["i", "iv", "ix", "xiv", "xl"]


def section(*parts: str, attributes: str = 'class="section-exercises"') -> str:
    return f"<section {attributes}>{''.join(parts)}</section>"


E1, E2, E3 = (exercise(f"<para>q{i}</para>", attributes=f'id="e{i}"') for i in (1, 2, 3))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (section("<para>For the following exercises, add.</para>", E1, E2), ["For the following exercises, add."] * 2),
        (section("<para>Add.</para>", E1, "<para>Subtract.</para>", E2), ["Add.", "Subtract."]),
        (section("<para>For the following exercise, add.</para>", E1, E2), ["For the following exercise, add.", ""]),
        (section("<para>For the next two problems, add.</para>", E1, E2, E3), ["For the next two problems, add."] * 2 + [""]),
        (section("<para>Add.</para>", E1) + section(E2), ["Add.", ""]),
        (section(section("<para>Add.</para>", E1, attributes=""), section(E2, attributes="")), ["Add.", ""]),
        (section("<para>Prose.</para><para>Prose.</para>", E1, attributes=""), [""]),
        (
            section("<para>Prose.</para><para>In the following problems, add.</para>", E1, attributes=""),
            ["In the following problems, add."],
        ),
        (section("<para>Add.</para><list><item>with care</item></list>", E1), ["Add.\n\n- with care"]),
        (section("<para>Add.</para>", E1, "<figure><media alt='f'><image src='f.png'/></media></figure>", E2), ["Add.", "Add."]),
        ("<example><para>Add.</para>" + E1 + "</example>", ["Add."]),
        (section("<para>Add.</para>", "<note><para>Mind the sign.</para></note>", E1, E2), ["Add.", "Add."]),
        (section("<para>Add.</para>", E1, "<note><para>Mind the sign.</para></note>", E2), ["Add.", "Add."]),
        (section("<para>Add.</para>", E1, "<example><para>Seen.</para></example>", E2), ["Add.", "Add."]),
        (
            section("<para>Use this for the next two exercises: a pond.</para>", E1, E2, E3),
            ["Use this for the next two exercises: a pond."] * 2 + [""],
        ),
        (section("<para>For exercises 4 and 5, use a pond.</para>", E1, E2, E3), ["For exercises 4 and 5, use a pond."] * 2 + [""]),
        (
            section("<para>Para los dos ejercicios siguientes, sume.</para>", E1, E2, E3),
            ["Para los dos ejercicios siguientes, sume."] * 2 + [""],
        ),
        (section("<para>En el siguiente ejercicio, sume.</para>", E1, E2), ["En el siguiente ejercicio, sume.", ""]),
    ],
)
def test_instruction_reaches_the_exercises_that_it_is_for(content: str, expected: Sequence[str]) -> None:
    assert stems(content) == list(expected)


def grid(name: str) -> str:
    return f"<table id='{name}'><tgroup cols='1'><tbody><row><entry>{name}</entry></row></tbody></tgroup></table>"


def shown(content: str) -> list[str]:
    return [f"{f.detail.stem}|{f.detail.problem}".replace("\n\n", "/") for f in found(content) if isinstance(f, BookExercise)]


READS = exercise("<para>Read the table.</para>", attributes='id="r"')


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (section("<para>Use the table.</para>", grid("a"), E1), ["Use the table./| a ||q1"]),
        (section(grid("a"), "<para>The table shows ages.</para>", E1), ["| a |/The table shows ages.|q1"]),
        (section(READS, grid("a"), E2), ["|Read the table./| a |", "|q2"]),
        (section(E1, grid("a"), READS), ["|q1", "|Read the table./| a |"]),
        (section(READS, grid("a"), "<para>Add.</para>", E2), ["|Read the table./| a |", "Add.|q2"]),
        (f"<note>{grid('a')}{READS}</note>", ["|Read the table./| a |"]),
        (section(E1, grid("a"), E2), ["|q1", "|q2"]),
    ],
)
def test_a_table_goes_to_the_problem_that_speaks_of_it(content: str, expected: list[str]) -> None:
    assert shown(content) == expected


def test_a_row_of_boxes_with_bare_formulas_takes_the_paragraph_above() -> None:
    bare = exercise("<para><m:math><m:mi>x</m:mi></m:math></para>", attributes='id="b"')
    content = f"<section><para>Prose.</para><para>Double it.</para><note>{bare}</note><note>{bare}</note><note>{READS}</note></section>"
    assert stems(content) == ["Double it.", "Double it.", ""]


def test_figure_that_the_problem_points_to_is_shown_and_named() -> None:
    figure = '<figure id="f1"><media alt="A pier."><image src="../pier.png"/></media></figure>'
    shown = one(figure + exercise('<para>How long is the pier in <link target-id="f1"/>?</para>'))
    assert shown.detail.problem == "How long is the pier in Figure 1?\n\nFigure 1: [figure: A pier.]"
    assert shown.detail.figures == ("pier.png",)


def test_figure_that_the_instruction_shows_is_not_shown_again() -> None:
    figure = '<figure id="f1"><media alt="A pier."><image src="../pier.png"/></media></figure>'
    shown = one(section(f'<para>Use <link target-id="f1"/>.</para>{figure}', exercise('<para>Measure <link target-id="f1"/>.</para>')))
    assert shown.detail.stem == "Use Figure 1.\n\nFigure 1: [figure: A pier.]"
    assert shown.detail.problem == "Measure Figure 1."
    assert shown.detail.figures == ("pier.png",)


def test_picture_of_the_solution_is_no_picture_of_the_problem() -> None:
    shown = one(exercise("<para>Draw.</para>", "<media alt='Drawn.'><image src='d.png'/></media>"))
    assert shown.detail.figures == ()
    assert shown.detail.solution == "[figure: Drawn.]"


def test_what_is_elsewhere_is_named() -> None:
    content = E1 + exercise('<para>As in <link target-id="e1"/>, <link document="m9">that chapter</link> and <link document="m8"/>.</para>')
    last = found(content)[-1]
    assert isinstance(last, BookExercise)
    assert last.detail.problem == "As in Exercise 1, that chapter and [reference]."
    assert last.refers_to == ("Exercise 1", "that chapter", "another section")


def lettered(*items: str, kind: str = "") -> str:
    listed = "".join(f"<item>{i}</item>" for i in items)
    return f'<para>Which?</para><list list-type="enumerated" number-style="lower-alpha" {kind}>{listed}</list>'


def test_solution_letter_names_an_option() -> None:
    shown = one(exercise(lettered("oar", "sail"), "(b)"))
    assert shown.detail.choices == ("oar", "sail")
    assert shown.detail.answer == "sail"
    assert shown.detail.problem == "Which?"
    assert shown.detail.solution == "(b)"
    assert shown.text == "Which?\n\n(a) oar\n(b) sail\n\nSolution: (b)"


def test_several_letters_name_several_options_and_no_single_answer() -> None:
    shown = one(exercise(lettered("oar", "sail", "mast"), "(a) and (c)"))
    assert shown.detail.answer == ""
    assert shown.answers == ("oar", "mast")


@pytest.mark.parametrize("solution", ["(d)", "The sail.", "b, because it is large"])
def test_solution_that_names_no_option_leaves_parts_of_a_problem(solution: str) -> None:
    shown = one(exercise(lettered("oar", "sail"), solution))
    assert shown.detail.choices == ()
    assert "(b) sail" in shown.detail.problem


def test_lettered_tasks_without_solution_are_no_options() -> None:
    tasks = section(exercise(lettered("Find it.", "Explain why.")), attributes='class="multiple-choice"')
    options = section(exercise(lettered("oar", "sail")), attributes='class="multiple-choice"')
    assert one(tasks).detail.choices == ()
    assert one(options).detail.choices == ("oar", "sail")
    assert one(exercise(lettered("oar", "sail"))).detail.choices == ()


def test_exercises_count_within_their_set_and_boxes_over_the_module() -> None:
    example = f"<example>{E1}</example>"
    try_it = f"<note class='try'><label>Try It</label>{E2}</note>"
    exercise_set = section(section(E3, attributes=""), section(E1, attributes=""))
    content = section(example, try_it, E2, attributes="") + example + exercise_set
    numbers = [f.detail.number for f in found(content) if isinstance(f, BookExercise)]
    assert numbers == ["Example 1", "Try It 1", "1", "Example 2", "1", "2"]


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        ("<para>Visit <link url='https://a.example.org'>this page</link> to learn more.</para>", True),
        ("<para>Visit <link url='https://a.example.org'>this page</link>. What is a tide?</para>", False),
        ("<para>Visit <link url='https://a.example.org'>this page</link>. Describe a tide.</para>", False),
        ("<media alt='tides'><iframe src='https://sim.example.org'/></media>", True),
        ("<para><link class='os-embed' url='#exercise/tides-1'/></para>", True),
        ("<para>Describe a tide.</para>", False),
    ],
)
def test_problem_that_only_points_elsewhere(problem: str, expected: bool) -> None:
    assert one(exercise(problem)).detail.link_only is expected


def test_missing_and_repeated_ids_still_give_distinct_names() -> None:
    twins = exercise("<para>a</para>") + exercise("<para>b</para>")
    names = [f.native_id for f in found(twins + exercise("<para>c</para>", attributes=""))]
    assert names == ["m1/e", "m1/e-2", "m1/exercise-3"]


def test_deep_nesting_costs_only_its_own_exercise() -> None:
    deep = "<emphasis>" * 200 + "x" + "</emphasis>" * 200
    results = found(E1 + exercise(f"<para>{deep}</para>", attributes='id="deep"') + E2)
    assert [r.native_id for r in results] == ["m1/e1", "m1/deep", "m1/e2"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty_body"),
        (b"<document", "bad_xml"),
        (module("<para>&undeclared;</para>"), "bad_xml"),
        (b"<html><body>Please wait</body></html>", "wrong_root"),
        (b'<document xmlns="http://example.org/other"/>', "wrong_root"),
        (b'<!DOCTYPE d [<!ENTITY e "boom">]>' + module("<para>&e;</para>"), "entities"),
        (b'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/hostname">]>' + module("<para>&x;</para>"), "entities"),
        (module("<div>" * 300 + "</div>" * 300), "bad_xml"),
    ],
)
def test_file_that_is_no_module_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(PayloadError) as caught:
        parse_xml(body, root=cnx("document"))
    assert caught.value.reason == reason


def test_doctype_without_entities_is_harmless() -> None:
    legacy = b'<!DOCTYPE document PUBLIC "-//CNX//DTD CNXML 0.5//EN" "http://dtd.example.org/cnxml.dtd">' + module("<para>a</para>")
    assert parse_xml(legacy, root=cnx("document")).tag == cnx("document")


def test_inclusion_is_never_followed() -> None:
    included = exercise('<para>a <xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/etc/hostname" parse="text"/></para>')
    (dead,) = found(included)
    assert isinstance(dead, Dead)
    assert dead.reason == "unknown_element"


def test_entity_that_only_an_outside_dtd_could_know_costs_its_own_exercise() -> None:
    body = b'<!DOCTYPE document SYSTEM "http://dtd.example.org/cnxml.dtd">' + module(exercise("<para>a &alpha; b</para>") + E1)
    results = list(exercises(parse_xml(body, root=cnx("document")), "m1"))
    assert [type(r) for r in results] == [Dead, BookExercise]


@pytest.mark.parametrize("start", ["\u00b2", "-1", "x", "99999999999"])
def test_list_with_a_strange_start_begins_at_one(start: str) -> None:
    assert text(f"<list list-type='enumerated' number-style='lower-roman' start-value='{start}'><item>a</item></list>") == "(i) a"


def test_comments_do_not_cut_text() -> None:
    root = parse_xml(module("<para>one <!-- no --> two</para>"), root=cnx("document"))
    assert etree.tostring(root, method="text", encoding="unicode") == "Tone  two"


def pieces(content: str) -> tuple[str, ...]:
    last = found(content)[-1]
    assert isinstance(last, BookExercise)
    return last.detail.pieces


def test_the_exercises_that_one_goes_on_from_come_along() -> None:
    first = exercise("<para>A cart of 3 kg stands on ice. How hard must it be pushed?</para>", "6 N", 'id="a"')
    then = exercise("<para>Repeat the previous problem for 5 kg.</para>", attributes='id="b"')
    last = exercise("<para>Compare with the previous exercise.</para>", attributes='id="c"')
    assert pieces(first + then) == ("Exercise 1 (previous):\nA cart of 3 kg stands on ice. How hard must it be pushed?",)
    assert [p.partition(":")[0] for p in pieces(first + then + last)] == ["Exercise 1 (previous)", "Exercise 2 (previous)"]


def test_a_worked_example_comes_along_with_its_solution() -> None:
    example = (
        '<example id="x">' + exercise("<para>A tank loses 2 litres an hour.</para>", "It is empty after 40 hours.", 'id="a"') + "</example>"
    )
    asked = exercise('<para>What if the tank of <link target-id="x"/> is half full?</para>', attributes='id="b"')
    assert pieces(example + asked) == ("Example 1:\nA tank loses 2 litres an hour.\n\nSolution: It is empty after 40 hours.",)


@pytest.mark.parametrize(
    "before",
    ["", exercise('<para>Use the values of <link document="m9">another book</link>.</para>', attributes='id="a"')],
)
def test_what_the_module_does_not_hold_whole_does_not_come_along(before: str) -> None:
    assert pieces(before + exercise("<para>Repeat the previous problem.</para>", attributes='id="b"')) == ()


def test_a_formula_in_a_box_takes_the_instruction_above_it() -> None:
    box = "<para>Find each sum.</para><note>" + exercise("<para><m:math><m:mi>S</m:mi></m:math> for the series</para>") + "</note>"
    assert stems(box) == ["Find each sum."]


def test_what_a_group_is_told_ends_with_its_part_of_the_section() -> None:
    group = "<para>Use the following information to answer the next three exercises. A bag holds 5 beads.</para>"
    inner = f"<section>{exercise('Two?')}</section>"
    content = f"<section>{group}{exercise('One?')}{inner}<para>Find each sum.</para>{exercise('Three?')}</section>"
    assert stems(content) == [
        "Use the following information to answer the next three exercises. A bag holds 5 beads.",
        "",
        "Find each sum.",
    ]
