"""Whether a text can stand alone: nothing that it needs lies in a picture, a file or an earlier conversation."""

from __future__ import annotations

import re

from thresher.cues import fold
from thresher.rules.outcome import Reason
from thresher.rules.settings import Cues

IMAGE = re.compile(r"\[image(?::[^\]\n]{0,300})?\]|!\[[^\]\n]{0,300}\]\([^)\s]{0,2000}[^)\n]{0,300}\)|<img\b")
LINK = re.compile(r"https?://[^\s)>\]]{1,2000}")
_WORD = re.compile(r"[^\W\d_]+")
_BRINGS_ITS_OWN = 160
"""A prompt this long that says "my essay" most likely holds the essay."""
_FOLLOWS = re.compile(r":(?!//|\s*https?:)\s*\S|[\"\u201c`\n]")
"""What stands behind the words that name a thing where the thing itself follows: a colon, a quotation, a new line."""


def leans_on(text: str, cues: Cues) -> tuple[Reason, str] | None:
    """What a prompt needs and does not hold, as a reason and the words that say so; None where it stands alone."""
    if IMAGE.search(text):
        return "needs_picture", "image"
    folded = fold(text)
    if (match := cues.pictures.search(folded)) and not folded.startswith(" of ", match.end()):
        return "needs_picture", match.group()
    if (
        len(text) < _BRINGS_ITS_OWN
        and "```" not in text
        and (match := cues.absent.search(folded))
        and not _FOLLOWS.search(text, match.end())
    ):
        return "not_self_contained", match.group()
    return None


def count_words(text: str) -> int:
    """Words of letters in any script; a run of a script without spaces counts by its characters in pairs."""
    return sum(1 if m.group().isascii() or len(m.group()) < 12 else max(1, len(m.group()) // 2) for m in _WORD.finditer(text))


def link_share(text: str) -> tuple[float, int]:
    """Which part of the text is addresses, and how many there are."""
    lengths = [m.end() - m.start() for m in LINK.finditer(text)]
    return (sum(lengths) / len(text) if text else 0.0), len(lengths)
