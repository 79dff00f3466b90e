"""Makes ``minilm.npz``: runs the float32 model over generated texts and keeps each layer's ranges and the probe vectors.

Run ``python -m dedupe.vectors.calibrate`` after a change of the model or of the graph; vectors of the old and the new file are never
mixed, since the file's checksum is part of the encoder's id.
"""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np

from dedupe.vectors import minilm
from dedupe.vectors.minilm import Floats
from dedupe.vectors.probe import PROBES

_SUBJECTS = (
    "the model|my assistant|a train|the second law|this function|our teacher|a 5 kg block|the cell membrane|he"
    "|Maria|nobody|the compiler|a polynomial|the patient|GPT|the river|an electron|the licence|your answer|the bank"
)
_VERBS = (
    "fails to explain|counts|does not conserve|returns|translates|keeps ignoring|is approximately|contradicts"
    "|refused to write|increases with|was confused by|proves|solves|multiplies|misquotes|depends on"
)
_OBJECTS = (
    "the letters in 'strawberry'|\\(\\frac{a}{b} + \\sqrt{2}\\)|12 * 7 = 84|the year 1969|a list of primes below 100"
    "|`for i in range(10):`|the capital of Mongolia|momentum|my last message|$4.50 per kg|3.2 \u00d7 10^5 m/s"
    "|https://example.org/a?b=1|photosynthesis|a sonnet|the wrong citation|SELECT * FROM items"
    "|x_{n+1} = r x_n (1 - x_n)|le théorème de Pythagore|ein Gedicht|日本語の文|el gato negro|😀"
)
_JOINS = (". ", ", because ", "? ", ";\n", " and then ", "!\n\n", ", although ", ": ")


def texts(count: int, seed: int = 7) -> list[str]:
    """Generated texts of 3 to about 250 words, the same for the same seed."""
    chance = random.Random(seed)
    made: list[str] = []
    for _ in range(count):
        clauses = [
            " ".join((chance.choice(_SUBJECTS.split("|")), chance.choice(_VERBS.split("|")), chance.choice(_OBJECTS.split("|"))))
            + chance.choice(_JOINS)
            for _ in range(min(30, 1 + int(chance.expovariate(0.15))))
        ]
        made.append("".join(clauses).strip().capitalize())
    return made


def _ordinary_words(folder: Path, chance: random.Random, count: int) -> list[str]:
    words = [w for w in (folder / "vocab.txt").read_text("utf-8").split("\n") if w and not w.startswith(("[", "##"))]
    return [" ".join(chance.choices(words, k=chance.randint(3, 90))) for _ in range(count)]


def calibrate(folder: Path, count: int = 300) -> dict[str, Floats]:
    """The arrays of ``minilm.npz``."""
    import openvino

    tensors = minilm.weights(folder)
    graph = minilm.Graph(tensors, None)
    compiled = openvino.Core().compile_model(graph.build(with_taps=True), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    request = compiled.create_infer_request()
    tokens = minilm.Tokens(folder, 256)
    ranges: dict[str, Floats] = {}
    sample = texts(count // 2) + _ordinary_words(folder, random.Random(11), count - count // 2)
    for batch in tokens.batches(sample):
        request.infer([batch.tokens, batch.mask])
        for place, tap in enumerate(graph.taps, start=1):
            top = np.abs(request.get_output_tensor(place).data[batch.mask > 0]).max(0)
            ranges[tap] = np.maximum(ranges.get(tap, top), top)
    probe = np.zeros((len(PROBES), minilm.DIM), np.float32)
    for batch in tokens.batches(PROBES):
        request.infer([batch.tokens, batch.mask])
        probe[batch.rows] = request.get_output_tensor(0).data
    return {**{k: v.astype(np.float16) for k, v in ranges.items()}, "probe": probe.astype(np.float16)}


def main() -> None:
    """Writes the file beside this module."""
    folder = minilm.model_dir()
    minilm.verify(folder)
    arrays = calibrate(folder)
    with minilm.RANGES.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
    print(f"wrote {minilm.RANGES} ({minilm.RANGES.stat().st_size} bytes)")


if __name__ == "__main__":
    main()
