"""What a place is measured by: its form, what stands before, in and behind it, where it lies in the post, and what its words mean.

All places of a part are measured at once, column by column. ``context`` gives the characters around a place as hashed n-grams, ``measures``
everything else. The meanings are the encoder's for single tokens, brought to a few numbers: near for *asked* in any language.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import chain

import numpy as np
import numpy.typing as npt
import xxhash

from thresher.readers.places import FORMS, Layout
from thresher.rules.settings import Rules

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

FAR = 120
"""Distances are cut here, in characters."""
_BEFORE, _BEHIND, _HEAD, _TAIL = 22, 14, 12, 6
_LENGTHS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 18, 22)
"""Of the pieces of text around a place that are hashed."""
_WORDS_INSIDE, _LAST_WORDS = 12, 2
CONTEXT_BITS = 15
_MASK = (1 << CONTEXT_BITS) - 1
MEANINGS = 48
"""How many numbers a token's meaning is brought to."""
SLOTS = ("inside", "head", "before", "behind")
"""Which tokens are averaged: all of the place, its first three, the four before it, the three behind it."""
_FIRST_PERSON = re.compile(
    r"(?<!\w)(?:i|i'm|i've|my|me|we|our|ich|mein\w{0,2}|je|mon|ma|yo|mi|eu|meu|io|saya|aku|gw|gue)(?!\w)|[\u6211\u79c1\u4ffa]"
)
_LETTERS = re.compile(r"[^\W\d_]+")
_CLASSES = (
    ("newline", "\n"),
    ("quote", "\"\u201c\u300c\u300e\u00ab\u201e'\u2018\u201d\u300d\u300f\u00bb\u2019"),
    ("colon", ":\uff1a"),
    ("comma", ",;\uff0c\uff1b\u3001"),
    ("space", " \t"),
    ("tick", "`"),
    ("bracket", "()\uff08\uff09[]{}"),
    ("stop", ".!?\u3002\uff01\uff1f\u2026"),
    ("angle", ">\u276f"),
    ("star", "*_"),
)
_OPENING, _CLOSING = '"\u201c\u300c\u300e\u00ab\u201e`\u2018', '"\u201d\u300d\u300f\u00bb\u201c`\u2019'
_SETS: dict[str, str] = {
    **dict(_CLASSES), "opening": _OPENING, "closing": _CLOSING, "break": ".!?\u3002\uff01\uff1f\n", "question": "?\uff1f",
    "full": ".!\u3002", "blank": " ", "digit": "0123456789", "double": '"\u201c\u201d\u300c', "code": "{}()=;<>[]\\$|",
    "left": " \t*_>#-", "right": ' \t*_."', "tail": "\"'\u201d\u300d*_ ",
}  # fmt: skip
_BIT = {name: np.uint32(1 << number) for number, name in enumerate(_SETS)}
_LAST = 0xFFFF
"""Characters behind this one are in none of the sets."""


def _table() -> npt.NDArray[np.uint32]:
    bits = np.zeros(_LAST + 1, np.uint32)
    for name, members in _SETS.items():
        bits[[ord(c) for c in members]] |= _BIT[name]
    return bits


_BITS = _table()
_SPEAKERS = ("user", "assistant", "other", "somebody")

_COUNTED = ("quoted", "turn_user", "turn_assistant", "after_ask", "question", "fence", "quoted_lines", "label_whole", "item")
"""Forms of which it matters whether a place is the first or the only one in its part."""

NAMES: tuple[str, ...] = (
    *(f"form_{form}" for form in FORMS),
    *(f"{side}_{name}" for side in ("before", "behind") for name, _ in _CLASSES),
    "before_nothing", "behind_nothing", "wrapped",
    "ask_before", "answer_before", "ask_behind", "answer_behind", "name_before", "asks_in", "answers_in", "names_in", "verb_before_is_ask",
    *(f"label_{speaker}" for speaker in _SPEAKERS), "label_distance",
    "line_start", "line_end", "line_before", "line_behind", "colon_before",
    "sentence_start", "sentence_end", "sentences", "sentences_before",
    "length", "words", "question_end", "questions", "question_start", "opener", "claims", "first_person", "deictic", "absent",
    "digits", "newlines", "capital", "quotes_in", "links", "ends_in_stop", "code", "wide", "wide_unlike_text",
    "position", "share", "text_length", "places", "quoted_rank", "quotes_behind", "in_quote", "same_part_title", "repeated",
    "rules_prompt", "rules_response",
    *(f"{which}_{form}" for form in _COUNTED for which in ("first", "only")),
    *(f"meaning_{slot}_{k}" for slot in SLOTS for k in range(MEANINGS)),
)  # fmt: skip
_AT = {name: column for column, name in enumerate(NAMES)}

