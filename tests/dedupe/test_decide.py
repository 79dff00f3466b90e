"""dedupe.decide: one decision each, the same however it is run."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from dedupe.decide import Judge, decide, explain
from dedupe.guard.check import Comparable
from dedupe.vectors.cells import Cells
from dedupe.vectors.encoder import Floats
from dedupe.vectors.exact import rounded
from dedupe.vectors.index import Index, State
from dedupe.vectors.openvino_engine import MiniLM
from thresher.errors import UsageError
from thresher.model import Decision

THINGS = ("boat", "engine", "garden", "violin", "passport", "telescope", "bakery", "glacier")
ASKED = (
    "How do I repair a {thing} that has been left in the rain for {n} days?",
    "Explain to a beginner how a {thing} works and name {n} parts of it.",
    "Why did the assistant say that a {thing} needs {n} owners when I asked about its price?",
)


def sentences() -> list[str]:
    """Questions, near misses of them (another number), and copies of some with a slip, in other case, or with a farewell."""
    plain = [form.format(thing=thing, n=n) for form in ASKED for thing in THINGS for n in (3, 4)]
    copies = (
        [text.upper() for text in plain[::5]]
        + [text.replace("repair", "reapir") for text in plain[:8]]
        + [text + " Thanks!" for text in plain[::7]]
    )
    return plain + copies


def items(texts: Sequence[str], seed: int) -> list[Comparable]:
    places = list(range(len(texts)))
    random.Random(seed).shuffle(places)
    return [Comparable(f"{place:03d}", text) for place, text in zip(places, texts, strict=True)]


NEW = items(sentences(), 1)
KNOWN = [Comparable(f"k{place}", text) for place, text in enumerate((*sentences()[::6], "", "nothing like it"))]


@pytest.fixture(scope="module")
def vectors(encoder: MiniLM) -> Mapping[str, Floats]:
    every = [*NEW, *KNOWN]
    return {item.item_id: vector for item, vector in zip(every, encoder.encode([item.prompt for item in every]), strict=True)}


def run(
    new: Sequence[Comparable],
    vectors: Mapping[str, Floats],
    folder: Path,
    judge: Judge,
    block: int = 1024,
    known: Sequence[Comparable] = KNOWN,
    parted: Mapping[str, Collection[str]] | None = None,
) -> list[Decision]:
    index = Index(folder, State(Cells.one(384)))
    if known:
        index.add([item.item_id for item in known], np.stack([vectors[item.item_id] for item in known]))
    stored = {item.item_id: item for item in known}
    stacked = np.stack([vectors[item.item_id] for item in new]) if new else np.zeros((0, 384), np.float32)
    return list(decide(new, rounded(stacked), index, lambda ids: {i: stored[i] for i in ids if i in stored}, judge, "test", block, parted))


def brute_force(new: Sequence[Comparable], vectors: Mapping[str, Floats], judge: Judge) -> list[tuple[str, str, str | None]]:
    """The definition, one pair at a time in whole numbers."""
    canonical, outcome = list(KNOWN), []
    grid = {name: rounded(vector).astype(np.int64) for name, vector in vectors.items()}
    for item in new:
        near = []
        for other in canonical:
            x, y = grid[item.item_id], grid[other.item_id]
            score = min(1.0, float(np.round(int(x @ y) / float(np.sqrt(int(x @ x)) * np.sqrt(int(y @ y))), 4)))
            if score >= judge.settings.shortlist_threshold:
                near.append((-score, other.item_id, other, x, y))
        near = sorted(near, key=lambda hit: hit[:2])[: judge.settings.neighbours]
        said = [(o.item_id, judge.compare(item, o, x, y, -score).verdict) for score, _, o, x, y in near]
        same = next((other for other, verdict in said if verdict == "same"), None)
        related = next((other for other, verdict in said if verdict == "related"), None)
        outcome.append((item.item_id, "same" if same else "related" if related else "new", same or related))
        if not same:
            canonical.append(item)
    return outcome


def seen(decisions: Sequence[Decision]) -> list[tuple[str, str, str | None]]:
    return [(decision.item_id, decision.verdict, decision.other_id) for decision in decisions]


def test_decisions_equal_brute_force(vectors: Mapping[str, Floats], tmp_path: Path, judge: Judge) -> None:
    found = seen(run(NEW, vectors, tmp_path, judge))
    assert found == brute_force(NEW, vectors, judge)
    assert {verdict for _, verdict, _ in found} == {"new", "same", "related"}


@pytest.mark.parametrize("block", [1, 2, 7, 50, 10_000])
def test_block_size_does_not_matter(vectors: Mapping[str, Floats], tmp_path: Path, judge: Judge, block: int) -> None:
    assert run(NEW, vectors, tmp_path / "a", judge, block) == run(NEW, vectors, tmp_path / "b", judge)


def test_few_neighbours_give_the_same_as_brute_force(vectors: Mapping[str, Floats], tmp_path: Path, judge: Judge) -> None:
    few = Judge(judge.settings.model_copy(update={"neighbours": 2}), judge.scorer)
    assert seen(run(NEW, vectors, tmp_path, few, 9)) == brute_force(NEW, vectors, few)


def test_every_newcomer_has_one_decision_in_the_order_given(vectors: Mapping[str, Floats], tmp_path: Path, judge: Judge) -> None:
    found = run(NEW, vectors, tmp_path, judge)
    assert [decision.item_id for decision in found] == [item.item_id for item in NEW]
    assert {decision.method for decision in found} <= {"shortlist", "guard", "scorer"}
    assert all(decision.encoder == "test" and decision.reason for decision in found)


def test_duplicates_attach_to_canonical_items_only(vectors: Mapping[str, Floats], tmp_path: Path, judge: Judge) -> None:
    found = run(NEW, vectors, tmp_path, judge)
    merged = {decision.item_id for decision in found if decision.verdict == "same"}
    assert merged
    assert not merged & {decision.other_id for decision in found}


def test_near_misses_are_never_merged(vectors: Mapping[str, Floats], tmp_path: Path, judge: Judge) -> None:
    texts = {item.item_id: item.prompt.upper().replace("REAPIR", "REPAIR").removesuffix(" THANKS!") for item in (*NEW, *KNOWN)}
    for decision in run(NEW, vectors, tmp_path, judge):
        if decision.verdict == "same" and decision.other_id is not None:
            assert texts[decision.item_id] == texts[decision.other_id]


def test_every_planted_copy_is_merged(vectors: Mapping[str, Floats], tmp_path: Path, judge: Judge) -> None:
    found = run(NEW, vectors, tmp_path, judge, known=())
    assert sum(decision.verdict != "same" for decision in found) == len(ASKED) * len(THINGS) * 2


def test_empty_texts_stay_single(vectors: Mapping[str, Floats], encoder: MiniLM, tmp_path: Path, judge: Judge) -> None:
    empty = [Comparable(f"e{n}", " " * n) for n in range(4)]
    both = {**vectors, **{item.item_id: vector for item, vector in zip(empty, encoder.encode([""] * 4), strict=True)}}
    assert [(d.verdict, d.reason, d.other_id) for d in run(empty, both, tmp_path, judge)] == [("new", "empty text", None)] * 4


def test_an_id_that_the_database_does_not_know_is_never_matched(vectors: Mapping[str, Floats], tmp_path: Path, judge: Judge) -> None:
    index = Index(tmp_path, State(Cells.one(384)))
    index.add(["ghost"], vectors[NEW[0].item_id][None])
    found = list(decide(NEW[:1], rounded(vectors[NEW[0].item_id][None]), index, lambda ids: {}, judge, "test"))
    assert seen(found) == [(NEW[0].item_id, "new", None)]


def test_nothing_new_gives_nothing(vectors: Mapping[str, Floats], tmp_path: Path, judge: Judge) -> None:
    assert run([], vectors, tmp_path, judge) == []


def test_two_newcomers_of_one_id_are_refused(vectors: Mapping[str, Floats], tmp_path: Path, judge: Judge) -> None:
    with pytest.raises(UsageError, match="same id"):
        run([NEW[0], NEW[0]], vectors, tmp_path, judge)


@pytest.mark.parametrize(
    ("score", "verdict"),
    [(0.8699, "related"), (0.87, "same"), (0.6999, "related"), (0.64, "different")],
)
def test_thresholds_are_reached_and_not_passed(judge: Judge, score: float, verdict: str) -> None:
    a = Comparable("a", "How can I keep a wooden boat from rotting in winter?")
    b = Comparable("b", "What should be done during winter so that boats of wood stay sound and do rot?")
    vector = np.zeros(384, np.int8)
    assert judge.compare(a, b, vector, vector, score).verdict == verdict


@pytest.mark.parametrize(("score", "verdict"), [(0.7, "related"), (0.6999, "different")])
def test_what_the_guard_parts_is_linked_where_it_is_near(judge: Judge, score: float, verdict: str) -> None:
    vector = np.zeros(384, np.int8)
    assert judge.compare(Comparable("a", "What is 12 * 7?"), Comparable("b", "What is 13 * 7?"), vector, vector, score).verdict == verdict


def test_without_a_scorer_rewordings_are_linked_and_never_merged(judge: Judge) -> None:
    a = Comparable("a", "How can I keep a wooden boat from rotting in winter?")
    b = Comparable("b", "What should be done during winter so that boats of wood stay sound and do rot?")
    vector = np.zeros(384, np.int8)
    found = Judge(judge.settings, None).compare(a, b, vector, vector, 0.99)
    assert (found.verdict, found.method) == ("related", "shortlist")


def test_what_a_person_parted_is_not_compared_again(vectors: Mapping[str, Floats], tmp_path: Path, judge: Judge) -> None:
    plain = run(NEW, vectors, tmp_path / "a", judge)
    known = next(d for d in plain if d.verdict == "same" and d.other_id and d.other_id.startswith("k"))
    fresh = next(d for d in plain if d.verdict == "same" and d.other_id and not d.other_id.startswith("k"))
    apart = {d.item_id: {d.other_id or ""} for d in (known, fresh)}
    again = {d.item_id: d for d in run(NEW, vectors, tmp_path / "b", judge, parted=apart)}
    assert all(again[d.item_id].other_id != d.other_id for d in (known, fresh))
    untouched = {d.item_id for d in plain if d.item_id not in apart and d.other_id not in apart}
    assert all(again[d.item_id] == d for d in plain if d.item_id in untouched and again[d.item_id].other_id not in apart)


def test_explain_names_the_feature_that_decided(encoder: MiniLM, judge: Judge) -> None:
    def said(a: str, b: str) -> tuple[str, str]:
        found = explain(Comparable("a", a), Comparable("b", b), encoder, judge)
        return found.verdict, found.reason

    assert said("What is 12 * 7?", "What is 13 * 7?") == ("related", "numbers")
    assert said("What is 12 * 7?", "what is 12 \u00d7 7")[0] == "same"
    assert said("What is 12 * 7?", "Who wrote Faust?")[0] == "different"
