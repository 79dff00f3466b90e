"""Texts to vectors, behind one small Protocol.

``open_encoder`` gives the bundled all-MiniLM-L6-v2 on OpenVINO int8 (about four times sentence-transformers' default on a CPU), or any
sentence-transformers model on torch. Every vector is float32 of length 1 and finite, or EncoderError is raised. A text longer than the
model's limit is cut off there; the empty text has a vector like any other, and it is for ``dedupe.decide`` to know that it says nothing.

``python -m dedupe.embeddings --prepare`` checks the model's files and this machine's arithmetic and prints the encoder's id.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from dedupe import minilm
from thresher.errors import EncoderError
from thresher.settings import Embedding

Floats = npt.NDArray[np.float32]
Progress = Callable[[int], None]

CHUNK = 4096
"""Texts that are sorted by length together, and between two calls of ``progress``: enough that few batches stay half empty."""
PROBE_COSINE = {"int8": 0.97, "f32": 0.9999}
"""The least cosine of a probe text to the float32 model. Seen on AVX512-VNNI: .99 int8, 1.0000 f32; without VNNI 8-bit sums can
overflow."""


class Encoder(Protocol):
    """Turns texts into unit vectors. Vectors of one ``id`` are never mixed with another's: it names model, weights, engine and limit."""

    @property
    def id(self) -> str: ...

    @property
    def dim(self) -> int: ...

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Floats: ...


def open_encoder(settings: Embedding, cache: Path) -> Encoder:
    """The encoder that the settings name; ``auto`` is OpenVINO for the bundled model and torch for any other.

    ``auto`` never looks for a GPU for the bundled model: a benchmark that moves to another machine would get another encoder id and all its
    vectors anew. ``engine = "torch"`` is the choice of a GPU: torch takes the one that it sees, else the processor, under two ids.
    ``cache`` is where a model named by its Hub name is kept once downloaded; the bundled model needs no file there.
    """
    bundled = settings.model.removeprefix("sentence-transformers/") == minilm.NAME
    if settings.engine not in ("auto", "openvino", "torch"):
        raise EncoderError(f"engine {settings.engine!r} is not known: use auto, openvino or torch")
    if settings.engine == "openvino" and not bundled:
        raise EncoderError(f'the openvino engine runs {minilm.NAME} only; set engine = "torch" for {settings.model}')
    if bundled and settings.engine != "torch":
        if not importable("openvino"):
            raise EncoderError('openvino is not installed: pip install openvino, or set engine = "torch" (other vectors, another id)')
        return open_minilm(settings)
    from dedupe.torch_engine import TorchEncoder

    return TorchEncoder(settings, cache)


def importable(module: str) -> bool:
    """Whether a module can be found, without importing it."""
    from importlib.util import find_spec

    return find_spec(module) is not None


def checked(vectors: Floats, count: int, dim: int) -> Floats:
    """The vectors, or EncoderError where one is not finite, not of unit length, or of another shape than asked."""
    if vectors.shape != (count, dim):
        raise EncoderError(f"the encoder gave vectors of shape {vectors.shape}, not {(count, dim)}")
    lengths = np.linalg.norm(vectors, axis=1)
    if not np.all(np.abs(lengths - 1.0) < 1e-3):
        worst = int(np.argmax(np.where(np.isfinite(lengths), np.abs(lengths - 1.0), np.inf)))
        raise EncoderError(
            f"the encoder gave a vector of length {lengths[worst]} for text {worst}: run python -m dedupe.embeddings --prepare"
        )
    return vectors


def thread_count(asked: int) -> int:
    """0 is what this process may use."""
    return asked or (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


def open_minilm(settings: Embedding, folder: Path | None = None) -> MiniLM:
    """int8 where this machine's arithmetic passes the probe, else float32; EncoderError where neither does."""
    from dedupe.calibrate import PROBES

    folder = folder or minilm.model_dir()
    minilm.verify(folder)
    ranges = minilm.load_ranges()
    found: dict[str, float] = {}
    precisions: tuple[minilm.Precision, ...] = ("int8", "f32")
    for precision in precisions:
        encoder = MiniLM(folder, precision, ranges, settings.max_tokens, thread_count(settings.threads))
        if settings.max_tokens < 32:
            return encoder
        found[precision] = float((encoder.encode(PROBES) * ranges.probe).sum(1).min())
        if found[precision] >= PROBE_COSINE[precision]:
            return encoder
    raise EncoderError(f'{minilm.NAME} gives wrong vectors on this machine (cosine to the reference {found}): set engine = "torch"')


class MiniLM:
    """The bundled model on OpenVINO. The same text gives the same vector, bit for bit, in any batch, order or number of threads."""

    dim = minilm.DIM

    def __init__(self, folder: Path, precision: minilm.Precision, ranges: minilm.Ranges, max_tokens: int, threads: int) -> None:
        tensors = minilm.weights(folder)
        self._tokens = minilm.Tokens(folder, max_tokens)
        self._threads = threads
        self._model = minilm.compile_graph(precision, tensors, ranges, threads)
        made = f"{precision}-{minilm.RECIPE}-{ranges.version}" if precision == "int8" else f"{precision}-{minilm.RECIPE}"
        self.id = f"{minilm.NAME}@{minilm.SHA256['model.safetensors'][:12]}+openvino-{made}+{self._tokens.limit}"

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Floats:
        """(n, 384) unit vectors in the order of the texts; ``progress`` hears how many are done."""
        vectors = np.zeros((len(texts), self.dim), np.float32)
        for start in range(0, len(texts), CHUNK):
            chunk = texts[start : start + CHUNK]
            self._encode(chunk, vectors[start : start + len(chunk)])
            if progress is not None:
                progress(start + len(chunk))
        return checked(vectors, len(texts), self.dim)

    def _encode(self, texts: Sequence[str], vectors: Floats) -> None:
        """Fills ``vectors``. No callbacks: OpenVINO's threads would need Python's lock, and closing a model that waits for them hung."""
        free = [self._model.create_infer_request() for _ in range(2 * self._threads)]
        running: deque[tuple[Any, list[int]]] = deque()

        def finish() -> None:
            request, rows = running.popleft()
            request.wait()
            vectors[rows] = request.get_output_tensor(0).data
            free.append(request)

        for batch in self._tokens.batches(texts):
            if not free:
                finish()
            request = free.pop()
            request.start_async([batch.tokens, batch.mask])
            running.append((request, batch.rows))
        while running:
            finish()


def digest(parts: Iterator[bytes]) -> str:
    """The first 12 hex digits of the sha256 over all parts."""
    total = hashlib.sha256()
    for part in parts:
        total.update(part)
    return total.hexdigest()[:12]


def main(arguments: Sequence[str]) -> int:
    """``--prepare``: open the default encoder once."""
    if list(arguments) != ["--prepare"]:
        print("usage: python -m dedupe.embeddings --prepare", file=sys.stderr)
        return 2
    try:
        print(open_encoder(Embedding(), Path("cache")).id)
    except EncoderError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
