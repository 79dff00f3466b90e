"""The bundled all-MiniLM-L6-v2 on OpenVINO: one recipe of 8 bits, in the arithmetic that this processor does right and fast.

With VNNI the bytes are multiplied and added as integers. Without it (AVX2 alone) their sums would overflow 16 bits, and OpenVINO's way
round takes longer than float32 does: there the same steps are computed in float32. Both are one encoder with one id, so a benchmark that
moves between such machines keeps its vectors.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from dedupe.settings import Embedding
from dedupe.vectors import minilm
from dedupe.vectors.encoder import Floats, Progress, checked, thread_count
from dedupe.vectors.probe import PROBES, adds_bytes_exactly
from thresher.errors import EncoderError

CHUNK = 4096
"""Texts that are sorted by length together, and between two calls of ``progress``: enough that few batches stay half empty."""
PROBE_COSINE = {"int8": 0.97, "f32": 0.9999}
"""The least cosine of a probe text to the float32 model. Seen: .992 int8, in integers and in float32; 1.0000 f32."""


def open_minilm(settings: Embedding, folder: Path | None = None) -> MiniLM:
    """int8 where this machine's arithmetic passes the probe, else float32 under an id of its own; EncoderError where neither does, or
    where OpenVINO itself cannot be used."""
    with _told():
        return _probed(settings, folder or minilm.model_dir())


@contextmanager
def _told() -> Iterator[None]:
    """What OpenVINO says where it cannot be loaded, does not know the processor, or has no memory left, in its first line."""
    try:
        yield
    except (ImportError, OSError, RuntimeError) as error:
        said = (str(error).splitlines() or [""])[0]
        raise EncoderError(f'OpenVINO cannot run {minilm.NAME} ({said}): install openvino again, or set engine = "torch"') from error


def _probed(settings: Embedding, folder: Path) -> MiniLM:
    minilm.verify(folder)
    ranges = minilm.load_ranges()
    cosines: dict[str, float] = {}
    precisions: tuple[minilm.Precision, ...] = ("int8", "f32")
    integers = adds_bytes_exactly()
    for precision in precisions:
        encoder = MiniLM(folder, precision, ranges, settings.max_tokens, thread_count(settings.threads), integers)
        if settings.max_tokens < 32:
            return encoder
        cosines[precision] = float((encoder.encode(PROBES) * ranges.probe).sum(1).min())
        if cosines[precision] >= PROBE_COSINE[precision]:
            return encoder
    raise EncoderError(f'{minilm.NAME} gives wrong vectors on this machine (cosine to the reference {cosines}): set engine = "torch"')


class MiniLM:
    """The bundled model on OpenVINO. On one machine the same text gives the same vector, bit for bit, in any batch, order or number of
    threads. ``arithmetic`` says how the steps of int8 are computed; it is no part of the id."""

    dim = minilm.DIM

    def __init__(
        self, folder: Path, precision: minilm.Precision, ranges: minilm.Ranges, max_tokens: int, threads: int, integers: bool = True
    ) -> None:
        tensors = minilm.weights(folder)
        self._tokens = minilm.Tokens(folder, max_tokens)
        self._threads = threads
        self._model = minilm.compile_graph(precision, tensors, ranges, threads, integers)
        self.arithmetic = "integers" if integers and precision == "int8" else "float32"
        made = f"{precision}-{minilm.RECIPE}-{ranges.version}" if precision == "int8" else f"{precision}-{minilm.RECIPE}"
        self.id = f"{minilm.NAME}@{minilm.SHA256['model.safetensors'][:12]}+openvino-{made}+{self._tokens.limit}"

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Floats:
        """(n, 384) unit vectors in the order of the texts; ``progress`` hears how many are done."""
        vectors = np.zeros((len(texts), self.dim), np.float32)
        for start in range(0, len(texts), CHUNK):
            chunk = texts[start : start + CHUNK]
            with _told():
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
