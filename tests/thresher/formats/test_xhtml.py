"""HTML books: where exercises and answers are recognised."""

from __future__ import annotations

import pytest

from thresher.formats.books.exercise import BookExercise
from thresher.formats.xhtml import mains, read_book
from thresher.model import Dead


def read(*bodies: str) -> list[BookExercise | Dead]:
    pages = {f"p{n}.html": f"<html><body>{body}</body></html>".encode() for n, body in enumerate(bodies)}
    return list(read_book("p0.html", pages).exercises)


def found(*bodies: str) -> dict[str, str]:
    return {p.detail.problem: p.detail.solution for p in read(*bodies) if isinstance(p, BookExercise)}


@pytest.mark.parametrize(
    ("body", "exercises"),
    [
        ('<div class="exercise">One?</div><p>Prose.</p>', {"One?": ""}),
        ('<section id="exercise-1"><p>One?</p><p>More?</p></section>', {"One?\n\nMore?": ""}),
        ('<p><a id="problem1.2"></a>Problem 1.2. One?</p><pre>x</pre><p>Prose.</p>', {"One?\n\n```\nx\n```": ""}),
        ('<h4 id="exercise-3">Exercise 3</h4><p>One?</p><p>More?</p><h4>Prose</h4><p>No.</p>', {"One?\n\nMore?": ""}),
        ('<div class="exercise"><p>A</p><div class="exercise">One?</div><div class="exercise">Two?</div></div>', {"One?": "", "Two?": ""}),
        ('<div class="exercise" id="exercise-1"><a name="ex"></a>One?</div>', {"One?": ""}),
        ("<h2>Review Questions</h2><ol><li>One?</li><li>Two?<ol><li>part</li></ol></li></ol><h2>On</h2><ol><li>Fact</li></ol>",
         {"One?": "", "Two?\n\n1. part": ""}),
        ('<p id="exercises-of-the-mind">Prose.</p><h2 id="problems">Problems</h2>', {}),
        ('<p id="exercise-1">One?</p><div class="solution">1</div><p id="exercise-2">Two?</p>', {"One?": "1", "Two?": ""}),
        ('<div class="exercise">One?<details><summary>Show solution</summary>1</details></div>', {"One?": "1"}),
        ('<div class="problem">One?<dl><dt>Answer</dt><dd>1</dd></dl></div>', {"One?": "1"}),
    ],
)  # fmt: skip
def test_exercises_by_class_id_anchor_and_heading(body: str, exercises: dict[str, str]) -> None:
    assert found(body) == exercises


def test_answers_of_other_pages_come_by_link_or_by_name() -> None:
    ask = '<div class="exercise" id="exercise-1">One?</div><div class="exercise" id="exercise-2">Two?</div>'
    back = '<div class="answer"><a href="p0.html#exercise-2">2</a> b</div><div id="solution-1">a</div>'
    assert found(ask, back) == {"One?": "a", "Two?": "2 b"}
    assert found(back.replace("p0", "p1"), ask) == {"One?": "a", "Two?": "2 b"}


def test_mathematics_is_latex_whatever_the_page_writes_it_in() -> None:
    mathml = "<math><msup><mi>x</mi><mn>2</mn></msup></math>"
    noted = '<math display="block"><semantics><mi>y</mi><annotation encoding="application/x-tex">\\hat y</annotation></semantics></math>'
    script = '<script type="math/tex">z_1</script>'
    (problem,) = found(f'<div class="exercise">Is {mathml}, {noted} or {script} \\(w\\)?</div>')
    assert problem == "Is \\(x^{2}\\),\n\\[\\hat y\\]\nor \\(z_1\\) \\(w\\)?"


@pytest.mark.parametrize(
    ("tags", "licence", "export_class"),
    [
        ("license:ccbysa licenseversion:40", "CC-BY-SA-4.0", "full"),
        ("license:ccbysa license:ccbync licenseversion:30", "CC-BY-NC-3.0", "full"),
        ("license:ccbync", "unknown", "none"),
        ("license:arr", "unknown", "none"),
        ("license:gnufdl", "GFDL", "full"),
        ("", "unknown", "none"),
    ],
)
def test_a_page_is_under_the_strictest_licence_that_it_names(tags: str, licence: str, export_class: str) -> None:
    (one,) = read(f'<div class="exercise">One?</div><p>{tags}</p>')
    assert isinstance(one, BookExercise)
    assert one.licence is not None
    assert (one.licence.spdx, one.licence.export_class) == (licence, export_class)


def test_a_page_that_cannot_be_read_costs_itself() -> None:
    bomb = b'<!DOCTYPE html [<!ENTITY a "x">]><html><body>&a;</body></html>'
    pages = {"a.html": bomb, "b.html": b"", "c.html": b'<div class="exercise">One?</div>', "d.html": b"<p>" * 5000}
    kinds = [p.reason if isinstance(p, Dead) else p.native_id for p in read_book("a.html", pages).exercises]
    assert kinds[:2] == ["entities", "empty_body"]
    assert "c/exercise-1" in kinds


def test_pages_without_exercises_are_no_book() -> None:
    pages = {"index.html": b"<p>Welcome</p>", "_static/x.html": b'<div class="exercise">'}
    assert mains(pages, pages.get) == []


def test_an_exercise_comes_with_the_programs_that_it_leans_on() -> None:
    defined = "<pre>(define (twice x)\n  (double x))</pre><pre>(define (double x) (* 2 x))</pre><pre>(define (unused x) x)</pre>"
    ask = '<div class="exercise">What is <code>(twice 3)</code>?</div><pre>(define (twice x) later)</pre>'
    (problem,) = found(defined, ask)
    assert problem.split("\n\n") == [
        "What is `(twice 3)`?", "```\n(define (twice x)\n  (double x))\n```", "```\n(define (double x) (* 2 x))\n```",
    ]  # fmt: skip


def test_an_exercise_that_leans_on_too_much_does_not_stand_alone() -> None:
    chain = "".join(f"<pre>def step_{n}(x):\n    return step_{n + 1}(x)</pre>" for n in range(9))
    (one,) = read(f'{chain}<div class="exercise">What does <code>step_0</code> do?</div>')
    assert isinstance(one, BookExercise)
    assert (one.detail.problem, one.refers_to) == ("What does `step_0` do?", ("step_0",))


def test_a_program_that_the_exercise_writes_itself_needs_no_other() -> None:
    ask = '<div class="exercise">What is it?<pre>def twice(x):\n    return 2 * x</pre></div>'
    assert list(found(f"<pre>def twice(x): pass</pre>{ask}")) == ["What is it?\n\n```\ndef twice(x):\n    return 2 * x\n```"]
