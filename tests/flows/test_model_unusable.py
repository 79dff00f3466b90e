"""A harvest whose embedding model is missing, damaged, or gives nonsense: all lands, a line says so, and later it is made up for."""

from __future__ import annotations

import shutil
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


@pytest.mark.parametrize("breaks", [weights_missing, weights_damaged, engine_refuses, not_a_number])
def test_without_a_model_everything_lands_and_a_later_deduplicate_ends_as_if_it_had_been_there(
    line: Line,
    discourse: Path,
    small_night: Path,
    tmp_path: Path,
    breaks: Callable[[Patch, Path], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = tmp_path / "data"
    if breaks is not weights_missing:  # with that one the forum is landed anew, with the others it was before
        shutil.copytree(discourse, data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("THRESHER_SALT", SALT)
        breaks(patch, tmp_path)
        with pytest.raises(typer.Exit) as ended:
            app.harvest(SOURCES, data, line.config)
    (told,) = capsys.readouterr().err.splitlines()
    assert ended.value.exit_code == 3
    assert told.startswith("embedding: ")
    with Database(data).reader() as con:
        assert con.execute("SELECT DISTINCT source, state FROM run_sources ORDER BY 1").fetchall() == [
            (name, "finished") for name in SOURCES
        ]
        assert con.execute("SELECT (SELECT count(*) FROM items) > 50, (SELECT count(*) FROM decisions)").fetchall() == [(True, 0)]
    page = line.well("status", data).out
    assert "to embed" in page
    assert "thresher deduplicate" in page
    line.well("deduplicate", data)
    assert line.tables(data) == line.tables(small_night)
