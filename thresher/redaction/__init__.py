"""Personal data and secrets in a text, replaced by tags.

Keys and tokens are found by their documented formats (``keys.toml``) and by what stands beside them; e-mail addresses, telephone numbers,
cards, IBAN, national numbers and network addresses by their form together with what stands around them, so that arithmetic, hashes,
versions and tables stay as they are. Best effort: names and street addresses are not found.
"""

from __future__ import annotations

from dataclasses import dataclass

from thresher.redaction.assigned import find_assigned
from thresher.redaction.contact import find_emails, find_phones
from thresher.redaction.context import numbers_in
from thresher.redaction.keys import find_keys
from thresher.redaction.numbers import find_addresses, find_cards, find_ibans, find_identities
from thresher.redaction.span import TAGS, Span

SHORTEST = 6
"""In fewer characters nothing is looked for."""
_ROUNDS = 3
"""What one round leaves may stand beside other words than before."""


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text with tags in the place of what was found. ``originals`` are (tag, words replaced), in the order of the text."""

    text: str
    originals: tuple[tuple[str, str], ...] = ()


def redact(text: str) -> tuple[str, dict[str, int]]:
    """The text with personal data and secrets replaced by ``[EMAIL]``, ``[PHONE]``, ``[KEY]``, ... (``TAGS``), and how many of each there
    were. Idempotent."""
    redacted = replaced(text)
    counts: dict[str, int] = {}
    for tag, _ in redacted.originals:
        counts[tag] = counts.get(tag, 0) + 1
    return redacted.text, counts


def finds(text: str) -> bool:
    """Whether there is anything to replace."""
    return bool(_spans(text))


def replaced(text: str) -> Redacted:
    """The text with tags, and what they stand for: those words are secret, and are for a keyed hash alone."""
    originals: list[tuple[str, str]] = []
    for _ in range(_ROUNDS):
        spans = _spans(text)
        if not spans:
            break
        originals += ((span.tag, text[span.start : span.end]) for span in spans)
        text = _tagged(text, spans)
    return Redacted(text, tuple(originals))


def _spans(text: str) -> list[Span]:
    """What is to be replaced, from left to right, none over another."""
    if len(text) < SHORTEST:
        return []
    folded = text.lower()
    spans = [*find_keys(text), *find_assigned(text, folded), *find_emails(text, folded), *find_addresses(text)]
    if numbers := numbers_in(text):
        spans += (*find_cards(text), *find_ibans(text), *find_identities(text, numbers), *find_phones(text, folded))
    return _apart(spans) if spans else []


def _apart(spans: list[Span]) -> list[Span]:
    """Of two that overlap the one whose tag goes before; of one tag both as one. What is dropped so is looked for in the next round."""
    apart: list[Span] = []
    for span in sorted(spans):
        last = apart[-1] if apart else None
        if last is None or span.start >= last.end:
            apart.append(span)
        elif span.tag == last.tag:
            apart[-1] = Span(last.start, max(last.end, span.end), span.tag)
        elif TAGS.index(span.tag) < TAGS.index(last.tag):
            apart[-1] = span
    return apart


def _tagged(text: str, spans: list[Span]) -> str:
    parts: list[str] = []
    position = 0
    for span in spans:
        parts += (text[position : span.start], f"[{span.tag}]")
        position = span.end
    return "".join(parts) + text[position:]
