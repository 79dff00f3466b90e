"""Multiple choice: the stem without its options, and what a target stands for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from dedupe.guard.features import profile
from thresher.text import normalise

LETTERS = "ABCDEFGHIJ"

_MARKED = re.compile(r"(?:(?<=\s)|^)\(?([A-J])(?:[).]\)?|(?<=\n.):)\s+")
_LETTER = re.compile(r"\s*(?:(?:the )?(?:correct )?(?:answer|option)(?: is)?:?\s*)?\(?([A-Ja-j])[).:]?\)?\s*\Z", re.IGNORECASE)
_LETTERED = re.compile(r"\s*\(?([A-J])[).:]\)?\s+(?=\S)")


class Choice(NamedTuple):
    """A prompt without the options that stand in it, and the options in their order."""

    stem: str
    options: tuple[str, ...]


@lru_cache(maxsize=16384)
def choice(prompt: str, choices: tuple[str, ...]) -> Choice:
    """Takes the options that stand in a prompt out of it: those of the item, or, where it names none, lettered ones."""
    marks = _lettered(prompt)
    if not marks:
        return Choice(_without(prompt, choices) if choices else prompt, choices)
    ends = [*(mark.start() for mark in marks[1:]), len(prompt)]
    lettered = [prompt[mark.end() : end].strip() for mark, end in zip(marks, ends, strict=True)]
    if "\n\n" in lettered[-1]:
        lettered[-1], after = lettered[-1].split("\n\n", 1)
    else:
        after = ""
    if choices and sorted(map(answer, lettered)) != sorted(map(answer, choices)):
        return Choice(prompt, choices)
    stem = f"{prompt[: marks[0].start()]}\n{after}".strip()
    return Choice(stem, choices or tuple(lettered)) if stem and all(lettered) else Choice(prompt, choices)


def _lettered(prompt: str) -> list[re.Match[str]]:
    """The marks A, B, ... of options, the last complete run of them."""
    if "A" not in prompt:
        return []
    run: list[re.Match[str]] = []
    for mark in _MARKED.finditer(prompt):
        if mark.group(1) == "A":
            run = [mark]
        elif run and mark.group(1) == LETTERS[len(run)]:
            run.append(mark)
    return run if len(run) > 1 else []


def _without(prompt: str, choices: Sequence[str]) -> str:
    """A prompt without options that end it unlettered."""
    stem = prompt.rstrip()
    for option in reversed(choices):
        trimmed = stem.rstrip(" \n\t-*\u2022.,;")
        if not option or not trimmed.endswith(option.rstrip(" .,;")):
            return prompt
        stem = trimmed[: -len(option.rstrip(" .,;"))]
    return stem if stem.strip() else prompt


def same_options(first: Sequence[str], second: Sequence[str]) -> bool:
    """Whether the options are the same, in any order."""
    if len(first) != len(second):
        return False
    if sorted(map(answer, first)) == sorted(map(answer, second)):
        return True
    return sorted(map(_tokens, first)) == sorted(map(_tokens, second))


def meant(target: str, options: Sequence[str]) -> str:
    """The option that a target names by its letter, or the target."""
    if not options:
        return target
    match = _LETTER.match(target)
    if match:
        place = LETTERS.find(match.group(1).upper())
        named = {answer(option) for option in options}
        return options[place] if place < len(options) and answer(target) not in named else target
    match = _LETTERED.match(target)
    if match:
        text = target[match.end() :]
        if answer(text) in {answer(option) for option in options}:
            return text
    return target


def same_answer(a: str, b: str) -> bool:
    """Equal but for format."""
    return answer(a) == answer(b) or (_tokens(a) == _tokens(b) != ())


@lru_cache(maxsize=16384)
def answer(text: str) -> str:
    """A short text as it is compared."""
    return normalise(text).strip(" .;")


@lru_cache(maxsize=16384)
def _tokens(text: str) -> tuple[str, ...]:
    taken = profile(text)
    return taken.stream + taken.code
