"""Which words of a post might be what a model was asked or what it answered: every place that structure or grammar offers.

Quotations, fences, quoted lines, labelled turns, lines, paragraphs, sentences, and pieces of sentences between a verb such as *asked* and
where the author goes on. About a hundred for a post. They are ranked by ``thresher.readers.ranking``; none is dropped for what it says.
"""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

from thresher.cues import fold
from thresher.model import Record
from thresher.rules.labels import Turn, label_marks
from thresher.rules.quotations import FENCE, INLINE, inline_group
from thresher.rules.settings import Rules
from thresher.rules.turns import find_turns

MAX_PLACES = 600
MAX_CHARS = 8000
"""Of a longer text the rest is not looked at."""
_MAX_INSIDE = 400
_SENTENCE = re.compile(
    r"[^\n]+?(?:[.!?\u2026](?=[\"'\u201d\u300d)*_]{0,3}(?:\s|$))[\"'\u201d\u300d)*_]{0,3}|[\u3002\uff01\uff1f][\u201d\u300d]?|\n|$)"
)
_PARAGRAPH = re.compile(r"(?:[^\n]+(?:\n|$))+")
_LINE = re.compile(r"[^\n]+")
_AFTER_COLON = re.compile(r"[:\uff1a][ \t*_`\"\u201c\u300c]{0,4}(?=\S)|[:\uff1a]\s{0,4}\n\s{0,8}(?=\S)")
_OPENS = re.compile(r"[,;(\u2014\u2013\uff0c\uff1b\u3001\uff08\u300a*`\"\u201c\u300c\u300e\u00ab\u201e'\u2018>\u276f]\s{0,2}| - ")
_CLOSES = re.compile(
    r"[,;:)\u2014\uff0c\uff1b\uff1a\u3001\uff09\u300b*`\"\u201d\u300d\u300f\u00bb\u2019']|[.!?\u3002\uff01\uff1f\u2026]| - |\s\("
)
_TRIM_LEFT, _TRIM_RIGHT = (
    " \t\n*_>`\"'\u201c\u201d\u2018\u2019\u00ab\u00bb\u201e\u300c\u300d\u300e\u300f(,;:\u276f\uff1a\uff0c",
    " \t\n*_`\"'\u201c\u201d\u2018\u2019\u00ab\u00bb\u201e\u300c\u300d\u300e\u300f,;:\uff0c\uff1a",
)

Part = Literal["text", "title"]


@dataclass(frozen=True)
class Verbs:
    """The words of ``words.toml`` as patterns on folded text."""

    ask: re.Pattern[str]
    answer: re.Pattern[str]
    between: re.Pattern[str]
    onward: re.Pattern[str]


@cache
def verbs() -> Verbs:
    """Read once."""
    raw = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))

    def spaced(name: str) -> str:
        words = sorted({re.escape(w).replace(r"\~", "~") for w in raw[name]}, key=lambda w: (-len(w), w))
        return r"(?<!\w)(?:" + "|".join(w[:-1] + r"\w{0,6}" if w.endswith("~") else w for w in words) + r")(?!\w)"

    def spaceless(name: str) -> str:
        return "|".join(sorted(map(re.escape, raw[name]), key=lambda w: (-len(w), w)))

    return Verbs(
        re.compile(f"{spaced('ask')}|(?:{spaceless('spaceless_ask')})"),
        re.compile(f"{spaced('answer')}|(?:{spaceless('spaceless_answer')})"),
        re.compile(rf"\s{{0,2}}(?:{spaced('between')}|{spaceless('spaceless_between')})"),
        re.compile(rf"\s(?={spaced('onward')})"),
    )


@dataclass(frozen=True, slots=True)
class Place:
    """``text[start:end]`` of one part of a record; ``forms`` say what offers it."""

    part: Part
    start: int
    end: int
    forms: frozenset[str]


@dataclass
class Layout:
    """One part of a record with all that its places are measured by."""

    part: Part
    text: str
    folded: str
    asks: list[tuple[int, int]] = field(default_factory=list)
    answers: list[tuple[int, int]] = field(default_factory=list)
    labels: list[Turn] = field(default_factory=list)
    names: list[tuple[int, int]] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)


FORMS = (
    "title",
    "quoted",
    "ticks",
    "fence",
    "quoted_lines",
    "indented",
    "line",
    "paragraph",
    "run",
    "sentence",
    "inside",
    "after_ask",
    "after_answer",
    "after_colon",
    "question",
    "opening",
    "label_line",
    "label_paragraph",
    "label_whole",
    "turn_user",
    "turn_assistant",
    "item",
)


def layouts(record: Record, rules: Rules) -> list[Layout]:
    """The text and the title of a record with their places."""
    parts: list[tuple[Part, str]] = [("text", record.text[:MAX_CHARS]), ("title", record.title[:400])]
    return [_layout(part, text, rules) for part, text in parts if text.strip()]


def _layout(part: Part, text: str, rules: Rules) -> Layout:
    folded = fold(text)
    layout = Layout(part, text, folded)
    words = verbs()
    layout.asks = [m.span() for m in words.ask.finditer(folded)]
    layout.answers = [m.span() for m in words.answer.finditer(folded)]
    layout.names = [(n.start, n.end) for n in rules.names.find(folded, limit=60)]
    layout.labels = label_marks(folded, rules)
    offered: dict[tuple[int, int], set[str]] = defaultdict(set)
    for start, end, form in _offers(layout, rules):
        start, end = _trimmed(text, start, min(end, len(text)))
        if end - start >= 2:
            offered[start, end].add(form)
    spans = sorted(offered)[:MAX_PLACES]
    layout.places = [Place(part, start, end, frozenset(offered[start, end])) for start, end in spans]
    return layout


