"""A text without its pictures."""

from __future__ import annotations

import re
from functools import lru_cache

from thresher.rules.exercise_tasks import PICTURE

_ALT = r"\[figure\b:?(?P<alt>(?:[^\[\]]|\[[^\[\]]{0,200}\]){0,3000}\]|[^\n]{0,6000}?\](?=\n|\Z|\s\|))"
_NUMBER = r"figure\s[\d.-]{1,8}:"
_TITLED = rf"{_NUMBER}(?:\s*|[^\n\[]{{1,120}}\n)"
SHOWN = re.compile(rf"(?:{_TITLED})?{_ALT}", re.IGNORECASE)
"""A picture, and the number and title before it."""
_CAPTIONED = re.compile(
    rf"(?:(?<=\n)|\A)(?:{_TITLED}{_ALT}\n(?=[^\s|])|{_ALT.replace('alt', 'plain')}\n(?![\W\d]|\w[.)]\s))[^\n]{{1,900}}(?=\n|\Z)",
    re.IGNORECASE,
)
"""A picture with the line below it."""
_LABEL_FIRST = re.compile(r"\AFigure\s\d{1,3}\s(?=[A-Z¿])")
_GAP = re.compile(r"\n{3,}")


@lru_cache(maxsize=64)
def without_captions(text: str) -> str:
    """A text without its pictures, their numbers and the lines below them."""
    if "[" not in text or PICTURE.search(text) is None:
        return text
    return _GAP.sub("\n\n", SHOWN.sub("", _CAPTIONED.sub("", text))).strip()


def without_descriptions(text: str) -> str:
    """A text with ``[figure]`` in the place of every picture's description: what a description says is no part of the task."""
    if "[" not in text or PICTURE.search(text) is None:
        return text
    return SHOWN.sub(lambda m: m.group().replace(m["alt"], "]") if m["alt"] else m.group(), text)


def without_label(text: str) -> str:
    """A text without the name of its picture before its first sentence: ``Figure 8 The membrane is``."""
    return _LABEL_FIRST.sub("", text)
