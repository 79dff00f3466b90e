"""Who says what inside a post: the turns of a quoted conversation, as spans of the text.

A turn begins at a label: a word before a colon (``Me:``, ``**ChatGPT:**``, ``I asked it:``), a word alone on a line (``## Prompt``), or a
quotation after a verb (``I asked "..." and it said "..."``). It ends where the next turn begins, where its quotation, fence or quoted
block ends, or where the author speaks again.
"""

from __future__ import annotations

import re
from dataclasses import replace

from thresher.cues import fold
from thresher.rules.labels import MAX_TURNS, Turn, label_marks
from thresher.rules.quotations import FENCE, INDENTED, INLINE, QUOTED_LINES, console, inline_group, quotations, unquoted
from thresher.rules.settings import Cues, Rules

_CONTINUES = re.compile(r"\s*(?:[-*+•] |\d{1,3}[.)] |#{1,6} |```|\||> |\*\*[^\n]{0,80}\*\*:?\s*(?:\n|$))")
_FIRST_PERSON = re.compile(r"(?<!\w)(?:i|i'm|i'd|i've|my|me|we|our|it's|its|it|ich|mein\w{0,2}|je|j'ai|mon|yo|mi|me)(?!\w)")
_PARAGRAPH = re.compile(r"\n(?:[ \t]*\n)?")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_ASSISTANT_VOICE = re.compile(
    r"\s*(?:i apologi[sz]e|apologies|my apologies|i'm sorry|sorry,? (?:for|but)|you're (?:absolutely )?right"
    r"|you are (?:absolutely )?(?:right|correct)|i made (?:a|an) |as an ai|i'm an ai|certainly|sure[,!])"
)
_SHORT_REST = 500
"""So little text after the first paragraph of an answer is the author's comment, not more answer."""


def words(text: str, turn: Turn) -> str:
    """What was said, without the marks of a quoted block."""
    return unquoted(text[turn.start : turn.end])


def find_turns(text: str, rules: Rules, cues: Cues) -> list[Turn]:
    """The turns in order; without labels for both speakers, quotations after verbs are taken too."""
    folded = fold(text)
    labelled = _bounded(text, folded, label_marks(folded, rules), cues)
    if not any(t.speaker == "user" for t in labelled) and (session := console(text)):
        return session
    spoken = {t.speaker for t in labelled}
    if {"user", "assistant"} <= spoken:
        return labelled
    quoted = list(quotations(text, folded, cues))
    if not quoted:
        return labelled
    inside = [t for t in labelled if t.closed]
    free = [q for q in quoted if not any(t.start - 4 <= q.start < t.end + 4 for t in inside)]
    marks = sorted([*(replace(t, end=len(text)) if not t.closed else t for t in labelled), *free], key=lambda t: (t.label_start, t.start))
    return _bounded(text, folded, marks, cues)


def _bounded(text: str, folded: str, marks: list[Turn], cues: Cues) -> list[Turn]:
    """The same turns, each ending where it does."""
    turns: list[Turn] = []
    for i, mark in enumerate(marks[:MAX_TURNS]):
        if turns and turns[-1].closed and mark.start < turns[-1].end:
            continue
        if mark.closed:
            turns.append(mark)
            continue
        limit = marks[i + 1].label_start if i + 1 < len(marks) else len(text)
        turns.append(_end_of(text, folded, mark, max(limit, mark.start), cues))
    return [t for t in turns if text[t.start : t.end].strip(' \t\n>*_"')]


