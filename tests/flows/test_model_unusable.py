"""A harvest whose embedding model is missing, damaged, or gives nonsense: all lands, a line says so, and later it is made up for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from driver import SALT, Line

from dedupe.vectors import minilm, openvino_engine
from dedupe.vectors.encoder import Floats
from dedupe.vectors.probe import PROBES
from flows.cli import app
from store.file.database import Database

SOURCES = ["discourse", "textbooks"]
Patch = pytest.MonkeyPatch


def weights_missing(patch: Patch, folder: Path) -> None:
    patch.setattr(minilm, "model_dir", lambda: folder / "nowhere")


def weights_damaged(patch: Patch, folder: Path) -> None:
    whole = minilm.model_dir()
    (folder / "model").mkdir()
    (folder / "model" / "tokenizer.json").symlink_to(whole / "tokenizer.json")
    with (whole / "model.safetensors").open("rb") as file:
        (folder / "model" / "model.safetensors").write_bytes(file.read(2**20))
    patch.setattr(minilm, "model_dir", lambda: folder / "model")


def engine_refuses(patch: Patch, folder: Path) -> None:
    def compiled(*_: Any) -> Any:
        raise RuntimeError("Exception from src/inference/src/cpp/core.cpp:124:\nno plugin for CPU")

    patch.setattr(minilm, "compile_graph", compiled)


def not_a_number(patch: Patch, folder: Path) -> None:
    """In the first vector, once the probe of the machine is through."""
    encode = openvino_engine.MiniLM._encode

    def spoiled(self: openvino_engine.MiniLM, texts: Sequence[str], vectors: Floats) -> None:
        encode(self, texts, vectors)
        if list(texts) != list(PROBES):
            vectors[0, 0] = np.nan

    patch.setattr(openvino_engine.MiniLM, "_encode", spoiled)


@pytest.fixture(scope="module")
def as_ever(line_of_module: Line, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The tables of the same harvest with a model that works."""
    data = tmp_path_factory.mktemp("as-ever") / "data"
    line_of_module.well("harvest", data, *SOURCES)
    return line_of_module.tables(data)


@pytest.fixture(scope="module")
def line_of_module(served: Line) -> Line:
    served.world.night = 1
    return served


@pytest.mark.parametrize("breaks", [weights_missing, weights_damaged, engine_refuses, not_a_number])
def test_without_a_model_everything_lands_and_a_later_deduplicate_ends_as_if_it_had_been_there(
    line: Line, as_ever: dict[str, str], tmp_path: Path, breaks: Callable[[Patch, Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("THRESHER_SALT", SALT)
        breaks(patch, tmp_path)
        with pytest.raises(typer.Exit) as ended:
            app.harvest(SOURCES, data, line.config)
    (told,) = capsys.readouterr().err.splitlines()
    assert ended.value.exit_code == 3
    assert told.startswith("embedding: ")
    with Database(data).reader() as con:
        assert con.execute("SELECT state, count(*) FROM run_sources GROUP BY 1").fetchall() == [("finished", 2)]
        assert con.execute("SELECT (SELECT count(*) FROM items) > 50, (SELECT count(*) FROM decisions)").fetchall() == [(True, 0)]
    page = line.well("status", data).out
    assert "to embed" in page
    assert "thresher deduplicate" in page
    line.well("deduplicate", data)
    assert line.tables(data) == as_ever
