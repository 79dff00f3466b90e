"""The law that a judge is given for an item."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from thresher.rulebook.amending import decide
from thresher.rulebook.evidence import Evidence
from thresher.rulebook.model import Case, Response
from thresher.rulebook.reading import load
from thresher.rulebook.retrieval import Retriever, in_order


def encode(texts: Sequence[str]) -> npt.NDArray[np.float32]:
    rows = np.array([[float(word in text.lower()) for word in ("lit", "many")] + [0.01] for text in texts], dtype=np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def item(prompt: str, phrases: tuple[str, ...] = ()) -> Evidence:
    return Evidence("a", "complaint", "claimed", (), prompt, (), phrases)


def test_rules_near_the_request_come_with_what_stands_above_them_and_in_order(folder: Path) -> None:
    retriever = Retriever(load(folder), encode)
    law = retriever.law(item("How many piers are lit?"), rules=2)
    assert [rule.id for rule in law.rules] == ["constitution.truth", "lamps.lit.1", "lamps.short.1"]
    assert [rule.id for rule in retriever.law(item("How many?"), rules=1).rules] == ["constitution.truth", "lamps.short.1"]
    assert (law.version, law.digest) == (1, load(folder).digest)


def test_a_phrase_that_names_the_breach_outweighs_nearness(folder: Path) -> None:
    law = Retriever(load(folder), encode).law(item("How many, lit or not?", ("calls a lamp dark",)), rules=1)
    assert law.rules[-1].id == "lamps.lit.1"


def test_the_nearest_precedents_come_and_none_that_is_about_something_else(folder: Path) -> None:
    for asked in ("Is the stove lit?", "How many stoves?"):
        stated = {"asked": asked, "verdict": "pass", "rules": ("lamps.lit.1",), "reason": "x", "by": "ann", "version": 1, "id": "case.0000"}
        decide(folder, Case.model_validate({**stated, "at": datetime.now(UTC), "responses": (Response(text="yes", decides=("yes",)),)}))
    law = Retriever(load(folder), encode).law(item("Is it lit?"))
    assert [case.asked for case in law.precedents] == ["Is the stove lit?"]


def test_the_rules_that_a_precedent_cites_can_be_cited_after_it(folder: Path) -> None:
    stated = {
        "asked": "How many?",
        "verdict": "pass",
        "rules": ("lamps.lit.1",),
        "reason": "x",
        "by": "ann",
        "version": 1,
        "id": "case.0000",
    }
    decide(folder, Case.model_validate({**stated, "at": datetime.now(UTC), "responses": (Response(text="yes", decides=("yes",)),)}))
    law = Retriever(load(folder), encode).law(item("How many?"), rules=1)
    assert [rule.id for rule in law.rules] == ["constitution.truth", "lamps.lit.1", "lamps.short.1"]


def test_the_order_is_one_that_the_check_of_a_verdict_accepts() -> None:
    book = load(Path(__file__).resolve().parents[3] / "config" / "rulebook")
    rules = in_order(book, list(book.rules.values())[::-1])
    ids = [rule.id for rule in rules]
    assert not [(a, b) for at, b in enumerate(ids) for a in ids[:at] if book.precedes(b, a)]
