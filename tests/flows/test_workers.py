"""Work that is shared by processes has the outcome of one process."""

from __future__ import annotations

import json
import multiprocessing
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from driver import Line

from dedupe.settings import Embedding
from dedupe.vectors.cells import Cells
from dedupe.vectors.engines import open_encoder
from dedupe.vectors.exact import rounded
from dedupe.vectors.index import Index, State
from dedupe.vectors.openvino_engine import MiniLM
from flows.line import shards
from thresher.errors import EncoderError

TEXTS = [
    f"{place} has {count} {things}." for place in ("Oslo", "The Moon", "") for count in range(9) for things in ("cats", "seas", "kings")
]


class Processes:
    """Parts done by processes that share nothing with this one."""

    def __init__(self, pool: ProcessPoolExecutor, shards: int) -> None:
        self._pool = pool
        self.shards = shards

    def __call__(self, function: Callable[..., Any], parts: Iterable[tuple[Any, ...]]) -> Iterator[Any]:
        return self._pool.map(function, *zip(*parts, strict=True))


@pytest.fixture(scope="module")
def processes() -> Iterator[Processes]:
    """Two processes for three shards."""
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield Processes(pool, 3)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> MiniLM:
    """The encoder of this process, with other threads than a worker's."""
    encoder = open_encoder(Embedding(threads=2), tmp_path_factory.mktemp("cache"))
    assert isinstance(encoder, MiniLM)
    return encoder


@pytest.mark.parametrize("count", [0, 1, 2, 7, 8192])
def test_a_cut_covers_every_row_once_and_leaves_no_part_empty(count: int) -> None:
    for parts in (1, 2, 3, 16):
        cut = shards.cut(count, parts)
        assert [row for place in cut for row in range(count)[place]] == list(range(count))
        assert all(place.stop > place.start for place in cut)
        assert len(cut) == min(parts, count)


def test_other_processes_embed_as_this_one(processes: Processes, encoder: MiniLM, tmp_path: Path) -> None:
    found = shards.embed(processes, encoder, Embedding(), tmp_path, TEXTS)
    assert found.dtype == np.float32
    assert found.tobytes() == encoder.encode(TEXTS).tobytes()
    assert shards.embed(processes, encoder, Embedding(), tmp_path, []).shape == (0, encoder.dim)


def test_other_processes_find_the_neighbours_that_this_one_finds(processes: Processes, encoder: MiniLM, tmp_path: Path) -> None:
    vectors = encoder.encode(TEXTS)
    index = Index(tmp_path / "index", State(Cells.one(encoder.dim)))
    index.add([f"item {i}" for i in range(0, len(TEXTS), 2)], vectors[::2])
    spread = shards.SpreadIndex(processes, index)
    for queries in (rounded(vectors), rounded(vectors)[:2], rounded(vectors)[:0]):
        shared, whole = spread.search(queries, 0.6, 5), index.search(queries, 0.6, 5)
        for name in whole._fields:
            assert np.array_equal(getattr(shared, name), getattr(whole, name)), name
    assert len(index.search(rounded(vectors), 0.6, 5).ids) > len(TEXTS)


def test_a_worker_with_another_encoder_is_refused(processes: Processes, encoder: MiniLM, tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=f"a worker embeds with .* and not with {re.escape(encoder.id)}"):
        shards.embed(processes, encoder, Embedding(max_tokens=64), tmp_path, TEXTS)


def test_without_prefect_dask_the_command_says_what_to_install(line: Line, tmp_path: Path) -> None:
    for folder in ("data", "path"):
        (tmp_path / folder).mkdir()
    (tmp_path / "path" / "prefect_dask.py").write_text("raise ModuleNotFoundError(\"No module named 'prefect_dask'\")\n")
    process = line.command.start(
        "deduplicate", "--data", tmp_path / "data", "--config", line.config,
        env={"THRESHER_WORKERS_RUNNER": "dask", "PYTHONPATH": f"{tmp_path / 'path'}:{Path(__file__).parents[2]}"},
    )  # fmt: skip
    out, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert out == ""
    assert err.startswith("thresher: ")
    assert 'pip install -e ".[dask]"' in err


@pytest.mark.prefect
def test_a_dask_cluster_decides_as_one_process(line: Line, tmp_path: Path) -> None:
    alone, shared = tmp_path / "alone", tmp_path / "shared"
    line.well("harvest", alone, "stackexchange", "textbooks", "--no-embed")
    shutil.copytree(alone, shared)
    line.well("deduplicate", alone)
    process = line.command.start(
        "-v", "deduplicate", "--data", shared, "--config", line.config, "--json",
        env={"THRESHER_WORKERS_RUNNER": "dask", "THRESHER_WORKERS_COUNT": "2"},
    )  # fmt: skip
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err[-3000:]
    assert json.loads(out)["state"] == "finished"
    for task in ("embed_part", "search_part"):
        assert f"Task run '{task}" in err, "the workers did nothing"
    assert "leaked" not in err
    assert line.tables(shared) == line.tables(alone)
    assert not line.tables(alone)["decisions"].startswith("0:")
