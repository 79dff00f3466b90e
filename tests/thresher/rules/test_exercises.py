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


def test_real_books_give_mostly_candidates_and_none_with_a_picture_unsaid(realdata: Path, rules: Any) -> None:
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
    assert all(o.key_status == "sourced" for o in outcomes if isinstance(o, Candidate))
    assert all(("picture:described" in o.tags) == ("[figure" in o.prompt) for o in outcomes if isinstance(o, Candidate))


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


# ---- the instruction that is shared -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stem", "problem", "kept"),
    [
        ("For the following exercises, points a and b are given. Find the midpoint.", "a = (1, 2), b = (3, 8)", "all"),
        ("For the following exercises, points a and b are given. Find the midpoint.",
         "A cart of 20 kg is pushed with a force of 50 N. Find its acceleration.", ""),
        ("For the following exercises, write the equation of the line.", "Solve: \\(3+\\sqrt{x} = 9\\)", ""),
        ("For the following exercises, three dice are rolled.", "Find the probability of rolling no six.", "all"),
        ("Use the following information to answer the next two exercises: A kiln cools by 3 degrees a minute.",
         "How long does it take to cool by 60 degrees?", "all"),
        ("For the following exercises, use this scenario: a pond holds frogs, newts and fish. Find the share of each.",
         "What share of the animals are frogs?", "all"),
        ("Assume that the air is dry unless it says otherwise.", "Find the speed of sound at 20 degrees.", "all"),
        ("True or false? Justify your answer. Assume that \\(f\\) is continuous.", "Find the limit of \\(f\\) at 3 if \\(f(3) = 5.\\)",
         "Assume that \\(f\\) is continuous."),
    ],
)  # fmt: skip
def test_a_shared_instruction_stops_at_a_problem_that_has_its_own(judge_one: Any, stem: str, problem: str, kept: str) -> None:
    got = judge_one(**_exercise(problem, stem=stem))
    assert isinstance(got, Candidate), got
    assert got.messages[0].content == "\n\n".join(filter(None, [stem if kept == "all" else kept, problem]))


@pytest.mark.parametrize("problem", ["b. Is it larger?", "(c) Find its median.", "ⓑ Explain why.", "b."])
def test_a_later_part_without_the_first_is_refused(judge_one: Any, problem: str) -> None:
    assert judge_one(**_exercise(problem, stem="Work with samples.")).reason == "not_self_contained"


def test_a_later_part_may_stand_with_the_data_that_its_parts_share(judge_one: Any) -> None:
    assert isinstance(judge_one(**_exercise("b. Find the median.", stem="The catches of a week were 4, 9, 9, 12, 30.")), Candidate)


@pytest.mark.parametrize(
    "problem", ["What is the standard deviation?", "Find the median.", "State the null hypothesis.", "¿Cuál es la mediana?"]
)
def test_a_value_of_nothing_is_not_asked(judge_one: Any, problem: str) -> None:
    more = {**_exercise(problem), "language": "es" if problem.startswith("¿") else "en"}
    assert judge_one(**more).reason == "not_self_contained"


# ---- what it points at ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "problem",
    [
        "(a) Which cart is faster, the 2 kg or the 3 kg one? (b) Is this in line with your answer from part a?",
        "Graph \\(y = x^{2}-3x\\) with a calculator. Use the graph to find where it is negative, and write the interval.",
        "Write the rule for the sequence described below.\n\n- It begins with 4 and each term is twice the one before.",
        "Show that sound travels 343 m in a second in air of 20 degrees, as claimed in the text.",
        "A cube of 10 cm floats with nine tenths of it under water. What is its density? How could one find it for a ball of the foam "
        "mentioned above?",
        "What values does the equation below give for x = 2?\n\nEquation 4: \\[y = 3x\\]\n\nUse Equation 4.",
        "A flywheel of 40 kg and 0.5 m turns at 3 rad/s. Find its energy. Show how you follow the steps in Strategies for Energy.",
    ],
)
def test_what_stands_in_the_problem_or_is_only_cited_may_be_pointed_at(judge_one: Any, problem: str) -> None:
    got = judge_one(**_exercise(problem), marks={"refers_to": ["Strategies for Energy"]} if "Strategies" in problem else {})
    assert isinstance(got, Candidate), got


