"""What lint finds in a rulebook in which it was planted."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from thresher.rulebook import lint, load


def kinds(findings: object) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.kind, one.rules) for one in findings]  # type: ignore[attr-defined]


def with_rules(folder: Path, *blocks: str) -> Path:
    path = folder / "lamps.toml"
    path.write_text(path.read_text() + "".join(f"\n[[rule]]\n{block}\n" for block in blocks))
    return folder


def test_a_circle_of_overrides_is_a_contradiction(folder: Path) -> None:
    with_rules(folder, 'id = "lamps.oil.1"\ntext = "Oil."\nyields = ["lamps.short.1"]\nover = ["lamps.lit.1"]')
    assert kinds(lint.contradictions(load(folder))) == [("contradiction", ("lamps.lit.1", "lamps.short.1", "lamps.oil.1"))]


def test_what_names_nothing_is_said(folder: Path) -> None:
    with_rules(folder, 'id = "lamps.oil.1"\ntext = "Oil."\nover = ["lamps.gas.1"]\ntags = ["quay"]')
    book = load(folder)
    assert kinds(lint.contradictions(book)) == [("unknown rule", ("lamps.oil.1",))]
    assert kinds(lint.gaps(book, tags={"pier"}, phrases={"calls a lamp dark"})) == [
        ("no example", ("lamps.oil.1",)),
        ("unknown tags", ("lamps.oil.1",)),
    ]
    assert ("unknown phrases", ("lamps.lit.1",)) in kinds(lint.gaps(book, phrases=set()))


def test_rules_that_mean_the_same_overlap_unless_one_overrides_the_other(folder: Path) -> None:
    with_rules(folder, 'id = "lamps.brief.1"\ntext = "Be brief on lamps."')
    book = load(folder)
    assert list(book.rules) == ["constitution.truth", "lamps.lit.1", "lamps.short.1", "lamps.brief.1"]
    vectors = np.array([[1, 0], [0, 1], [0, 1], [0.1, 0.995]], dtype=np.float32)
    overlaps = sorted(kinds(lint.overlaps(book, vectors, 0.9)))
    assert overlaps == [("overlap", ("lamps.lit.1", "lamps.brief.1")), ("overlap", ("lamps.short.1", "lamps.brief.1"))]


def test_a_rule_that_a_verdict_cited_is_not_called_uncited(folder: Path) -> None:
    assert kinds(lint.practice(load(folder), cited=["lamps.lit.1", "constitution.truth"])) == [("never cited", ("lamps.short.1",))]