Meanings = Callable[[str], tuple[Ints, Ints, Floats]]
"""Of a text: where its tokens begin and end, and (tokens, MEANINGS) what they mean."""


def measures(layout: Layout, rules: Rules, meanings: Meanings, prompt: tuple[int, int] | None, response: tuple[int, int] | None) -> Floats:
    """(places, len(NAMES)) numbers; ``prompt`` and ``response`` are what the rules take them for in this part."""
    if not layout.places:
        return np.zeros((0, len(NAMES)), np.float32)
    starts = np.array([p.start for p in layout.places], np.int64)
    ends = np.array([p.end for p in layout.places], np.int64)
    columns = _Columns(layout, rules, starts, ends)
    forms = np.array([[form in p.forms for form in FORMS] for p in layout.places], np.float32).reshape(len(starts), len(FORMS))
    made = [
        *forms.T,
        *columns.sides(),
        *columns.verbs(),
        *columns.labels(),
        *columns.borders(),
        *columns.words(),
        *columns.whereabouts(),
        _overlap(starts, ends, prompt),
        _overlap(starts, ends, response),
        *columns.ranks(),
    ]
    meant = _meant(*meanings(layout.text), starts, ends)
    return np.hstack((np.column_stack(made).astype(np.float32), meant))


class _Columns:
    """The measures of the places of one part, a column each."""

    def __init__(self, layout: Layout, rules: Rules, starts: Ints, ends: Ints) -> None:
        self.layout, self.rules, self.starts, self.ends = layout, rules, starts, ends
        self.text, self.folded, self.size = layout.text, layout.folded, len(layout.text)
        self.codes = np.frombuffer(self.text.encode("utf-32-le", "surrogatepass"), np.uint32)
        self.bits = np.append(_BITS[np.minimum(self.codes, _LAST)], np.uint32(0))
        self.breaks = np.flatnonzero(self._one_of("break"))
        quotes = [(p.start, p.end) for p in layout.places if "quoted" in p.forms]
        self.quotes = np.array(quotes, np.int64).reshape(-1, 2)

    def _one_of(self, name: str) -> Bools:
        return np.asarray((self.bits[:-1] & _BIT[name]) != 0)

    def _count(self, flags: Bools) -> Floats:
        """How many of the flagged characters each place holds."""
        sums = np.concatenate(([0], np.cumsum(flags)))
        return np.asarray(sums[self.ends] - sums[self.starts], np.float32)

    def _hits(self, sorted_places: Ints) -> Floats:
        """How many of these begin inside each place."""
        return np.asarray(np.searchsorted(sorted_places, self.ends) - np.searchsorted(sorted_places, self.starts), np.float32)

    def _last_but(self, name: str, at: Ints) -> Ints:
        """The last place before ``at`` whose character is not in the set; -1 where there is none."""
        others = np.append(np.flatnonzero(~self._one_of(name)), -1)
        return np.asarray(others[np.searchsorted(others[:-1], at) - 1], np.int64)

    def _next_but(self, name: str, at: Ints) -> Ints:
        """The first place from ``at`` on whose character is not in the set; the length where there is none."""
        others = np.append(np.flatnonzero(~self._one_of(name)), self.size)
        return np.asarray(others[np.searchsorted(others[:-1], at)], np.int64)

    def _is(self, name: str, at: Ints) -> Bools:
        """Whether a character of the set stands at a place; outside of the text none does."""
        return np.asarray((self.bits[np.where(at >= 0, at, self.size)] & _BIT[name]) != 0)

    def sides(self) -> list[npt.NDArray[np.generic]]:
        before, behind = self.starts - 1, self.ends
        made: list[npt.NDArray[np.generic]] = [self._is(name, at) for at in (before, behind) for name, _ in _CLASSES]
        return [*made, before < 0, behind >= self.size, self._is("opening", before) & self._is("closing", behind)]

    def verbs(self) -> list[npt.NDArray[np.generic]]:
        asks, answers, names = (
            np.array(spans, np.int64).reshape(-1, 2) for spans in (self.layout.asks, self.layout.answers, self.layout.names)
        )
        ask, answer = _back(asks[:, 1], self.starts), _back(answers[:, 1], self.starts)
        return [
            ask, answer, _ahead(asks[:, 0], self.ends), _ahead(answers[:, 0], self.ends), _back(names[:, 1], self.starts),
            self._hits(asks[:, 0]), self._hits(answers[:, 0]), self._hits(names[:, 0]), ask < answer,
        ]  # fmt: skip

    def labels(self) -> list[npt.NDArray[np.generic]]:
        where = np.array([turn.start for turn in self.layout.labels], np.int64)
        speakers = np.array([_SPEAKERS.index(turn.speaker) for turn in self.layout.labels] + [-1], np.int64)
        speaker = speakers[np.searchsorted(where, self.starts, side="right") - 1] if len(where) else np.full(len(self.starts), -1)
        speaker = np.where(self.starts >= (where[0] if len(where) else self.size + 1), speaker, -1)
        return [*(speaker == number for number in range(len(_SPEAKERS))), _back(where, self.starts)]

    def borders(self) -> list[npt.NDArray[np.generic]]:
        starts, ends = self.starts, self.ends
        left, right = self._last_but("left", starts), self._next_but("right", ends)
        newlines = np.flatnonzero(self.codes == 10)
        colons = np.flatnonzero(self._one_of("colon"))
        return [
            (left < 0) | self._is("newline", left),
            (right >= self.size) | self._is("newline", right),
            np.log1p(np.minimum(_back(newlines + 1, starts, starts), FAR)),
            np.log1p(np.minimum(_ahead(newlines, ends, self.size - ends), FAR)),
            _back(colons + 1, starts),
            _back(self.breaks + 1, starts, starts),
            _ahead(self.breaks, ends - 1),
            np.log1p(self._hits(self.breaks)),
            np.log1p(np.searchsorted(self.breaks, starts)),
        ]

    def words(self) -> list[npt.NDArray[np.generic]]:
        folded, starts, ends, cues = self.folded, self.starts, self.ends, self.rules.any_language
        lengths = ends - starts
        last = self._last_but("tail", ends)
        wide = self.codes >= 0x2E80
        share = self._count(wide) / lengths
        whole = float(wide.mean()) if self.size else 0.0

        def begins(cue: object) -> Floats:
            """Whether a cue matches where a place begins: many places begin alike."""
            match = cue.match  # type: ignore[attr-defined]
            said = {start: match(folded, start) is not None for start in set(starts.tolist())}
            return np.array([said[start] for start in starts.tolist()], np.float32)

        def cued(spans: Sequence[int]) -> Floats:
            return self._hits(np.array(spans, np.int64))

        return [
            np.log1p(lengths), np.log1p(self._count(self._one_of("blank"))), self._is("question", last) & (last >= starts),
            self._count(self._one_of("question")), begins(cues.question_words), begins(self.rules.openers),
            cued([m.start() for m in cues.claim.finditer(folded)]), cued([m.start() for m in _FIRST_PERSON.finditer(folded)]),
            cued([m.start() for m in cues.deictic.finditer(folded)]), cued([m.start() for m in cues.absent.finditer(folded)]) > 0,
            self._count(self._one_of("digit")) / lengths, np.log1p(self._count(self._one_of("newline"))),
            np.array([self.text[s].isupper() for s in starts.tolist()]), self._count(self._one_of("double")),
            cued([m.start() for m in re.finditer("http", folded)]) > 0, self._is("full", last) & (last >= starts),
            self._count(self._one_of("code")) / lengths, share, np.abs(share - whole),
        ]  # fmt: skip

    def whereabouts(self) -> list[npt.NDArray[np.generic]]:
        starts, ends, size, count = self.starts, self.ends, max(self.size, 1), len(self.starts)
        inside = (self.quotes[None, :, 0] <= starts[:, None]) & (ends[:, None] <= self.quotes[None, :, 1])
        quoted = np.asarray(inside.any(1), np.bool_) if inside.size else np.zeros(count, np.bool_)
        rank = np.where(quoted, inside.argmax(1), -1) if inside.size else np.full(count, -1)
        spans = [self.folded[a:b] for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]
        return [
            starts / size, (ends - starts) / size, np.full(count, np.log1p(size)), np.full(count, np.log1p(count)),
            rank, np.log1p(len(self.quotes) - np.searchsorted(self.quotes[:, 0], ends)), quoted,
            np.full(count, self.layout.part == "title"), np.array([len(s) > 5 and self.folded.count(s) > 1 for s in spans]),
        ]  # fmt: skip

    def ranks(self) -> list[npt.NDArray[np.generic]]:
        made: list[npt.NDArray[np.generic]] = []
        for form in _COUNTED:
            there = np.array([form in p.forms for p in self.layout.places])
            begins = self.starts[there]
            made += [there & (self.starts == (begins.min() if len(begins) else -1)), there & (len(set(begins.tolist())) == 1)]
        return made


