"""A conversation that was read in a picture as the transcript that somebody would have pasted, and back to the picture.

A record and its pictures are read together: the transcripts stand below the record's own text, under labels that the rules know, in quoted
blocks that say where each turn ends. What is found there is a span of part ``picture``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from thresher.model import Candidate, Claim, Lead, Marked, Message, Picture, Reading, Record, Refusal, Span
from thresher.pictures.turns import Conversation
from thresher.redaction.records import REPLACED_ID
from thresher.rules.quotations import unquoted

FROM_PICTURE = "from_picture"
"""The tag of an item whose prompt or failing answer was read in a picture."""
_BETWEEN = "\n\n"
_NOT_SHOWN = frozenset({"images", "pictures"})
_TURN = re.compile(r"^>[^\n]*(?:\n>[^\n]*)*", re.MULTILINE)
_MOST = 0.6
_CLAIMED = 0.5
"""The strength of a claim without evidence, as ``thresher.readers.verdict`` sets it."""


def as_text(conversation: Conversation) -> str:
    """Turns under ``Me:`` and the model's name, each quoted."""
    model = conversation.model or "AI"
    return _BETWEEN.join(f"{'Me' if turn.speaker == 'user' else model}:\n{_quoted(turn.text)}" for turn in conversation.turns)


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def joined(pictures: Sequence[Picture]) -> str:
    """What the pictures of a record say, in their order."""
    return _BETWEEN.join(picture.text for picture in pictures if picture.text)


def with_pictures(record: Record, pictures: Sequence[Picture]) -> Record:
    """The record as its readers see it: with what its pictures say below its own text, and none left that was not read."""
    said = joined(pictures)
    if not said:
        return record
    marks = {name: value for name, value in record.marks.items() if name not in _NOT_SHOWN}
    if hidden := "".join(picture.replaced_id for picture in pictures):
        marks[REPLACED_ID] = f"{marks.get(REPLACED_ID, '')}{hidden}"
    return replace(record, text=_own(record) + said, marks=marks)


def _own(record: Record) -> str:
    return record.text + _BETWEEN if record.text else ""


def settled(outcome: Candidate | Lead | Refusal, record: Record, pictures: Sequence[Picture], witness: float) -> Candidate | Lead | Refusal:
    """An outcome of ``with_pictures(record, pictures)`` with its spans where they belong. An answer that was read with less confidence
    than ``witness`` is no evidence: the failure stays claimed."""
    if not joined(pictures) or isinstance(outcome, Refusal):
        return outcome
    if isinstance(outcome, Lead):
        return replace(outcome, claim=_placed(outcome.claim, record), prompt=_placed(outcome.prompt, record))
    if outcome.claim is None:
        return outcome
    claim = outcome.claim
    claim = Claim(
        _placed(claim.words, record) or claim.words,
        _placed(claim.model, record),
        _placed(claim.prompt, record),
        _placed(claim.response, record),
    )
    if not any(span is not None and span.part == "picture" for span in (claim.prompt, claim.response)):
        return replace(outcome, claim=claim)
    read = [picture for picture in pictures if picture.text]
    prompt = _whole_turn(claim.prompt, joined(pictures))
    claim = replace(claim, prompt=prompt, pictures=tuple((picture.address, picture.sha256) for picture in read))
    messages = _reworded(outcome.messages, outcome.claim.prompt, prompt)
    outcome = replace(outcome, claim=claim, messages=messages, tags=tuple(sorted({*outcome.tags, FROM_PICTURE})))
    unsure = claim.response is not None and claim.response.part == "picture" and min(p.confidence for p in read) < witness
    return replace(outcome, tier="claimed", failing=(), strength=_CLAIMED) if unsure and outcome.tier == "witnessed" else outcome


def _whole_turn(span: Span | None, said: str) -> Span | None:
    """A span that is most of a turn as the whole turn: the picture shows where it begins and ends, which a reader of text must guess."""
    if span is None or span.part != "picture":
        return span
    for block in _TURN.finditer(said):
        shared = min(span.end, block.end()) - max(span.start, block.start())
        if shared >= _MOST * max(len(block.group()), span.end - span.start):
            return replace(span, start=block.start(), end=block.end(), text=block.group())
    return span


def _reworded(messages: tuple[Message, ...], before: Span | None, after: Span | None) -> tuple[Message, ...]:
    if before is None or after is None or before.text == after.text:
        return messages
    old, new = unquoted(before.text), unquoted(after.text)
    return tuple(replace(message, content=new) if message.content == old else message for message in messages)


def placed(reading: Reading, record: Record, pictures: Sequence[Picture]) -> Reading:
    """A reading of ``with_pictures(record, pictures)`` with its spans where they belong."""
    if not joined(pictures):
        return reading
    return replace(
        reading,
        prompt=_marked(reading.prompt, record),
        response=_marked(reading.response, record),
        claim=_marked(reading.claim, record),
        model=_marked(reading.model, record),
    )


def _marked(marked: Marked | None, record: Record) -> Marked | None:
    span = _placed(marked.span, record) if marked else None
    return Marked(span, marked.confidence) if marked and span else None


def _placed(span: Span | None, record: Record) -> Span | None:
    """The span in the record's own text, or in its pictures; of one that reaches over both, the larger part."""
    begins = len(_own(record))
    if span is None or span.part != "text" or span.end <= len(record.text):
        return span
    if span.start < begins and len(record.text) - span.start > span.end - begins:
        return replace(span, end=len(record.text), text=record.text[span.start :])
    start = max(span.start, begins)
    return replace(span, start=start - begins, end=span.end - begins, text=span.text[start - span.start :], part="picture")
