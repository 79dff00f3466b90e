from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest

from thresher.cues import fold
from thresher.errors import SettingsError
from thresher.rules import REASONS, Rules

PACKAGE = Path(__file__).parents[3] / "thresher" / "rules"


def _edited(rules_file: Path, tmp_path: Path, old: str, new: str) -> Path:
    text = rules_file.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "rules.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    shutil.copyfile(rules_file.with_name("exercises.toml"), tmp_path / "exercises.toml")
    return path


def test_every_reason_is_explained_and_every_explanation_has_a_reason(rules: Rules) -> None:
    assert rules.reasons.keys() == REASONS
    assert all(text.endswith(".") for text in rules.reasons.values())


def test_every_reason_is_given_somewhere_in_the_code() -> None:
    words = {
        node.value
        for path in [*PACKAGE.glob("*.py"), PACKAGE.parent / "readers" / "verdict.py"]
        if path.name != "outcome.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert words >= REASONS


def test_the_version_is_written_into_candidates(rules: Rules) -> None:
    assert rules.version


@pytest.mark.parametrize(
    ("old", "new", "names"),
    [
        ("min_chars = 15 ", "min_chars = -1 ", "limits.min_chars"),
        ("[limits]\n", "[limits]\nmin_cahrs = 3\n", "limits.min_cahrs: is not a setting; allowed: alternate_min_chars"),
        ('"made up"', '"(made|up"', "cues.en.claim"),
        ("deleted = ", "erased = ", "missing: deleted; unknown: erased"),
        ("[cues.en]", "[cues.xx]", "cues.en is missing"),
        ("{solution}", "{slution}", "must hold {solution}"),
        ("any_other = { worth = 0.5 }", "any_other = { worth = 0.0 }", "votes.any_other"),
        ("any_other = { worth = 0.5 }", "some_other = { worth = 0.5 }", "a vote is worth of any_other"),
        ("pairs = { worth = 0.5 }", "pairs = { worth = 0.5, value = 1 }", "allowed: why, worth"),
    ],
)
def test_a_wrong_setting_is_named_with_its_file_and_what_is_allowed(
    rules_file: Path, tmp_path: Path, old: str, new: str, names: str
) -> None:
    path = _edited(rules_file, tmp_path, old, new)
    with pytest.raises(SettingsError) as error:
        Rules.load(path)
    assert str(path) in str(error.value)
    assert names in str(error.value)


def test_a_wrong_list_of_exercises_is_named_with_its_own_file(rules_file: Path, tmp_path: Path) -> None:
    path = _edited(rules_file, tmp_path, "min_chars = 15 ", "min_chars = 16 ")
    exercises = tmp_path / "exercises.toml"
    exercises.write_text(exercises.read_text(encoding="utf-8").replace("cites = ", "sites = ", 1), encoding="utf-8")
    with pytest.raises(SettingsError, match=r"exercises\.toml: exercises\.languages\.en\.sites: is not a setting"):
        Rules.load(path)
    exercises.unlink()
    with pytest.raises(SettingsError, match=r"exercises\.toml: cannot be read"):
        Rules.load(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.toml: cannot be read"):
        Rules.load(tmp_path / "nowhere.toml")


def test_a_file_that_is_not_toml_is_named(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text("version = ", encoding="utf-8")
    with pytest.raises(SettingsError, match="is not TOML"):
        Rules.load(path)


def test_loading_compiles_no_pattern_that_nobody_has_asked_for_yet(rules_file: Path) -> None:
    rules = Rules.load(rules_file)
    lazy = [rules.spam, rules.labels.user, rules.labels.assistant, rules.cues["en"].claim, *rules.tags.values()]
    assert [one for one in lazy if "pattern" in vars(one)] == []
    assert rules.spam.search("nothing of the kind") is None


def test_what_any_language_can_find_is_found_without_knowing_the_language(rules: Rules) -> None:
    for cues in rules.cues.values():
        for name in cues.__slots__:
            assert set(getattr(rules.any_language, name).phrases) >= set(getattr(cues, name).phrases)


@pytest.mark.parametrize(
    ("text", "about"),
    [
        (
            "The AI on the hardest difficulty never attacks: its units stand in the capital and the player takes one city after the other.",
            False,
        ),
        ("The model is wrong: with two more predictors the residuals still grow, and the p-value says nothing.", False),
        ("I exported the model from Blender and the mesh has holes.", False),
        ("Django says that the model has no such field. What is wrong?", False),
        ("I cannot grok monads at all.", False),
        ("The paragraphs do not cohere.", False),
        ("The perplexity of the n-gram fell to 90.", False),
        ("Is the disk MBR or GPT? It has a GPT partition.", False),
        ("Asked Perplexity who wrote it, and it named the wrong sister.", True),
        ("Grok. It said 13.6 litres.", True),
        ("We went to Sydney in May and it rained.", False),
        ("See https://papers.ai/x and notes.ai, where the union of c_ki is empty.", False),
        ("The AI says that eleven is even. I asked it twice.", True),
        ("The model said that Lyon is the capital of France.", True),
        ("ChatGPT plays the game badly: it moves the player through a wall.", True),
        ("The chatbot computed the regression and got the coefficient wrong.", True),
        ("Die KI behauptet, elf sei gerade.", True),
    ],
)
def test_the_ai_of_a_game_and_the_model_of_a_regression_are_no_language_models(rules: Rules, text: str, about: bool) -> None:
    assert rules.names_a_model(fold(text)) is about
