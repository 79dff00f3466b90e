"""The names that a judge's words give to the two sides of a pair, made those of the item: Response A and Response B."""

from __future__ import annotations

import re
from typing import Final

_NOUN: Final = r"(?:ai |model )?(?:assistant|response|answer|output|chatbot|reply|summary|model|candidate)"
_SIDE: Final = re.compile(rf"(?<!\w)@?{_NOUN}[ _-]?#?(?P<side>(?-i:[12AB])|one|two)(?!\w)(?![.,]\d)", re.IGNORECASE)
_ORDINAL: Final = re.compile(rf"(?<!\w)the (?P<side>first|second) {_NOUN}(?!\w)", re.IGNORECASE)
_PLACE: Final = {"1": 0, "a": 0, "one": 0, "first": 0, "2": 1, "b": 1, "two": 1, "second": 1}


def sides_named(words: str, *, swapped: bool = False) -> str:
    """The words with every "Assistant 2", "@Response 1" or "the second answer" as Response A or B; ``swapped`` where the item shows the
    second side first."""

    def named(match: re.Match[str]) -> str:
        return f"Response {'AB'[_PLACE[match['side'].lower()] ^ swapped]}"

    return _SIDE.sub(named, _ORDINAL.sub(lambda m: f"Response {'12'[m['side'].lower() == 'second']}", words))


def names_a_side(words: str) -> bool:
    """Whether somebody's words speak of one side of a pair by its number or letter."""
    return _SIDE.search(words) is not None or _ORDINAL.search(words) is not None
