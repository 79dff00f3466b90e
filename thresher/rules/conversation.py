"""From the turns of a post to what was asked and what failed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from thresher.cues import fold
from thresher.model import Message
from thresher.rules.labels import NOT_A_PERSON, Turn
from thresher.rules.settings import Cues, Rules
from thresher.rules.turns import words

_MIN_INDIRECT = 12
_MAX_INDIRECT = 300
_MIN_BLOCK_WORDS = 4
_IN_PASSING = 2500
_NEXT_BLOCK = 40
_CLAUSE_STOP = re.compile(r"\n|[?!;](?=\s|$)|(?<!\d)\.(?=\s|$)|, (?:and|but|und|aber|y|pero|et|mais|it|es|il|me) |: | \(")


@dataclass(frozen=True, slots=True)
class Asked:
    """``messages`` end with the user's. ``prompt`` is the first turn's span; ``response`` the failing turn where the text holds it."""

    messages: tuple[Message, ...]
    prompt: tuple[int, int]
    response: Turn | None
    taken: tuple[tuple[int, int], ...]
    """Everything that is not the author's comment."""
    form: str
    dissatisfied: Turn | None = None
    prompt_is_quoted: bool = False
    """A quotation after a verb, which may be a word of a longer question."""
    technical: bool = False
    """Labels such as Input and Output, which stand in reports about programs as well, or quotations in a long text."""


def from_turns(text: str, turns: Sequence[Turn], cues: Cues) -> Asked | None:
    """The conversation up to its failing answer: the one that the user then objects to, else the last.

    Quotations after verbs give one question and one answer: later ones may belong to another try.
    """
    said = [t for t in turns if t.speaker != "other"]
    first = next((i for i, t in enumerate(said) if t.speaker == "user"), None)
    if first is None:
        return None
    taken = tuple((t.label_start, t.end) for t in said)
    said = _alternating(said[first:])
    quoted = (
        not any(t.closed is False for t in said) and all(" " not in t.label.strip() for t in said) and len(said) > 2 and _in_prose(said)
    )
    if quoted:
        said = said[:2]
    answers = [i for i, t in enumerate(said) if t.speaker == "assistant"]
    if not answers:
        return Asked(
            (Message("user", words(text, said[0])),),
            (said[0].start, said[0].end),
            None,
            taken,
            "prompt",
            prompt_is_quoted=said[0].closed and not said[0].prose,
        )
    failing, objection = answers[-1], None
    for i in answers:
        if i + 1 < len(said) and cues.dissatisfied.search(fold(words(text, said[i + 1]))[:200]):
            failing, objection = i, said[i + 1]
            break
    messages = tuple(Message(t.speaker, words(text, t)) for t in said[:failing])
    in_passing = len(text) > _IN_PASSING and said[0].closed and said[failing].closed
    technical = in_passing or {said[0].label, said[failing].label} <= NOT_A_PERSON
    return Asked(
        messages,
        (said[0].start, said[0].end),
        said[failing],
        taken,
        "transcript",
        objection,
        said[0].closed and not said[0].prose,
        technical,
    )


def _in_prose(said: Sequence[Turn]) -> bool:
    return all(t.closed for t in said)


def _alternating(said: Sequence[Turn]) -> list[Turn]:
    """One turn each in turn: of two questions in a row the first counts, of two answers in a row too (another model, another try)."""
    kept: list[Turn] = []
    for turn in said:
        if not kept or kept[-1].speaker != turn.speaker:
            kept.append(turn)
    return kept


def indirect(text: str, cues: Cues) -> tuple[int, int] | None:
    """A question told in the author's sentence: ``asked it how many r's are in strawberry and it said 2``. Only one that needs nothing
    else: no "my", no "this"."""
    folded = fold(text)
    for lead in cues.ask_indirect.finditer(folded):
        start = lead.end()
        while start < len(folded) and folded[start] in " ,\n" and start - lead.end() < 3:
            start += 1
        word = cues.question_words.match(folded, start)
        to = None if word else cues.infinitive.match(folded, start)
        if not (word or to):
            continue
        begin = start if word else (to.end() + 1 if to else start)
        end = _clause_end(folded, begin, cues)
        if (
            _MIN_INDIRECT <= end - begin <= _MAX_INDIRECT
            and not cues.deictic.search(folded, begin, end)
            and folded.count(" ", begin, end) >= 3
        ):
            return begin, end
    return None


def _clause_end(folded: str, begin: int, cues: Cues) -> int:
    stop = _CLAUSE_STOP.search(folded, begin, begin + _MAX_INDIRECT + 1)
    end = stop.start() if stop else min(len(folded), begin + _MAX_INDIRECT + 1)
    if match := cues.indirect_end.search(folded, begin + 3, end):
        end = match.start()
    while end > begin and folded[end - 1] in " .,!:;-":
        end -= 1
    return end


def unattributed(
    text: str, blocks: Sequence[tuple[int, int]], rules: Rules, *, replying: bool
) -> tuple[tuple[int, int], Turn | None] | None:
    """A quotation that can only be the prompt, because it asks and no verb introduces it; and the quotation right behind it, the answer.
    In a reply, quoted lines are somebody else's words."""
    for i, (start, end) in enumerate(blocks):
        content = text[start:end].strip('> \n"')
        if not asks_something(content, rules) or ":\n" in content[:12] or (replying and text[start : start + 4].lstrip().startswith(">")):
            continue
        after = blocks[i + 1] if i + 1 < len(blocks) else None
        if after is None or after[0] - end > _NEXT_BLOCK or re.search(r"\w", text[end : after[0]]):
            return (start, end), None
        return (start, end), Turn("assistant", after[0], after[0], after[1], closed=True)
    return None


def paragraph_before(text: str, answer: Turn, rules: Rules) -> tuple[int, int] | None:
    """The paragraph right before an answer with a label, where it is a question: posts often open with the bare prompt."""
    head = text[: answer.label_start].rstrip(" \n\t*_>-")
    start = head.rfind("\n\n") + 2 if "\n\n" in head else 0
    paragraph = head[start:]
    if "\n" not in text[len(head) : answer.label_start + 1] or not asks_something(paragraph, rules) or _TALKS_ABOUT.search(fold(paragraph)):
        return None
    return start, len(head)


_TALKS_ABOUT = re.compile(r"(?<!\w)(?:asked|prompted|chatgpt|gpt|claude|gemini|chatbot|llm|llms|anyone|reddit|guys)(?!\w)")


def asks_something(content: str, rules: Rules) -> bool:
    folded = fold(content)
    asking = "?" in content or "\uff1f" in content or rules.openers.match(folded) is not None
    return asking and folded.count(" ") + 1 >= _MIN_BLOCK_WORDS
