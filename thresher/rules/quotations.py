"""Quotations in a post: inline, fenced, as quoted or indented lines; and who speaks in them, by the verb before."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

from thresher.cues import Cue
from thresher.rules.labels import MAX_TURNS, Speaker, Turn
from thresher.rules.settings import Cues

INLINE = re.compile(
    r"\"([^\"\n]{1,1500})\"|\u201c([^\u201d\n]{1,1500})\u201d|\u00ab\s?([^\u00bb\n]{1,1500}?)\s?\u00bb"
    r"|\u201e([^\u201c\u201d\"\n]{1,1500})[\u201c\u201d\"]|(?<![\w`])`([^`\n]{1,1500})`(?!`)"
    r"|(?<![\w'])'([^'\n]{3,400}(?:'\w[^'\n]{0,200}){0,4})'(?!\w)|\u2018([^\u2019\n]{3,400})\u2019(?!\w)"
    r"|\u300c([^\u300d\n]{1,1500})\u300d|\u300e([^\u300f\n]{1,1500})\u300f"
)
"""A quotation inside a line, with any pair of marks; one group for each pair."""
FENCE = re.compile(r"[ \t]{0,3}```[^\n`]{0,40}\n(.*?)\n?[ \t]{0,3}```", re.DOTALL)
INDENTED = re.compile(r"(?:(?: {4}|\t)[^\n]{0,20000}(?:\n|$)|[ \t]*\n(?= {4}|\t)){1,400}")
QUOTED_LINES = re.compile(r"(?:[ \t]{0,3}>[^\n]{0,20000}(?:\n|$)){1,400}")
_BLOCKQUOTE = re.compile(r"(?:^[ \t]{0,3}>[^\n]*(?:\n|\Z))+", re.MULTILINE)
_UNQUOTE = re.compile(r"^[ \t]{0,3}>[ \t]?", re.MULTILINE)
_BY_AUTHOR = re.compile(r"(?:(?<!\w)(?:i|we|ich|wir|yo|je|nous|i then|i just|i also)|j')\s?$")
_TYPED = re.compile(r"^[ \t]{0,3}>(?:>>)?[ \t]+(\S[^\n]{0,4000})$", re.MULTILINE)
_CONSOLE = "in a console"
_QUOTE_CONTEXT = 110
_TICK_BETWEEN = 14
_MAX_BETWEEN = 48
"""From the verb to its quotation."""


def inline_group(match: re.Match[str]) -> int:
    """Which pair of marks an inline quotation has: the number of the group that holds its words."""
    return next(g for g in range(1, match.re.groups + 1) if match.group(g) is not None)


def unquoted(quotation: str) -> str:
    """A quotation without ``>`` or a common indent before its lines."""
    plain = _UNQUOTE.sub("", quotation)
    return textwrap.dedent(plain).strip() if plain.startswith((" ", "\t")) else plain.strip()


def quotations(text: str, folded: str, cues: Cues) -> Iterator[Turn]:
    """Quotations, fences and quoted blocks whose nearest verb before them says who speaks."""
    last_end = 0
    previous: Speaker | None = None
    for opening, start, end in _blocks(text):
        if opening < last_end:
            continue
        before = max(last_end, opening - _QUOTE_CONTEXT)
        paragraph = folded.rfind("\n\n", before, max(before, opening - 2))
        context = folded[paragraph + 2 if paragraph >= 0 else before : opening]
        base = opening - len(context)
        ask, answer = _last(cues.ask, context), _last(cues.answer, context)
        speaker: Speaker | None = None
        best = max(ask, answer)
        ticked = text[start - 1 : start] == "`" and text[opening : opening + 3] != "```"
        if best[1] >= 0 and len(context) - best[1] <= (_TICK_BETWEEN if ticked else _MAX_BETWEEN):
            speaker = "user" if ask[1] > answer[1] or _BY_AUTHOR.search(context[: best[0]]) else "assistant"
        elif previous == "user" and not re.search(r"\w", text[last_end:opening]):
            speaker = "assistant"
        last_end, previous = end, speaker
        if speaker:
            verb = max(best[0], 0)
            yield Turn(
                speaker,
                _clause(folded, base + verb, base) if best[0] >= 0 else opening,
                start,
                end,
                context[verb : best[1]] if best[0] >= 0 else "",
                closed=True,
            )


def console(text: str) -> list[Turn]:
    """The turns of the first fence that shows a session in a terminal: lines after ``>`` or ``>>>`` were typed, the others came back."""
    for fence in FENCE.finditer(text) if "```" in text else ():
        typed = list(_TYPED.finditer(text, fence.start(1), fence.end(1)))
        if not typed or text[fence.start(1) : typed[0].start()].strip():
            continue
        turns: list[Turn] = []
        for i, line in enumerate(typed[:MAX_TURNS]):
            turns.append(Turn("user", line.start(), line.start(1), line.end(1), _CONSOLE, closed=True))
            begin, end = line.end(), typed[i + 1].start() if i + 1 < len(typed) else fence.end(1)
            answer = text[begin:end]
            if answer.strip():
                begin += len(answer) - len(answer.lstrip())
                turns.append(Turn("assistant", begin, begin, begin + len(answer.strip()), _CONSOLE, closed=True))
        if any(t.speaker == "assistant" for t in turns):
            return turns
    return []


def quoted_blocks(text: str) -> list[tuple[int, int]]:
    """Quoted lines and inline quotations, whoever speaks; fences are left out, they hold code more often than prompts."""
    fences = [m.span() for m in FENCE.finditer(text)] if "```" in text else []
    return [(s, e) for _, s, e in _blocks(text) if not any(a <= s < b for a, b in fences)]


def _blocks(text: str) -> list[tuple[int, int, int]]:
    """Where each quotation begins with its marks, and its words."""
    blocks = [(m.start(), m.start(g), m.end(g)) for m in INLINE.finditer(text) for g in (inline_group(m),)]
    if "```" in text:
        blocks += [(m.start(), m.start(1), m.end(1)) for m in FENCE.finditer(text)]
    if ">" in text:
        blocks += [(m.start(), m.start(), m.end()) for m in _BLOCKQUOTE.finditer(text)]
    return sorted(blocks)[:MAX_TURNS]


def _last(cue: Cue, context: str) -> tuple[int, int]:
    last = (-1, -1)
    for match in cue.finditer(context):
        last = match.span()
    return last


def _clause(folded: str, position: int, least: int) -> int:
    """Where the clause around a verb begins: after the last full stop or line break before it."""
    return max(least, *(folded.rfind(mark, least, position) + 1 for mark in (". ", "! ", "? ", "\n")))
