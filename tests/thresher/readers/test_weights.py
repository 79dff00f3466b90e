from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from thresher.errors import SettingsError
from thresher.readers.weights import FILE, SHAPES, Curve, load


def test_the_shipped_weights_hold_numbers_alone() -> None:
    with np.load(FILE, allow_pickle=False) as stored:
        assert sorted(stored.files) == sorted([*SHAPES, "settings"])
        assert all(stored[name].dtype.kind == "f" for name in SHAPES)


def test_weights_saved_again_are_the_same_bytes(tmp_path: Path) -> None:
    weights = load()
    for name in ("one.npz", "other.npz"):
        weights.save(tmp_path / name)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "other.npz").read_bytes()


@pytest.mark.parametrize("damage", ["cut", "missing", "other", "not finite"])
def test_weights_that_cannot_be_used_are_refused_with_what_to_do(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "reader.npz"
    weights = load()
    if damage == "cut":
        path.write_bytes(FILE.read_bytes()[:5000])
    elif damage == "other":
        replace(weights, arrays={**weights.arrays, "vector": np.zeros(3, np.float32)}).save(path)
    elif damage == "not finite":
        replace(weights, arrays={**weights.arrays, "vector": np.full(512, np.nan, np.float32)}).save(path)
    with pytest.raises(SettingsError, match=r"reader\.npz is missing or damaged .*: install thresher again, or train a reader"):
        load(path)


def test_a_curve_stays_between_nothing_and_certainty() -> None:
    curve = Curve(2.0, -1.0)
    assert 0.0 <= curve(-1e9) < curve(0.0) < curve(1.0) < curve(1e9) <= 1.0