def _back(sorted_ends: Ints, at: Ints, otherwise: Ints | int = FAR) -> Ints:
    """How far before each place the last of these ends, at most FAR."""
    if not len(sorted_ends):
        return np.asarray(np.minimum(np.broadcast_to(otherwise, at.shape), FAR), np.int64)
    i = np.searchsorted(sorted_ends, at, side="right")
    return np.asarray(np.minimum(np.where(i > 0, at - sorted_ends[np.maximum(i - 1, 0)], otherwise), FAR))


def _ahead(sorted_starts: Ints, at: Ints, otherwise: Ints | int = FAR) -> Ints:
    """How far behind each place the next of these begins, at most FAR."""
    if not len(sorted_starts):
        return np.asarray(np.minimum(np.broadcast_to(otherwise, at.shape), FAR), np.int64)
    i = np.searchsorted(sorted_starts, at)
    there = i < len(sorted_starts)
    return np.asarray(np.minimum(np.where(there, sorted_starts[np.minimum(i, len(sorted_starts) - 1)] - at, otherwise), FAR))


def _overlap(starts: Ints, ends: Ints, other: tuple[int, int] | None) -> Floats:
    """Shared characters over all characters of both."""
    if other is None:
        return np.zeros(len(starts), np.float32)
    shared = np.minimum(ends, other[1]) - np.maximum(starts, other[0])
    return np.asarray(np.maximum(0.0, shared / (np.maximum(ends, other[1]) - np.minimum(starts, other[0]))), np.float32)


