"""What went wrong, in the author's own words: the sentence outside all quotations that says so."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from thresher.rules.settings import Cues

Region = tuple[int, int]

_BREAK = re.compile(r"(?<=[.!?…])[\"'”»)*_]{0,3}\s+|\n+")
_FENCE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_QUOTED = re.compile(r"^[ \t]{0,3}>[^\n]*", re.MULTILINE)
_MAX_SENTENCES = 400
_MAX_STATED = 3


@dataclass(frozen=True, slots=True)
class Words:
    """A sentence of the author. ``strong``: it says that something is wrong; else it only sets something against what was said."""

    start: int
    end: int
    strong: bool


def find_claim(
    folded: str, cues: Cues, taken: Sequence[Region], *, after: int = -1, contrast: bool = False, longest: int = 400
) -> Words | None:
    """The first sentence after ``after`` that claims a failure, else the first before it. With ``contrast`` a sentence behind ``after``
    that merely contradicts will do where none says more."""
    found = list(sentences(folded, taken))
    ordered = [s for s in found if s[0] >= after] + [s for s in found if s[0] < after]
    for start, end in ordered:
        if claims(folded[start:end], cues):
            return Words(*_cut(folded, start, end, cues.claim.pattern, longest), strong=True)
    if contrast:
        for start, end in ordered:
            sentence = folded[start:end]
            if start >= after and _contradicts(sentence, cues):
                return Words(*_cut(folded, start, end, cues.contrast.pattern, longest), strong=False)
    return None


def _contradicts(sentence: str, cues: Cues) -> bool:
    """A sentence behind an answer that denies, counts, or asks back."""
    if cues.praise.search(sentence) or cues.not_claim.search(sentence):
        return False
    return cues.contrast.search(sentence) is not None or "?" in sentence or any(c.isdigit() for c in sentence)


def claims(sentence: str, cues: Cues) -> bool:
    """Whether a folded sentence says that something is wrong, after what only sounds like it is taken out."""
    return cues.claim.search(cues.not_claim.without(sentence)) is not None


def stated_answers(folded: str, cues: Cues, taken: Sequence[Region], known: Words | None) -> list[Region]:
    """Sentences in which the author says what would have been right; never a key, only words for whoever writes one."""
    found = [(s, e) for s, e in sentences(folded, taken) if cues.correct.search(folded, s, e)]
    return [r for r in found if known is None or r[0] != known.start][:_MAX_STATED]


def free_text(folded: str, taken: Sequence[Region]) -> str:
    """What the author says outside quotations, joined by line breaks."""
    return "\n".join(folded[s:e] for s, e in sentences(folded, taken))


def sentences(folded: str, taken: Sequence[Region]) -> Iterator[Region]:
    """The author's sentences: outside quotations, fences and quoted lines, in order."""
    blocked = sorted([*taken, *(m.span() for m in _FENCE.finditer(folded)), *(m.span() for m in _QUOTED.finditer(folded))])
    position, count = 0, 0
    for begin, end in [*blocked, (len(folded), len(folded))]:
        for start, stop in _split(folded, position, begin):
            count += 1
            if count > _MAX_SENTENCES:
                return
            yield start, stop
        position = max(position, end)


def _split(folded: str, begin: int, end: int) -> Iterator[Region]:
    start = begin
    for match in _BREAK.finditer(folded, begin, end) if end > begin else ():
        yield from _stripped(folded, start, match.start())
        start = match.end()
    yield from _stripped(folded, start, end)


def _stripped(folded: str, start: int, end: int) -> Iterator[Region]:
    while start < end and folded[start] in " \t\n*_#>-\"'”»“„).,;:":
        start += 1
    while end > start and folded[end - 1] in " \t\n*_“„«(":
        end -= 1
    if end - start > 2:
        yield start, end


def _cut(folded: str, start: int, end: int, pattern: re.Pattern[str], longest: int) -> Region:
    """A sentence that is too long is cut around its cue, at spaces."""
    if end - start <= longest:
        return start, end
    match = pattern.search(folded, start, end)
    middle = match.start() if match else start
    first = max(start, middle - longest // 2)
    last = min(end, first + longest)
    space = folded.find(" ", first, middle)
    first = space + 1 if first > start and space > 0 else first
    space = folded.rfind(" ", middle, last)
    return first, (space if last < end and space > middle else last)