def _offers(layout: Layout, rules: Rules) -> Iterator[tuple[int, int, str]]:
    text = layout.text
    if layout.part == "title":
        yield 0, len(text), "title"
    yield from _blocks(text)
    yield from _turns(layout, rules)
    paragraphs = [m.span() for m in _PARAGRAPH.finditer(text)]
    for i, (start, end) in enumerate(paragraphs):
        yield start, end, "paragraph"
        for j in (i + 1, i + 2):
            if j < len(paragraphs) and paragraphs[j][1] - start < 3000:
                yield start, paragraphs[j][1], "run"
    for line in _LINE.finditer(text):
        yield *line.span(), "line"
        if re.match(r"[ \t]*(?:[-*+\u2022]|\d{1,2}[.)])[ \t]+", line.group()):
            marker = re.match(r"[ \t]*(?:[-*+\u2022]|\d{1,2}[.)])[ \t]+", line.group())
            yield line.start() + (marker.end() if marker else 0), line.end(), "item"
        for colon in _AFTER_COLON.finditer(text, line.start(), line.end()):
            yield colon.end(), line.end(), "after_colon"
    for colon in re.finditer(r"[:\uff1a]\**\s*\n\s*", text):
        after = next(((s, e) for s, e in paragraphs if s <= colon.end() < e or s >= colon.end()), None)
        if after:
            yield colon.end(), after[1], "after_colon"
    sentences = [m.span() for m in _SENTENCE.finditer(text) if m.end() > m.start()]
    for i, (start, end) in enumerate(sentences):
        yield start, end, "sentence"
        if i + 1 < len(sentences) and sentences[i + 1][0] - end < 3:
            yield start, sentences[i + 1][1], "run"
        yield from _inside(layout, start, end)


def _blocks(text: str) -> Iterator[tuple[int, int, str]]:
    for quote in INLINE.finditer(text):
        group = inline_group(quote)
        yield quote.start(group), quote.end(group), "ticks" if text[quote.start()] == "`" else "quoted"
    for fence in FENCE.finditer(text) if "```" in text else ():
        yield *fence.span(1), "fence"
    if ">" in text:
        for block in re.finditer(r"(?:^[ \t]{0,3}>[^\n]*(?:\n|\Z))+", text, re.MULTILINE):
            yield *block.span(), "quoted_lines"
    for block in re.finditer(r"(?:^(?: {4}|\t)[^\n]*(?:\n|\Z))+", text, re.MULTILINE):
        yield *block.span(), "indented"


def _turns(layout: Layout, rules: Rules) -> Iterator[tuple[int, int, str]]:
    text = layout.text
    for i, mark in enumerate(layout.labels[:60]):
        line = text.find("\n", mark.start)
        paragraph = text.find("\n\n", mark.start)
        following = layout.labels[i + 1].label_start if i + 1 < len(layout.labels) else len(text)
        yield mark.start, line if line >= 0 else len(text), "label_line"
        yield mark.start, paragraph if paragraph >= 0 else len(text), "label_paragraph"
        yield mark.start, max(following, mark.start), "label_whole"
    for turn in find_turns(text, rules, rules.any_language):
        if turn.speaker in ("user", "assistant"):
            yield turn.start, turn.end, f"turn_{turn.speaker}"


def _inside(layout: Layout, start: int, end: int) -> Iterator[tuple[int, int, str]]:
    """Pieces of one sentence: from where words might begin to where they might end."""
    text, folded, words = layout.text, layout.folded, verbs()
    begins: dict[int, str] = {start: "opening"}
    for opening in _OPENS.finditer(text, start, end):
        begins.setdefault(opening.end(), "inside")
    for colon in _AFTER_COLON.finditer(text, start, end):
        begins[colon.end()] = "after_colon"
    for spans, form in ((layout.answers, "after_answer"), (layout.asks, "after_ask")):
        for verb_start, verb_end in spans:
            if start <= verb_start < end:
                for place in _after_verb(layout, verb_end, end):
                    begins[place] = form
    ends = {
        end,
        *(m.start() for m in _CLOSES.finditer(text, start + 1, end)),
        *(m.start() for m in words.onward.finditer(folded, start, end)),
    }
    ends |= {start + m.end() for m in re.finditer(r"[?\uff1f]", text[start:end])}
    stops = sorted(e for e in ends if start < e <= end)
    for begin, form in sorted(begins.items())[:24]:
        taken = 0
        for stop in stops:
            if stop - begin < 3 or stop - begin > _MAX_INSIDE:
                continue
            taken += 1
            if taken > 8 and stop != end:
                continue
            yield begin, stop, "question" if text[stop - 1] in "?\uff1f" else form


def _after_verb(layout: Layout, place: int, end: int) -> Iterator[int]:
    """Behind a verb, and behind the small words and the name that may follow it."""
    yield place
    for _ in range(4):
        name = next((e for s, e in layout.names if place <= s <= place + 2), None)
        match = verbs().between.match(layout.folded, place, end)
        if name is None and match is None:
            return
        place = name if name is not None else match.end() if match else place
        if place >= end:
            return
        yield place


def balanced(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without what stands on the other side of a lone quotation mark: words run into a quotation, or out of one."""
    lone = [start + m.start() for m in re.finditer('["\u201c\u201d]', text[start:end])]
    if len(lone) != 1:
        return start, end
    sides = _trimmed(text, start, lone[0]), _trimmed(text, lone[0] + 1, end)
    longer = max(sides, key=lambda side: side[1] - side[0])
    return longer if longer[1] - longer[0] >= (end - start) // 2 else (start, end)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start] in _TRIM_LEFT:
        start += 1
    while end > start and text[end - 1] in _TRIM_RIGHT:
        end -= 1
    return start, end
