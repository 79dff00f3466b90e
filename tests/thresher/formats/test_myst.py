"""MyST Markdown and notebooks: directives, labels, cells."""

from __future__ import annotations

import json

import pytest

from thresher.formats.books.exercise import BookExercise
from thresher.formats.myst import files, mains, read_book
from thresher.model import Dead


def parts(*texts: str) -> list[BookExercise | Dead]:
    return list(read_book("f0.md", {f"f{n}.md": text.encode() for n, text in enumerate(texts)}).exercises)


def exercises(*texts: str) -> list[BookExercise]:
    return [p for p in parts(*texts) if isinstance(p, BookExercise)]


def notebook(*cells: object) -> bytes:
    return json.dumps({"cells": list(cells), "nbformat": 4}).encode()


def markdown(text: str) -> dict[str, object]:
    return {"cell_type": "markdown", "source": text.splitlines(keepends=True)}


ASK = "```{exercise}\n:label: a\n\nWhat?\n```\n"


@pytest.mark.parametrize(
    "solution",
    ["```{solution} a\nThis.\n```", ":::{solution} a\nThis.\n:::", "```{solution-start} a\n```\nThis.\n```{solution-end}\n```",
     "````{admonition} More\n```{solution} a\nThis.\n```\n````", "```{solution} a\n---\nclass: dropdown\n---\nThis.\n```"],
)  # fmt: skip
def test_a_solution_in_any_form_is_linked_by_its_label(solution: str) -> None:
    assert exercises(f"{ASK}\n{solution}")[0].detail.solution == "This."
    assert exercises(f"{solution}\n\n{ASK}")[0].detail.solution == "This."
    assert exercises(ASK, solution)[0].detail.solution == "This."


def test_of_two_exercises_with_one_label_the_one_in_the_same_file_is_meant() -> None:
    first, second = exercises(ASK, f"{ASK.replace('What', 'Why')}\n```{{solution}} a\nThat.\n```")
    assert (first.detail.solution, second.detail.solution) == ("", "That.")
    assert first.native_id != second.native_id


def test_a_start_without_its_end_is_dead_and_costs_no_other() -> None:
    found = parts("```{exercise-start}\n:label: open\n```\nWhat?\n\n```{exercise-start}\n:label: b\n```\nWhy?\n\n```{exercise-end}\n```\n")
    assert [type(p) for p in found] == [Dead, BookExercise]


@pytest.mark.parametrize(
    ("inside", "text"),
    [
        ("Is $x^2$ {math}`y`?", r"Is \(x^2\) \(y\)?"),
        ("Is\n$$\nx\n$$\nreal?", "Is\n\\[x\\]\nreal?"),
        ("- a\n- b\n\n  c", "- a\n- b\n   c"),
        ("Run `x = 1` and {index}`this <it>`\n% a comment", "Run `x = 1` and this"),
        ("![A mast](mast.png)", "[figure: A mast]"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "| a | b |\n| --- | --- |\n| 1 | 2 |"),
        ("~~~{note}\nCareful.\n~~~", "Careful."),
        ("```{figure} mast.png\n:alt: A mast\n\nThe mast.\n```", "[figure: A mast]\nThe mast."),
        ("```python\nx = 1\n\ny = 2\n```", "```python\nx = 1\n\ny = 2\n```"),
    ],
)
def test_the_words_of_an_exercise(inside: str, text: str) -> None:
    (one,) = exercises(f"````{{exercise}}\n:label: a\n\n{inside}\n````")
    assert one.detail.problem == text


def test_a_notebook_is_read_cell_by_cell_without_outputs() -> None:
    code = {"cell_type": "code", "source": "x = 1", "outputs": [{"text": "SECRET"}]}
    body = notebook(
        markdown("```{exercise-start}\n```\nWhat?"), code, markdown("```{exercise-end}\n```"), markdown("```{open fence"), markdown(ASK)
    )
    first, second = read_book("n.ipynb", {"n.ipynb": body}).exercises
    assert isinstance(first, BookExercise)
    assert isinstance(second, BookExercise)
    assert first.detail.problem == "What?\n\n```python\nx = 1\n```"
    assert second.detail.problem == "What?"


def test_cells_that_are_none_or_huge_cost_themselves() -> None:
    cells = [7, {"cell_type": "markdown", "source": {}}, markdown("x" * 200_001), markdown(ASK)]
    found = list(read_book("n.ipynb", {"n.ipynb": notebook(*cells)}).exercises)
    assert [p.reason if isinstance(p, Dead) else "" for p in found] == ["bad_cell", "bad_cell", "huge_cell", ""]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"cells": 3}', b"[" * 100_000])
def test_a_broken_notebook_is_one_dead_letter(body: bytes) -> None:
    found = list(read_book("n.ipynb", {"n.ipynb": body, "a.md": ASK.encode()}).exercises)
    assert [type(p) for p in found] == [Dead, BookExercise]


@pytest.mark.parametrize(
    "toc",
    [
        "root: a\nchapters:\n- file: sub/b\n",
        "format: jb-article\nroot: a\nparts:\n- caption: P\n  chapters:\n  - file: sub/b\n",
        "- file: a\n- file: sub/b\n",
    ],
)
def test_a_table_of_contents_says_which_files_are_the_book(toc: str) -> None:
    there = {"_toc.yml": toc.encode(), "a.md": b"", "sub/b.ipynb": b"", "draft.md": b"", "README.md": b""}
    assert mains(there, there.get) == ["_toc.yml"]
    assert files("_toc.yml", there, there.get) == ["_toc.yml", "a.md", "sub/b.ipynb"]


def test_settings_that_are_no_settings_are_none() -> None:
    bomb = b"a: &a [x,x]\nb: &b [*a,*a]\ntitle: [*b, *b]\n"
    for body in (bomb, b"- 1\n", b"{", b"!!python/object/apply:os.system [ls]"):
        about = read_book("_toc.yml", {"_toc.yml": b"", "_config.yml": body, "a.md": b"# T\n"}).about
        assert about.licence.spdx == "unknown"
