"""What a place is measured by: its form, what stands before, in and behind it, and where it lies in the post. Numbers for the ranker.

``context`` gives the characters around a place as hashed n-grams, ``measures`` everything else.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import xxhash

from thresher.readers.places import FORMS, Layout, Place
from thresher.rules.settings import Rules

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

FAR = 120
"""Distances are cut here, in characters."""
_BEFORE, _BEHIND, _HEAD, _TAIL = 22, 14, 12, 6
CONTEXT_BITS = 15
_MASK = (1 << CONTEXT_BITS) - 1
_FIRST_PERSON = re.compile(
    r"(?<!\w)(?:i|i'm|i've|my|me|we|our|ich|mein\w{0,2}|je|mon|ma|yo|mi|eu|meu|io|saya|aku|gw|gue)(?!\w)|[\u6211\u79c1\u4ffa]"
)
_LETTERS = re.compile(r"[^\W\d_]+")
_BREAKS = re.compile(r"[.!?\u3002\uff01\uff1f\n]")
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
_SPEAKERS = ("user", "assistant", "other", "somebody")

_COUNTED = ("quoted", "turn_user", "turn_assistant", "after_ask", "question", "fence", "quoted_lines", "label_whole", "item")
"""Forms of which it matters whether a place is the first or the only one in its part."""

NAMES: tuple[str, ...] = (
    *(f"form_{form}" for form in FORMS),
    *(f"{side}_{name}" for side in ("before", "behind") for name, _ in _CLASSES),
    "before_nothing",
    "behind_nothing",
    "ask_before",
    "answer_before",
    "ask_behind",
    "answer_behind",
    "name_before",
    "asks_in",
    "answers_in",
    "names_in",
    "verb_before_is_ask",
    *(f"label_{speaker}" for speaker in _SPEAKERS),
    "label_distance",
    "line_start",
    "line_end",
    "sentence_start",
    "sentence_end",
    "length",
    "words",
    "question_end",
    "questions",
    "question_start",
    "opener",
    "claims",
    "first_person",
    "deictic",
    "absent",
    "digits",
    "newlines",
    "capital",
    "quotes_in",
    "links",
    "ends_in_stop",
    "position",
    "share",
    "text_length",
    "places",
    "quoted_rank",
    "in_quote",
    "same_part_title",
    "title_words",
    "repeated",
    "rules_prompt",
    "rules_response",
    *(f"{which}_{form}" for form in _COUNTED for which in ("first", "only")),
)


def measures(layout: Layout, rules: Rules, prompt: tuple[int, int] | None, response: tuple[int, int] | None) -> Floats:
    """(places, len(NAMES)) numbers; ``prompt`` and ``response`` are what the rules take them for in this part."""
    shared = _Shared(layout, rules)
    rows = [_row(layout, place, shared, prompt, response) for place in layout.places]
    return np.array(rows, np.float32).reshape(len(rows), len(NAMES))


class _Shared:
    """What all places of one part are measured against."""

    def __init__(self, layout: Layout, rules: Rules) -> None:
        self.rules = rules
        cues = rules.any_language
        folded = layout.folded
        self.ask_ends = [e for _, e in layout.asks]
        self.ask_starts = [s for s, _ in layout.asks]
        self.answer_ends = [e for _, e in layout.answers]
        self.answer_starts = [s for s, _ in layout.answers]
        self.name_ends = [e for _, e in layout.names]
        self.name_starts = [s for s, _ in layout.names]
        self.claims = [m.start() for m in cues.claim.finditer(folded)]
        self.deictic = [m.start() for m in cues.deictic.finditer(folded)]
        self.persons = [m.start() for m in _FIRST_PERSON.finditer(folded)]
        self.breaks = [m.start() for m in _BREAKS.finditer(folded)]
        self.questions = [m.start() for m in re.finditer(r"[?\uff1f]", folded)]
        self.quotes = [(p.start, p.end) for p in layout.places if "quoted" in p.forms]
        self.labels = [(t.start, t.speaker) for t in layout.labels]
        self.label_starts = [start for start, _ in self.labels]
        starts = {form: [p.start for p in layout.places if form in p.forms] for form in _COUNTED}
        self.first = {form: min(found, default=-1) for form, found in starts.items()}
        self.alone = {form: len(set(found)) == 1 for form, found in starts.items()}


def _between(sorted_places: Sequence[int], start: int, end: int) -> int:
    return bisect_left(sorted_places, end) - bisect_left(sorted_places, start)


def _back(ends: Sequence[int], place: int) -> int:
    """How far before a place the last of these ends."""
    i = bisect_right(ends, place)
    return min(place - ends[i - 1], FAR) if i else FAR


def _ahead(starts: Sequence[int], place: int) -> int:
    i = bisect_left(starts, place)
    return min(starts[i] - place, FAR) if i < len(starts) else FAR


def _classes(character: str) -> list[float]:
    return [float(bool(character) and character in members) for _, members in _CLASSES]


def _row(layout: Layout, place: Place, shared: _Shared, prompt: tuple[int, int] | None, response: tuple[int, int] | None) -> list[float]:
    text, folded, start, end = layout.text, layout.folded, place.start, place.end
    words, cues = text[start:end], shared.rules.any_language
    low = folded[start:end]
    whole = max(len(text), 1)
    before, behind = text[start - 1 : start] if start else "", text[end : end + 1]
    ask_before, answer_before = _back(shared.ask_ends, start), _back(shared.answer_ends, start)
    label = bisect_right(shared.label_starts, start) - 1
    speaker = shared.labels[label][1] if label >= 0 else ""
    inside = next((k for k, (s, e) in enumerate(shared.quotes) if s <= start and end <= e), -1)
    numbers = [float(form in place.forms) for form in FORMS]
    numbers += [*_classes(before), *_classes(behind), float(not before), float(not behind)]
    numbers += [
        ask_before,
        answer_before,
        _ahead(shared.ask_starts, end),
        _ahead(shared.answer_starts, end),
        _back(shared.name_ends, start),
        _between(shared.ask_starts, start, end),
        _between(shared.answer_starts, start, end),
        _between(shared.name_starts, start, end),
        float(ask_before < answer_before),
    ]
    numbers += [float(speaker == who) for who in _SPEAKERS]
    numbers += [
        min(start - shared.labels[label][0], FAR) if label >= 0 else FAR,
        float(not text[text.rfind("\n", 0, start) + 1 : start].strip(" \t*_>#-")),
        float(not text[end : text.find("\n", end) if "\n" in text[end:] else len(text)].strip(' \t*_."')),
        _back([b + 1 for b in shared.breaks[max(0, bisect_left(shared.breaks, start) - 2) :]], start) if shared.breaks else min(start, FAR),
        _ahead(shared.breaks, end - 1),
    ]
    stripped = low.rstrip("\"'”」*_ ")
    numbers += [
        math.log1p(len(words)),
        math.log1p(words.count(" ")),
        float(stripped.endswith(("?", "\uff1f"))),
        _between(shared.questions, start, end),
        float(cues.question_words.match(low) is not None),
        float(shared.rules.openers.match(low) is not None),
        _between(shared.claims, start, end),
        _between(shared.persons, start, end),
        _between(shared.deictic, start, end),
        float(cues.absent.search(low) is not None),
        sum(map(str.isdigit, words)) / len(words),
        math.log1p(words.count("\n")),
        float(words[:1].isupper()),
        sum(c in '"\u201c\u201d\u300c' for c in words),
        float("http" in low),
        float(stripped.endswith((".", "!", "\u3002"))),
    ]
    numbers += [
        start / whole,
        (end - start) / whole,
        math.log1p(whole),
        math.log1p(len(layout.places)),
        float(inside),
        float(inside >= 0),
        float(layout.part == "title"),
        0.0,
        float(folded.count(low) > 1 if len(low) > 5 else 0),
        _overlap(place, prompt),
        _overlap(place, response),
    ]
    for form in _COUNTED:
        there = form in place.forms
        numbers += [float(there and start == shared.first[form]), float(there and shared.alone[form])]
    return numbers


def _overlap(place: Place, other: tuple[int, int] | None) -> float:
    """Shared characters over all characters of both."""
    if other is None:
        return 0.0
    shared = min(place.end, other[1]) - max(place.start, other[0])
    return max(0.0, shared / (max(place.end, other[1]) - min(place.start, other[0])))


def context(layout: Layout, measured: Floats) -> tuple[Ints, Ints]:
    """(buckets, starts): for each place the hashed n-grams of its surroundings and the pairings of its measures, as one list with the
    places where each row starts."""
    folded = layout.folded
    buckets: list[int] = []
    starts = [0]
    for place, numbers in zip(layout.places, measured, strict=True):
        pieces = (
            ("b", folded[max(0, place.start - _BEFORE) : place.start][::-1]),
            ("a", folded[place.end : place.end + _BEHIND]),
            ("h", folded[place.start : min(place.end, place.start + _HEAD)]),
            ("t", folded[max(place.start, place.end - _TAIL) : place.end][::-1]),
        )
        grams = [f"{side}{piece[:n]}" for side, piece in pieces for n in range(1, len(piece) + 1)]
        grams += [f"{side}w{word}" for side, piece in pieces[:3] for word in _LETTERS.findall(piece[::-1] if side == "b" else piece)]
        inside = _LETTERS.findall(folded[place.start : min(place.end, place.start + 300)])
        grams += [f"i{word}" for word in inside[:12]] + [f"e{word}" for word in inside[-2:]]
        grams += _pairings(place, numbers)
        buckets += sorted({xxhash.xxh32_intdigest(gram.encode("utf-8", "surrogatepass")) & _MASK for gram in grams})
        starts.append(len(buckets))
    return np.array(buckets, np.int64), np.array(starts, np.int64)


def _pairings(place: Place, numbers: Floats) -> list[str]:
    """What a sum of measures cannot say: a question *and* quoted, long *and* behind a verb."""
    at = dict(zip(NAMES, numbers.tolist(), strict=True))
    forms = "+".join(sorted(place.forms))
    verb = "ask" if at["verb_before_is_ask"] else "answer"
    near = _binned(min(at["ask_before"], at["answer_before"]))
    before = next((name for name, _ in _CLASSES if at[f"before_{name}"]), "letter")
    behind = next((name for name, _ in _CLASSES if at[f"behind_{name}"]), "letter")
    length = int(at["length"] * 1.5)
    speaker = next((who for who in _SPEAKERS if at[f"label_{who}"]), "nobody")
    label = _binned(at["label_distance"])
    asks = int(at["question_end"]) * 2 + int(at["question_start"] or at["opener"])
    sides = f"{before}|{behind}"
    return [
        f"F{forms}",
        f"F{forms}|{sides}",
        f"S{sides}",
        f"V{verb}{near}",
        f"V{verb}{near}|{before}",
        f"V{verb}{near}|{asks}",
        f"V{verb}{near}|{length}",
        f"L{length}",
        f"L{length}|{asks}",
        f"Q{asks}|{sides}",
        f"K{speaker}{label}",
        f"K{speaker}{label}|{length}",
        f"K{speaker}{label}|F{forms}",
        f"A{_binned(at['answer_behind'])}|{verb}{near}",
        f"B{_binned(at['ask_before'])}|{_binned(at['answer_before'])}|{_binned(at['answer_behind'])}",
        f"P{int(at['position'] * 5)}",
        f"P{int(at['position'] * 5)}|{asks}",
        f"E{int(at['sentence_end'])}|{behind}|{length}",
        f"I{int(at['in_quote'])}|{sides}|{length}",
    ]


def _binned(distance: float) -> int:
    """0 right beside, then twice as far each."""
    return 0 if distance <= 0 else int(math.log2(distance + 1)) + 1
