"""Lines of text off pixels, by RapidOCR: the models PP-OCRv6 small lie in its package, and nothing is downloaded.

They read Latin scripts, Chinese in both forms, and Japanese. Korean, Cyrillic, Arabic and the scripts of India are not among their
characters: what they make of these has low confidence, or is nonsense, and ``turns`` leaves a picture with too little confidence alone.
"""

from __future__ import annotations

import threading
from importlib import metadata, util
from typing import Any, Protocol

import numpy as np

from thresher.errors import SettingsError
from thresher.pictures.decode import Pixels, decode
from thresher.pictures.lines import Colour, Line, Sheet

THREADS = 2
REOPENED_AFTER = 40
"""OpenVINO keeps what it compiled for every shape that it met, about 10 MB a picture; opening the models again takes two seconds."""
_EDGE = 50
"""Of the width, the part at each side where the page shows: bubbles may cover more of the rest than it does."""
_STEP = 8
"""Colours are counted in steps of so many: pictures that were compressed have no exact ones."""


class Engine(Protocol):
    """What reads lines. ``name`` tells the engine and its models with their version."""

    @property
    def name(self) -> str:
        """Is kept beside what was read."""
        ...

    def read(self, body: bytes, declared: str, max_pixels: int) -> Sheet:
        """Every line of a picture that is called ``declared``, in any order. PayloadError with a reason where it is refused."""
        ...


def why_not() -> str:
    """What is lacking to read pictures; empty for nothing."""
    lacking = [name for name in ("rapidocr", "PIL") if util.find_spec(name) is None]
    return 'the extra is not installed: pip install -e ".[pictures]"' if lacking else ""


class RapidReader:
    """RapidOCR on OpenVINO. Opened on first use; one picture at a time."""

    def __init__(self) -> None:
        if why := why_not():
            raise SettingsError(f"pictures cannot be read, {why}; or set enabled = false under [pictures] in config/thresher.toml")
        self._lock = threading.Lock()
        self._engine: Any = None
        self._left = 0

    @property
    def name(self) -> str:
        return f"rapidocr-{metadata.version('rapidocr')}-PP-OCRv6-small"

    def _opened(self) -> Any:
        """The engine, opened anew after so many pictures."""
        if not self._left:
            self._engine = None  # the old one goes first
            self._engine, self._left = self._open(), REOPENED_AFTER
        self._left -= 1
        return self._engine

    def _open(self) -> Any:
        from rapidocr import EngineType, RapidOCR

        return RapidOCR(
            params={
                "Global.log_level": "critical",
                "Global.use_cls": False,
                "Global.text_score": 0.0,
                "Global.max_side_len": 20_000,
                "Det.engine_type": EngineType.OPENVINO,
                "Rec.engine_type": EngineType.OPENVINO,
                "Det.limit_type": "max",
                "Det.limit_side_len": 4_096,
                "EngineConfig.openvino.inference_num_threads": THREADS,
            }
        )

    def read(self, body: bytes, declared: str, max_pixels: int) -> Sheet:
        pixels = decode(body, declared, max_pixels)
        height, width = pixels.shape[:2]
        with self._lock:
            out = self._opened()(np.ascontiguousarray(pixels[:, :, ::-1]))
        boxes = () if out.boxes is None else out.boxes
        lines = []
        for box, text, confidence in zip(boxes, out.txts or (), out.scores or (), strict=True):
            (left, top), (right, bottom) = box.min(axis=0), box.max(axis=0)
            ground, flat = _ground(pixels, left, top, right, bottom)
            lines.append(Line(text, float(left), float(top), float(right), float(bottom), float(confidence), ground, flat))
        edge = max(2, width // _EDGE)
        page = most_frequent(np.concatenate([pixels[:, :edge].reshape(-1, 3), pixels[:, -edge:].reshape(-1, 3)]))[0]
        return Sheet(width, height, page, tuple(lines))


def _ground(pixels: Pixels, left: float, top: float, right: float, bottom: float) -> tuple[Colour, float]:
    """The colour around a line: of a frame a sixth of its height wide."""
    pad = max(2, int((bottom - top) / 6))
    height, width = pixels.shape[:2]
    x0, x1 = max(0, int(left) - pad), min(width, int(right) + pad)
    y0, y1 = max(0, int(top) - pad), min(height, int(bottom) + pad)
    frame = [pixels[y0 : y0 + pad, x0:x1], pixels[y1 - pad : y1, x0:x1], pixels[y0:y1, x0 : x0 + pad], pixels[y0:y1, x1 - pad : x1]]
    return most_frequent(np.concatenate([part.reshape(-1, 3) for part in frame]))


def most_frequent(pixels: Pixels) -> tuple[Colour, float]:
    """The colour that most of these pixels have, and which part of them has it or one a step away."""
    flat = pixels.reshape(-1, 3)
    if len(flat) > 200_000:
        flat = flat[:: len(flat) // 200_000]
    steps = (flat // _STEP).astype(np.int32)
    codes = steps[:, 0] << 16 | steps[:, 1] << 8 | steps[:, 2]
    values, counts = np.unique(codes, return_counts=True)
    members = flat[codes == values[counts.argmax()]]
    middle = np.median(members, axis=0)
    near = (np.abs(flat.astype(np.int32) - middle) <= _STEP).all(axis=1).mean()
    return Colour(*(int(value) for value in middle)), float(near)
