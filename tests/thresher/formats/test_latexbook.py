"""LaTeX: where exercises and answers are recognised, and what their text becomes."""

from __future__ import annotations

import pytest

from thresher.formats.books.exercise import BookExercise
from thresher.formats.latexbook import mains, read_book
from thresher.model import Dead


def book(body: str, **files: str) -> list[BookExercise | Dead]:
    main = f"\\documentclass{{book}}\n\\begin{{document}}\n{body}\n\\end{{document}}\n"
    return list(read_book("b.tex", {"b.tex": main.encode(), **{f"{n}.tex": t.encode() for n, t in files.items()}}).exercises)


def exercises(body: str, **files: str) -> list[BookExercise]:
    return [p for p in book(body, **files) if isinstance(p, BookExercise)]


def problem(latex: str) -> str:
    (one,) = exercises(f"\\begin{{exercise}}{latex}\\end{{exercise}}")
    return one.detail.problem


def solutions(body: str) -> dict[str, str]:
    return {e.detail.problem: e.detail.solution for e in exercises(body)}


ONE, TWO = r"\begin{exercise}One?\end{exercise}", r"\begin{exercise}\label{two}Two?\end{exercise}"


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (ONE + r"\begin{solution}1\end{solution}" + TWO, {"One?": "1", "Two?": ""}),
        (r"\begin{solution}[\ref{two}]2\end{solution}" + ONE + TWO, {"One?": "", "Two?": "2"}),
        (r"\begin{exercise}One?\begin{answer}1\end{answer}\end{exercise}", {"One?": "1"}),
        (r"\newtheorem{zeta}{Aufgabe}\newtheorem{eta}{L\"osung}\begin{zeta}One?\end{zeta}\begin{answer}1\end{answer}", {"One?": "1"}),
        (r"\begin{questions}\question One? \begin{solution}1\end{solution} \question Two?\end{questions}", {"One?": "1", "Two?": ""}),
        (r"\begin{exercises}\item One? \item Two?\end{exercises}", {"One?": "", "Two?": ""}),
    ],
)
def test_environments_of_exercises_and_their_answers(body: str, found: dict[str, str]) -> None:
    assert solutions(body) == found


def test_answers_at_the_back_go_by_chapter_and_number() -> None:
    chapter = r"\chapter{%s}\section*{Exercises}\begin{enumerate}\item %s one? \item %s two?\end{enumerate}"
    extra = r"\subsection*{Additional Exercises}\begin{enumerate}\item Extra?\end{enumerate}"
    back = (
        r"\chapter*{Answers to Selected Exercises}\section*{Chapter 2. Wind}\begin{itemize}\item[1.] w1\end{itemize}"
        r"\section*{Sea}\begin{itemize}\item[\bf 2.] s2 \item[7.] none\end{itemize}"
    )
    body = chapter % ("Sea", "Sea", "Sea") + extra + chapter % ("Wind", "Wind", "Wind") + back
    assert {k: v for k, v in solutions(body).items() if v} == {"Wind one?": "w1", "Sea two?": "s2"}
    assert len(solutions(body)) == 5
    assert [d.reason for d in book(body) if isinstance(d, Dead)] == ["solution_without_exercise"]


