"""Lines of a screenshot put into turns: by the names above them, else by the side and the colour of their bubbles.

A conversation is seen where somebody asks and somebody answers, in this order. Names decide where both speakers have one, or the answer
has one and something stands above it. Else a block at the right with a colour of its own is the user's, what stands at the left the
model's; without a right side, two colours take turns and the first is the user's. What shows neither is no conversation.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from thresher.names import Names
from thresher.pictures.chrome import Speaker, is_chrome, is_clock, label_of, name_of
from thresher.pictures.lines import Line, Sheet

FLAT = 0.5
"""Of what surrounds a line, below which it stands on a photograph."""
LEGIBLE, CLEAR = 0.7, 0.85
"""Of the length of all lines, the part that must be read with this confidence; below, it is in a script that OCR does not know: what it
makes of Korean has about .75, and fewer characters."""
_BAR = 0.15
"""Of the height of a picture, where the bar of a telephone stands."""
_SMALL = 0.66
"""Of the median height of lines: smaller ones tell times and terms of use."""
_NEAR = 1.2
"""In heights of a line: fragments of one row that are nearer than this are one line."""
_GAP = 0.9
"""In heights of a line, the space between two blocks."""
_PARAGRAPH = 0.5
"""The same between two paragraphs of one block."""
_INITIALS = 2
_RIM = "()[]{}|.,"
"""What OCR makes of the circle around initials."""
_AWAY = 2.0
"""The same between a conversation and what stands below it."""
_SHIFTED = 0.08
"""Of the width of the conversation, by which a block at the right is moved away from the left."""
_MIN_ASKED, _MIN_ANSWERED = 4, 1
_ITEM = re.compile(r"(?:[-*\u2022\u00b7\u25aa\u25e6o]|\d{1,2}[.)]|[a-z]\))\s+\S", re.IGNORECASE)
_ENDS = re.compile("[.!?:;\u2026\u3002\uff01\uff1f\uff1a][\\s\"')\u201d\u300d]*$")
_WIDE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]")


@dataclass(frozen=True, slots=True)
class Turn:
    """What one speaker says; ``confidence`` is the mean of its lines by their characters."""

    speaker: Speaker
    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Conversation:
    """Turns from the first question on, in turn. ``model`` is the name that the picture shows; empty where it shows none."""

    turns: tuple[Turn, ...]
    model: str = ""


@dataclass(frozen=True, slots=True)
class NoConversation:
    """Why a picture gives none: ``no_text``, ``illegible``, ``no_conversation``."""

    reason: str


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines that belong together: one bubble, or a paragraph."""

    lines: tuple[Line, ...]

    @property
    def left(self) -> float:
        return min(line.left for line in self.lines)

    @property
    def right(self) -> float:
        return max(line.right for line in self.lines)

    @property
    def top(self) -> float:
        return self.lines[0].top

    @property
    def bottom(self) -> float:
        return self.lines[-1].bottom

    @property
    def text(self) -> str:
        return " ".join(line.text for line in self.lines)


def conversation(sheet: Sheet, names: Names, confidence: float) -> Conversation | NoConversation:
    """The conversation that a picture shows. Lines with less than ``confidence`` are left out."""
    lines = [line for line in sheet.lines if line.text.strip()]
    if not lines:
        return NoConversation("no_text")
    clear = [line for line in lines if line.confidence >= confidence]
    if sum(line.width for line in lines if line.confidence >= CLEAR) < LEGIBLE * sum(line.width for line in lines):
        return NoConversation("illegible")
    rows = _rows([line for line in _below_bar(clear, sheet.height) if line.flat >= FLAT and not is_clock(line.text)])
    model = next((name for row in rows if (name := name_of(row.text, names))), "")
    turns = _by_names(rows, names) or _by_sides(rows, sheet, names)
    return Conversation(tuple(turns), model) if turns else NoConversation("no_conversation")


def _below_bar(lines: Sequence[Line], height: int) -> list[Line]:
    """Without the bar at the top of a telephone: what stands in a row with its clock."""
    bars = [line.middle for line in lines if is_clock(line.text) and line.middle < _BAR * height]
    return [line for line in lines if all(abs(line.middle - bar) > 0.6 * line.height for bar in bars)]


