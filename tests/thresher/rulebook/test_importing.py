"""Rulebooks of others, in the shapes in which they are published."""

from __future__ import annotations

from pathlib import Path

import pytest

from thresher.errors import UsageError
from thresher.rulebook import Rule, load
from thresher.rulebook.importing import read_rulebook, write_rulebook

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "rulebooks"


def tenets(name: str) -> dict[str, Rule]:
    return {rule.id: rule for chapter in read_rulebook(FIXTURES / name).chapters for rule in chapter.rules}


def test_a_specification_with_ids_authorities_and_examples() -> None:
    made = tenets("spec.md")
    assert {rule_id: rule.rank for rule_id, rule in made.items()} == {
        "stay_on_course.general.1": 0, "stay_on_course.crew.1": 1, "stay_on_course.crew.2": 1, "stay_on_course.crew.3": 1,
        "stay_on_course.crew.4": 1, "stay_on_course.master.1": 3, "speak_plainly.words.1": 5,
    }  # fmt: skip
    assert made["stay_on_course.crew.1"].text.endswith("A gale here is wind of force eight and above.")
    example = made["stay_on_course.crew.4"]
    assert example.text == "The assistant should not: promise a berth that is not free"
    assert (example.asked.split("\n")[0], example.keeps[:3], example.breaks[:4]) == (
        "(System: You answer for the harbour office.)", "No.", "Sure",
    )  # fmt: skip
    assert read_rulebook(FIXTURES / "spec.md").commentary == 1


def test_a_constitution_of_prose_without_ids() -> None:
    made = tenets("constitution.md")
    assert list(made) == [
        "honesty.general.1", "honesty.general.2", "honesty.general.3", "helpfulness.general.1", "helpfulness.when_to_say_no.1",
        "helpfulness.when_to_say_no.2",
    ]  # fmt: skip


def test_json_with_nested_sections_hands_authority_down() -> None:
    made = tenets("tenets.json")
    assert [(rule_id, rule.rank) for rule_id, rule in made.items()] == [("l1.l1_1.1", 1), ("l1.l1_2.1", 1), ("l2.l2_1.1", 0)]


def test_what_was_imported_is_read_like_any_rulebook_and_ranks_decide(tmp_path: Path) -> None:
    write_rulebook(tmp_path / "spec", read_rulebook(FIXTURES / "spec.md").chapters)
    book = load(tmp_path / "spec")
    assert {rule_id: rule.text for rule_id, rule in book.rules.items()} == {i: rule.text for i, rule in tenets("spec.md").items()}
    assert book.precedes("stay_on_course.crew.1", "stay_on_course.master.1")
    with pytest.raises(UsageError, match="is there already"):
        write_rulebook(tmp_path / "spec", book.chapters)


@pytest.mark.parametrize(("name", "body", "said"), [
    ("a.md", "# A heading\n\nNothing is asked here.", "holds no tenet"),
    ("a.json", "{", "is no JSON"),
    ("a.json", '{"title": "x", "sections": [3]}', "expected objects with id, title and text"),
])  # fmt: skip
def test_what_is_no_rulebook_is_refused(tmp_path: Path, name: str, body: str, said: str) -> None:
    (tmp_path / name).write_text(body)
    with pytest.raises(UsageError, match=said):
        read_rulebook(tmp_path / name)
