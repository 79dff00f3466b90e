"""Labels that say who speaks next: a word before a colon (``Me:``, ``**ChatGPT:**``), a clause before one (``I asked it:``), or a word
alone on a line (``## Prompt``)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from thresher.names import Names
from thresher.rules.settings import Rules

Speaker = Literal["user", "assistant", "other", "somebody"]
_COLON = re.compile('[:\uff1a](?=[\\s*_`"\u201c\u00ab\u201e\u300c\u300e]|$)|\uff1a|(?<=\\w)>(?=[ \\t])')
_BARE = re.compile(r"^[ \t>]{0,6}(?:#{1,6}[ \t]{1,3}|\*\*|__)?[ \t]{0,2}([^\n:*_#]{1,40}?)[ \t]{0,2}(?:\*\*|__)?[ \t]{0,2}$", re.MULTILINE)
_DECORATION = re.compile(r"[\s>*_#\-•|\d.)(\[\]`~]{0,14}")
_AFTER_SENTENCE = re.compile(r"(?:[.!?…\"”»)\]:;,]|\n)[\s*_>-]{0,5}$")
_OPENING = re.compile(r"[\s*_]{0,6}")
_SOMEBODY = re.compile(r"[\s>*_#\-•\d.)]{0,10}([^\W\d_][\w.' -]{1,24})(?:\*\*|__)?$")
_ANSWER_FOLLOWS = re.compile(r"[?.\"”]\s+a:\s")
_MAX_QUESTION = 600
NOT_A_PERSON = frozenset(
    {"input", "output", "result", "query", "entrada", "salida", "eingabe", "ausgabe", "entrée", "sortie", "got", "task", "instruction"}
)
"""Labels that stand in code and in reports as well: no stranger speaks beside them."""
_PERSONS = frozenset({"me", "user", "human", "assistant", "ai", "bot", "a", "q", "chatbot", "model", "ich", "moi", "yo", "ki", "ia"})
MAX_TURNS = 200
_LOOK_BACK = 60
_LAST_WORD = 30


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn: ``label_start`` is where its label begins, its words are ``text[start:end]``."""

    speaker: Speaker
    label_start: int
    start: int
    end: int
    label: str = ""
    closed: bool = False
    """Its end is written in the text (quotation marks, a fence, a quoted block)."""
    prose: bool = False
    """Its label is a clause of the author's ("it answered:"), so the author may go on in the same line."""


def label_marks(folded: str, rules: Rules) -> list[Turn]:
    """Every label in folded text, in order, as a turn whose end is not known yet."""
    return _known(sorted(_labels(folded, rules), key=lambda t: t.start))


def _labels(folded: str, rules: Rules) -> Iterator[Turn]:
    previous: Turn | None = None
    bare = {m.start(1): m for m in _BARE.finditer(folded)} if "\n" in folded else {}
    found = [(m.start(), m.end(), False) for m in _COLON.finditer(folded)] + [(m.end(1), m.end(), True) for m in bare.values()]
    for count, (colon, end, is_bare) in enumerate(sorted(found)):
        if count > 4 * MAX_TURNS:
            return
        turn = _bare_label(folded, colon, end, rules) if is_bare else _label_before(folded, colon, end, rules, previous)
        if turn is not None and (previous is None or turn.start > previous.start):
            previous = turn
            yield turn


def _known(marks: list[Turn]) -> list[Turn]:
    """Labels that no list knows (``Nephew:``, ``Fridge:``) speak where the other speaker is right beside them; else they are no labels."""
    known: list[Turn] = []
    for i, mark in enumerate(marks):
        if mark.speaker != "somebody":
            known.append(mark)
            continue
        before = known[-1].speaker if known else None
        after = marks[i + 1].speaker if i + 1 < len(marks) else None
        if before == "user" and after != "assistant" and known[-1].label not in NOT_A_PERSON:
            known.append(replace(mark, speaker="assistant"))
        elif after == "assistant" and before != "user" and marks[i + 1].label not in NOT_A_PERSON:
            known.append(replace(mark, speaker="user"))
    return known


def _label_before(folded: str, colon: int, end: int, rules: Rules, previous: Turn | None) -> Turn | None:
    begin = max(0, colon - _LOOK_BACK)
    newline = folded.rfind("\n", begin, colon)
    window = folded[newline + 1 if newline >= 0 else begin : colon]
    offset = colon - len(window)
    best: Turn | None = None
    possible = rules.labels.last_word.pattern.search(window[-_LAST_WORD:]) is not None or rules.names.find(window, 1)
    for speaker, pattern, prose in _patterns(rules) if possible else ():
        match = pattern.search(window)
        if match is None or (best is not None and best.label_start <= offset + match.start(1)):
            continue
        start = offset + match.start(1)
        opens_line = (newline >= 0 or begin == 0) and _DECORATION.fullmatch(window[: match.start(1)]) is not None
        if opens_line or prose or _may_stand_inside(folded, start, match.group(1), speaker, previous, rules.names):
            best = Turn(speaker, start, _skip(folded, end), len(folded), match.group(1), prose=prose)
    if best is not None:
        line = folded.rfind("\n", 0, best.label_start) + 1
        return replace(best, label_start=line) if _DECORATION.fullmatch(folded, line, best.label_start) else best
    somebody = _SOMEBODY.fullmatch(window) if newline >= 0 or begin == 0 else None
    if somebody and somebody.group(1).count(" ") < 3:
        return Turn("somebody", offset, _skip(folded, end), len(folded), somebody.group(1))
    return None


def _patterns(rules: Rules) -> tuple[tuple[Speaker, re.Pattern[str], bool], ...]:
    labels = rules.labels
    return (
        ("user", labels.asked.pattern, True),
        ("assistant", labels.answered.pattern, True),
        ("other", labels.other.pattern, False),
        ("assistant", labels.assistant.pattern, False),
        ("user", labels.user.pattern, False),
    )


def _may_stand_inside(folded: str, start: int, label: str, speaker: Speaker, previous: Turn | None, names: Names) -> bool:
    """Inside a line a label needs the end of a sentence before it, or, after the other speaker, the name of a person or a model."""
    before = folded[max(0, start - 8) : start]
    if label == "q" and _ANSWER_FOLLOWS.search(folded, start, start + _MAX_QUESTION):
        return _AFTER_SENTENCE.search(before) is not None
    answers = previous is not None and previous.speaker != speaker and "\n" not in folded[previous.start : start]
    if _AFTER_SENTENCE.search(before):
        return answers or len(label) > 1
    return answers and before.endswith((" ", "*", "_")) and (label in _PERSONS or bool(names.find(label, 1)))


def _bare_label(folded: str, end_of_label: int, end: int, rules: Rules) -> Turn | None:
    line_start = folded.rfind("\n", 0, end_of_label) + 1
    line = folded[line_start:end]
    label = _DECORATION.sub("", line[: end_of_label - line_start], count=1)
    decorated = "#" in line or "*" in line or "__" in line
    alone = decorated or (folded[max(0, line_start - 2) : line_start] in {"", "\n\n"} and end < len(folded))
    if len(label) < 2 or not alone:
        return None
    for speaker, pattern, _ in _patterns(rules):
        match = pattern.fullmatch(label)
        if match:
            return Turn(speaker, line_start, _skip(folded, end), len(folded), match.group(1))
    return None


def _skip(folded: str, position: int) -> int:
    match = _OPENING.match(folded, position)
    return match.end() if match else position
