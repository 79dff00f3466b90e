"""A record as it may be kept: every text of it without personal data and keys, its author a keyed hash.

Every string of a record passes, whatever field it stands in, so that a field added later passes too; the exceptions are named here. What
was replaced leaves a keyed hash in the marks (``REPLACED_ID``), so that two texts that differ only in what a tag hides stay two.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Hashable, Mapping
from dataclasses import fields, is_dataclass, replace
from functools import lru_cache
from typing import Any, cast

from thresher.model import Battle, Dead, Exercise, Json, Message, Quote, Record, Response
from thresher.redaction import SHORTEST, finds, redact, replaced
from thresher.redaction.span import TAG
from thresher.text import author_key

REPLACED = "replaced"
"""The mark with the counts by tag."""
REPLACED_ID = "replaced_id"
"""The mark with the keyed hash of what was replaced in the texts that an item is made of; other words, another hash."""

_OURS: dict[type, frozenset[str]] = {
    Record: frozenset(("source", "site", "role", "status", "export_class", "author_key")),
    Message: frozenset(("role",)),
    Battle: frozenset(("vote", "shown")),
}
"""Fields whose words are thresher's own."""
_IDENTIFIERS: dict[type, frozenset[str]] = {
    Record: frozenset(("native_id", "thread_id", "parent_id")),
    Quote: frozenset(("of",)),
    Dead: frozenset(("native_id",)),
}
"""Fields that must stay different where they differ: one that holds what is replaced becomes a keyed hash as a whole."""
_ASKED: dict[type, frozenset[str]] = {
    Record: frozenset(("title", "text", "quotes", "detail")),
    Quote: frozenset(("text",)),
    Exercise: frozenset(f.name for f in fields(Exercise)),
    Battle: frozenset(("messages", "reference")),
    Message: frozenset(("content",)),
    Response: frozenset(),
}
"""Fields of which an item's prompt, options and target are made: what is replaced there is part of its identity. What models answered and
judges said is not: the same prompt is one item, whatever address a model made up."""


def private(record: Record, salt: str) -> Record:
    """The record as it may be kept. ``salt`` is the workspace's secret."""
    key = author_key(record.source, record.author_key, salt)
    known = record if key == record.author_key else replace(record, author_key=key)
    if not _may_need(record):
        return known
    walk = _Walk(salt, record.key)
    kept: Record = walk.through(known, asked=True)
    return replace(kept, marks={**kept.marks, **walk.marks()}) if walk.counts or walk.asked else kept


def private_dead(dead: Dead, salt: str) -> Dead:
    """The dead letter as it may be kept."""
    kept: Dead = _Walk(salt, "").through(dead, asked=False)
    return kept


def hides_something(*texts: str) -> bool:
    """Whether a text holds a tag: then words that are not known are part of what it says."""
    return any("[" in text and TAG.search(text) is not None for text in texts)


_BETWEEN = "\n\0\n"
"""Between two texts: no pattern reaches over it."""


def _may_need(record: Record) -> bool:
    """Whether anything in the record is to be replaced. One look at all its texts as one is several times as fast as one at each, and
    in most records there is nothing."""
    texts = [record.text]
    _gather(record, record.text, texts)
    if finds(whole := _BETWEEN.join(texts)) or hides_something(whole):
        return True
    if len(_plain) > _REMEMBERED:
        _plain.clear()
    _plain.update(text for text in texts[1:] if len(text) <= _SHORT)
    return False


_plain: set[str] = set()
"""Short texts in which there was nothing: the names of fields, books and licences are the same in record after record."""
_REMEMBERED = 10_000
_SHORT = 300


def _gather(value: Any, main: str, texts: list[str]) -> None:
    """All strings in the value that are walked, without those that stand in the main text too."""
    kind = type(value)
    if kind is str:
        if len(value) >= SHORTEST and value not in _plain and value not in main and not _is_number(value) and not _is_hash(value):
            texts.append(value)
    elif kind is tuple or kind is list:
        for one in value:
            _gather(one, main, texts)
    elif kind is dict:
        for key, one in value.items():
            _gather(key, main, texts)
            _gather(one, main, texts)
    elif kind in _WALKED:
        fields_, identifiers = _plan(cast(Hashable, kind))
        for name in fields_:
            _gather(getattr(value, name), main, texts)
        for name in identifiers:
            _gather(getattr(value, name), main, texts)


