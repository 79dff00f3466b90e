"""Multiple choice and votes: which one option a response names, by its letter in any form or by its text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from thresher.rules.exercise_keys import LETTERS
from thresher.scorers.final import final_answer, without_thought
from thresher.text import normalise

_MARKUP = re.compile(r"\\(?:text|textbf|mathrm|mathbf)\s*\{([^{}]*)\}|[*_`$]|\\[()\[\]]")
_LEAD = re.compile(
    r"\A(?:(?:the\s+)?(?:correct\s+|final\s+|best\s+)?(?:answer|option|choice|response|letter)(?:\s+is)?|is|it'?s|definitely|clearly|probably)\s*:?\s+",
    re.IGNORECASE,
)
_LETTER = re.compile(r"\A[(\[]?([A-Z])(?:[)\].:,;]|\Z|\s*[-\u2013\u2014:]\s|\s+(?=because|since|as\b|is\b|\())\s*(.*)\Z", re.DOTALL)
_LOWER = re.compile(r"\A[(\[]?([a-z])[)\].]*\Z")
_FURTHER = re.compile(r"(?:\A|\b(?:and|or|und|oder|y|o|et|ou)\s+|[,/&+;]\s*|[(\[])([A-Z])(?=[)\].,;/&+\s]|\Z)")
_LISTED = re.compile(r"\A[\W_]{0,4}([A-Z])[)\].:]")
_ANOTHER = re.compile(r"\b(?:answer|option|choice|response)\s+(?:is|would\s+be|could\s+be)\s*:?\s*[(\[*]{0,3}([A-Z])\b")
_NEGATED = re.compile(r"\b(?:not|isn't|cannot|can't|except|neither|nor|unsure|don't know|nicht|pas|no)\b", re.IGNORECASE)


def option_named(response: str, shown: Sequence[str]) -> tuple[int | None, str]:
    """The place of the option that the response ends with among those shown, and the words that name it. None where it names none,
    several (the list of them all, said again), or says what the answer is not."""
    final = final_answer(response)
    if final is None or (not final.marked and _ends_a_list(response)):
        return None, "" if final is None else final.text
    text = _MARKUP.sub(lambda m: m[1] or "", final.text).strip().strip("\"'\u201c\u201d").strip()
    while (shorter := _LEAD.sub("", text, count=1)) != text:
        text = shorter
    return _place(text, shown), final.text


def _ends_a_list(response: str) -> bool:
    """Whether the last two lines begin with the letters of two options."""
    lines = [line.strip() for line in without_thought(response).splitlines() if line.strip()]
    letters = [match[1] for line in lines[-2:] if (match := _LISTED.match(line))]
    return len(letters) == 2 and letters[0] != letters[1]


def _place(text: str, shown: Sequence[str]) -> int | None:
    by_text = _by_text(text, shown)
    if by_text is not None:
        return by_text
    match = _LETTER.match(text)
    if match is None:
        lower = _LOWER.match(text)
        return _in_range(LETTERS.find(lower[1].upper()), shown) if lower else None
    place, rest = _in_range(LETTERS.find(match[1]), shown), match[2].strip()
    if place is not None and _plain(rest) == _plain(shown[place]):
        return place
    if (
        place is None
        or any(further != match[1] for further in (*_FURTHER.findall(rest), *_ANOTHER.findall(rest)))
        or _NEGATED.search(rest.split(".")[0][:80])
    ):
        return None
    named = _options_in(rest, shown)
    return place if not named or place in named else None


def _in_range(place: int, shown: Sequence[str]) -> int | None:
    return place if 0 <= place < len(shown) else None


def _by_text(text: str, shown: Sequence[str]) -> int | None:
    """The only option whose text this is."""
    named = _plain(text)
    same = [place for place, option in enumerate(shown) if named and named == _plain(option)]
    return same[0] if len(same) == 1 else None


def _options_in(text: str, shown: Sequence[str]) -> list[int]:
    """The options that a text begins with, the longest first: ``B) heat of the sun`` names *heat of the sun*, not *heat*."""
    named = _plain(text)
    begins = [place for place, option in enumerate(shown) if _plain(option) and named.startswith(_plain(option))]
    most = max((len(_plain(shown[place])) for place in begins), default=0)
    return [place for place in begins if len(_plain(shown[place])) == most]


def _plain(text: str) -> str:
    return normalise(_MARKUP.sub(lambda m: m[1] or "", text)).strip(" .\"'")