def _rows(lines: Sequence[Line]) -> list[Line]:
    """In reading order, fragments of one row joined where they are near and on the same ground."""
    rows: list[Line] = []
    for line in sorted(lines, key=lambda one: (one.top, one.left)):
        at = next((i for i in range(len(rows) - 1, max(-1, len(rows) - 5), -1) if _continues(rows[i], line)), None)
        if at is None:
            rows.append(line)
        else:
            rows[at] = _joined(*sorted((rows[at], line), key=lambda one: one.left))
    order = sorted(rows, key=lambda one: one.middle)
    placed: list[list[Line]] = []
    for row in order:
        if placed and row.middle - placed[-1][0].middle < 0.5 * min(row.height, placed[-1][0].height):
            placed[-1].append(row)
        else:
            placed.append([row])
    return [row for beside in placed for row in _without_face(sorted(beside, key=lambda one: one.left))]


def _without_face(beside: list[Line]) -> list[Line]:
    """Without the initials in the small picture of who speaks, which stand before what is said."""
    return beside[1:] if len(beside) > 1 and _are_initials(beside[0].text.strip()) else beside


def _are_initials(text: str) -> bool:
    letters = text.strip(_RIM)
    if not 1 <= len(letters) <= _INITIALS or (len(letters) == 1 and letters != text):  # "A." begins an option
        return False
    return letters.isascii() and letters.isalpha() and letters.isupper()


def _continues(row: Line, line: Line) -> bool:
    height = min(row.height, line.height)
    if abs(row.middle - line.middle) > 0.4 * height or row.ground.far_from(line.ground):
        return False
    if _are_initials(min(row, line, key=lambda one: one.left).text.strip()):
        return False
    return -0.3 * height <= max(line.left - row.right, row.left - line.right) <= _NEAR * height


def _joined(one: Line, other: Line) -> Line:
    length = len(one.text) + len(other.text)
    sure = (one.confidence * len(one.text) + other.confidence * len(other.text)) / length
    return replace(one, text=f"{one.text} {other.text}", top=min(one.top, other.top), right=max(one.right, other.right),
                   bottom=max(one.bottom, other.bottom), confidence=sure)  # fmt: skip


def _by_names(rows: Sequence[Line], names: Names) -> list[Turn]:
    """Turns below names, or beside them."""
    labels = [(i, speaker) for i, row in enumerate(rows) if (speaker := label_of(row.text, names))]
    speakers = {speaker for _, speaker in labels}
    body = _body(rows, names)
    if not labels or speakers == {"user"}:
        return []
    first = labels[0][0]
    if speakers == {"assistant"} and not any(row in body for row in rows[:first]):
        return []
    spoken: list[tuple[Speaker, list[Line]]] = [("user", [])]
    marks = dict(labels)
    for i, row in enumerate(rows):
        if i in marks:
            spoken.append((marks[i], []))
        elif row in body and (i > first or speakers == {"assistant"}):
            spoken[-1][1].append(row)
    return _in_turn([(speaker, _without_foot(_blocks(said))) for speaker, said in spoken if said])


def _body(rows: Sequence[Line], names: Names) -> list[Line]:
    """The rows that may be words of the conversation."""
    kept: list[Line] = []
    for row in rows:
        in_sentence = bool(kept) and _is_next(kept[-1], row) and _ENDS.search(kept[-1].text) is None
        if in_sentence or (not is_chrome(row.text, names) and label_of(row.text, names) is None):
            kept.append(row)
    if not kept:
        return []
    usual = median(row.height for row in kept)
    return [row for row in kept if row.height >= _SMALL * usual]


def _is_next(before: Line, row: Line) -> bool:
    """Whether a row stands right below another, on the same ground and beginning at the same place."""
    near = -0.5 * row.height < row.top - before.bottom < _PARAGRAPH * min(row.height, before.height)
    return near and abs(row.left - before.left) < row.height and not row.ground.far_from(before.ground)


def _blocks(rows: Sequence[Line]) -> list[_Block]:
    """Rows under one another on the same ground, without a gap."""
    blocks: list[list[Line]] = []
    for row in rows:
        last = blocks[-1][-1] if blocks else None
        beside = last is not None and row.top - last.bottom <= _GAP * min(row.height, last.height)
        if last is not None and beside and not row.ground.far_from(last.ground):
            blocks[-1].append(row)
        else:
            blocks.append([row])
    return [_Block(tuple(block)) for block in blocks]


