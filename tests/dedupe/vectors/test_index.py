"""dedupe.vectors.index: exact while small, the same however its rows are spread, and never silently wrong."""

from __future__ import annotations

import resource
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pytest

from dedupe.vectors import cells
from dedupe.vectors.cells import Cells
from dedupe.vectors.exact import GRID, Floats, pairs_above, rounded
from dedupe.vectors.index import MAX_SMALL, Index, State
from dedupe.vectors.segments import SUFFIX, SegmentDamaged
from thresher.errors import StoreError

DIM = 24


def unit(count: int, seed: int = 1) -> Floats:
    """Unit vectors around a few directions, so that some are near to one another. Components stay on the grid."""
    source = np.random.default_rng(seed)
    centres = np.random.default_rng(0).normal(size=(12, DIM))
    vectors = (centres[source.integers(0, 12, count)] + 0.5 * source.normal(size=(count, DIM))).astype(np.float32)
    sizes: Floats = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / sizes


IDS = [f"item-{n * 7919 % 600:08d}" for n in range(600)]
VECTORS = unit(600)


def everything() -> Iterable[tuple[Sequence[str], Floats]]:
    yield IDS[:400], VECTORS[:400]
    yield IDS[400:], VECTORS[400:]


def empty() -> State:
    return State(Cells.one(DIM))


def filled(folder: Path) -> Index:
    return Index.build(folder, empty(), everything())


def near(index: Index, queries: Floats, count: int = 5, floor: float = -1.0) -> list[list[tuple[str, float]]]:
    found = index.search(rounded(queries), floor, count)
    rows: list[list[tuple[str, float]]] = [[] for _ in queries]
    for query, item_id, score in zip(found.query.tolist(), found.ids, found.score.tolist(), strict=True):
        rows[query].append((item_id.decode(), score))
    return rows


def compared_with_all(queries: Floats, ids: Sequence[str], vectors: Floats, count: int = 5) -> list[list[tuple[str, float]]]:
    grid, asked = rounded(vectors).astype(float), rounded(queries).astype(float)
    cosine = np.round(asked @ grid.T / np.linalg.norm(asked, axis=1)[:, None] / np.linalg.norm(grid, axis=1), 4)
    return [sorted(zip(ids, row.tolist(), strict=True), key=lambda hit: (-hit[1], hit[0]))[:count] for row in cosine]


