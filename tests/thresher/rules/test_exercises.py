from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from thresher.model import Candidate, Exercise, Refusal


def _exercise(problem: str, **more: Any) -> dict[str, Any]:
    return {
        "role": "exercise",
        "source": "textbooks",
        "language": "en",
        "licence": "CC-BY-4.0",
        "export_class": "full",
        "detail": Exercise(problem, **more),
    }


def test_stem_problem_and_solution_become_one_question_with_its_key(judge_one: Any) -> None:
    got = judge_one(**_exercise(r"\(x^{2}-9\)", stem="For the following exercises, factor the polynomial.", solution=r"\((x-3)(x+3)\)"))
    assert isinstance(got, Candidate)
    assert (got.kind, got.tier, got.key_status) == ("exercise", "untested", "sourced")
    assert got.messages[0].content == "For the following exercises, factor the polynomial.\n\n\\(x^{2}-9\\)"
    assert got.target == r"\((x-3)(x+3)\)"
    assert (got.licence, got.export_class, got.language) == ("CC-BY-4.0", "full", "en")


def test_options_are_lettered_lines_and_the_key_is_the_lettered_option(judge_one: Any) -> None:
    got = judge_one(**_exercise("Where is bile stored?", choices=("liver", "gallbladder"), solution="B", answer="gallbladder"))
    assert got.messages[0].content == "Where is bile stored?\n\nA) liver\nB) gallbladder"
    assert (got.target, got.aliases, got.choices) == ("B) gallbladder", ("B", "gallbladder"), ("liver", "gallbladder"))


def test_a_short_sentence_to_complete_counts_with_its_options(judge_one: Any) -> None:
    got = judge_one(
        **_exercise("Uracil ________.", choices=("contains nitrogen", "is a pyrimidine"), solution="A", answer="contains nitrogen")
    )
    assert isinstance(got, Candidate)


@pytest.mark.parametrize("solution", ["", "Answers may vary.", "[figure: a parabola that opens upwards]", "  "])
def test_a_solution_that_is_none_leaves_the_key_open(judge_one: Any, solution: str) -> None:
    got = judge_one(**_exercise("Find a parabola with vertex (1, 2).", solution=solution))
    assert (got.target, got.key_status) == ("", "none")


def test_a_table_that_stands_in_the_problem_may_be_pointed_at(judge_one: Any) -> None:
    text = "Which model fits the data in Table 9?\n\nTable 9:\n| x | 1 | 2 |\n| y | 3 | 6 |"
    assert isinstance(judge_one(**_exercise(text, solution="A linear one.")), Candidate)


def test_the_label_of_a_kind_of_problem_is_not_asked(judge_one: Any) -> None:
    got = judge_one(**_exercise("Integrated Concepts\n\nWhat is the speed of a 2 kg mass after a fall of 5 m?"))
    assert got.messages[0].content == "What is the speed of a 2 kg mass after a fall of 5 m?"


@pytest.mark.parametrize(
    ("problem", "more", "reason"),
    [
        ("", {}, "empty"),
        ("What is the slope of this line?", {"figures": ("line.svg",)}, "needs_picture"),
        ("Watch this video to learn about joints. What is a bursa?", {}, "link_only"),
        ("Explore the simulation.", {"link_only": True}, "link_only"),
        ("Repeat the calculation of the previous exercise for 3 kg.", {}, "not_self_contained"),
        ("Using the values of Example 2.1, find the force.", {}, "not_self_contained"),
        ("What is the area of the shape in Figure 3?", {}, "not_self_contained"),
        ("Find the sum of the values in the table above.", {}, "not_self_contained"),
        ("Find the speed in Table 4.", {}, "not_self_contained"),
        (r"\(x^{2}-9\)", {}, "not_self_contained"),
        ("How fast?", {}, "too_short"),
    ],
)
def test_what_cannot_stand_alone_is_refused(judge_one: Any, problem: str, more: dict[str, Any], reason: str) -> None:
    got = judge_one(**_exercise(problem, **more))
    assert isinstance(got, Refusal)
    assert got.reason == reason