def _end_of(text: str, folded: str, mark: Turn, limit: int, cues: Cues) -> Turn:
    line_start = text.rfind("\n", 0, mark.start) + 1
    own_line = not text[line_start : mark.start].strip()
    fence = FENCE.match(text, line_start if own_line else mark.start, limit)
    if fence and fence.start(1) >= mark.start:
        return replace(mark, start=fence.start(1), end=fence.end(1), closed=True)
    if own_line and (block := QUOTED_LINES.match(text, line_start, limit) or INDENTED.match(text, line_start, limit)):
        return replace(mark, start=block.start(), end=_trim(text, block.start(), block.end()), closed=True)
    if quote := INLINE.match(text, mark.start, limit):
        ends = re.match(
            r"[\s.,;!?*_]*(?:\n|$|[A-Z(\"“])" if mark.speaker == "user" else r"[\s.,;!?*_]|$", text[quote.end() : quote.end() + 12]
        )
        if ends and len(quote.group()) > 3:
            group = inline_group(quote)
            return replace(mark, start=quote.start(group), end=quote.end(group), closed=True)
    label_line = text.rfind("\n", 0, mark.label_start + 1) + 1
    if text[label_line : label_line + 4].lstrip().startswith(">") and (block := QUOTED_LINES.match(text, label_line, limit)):
        return replace(mark, end=_trim(text, mark.start, max(block.end(), mark.start)), closed=True)
    closing = text.find("\n```", mark.start, limit)
    if closing >= 0 and text.count("```", 0, mark.start) % 2 == 1:
        return replace(mark, end=closing, closed=True)
    return replace(mark, end=_trim(text, mark.start, _author_again(folded, mark, limit, cues, last=limit == len(text))))


def _author_again(folded: str, mark: Turn, limit: int, cues: Cues, *, last: bool) -> int:
    """Where, after the first line, the author comments on what was said; the limit where nowhere.

    In a turn with a label, at the start of a paragraph or line; after "it said:", at any sentence of the first line.
    """
    breaks = {m.end(): m.group().count("\n") > 1 for m in _PARAGRAPH.finditer(folded, mark.start, limit)}
    if mark.prose or not breaks:
        first_line = min([limit, *breaks])
        breaks = {m.end(): False for m in _SENTENCE_END.finditer(folded, mark.start, min(first_line, mark.start + 2000))} | breaks
    fences = [m.span() for m in FENCE.finditer(folded, mark.start, limit)] if "```" in folded[mark.start : limit] else []
    for begin, paragraph in sorted(breaks.items())[:400]:
        if begin >= limit or any(a <= begin < b for a, b in fences):
            continue
        head = folded[begin : min(begin + 200, limit)].lstrip(" *_>-#")
        if folded[begin : begin + 1] == "(" and mark.speaker == "assistant":
            return begin
        stop = re.search(r"[.!?](?=\s|$)|\n", head)
        sentence = head[: stop.start() + 1] if stop else head
        if _ASSISTANT_VOICE.match(sentence):
            continue
        if _comments(sentence, head, mark, cues, paragraph=paragraph):
            return begin
        if mark.speaker == "assistant" and last and paragraph and limit - begin <= _SHORT_REST and not _CONTINUES.match(folded, begin):
            return begin
    return limit


def _comments(sentence: str, head: str, mark: Turn, cues: Cues, *, paragraph: bool) -> bool:
    """Whether the author speaks in a sentence that begins a line after a turn."""
    opens = cues.commentary.match(sentence) is not None
    if mark.speaker == "user":
        return (opens or paragraph) and cues.answer.search(sentence) is not None and "?" not in sentence and not _CONTINUES.match(head)
    if len(sentence) < 60 and sentence.split(" ", 1)[0].strip(".,!:") in {"wrong", "nope", "lol", "wtf", "incorrect", "falsch", "faux"}:
        return True
    against = cues.claim.search(sentence) or cues.correct.search(sentence)
    if opens and (against or "?" in sentence or (len(sentence) < 60 and any(c.isdigit() for c in sentence))):
        return True
    return (
        paragraph
        and not _CONTINUES.match(head)
        and bool(against or cues.contrast.search(sentence))
        and _FIRST_PERSON.search(head) is not None
    )


def _trim(text: str, start: int, end: int) -> int:
    while end > start and text[end - 1] in " \t\n*_#->":
        end -= 1
    return end