def _meant(token_starts: Ints, token_ends: Ints, meaning: Floats, starts: Ints, ends: Ints) -> Floats:
    """(places, slots * MEANINGS) the averages of the tokens of each slot, by running sums."""
    count = len(token_starts)
    sums = np.vstack((np.zeros((1, MEANINGS)), np.cumsum(meaning.astype(np.float64), 0)))
    first = np.searchsorted(token_ends, starts, side="right")
    last = np.maximum(np.searchsorted(token_starts, ends), first)
    bounds = {
        "inside": (first, last),
        "head": (first, np.minimum(first + 3, last)),
        "before": (np.maximum(first - 4, 0), first),
        "behind": (last, np.minimum(last + 3, count)),
    }
    made = []
    for slot in SLOTS:
        a, b = bounds[slot]
        made.append((sums[b] - sums[a]) / np.maximum(b - a, 1)[:, None])
    return np.hstack(made).astype(np.float32)


def _hash(gram: str) -> int:
    return xxhash.xxh32_intdigest(gram.encode("utf-8", "surrogatepass")) & _MASK


def context(layout: Layout, measured: Floats) -> tuple[Ints, Ints]:
    """(buckets, starts): for each place the hashed n-grams of its surroundings and the pairings of its measures, as one list with the
    places where each row starts. What stands before depends on where a place begins, what stands behind on where it ends: each is hashed
    once for all places that share it."""
    folded = layout.folded
    words = [(m.start(), m.end(), m.group()) for m in _LETTERS.finditer(folded)]
    begins = np.array([start for start, _, _ in words], np.int64)
    stops = np.array([end for _, end, _ in words], np.int64)
    heads, tails = [_hash(f"i{word}") for _, _, word in words], [_hash(f"e{word}") for _, _, word in words]
    left: dict[int, list[int]] = {}
    right: dict[int, list[int]] = {}
    pairs = _pairings(layout, measured)
    rows: list[list[int]] = []
    firsts = np.searchsorted(begins, [p.start for p in layout.places]).tolist()
    lasts = np.searchsorted(stops, [p.end for p in layout.places], side="right").tolist()
    for place, first, last, pair in zip(layout.places, firsts, lasts, pairs, strict=True):
        start, end = place.start, place.end
        if start not in left:
            left[start] = _around("b", folded[max(0, start - _BEFORE) : start][::-1]) + _around("h", folded[start : start + _HEAD])
        if end not in right:
            right[end] = _around("a", folded[end : end + _BEHIND]) + _around("t", folded[max(0, end - _TAIL) : end][::-1])
        inside = heads[first : min(first + _WORDS_INSIDE, last)] + tails[max(first, last - _LAST_WORDS) : max(first, last)]
        rows.append(left[start] + right[end] + inside + pair)
    starts = np.concatenate(([0], np.cumsum([len(row) for row in rows]))).astype(np.int64)
    return np.fromiter(chain.from_iterable(rows), np.int64, int(starts[-1])), starts