def _is_number(value: str) -> bool:
    """Whether a text is a number and nothing else, too short for a card and without the sign of a telephone's: the ids of posts. What else
    is found in a number is found by the words beside it."""
    return len(value) < _CARD and value.isdecimal() and not value.startswith("00")


def _is_hash(value: str) -> bool:
    """Whether a text is 32 hexadecimal figures and nothing else: an id in which nothing is ever found, as no card, account or key without
    a mark is so long. Many hold six decimal figures in a row, for which all texts of the record would be looked through for numbers."""
    return len(value) == _HASH_LENGTH and _HEXADECIMAL.issuperset(value)


_HASH_LENGTH, _HEXADECIMAL = 32, frozenset("0123456789abcdef")
_CARD = 12
"""Figures from which on a number may be a card's."""
_WALKED = frozenset((Record, Quote, Battle, Exercise, Message, Response))


class _Walk:
    """One way through all strings of one thing."""

    def __init__(self, salt: str, record_key: str) -> None:
        self._salt = salt
        self._record_key = record_key
        self.counts: dict[str, int] = {}
        self.asked: list[tuple[str, str]] = []
        """What was replaced in the texts that an item is made of, in their order."""

    def marks(self) -> dict[str, Json]:
        """What the record says of what was replaced."""
        marks: dict[str, Json] = {REPLACED: self.counts} if self.counts else {}
        if self.asked:
            marks[REPLACED_ID] = self._keyed("\0".join(word for pair in self.asked for word in pair))
        return marks

    def through(self, value: Any, *, asked: bool) -> Any:
        """The value with every string in it redacted; the same object where nothing was."""
        kind = type(value)
        if kind is str:
            return self._text(value, asked=asked)
        if kind is tuple or kind is list:
            walked = [self.through(one, asked=asked) for one in value]
            return value if all(a is b for a, b in zip(walked, value, strict=True)) else kind(walked)
        if isinstance(value, Mapping):
            return self._mapping(value)
        return self._fields(value, asked=asked) if is_dataclass(kind) else value

    def _text(self, text: str, *, asked: bool) -> str:
        if asked and hides_something(text):
            self.asked.append(("unknown", self._record_key))  # what the source itself replaced nobody can compare
        redacted = replaced(text)
        for tag, original in redacted.originals:
            self.counts[tag] = self.counts.get(tag, 0) + 1
            if asked:
                self.asked.append((tag, original))
        return redacted.text if redacted.originals else text

    def _mapping(self, value: Mapping[Any, Any]) -> Mapping[Any, Any]:
        walked = {
            self.through(key, asked=False): self._identifier(one) if str(key).endswith("_id") else self.through(one, asked=False)
            for key, one in value.items()
        }
        return value if walked == value else walked

    def _fields(self, value: Any, *, asked: bool) -> Any:
        kind = type(value)
        texts, identifiers = _plan(cast(Hashable, kind))
        names = _ASKED.get(kind, frozenset())
        if kind is Record and isinstance(value.detail, Battle):
            names = names - {"text"}  # it is the battle, written out with what the models answered
        changed = {}
        for name in texts:
            before = getattr(value, name)
            after = self.through(before, asked=asked and name in names)
            if after is not before:
                changed[name] = after
        for name in identifiers:
            before = getattr(value, name)
            if before and (after := self._identifier(before)) != before:
                changed[name] = after
        return replace(value, **changed) if changed else value

    def _identifier(self, value: Any) -> Any:
        if isinstance(value, str) and redact(value)[1]:
            return f"redacted-{self._keyed(value)}"
        return value

    def _keyed(self, words: str) -> str:
        return hmac.new(self._salt.encode(), words.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:16]


@lru_cache(maxsize=64)
def _plan(kind: Hashable) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The fields of a dataclass that are walked, and those that identify."""
    assert isinstance(kind, type)
    identifiers = _IDENTIFIERS.get(kind, frozenset())
    ours = _OURS.get(kind, frozenset())
    names = [f.name for f in fields(cast(Any, kind))]
    return tuple(n for n in names if n not in identifiers | ours), tuple(n for n in names if n in identifiers)
