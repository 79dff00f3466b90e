"""What stands on a screen besides a conversation: clocks, buttons, fields to type in, and the names above turns."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

from thresher.cues import fold
from thresher.names import Names

Speaker = Literal["user", "assistant"]
_CLOCK = re.compile(
    r"(?:[a-z]{3,9}\.?,? ?)?\d{1,2}(?::\d\d(?::\d\d)?(?: ?[ap]\.?m\.?)?|(?:\.\d\d)? ?[ap]\.?m\.?)[\s\u2713\u2714\u221av/]*", re.IGNORECASE
)
"""A number alone is none: it may be all that a model answers."""
_STAMP = re.compile(
    r"[\s\u00b7,|-]+(?:(?:today|yesterday|heute|gestern|hoy|ayer|hier|aujourd'hui|[^\W\d]{3}|\d{1,4}[./-]\d{1,2}(?:[./-]\d{1,4})?|\u4eca\u5929|\u6628\u5929|"
    r"\u4eca\u65e5|\u6628\u65e5)[\s,]*)?(?:(?:at|um|\u00e0|a las)\s+)?\d{1,2}:\d\d(?::\d\d)?(?: ?[ap]\.?m\.?)?\s*$",
    re.IGNORECASE,
)
"""When something was said, behind the name of who said it."""
_BAR = re.compile(
    r"(?:\d{1,3} ?%|[345]g\+?|lte|wifi|\d{1,2} ?/ ?\d{1,2}|[^\w\s]{1,6})(?: +(?:\d{1,3} ?%|[345]g\+?|lte|wifi|\d{1,3}|[^\w\s]{1,6}))*",
    re.IGNORECASE,
)
"""The bar of a telephone, counters, and signs alone."""
_BAR_CHARS = 24
_EDGES = (
    " \t.,:;!?\u2022\u00b7\u25be\u25bc\u2228\u203a>\u2039<|+-\u2013\u2014\u2026\u3002\uff1a\uff0c\uff1f\uff01*()[]\u2192\u2190\u2304\u02c5"
)
_FOOTER_WORDS = 14
_VERSION = re.compile(r"[\s\d.\-]{0,6}(?:mini|nano|turbo|sonnet|opus|haiku|flash|thinking|instant|preview|[a-z]\d|o)?[\s\d.]{0,4}")


class _Words(NamedTuple):
    user: frozenset[str]
    assistant: frozenset[str]
    after_name: frozenset[str]
    chrome: frozenset[str]
    footers: tuple[str, ...]


@cache
def _words() -> _Words:
    raw = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
    sets = {name: frozenset(fold(word) for word in raw[name]) for name in ("user", "assistant", "after_name", "chrome")}
    return _Words(**sets, footers=tuple(fold(word) for word in raw["footers"]))


def is_clock(text: str) -> bool:
    """Whether a line says nothing but a time, perhaps with the ticks of a message that was read."""
    return _CLOCK.fullmatch(text.strip()) is not None


def is_chrome(text: str, names: Names) -> bool:
    """Whether a whole line belongs to the program and not to the conversation."""
    bare = _bare(text)
    words = _words()
    if not bare or is_clock(text) or (len(text) <= _BAR_CHARS and _BAR.fullmatch(text.strip())) or bare in words.chrome:
        return True
    if all(word in words.chrome for word in bare.split()):  # buttons beside one another
        return True
    footer = next((f for f in words.footers if bare.startswith(f)), None)
    if footer is None or len(bare.split()) > _FOOTER_WORDS:
        return False
    # what is said to a field ("Ask Gemini") names a program and asks nothing
    return not footer.endswith(" ") or bool(name_of(bare.removeprefix(footer), names)) or bare.removeprefix(footer) in words.assistant


def label_of(text: str, names: Names) -> Speaker | None:
    """Who speaks below a line that is nothing but a name."""
    bare = _bare(_STAMP.sub("", text))
    words = _words()
    if bare in words.user:
        return "user"
    return "assistant" if bare in words.assistant or name_of(bare, names) else None


def name_of(text: str, names: Names) -> str:
    """The model whose name is all that a line says, perhaps with a version; else empty."""
    bare = _bare(text)
    if not bare or len(bare) > 40:
        return ""
    named = next(iter(names.find(bare, 1)), None)
    if named is None or named.start > 0:
        return ""
    rest = bare[named.end :].strip(_EDGES)
    return named.name if rest in _words().after_name or _VERSION.fullmatch(rest) else ""


def _bare(text: str) -> str:
    return fold(text).strip(_EDGES)