def _around(side: str, piece: str) -> list[int]:
    """The beginnings of a piece, and its words."""
    grams = [f"{side}{piece[:n]}" for n in _LENGTHS if n <= len(piece)]
    if side != "t":
        grams += [f"{side}w{word}" for word in _LETTERS.findall(piece[::-1] if side == "b" else piece)]
    return [_hash(gram) for gram in grams]


def _pairings(layout: Layout, measured: Floats) -> list[list[int]]:
    """What a sum of measures cannot say, as buckets: a question *and* quoted, long *and* behind a verb."""

    def column(name: str) -> Ints:
        return measured[:, _AT[name]].astype(np.int64)

    count = len(layout.places)
    sets = {forms: _hash("+".join(sorted(forms))) for forms in {p.forms for p in layout.places}}
    forms = np.array([sets[p.forms] for p in layout.places], np.int64)
    sides = []
    for side in ("before", "behind"):
        flags = np.column_stack([measured[:, _AT[f"{side}_{name}"]] > 0 for name, _ in _CLASSES])
        sides.append(np.where(flags.any(1), flags.argmax(1), len(_CLASSES)) if count else np.zeros(0, np.int64))
    before, behind = sides
    both = before * 16 + behind
    ask, answer, answer_behind = (_binned(measured[:, _AT[name]]) for name in ("ask_before", "answer_before", "answer_behind"))
    verb = np.minimum(ask, answer) * 2 + column("verb_before_is_ask")
    length = (measured[:, _AT["length"]] * 1.5).astype(np.int64)
    speaker = np.zeros(count, np.int64)
    for number, who in enumerate(_SPEAKERS):
        speaker += (number + 1) * column(f"label_{who}")
    label = speaker * 16 + _binned(measured[:, _AT["label_distance"]])
    asks = column("question_end") * 2 + np.maximum(column("question_start"), column("opener"))
    fifth = (measured[:, _AT["position"]] * 5).astype(np.int64)
    quoted = column("in_quote")
    pairs = (
        (forms,), (forms, both), (both,), (verb,), (verb, before), (verb, asks), (verb, length), (length,), (length, asks), (asks, both),
        (label,), (label, length), (label, forms), (answer_behind, verb), (ask, answer, answer_behind), (fifth,), (fifth, asks),
        (column("sentence_end"), behind, length), (quoted, both, length), (column("wrapped"), verb),
        (column("line_start"), column("line_end"), asks),
        (column("line_start"), label), (forms, asks), (forms, fifth),
    )  # fmt: skip
    return _mixed(pairs, count).tolist() if count else []


def _mixed(pairs: Sequence[tuple[Ints, ...]], count: int) -> Ints:
    """(count, len(pairs)) one bucket for each place and pairing; the number of the pairing keeps them apart."""
    columns = np.zeros((3, count, len(pairs)), np.uint64)
    for number, parts in enumerate(pairs):
        for k, part in enumerate(parts):
            columns[k, :, number] = part + 1
    total = np.broadcast_to(np.arange(1, len(pairs) + 1, dtype=np.uint64), (count, len(pairs)))
    for column in columns:
        total = (total * np.uint64(0x9E3779B97F4A7C15) + column) * np.uint64(0xD6E8FEB86659FD93)
        total = total ^ (total >> np.uint64(29))
    return np.asarray(total >> np.uint64(64 - CONTEXT_BITS), np.int64)


def _binned(distances: Floats) -> Ints:
    """0 right beside, then twice as far each."""
    return np.where(distances <= 0, 0, np.log2(np.maximum(distances, 0) + 1).astype(np.int64) + 1)
