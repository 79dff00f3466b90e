"""Closed lists of words that the guard knows (``words.toml``), and the lexicons that tell a typing slip from another word."""

from __future__ import annotations

import gzip
import importlib.util
import json
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from rapidfuzz.distance import OSA

from dedupe.vectors import minilm
from thresher.errors import EncoderError

_LISTS = tomllib.loads(Path(__file__).with_name("words.toml").read_text("utf-8"))
_SPELLER = "spellchecker"


def _groups(name: str) -> list[list[str]]:
    return [group.split() for group in _LISTS[name].split("|")]


def _phrases(name: str) -> list[list[str]]:
    """As the tokens of a text are folded: Gr\u00fc\u00dfe is gr\u00fcsse."""
    return [[word.casefold() for word in group] for group in _groups(name)]


FILLERS = frozenset(_LISTS["fillers"].split())
LIGHT = frozenset(_LISTS["light"].split())
CLOSED = {word: place for place, group in enumerate(_groups("closed")) for word in group}
"""Small words, and the number of their class."""
UNFINISHED = frozenset(_LISTS["unfinished"].split())
CAPITALS = frozenset(_LISTS["capitals"].split())
_GREETINGS, _ADDRESSEES = _phrases("greetings"), _phrases("addressees")
_SALUTATIONS = frozenset(tuple(greeting + to) for greeting in _GREETINGS for to in ([], *_ADDRESSEES))
"""``hey``, ``hey folks``."""
OPENINGS = frozenset(tuple(phrase) for phrase in _phrases("openings")) | _SALUTATIONS
"""What may begin a text and not end it."""
POLITE = frozenset(tuple(phrase) for phrase in _phrases("polite")) | OPENINGS
SPOKEN_OF = frozenset((word,) for word in _LISTS["spoken_of"].split())
"""Words behind a greeting that is spoken of and greets nobody: ``hello in French``."""
SPOKEN_BEFORE = frozenset(_LISTS["spoken_before"].split())
"""Words before thanks that are spoken of and thank nobody: ``a horse that says thank you``."""
CAN_YOU = frozenset(tuple(phrase) for phrase in _phrases("can_you"))
ASKED_FOR = frozenset(_LISTS["asked_for"].split())
PLEASE = frozenset((word,) for word in _LISTS["please"].split())
"""What asks for something in a polite way and is no wording of its own."""
NEGATIONS = frozenset(_LISTS["negations"].split())
ASKING = frozenset(_LISTS["asking"].split())
REQUESTS = frozenset(_LISTS["requests"].split())
QUANTIFIERS = frozenset(_LISTS["quantifiers"].split())
NUMBER_WORDS: dict[str, str] = _LISTS["numbers"]
CONTRACTIONS: dict[str, str] = _LISTS["contractions"]
ENDINGS = (("n't", " not"), ("'re", " are"), ("'m", " am"), ("'ll", " will"), ("'ve", " have"), ("'d", " would"), ("'s", ""), ("'", ""))
UNITS = {form: group[0] for group in _groups("units") for form in group}
DAYS = frozenset(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"))
_MONTHS = ("january", "february", "march", "april", "june", "july", "august", "september", "october", "november", "december")
HALVES = frozenset(("am", "pm"))
"""Of a day, after a number."""
MONTHS = {form: name for name in _MONTHS for form in (name, name[:3])} | {"sept": "september"}
"""Without May, which is a verb too often."""
KEPT_APART = NEGATIONS | QUANTIFIERS | DAYS | frozenset(MONTHS)

FREQUENT = 20_000
"""Times in the subtitles that pyspellchecker counted."""

_VARIANTS = {form: group[0] for group in _groups("variants") for form in group}
_LANGUAGES: dict[str, frozenset[str]] = {
    language: frozenset(word for word in words.split() if len(word) > 1 or not word.isascii())
    for language, words in _LISTS["languages"].items()
}
_PAIRS = _groups("opposites")
_OPPOSED = {
    word: frozenset(other for pair in _PAIRS if word in pair for other in pair if other != word) for word in {w for p in _PAIRS for w in p}
}
_LONG_NEGATIONS = tuple(word for word in sorted(NEGATIONS) if len(word) > 4 and word.isascii())


@lru_cache(maxsize=65536)
def opposites(word: str) -> frozenset[str]:
    """The listed opposites of a word, and its denials by prefix."""
    denied = (prefix + word for prefix in ("un", "in", "im", "ir", "il", "non", "dis", "anti", "a", "mis")) if len(word) > 3 else ()
    return _OPPOSED.get(word, frozenset()).union(denied)


@lru_cache(maxsize=1)
def _vocabulary() -> frozenset[str]:
    """The whole words of the bundled model's vocabulary: some 22,000 that are frequent in English, with names and British spellings.
    Its short ones are often fragments."""
    text = (minilm.model_dir() / "vocab.txt").read_text("utf-8")
    return frozenset(word for word in text.split("\n") if len(word) > 3 and word.isalpha())


@lru_cache(maxsize=16)
def lexicon(language: str) -> Mapping[str, int]:
    """The words of a language and how often each was counted in subtitles, as pyspellchecker bundles them (160,000 for English); empty
    where it has none."""
    spec = importlib.util.find_spec(_SPELLER)
    if spec is None or spec.origin is None:
        raise EncoderError("the package that carries the word lists is not installed: pip install pyspellchecker")
    path = Path(spec.origin).parent / "resources" / f"{language}.json.gz"
    if not path.is_file():
        return {}
    with gzip.open(path) as file:
        counts: dict[str, int] = json.load(file)
    return counts


def is_word(word: str, language: str = "en") -> bool:
    """Whether a word is an English one (or a plain inflection of one), or one of ``language``."""
    if word in lexicon("en") or word in _vocabulary() or (language != "en" and word in lexicon(language)):
        return True
    return len(word) > 5 and stem(word) in lexicon("en")


def frequent(word: str) -> bool:
    """Whether everybody uses a word: some 3,000 English ones."""
    return lexicon("en").get(word, 0) >= FREQUENT


def language_of(words: Iterable[str]) -> str:
    """The language whose small words a text has most of; English where none is found."""
    counts = Counter(words)
    return max(_LANGUAGES, key=lambda language: (sum(counts[word] for word in _LANGUAGES[language]), language == "en"))


@lru_cache(maxsize=65536)
def negates(word: str) -> bool:
    """Whether a word denies, misspelled or not."""
    return word in NEGATIONS or (len(word) > 4 and not is_word(word) and any(OSA.distance(word, other) == 1 for other in _LONG_NEGATIONS))


@lru_cache(maxsize=65536)
def spelling(word: str) -> str:
    """One form for the British and the American spelling of a word."""
    word = _VARIANTS.get(word, word).replace("isation", "ization")
    for ending, instead in (
        ("ise", "ize"),
        ("ises", "izes"),
        ("ised", "ized"),
        ("ising", "izing"),
        ("our", "or"),
        ("ours", "ors"),
        ("oured", "ored"),
        ("yse", "yze"),
        ("ysed", "yzed"),
        ("ysing", "yzing"),
    ):
        if len(word) >= len(ending) + 3 and word.endswith(ending):
            return word[: -len(ending)] + instead
    return word


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """One form for the inflections and the two spellings of a word; crude, and only ever compared with another stem."""
    word = spelling(word)
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word
