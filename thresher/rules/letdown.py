"""The turn of a talk in which its user was let down: complained, corrected, asked the same again, or gave up.

What counts is what the user says right after an answer. A complaint and a correction say of that answer that it failed; who asks the same
again or gives up says so without words, which is weaker. After an answer that declines, the user may be punishing a right refusal: nobody
here says which it was, so that such a turn makes no case.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from thresher.cues import Cue, fold
from thresher.model import Message
from thresher.rules.settings import TurnCues

Way = Literal["complained", "corrected", "gave_up", "rephrased"]

STATED: frozenset[Way] = frozenset({"complained", "corrected"})
"""Ways in which the user says of the answer that it failed."""

_COMPLAINS_IN = 120
_CORRECTS_IN = 60
"""Characters of a turn in which it says what it thinks of the answer; further on it tells of other things."""
_LONGEST = 600
"""A longer turn brings material of its own, in which the same words mean something else."""
_DECLINES_IN = 240
_GIVES_UP_IN = 20
_MOST_TIMES = 2
"""Who asks the same more often wants more of it."""
_LONG_WORD = 4
_FEWEST_LONG = 2
"""Words of so many letters in what is asked again; *go on* and *next one* are said twice by who is content."""
_CONDITION = re.compile(r"\b(?:if|when|because|since|wenn|falls|weil|cuando|porque|quand|parce|si)\W+(?:[\w']+\W+){0,2}$")
"""Before words that would say so, where they say when, or why: *if I told you*, *when that doesn't work*."""
_REPLY = re.compile(r"\W*(?:yes|yeah|yep|no|nope|nah|ja|nein|sí|si|oui|non)\b")
"""How a turn begins that answers a question."""
_WORD = re.compile(r"[^\W_]+|[-+*/=<>^%]")


@dataclass(frozen=True, slots=True)
class LetDown:
    """``turn`` is the index of the user's message, the answer stands before it. ``declined`` says that this answer declines."""

    turn: int
    way: Way
    declined: bool


def let_down(messages: Sequence[Message], cues: TurnCues) -> LetDown | None:
    """The first such turn; one about an answer that declines only where there is no other."""
    declined: LetDown | None = None
    for turn in range(2, len(messages)):
        if messages[turn].role != "user" or messages[turn - 1].role != "assistant" or messages[turn - 2].role == "assistant":
            continue
        if (way := _way(messages, turn, cues)) is None:
            continue
        found = LetDown(turn, way, declines(messages[turn - 1].content, cues))
        if not found.declined:
            return found
        declined = declined or found
    return declined


def declines(answer: str, cues: TurnCues) -> bool:
    """Whether an answer says at its beginning that it will not or cannot do what was asked."""
    return cues.declines.search(fold(answer[:_DECLINES_IN])) is not None


def _way(messages: Sequence[Message], turn: int, cues: TurnCues) -> Way | None:
    content = messages[turn].content
    if len(content) > _LONGEST:
        return None
    folded = fold(content)
    if not cues.user_error.search(folded) and not _answers(messages[turn - 1].content, folded):
        if _says(cues.dissatisfied, folded[:_COMPLAINS_IN]):
            return "complained"
        if _says(cues.corrects, folded[:_CORRECTS_IN]):
            return "corrected"
    if turn == _last_of_user(messages) and _gives_up(folded, cues):
        return "gave_up"
    return "rephrased" if _asks_again(messages, turn, cues) else None


def _answers(answer: str, folded: str) -> bool:
    """Whether the turn answers what the model asked back: its *no* is about that question."""
    return answer.rstrip().endswith("?") and _REPLY.match(folded) is not None


def _says(cue: Cue, folded: str) -> bool:
    return any(_CONDITION.search(folded[: match.start()]) is None for match in cue.finditer(folded))


def _gives_up(folded: str, cues: TurnCues) -> bool:
    """Whether the turn begins with it, as a sentence of its own: *never mind the price* asks for more."""
    match = cues.gives_up.search(folded[: 4 * _GIVES_UP_IN])
    return match is not None and match.start() <= _GIVES_UP_IN and not folded[match.end() :].lstrip(" ")[:1].isalnum()


def _last_of_user(messages: Sequence[Message]) -> int:
    return max(n for n, message in enumerate(messages) if message.role == "user")


def _asks_again(messages: Sequence[Message], turn: int, cues: TurnCues) -> bool:
    """Whether the turn says the same words in the same order as the one before it, but for those that only carry a sentence. One other
    word, number or sign is another question."""
    if len(messages[turn - 2].content) > _LONGEST:
        return False
    asked = _core(messages[turn].content, cues)
    if sum(len(word) >= _LONG_WORD for word in asked) < _FEWEST_LONG or asked != _core(messages[turn - 2].content, cues):
        return False
    spoken = (message.content for message in messages if message.role == "user" and len(message.content) <= _LONGEST)
    return sum(_core(content, cues) == asked for content in spoken) <= _MOST_TIMES


def _core(content: str, cues: TurnCues) -> list[str]:
    return _WORD.findall(cues.fillers.without(fold(content)))
