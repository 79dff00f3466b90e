"""How alike two texts are, as numbers: what ``dedupe.scorer.model`` judges a rewording by.

Words are the wordpieces of the bundled MiniLM. Its vocabulary is in the order of frequency, so that the logarithm of a word's place says
how telling it is, and its word embeddings say which words can stand for one another. Left out on purpose: kind, target, options, length
and whether there are formulas. They tell the labelled pairs from harvested texts, and a model would learn that instead of likeness.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import Indel

from dedupe.guard.check import profile_of
from dedupe.guard.features import Profile
from dedupe.guard.words import FILLERS, LIGHT, QUANTIFIERS, opposites
from dedupe.vectors import minilm

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]

CHARACTERS = 2000
"""What is compared of a text, from its beginning, and again from its end where it is longer."""
PIECES = 160
"""Distinct wordpieces compared, the most telling first."""
FIRST_WORD = 1996
"""Place of ``the`` in the vocabulary: what stands before are marks, letters and digits."""
MOST = 9
"""Counts stop here."""
QUESTION_WORDS = frozenset(
    (
        "what",
        "which",
        "who",
        "whom",
        "whose",
        "where",
        "when",
        "why",
        "how",
        "can",
        "could",
        "should",
        "would",
        "is",
        "are",
        "do",
        "does",
        "did",
    )
)

NAMES = (
    "cosine",
    "shared words",
    "shared words of the shorter text",
    "shared words of the longer text",
    "lengths",
    "spelling",
    "order of words",
    "unshared word",
    "unshared words on both sides",
    "words with a counterpart",
    "words with a counterpart on the weaker side",
    "counterparts of unshared words",
    "word without a counterpart",
    "words without a counterpart on both sides",
    "numbers",
    "names",
    "negation",
    "opposites",
    "quantifiers",
    "same beginning",
    "same end",
    "question word",
    "last sentence",
    "counterparts in the last sentence",
)
"""The features in the order of ``similarities``; these are also the reasons that a person reads."""


class Text(NamedTuple):
    """One text, prepared for comparing."""

    profile: Profile
    folded: str
    pieces: Integers
    """Distinct wordpieces, ascending, without the light words."""
    last: Integers
    """Those of the last sentence."""
    words: frozenset[str]
    names: frozenset[str]
    numbers: frozenset[str]
    quantifiers: frozenset[str]
    question: str
    """The word that the last sentence asks with."""


class Vocabulary(NamedTuple):
    """Wordpieces of the bundled model: ``vectors`` centred, of length 1; ``weights`` from 0 to 1; which are light."""

    vectors: Floats
    weights: Floats
    light: Truths


@lru_cache(maxsize=1)
def _tokeniser() -> Any:
    from tokenizers import Tokenizer

    tokeniser = Tokenizer.from_file(str(minilm.model_dir() / "tokenizer.json"))
    tokeniser.no_padding()
    tokeniser.no_truncation()
    return tokeniser


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    """Read once; 47 MB."""
    folder = minilm.model_dir()
    words = (folder / "vocab.txt").read_text("utf-8").split("\n")
    table = np.array(minilm.weights(folder)["embeddings.word_embeddings.weight"])
    table -= table[FIRST_WORD:].mean(0)
    table /= np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-6)
    place = np.arange(len(table)) - FIRST_WORD
    weights = np.where(place < 0, 0.3, np.log(np.maximum(place, 0) + 2) / np.log(len(table))).astype(np.float32)
    light = np.array(
        [at < 999 or word in LIGHT or word in FILLERS or not (len(word) > 1 or word.isalnum()) for at, word in enumerate(words)]
    )
    return Vocabulary(table, weights, light[: len(table)])


@lru_cache(maxsize=16384)
def text_of(text: str) -> Text:
    """Prepared, and remembered: an item is compared with many."""
    profile = profile_of(text)
    shown = text if len(text) <= 2 * CHARACTERS else f"{text[:CHARACTERS]} {text[-CHARACTERS:]}"
    tail = _last_sentence(shown)
    words = frozenset(word.text for word in profile.words)
    words_of_tail = (word.strip("?,.\"'") for word in tail.casefold().split())
    return Text(
        profile=profile,
        folded=shown.casefold()[:CHARACTERS],
        pieces=_pieces(shown),
        last=_pieces(tail),
        words=words,
        names=frozenset(word.text for word in profile.words if word.name and word.text not in LIGHT),
        numbers=frozenset(symbol for symbol in profile.symbols if symbol[0].isdigit()),
        quantifiers=words & QUANTIFIERS,
        question=next((word for word in words_of_tail if word in QUESTION_WORDS), ""),
    )


def similarities(a: str, b: str, cosine: float) -> list[float]:
    """The features of one pair, as ``NAMES``. Symmetric to the last bit."""
    first, second = text_of(a), text_of(b)
    # One order for each pair, so that sums of floats come out the same from both sides.
    if (len(first.profile.stream), a) > (len(second.profile.stream), b):
        first, second = second, first
    one, other = first.profile.stream, second.profile.stream
    shorter = max(1, min(len(one), len(other)))
    only_first, only_second = first.words - second.words, second.words - first.words
    return [
        cosine,
        *_words(first.pieces, second.pieces),
        (1 + len(one)) / (1 + len(other)),
        Indel.normalized_similarity(first.folded, second.folded),
        Indel.normalized_similarity(one[:400], other[:400]),
        *_unshared(first.pieces, second.pieces),
        float(min(MOST, len(first.numbers ^ second.numbers))),
        float(min(MOST, len(first.names - second.words) + len(second.names - first.words))),
        float(first.profile.negations % 2 != second.profile.negations % 2),
        float(any(not opposites(word).isdisjoint(only_second) for word in only_first)),
        float(bool(first.quantifiers - second.words)) + float(bool(second.quantifiers - first.words)),
        _common(one, other) / shorter,
        _common(one[::-1], other[::-1]) / shorter,
        0.0 if not first.question or not second.question else 1.0 if first.question == second.question else -1.0,
        *_last(first.last, second.last),
    ]


def _words(p: Integers, q: Integers) -> tuple[float, float, float]:
    """Weight of the shared words in that of all, of the lighter and of the heavier text."""
    weights = vocabulary().weights
    one, other = float(weights[p].sum()), float(weights[q].sum())
    shared = float(weights[p[_in(p, q)]].sum())
    least = 1e-6
    return shared / max(one + other - shared, least), shared / max(min(one, other), least), shared / max(one, other, least)


def _unshared(p: Integers, q: Integers) -> tuple[float, float, float, float, float, float, float]:
    """The most telling unshared word of either side, larger first; how well the words of one text are matched by the nearest of the
    other: mean, weaker side, unshared ones alone; and the weight of the worst matched word, larger side first."""
    table = vocabulary()
    if not len(p) or not len(q):
        most = float(max(table.weights[p].max(initial=0), table.weights[q].max(initial=0)))
        return most, 0.0, 0.0, 0.0, 0.0, most, 0.0
    sides = []
    for here, there in ((p, q), (q, p)):
        alone = here[~_in(here, there)]
        near = (table.vectors[alone] @ table.vectors[there].T).max(1, initial=-1.0)
        weights = table.weights[alone].astype(np.float64)
        lost = (1 - near) * weights
        total = float(table.weights[here].sum())
        sides.append(
            (float(weights.max(initial=0)), float(lost.max(initial=0)), 1 - float(lost.sum()) / total, float(lost.sum()), weights.sum())
        )
    (top, worst, mean, lost_here, alone_here), (other_top, other_worst, other_mean, lost_there, alone_there) = sides
    alone_both = float(alone_here + alone_there)
    return (
        max(top, other_top),
        min(top, other_top),
        (mean + other_mean) / 2,
        min(mean, other_mean),
        1 - (lost_here + lost_there) / alone_both if alone_both else 1.0,
        max(worst, other_worst),
        min(worst, other_worst),
    )


def _last(p: Integers, q: Integers) -> tuple[float, float]:
    """Of the last sentences, where a question often stands: shared words, and how well they are matched. -1 where one has no words."""
    if not len(p) or not len(q):
        return -1.0, -1.0
    table = vocabulary()
    near = table.vectors[p] @ table.vectors[q].T
    here, there = table.weights[p], table.weights[q]
    matched = float((near.max(1) * here).sum() / here.sum() + (near.max(0) * there).sum() / there.sum()) / 2
    return _words(p, q)[0], matched


def _pieces(text: str) -> Integers:
    table = vocabulary()
    ids = np.unique(np.array(_tokeniser().encode(text, add_special_tokens=False).ids, np.int64))
    pieces = ids[~table.light[ids]]
    return pieces if len(pieces) <= PIECES else np.sort(pieces[np.argsort(-table.weights[pieces], kind="stable")[:PIECES]])


def _last_sentence(text: str) -> str:
    """The last sentence of at least three words."""
    return next((part for part in reversed(re.split(r"(?<=[.?!])\s+|\n+", text)) if len(part.split()) >= 3), text)


def _in(p: Integers, q: Integers) -> Truths:
    """Which of ``p`` are in ``q``; both ascending."""
    if not len(q):
        return np.zeros(len(p), np.bool_)
    shared: Truths = q[np.minimum(np.searchsorted(q, p), len(q) - 1)] == p
    return shared


def _common(a: Sequence[str], b: Sequence[str]) -> int:
    """Tokens that both begin with."""
    return next((place for place, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
