"""The weights of the learned reader: arrays in one file, checked when it is opened. ``benchmarks/train_reader.py`` makes it.

They are sums over hashed n-grams and measures: no text, and no word of one, can be read back from them.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from thresher.errors import SettingsError
from thresher.readers import measures, signals
from thresher.readers.kinds import KINDS
from thresher.readers.ngrams import BUCKETS

Array = npt.NDArray[Any]

FILE = Path(__file__).with_name("reader.npz")
FORMAT = 2
"""Another number with every change of code by which the same weights read a post in another way: places, measures, signals, n-grams."""
VECTOR = 512
RELATIONS = ("behind", "ahead", "distance", "same_line", "colon_between", "next", "near", "close", "no_prompt")
"""How an answer lies to the prompt that was chosen before it."""
NOTHING = len(signals.NAMES) + VECTOR + 2
"""What speaks for "there is none": the signals, the post's vector, how probable a failure is, and one."""

SHAPES: dict[str, tuple[int, ...]] = {
    "first_ngrams": (BUCKETS,),
    "second_ngrams": (BUCKETS,),
    "second_signals": (len(signals.NAMES),),
    "ngrams": (BUCKETS,),
    "vector": (VECTOR,),
    "projection": (VECTOR, measures.MEANINGS),
    "signals": (len(signals.NAMES),),
    "signal_mean": (len(signals.NAMES),),
    "signal_scale": (len(signals.NAMES),),
    "number_mean": (len(measures.NAMES),),
    "number_scale": (len(measures.NAMES),),
    "prompt_numbers": (len(measures.NAMES),),
    "prompt_context": (1 << measures.CONTEXT_BITS,),
    "prompt_none": (NOTHING,),
    "response_numbers": (len(measures.NAMES) + len(RELATIONS),),
    "response_context": (1 << measures.CONTEXT_BITS,),
    "response_none": (NOTHING,),
    "kinds": (len(KINDS), len(signals.NAMES) + VECTOR),
    "kind_bias": (len(KINDS),),
}


@dataclass(frozen=True, slots=True)
class Curve:
    """From a score to a probability: the logistic curve of ``slope`` times the score plus ``shift``."""

    slope: float
    shift: float

    def __call__(self, score: float) -> float:
        """Rounded, so that the last bits of a sum do not show."""
        return round(1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, self.slope * score + self.shift)))), 4)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Read off scores of posts that were not trained on; docs/reading.md says how.

    From the probability ``lead`` on a failure is reported. ``item`` is of the sum of two log odds, of a failure and of its prompt: where
    what was asked is clear, less is needed to believe that something failed. A span counts from ``prompt`` or ``response`` on, a kind from
    ``kind`` on. ``first`` is the score of the n-grams alone below which nobody looks further, ``second`` that of n-grams and signals.
    ``item_fails`` is the least probability of a failure that an item needs besides. ``says_needs``: the reader itself says what a prompt
    lacks (``Reading.missing``), so that no word list has to.
    """

    first: float
    second: float
    lead: float
    item: float
    prompt: float
    response: float
    kind: float
    item_fails: float = 0.0
    says_needs: bool = False


@dataclass(frozen=True)
class Weights:
    """``arrays`` by the names of SHAPES; ``curves`` for ``first``, ``second``, ``fails``, ``prompt``, ``response``, and ``paired``:
    an answer that stands as the other speaker's turn right behind the prompt's."""

    arrays: Mapping[str, Array]
    bias: float
    first_bias: float
    second_bias: float
    curves: Mapping[str, Curve]
    thresholds: Thresholds
    made: str
    """Of how many posts, and when."""
    version: str = ""

    def save(self, path: Path) -> None:
        """Byte for byte the same for the same weights."""
        settings = {
            "format": FORMAT,
            "bias": self.bias,
            "first_bias": self.first_bias,
            "second_bias": self.second_bias,
            "made": self.made,
            "curves": {name: [c.slope, c.shift] for name, c in self.curves.items()},
            "thresholds": {name: getattr(self.thresholds, name) for name in Thresholds.__slots__},
        }
        text = np.frombuffer(json.dumps(settings, sort_keys=True).encode(), np.uint8)
        arrays: Any = {name: np.asarray(self.arrays[name]) for name in SHAPES}
        np.savez_compressed(path, settings=text, **arrays)


def log_odds(probability: float) -> float:
    """Finite also for certainty."""
    p = min(max(probability, 1e-4), 1 - 1e-4)
    return math.log(p / (1 - p))


def load(path: Path = FILE) -> Weights:
    """SettingsError where the file is missing, damaged, or made for other features than these."""
    return _load(path, path.stat().st_mtime_ns if path.is_file() else 0)


@cache
def _load(path: Path, _: int) -> Weights:
    try:
        body = path.read_bytes()
        with np.load(BytesIO(body), allow_pickle=False) as stored:
            settings = json.loads(stored["settings"].tobytes())
            arrays = {name: stored[name].astype(np.float32) for name in SHAPES}
        if settings["format"] != FORMAT or any(arrays[name].shape != shape for name, shape in SHAPES.items()):
            raise ValueError("made for other features")
        if not all(np.isfinite(array).all() for array in arrays.values()):
            raise ValueError("a number that is not finite")
        return Weights(
            arrays,
            float(settings["bias"]),
            float(settings["first_bias"]),
            float(settings["second_bias"]),
            {name: Curve(*pair) for name, pair in settings["curves"].items()},
            Thresholds(**settings["thresholds"]),
            str(settings["made"]),
            f"{FORMAT}-{hashlib.sha256(body).hexdigest()[:12]}",
        )
    except (OSError, ValueError, KeyError, TypeError, BadZipFile) as error:
        raise SettingsError(f"{path} is missing or damaged ({error}): install thresher again, or train a reader") from error
