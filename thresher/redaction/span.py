"""A place in a text that is to be replaced."""

from __future__ import annotations

import re
from typing import NamedTuple

TAGS = ("KEY", "EMAIL", "CARD", "IBAN", "ID", "PHONE", "IP")
"""In the order in which they go before each other where two would replace the same characters."""
TAG = re.compile(rf"\[(?:{'|'.join(TAGS)})\]")
LONGEST_TAG = max(map(len, TAGS)) + 2


class Span(NamedTuple):
    """``text[start:end]`` becomes ``[tag]``."""

    start: int
    end: int
    tag: str