@pytest.fixture
def small_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells from 100 rows on, and queries that look at a tenth of them."""
    monkeypatch.setattr(cells, "FIRST", 100)
    monkeypatch.setattr(cells, "FIRST_CELLS", 16)
    monkeypatch.setattr(cells, "SCAN", 60)
    return


def test_search_equals_comparing_with_all(tmp_path: Path) -> None:
    queries = unit(9, seed=2)
    assert near(filled(tmp_path), queries) == compared_with_all(queries, IDS, VECTORS)


def test_no_neighbour_below_the_floor_is_given(tmp_path: Path) -> None:
    scores = [score for row in near(filled(tmp_path), unit(20, seed=3), 600, floor=0.6) for _, score in row]
    assert scores
    assert min(scores) >= 0.6


def test_the_vectors_of_neighbours_come_with_them(tmp_path: Path) -> None:
    found = filled(tmp_path).search(rounded(VECTORS[:4]), 0.0, 3)
    place = {item_id: row for row, item_id in enumerate(IDS)}
    np.testing.assert_array_equal(found.vectors, rounded(VECTORS[[place[i.decode()] for i in found.ids]]))


@pytest.mark.parametrize("portion", [7, 60, 599])
def test_what_is_found_does_not_depend_on_the_files(tmp_path: Path, portion: int) -> None:
    pieces = Index(tmp_path / "a", empty())
    for start in range(0, 600, portion):
        pieces.add(IDS[start : start + portion], VECTORS[start : start + portion])
    assert len(pieces) == 600
    assert len(pieces.state.segments) <= MAX_SMALL
    assert near(pieces, VECTORS[:50]) == near(filled(tmp_path / "b"), VECTORS[:50])


def test_with_cells_the_same_rows_in_other_files_give_the_same(tmp_path: Path, small_cells: None) -> None:
    whole = filled(tmp_path / "a")
    assert len(whole.state.cells) > 1
    pieces = Index(tmp_path / "b", State(whole.state.cells))
    for start in range(0, 600, 50):
        pieces.add(IDS[start : start + 50], VECTORS[start : start + 50])
    assert near(pieces, VECTORS[:80]) == near(whole, VECTORS[:80])


def test_with_cells_near_neighbours_are_still_found(tmp_path: Path, small_cells: None) -> None:
    queries = VECTORS + np.random.default_rng(5).normal(scale=0.01, size=VECTORS.shape).astype(np.float32)
    hit = [row[0][0] == item_id for row, item_id in zip(near(filled(tmp_path), queries, 1), IDS, strict=True)]
    assert np.mean(hit) > 0.99


def test_training_gives_the_same_cells_every_time(tmp_path: Path, small_cells: None) -> None:
    first, again = filled(tmp_path / "a").state, filled(tmp_path / "b").state
    np.testing.assert_array_equal(first.cells.centroids, again.cells.centroids)
    assert first.segments == again.segments


def test_threads_do_not_matter(tmp_path: Path, small_cells: None) -> None:
    state = filled(tmp_path).state
    assert near(Index(tmp_path, state, threads=1), VECTORS[:80]) == near(Index(tmp_path, state, threads=4), VECTORS[:80])


def test_many_hits_are_thinned_without_losing_the_best(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dedupe.vectors.index.ROWS_AT_ONCE", 10)
    monkeypatch.setattr("dedupe.vectors.index.QUERIES_AT_ONCE", 16)
    monkeypatch.setattr("dedupe.vectors.index._Best.pick.__defaults__", (1,), raising=False)
    assert near(filled(tmp_path), VECTORS[:64]) == compared_with_all(VECTORS[:64], IDS, VECTORS)


def test_what_is_gone_is_not_found_and_can_come_back(tmp_path: Path) -> None:
    index = filled(tmp_path)
    index.forget(IDS[:3])
    assert len(index) == 597
    assert index.held(IDS[:5]) == set(IDS[3:5])
    assert not {i for row in near(index, VECTORS[:3], 600) for i, _ in row} & set(IDS[:3])
    index = Index(tmp_path, index.state)
    index.add(IDS[:1], VECTORS[:1])
    assert near(index, VECTORS[:1], 1) == [[(IDS[0], 1.0)]]
    assert len(index) == 598


def test_many_dead_rows_leave_the_files(tmp_path: Path) -> None:
    index = filled(tmp_path)
    index.forget(IDS[:300])
    assert [segment.rows for segment in index.state.segments] == [300]
    assert index.state.dead == frozenset()


def test_files_that_the_state_does_not_name_are_deleted(tmp_path: Path) -> None:
    index = filled(tmp_path)
    (tmp_path / "0.part").write_bytes(b"torn")
    (tmp_path / f"old{SUFFIX}").write_bytes(b"old")
    index.tidy()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(s.name + SUFFIX for s in index.state.segments)


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def flip_a_bit(path: Path) -> None:
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(body)


@pytest.mark.parametrize("damage", [cut_short, flip_a_bit, Path.unlink, lambda path: path.write_bytes(b"")])
def test_a_damaged_file_is_never_searched(tmp_path: Path, damage: object) -> None:
    state = filled(tmp_path).state
    assert callable(damage)
    damage(tmp_path / (state.segments[0].name + SUFFIX))
    with pytest.raises(SegmentDamaged):
        Index(tmp_path, state)
    assert near(Index.build(tmp_path, state, everything()), VECTORS[:9]) == compared_with_all(VECTORS[:9], IDS, VECTORS)


def test_an_index_without_rows_finds_nothing(tmp_path: Path) -> None:
    assert near(Index(tmp_path, empty()), VECTORS[:2]) == [[], []]
    assert near(Index.build(tmp_path, empty(), []), VECTORS[:2]) == [[], []]


def test_scores_do_not_depend_on_the_block(tmp_path: Path) -> None:
    queries = rounded(unit(40, seed=4))
    whole = pairs_above(queries, rounded(VECTORS), 0.3)
    for row in range(40):
        one = pairs_above(queries[row : row + 1], rounded(VECTORS), 0.3)
        mine = whole.query == row
        assert one.neighbour.tolist() == whole.neighbour[mine].tolist()
        assert one.score.tolist() == whole.score[mine].tolist()


def test_the_grid_moves_a_cosine_by_little() -> None:
    many = np.random.default_rng(8).normal(size=(200, 384)).astype(np.float32)
    many /= np.linalg.norm(many, axis=1, keepdims=True)
    pairs = pairs_above(rounded(many), rounded(many), -1.0)
    true = (many.astype(np.float64) @ many.T)[pairs.query, pairs.neighbour]
    assert np.abs(pairs.score - true).max() < 0.005
    assert GRID * 0.28 < 127


@pytest.mark.parametrize("size", [1000, 6000, 15_000])
def test_a_disk_that_fills_up_while_a_segment_is_written_is_an_error_and_leaves_nothing_half_written(tmp_path: Path, size: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        with pytest.raises(StoreError, match=r"the disk is full .* free some space and run it again"):
            filled(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not list(tmp_path.iterdir())
    assert near(filled(tmp_path), VECTORS[:9]) == compared_with_all(VECTORS[:9], IDS, VECTORS)


def test_an_index_that_is_a_file_or_may_not_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "index").write_text("not a folder")
    with pytest.raises(StoreError, match="may not be written"):
        filled(tmp_path / "index")
