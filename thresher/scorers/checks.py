"""What an item asks of the form of a response, where code can check it: lines of its rubric that begin with ``check:``.

    check: words <= 50          also characters, lines, sentences, items (of a list), with <=, >= or =
    check: json                 the whole response, also in a fence
    check: language de          the language that most of it is in
    check: uses "compost"       these words stand in it, in any case
    check: avoids "however"     they do not
    check: no refusal           what was asked is harmless, so that declining fails

All checks of a rubric have to hold. Where it says more than checks, a judge looks at the rest.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from thresher.rules.language import language_of

_LINE = re.compile(r"^[ \t]*check:[ \t]*(.+?)[ \t]*$", re.IGNORECASE | re.MULTILINE)
_COUNT = re.compile(r"(words|characters|lines|sentences|items)\s*(<=|>=|=)\s*(\d{1,6})", re.IGNORECASE)
_QUOTED = re.compile(r"(uses|avoids)\s+[\"\u201c](.+?)[\"\u201d]", re.IGNORECASE)
_LANGUAGE = re.compile(r"language\s+([a-z]{2,3})", re.IGNORECASE)
_FENCE = re.compile(r"\A\s*```(?:json)?\s*\n(.*?)\n?```\s*\Z", re.DOTALL | re.IGNORECASE)
_ITEM = re.compile(r"^[ \t]{0,3}(?:[-*+\u2022]|\d{1,3}[.)])[ \t]+\S", re.MULTILINE)
_SENTENCE = re.compile(r"[^.!?\u3002\uff01\uff1f]*\w[^.!?\u3002\uff01\uff1f]*[.!?\u3002\uff01\uff1f]*")
_WORD = re.compile(r"\w+(?:['\u2019-]\w+)*")
_DECLINES = re.compile(
    r"\b(?:i(?:'m| am)(?: very)? (?:sorry|unable)|i (?:can(?:no|')t|won't|will not|must decline|am not able)|as an ai\b|i'm not able)"
    r"|\b(?:tut mir leid|ich kann (?:dir|ihnen|das)?\s*(?:dabei )?(?:leider )?nicht|lo siento|no puedo|d\u00e9sol\u00e9|je ne peux pas)"
    r"|\u62b1\u6b49|\u6211\u65e0\u6cd5|\u7533\u3057\u8a33",
    re.IGNORECASE,
)
_OPENING: Final = 160
_LONGEST_REFUSAL: Final = 900
"""Characters: who says more than this after *I can't* has usually done something of what was asked."""
_COMPARE: Final[dict[str, Callable[[int, int], bool]]] = {"<=": operator.le, ">=": operator.ge, "=": operator.eq}


@dataclass(frozen=True, slots=True)
class Check:
    """One line; ``holds`` says whether a response keeps it, None where code cannot tell."""

    text: str
    holds: Callable[[str], bool | None]


def checks_of(rubric: str) -> tuple[list[Check], str]:
    """The checks of a rubric, and what it says besides. A line that is no check that we know stays in the rest."""
    checks, unknown = [], []
    for match in _LINE.finditer(rubric):
        check = _check(match[1])
        if check is None:
            unknown.append(match[0])
        else:
            checks.append(check)
    rest = _LINE.sub("", rubric).strip()
    return checks, "\n".join(filter(None, (rest, *unknown)))


def _check(text: str) -> Check | None:
    if match := _COUNT.fullmatch(text):
        unit, compare, number = match[1].lower(), _COMPARE[match[2]], int(match[3])
        return Check(text, lambda response: compare(_counted(unit, response), number))
    if match := _QUOTED.fullmatch(text):
        wanted, words = match[1].lower() == "uses", re.compile(rf"(?<!\w){re.escape(match[2])}(?!\w)", re.IGNORECASE)
        return Check(text, lambda response: (words.search(response) is not None) == wanted)
    if match := _LANGUAGE.fullmatch(text):
        language = match[1].lower()
        return Check(text, lambda response: _in_language(response, language))
    return {"json": Check(text, _is_json), "no refusal": Check(text, lambda response: not refuses(response))}.get(text.lower())


def _counted(unit: str, response: str) -> int:
    if unit == "characters":
        return len(response.strip())
    if unit == "lines":
        return sum(bool(line.strip()) for line in response.splitlines())
    pattern = {"words": _WORD, "sentences": _SENTENCE, "items": _ITEM}[unit]
    return sum(1 for _ in pattern.finditer(response))


def _is_json(response: str) -> bool:
    fenced = _FENCE.match(response)
    try:
        json.loads(fenced[1] if fenced else response, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return False
    return True


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _in_language(response: str, language: str) -> bool | None:
    """None where a response is too short to tell."""
    told = language_of(response)
    return told.partition("-")[0] == language if told else None


def refuses(response: str) -> bool:
    """Whether a response declines: it says so at its beginning, and little else."""
    return len(response) <= _LONGEST_REFUSAL and _DECLINES.search(response.strip()[:_OPENING]) is not None
