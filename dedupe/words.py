"""Closed lists of English words that the guard knows (``words.toml``), and the lexicon that tells a typing slip from another word."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path

from rapidfuzz.distance import OSA

from dedupe import minilm

_LISTS = tomllib.loads(Path(__file__).with_name("words.toml").read_text("utf-8"))

FILLERS = frozenset(_LISTS["fillers"].split())
LIGHT = frozenset(_LISTS["light"].split())
NEGATIONS = frozenset(_LISTS["negations"].split())
QUANTIFIERS = frozenset(_LISTS["quantifiers"].split())
NUMBER_WORDS: dict[str, str] = _LISTS["numbers"]
CONTRACTIONS: dict[str, str] = _LISTS["contractions"]
ENDINGS = (("n't", " not"), ("'re", " are"), ("'m", " am"), ("'ll", " will"), ("'ve", " have"), ("'d", " would"), ("'s", ""), ("'", ""))
UNITS = {form: group.split()[0] for group in _LISTS["units"].split("|") for form in group.split()}
DAYS = frozenset(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"))
_MONTHS = ("january", "february", "march", "april", "june", "july", "august", "september", "october", "november", "december")
MONTHS = {form: name for name in _MONTHS for form in (name, name[:3])} | {"sept": "september"}
"""Without May, which is a verb too often."""

_PAIRS = [tuple(pair.split()) for pair in _LISTS["opposites"].split("|")]
_OPPOSED = {
    word: frozenset(other for pair in _PAIRS if word in pair for other in pair if other != word) for word in {w for p in _PAIRS for w in p}
}
_LONG_NEGATIONS = tuple(word for word in sorted(NEGATIONS) if len(word) > 4)


@lru_cache(maxsize=65536)
def opposites(word: str) -> frozenset[str]:
    """The listed opposites of a word, and its denials by prefix."""
    denied = (prefix + word for prefix in ("un", "in", "im", "ir", "il", "non", "dis", "anti", "a", "mis")) if len(word) > 3 else ()
    return _OPPOSED.get(word, frozenset()).union(denied)


@lru_cache(maxsize=1)
def _lexicon() -> frozenset[str]:
    """The whole words of the bundled model's vocabulary: some 22,000 that are frequent in English."""
    text = (minilm.model_dir() / "vocab.txt").read_text("utf-8")
    return frozenset(word for word in text.split("\n") if len(word) > 1 and word.isalpha())


def known(word: str) -> bool:
    """Whether a word is a frequent English one (or a plain inflection of one)."""
    lexicon = _lexicon()
    return word in lexicon or (len(word) > 5 and stem(word) in lexicon)


@lru_cache(maxsize=65536)
def negates(word: str) -> bool:
    """Whether a word denies, misspelled or not."""
    return word in NEGATIONS or (len(word) > 4 and not known(word) and any(OSA.distance(word, other) == 1 for other in _LONG_NEGATIONS))


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """One form for the inflections and the two spellings of a word; crude, and only ever compared with another stem."""
    word = word.replace("isation", "ization")
    for ending, instead in (
        ("ise", "ize"),
        ("ised", "ized"),
        ("ising", "izing"),
        ("our", "or"),
        ("ours", "ors"),
        ("yse", "yze"),
        ("ysed", "yzed"),
    ):
        if len(word) >= len(ending) + 3 and word.endswith(ending):
            word = word[: -len(ending)] + instead
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word
