"""A text without its pictures."""

from __future__ import annotations

import re

from thresher.rules.exercise_tasks import PICTURE

_ALT = r"\[figure\b:?(?P<alt>(?:[^\[\]]|\[[^\[\]]{0,200}\]){0,3000}\]|[^\n]{0,6000}?\](?=\n|\Z|\s\|))"
_NUMBER = r"figure\s[\d.-]{1,8}:"
SHOWN = re.compile(rf"(?:{_NUMBER}?\s*)?{_ALT}", re.IGNORECASE)
"""A picture, and the number before it."""
_CAPTIONED = re.compile(
    rf"(?:(?<=\n)|\A)(?:{_NUMBER}\s*{_ALT}\n(?=[^\s|])|{_ALT.replace('alt', 'plain')}\n(?![\W\d]|\w[.)]\s))[^\n]{{1,900}}(?=\n|\Z)",
    re.IGNORECASE,
)
"""A picture with the line below it."""
_GAP = re.compile(r"\n{3,}")


def without_captions(text: str) -> str:
    """A text without its pictures, their numbers and the lines below them."""
    if PICTURE.search(text) is None:
        return text
    return _GAP.sub("\n\n", SHOWN.sub("", _CAPTIONED.sub("", text))).strip()
