"""Two questions to a machine before its vectors are trusted: does it know the model, and does it add 8-bit products without loss?"""

from __future__ import annotations

from typing import Any

import numpy as np

PROBES = (
    "Which planet has the most moons?",
    "Solve \\(x^{2} - 4 = 0\\) for x.",
    "The model told me that a whale is a fish, twice, and would not take it back.",
    "def add(a, b):\n    return a - b  # why does this return 1 for add(3, 2)?",
    "Une pomme coûte 3 €, combien coûtent sept pommes ?",
    "x",
)
"""Texts that every engine must encode as the float32 model did when ``minilm.npz`` was made (``dedupe.vectors.calibrate``)."""

_WIDTH = 64
_LEAST, _MOST = -64.0, 191.0
"""Ends of 256 steps of one, with zero on the 64th: an input of ``_MOST`` is the byte 255."""


def adds_bytes_exactly() -> bool:
    """Whether OpenVINO's 8-bit product is right where every byte is at its largest.

    A processor without VNNI adds two products of bytes in 16 bits, and what is beyond 32,767 is lost. The probe texts do not show it (their
    least cosine is .992 with and without), while vectors of real posts moved by a cosine of .981 at worst.
    """
    import openvino
    from openvino import opset13 as op

    def steps(of: Any, least: float, most: float, levels: int) -> Any:
        ends = op.constant(np.float32(least)), op.constant(np.float32(most))
        return op.fake_quantize(of, *ends, *ends, levels)

    x = op.parameter([-1, _WIDTH], np.float32, name="x")
    weights = steps(op.constant(np.full((_WIDTH, _WIDTH), 127, np.float32)), -127, 127, 255)
    model = openvino.Model([op.matmul(steps(x, _LEAST, _MOST, 256), weights, False, True)], [x], "bytes")
    compiled = openvino.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1})
    sums = compiled([np.full((_WIDTH, _WIDTH), _MOST, np.float32)])[0]
    return bool(np.all(sums == _WIDTH * _MOST * 127))