def test_a_reference_that_the_book_resolves_elsewhere_is_refused(judge_one: Any) -> None:
    got = judge_one(**_exercise("Confirm the value given for the carrier."), marks={"refers_to": ["m1#fig2"]})
    assert (got.reason, got.detail) == ("not_self_contained", "refers_to")


def test_an_exercise_without_its_detail_is_refused(judge_one: Any) -> None:
    assert judge_one("What?", role="exercise").reason == "wrong_detail"


def test_real_books_give_mostly_candidates_and_none_with_a_picture(realdata: Path, rules: Any) -> None:
    textbooks = pytest.importorskip("scrapers.textbooks")
    from thresher.model import Record
    from thresher.rules import judge

    folder = next((realdata / "textbooks").glob("*anatomy*"))
    pages = textbooks.read(folder, textbooks.Site(name="anatomy", repository="example/anatomy"))
    records = [r for page in pages for r in textbooks.parse(page) if isinstance(r, Record)]
    outcomes = list(judge(records, rules))
    kinds = Counter("candidate" if isinstance(o, Candidate) else o.reason for o in outcomes)
    assert len(outcomes) == len(records) == 1226
    assert kinds["candidate"] > 1000
    assert all("[figure" not in o.prompt and o.key_status == "sourced" for o in outcomes if isinstance(o, Candidate))


@pytest.mark.parametrize(
    ("problem", "stem", "solution"),
    [
        (r"\(y = |x+3|\)", "For the following exercises, graph the given function by hand.", ""),
        (r"\(y = |x+3|\)", "For the following exercises, sketch the graph, labeling the vertex.", "[figure: a V with its tip at [-3, 0]]"),
        (r"Plot \(2-3i\) on the complex plane.", "", "Figure 4: [figure: a point]"),
        ("Draw the path of the ball.", "", ""),
        ("Sketch a line with slope 2.", "For the following exercises, determine whether the lines are parallel.", ""),
    ],
)
def test_what_can_only_be_drawn_is_refused(judge_one: Any, problem: str, stem: str, solution: str) -> None:
    assert judge_one(**_exercise(problem, stem=stem, solution=solution)).reason == "asks_for_picture"


@pytest.mark.parametrize(
    ("problem", "solution"),
    [
        (r"Graph \(y = 2x\) and state its domain.", ""),
        (r"Graph \(y = 2x+1\).", "A line through (0, 1) with slope 2. [figure: a line]"),
        (r"What does the graph of \(y = x^{2}\) look like?", "[figure: a parabola]"),
        (r"Draw a sketch of the ramp. How far does the ball roll?", ""),
    ],
)
def test_a_drawing_beside_something_to_say_is_kept(judge_one: Any, problem: str, solution: str) -> None:
    assert isinstance(judge_one(**_exercise(problem, solution=solution)), Candidate)


def test_a_link_between_two_things_is_no_link(judge_one: Any) -> None:
    got = judge_one(**_exercise("What did Snow find in 1854?", choices=("the link between water and cholera", "a vaccine"), solution="A",
                                answer="the link between water and cholera"))  # fmt: skip
    assert isinstance(got, Candidate)


def test_a_problem_that_goes_on_from_another_is_refused(judge_one: Any) -> None:
    assert judge_one(**_exercise("Do they all have the same domain?", stem="Graph Logarithmic Functions")).reason == "not_self_contained"


def test_a_problem_may_go_on_from_its_own_stem(judge_one: Any) -> None:
    stem = r"Consider the functions \(\log x\), \(2\log x\) and \(3\log x\)."
    assert isinstance(judge_one(**_exercise("Do they all have the same domain?", stem=stem)), Candidate)


@pytest.mark.parametrize("mark", ["Sample answer:", "sample:"])
def test_a_sample_answer_is_no_key(judge_one: Any, mark: str) -> None:
    got = judge_one(**_exercise("How many breaths does a person take in a year?", solution=rf"{mark} \(8\times 10^{{6}}\)"))
    assert (got.target, got.key_status) == ("", "none")