def test_a_reference_without_words_counts(judge_one: Any) -> None:
    got = judge_one(**_exercise("Using data from [reference], find the mass of 3 moles."), marks={"refers_to": ["another section"]})
    assert got.reason == "not_self_contained"


def test_the_exercises_that_an_instruction_is_for_are_no_reference(judge_one: Any) -> None:
    got = judge_one(**_exercise("How much goes into the first?", stem="For exercises 17 and 18, use this: $900 goes into two funds."))
    assert isinstance(got, Candidate), got


# ---- pictures ---------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("problem", "prompt"),
    [
        ("Make a scatter plot of (1, 2) and (3, 5). Is it linear?\n\n[figure: A blank coordinate grid.]",
         "Make a scatter plot of (1, 2) and (3, 5). Is it linear?"),
        ("A 60 kg skier coasts up a rise of 2.5 m, as shown in Figure 7. She began at 12 m/s. How fast is she at the top?\n\n"
         "Figure 7: [figure: A skier.]\nA skier on a rise.",
         "A 60 kg skier coasts up a rise of 2.5 m. She began at 12 m/s. How fast is she at the top?"),
        ("A sphere fills at 2 cm³ a second (Figure 3). How fast does its radius grow at 3 cm?\n\nFigure 3: [figure: A balloon.]",
         "A sphere fills at 2 cm³ a second. How fast does its radius grow at 3 cm?"),
        ("Why do desert dwellers wear loose white clothing by day and by night?\n\n[figure: Three riders.]\n(credit: A. Person)",
         "Why do desert dwellers wear loose white clothing by day and by night?\n\n(credit: A. Person)"),
    ],
)  # fmt: skip
def test_a_picture_that_only_illustrates_or_is_to_be_filled_is_left_out(judge_one: Any, problem: str, prompt: str) -> None:
    got = judge_one(**_exercise(problem, figures=("f.png",)))
    assert isinstance(got, Candidate), got
    assert got.messages[0].content == prompt


@pytest.mark.parametrize(
    "problem",
    [
        "Find the domain of the function.\n\n[figure: Graph of a function from [-5, 3).]",
        "Given the following graph, evaluate \\(f(2)\\) and \\(f(3).\\)\n\n[figure: A curve.]",
        "ⓐ [figure: a parabola]\nⓑ Find the domain of \\(f(x) = \\frac{1}{x-2}.\\)",
        "The rocket sled shown in Figure 8 accelerates at 49 m/s² with 75 kg. Find its thrust.\n\nFigure 8: [figure: A sled.]",
    ],
)
def test_a_picture_that_is_needed_refuses(judge_one: Any, problem: str) -> None:
    assert judge_one(**_exercise(problem, figures=("f.png",))).reason == "needs_picture"


# ---- keys -------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("solution", "target"),
    [
        ("[figure: a line]\n\nIt has slope 3.", "It has slope 3."),
        ("domain: all numbers\n\nFigure 2: [figure: a curve]\nThe curve.", "domain: all numbers"),
        ("(a) 100 kg (b) 60 % (c) answers vary", "(a) 100 kg (b) 60 % (c) answers vary"),
        ("Answers will vary, but should mention that roots anchor a plant and take up water.",
         "Answers will vary, but should mention that roots anchor a plant and take up water."),
        ("Answers will vary. One possible answer: height.", ""),
        ("Check student's solution.", ""),
        ("The graph is shown below.\n\n[figure: a line]", ""),
        ("(a) [figure: a line]", ""),
    ],
)  # fmt: skip
def test_words_of_a_solution_stay_a_key_beside_pictures(judge_one: Any, solution: str, target: str) -> None:
    got = judge_one(**_exercise("Describe the parts of a plant and say what each of them does.", solution=solution))
    assert got.target == target


def test_the_letter_of_an_option_that_is_not_shown_is_no_key(judge_one: Any) -> None:
    assert judge_one(**_exercise("Match the story with a graph: a bath fills at 3 litres a minute.", solution="b")).target == ""
    assert judge_one(**_exercise("Is it (a) a duck or (b) a hen that swims on a pond?", solution="a")).target == "a"