def test_lists_that_are_no_exercises_are_left_out() -> None:
    body = (
        r"\section{Exercises}\begin{enumerate}\item One?\end{enumerate}\subsection{References}\begin{enumerate}\item A book.\end{enumerate}"
    )
    assert list(solutions(r"\section{Knots}\begin{enumerate}\item A fact.\end{enumerate}" + body)) == ["One?"]


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"Find $x$ in \[ x = 1. \]", "Find \\(x\\) in\n\\[x = 1.\\]"),
        (r"\begin{equation}\label{e} x \end{equation} By \eqref{e}", "\\[x \\qquad \\text{(1)}\\]\nBy (1)"),
        (r"a\begin{eqnarray*} a & = & b \\ & = & c \end{eqnarray*}", "a\n\\[\\begin{aligned} a &= b \\\\ &= c \\end{aligned}\\]"),
        (r"{\Bbb R} $ {\Bbb R} \mbox{ or $x$} $", None),
        (r"See \textbf{this}, \emph{that}, {\em those}; 5\,\% of \$3.", "See **this**, *that*, *those*; 5 % of $3."),
        ("``Quoted'' na\\\"{\\i}ve \\'etude --- \\ss, \\verb|x_1|", "\u201cQuoted\u201d na\u00efve \u00e9tude \u2014 \u00df, `x_1`"),
        (r"\begin{enumerate}\item a\item b \begin{enumerate}\item c\end{enumerate}\end{enumerate}", "(a) a\n(b) b\n   (i) c"),
        (r"\begin{enumerate}[label=\Alph*.]\item a\item b\end{enumerate}", "A) a\nB) b"),
        (r"\begin{tabular}{c|c} a & $b$ \\ \hline c & d \end{tabular}", "| a | \\(b\\) |\n| c | d |"),
        (r"\begin{verbatim}x = 1 % no comment" + "\n  y\\end{verbatim} What?", "```\nx = 1 % no comment\n  y\n```\n\nWhat?"),
        (r"Look: \includegraphics[width=3cm]{img/mast.png}", "Look:\n\n[figure]"),
        (r"x\vspace{2cm}\index{knot}\hspace*{1in} y\footnote{Or z.}", "x y [note: Or z.]"),
    ],
)
def test_the_words_of_an_exercise(latex: str, text: str | None) -> None:
    if text is None:
        assert [d.reason for d in book(f"\\begin{{exercise}}{latex}\\end{{exercise}}") if isinstance(d, Dead)] == ["unknown_element"]
    else:
        assert problem(latex) == text


def test_comments_and_what_is_switched_off_are_no_exercises() -> None:
    body = f"% {ONE}\n\\iffalse\n{ONE}\n\\fi\n\\begin{{comment}}\n{ONE}\n\\end{{comment}}\n{TWO}\n\\end{{document}}{ONE}"
    (one,) = exercises(body)
    assert (one.detail.problem, one.line) == ("Two?", 10)


def test_inputs_stay_inside_and_end() -> None:
    body = r"\input{a}\input{../../etc/passwd}\input{/etc/passwd}\include{gone}"
    parts = book(body, a=ONE + r"\input{gone}\input{a}")
    assert [p.native_id for p in parts if isinstance(p, BookExercise)] == ["a/exercise-1"]
    assert sorted(p.reason for p in parts if isinstance(p, Dead)) == ["include_cycle", *["missing_file"] * 4]


def test_old_encodings_are_read() -> None:
    text = "\\documentclass{book}\\usepackage[latin1]{inputenc}\\begin{exercise}\u00bfQu\u00e9?\\end{exercise}"
    (one,) = read_book("b.tex", {"b.tex": text.encode("latin-1")}).exercises
    assert isinstance(one, BookExercise)
    assert one.detail.problem == "\u00bfQu\u00e9?"


def test_a_document_that_is_part_of_another_is_no_book_of_its_own() -> None:
    whole = rb"\documentclass{book}\input{one}\input{two}"
    files = {"all.tex": whole, "part.tex": rb"\documentclass{book}\input{one}", "one.tex": ONE.encode(), "two.tex": TWO.encode()}
    assert mains(files, files.get) == ["all.tex"]


@pytest.mark.parametrize(
    "latex", ["{" * 400 + "x", "$" * 51, r"\begin{enumerate}" * 200, "\\frac{", "\\item" * 50, "}" * 50, r"\href", r"\verb", r"a \frac"]
)
def test_broken_latex_costs_one_exercise(latex: str) -> None:
    assert [e.detail.problem for e in exercises(f"\\begin{{exercise}}{latex}\\end{{exercise}}\n{TWO}")][-1:] == ["Two?"]