def _by_sides(rows: Sequence[Line], sheet: Sheet, names: Names) -> list[Turn]:
    """Turns by the side and the ground of their blocks."""
    blocks = _without_foot(_blocks(_body(rows, names)))
    if len(blocks) < 2:
        return []
    left, right = min(b.left for b in blocks), max(b.right for b in blocks)
    sides = [_side(block, left, right) for block in blocks]
    placed = [(block, side) for block, side in zip(blocks, sides, strict=True) if side != "middle" or _coloured(block, sheet)]
    asked = [block for block, side in placed if side == "right"]
    answered = [block for block, side in placed if side != "right"]
    grounds = [block.lines[0].ground for block in asked if _coloured(block, sheet)]
    if any(not block.lines[0].ground.far_from(ground) for block in answered for ground in grounds) and (two := _by_grounds(blocks)):
        return two  # one colour at both sides: what looks like a side is the length of a line
    if asked and answered and (all(_coloured(b, sheet) for b in asked) or all(_coloured(b, sheet) for b in answered)):
        return _in_turn([("user" if side == "right" else "assistant", [block]) for block, side in placed])
    return [] if asked else _by_grounds([block for block, _ in placed])


def _side(block: _Block, left: float, right: float) -> str:
    before, behind = block.left - left, right - block.right
    if before <= _SHIFTED * (right - left):
        return "left"
    if behind < 0.5 * before:
        return "right"
    return "middle" if before < 2 * behind else "left"


def _coloured(block: _Block, sheet: Sheet) -> bool:
    return block.lines[0].ground.far_from(sheet.ground)


def _by_grounds(blocks: Sequence[_Block]) -> list[Turn]:
    """Two colours that take turns; the first is the user's."""
    first = blocks[0].lines[0].ground
    others = [block for block in blocks if block.lines[0].ground.far_from(first)]
    if not others or any(block.lines[0].ground.far_from(others[0].lines[0].ground) for block in others):
        return []
    return _in_turn([("assistant" if block in others else "user", [block]) for block in blocks])


def _without_foot(blocks: list[_Block]) -> list[_Block]:
    """Without a last short line that stands far below, or on a ground that no other has: a field to type in, a notice."""
    if len(blocks) < 3 or len(blocks[-1].lines) > 1:
        return blocks
    last, before = blocks[-1], blocks[-2]
    away = last.top - before.bottom > _AWAY * last.lines[0].height
    alone = all(last.lines[0].ground.far_from(block.lines[0].ground) for block in blocks[:-1])
    return blocks[:-1] if (away or alone) and len(last.text.split()) <= 6 and len(last.text) <= 40 else blocks


def _in_turn(spoken: Sequence[tuple[Speaker, list[_Block]]]) -> list[Turn]:
    """One turn for each run of one speaker, from the first question on; none where nobody answers it."""
    runs: list[tuple[Speaker, list[_Block]]] = []
    for speaker, blocks in spoken:
        if runs and runs[-1][0] == speaker:
            runs[-1][1].extend(blocks)
        elif runs or speaker == "user":
            runs.append((speaker, list(blocks)))
    turns = [_turn(speaker, blocks) for speaker, blocks in runs if blocks]
    if len(turns) < 2 or _letters(turns[0].text) < _MIN_ASKED or _letters(turns[1].text) < _MIN_ANSWERED:
        return []
    return turns


def _letters(text: str) -> int:
    return sum(character.isalnum() for character in text) + sum(1 for _ in _WIDE.finditer(text))


def _turn(speaker: Speaker, blocks: Sequence[_Block]) -> Turn:
    lines = [line for block in blocks for line in block.lines]
    length = sum(len(line.text) for line in lines)
    edge = max(line.right for line in lines)
    text = "\n\n".join(_text(block, edge) for block in blocks)
    return Turn(speaker, text, sum(line.confidence * len(line.text) for line in lines) / length)


def _text(block: _Block, edge: float) -> str:
    """The lines of a block, those put together again that were broken where the width ended."""
    text = block.lines[0].text
    for before, line in zip(block.lines, block.lines[1:], strict=False):
        width = (line.right - line.left) / max(1, len(line.text))
        word = 1.5 if _WIDE.match(line.text) else len(line.text.split(" ", 1)[0]) + 1
        if line.top - before.bottom > _PARAGRAPH * min(line.height, before.height):
            text += "\n\n"
        elif _ITEM.match(line.text) or before.right + word * width < edge - width:
            text += "\n"
        elif not (_WIDE.search(before.text[-1:]) or _WIDE.match(line.text)):
            text += " "
        text += line.text
    return text
