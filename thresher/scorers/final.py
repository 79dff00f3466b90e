"""The answer that a response ends with: never a number or a letter of the working."""

from __future__ import annotations

import re
from dataclasses import dataclass

_THOUGHT = re.compile(r"\A\s*<think>.*?(?:</think>|\Z)", re.DOTALL | re.IGNORECASE)
_MARKER = re.compile(
    r"^[\s>*_#`~-]*(?:(?:the|my)\s+)?(?:final\s+|correct\s+)?(?:answer|antwort|respuesta|r[ée]ponse|risposta|resposta|odpowied[źz]|答案|答え)"
    r"[*_`]*\s*[:\uff1a][*_`]*[ \t]*(.*)$",
    re.IGNORECASE | re.MULTILINE,
)
_SAYS = re.compile(
    r"\b(?:answer|option|choice)\s+(?:is|would\s+be|should\s+be|must\s+be)\s*:?[ \t]*((?:[^.\n!?]|\.(?=\w|\}))+)", re.IGNORECASE
)
_BOXED = re.compile(r"\\(?:boxed|fbox)\s*\{")
_MOST_CHARS = 400
"""Of an answer: what is longer is prose."""
_LOOK_AT = 60_000
"""Characters of the end of a response in which its answer is sought: a model that repeats itself costs no more time than another."""


@dataclass(frozen=True, slots=True)
class Final:
    """``text`` stands in the response as it is, except that several boxes are joined by commas. ``marked``: the response itself calls it
    its answer; else it is the last line, or all of a response of one line (``whole``)."""

    text: str
    marked: bool
    whole: bool = False


def without_thought(response: str) -> str:
    """Without the reasoning that some servers leave before the answer."""
    return _THOUGHT.sub("", response).strip()


def final_answer(response: str) -> Final | None:
    """What the response gives as its answer; None where it is empty or ends in prose too long to be one."""
    said = without_thought(response)[-_LOOK_AT:]
    if not said:
        return None
    if found := _after_marker(said):
        return Final(found, marked=True)
    if boxes := _boxes(said):
        return Final(", ".join(boxes), marked=True)
    stated = [m[1].strip() for m in _SAYS.finditer(said)]
    if stated and len(stated[-1]) <= _MOST_CHARS:
        return Final(stated[-1] if len(set(stated)) == 1 else "; ".join(dict.fromkeys(stated)), marked=True)
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    last = lines[-1] if lines else ""
    return Final(last, marked=False, whole=len(lines) == 1) if last and len(last) <= _MOST_CHARS else None


def _after_marker(said: str) -> str:
    """The text behind the last marker; where its line is empty, the next one."""
    marked = list(_MARKER.finditer(said))
    if not marked:
        return ""
    last = marked[-1]
    text = last[1].strip().strip("*_` ")
    if not text:
        text = next((line.strip().strip("*_` ") for line in said[last.end() :].splitlines() if line.strip("*_` ")), "")
    boxes = _boxes(text)
    text = ", ".join(boxes) if boxes else text
    return text if len(text) <= _MOST_CHARS else ""


def _boxes(said: str) -> list[str]:
    """What stands in boxes, each once, in order; a box that is not closed is none."""
    found: dict[str, None] = {}
    for match in _BOXED.finditer(said):
        depth, at = 1, match.end()
        while at < len(said) and depth and at - match.end() <= _MOST_CHARS:
            depth += {"{": 1, "}": -1}.get(said[at], 0) if said[at - 1] != "\\" else 0
            at += 1
        if not depth and (inner := said[match.end() : at - 1].strip()):
            found[inner] = None
    return list(found)