@pytest.mark.parametrize(
    ("problem", "language"),
    [
        ("Which of the following statements is true?", "en"),
        ("\xbfCu\xe1l de las siguientes afirmaciones es verdadera?", "es"),
        ("Lequel des \xe9nonc\xe9s suivants est vrai ?", "fr"),
        ("Welche der folgenden Aussagen ist wahr?", "de"),
    ],
)
def test_a_choice_from_what_is_not_there_is_refused(judge_one: Any, problem: str, language: str) -> None:
    def told(**more: Any) -> Candidate | Refusal:
        got: Candidate | Refusal = judge_one(**{**_exercise(problem, **more), "language": language})
        return got

    lone = told(solution="b")
    assert isinstance(lone, Refusal)
    assert lone.reason == "not_self_contained"
    assert isinstance(told(choices=("one", "two"), solution="b", answer="two"), Candidate)


# ---- languages --------------------------------------------------------------------------------------------------------------------------

SPOKEN = {
    "es": ("Halle el perímetro de un cuadrado de lado 7.", "Dibuje la gráfica de una recta con pendiente 2.",
           "¿Qué cambia en el ejercicio anterior si el lado mide 8?", "Las respuestas pueden variar."),
    "pt": ("Encontre o perímetro de um quadrado de lado 7.", "Esboce uma reta com inclinação 2.",
           "O que muda no exercício anterior se o lado medir 8?", "As respostas podem variar."),
    "it": ("Calcola il perimetro di un quadrato di lato 7.", "Disegna una retta con pendenza 2.",
           "Che cosa cambia nell'esercizio precedente se il lato misura 8?", "Le risposte possono variare."),
    "fr": ("Calculez le périmètre d'un carré de côté 7.", "Tracez une droite de pente 2.",
           "Que devient le résultat de l'exercice précédent si le côté mesure 8 ?", "Les réponses peuvent varier."),
    "de": ("Berechnen Sie den Umfang eines Quadrats der Seite 7.", "Zeichne eine Gerade mit der Steigung 2.",
           "Was ändert sich in der vorherigen Aufgabe bei Seitenlänge 8?", "Die Antworten können variieren."),
    "pl": ("Oblicz obwód kwadratu o boku 7.", "Narysuj prostą o nachyleniu 2.",
           "Co zmieni się w poprzednim zadaniu, gdy bok ma 8?", "Odpowiedzi mogą być różne."),
}  # fmt: skip


@pytest.mark.parametrize("language", SPOKEN)
def test_an_exercise_is_read_in_its_language(judge_one: Any, language: str) -> None:
    asked, drawn, leaning, varies = SPOKEN[language]

    def told(problem: str, solution: str = "28") -> Candidate | Refusal:
        got: Candidate | Refusal = judge_one(**{**_exercise(problem, solution=solution), "language": language})
        return got

    landed, open_key = told(asked), told(asked, varies)
    assert isinstance(landed, Candidate), landed
    assert isinstance(open_key, Candidate), open_key
    assert (landed.target, open_key.target) == ("28", "")
    picture, other = told(drawn, ""), told(leaning)
    assert isinstance(picture, Refusal)
    assert isinstance(other, Refusal)
    assert (picture.reason, other.reason) == ("asks_for_picture", "not_self_contained")


@pytest.mark.parametrize(("language", "told"), [("hu", "hu"), ("cs-CZ", "cs")])
def test_a_language_without_rules_is_said_and_not_guessed(judge_one: Any, language: str, told: str) -> None:
    got = judge_one(**{**_exercise("Számítsa ki a 7 oldalú négyzet kerületét.", solution="28"), "language": language})
    assert (got.reason, got.detail) == ("language_not_covered", told)


def test_an_exercise_is_asked_with_the_one_that_it_goes_on_from(judge_one: Any) -> None:
    before = "Exercise 4 (previous):\nA cart of 3 kg stands on ice. How hard must it be pushed to reach 2 m/s in 4 s?"
    got = judge_one(**_exercise("Repeat the previous problem for 5 kg.", pieces=(before,)))
    assert got.messages[0].content == f"{before}\n\nRepeat the previous problem for 5 kg."


def test_a_piece_that_is_only_cited_stays_away(judge_one: Any) -> None:
    text = "A ball falls 20 m in 2.02 s without drag (see also Exercise 7). How fast is it then, and how fast after 40 m of free fall?"
    got = judge_one(**_exercise(text, pieces=("Exercise 7:\nA stone falls.",)), marks={"refers_to": ["Exercise 7"]})
    assert got.messages[0].content == text


