"""A rulebook from its folder: the one that ships, errors with their place, versions."""

from __future__ import annotations

from pathlib import Path

import pytest

from thresher.errors import SettingsError, UsageError
from thresher.rulebook import checking, lint, load

SHIPPED = Path(__file__).resolve().parents[3] / "config" / "rulebook"


def test_the_rulebook_that_ships_is_large_and_can_be_applied() -> None:
    book = load(SHIPPED)
    layers = [rule.layer for rule in book.rules.values()]
    assert (layers.count("constitution") >= 8, layers.count("legislation") >= 120) == (True, True)
    assert not [*lint.contradictions(book), *lint.gaps(book)]
    assert len(book.cases) >= 9
    assert {case.id: checking.faults(load(SHIPPED, case.version), case) for case in book.cases} == {case.id: [] for case in book.cases}


def test_a_rule_has_the_scope_of_its_chapter_where_it_states_none(folder: Path) -> None:
    book = load(folder)
    assert [book.rules[f"lamps.{name}.1"].failures for name in ("lit", "short")] == [("factual_error",), ("instruction_ignored",)]
    assert book.rules["lamps.lit.1"].text == "A lamp that is lit is called lit. An oil lamp too."


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('layer = "legislation"', 'layer = "laws"', "lamps.toml:2: layer: "),
        ('failures = ["instruction_ignored"]', 'failures = ["rudeness"]', "lamps.toml:24: failures of lamps.short.1: "),
        ('tags = ["pier"]', 'tag = ["pier"]', "lamps.toml:25: tag of lamps.short.1: "),
        ('id = "lamps.short.1"', 'id = "lamps.lit.1"', "the id lamps.lit.1 is there twice"),
        ('id = "lamps.short.1"', 'id = "Lamps short"', "lamps.toml:22: id: "),
        ('id = "lamps.short.1"', 'id = "piers.short.1"', "must begin with the chapter"),
        ('title = "Lamps"', "title = Lamps", "lamps.toml:3: not valid TOML"),
        ('chapter = "lamps"', 'chapter = "piers"', 'must be the name of the file, "lamps"'),
    ],
)
def test_an_error_names_file_and_line(folder: Path, old: str, new: str, said: str) -> None:
    path = folder / "lamps.toml"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(SettingsError) as caught:
        load(folder)
    assert said in str(caught.value)


def test_there_is_no_rulebook_and_no_version_that_there_is_not(folder: Path) -> None:
    with pytest.raises(UsageError, match="versions are 1 to 1"):
        load(folder, 2)
    with pytest.raises(SettingsError, match="holds no rulebook"):
        load(folder / "none")


def test_an_override_stands_above_the_layers_and_the_layers_above_nothing_said(folder: Path) -> None:
    book = load(folder)
    assert book.precedes("lamps.lit.1", "lamps.short.1")
    assert not book.precedes("lamps.short.1", "lamps.lit.1")
    assert book.precedes("constitution.truth", "lamps.short.1")
    path = folder / "lamps.toml"
    path.write_text(path.read_text().replace('over = ["lamps.short.1"]', 'over = ["constitution.truth"]'))
    assert not load(folder).precedes("constitution.truth", "lamps.lit.1")


def test_the_beginning_of_an_id_will_do_where_it_names_one_rule(folder: Path) -> None:
    assert load(folder).rule("lamps.l").id == "lamps.lit.1"
    with pytest.raises(UsageError, match="beginning of 2 rules"):
        load(folder).rule("lamps")
