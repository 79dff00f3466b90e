"""What OCR gives: lines of text with their place and the colour behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Colour(NamedTuple):
    """Red, green and blue, 0 to 255."""

    red: int
    green: int
    blue: int

    def far_from(self, other: Colour, least: int = 10) -> bool:
        """Whether an eye tells them apart beside one another: bubbles differ from their page by as little as five per cent."""
        return max(abs(a - b) for a, b in zip(self, other, strict=True)) >= least


WHITE = Colour(255, 255, 255)


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it was read; places in pixels from the top left. ``ground`` is the colour that most of its surroundings have, ``flat``
    which part of them has it: about 1 on a bubble or a page, less over a photograph."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    confidence: float
    ground: Colour = WHITE
    flat: float = 1.0

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def middle(self) -> float:
        """Of its height."""
        return (self.top + self.bottom) / 2


@dataclass(frozen=True, slots=True)
class Sheet:
    """A picture as it was read: its size, the colour that most of its edges have, and its lines in any order."""

    width: int
    height: int
    ground: Colour
    lines: tuple[Line, ...]