def test_a_piece_that_leans_elsewhere_itself_does_not_help(judge_one: Any) -> None:
    got = judge_one(**_exercise("Repeat the previous problem.", pieces=("Exercise 1 (previous):\nFind the mass of the cart in Figure 3.",)))
    assert got.reason == "not_self_contained"


POINTS = "Graph of a line that passes through the points (0, 2) and (3, 8)."


@pytest.mark.parametrize(
    ("problem", "alt"),
    [
        ("Write the equation of the line shown.", POINTS),
        (
            "On which intervals is the function increasing?",
            "Graph of a curve that is decreasing up to the origin, where it turns, and always increasing after it.",
        ),
        (
            "What force holds the block in the figure below?",
            "A block of two kilograms hangs from a rope over a pulley; a hand pulls the other end of the rope straight down.",
        ),
    ],
)
def test_a_picture_that_the_book_describes_well_is_asked_by_its_description(judge_one: Any, problem: str, alt: str) -> None:
    got = judge_one(**_exercise(f"{problem}\n\n[figure: {alt}]", figures=("a.png",)))
    assert (got.messages[0].content, got.tags) == (f"{problem}\n\n[figure: {alt}]", ("picture:described",))


@pytest.mark.parametrize(
    ("problem", "alt"),
    [
        ("Write the equation of the line shown.", "Graph of a line."),
        ("Evaluate f(2) from the graph.", "A graph on a plane. The x-axis runs from -4 to 4 and the y-axis runs from -6 to 6."),
        ("Write the formula for the polynomial.", "Graph of a positive odd-degree polynomial with zeros at x=-3, 1, and 3."),
        (
            "Find the currents in the circuit shown.",
            "A complex circuit with several resistors, wired in two loops, whose points are marked with letters.",
        ),
    ],
)
def test_a_description_that_does_not_say_what_is_asked_refuses(judge_one: Any, problem: str, alt: str) -> None:
    assert judge_one(**_exercise(f"{problem}\n\n[figure: {alt}]", figures=("a.png",))).reason == "needs_picture"


def test_words_of_a_description_are_no_task(judge_one: Any) -> None:
    got = judge_one(
        **_exercise(f"[figure: {POINTS}]", stem="For the following exercises, write the equation of the line.", figures=("a.png",))
    )
    assert got.messages[0].content.startswith("For the following exercises, write the equation of the line.")


@pytest.mark.parametrize(
    "problem",
    [
        "In Example 2, we found that a coaster that fell 20 m has a speed of 19.8 m/s. What is its speed after 30 m?",
        "In the text, it was shown that N/V = 2.68 for this gas. About how many atoms are there in 3 of these units?",
        "The 70.0-kg swimmer in Example 4 starts with 1.25 m/s and pushes back with 80.0 N. What is the first acceleration?",
        "A membrane of 9 nm has a voltage of 80 mV. (Membranes are discussed in Section 4.2.) What is the electric field strength?",
        "Given Newton's law of gravitation (Equation 6.40), when is the force largest?",
        "Find the linear approximation of \\((1+x)^{4}\\) at 0 without using the result of Example 3.",
        "If the glass figure falls from 2 m, will it break at 330 N? How would that change if the figure were falling on a carpet?",
        "During lifting, a disk with a circular cross section 2.00 cm in radius carries 5000 N. What is the pressure?",
        "Graph the following function. Use this graph to find its range: \\(f(x) = \\sqrt{x-3}\\)",
        "Finding a derivative, Example 2\n\nFind the derivative of \\(y = \\tan(4x)\\).",
        "Dividing polynomials by long division.\n\n\\((x^{3}-8) \\div (x-2)\\)",
        "Consider the population described earlier. It grows as \\(f(t) = 200e^{0.02t}\\). How large is it after 5 hours?",
    ],
)
def test_a_problem_that_says_itself_what_it_points_at_stands_alone(judge_one: Any, problem: str) -> None:
    assert isinstance(judge_one(**_exercise(problem)), Candidate)


