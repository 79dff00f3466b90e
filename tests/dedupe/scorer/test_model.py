"""The scorer of rewordings: that it is symmetric, the same in any batch, and says what it should of plain cases."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from dedupe.guard.check import Comparable
from dedupe.scorer.model import FEATURES, MODEL, Scored, Scorer
from dedupe.scorer.similarities import NAMES, similarities
from dedupe.scorer.training import Rows, balanced, fit
from dedupe.vectors.exact import Floats, pairs_above, rounded
from dedupe.vectors.openvino_engine import MiniLM
from thresher.errors import EncoderError

REWORDED = (
    ("How many hours after an antibiotic may I drink alcohol?", "When is it safe to drink alcohol after I have taken antibiotics?"),
    ("Why do cats purr when they are stroked?", "What makes a cat purr while somebody is petting it?"),
    ("Explain what causes the tides of the oceans.", "What is the reason that oceans have tides?"),
)
OTHERS = (
    ("How many hours after an antibiotic may I drink alcohol?", "Which antibiotic helps best against a sore throat?"),
    ("Why do cats purr when they are stroked?", "How often should a cat be taken to the vet?"),
    ("Explain what causes the tides of the oceans.", "Name the five oceans from the largest to the smallest."),
)
ODD = ("", " ", "?", "x", "\x00", "🙂🙂", "日本語の文", "a" * 9000, "7", "not", "\\(x^2\\)", "Why?\n\nWhy?")


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer.load()


def judged(scorer: Scorer, encoder: MiniLM, pairs: tuple[tuple[str, str], ...], scale: float = 1.0) -> list[Scored]:
    first, second, cosines = sides(encoder, pairs)
    return scorer.score([(Comparable("a", a), Comparable("b", b)) for a, b in pairs], first * np.float32(scale), second, cosines)


def sides(encoder: MiniLM, pairs: tuple[tuple[str, str], ...]) -> tuple[Floats, Floats, list[float]]:
    first, second = (rounded(encoder.encode([pair[side] for pair in pairs])) for side in (0, 1))
    cosines = [float(pairs_above(a[None], b[None], -1.0).score[0]) for a, b in zip(first, second, strict=True)]
    return first.astype(np.float32), second.astype(np.float32), cosines


def test_a_rewording_is_more_probable_than_another_question_about_the_same(scorer: Scorer, encoder: MiniLM) -> None:
    same, other = judged(scorer, encoder, REWORDED), judged(scorer, encoder, OTHERS)
    assert min(found.probability for found in same) > max(found.probability for found in other)
    assert max(found.probability for found in other) < 0.5


def test_the_reason_is_the_name_of_a_feature(scorer: Scorer, encoder: MiniLM) -> None:
    assert {found.reason for found in judged(scorer, encoder, REWORDED + OTHERS)} <= set(FEATURES)


def test_which_text_comes_first_does_not_change_a_bit(scorer: Scorer, encoder: MiniLM) -> None:
    pairs = REWORDED + OTHERS + tuple((a, b) for a in ODD for b in ODD)
    turned = tuple((b, a) for a, b in pairs)
    assert judged(scorer, encoder, pairs) == judged(scorer, encoder, turned)


def test_a_pair_is_scored_alike_alone_and_among_others(scorer: Scorer, encoder: MiniLM) -> None:
    pairs = (REWORDED + OTHERS) * 100
    together = judged(scorer, encoder, pairs)
    assert together == judged(scorer, encoder, pairs[:6]) * 100
    assert [judged(scorer, encoder, (pair,))[0] for pair in pairs[:6]] == together[:6]


def test_the_scale_of_the_vectors_does_not_matter(scorer: Scorer, encoder: MiniLM) -> None:
    assert judged(scorer, encoder, REWORDED) == judged(scorer, encoder, REWORDED, scale=1 / 512)


def test_any_text_has_finite_features_and_a_probability(scorer: Scorer, encoder: MiniLM) -> None:
    pairs = tuple((a, b) for a in ODD for b in ODD)
    assert np.isfinite([similarities(a, b, 0.5) for a, b in pairs]).all()
    assert all(0 <= found.probability <= 1 for found in judged(scorer, encoder, pairs))


def test_no_pairs_have_no_scores(scorer: Scorer) -> None:
    nothing = np.zeros((0, 384), np.float32)
    assert scorer.score([], nothing, nothing, []) == []


def test_the_version_changes_with_the_file(scorer: Scorer, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_bytes(MODEL.read_bytes() + b"\n")
    assert Scorer.load(other).version != scorer.version == Scorer.load().version


def test_a_missing_model_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="install thresher again"):
        Scorer.load(tmp_path / "nothing.json")


@pytest.mark.parametrize("damage", ["cut", "node", "number", "features", "metric", "list"])
def test_a_damaged_model_is_refused(damage: str, tmp_path: Path) -> None:
    body = MODEL.read_text()
    model = json.loads(body)
    match damage:
        case "cut":
            text = body[: len(body) // 2]
        case "node":
            model["trees"]["left"][0][0] = 99
            text = json.dumps(model)
        case "number":
            model["trees"]["value"][0][1] = float("nan")
            text = json.dumps(model)
        case "features":
            text = json.dumps(model | {"features": ["cosine"]})
        case "metric":
            model["metric"]["directions"] = model["metric"]["directions"][:-100]
            text = json.dumps(model)
        case _:
            text = "[]"
    damaged = tmp_path / "damaged.json"
    damaged.write_text(text)
    with pytest.raises(EncoderError, match="damaged"):
        Scorer.load(damaged)


def test_training_twice_gives_the_same_file_and_it_tells_the_labels_apart(tmp_path: Path) -> None:
    pytest.importorskip("lightgbm")
    chance = np.random.default_rng(3)
    label = (np.arange(600) % 2).astype(np.int64)
    first = chance.normal(size=(600, 384)).astype(np.float32)
    second = first + chance.normal(size=(600, 384)).astype(np.float32) * np.where(label == 1, 0.5, 3.0)[:, None].astype(np.float32)
    cosine = (first * second).sum(1) / np.linalg.norm(first, axis=1) / np.linalg.norm(second, axis=1)
    features = np.column_stack((cosine, chance.normal(size=(600, len(NAMES) - 1)))).astype(np.float32)
    rows = Rows(features, first, second, label, balanced(["made"] * 600, label, {"made": 1.0}), np.arange(600))
    file = tmp_path / "model.json"
    file.write_bytes(fit(rows))
    assert file.read_bytes() == fit(rows)
    scorer = Scorer.load(file)
    learned = scorer.metric.apply(first, second, cosine.tolist())
    odds, accounts = scorer.trees.accounts(np.column_stack((features, learned)).astype(np.float32))
    assert (odds[label == 1] > 0).mean() > 0.95
    assert (odds[label == 0] < 0).mean() > 0.95
    assert accounts.shape == (600, len(FEATURES))
