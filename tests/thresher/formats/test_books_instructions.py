"""For how many exercises an instruction holds."""

from __future__ import annotations

import pytest

from thresher.formats.books.instructions import Back, reach, refers_back, speaks_to_exercises


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("For the following exercises, add.", 0),
        ("For the following exercise, add.", 1),
        ("Use the following information to answer the next five exercises: a pond holds 3 fish.", 5),
        ("Use the following information to answer the next 11 exercises.", 11),
        ("For Exercises 8\u201312, add.", 5),
        ("For exercises 4, 5, and 6, add.", 3),
        ("Para los tres ejercicios siguientes, sume.", 3),
        ("En el siguiente problema, sume.", 1),
        ("Pour les quatre exercices suivants, additionnez.", 4),
        ("L\xf6sen Sie die n\xe4chsten zwei Aufgaben.", 2),
        ("Nos pr\xf3ximos dois exerc\xedcios, some.", 2),
        ("Nei seguenti esercizi, somma.", 0),
        ("W nast\u0119pnych trzech zadaniach dodaj.", 3),
        ("W poni\u017cszych zadaniach dodaj.", 0),
    ],
)
def test_an_instruction_says_for_how_many_exercises_it_is(text: str, count: int) -> None:
    assert speaks_to_exercises(text)
    assert reach(text) == count


@pytest.mark.parametrize("text", ["The next day she had a problem.", "El siguiente capítulo trata de ríos.", "Additionnez."])
def test_other_prose_speaks_to_no_exercise(text: str) -> None:
    assert not speaks_to_exercises(text)


@pytest.mark.parametrize(
    ("text", "back"),
    [
        ("Repeat the previous problem for 3 kg.", Back(False, 1)),
        ("Use the results of the two preceding exercises.", Back(False, 2)),
        ("Solve the problem above for 4 m.", Back(False, 1)),
        ("Use the model of the previous example.", Back(True, 1)),
        ("Utilice el resultado del ejercicio anterior.", Back(False, 1)),
        ("Calcule la derivada del ejemplo anterior.", Back(True, 1)),
        ("Wiederholen Sie die vorige Aufgabe.", Back(False, 1)),
        ("Powtórz poprzednie zadanie.", Back(False, 1)),
        ("In the previous year the town had 300 people.", None),
        ("El año anterior tuvo 300 habitantes.", None),
    ],
)
def test_a_text_says_that_it_goes_on_from_the_exercise_before(text: str, back: Back | None) -> None:
    assert refers_back(text) == back