@pytest.mark.parametrize(
    "problem",
    [
        "How long would the muon in Example 4 have lived if its velocity was 0.05c?",
        "Using the masses from Section 8.2, find the final velocity if both move on together.",
        "(See Table 4 for the values.) What is the heat that 3 kg of it hold at 20 degrees?",
        "Use the results of the previous exercises to find the mean.",
    ],
)
def test_a_problem_that_takes_its_values_from_elsewhere_is_refused(judge_one: Any, problem: str) -> None:
    assert judge_one(**_exercise(problem)).reason == "not_self_contained"


def test_the_name_of_a_picture_before_the_first_sentence_is_left_out(judge_one: Any) -> None:
    picture = "Figure 8: Inner Ear\n[figure: A micrograph.]\n(Micrograph provided by the Regents of a University)"
    text = "The basilar membrane runs from the core of the cochlea to its edge. What is anchored to it?"
    got = judge_one(**_exercise(f"Figure 8 {text}\n\n{picture}", solution="Figure 8 The hair cells.", figures=("a.png",)))
    assert (got.messages[0].content, got.target) == (text, "The hair cells.")


@pytest.mark.parametrize(
    "problem",
    [
        "Decrypt each of the following messages \\(y\\).\n\n(a) \\(n = 33, D = 7, y = 5\\)\n(b) \\(n = 35, D = 5, y = 3\\)",
        "Which operation has the values of Table 1?\n\nTable 1: An operation\n| a | b | c |\n| --- | --- | --- |\n| 1 | 2 | 3 |",
        "Write a procedure that applies a function to a number twice.\n\nHint: You may use `compose` from Exercise 1.4.",
        "Design a type between those of the tower shown in Figure 2.2: integer, rational, real, complex.",
        "Change the program so that the graph below becomes a path.\n\n```sage\nG = Graph([(1,2), (2,3), (3,1)])\n```",
        "Propose a unit of length different from the metre discussed in the text, and say how to measure with it.",
        "Compute the subgroups of the symmetry group of a pentagon.",
        "We order a lattice, as in Theorem 3, by \\(a \\preceq b\\) if \\(a \\vee b = b\\). Prove that this is transitive.",
        "When a capacitor discharges, as discussed in conjunction with Figure 2, does its voltage ever reach zero?",
    ],
)
def test_what_does_not_stop_an_answer_is_no_reason_to_refuse(judge_one: Any, problem: str) -> None:
    assert isinstance(judge_one(**_exercise(problem)), Candidate)


@pytest.mark.parametrize(
    "problem",
    ["Show that the product of the solutions obtained in (4) is \\(-p^3\\).", "Name another property.", "Find the mean of the data."],
)
def test_what_went_before_is_needed(judge_one: Any, problem: str) -> None:
    assert judge_one(**_exercise(problem)).reason == "not_self_contained"


def test_a_whole_problem_needs_no_picture_of_the_problems_before_it(judge_one: Any) -> None:
    stem = "For the following exercises, use the spinner in Figure 5.\n\nFigure 5: [figure: A spinner with colours.]"
    whole = (
        "A bowl holds 16 green, 14 red and 10 yellow sweets. Somebody takes a handful of 7 of them without looking. "
        "What is the probability that exactly 3 of these are red?"
    )
    assert judge_one(**_exercise(whole, stem=stem, figures=("s.png",))).messages[0].content == whole
    assert judge_one(**_exercise("What is the probability of blue?", stem=stem, figures=("s.png",))).reason == "needs_picture"


def test_letters_of_pictured_parts_are_no_key(judge_one: Any) -> None:
    solution = "(a) [figure: A structure.]\n\n(b) [figure: A structure.]"
    assert judge_one(**_exercise("Describe the shape of water and of ammonia.", solution=solution)).key_status == "none"


def test_the_result_of_a_drawing_is_nothing_to_go_on_from(judge_one: Any) -> None:
    problem, piece = (
        "How does the result of the previous exercise change if x doubles?",
        "Exercise 3 (previous):\nSketch the graph of \\(y = x^{2}\\).",
    )
    assert judge_one(**_exercise(problem, pieces=(piece,))).reason == "not_self_contained"
    assert isinstance(judge_one(**_exercise(problem, pieces=(piece.replace("Sketch", "Find the slope at 1 of"),))), Candidate)
