"""A place in a text that is to be replaced."""

from __future__ import annotations

from typing import NamedTuple


class Span(NamedTuple):
    """``text[start:end]`` becomes ``[tag]``."""

    start: int
    end: int
    tag: str
