"""Whether two texts are one text: every place where their tokens differ is explained by a typing slip, by spelling or by politeness.

In texts that are nearly equal nothing that differs may stay unexplained: an eval lives on such differences.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from rapidfuzz.distance import OSA, Levenshtein

from dedupe.guard.features import Profile
from dedupe.guard.slips import slip
from dedupe.guard.words import (
    ASKED_FOR,
    CAN_YOU,
    CLOSED,
    HALVES,
    NEGATIONS,
    OPENINGS,
    PLEASE,
    POLITE,
    SPOKEN_BEFORE,
    SPOKEN_OF,
    is_word,
    language_of,
    spelling,
)

SLIPS = 3
"""Typing slips that a short text may have, and one more for every ``SLIP_EVERY`` tokens."""
SLIP_EVERY = 15
LONGEST_PHRASE = max(map(len, POLITE))
POLITE_TOKENS = 24
"""Of greetings and thanks at one end of a text."""

LEAST = 2
"""Tokens that must be left of a text without them."""

EMOJI = 2
"""Kinds of them at the end of a text that are a tone and not what is asked about."""

_BOUND = frozenset(("a", "an", "in", "un", "im", "ir", "il", "non", "dis", "re", "anti"))
_ARTICLES = frozenset(("a", "an", "the"))
Block = tuple[int, int, int, int]


def same_text(first: Profile, second: Profile) -> str:
    """``format`` or ``spelling`` where all that differs is explained, ``articles`` where all but ``a`` in place of ``the`` is; else
    ``""``."""
    if first.stream == second.stream:
        return "format"
    # A cheap bound first: most pairs differ in far more places than slips could explain, and need no alignment.
    limit = SLIPS + max(len(first.stream), len(second.stream)) // SLIP_EVERY
    here, there = _impolite(first, second)
    if abs(len(here) - len(there)) > 2 * limit:
        return ""
    left, right = first.stream[here.start : here.stop], second.stream[there.start : there.stop]
    if Levenshtein.distance(left, right, score_cutoff=3 * limit) > 3 * limit:
        return ""
    pair = _Pair(first, second, here, there)
    slips = 0
    for block in _blocks(left, right):
        explained = pair.slips(block)
        if explained < 0 or slips + explained > limit:
            return ""
        slips += explained
    if pair.articles:
        return "articles"
    return "spelling" if slips else "format"


def _blocks(left: Sequence[str], right: Sequence[str]) -> list[Block]:
    """The places that differ, neighbouring operations taken together."""
    blocks: list[Block] = []
    for code in Levenshtein.opcodes(left, right):
        if code.tag == "equal":
            continue
        if blocks and blocks[-1][1] == code.src_start and blocks[-1][3] == code.dest_start:
            blocks[-1] = (blocks[-1][0], code.src_end, blocks[-1][2], code.dest_end)
        else:
            blocks.append((code.src_start, code.src_end, code.dest_start, code.dest_end))
    return blocks


def _impolite(first: Profile, second: Profile) -> tuple[range, range]:
    """The tokens without greetings and thanks, where the ends of the two texts differ."""
    starts, ends = [0, 0], [len(first.stream), len(second.stream)]
    if len(first.stream) != len(second.stream) or first.stream[:2] != second.stream[:2]:
        starts = [_polite_start(text.stream) for text in (first, second)]
    if len(first.stream) != len(second.stream) or first.stream[-2:] != second.stream[-2:]:
        # Where both close with a face, it is the face that is asked about.
        faces = bool(_faces(first)) != bool(_faces(second))
        ends = [len(text.stream) - _polite_end(text, faces=faces) for text in (first, second)]
    if {first.about, second.about} != {"nothing"}:
        # "Good evening" and "hello" before "how would a pirate say that".
        if all(starts) and first.stream[: starts[0]] != second.stream[: starts[1]]:
            starts = [0, 0]
        if first.stream[ends[0] :] and second.stream[ends[1] :] and first.stream[ends[0] :] != second.stream[ends[1] :]:
            ends = [len(first.stream), len(second.stream)]
    # Of a text that is hardly more than a greeting, the greeting counts.
    if min(ends[0] - starts[0], ends[1] - starts[1]) < LEAST:
        return range(len(first.stream)), range(len(second.stream))
    return range(starts[0], ends[0]), range(starts[1], ends[1])


def _polite_start(stream: Sequence[str]) -> int:
    place = 0
    while place < POLITE_TOKENS:
        size = next((n for n in range(LONGEST_PHRASE, 0, -1) if tuple(stream[place : place + n]) in POLITE), 0)
        if not size:
            break
        place += size
    # "Can you explain it" is "explain it", in a polite way.
    size = next((n for n in (3, 2) if tuple(stream[place : place + n]) in CAN_YOU), 0)
    if size and stream[place + size : place + size + 1] and stream[place + size] in ASKED_FOR:
        return place + size
    # "Hello everyone" in "Hello everyone in French" is no greeting.
    return 0 if place and tuple(stream[place : place + 1]) in SPOKEN_OF else place


def _polite_end(text: Profile, *, faces: bool) -> int:
    stream = text.stream
    place = len(stream)
    while faces and len(stream) - place < _faces(text):
        place -= 1
    while not text.quoted and len(stream) - place < POLITE_TOKENS:
        phrases = (tuple(stream[max(place - n, 0) : place]) for n in range(LONGEST_PHRASE, 0, -1))
        size = next((len(phrase) for phrase in phrases if phrase in POLITE and phrase not in OPENINGS), 0)
        # What is asked about, or said, is no farewell: "is it more formal, cheers", "a horse that says thank you".
        asked = text.about == "asked" and stream[place - size : place] not in PLEASE
        if not size or asked or stream[max(place - size - 1, 0)] in SPOKEN_BEFORE:
            break
        place -= size
    return len(stream) - place


def _faces(text: Profile) -> int:
    """How many emoji close a text, as a tone: at most two kinds, for more are a riddle; flags are none."""
    count, kinds = 0, set[str]()
    while count < len(text.stream) and text.kinds[-1 - count] == "s" and _is_emoji(text.stream[-1 - count]):
        kinds.add(text.stream[-1 - count])
        count += 1
    return count if len(kinds) <= EMOJI else 0


def _is_emoji(token: str) -> bool:
    return len(token) == 1 and unicodedata.category(token) == "So" and not "\U0001f1e6" <= token <= "\U0001f1ff"


class _Pair:
    """Two texts and what is asked of the places where they differ."""

    def __init__(self, first: Profile, second: Profile, here: range, there: range) -> None:
        self.first, self.second = first, second
        self.here, self.there = here, there
        self.articles = 0
        """How often one has ``a`` and the other ``the``."""
        self._language = ""

    @property
    def language(self) -> str:
        if not self._language:
            self._language = min(language_of(self.first.stream), language_of(self.second.stream))
        return self._language

    def slips(self, block: Block) -> int:
        """How many slips explain a place; -1 where it is not explained."""
        left = [self.here[place] for place in range(block[0], block[1])]
        right = [self.there[place] for place in range(block[2], block[3])]
        return self._explain(left, right)

    def _explain(self, left: list[int], right: list[int]) -> int:
        if len(left) > 40 or len(right) > 40:
            return -1
        # Only one text has something here: an article, a doubled word, a possessive's end.
        if not left or not right:
            return self._only(self.first if left else self.second, left or right)
        if len(left) == len(right):
            slips = [self._one(a, b) for a, b in zip(left, right, strict=True)]
            if min(slips) >= 0:
                return sum(slips)
        # Else a word may be written apart ("key board"): try one against two or three, on either side, and explain the rest again.
        for size in (1, 2):
            for ours, theirs in ((1, size + 1), (size + 1, 1)):
                if len(left) < ours or len(right) < theirs:
                    continue
                if self._joined(left[:ours], right[:theirs]):
                    rest = self._explain(left[ours:], right[theirs:]) if left[ours:] or right[theirs:] else 0
                    return -1 if rest < 0 else rest + 1
        if len(left) != len(right):
            return self._uneven(left, right)
        return -1

    def _uneven(self, left: list[int], right: list[int]) -> int:
        """A slip beside an article that comes or goes."""
        text, longer = (self.first, left) if len(left) > len(right) else (self.second, right)
        if abs(len(left) - len(right)) != 1 or len(longer) > 3:
            return -1
        for place in range(len(longer)):
            if self._only(text, [longer[place]]) < 0:
                continue
            others = longer[:place] + longer[place + 1 :]
            a, b = (others, right) if longer is left else (left, others)
            slips = [self._one(one, other) for one, other in zip(a, b, strict=True)]
            if min(slips) >= 0:
                return sum(slips)
        return -1

    def _only(self, text: Profile, places: list[int]) -> int:
        """Tokens that one text alone has: an article between words, a word written twice, a possessive's end."""
        for place in places:
            token = text.stream[place]
            around = text.kinds[max(place - 1, 0) : place] + text.kinds[place + 1 : place + 2]
            article = token in _ARTICLES and text.kinds[place + 1 : place + 2] in ("w", "N") and "s" not in around
            twice = text.kinds[place] == "w" and token in CLOSED and token in text.stream[max(place - 1, 0) : place]
            if not article and not twice:
                return -1
        return len(places)

    def _joined(self, left: list[int], right: list[int]) -> bool:
        """``key board`` against ``keyboard``, ``dog's`` against ``dogs``."""
        parts, whole = (left, right) if len(left) > len(right) else (right, left)
        split, joined = (self.first, self.second) if parts is left else (self.second, self.first)
        tokens = [split.stream[place] for place in parts]
        # Letters side by side are a product: x y is not xy.
        if max(map(len, tokens)) < 2:
            return False
        word = joined.stream[whole[0]]
        if joined.kinds[whole[0]] not in "wN" or not all(split.kinds[place] in "wNdu" or split.surface[place].isalnum() for place in parts):
            return False
        written = "".join(split.surface[place].casefold() for place in parts)
        if "".join(tokens).replace("'", "") != word.replace("'", "") and written != word:
            return False
        if tokens[-1] == "'s":
            return True
        return not is_word(word, self.language) or not (_BOUND | NEGATIONS).intersection(tokens)

    def _one(self, a: int, b: int) -> int:
        """One token against one: 0 for another spelling, 1 for a slip, -1 else."""
        first, second = self.first, self.second
        word, other = first.stream[a], second.stream[b]
        if word == other:
            return 0
        kinds = first.kinds[a] + second.kinds[b]
        if "s" in kinds:
            return 1 if self._lost_letters(a, b) or self._misplaced_capital(a, b) else -1
        # Numbers and units never slip: 12 and 13 are one key apart, and two questions.
        if "n" in kinds or kinds in ("dd", "uu", "du", "ud") or self._halves(a, b):
            return -1
        if "d" in kinds or "u" in kinds:
            word, other = (first.surface[a] if kinds[0] in "du" else word), (second.surface[b] if kinds[1] in "du" else other)
            # A number word or a unit may be misspelled, as it is written and not as the number that it stands for.
            if "u" in kinds and min(len(word), len(other)) < 4:
                return -1
        if {word, other} in ({"'s", "is"}, {"'s", "has"}, {"a", "an"}):
            return 0
        if spelling(word) == spelling(other):
            return 0
        # No slip, but counted apart: whether "a" for "the" is another question is for the scorer to say.
        if word in _ARTICLES and other in _ARTICLES and "N" not in kinds:
            self.articles += 1
            return 0
        if _unaccented(word) == _unaccented(other):
            return 0 if self._typed_plain() else -1
        if self._acronyms(a, b):
            return -1
        names = first.kinds[a] == "N" and second.kinds[b] == "N"
        return 1 if slip(word.casefold(), other.casefold(), self.language, names=names) else -1

    def _acronyms(self, a: int, b: int) -> bool:
        """Whether both are short and in capitals (``ABC`` and ``ABD``): every letter of them counts."""
        here, there = self.first.surface[a], self.second.surface[b]
        return here.isupper() and there.isupper() and max(len(here), len(there)) < 7

    def _lost_letters(self, a: int, b: int) -> bool:
        """``o`` or ``off`` for ``of``: a small word between words that a slip made a letter."""
        for text, place, others, at in ((self.first, a, self.second, b), (self.second, b, self.first, a)):
            token, word = text.stream[place], others.stream[at]
            if text.kinds[place] != "s" or len(token) != 1 or not token.isalpha() or text.surface[place].isupper():
                continue
            if (
                word in CLOSED
                and len(word) == 2
                and OSA.distance(token, word) == 1
                and text.stream.count(token) == 1 > others.stream.count(token)
            ):
                return True
        return False

    def _misplaced_capital(self, a: int, b: int) -> bool:
        """``oN`` for ``On``, which looks like an identifier."""
        here, there = self.first.surface[a], self.second.surface[b]
        if not (here.isalpha() and there.isalpha() and min(len(here), len(there)) > 1):
            return False
        if self.first.kinds[a] == self.second.kinds[b]:
            return False
        return slip(here.casefold(), there.casefold(), self.language)

    def _halves(self, a: int, b: int) -> bool:
        """Whether these stand for the halves of a day, after a number."""
        return bool(HALVES.intersection((self.first.stream[a], self.second.stream[b]))) and (
            self.first.kinds[max(a - 1, 0)] == "n" or self.second.kinds[max(b - 1, 0)] == "n"
        )

    def _typed_plain(self) -> bool:
        """Whether one of the texts does without any accent where the other has several, or is in English, which has none."""
        accented = [sum(not token.isascii() for token in text.stream) for text in (self.first, self.second)]
        return min(accented) == 0 and (max(accented) > 1 or self.language == "en")


@lru_cache(maxsize=8192)
def _unaccented(word: str) -> str:
    if word.isascii():
        return word
    return "".join(c for c in unicodedata.normalize("NFD", word) if unicodedata.category(c) != "Mn")
