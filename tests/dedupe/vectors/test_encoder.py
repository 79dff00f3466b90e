"""dedupe.vectors.encoder and dedupe.vectors.minilm."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dedupe.settings import Embedding
from dedupe.vectors import minilm
from dedupe.vectors.calibrate import texts
from dedupe.vectors.encoder import checked
from dedupe.vectors.engines import open_encoder
from dedupe.vectors.openvino_engine import MiniLM, open_minilm
from dedupe.vectors.probe import PROBES
from thresher.errors import EncoderError


def test_vectors_are_unit_float32_in_the_order_of_the_texts(encoder: MiniLM) -> None:
    vectors = encoder.encode(["The sea is calm.", "x", "The sea is calm."])
    assert vectors.dtype == np.float32
    assert vectors.shape == (3, encoder.dim)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.array_equal(vectors[0], vectors[2])


def test_a_vector_does_not_depend_on_its_batch_order_or_threads(encoder: MiniLM) -> None:
    sample = texts(40)
    together = encoder.encode(sample)
    assert np.array_equal(encoder.encode(sample[::-1])[::-1], together)
    assert np.array_equal(np.stack([encoder.encode([text])[0] for text in sample[:8]]), together[:8])
    assert np.array_equal(open_minilm(Embedding(threads=2)).encode(sample), together)


def test_two_processes_at_once_give_the_vectors_of_one(encoder: MiniLM) -> None:
    program = (
        "import sys\n"
        "from dedupe.vectors.calibrate import texts\n"
        "from dedupe.vectors.openvino_engine import open_minilm\n"
        "from dedupe.settings import Embedding\n"
        "sys.stdout.buffer.write(open_minilm(Embedding(threads=1)).encode(texts(20)).tobytes())\n"
    )
    root = Path(minilm.__file__).parents[2]
    workers = [subprocess.Popen([sys.executable, "-c", program], cwd=root, stdout=subprocess.PIPE) for _ in range(2)]
    wanted = encoder.encode(texts(20)).tobytes()
    assert [worker.communicate()[0] for worker in workers] == [wanted, wanted]
    assert [worker.returncode for worker in workers] == [0, 0]


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="ONEDNN_MAX_CPU_ISA takes VNNI from x86 processors alone")
def test_a_processor_without_vnni_gives_the_same_vectors_under_the_same_id(encoder: MiniLM, tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "import numpy as np\n"
        "from dedupe.vectors.calibrate import texts\n"
        "from dedupe.vectors.openvino_engine import open_minilm\n"
        "from dedupe.settings import Embedding\n"
        "plain = open_minilm(Embedding(threads=1))\n"
        "vectors = plain.encode(texts(60))\n"
        "assert np.array_equal(plain.encode(texts(60)[::-1])[::-1], vectors)\n"
        "np.save(sys.argv[1], vectors)\n"
        "print(plain.id, plain.arithmetic)\n"
    )
    root = Path(minilm.__file__).parents[2]
    command = [sys.executable, "-c", program, str(tmp_path / "vectors.npy")]
    avx2 = os.environ | {"ONEDNN_MAX_CPU_ISA": "AVX2"}
    printed = subprocess.run(command, check=True, cwd=root, env=avx2, capture_output=True, text=True).stdout.splitlines()[-1]
    assert printed == f"{encoder.id} float32"
    cosines = (np.load(tmp_path / "vectors.npy") * encoder.encode(texts(60))).sum(1)
    assert cosines.min() > 0.995
    assert cosines.mean() > 0.999


def test_int8_stays_close_to_the_float32_reference(encoder: MiniLM) -> None:
    assert "int8" in encoder.id
    cosines = (encoder.encode(PROBES) * minilm.load_ranges().probe).sum(1)
    assert cosines.mean() > 0.995
    assert cosines.min() > 0.98


def test_float32_gives_the_reference() -> None:
    plain = MiniLM(minilm.model_dir(), "f32", minilm.load_ranges(), 256, 1)
    assert plain.id.count("f32") == 1
    assert (plain.encode(PROBES) * minilm.load_ranges().probe).sum(1).min() > 0.9999


def test_empty_tiny_and_huge_texts_have_finite_vectors(encoder: MiniLM) -> None:
    vectors = encoder.encode(["", "x", "\U0001f600", "word " * 20_000])
    assert np.isfinite(vectors).all()


def test_nothing_after_the_limit_counts(encoder: MiniLM) -> None:
    start = "alpha " * 300
    assert np.array_equal(*encoder.encode([start + "one ending", start + "another"]))


def test_no_texts_give_no_vectors(encoder: MiniLM) -> None:
    assert encoder.encode([]).shape == (0, encoder.dim)


def test_progress_counts_up_to_all(encoder: MiniLM) -> None:
    heard: list[int] = []
    encoder.encode(["a b c"] * 5, heard.append)
    assert heard == [5]


@pytest.mark.parametrize("wrong", [np.full((1, 4), np.nan), np.full((1, 4), np.inf), np.zeros((1, 4)), np.ones((1, 4))])
def test_vectors_that_are_not_finite_unit_vectors_are_refused(wrong: np.ndarray) -> None:
    with pytest.raises(EncoderError, match="length"):
        checked(wrong.astype(np.float32), 1, 4)


def test_vectors_of_another_dimension_are_refused() -> None:
    with pytest.raises(EncoderError, match="shape"):
        checked(np.ones((2, 3), np.float32), 2, 4)


def test_changed_weights_are_refused(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"other")
    with pytest.raises(EncoderError, match="not that of the published"):
        minilm.verify(tmp_path)


def test_missing_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"model\.safetensors"):
        minilm.verify(tmp_path)


def test_damaged_ranges_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "minilm.npz"
    path.write_bytes(minilm.RANGES.read_bytes()[:1000])
    with pytest.raises(EncoderError, match="damaged"):
        minilm.load_ranges(path)


def test_a_limit_gives_another_encoder_id(encoder: MiniLM) -> None:
    assert open_minilm(Embedding(max_tokens=64, threads=1)).id != encoder.id


def test_an_unknown_engine_or_pairing_says_what_to_set(no_cache: Path) -> None:
    with pytest.raises(EncoderError, match="auto, openvino or torch"):
        open_encoder(Embedding(engine="magic"), no_cache)
    with pytest.raises(EncoderError, match="torch"):
        open_encoder(Embedding(engine="openvino", model="other/model"), no_cache)


def test_importing_and_encoding_load_no_torch() -> None:
    program = (
        "import sys, pathlib, dedupe.decide, dedupe.vectors.index\n"
        "assert not {'torch', 'openvino', 'sklearn', 'transformers', 'hypothesis'} & set(sys.modules)\n"
        "from dedupe.vectors.engines import open_encoder\n"
        "from dedupe.settings import Embedding\n"
        "open_encoder(Embedding(threads=1), pathlib.Path('cache')).encode(['one text'])\n"
        "assert not {'torch', 'sklearn', 'transformers', 'hypothesis', 'dedupe.vectors.calibrate'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(minilm.__file__).parents[2])


def test_the_torch_engine_gives_the_reference_and_another_id(encoder: MiniLM, no_cache: Path) -> None:
    plain = open_encoder(Embedding(engine="torch", threads=1), no_cache)
    assert plain.id != encoder.id
    assert plain.dim == encoder.dim
    vectors = plain.encode(PROBES)
    assert (vectors * minilm.load_ranges().probe).sum(1).min() > 0.999
    assert np.abs(plain.encode(PROBES[::-1])[::-1] - vectors).max() < 1e-5


def test_a_model_that_cannot_be_loaded_is_an_encoder_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(EncoderError, match="cannot be loaded"):
        open_encoder(Embedding(model=str(tmp_path / "missing")), tmp_path)
