"""Any sentence-transformers model on torch: the fallback for the bundled model and the way for every other. Uses the GPU that torch sees.

Vectors depend on the batch by float noise (seen: up to 1e-6 a component in float32, 1e-2 in bfloat16); the stored vector is the one
that counts.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np

from dedupe.settings import Embedding
from dedupe.vectors import minilm
from dedupe.vectors.encoder import Floats, Progress, checked, digest, thread_count
from thresher.errors import EncoderError

BUDGET = {"cpu": 4096, "cuda": 262144}
"""Tokens a batch."""
CHUNK = {"cpu": 2048, "cuda": 32768}


class TorchEncoder:
    """A SentenceTransformer with length-sorted batches of a token budget, in bfloat16 where the device computes it natively."""

    def __init__(self, settings: Embedding, cache: Path) -> None:
        bundled = settings.model.removeprefix("sentence-transformers/") == minilm.NAME
        if bundled:
            minilm.verify(minilm.model_dir())
        try:
            import torch
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise EncoderError(
                f"the torch engine needs sentence-transformers and torch ({error}): pip install sentence-transformers"
            ) from error
        self._torch = torch
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        if self._device == "cpu":
            torch.set_num_threads(thread_count(settings.threads))
        name = str(minilm.model_dir()) if bundled else settings.model
        offline = os.environ.get("HF_HUB_OFFLINE", "") in ("1", "true", "TRUE")
        try:
            self._model = SentenceTransformer(name, device=self._device, cache_folder=str(cache), local_files_only=offline)
        except (OSError, ValueError, RuntimeError, KeyError) as error:
            raise EncoderError(
                f"the model {settings.model!r} cannot be loaded ({error}): name a sentence-transformers model or a folder"
            ) from error
        own = self._model.max_seq_length
        limit = min(settings.max_tokens, own or settings.max_tokens) if not bundled else min(settings.max_tokens, minilm.POSITIONS)
        self._limit = limit
        self._model.max_seq_length = limit
        self._model.eval()
        self._half = self._device == "cuda" or _native_bfloat16(torch)
        probe = self._model.encode(["probe"], convert_to_numpy=True, show_progress_bar=False)
        self.dim = int(probe.shape[1])
        state = self._model.state_dict()
        weights = digest(_bytes(state[key]) for key in sorted(state))
        title = minilm.NAME if bundled else Path(settings.model).name
        self.id = f"{title}@{weights}+torch-{self._device}-{'bf16' if self._half else 'f32'}+{limit}"

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Floats:
        """(n, dim) unit vectors in the order of the texts; ``progress`` hears how many are done."""
        vectors = np.zeros((len(texts), self.dim), np.float32)
        chunk = CHUNK[self._device]
        for start in range(0, len(texts), chunk):
            part = [text[: self._limit * minilm.Tokens.CHARACTERS] for text in texts[start : start + chunk]]
            for rows in self._batches(part):
                vectors[[start + row for row in rows]] = self._forward([part[row] for row in rows])
            if progress is not None:
                progress(start + len(part))
        return checked(vectors, len(texts), self.dim)

    def _batches(self, texts: Sequence[str]) -> Iterator[list[int]]:
        lengths = [len(ids) for ids in self._coded(texts)]
        rows: list[int] = []
        for row in sorted(range(len(texts)), key=lambda place: (-lengths[place], place)):
            if rows and (len(rows) + 1) * lengths[rows[0]] > BUDGET[self._device]:
                yield rows
                rows = []
            rows.append(row)
        if rows:
            yield rows

    def _coded(self, texts: Sequence[str]) -> Sequence[Sequence[int]]:
        coded = self._model.tokenizer(list(texts), truncation=True, max_length=self._limit)
        return cast(Sequence[Sequence[int]], coded["input_ids"])

    def _forward(self, texts: list[str]) -> Floats:
        torch = self._torch
        with torch.autocast(self._device, torch.bfloat16, enabled=self._half):
            vectors = self._model.encode(texts, batch_size=len(texts), convert_to_tensor=True, show_progress_bar=False)
        vectors = torch.nn.functional.normalize(vectors.float(), dim=1)
        return np.asarray(vectors.cpu().numpy(), np.float32)


def _native_bfloat16(torch: Any) -> bool:
    """Whether the CPU multiplies bfloat16 matrices in hardware (AMX); with AVX512-BF16 alone it was no faster than float32."""
    return bool(getattr(torch.cpu, "_is_amx_tile_supported", lambda: False)())


def _bytes(tensor: Any) -> bytes:
    array = tensor.detach().float().cpu().contiguous().numpy()
    return bytes(array.tobytes())
