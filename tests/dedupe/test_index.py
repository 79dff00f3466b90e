"""dedupe.index: exact, durable, disposable."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pytest

from dedupe.exact import GRID, Floats, pairs_above, rounded
from dedupe.index import MANIFEST, MAX_SEGMENTS, Index, fingerprint

DIM = 24


def unit(count: int, seed: int = 1) -> Floats:
    vectors = np.random.default_rng(seed).normal(size=(count, DIM)).astype(np.float32)
    sizes: Floats = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / sizes


IDS = [f"item-{n:03d}" for n in range(60)]
VECTORS = unit(60)


def everything() -> Iterable[tuple[Sequence[str], Floats]]:
    yield IDS[:40], VECTORS[:40]
    yield IDS[40:], VECTORS[40:]


def filled(folder: Path) -> Index:
    index = Index.open(folder, "model-a", DIM)
    for ids, vectors in everything():
        index.add(ids, vectors)
    return index


def segments(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.segment"))


def test_search_equals_comparing_with_all(tmp_path: Path) -> None:
    queries = unit(9, seed=2)
    ids, scores = filled(tmp_path).search(queries, 5)
    grid, asked = rounded(VECTORS).astype(float), rounded(queries).astype(float)
    cosine = np.round(asked @ grid.T / np.linalg.norm(asked, axis=1)[:, None] / np.linalg.norm(grid, axis=1), 4)
    for row in range(9):
        best = sorted(range(60), key=lambda n: (-cosine[row, n], IDS[n]))[:5]
        assert ids[row] == [IDS[n] for n in best]
        assert scores[row] == [cosine[row, n] for n in best]


def test_an_item_is_its_own_nearest(tmp_path: Path) -> None:
    ids, scores = filled(tmp_path).search(VECTORS[:3], 1)
    assert ids == [[IDS[0]], [IDS[1]], [IDS[2]]]
    assert scores == [[1.0], [1.0], [1.0]]


def test_products_of_rounded_vectors_are_exact() -> None:
    grid = rounded(unit(200, seed=3))
    exact = grid.astype(np.int64) @ grid.astype(np.int64).T
    assert np.array_equal(grid.astype(np.float32) @ grid.astype(np.float32).T, exact)
    assert exact.max() < 2**24


def test_rounding_twice_changes_nothing() -> None:
    once = rounded(unit(50))
    assert np.array_equal(rounded(once.astype(np.float32) / GRID), once)


def test_pairs_above_keeps_exactly_those_at_the_floor() -> None:
    grid = rounded(unit(80, seed=4))
    every = pairs_above(grid[:10], grid, -1.0)
    some = pairs_above(grid[:10], grid, 0.2)
    assert len(every.score) == 800
    assert [tuple(row) for row in zip(*some, strict=True)] == [tuple(row) for row in zip(*every, strict=True) if row[2] >= 0.2]


def test_it_is_the_same_after_opening_again(tmp_path: Path) -> None:
    before = filled(tmp_path)
    after = Index.open(tmp_path, "model-a", DIM, expected=fingerprint(IDS))
    assert after.trouble == []
    assert after.search(VECTORS, 4) == before.search(VECTORS, 4)


def test_removed_items_are_not_found_again(tmp_path: Path) -> None:
    index = filled(tmp_path)
    assert index.remove([IDS[5], "unknown"]) == 1
    for opened in (index, Index.open(tmp_path, "model-a", DIM)):
        assert len(opened) == 59
        assert IDS[5] not in opened.search(VECTORS[5:6], 60)[0][0]
        assert opened.fingerprint == fingerprint(set(IDS) - {IDS[5]})


def test_adding_what_it_holds_changes_nothing(tmp_path: Path) -> None:
    index = filled(tmp_path)
    before = (tmp_path / MANIFEST).read_bytes()
    index.add(IDS, VECTORS)
    assert len(index) == 60
    assert (tmp_path / MANIFEST).read_bytes() == before


def test_many_small_additions_are_compacted(tmp_path: Path) -> None:
    index = Index.open(tmp_path, "model-a", DIM)
    for row in range(40):
        index.add([IDS[row]], VECTORS[row : row + 1])
    assert len(segments(tmp_path)) <= MAX_SEGMENTS + 1
    assert Index.open(tmp_path, "model-a", DIM, expected=fingerprint(IDS[:40])).trouble == []


@pytest.mark.parametrize(
    "harm", ["segment missing", "segment truncated", "byte flipped", "manifest missing", "manifest cut", "manifest edited"]
)
def test_damage_is_noticed_and_rebuilt(tmp_path: Path, harm: str) -> None:
    want = filled(tmp_path).search(VECTORS, 3)
    target = tmp_path / MANIFEST if "manifest" in harm else segments(tmp_path)[0]
    if "missing" in harm:
        target.unlink()
    elif harm == "byte flipped":
        body = bytearray(target.read_bytes())
        body[-7] ^= 1
        target.write_bytes(body)
    elif harm == "manifest edited":
        about = json.loads(target.read_bytes())
        about["segments"][0]["dead"] = [0]
        target.write_text(json.dumps(about))
    else:
        target.write_bytes(target.read_bytes()[:-9])
    index = Index.open(tmp_path, "model-a", DIM, expected=fingerprint(IDS), source=everything)
    assert index.trouble
    assert index.search(VECTORS, 3) == want
    assert Index.open(tmp_path, "model-a", DIM, expected=fingerprint(IDS)).trouble == []


@pytest.mark.parametrize(("model", "dim"), [("model-b", DIM), ("model-a", DIM + 1)])
def test_vectors_of_another_model_are_never_used(tmp_path: Path, model: str, dim: int) -> None:
    filled(tmp_path)
    index = Index.open(tmp_path, model, dim)
    assert "was built by model-a" in index.trouble[0]
    assert len(index) == 0


def test_a_stale_index_is_noticed_by_its_ids(tmp_path: Path) -> None:
    index = Index.open(tmp_path, "model-a", DIM)
    index.add(IDS[:57], VECTORS[:57])
    stale = Index.open(tmp_path, "model-a", DIM, expected=fingerprint(IDS))
    assert stale.trouble
    assert len(Index.open(tmp_path, "model-a", DIM, expected=fingerprint(IDS), source=everything)) == 60


def test_sync_asks_only_for_what_is_missing(tmp_path: Path) -> None:
    index = Index.open(tmp_path, "model-a", DIM)
    index.add([*IDS[:50], "gone"], np.concatenate([VECTORS[:50], unit(1, seed=9)]))
    asked: list[str] = []

    def vectors_of(ids: Sequence[str]) -> Floats:
        asked.extend(ids)
        return VECTORS[[IDS.index(item_id) for item_id in ids]]

    changed = index.sync(IDS, vectors_of)
    assert (changed.added, changed.removed) == (10, 1)
    assert asked == IDS[50:]
    assert Index.open(tmp_path, "model-a", DIM, expected=fingerprint(IDS)).search(VECTORS, 2) == filled(tmp_path / "other").search(
        VECTORS, 2
    )


def test_sync_mends_a_damaged_index(tmp_path: Path) -> None:
    filled(tmp_path)
    segments(tmp_path)[1].write_bytes(b"")
    index = Index.open(tmp_path, "model-a", DIM)
    assert index.trouble
    index.sync(IDS, lambda ids: VECTORS[[IDS.index(item_id) for item_id in ids]])
    assert Index.open(tmp_path, "model-a", DIM, expected=fingerprint(IDS)).trouble == []


def test_what_a_killed_writer_left_is_ignored(tmp_path: Path) -> None:
    want = filled(tmp_path).search(VECTORS, 3)
    (tmp_path / "manifest.json.part").write_bytes(b'{"half')
    (tmp_path / f"{'0' * 64}.segment").write_bytes(b"orphan")
    index = Index.open(tmp_path, "model-a", DIM, expected=fingerprint(IDS))
    assert index.trouble == []
    assert index.search(VECTORS, 3) == want


def test_fingerprint_does_not_depend_on_the_order() -> None:
    assert fingerprint(IDS) == fingerprint(reversed(IDS))
    assert fingerprint(IDS) != fingerprint(IDS[:-1])
