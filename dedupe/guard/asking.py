"""Whether a text asks for something or tells something: the answer to a question is near it, and is not another wording of it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from dedupe.guard.words import ASKING, REQUESTS

Mood = Literal["asks", "tells", "either"]

_MARK = re.compile("[?\uff1f\u061f]")
_SENTENCE = re.compile(r"[.!:;\n]+")
_FIRST = re.compile(r"[^\w]*(?:(?:please|now|then|so|and|or|also|next|hi|hello|hey|ok|okay)\W+)*([a-z']+)")
_WISH = re.compile(
    r"\b(?:i|i'm|i've|im|ive|my|me|we|our|us|please|pls|plz|help|how to|wants?|needs?|like to|trying to|wonder(?:ing)?|looking for"
    r"|interested in|not sure|question)\b"
)


@lru_cache(maxsize=16384)
def mood(text: str) -> Mood:
    """``asks``: it has a question mark, or a sentence that begins as a question or a request does. ``tells``: it has neither, and nobody
    in it speaks of themselves or wishes for something, as people do who ask without asking."""
    folded = text.casefold()
    if _MARK.search(folded) or any(_requests(sentence) for sentence in _SENTENCE.split(folded)):
        return "asks"
    return "either" if _WISH.search(folded) else "tells"


def _requests(sentence: str) -> bool:
    first = _FIRST.match(sentence)
    return first is not None and (first.group(1) in REQUESTS or first.group(1) in ASKING)
