"""The learned reader: does somebody report a failure, and which words are prompt, answer and claim? Local, and the same on every run.

Every post is looked at by its n-grams; only where those do not rule a failure out, it is measured, embedded, and searched for its words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from thresher.model import Marked, Reading, Record, Span
from thresher.readers import ranking
from thresher.readers.base import Post
from thresher.readers.features import Places, Vectors, places_of, whole
from thresher.readers.ngrams import Sparse, ngrams
from thresher.readers.places import MAX_CHARS, Place, balanced
from thresher.readers.signals import signals
from thresher.readers.weights import Weights
from thresher.rules.claims import sentences
from thresher.rules.settings import Rules
from thresher.rules.standing import count_words

Doubles = npt.NDArray[np.float64]

SIGNAL_WEIGHT = 0.05
"""What a standardised signal weighs beside n-grams and a vector of length one."""
NUMBER_WEIGHT = 0.1
LIKELY = -2.5
"""Log odds of a prompt from which on the answer is sought beside it."""
CUT = 4.0
"""Standard deviations at which a measure is cut."""
_MAX_CLAIM = 400
_OPENED = (":", "\uff1a", "{", "[", "(", "\u201c", "\u201e", "\u00ab", "\u300c", "\u300e")


@dataclass(frozen=True)
class Looked:
    """What was computed of one post on the way to its reading; what training needs to compute once."""

    post: Post
    rules: Rules
    signals: npt.NDArray[np.float32]
    vector: npt.NDArray[np.float32]

    @cached_property
    def places(self) -> Places:
        """As much work as the rest, and only where a failure is probable somebody asks."""
        return places_of(self.post.record, self.post.outcome, self.rules)


class LearnedReader:
    """See the module. ``vectors`` is asked for the texts that the n-grams leave open."""

    name = "learned"

    def __init__(self, weights: Weights, rules: Rules, vectors: Vectors) -> None:
        self.weights = weights
        self.rules = rules
        self.vectors = vectors
        self.version = weights.version

    def read(self, posts: Sequence[Post], before: Sequence[Reading | None]) -> list[Reading | None]:
        """A reading for every post."""
        grams = ngrams([whole(post.record) for post in posts])
        first = grams.dot(self.weights.arrays["first_ngrams"]) + self.weights.first_bias
        second = grams.dot(self.weights.arrays["ngrams"])
        return [self._read(post, float(first[i]), float(second[i])) for i, post in enumerate(posts)]

    def _read(self, post: Post, first: float, second: float) -> Reading:
        if first < self.weights.thresholds.first:
            fails = min(self.weights.curves["first"](first), self.weights.thresholds.lead / 2)
            return Reading(post.record.key, round(fails, 4), self.name, self.version)
        return self.judged(post, second, self.look(post))

    def look(self, post: Post) -> Looked:
        """Measure and embed a post."""
        record = post.record
        return Looked(post, self.rules, signals(record, post.outcome, self.rules), self.vectors.encode([whole(record)])[0])

    def judged(self, post: Post, grams: float, looked: Looked) -> Reading:
        """The reading from what was looked at; ``grams`` is the score of the n-grams."""
        weights, record = self.weights, post.record
        standard = standardised(looked.signals, weights.arrays["signal_mean"], weights.arrays["signal_scale"])
        score = (
            grams
            + float(looked.vector.astype(np.float64) @ weights.arrays["vector"])
            + float(standard @ weights.arrays["signals"]) * SIGNAL_WEIGHT
        )
        fails = weights.curves["fails"](score + weights.bias)
        if fails < weights.thresholds.lead / 2:
            return Reading(record.key, fails, self.name, self.version)
        nothing = np.concatenate((standard * SIGNAL_WEIGHT, [fails, 1.0]))
        prompt = self._prompt(looked.places, nothing)
        likely = prompt if prompt and prompt.score > LIKELY else None
        response = self._response(looked.places, nothing, likely.place if likely else None, record)
        taken = [choice.place for choice in (likely, response) if choice is not None]
        return Reading(
            record.key,
            fails,
            self.name,
            self.version,
            prompt=self._marked(record, "prompt", prompt),
            response=self._marked(record, answer_curve(prompt, response), response),
            claim=self._claim(record, taken),
        )

    def _prompt(self, places: Places, nothing: Doubles) -> ranking.Choice | None:
        arrays = self.weights.arrays
        scores = ranking.totals(places, self._numbers(places), arrays["prompt_numbers"], arrays["prompt_context"])
        return ranking.choose(places, scores, float(nothing @ arrays["prompt_none"]))

    def _response(self, places: Places, nothing: Doubles, prompt: Place | None, record: Record) -> ranking.Choice | None:
        arrays = self.weights.arrays
        relations, barred = ranking.relations(places, prompt, record.text if prompt is None or prompt.part == "text" else record.title)
        numbers = np.hstack((self._numbers(places), relations))
        scores = ranking.totals(places, numbers, arrays["response_numbers"], arrays["response_context"])
        return ranking.choose(places, scores, float(nothing @ arrays["response_none"]), barred)

    def _numbers(self, places: Places) -> Doubles:
        return standardised(places.numbers, self.weights.arrays["number_mean"], self.weights.arrays["number_scale"]) * NUMBER_WEIGHT

    def _marked(self, record: Record, what: str, choice: ranking.Choice | None) -> Marked | None:
        if choice is None:
            return None
        place = choice.place
        text = record.title if place.part == "title" else record.text
        return Marked(span_of(record, place.part, *balanced(text, place.start, place.end)), self.weights.curves[what](choice.score))

    def _claim(self, record: Record, taken: Sequence[Place]) -> Marked | None:
        """The author's sentence that speaks most for a failure, by the n-grams of the detector; None where no sentence says anything."""
        best: tuple[float, str, int, int] | None = None
        for part, text in (("text", record.text[:MAX_CHARS]), ("title", record.title)):
            regions = [(p.start, p.end) for p in taken if p.part == part]
            found = [(s, e) for s, e in sentences(text, regions) if _says_something(text[s:e])] if text else []
            scores = self._speaks(ngrams([text[s:e] for s, e in found])) if found else []
            for (start, end), score in zip(found, scores, strict=True):
                if best is None or score > best[0]:
                    best = (score, part, start, min(end, start + _MAX_CLAIM))
        if best is None:
            return None
        score, part, start, end = best
        return Marked(span_of(record, part, start, end), self.weights.curves["first"](score))

    def _speaks(self, grams: Sparse) -> list[float]:
        return [float(score) for score in grams.dot(self.weights.arrays["first_ngrams"])]


def _says_something(sentence: str) -> bool:
    """Whether a sentence is more than a word, and not what leads up to a quotation: *Mixtral said: "*."""
    opened = sentence.endswith(_OPENED) or (sentence.endswith('"') and sentence.count('"') % 2 == 1)
    return not opened and count_words(sentence) > 1


def answer_curve(prompt: ranking.Choice | None, response: ranking.Choice | None) -> str:
    """The curve of an answer: structure is a witness of its own where prompt and answer are turns of two speakers."""
    paired = prompt and response and "turn_user" in prompt.place.forms and "turn_assistant" in response.place.forms
    return "paired" if paired else "response"


def standardised(numbers: npt.NDArray[np.float32], mean: npt.NDArray[np.float32], scale: npt.NDArray[np.float32]) -> Doubles:
    """Numbers in standard deviations from the mean, cut at CUT."""
    standard: Doubles = np.clip((numbers.astype(np.float64) - mean) / scale, -CUT, CUT)
    return standard


def span_of(record: Record, part: str, start: int, end: int) -> Span:
    """A span of a record's text or title."""
    text = record.title if part == "title" else record.text
    return Span(record.key, start, end, text[start:end], "title" if part == "title" else "text")
