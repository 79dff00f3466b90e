"""A preference as a task for a judge: which of two responses to a conversation is better.

An item keeps the conversation and the two responses apart, so that the dedupe compares conversations and the same pair in the other order
is the same item. What a judge is asked is made of them here, in one way for everybody who asks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from thresher.text import normalise

LETTERS = ("A", "B")

_ASKED = """\
Two assistants answered the last turn of the conversation below. Decide which response is better.

[Conversation]
{conversation}

[Response A]
{first}

[Response B]
{second}

Which response is better? Answer with the letter A or B alone."""


def judge_prompt(messages: Sequence[Mapping[str, str]], responses: Sequence[str]) -> str:
    """What a judge is asked: every turn under its role, then both responses, in the order given."""
    conversation = "\n\n".join(f"{turn['role']}: {turn['content']}" for turn in messages)
    return _ASKED.format(conversation=conversation, first=responses[0], second=responses[1])


def winner(responses: Sequence[str], target: str) -> str:
    """The letter of the response that the target names by its text; empty where it names neither."""
    better = normalise(target)
    return next((letter for letter, text in zip(LETTERS, responses, strict=False) if normalise(text) == better), "")
